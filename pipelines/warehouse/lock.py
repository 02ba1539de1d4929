"""One writer at a time: an advisory lock on the workspace, released by the operating system when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace


@dataclass
class _Hold:
    """This process's lock on one workspace, and how many hold it: it belongs to the open file, so that a second open would be refused."""

    descriptor: int
    depth: int = 0


_holds: dict[Path, _Hold] = {}


@contextmanager
def hold(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace for writing; nested holds in one process are one hold, which ends with the last of them.

    What a killed run has left in the temp folder is removed, since it may be personal.

    Raises:
        ClienteleError: Another process holds the workspace, or its folder cannot be written.
    """
    path = workspace.lock_file
    if path not in _holds:
        _holds[path] = _Hold(_acquire(workspace))
        _clear(workspace.temp)
    held = _holds[path]
    held.depth += 1
    try:
        yield
    finally:
        held.depth -= 1
        if held.depth == 0:
            del _holds[path]
            os.close(held.descriptor)


def _acquire(workspace: Workspace) -> int:
    """Lock the workspace and enter this process in the lock file, for the message that others get; the open file."""
    path = workspace.lock_file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        message = (
            f"{workspace.root}: the workspace cannot be written ({fault.strerror}); "
            "check that it is a folder of yours, or name another one."
        )
        raise ClienteleError(message) from fault
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        message = (
            f"{workspace.root}: the workspace is held by another run (process {holder}); "
            "wait until it has ended, or end that process, then run again."
        )
        raise ClienteleError(message) from None
    except OSError:
        os.close(descriptor)
        raise
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _clear(folder: Path) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
