"""What a database refuses or cannot give is said in one sentence, without credentials; and a database is only ever read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.intake.databases.extraction import Bench, extract, open_database
from pipelines.intake.databases.reading import ExtractionError
from pipelines.intake.databases.source import DatabasePlace, Extract, Watermark
from tests.intake.databases.reading import Reading
from tests.intake.databases.servers import PASSWORD, PASSWORD_IN_URL, READER, Books, mariadb_books, postgresql_books

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_missing_is_named(books: Books, tmp_path: Path) -> None:
    books.execute("create table customers (id integer, updated_at integer)", "insert into customers values (1, 1)")

    def said(extract: Extract) -> str:
        with pytest.raises(ExtractionError) as fault:
            Reading(books, extract, tmp_path / str(len(list(tmp_path.iterdir())))).read()
        assert not books.environment or (PASSWORD not in str(fault.value) and READER not in str(fault.value))
        return str(fault.value)

    assert "custmers" in said(Extract(table="custmers"))
    assert "nam" in said(Extract(query="select nam from customers"))
    watermark = Watermark(column="updatd_at", overlap=1)
    assert "did you mean 'updated_at'" in said(Extract(table="customers", watermark=watermark))
    if books.kind == "postgresql":
        # The others give the second one a name of its own, or refuse.
        assert "columns 1 and 2" in said(Extract(query='select id, id as "ID" from customers'))


def test_a_query_cannot_write(books: Books, tmp_path: Path) -> None:
    """The second wall: what a query that got past the parser would meet."""
    books.execute("create table customers (id integer)", "insert into customers values (1)")
    if books.kind == "mysql":
        books.execute(f"grant all on * to {READER}@'127.0.0.1'")
    with open_database(books.place, books.root, books.environment, tmp_path, "UTC") as database:
        connection: Any = database._connection  # type: ignore[attr-defined]
        for statement in (
            "insert into customers values (2)",
            "delete from customers",
            "drop table customers",
            "create table more (id int)",
        ):
            running = connection.cursor() if books.kind in ("postgresql", "mysql") else connection
            with pytest.raises(Exception, match=r"(?i)read.?only|not allowed"):
                running.execute(statement)
            if books.kind == "postgresql":
                connection.rollback()


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("password", "refused the user's name or password"),
        ("user", "refused the user's name or password"),
        ("database", "has no database of this name|may not read"),
        ("port", "cannot be reached"),
        ("scheme", "holds no connection URL"),
        ("nonsense", "holds no connection URL"),
        ("port_text", "holds no connection URL|cannot be reached"),
        ("unset", "is not set"),
    ],
)
def test_a_server_that_refuses_is_said_without_credentials(
    kind: str, wrong: str, said: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server = request.getfixturevalue("postgresql" if kind == "postgresql" else "mariadb")
    books = (postgresql_books if kind == "postgresql" else mariadb_books)(server, tmp_path)
    url = books.environment["BOOKS_URL"]
    books.environment = {
        "password": {"BOOKS_URL": url.replace(PASSWORD_IN_URL, "wr0ng-Wort")},
        "user": {"BOOKS_URL": url.replace(READER, "stranger")},
        "database": {"BOOKS_URL": url.rpartition("/")[0] + "/nowhere"},
        "port": {"BOOKS_URL": url.replace(f":{server.port}/", ":1/")},
        "scheme": {"BOOKS_URL": url.partition("://")[2]},
        "nonsense": {"BOOKS_URL": f"{url.partition(':')[0]}://{READER}:{PASSWORD}"},
        "port_text": {"BOOKS_URL": url.replace(f":{server.port}/", f":{PASSWORD_IN_URL}/")},
        "unset": {},
    }[wrong]
    with pytest.raises(ExtractionError, match=said) as fault:
        Reading(books, Extract(table="t"), tmp_path / "reading").read()
    assert "BOOKS_URL" in str(fault.value)
    for secret in (PASSWORD, PASSWORD_IN_URL, "wr0ng-Wort", READER, "stranger"):
        assert secret not in str(fault.value)
    # What Dagster and a traceback would show beside it.
    assert fault.value.__cause__ is None
    assert fault.value.__suppress_context__ or fault.value.__context__ is None


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_connection_that_is_lost_half_way(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = request.getfixturevalue("postgresql" if kind == "postgresql" else "mariadb")
    books = (postgresql_books if kind == "postgresql" else mariadb_books)(server, tmp_path)
    text = "repeat('x', 2000)"
    series = "generate_series(1, 20000)" if kind == "postgresql" else "seq_1_to_20000"
    books.execute("create table t (id int, text text)", f"insert into t select 1, {text} from {series}")

    def cut(rows: int) -> None:
        if kind == "postgresql":
            books.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{READER}'")
        else:
            import pymysql  # noqa: PLC0415

            with pymysql.connect(user="root", unix_socket=str(server.folder / "socket")) as connection, connection.cursor() as cursor:
                cursor.execute("select id from information_schema.processlist where user = %s", [READER])
                for (number,) in cursor.fetchall():
                    cursor.execute(f"kill {number}")

    bench = Bench(tmp_path / "bench", "UTC")
    bench.folder.mkdir()
    monkeypatch.setattr("pipelines.intake.databases.extraction._TELL_EVERY", 1_000)
    with (
        open_database(books.place, books.root, books.environment, bench.folder, "UTC") as database,
        pytest.raises(ExtractionError, match="was lost"),
    ):
        extract(database, Extract(table="t"), [], bench, is_full=False, tell=cut)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database " * 100)
    (tmp_path / "out.db").symlink_to("/etc/hostname")
    for kind, path, said in (
        ("sqlite", "absent.db", "there is no file absent.db"),
        ("duckdb", "absent.db", "there is no file absent.db"),
        ("sqlite", "text.db", "cannot be read"),
        ("duckdb", "text.db", "not a DuckDB file"),
        ("sqlite", "out.db", "leads out of the workspace"),
    ):
        place = DatabasePlace.model_validate({"kind": kind, "path": path})
        with pytest.raises(ExtractionError, match=said), open_database(place, tmp_path, {}, tmp_path, "UTC"):
            pass
    assert not (tmp_path / "absent.db").exists()


@pytest.mark.parametrize(("kind", "module"), [("postgresql", "psycopg"), ("mysql", "pymysql")])
def test_a_driver_that_is_missing_is_said_with_how_to_get_it(
    kind: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    place = DatabasePlace.model_validate({"kind": kind, "url_env": "BOOKS_URL"})
    with (
        pytest.raises(ExtractionError, match=f"is not installed; install it with: pip install '?{module}"),
        open_database(place, tmp_path, {"BOOKS_URL": "x"}, tmp_path, "UTC"),
    ):
        pass
