"""The folder of published versions: their names, the pointer to the current one, and how many stay.

Readers open `current.duckdb`, which leads through the link `current` to a version's folder: moving that one link moves the database and
its manifest together, and is the moment of publication. A reader that has a version open keeps it, since a removed file lives until it
is closed.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelines.warehouse.workspace import Workspace

DATABASE, MANIFEST = "clientele.duckdb", "manifest.json"

# Names sort as their times.
_NAME = "%Y%m%dT%H%M%S_%fZ"
_UNFINISHED, _REMOVED = ".writing-", ".removing-"
_READ_ONLY = 0o444


def name_of(moment: datetime) -> str:
    """The name of the version published at a moment (UTC)."""
    return moment.strftime(_NAME)


def names(workspace: Workspace) -> list[str]:
    """The versions that are there, oldest first; whatever else lies in the folder is not ours."""
    folder = workspace.published
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and _moment(path.name)) if folder.is_dir() else []


def next_moment(workspace: Workspace, clock: datetime) -> datetime:
    """The time of the next version: the clock's, but always after the newest version, even when the clock was put back."""
    moments = [moment for moment in map(_moment, names(workspace)) if moment is not None]
    return max([clock, *(moment + timedelta(microseconds=1) for moment in moments)])


def current_manifest(workspace: Workspace) -> dict[str, Any] | None:
    """The manifest of the current version; None when there is none that can be read."""
    try:
        manifest: dict[str, Any] = json.loads(workspace.current_manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if workspace.current_link.exists() else None


@contextmanager
def unfinished(workspace: Workspace, name: str) -> Iterator[Path]:
    """A hidden folder to write a version in.

    When the block ends, its files are made read only and it takes the version's name; when the block fails, it vanishes.
    """
    writing = workspace.published / f"{_UNFINISHED}{name}"
    writing.mkdir(parents=True)
    try:
        yield writing
        for file in (writing / DATABASE, writing / MANIFEST):
            file.chmod(_READ_ONLY)
            _flush(file)
        _flush(writing)
    except BaseException:
        shutil.rmtree(writing, ignore_errors=True)
        raise
    writing.rename(workspace.published / name)


def write_manifest(folder: Path, content: Mapping[str, object]) -> None:
    """Write what programs read of a version without opening its database."""
    (folder / MANIFEST).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def point(workspace: Workspace, name: str) -> None:
    """Move the pointer to a version in one step; the two links that lead through it are made once and stay."""
    for link, file in ((workspace.current_link, DATABASE), (workspace.current_manifest, MANIFEST)):
        target = Path("current") / file
        if not link.is_symlink() or link.readlink() != target:
            _link(link, target)
    pointer = workspace.published / "current"
    if pointer.is_dir() and not pointer.is_symlink():
        # A copy of the workspace that followed links has put a version's content here.
        pointer.rename(workspace.published / f"{_REMOVED}current")
    _link(pointer, Path(name))
    _flush(workspace.published)


def prune(workspace: Workspace, keep: int) -> None:
    """Remove the oldest versions so that `keep` stay, the current one among them wherever it stands in time."""
    current = (workspace.published / "current").resolve().name
    others = [name for name in names(workspace) if name != current]
    for name in others[: max(0, len(others) + 1 - keep)]:
        # Hidden first, so that nobody comes upon half a version.
        (workspace.published / name).rename(workspace.published / f"{_REMOVED}{name}")
    clear(workspace)


def clear(workspace: Workspace) -> None:
    """Remove what an interrupted publication has left, and versions that were taken out of sight."""
    for prefix in (_UNFINISHED, _REMOVED):
        for left_over in workspace.published.glob(f"{prefix}*"):
            shutil.rmtree(left_over)


def _moment(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, _NAME)
    except ValueError:
        return None


def _link(link: Path, target: Path) -> None:
    """Make a symbolic link in one step, whatever stood there."""
    moving = link.with_name(f".{link.name}.moving")
    moving.unlink(missing_ok=True)
    moving.symlink_to(target)
    moving.replace(link)


def _flush(path: Path) -> None:
    """Have a file's content, or a folder's list of names, reach the disk, so that a power cut cannot leave a pointer to nothing."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
