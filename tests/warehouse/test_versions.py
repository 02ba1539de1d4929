"""Names, pointer and number of published versions. Content does not matter here, so that versions are folders with two small files."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.warehouse import versions

if TYPE_CHECKING:
    from pipelines.warehouse.workspace import Workspace

NOON = datetime(2025, 3, 5, 12)


def write(workspace: Workspace, moment: datetime) -> str:
    """A version with its name as content."""
    name = versions.name_of(moment)
    with versions.unfinished(workspace, name) as folder:
        (folder / versions.DATABASE).write_text(name)
        versions.write_manifest(folder, {"version": name})
    return name


def add(workspace: Workspace, minutes: int) -> str:
    """A version that is made current."""
    name = write(workspace, NOON + timedelta(minutes=minutes))
    versions.point(workspace, name)
    return name


def test_names_sort_as_their_times() -> None:
    moments = [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(seconds=1), NOON + timedelta(days=300)]
    names = [versions.name_of(moment) for moment in moments]
    assert names == sorted(names)
    assert names[1] == "20250305T120000_000001Z"


def test_the_pointer_moves_database_and_manifest_together(workspace: Workspace) -> None:
    for name in (add(workspace, 1), add(workspace, 2)):
        versions.point(workspace, name)
        assert workspace.current_link.read_text() == name
        assert versions.current_manifest(workspace) == {"version": name}


def test_the_newest_stay(workspace: Workspace) -> None:
    names = [add(workspace, minute) for minute in range(5)]
    versions.prune(workspace, 3)
    assert versions.names(workspace) == names[2:]
    versions.prune(workspace, 1)
    assert versions.names(workspace) == names[4:]
    assert workspace.current_link.read_text() == names[4]


def test_the_current_version_stays_wherever_it_stands_in_time(workspace: Workspace) -> None:
    """Somebody has gone back after a wrong publication."""
    names = [add(workspace, minute) for minute in range(5)]
    versions.point(workspace, names[0])
    versions.prune(workspace, 2)
    assert versions.names(workspace) == [names[0], names[4]]
    assert workspace.current_link.read_text() == names[0]


def test_what_is_not_a_version_is_left_alone(workspace: Workspace) -> None:
    names = [add(workspace, minute) for minute in range(3)]
    (workspace.published / "20250101 for the board").mkdir()
    (workspace.published / "notes.txt").write_text("mine")
    versions.prune(workspace, 1)
    assert versions.names(workspace) == names[2:]
    assert (workspace.published / "20250101 for the board").is_dir()
    assert (workspace.published / "notes.txt").exists()


def test_a_clock_that_was_put_back_does_not_make_a_version_old(workspace: Workspace) -> None:
    newest = add(workspace, 30)
    moment = versions.next_moment(workspace, NOON)
    assert moment == NOON + timedelta(minutes=30, microseconds=1)
    assert versions.name_of(moment) > newest
    assert versions.next_moment(workspace, NOON + timedelta(days=1)) == NOON + timedelta(days=1)


def test_an_unfinished_version_leaves_nothing(workspace: Workspace) -> None:
    with pytest.raises(KeyError), versions.unfinished(workspace, versions.name_of(NOON)):
        raise KeyError
    assert list(workspace.published.iterdir()) == []


def test_a_version_is_not_seen_before_it_is_whole(workspace: Workspace) -> None:
    name = versions.name_of(NOON)
    with versions.unfinished(workspace, name) as folder:
        assert versions.names(workspace) == []
        (folder / versions.DATABASE).write_text("")
        versions.write_manifest(folder, {})
    assert versions.names(workspace) == [name]


def test_what_was_interrupted_is_cleared_away(workspace: Workspace) -> None:
    name = add(workspace, 1)
    for left_over in (".writing-20250305T120500_000000Z", ".removing-20250305T110000_000000Z"):
        (workspace.published / left_over).mkdir()
    versions.clear(workspace)
    assert not list(workspace.published.glob(".*"))
    assert versions.names(workspace) == [name]


def test_links_that_lead_elsewhere_are_mended(workspace: Workspace) -> None:
    old, new = add(workspace, 1), write(workspace, NOON)
    workspace.current_link.unlink()
    workspace.current_link.write_text("a copy of some version")
    workspace.current_manifest.unlink()
    workspace.current_manifest.symlink_to(Path(old) / versions.MANIFEST)
    versions.point(workspace, new)
    assert workspace.current_link.read_text() == new
    assert versions.current_manifest(workspace) == {"version": new}


def test_a_copy_that_followed_the_links_is_mended(workspace: Workspace) -> None:
    name = add(workspace, 1)
    (workspace.published / "current").unlink()
    (workspace.published / "current").mkdir()
    (workspace.published / "current" / versions.DATABASE).write_text("a copy of some version")
    versions.point(workspace, name)
    versions.prune(workspace, 5)
    assert workspace.current_link.read_text() == name
    assert not list(workspace.published.glob(".*"))


@pytest.mark.parametrize("content", ["{", "[1", ""])
def test_a_manifest_that_cannot_be_read_is_none(workspace: Workspace, content: str) -> None:
    assert versions.current_manifest(workspace) is None
    name = add(workspace, 1)
    manifest = workspace.published / name / versions.MANIFEST
    manifest.chmod(0o644)
    manifest.write_text(content)
    assert versions.current_manifest(workspace) is None


def test_a_manifest_without_its_database_is_none(workspace: Workspace) -> None:
    name = add(workspace, 1)
    (workspace.published / name / versions.DATABASE).unlink()
    assert versions.current_manifest(workspace) is None
