"""How much of the machine DuckDB may use."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipelines.errors import ClienteleError
from pipelines.warehouse.connection import open_file, open_sandbox
from pipelines.warehouse.limits import BUILD_SHARE, SANDBOX_SHARE, settings

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.workspace import Workspace


def kibibytes(text: str) -> int:
    assert text.endswith("KiB")
    return int(text.removesuffix("KiB"))


def in_force(connection: Connection) -> tuple[str, int]:
    row = connection.execute("select current_setting('memory_limit'), current_setting('threads')").fetchone()
    assert row is not None
    return row[0], row[1]


def test_the_whole_is_what_duckdb_measures(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        own, threads = in_force(connection)
    found = settings(1, tmp_path)
    number, unit = own.split()
    assert kibibytes(found["memory_limit"]) == pytest.approx(float(number) * {"MiB": 1, "GiB": 1024, "TiB": 1024**2}[unit] * 1024)
    assert found["threads"] == str(threads)


def test_both_connections_together_stay_within_the_whole(tmp_path: Path) -> None:
    assert BUILD_SHARE + SANDBOX_SHARE <= 1
    whole, build, sandbox = (settings(share, tmp_path) for share in (1, BUILD_SHARE, SANDBOX_SHARE))
    for name in ("memory_limit", "max_temp_directory_size"):
        assert kibibytes(build[name]) + kibibytes(sandbox[name]) <= kibibytes(whole[name]) * 1.01


def test_what_spills_leaves_half_of_the_free_disk(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    assert kibibytes(settings(1, tmp_path / "not" / "there")["max_temp_directory_size"]) == pytest.approx(free / 2 / 1024, rel=0.05)


@pytest.mark.parametrize(("stated", "limit"), [("8GB", "5859375KiB"), ("4 GiB", "3145728KiB"), ("0.5gib", "393216KiB")])
def test_the_environment_states_another_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stated: str, limit: str) -> None:
    monkeypatch.setenv("CLIENTELE_MEMORY", stated)
    monkeypatch.setenv("CLIENTELE_THREADS", "3")
    found = settings(BUILD_SHARE, tmp_path)
    assert (found["memory_limit"], found["threads"]) == (limit, "3")


@pytest.mark.parametrize(
    ("name", "stated"),
    [("MEMORY", "lots"), ("MEMORY", "80%"), ("MEMORY", "1MB"), ("THREADS", "0"), ("THREADS", "two"), ("THREADS", "1.5"), ("THREADS", "-1")],
)
def test_a_limit_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, stated: str) -> None:
    monkeypatch.setenv(f"CLIENTELE_{name}", stated)
    with pytest.raises(ClienteleError, match=rf"^environment variable CLIENTELE_{name}: found '{stated}'; expected .*unset it\.$"):
        settings(1, tmp_path)


def test_connections_keep_to_them(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    monkeypatch.setenv("CLIENTELE_MEMORY", "4GiB")
    monkeypatch.setenv("CLIENTELE_THREADS", "1")
    workspace.prepare()
    with open_file(workspace.build_file, workspace) as build, open_sandbox([], workspace.temp, "UTC") as sandbox:
        assert in_force(build) == ("3.0 GiB", 1)
        assert in_force(sandbox) == ("1.0 GiB", 1)


def test_a_process_may_open_a_file_twice_although_the_free_disk_changes(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    workspace.prepare()
    with open_file(workspace.build_file, workspace):
        usage = shutil.disk_usage(workspace.root)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=usage.free // 2))
        with open_file(workspace.build_file, workspace) as again:
            assert again.execute("select 1").fetchall() == [(1,)]
