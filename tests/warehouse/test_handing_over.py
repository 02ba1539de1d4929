"""A finished file reaches the place that was named, whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError
from pipelines.warehouse.handing_over import hand_over, refuse_place

if TYPE_CHECKING:
    from pipelines.warehouse.workspace import Workspace


@pytest.mark.parametrize(
    "place",
    [
        *("published/x.duckdb", "published/current.duckdb", "vault/temp/x.duckdb", "warehouse/x.duckdb", "landing/shop/x.duckdb"),
        *(
            "sources/x.yml",
            "state-backups/x.duckdb",
            "state.duckdb",
            "policy.yml",
            ".lock",
            "elsewhere/../published/x.duckdb",
            "link/x.duckdb",
        ),
    ],
)
def test_what_the_workspace_stands_on_is_never_written(workspace: Workspace, place: str) -> None:
    workspace.prepare()
    (workspace.root / "elsewhere").mkdir()
    (workspace.root / "link").symlink_to(workspace.published)
    with pytest.raises(ClienteleError, match="which the workspace keeps for itself; name a file elsewhere"):
        refuse_place(workspace, workspace.root / place, overwrite=True)


def test_a_file_that_is_there_is_replaced_only_when_asked_for(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "known.duckdb"
    refuse_place(workspace, out)
    refuse_place(workspace, workspace.root.parent / "known.duckdb")
    for make in (lambda: out.write_text("mine"), lambda: out.symlink_to(tmp_path / "nowhere")):
        make()
        with pytest.raises(ClienteleError, match="is there already; name another file, or add --overwrite"):
            refuse_place(workspace, out)
        refuse_place(workspace, out, overwrite=True)
        (tmp_path / "known.duckdb.wal").write_text("")
        with pytest.raises(ClienteleError, match=r"known\.duckdb\.wal lies beside it"):
            refuse_place(workspace, out, overwrite=True)
        (tmp_path / "known.duckdb.wal").unlink()
        out.unlink()


def test_a_place_that_cannot_be_written_is_told_so(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClienteleError, match="is a folder; name a file"):
        refuse_place(workspace, tmp_path)
    with pytest.raises(ClienteleError, match=r"the folder .*nowhere is not there"):
        refuse_place(workspace, tmp_path / "nowhere" / "known.duckdb")
    # Whoever runs the tests may be allowed everything.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ClienteleError, match="cannot be written; name a file in a folder of yours"):
        refuse_place(workspace, tmp_path / "known.duckdb")


def test_a_file_moves_in_one_step(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("new")
    (tmp_path / "out").write_text("old")
    with (tmp_path / "out").open() as reader:
        hand_over(tmp_path / "made", tmp_path / "out")
        assert reader.read() == "old"
    assert (tmp_path / "out").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def other_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on a file cannot be renamed out of the folder that it was made in."""
    rename = Path.replace

    def replace(file: Path, target: Path) -> Path:
        if file.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(file, target)

    monkeypatch.setattr(Path, "replace", replace)


def test_a_file_is_copied_to_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "made").write_text("new")
    (tmp_path / "made").chmod(0o444)
    other_disk(monkeypatch)
    hand_over(tmp_path / "made", tmp_path / "there" / "out")
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["out"]
    assert (tmp_path / "there" / "out").read_text() == "new"
    assert (tmp_path / "there" / "out").stat().st_mode & 0o777 == 0o444


def test_a_disk_that_is_full_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "made").write_text("new")
    other_disk(monkeypatch)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(ClienteleError, match=r"cannot be written \(No space left on device\); free its disk"):
        hand_over(tmp_path / "made", tmp_path / "there" / "out")
    assert list((tmp_path / "there").iterdir()) == []
