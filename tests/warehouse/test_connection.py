"""Connections: what they may and what they say when they cannot."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import ClienteleError
from pipelines.warehouse.connection import DatabaseError, attach, identifier, open_file, open_published, open_sandbox, quoted, transfer

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace

OPEN_ELSEWHERE = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def prepared(workspace: Workspace) -> Workspace:
    workspace.prepare()
    return workspace


@pytest.mark.parametrize("text", ["plain", "it's", 'a "word"', "'; drop table t --", ""])
def test_texts_and_names_are_quoted(prepared: Workspace, text: str) -> None:
    with open_file(prepared.build_file, prepared) as connection:
        assert connection.execute(f"select {quoted(text)}").fetchall() == [(text,)]
        name = text or "x"
        connection.execute(f"create table {identifier(name)} as select 1 as {identifier(name)}")
        assert connection.execute("select table_name from duckdb_tables()").fetchall() == [(name,)]


def test_sessions_speak_utc_and_fetch_no_extensions(prepared: Workspace) -> None:
    asked = (
        "select current_setting('TimeZone'), current_setting('autoinstall_known_extensions'), current_setting('autoload_known_extensions')"
    )
    with open_file(prepared.build_file, prepared) as connection:
        assert connection.execute(asked).fetchall() == [("UTC", False, False)]
        assert connection.execute("select current_setting('temp_directory')").fetchall() == [(str(prepared.temp),)]


def test_a_file_that_another_program_has_open_gets_a_sentence(prepared: Workspace) -> None:
    with open_file(prepared.state_file, prepared):
        pass
    command = [sys.executable, "-c", OPEN_ELSEWHERE, str(prepared.state_file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        told = rf"state.duckdb: another program has the file open, .*\(PID {other.pid}\); close it there, then run again\.$"
        with pytest.raises(ClienteleError, match=told), open_file(prepared.state_file, prepared):
            pass
        with open_file(prepared.build_file, prepared) as connection, pytest.raises(ClienteleError, match=told):
            attach(connection, prepared.state_file, "state")
        other.communicate("")


def test_a_file_that_is_none_of_duckdbs_gets_a_sentence(prepared: Workspace) -> None:
    prepared.build_file.write_text("not a database " * 1000)
    with (
        pytest.raises(
            ClienteleError, match=r"build.duckdb: DuckDB cannot open it \(.*not a valid DuckDB database file.*put back a whole file"
        ),
        open_file(prepared.build_file, prepared),
    ):
        pass


def test_a_file_that_is_not_there_gets_a_sentence(prepared: Workspace) -> None:
    with pytest.raises(ClienteleError, match=r"current.duckdb: there is no such file"), open_published(prepared.current_link):
        pass
    with pytest.raises(ClienteleError, match=r"x.duckdb: there is no such file"), open_file(prepared.root / "no" / "x.duckdb", prepared):
        pass


def test_a_published_file_cannot_be_written(prepared: Workspace) -> None:
    with open_file(prepared.build_file, prepared) as connection:
        connection.execute("create table t as select 1 as i")
    with open_published(prepared.build_file) as reader, pytest.raises(DatabaseError, match="read-only"):
        reader.execute("insert into t values (2)")


def test_a_file_is_made_in_the_storage_version_asked_for(prepared: Workspace) -> None:
    with open_file(prepared.build_file, prepared) as connection:
        attach(connection, prepared.root / "new one's.duckdb", "new one", storage_version="v1.2.0")
        connection.execute('create table "new one".t as select 1; detach "new one"')
    assert int.from_bytes((prepared.root / "new one's.duckdb").read_bytes()[12:20], "little") == 65


def test_a_read_only_attachment_cannot_be_written(prepared: Workspace) -> None:
    with open_file(prepared.state_file, prepared) as connection:
        connection.execute("create table t as select 1 as i")
    with open_file(prepared.build_file, prepared) as connection:
        attach(connection, prepared.state_file, "state", read_only=True)
        with pytest.raises(DatabaseError, match="read-only"):
            connection.execute("insert into state.t values (2)")


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_csv('{other}')",
        "select * from read_text('{other}')",
        "copy (select 1) to '{other}.out'",
        "attach '{other}.duckdb'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set memory_limit = '1TB'",
        "set allowed_paths = ['{other}']",
        "select * from glob('{folder}/*')",
    ],
)
def test_the_sandbox_reads_the_given_file_and_nothing_else(tmp_path: Path, statement: str) -> None:
    given, other = tmp_path / "given.csv", tmp_path / "other.csv"
    for file in (given, other):
        file.write_text("a,b\n1,2\n")
    with open_sandbox([given], tmp_path / "temp", "Asia/Shanghai") as sandbox:
        assert sandbox.execute(f"select a, b from read_csv('{given}')").fetchall() == [(1, 2)]
        with pytest.raises(DatabaseError):
            sandbox.execute(statement.format(other=other, folder=tmp_path)).fetchall()
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["given.csv", "other.csv"]


def test_the_sandbox_reads_times_in_its_zone(tmp_path: Path) -> None:
    local = "select epoch(cast('2025-01-01 08:00:00' as timestamptz)) - epoch(timestamp '2025-01-01 00:00:00')"
    with open_sandbox([], tmp_path, "Asia/Shanghai") as sandbox:
        assert sandbox.execute(local).fetchall() == [(0,)]


def test_the_sandbox_spills_into_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENTELE_MEMORY", "256MB")
    spill = tmp_path / "spill"
    with open_sandbox([], spill, "UTC") as sandbox:
        sandbox.execute("create table t as select i, md5(i::varchar) || md5((i + 1)::varchar) as s from range(1500000) as r (i)")
        assert list(spill.iterdir())
        assert sandbox.execute("select count(*), count(distinct s[1]) from t").fetchall() == [(1_500_000, 16)]


def test_rows_are_transferred_in_batches(prepared: Workspace) -> None:
    with open_file(prepared.build_file, prepared) as target, open_sandbox([], prepared.temp, "UTC") as source:
        source.execute("create table t as select i, 'r' || i as label, cast(i as decimal(18, 4)) / 8 as amount from range(10) as r (i)")
        for query, count in (("from t", 10), ("from t where i < 0", 0)):
            transfer(source, f"select * {query}", target, "moved 'rows'", batch_rows=3)
            assert target.execute("""select count(*) from "moved 'rows'" """).fetchall() == [(count,)]
        kinds = target.execute("""describe "moved 'rows'" """).fetchall()
        assert [row[:2] for row in kinds][:2] == [("i", "BIGINT"), ("label", "VARCHAR")]
        assert target.execute("select * from duckdb_views() where not internal").fetchall() == []
        assert target.execute("select table_name from duckdb_tables() where not temporary").fetchall() == []


def test_rows_of_the_sandbox_keep_their_order(tmp_path: Path) -> None:
    """Also when several threads read, and an expression names many words: the position of a row is its number in the file."""
    rows = 30_000
    path = tmp_path / "words.parquet"
    pq.write_table(pa.table({"n": list(range(rows)), "word": ["payment"] * rows}), path, row_group_size=333)
    (tmp_path / "spill").mkdir()
    query = f"select n, word in ('payment', 'b', 'c', 'd', 'e', 'f') as is_known from read_parquet({quoted(str(path))})"
    for _ in range(10):
        with open_sandbox([path], tmp_path / "spill", "UTC") as sandbox:
            read = sandbox.sql(query).to_arrow_reader(65_536).read_all()
        assert read.column("n").to_pylist() == list(range(rows))
