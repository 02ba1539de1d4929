"""What lies at a source's location: files below the workspace that have settled, or objects of a store, brought into the vault."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.documents import Document
from pipelines.errors import ClienteleError
from pipelines.intake.object_store import fetched, is_remote
from pipelines.intake.order import time_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pipelines.intake.settling import Settling
    from pipelines.intake.sources import Source
    from pipelines.warehouse.workspace import Workspace


def lying(
    workspace: Workspace, source: Source, seen: set[tuple[str, str, int, datetime]], settling: Settling | None
) -> Iterator[tuple[Path, Path | None]]:
    """What may be a delivery of a source: where its bytes are, and its name in the ledger where that is another.

    Args:
        workspace: Whose landing folder, or whose vault for copies, holds it.
        source: Its source; a database has nothing lying.
        seen: Source, name, size and time of what is known, which need not settle.
        settling: What has to be left alone; None where nothing has.

    Raises:
        ClienteleError: The location is wrong.
    """
    if source.database is not None:
        return
    if is_remote(source.location):
        yield from fetched(workspace, source, seen)
        return
    for path in find(workspace, source):
        if settling is None or _is_seen(workspace, source, path, seen) or settling.has_settled(source, path):
            yield path, None


def forget_copies(workspace: Workspace) -> None:
    """Remove what was brought over; by then it is archived."""
    shutil.rmtree(workspace.temp / "objects", ignore_errors=True)


def _is_seen(workspace: Workspace, source: Source, path: Path, seen: set[tuple[str, str, int, datetime]]) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    return (source.name, path.relative_to(workspace.root).as_posix(), status.st_size, time_of(status.st_mtime_ns)) in seen


def find(workspace: Workspace, source: Source) -> list[Path]:
    """The files that lie at a source's location, by name; none where it is an object store.

    Raises:
        ClienteleError: The folder does not exist, the location is itself a folder, or a link leads out of the workspace.
    """
    if is_remote(source.location):
        return []
    pattern = Path(source.location)
    folder = workspace.root
    for part in pattern.parts[:-1]:
        if any(sign in part for sign in "*?["):
            break
        folder /= part
    if not folder.is_dir():
        raise Document(source.path).fault(("location",), f"the folder {folder} does not exist; create it, or correct 'location'.")
    if (workspace.root / pattern).is_dir():
        sentence = f"'{source.location}' is a folder; say which of its files are delivered, such as '{source.location.rstrip('/')}/*.csv'."
        raise Document(source.path).fault(("location",), sentence)
    files = sorted(path for path in workspace.root.glob(source.location) if path.is_file() or path.is_symlink())
    for path in files:
        if not path.resolve().is_relative_to(workspace.root.resolve()):
            message = f"{path}: is a link that leads out of the workspace; put the file itself there."
            raise ClienteleError(message)
    return files
