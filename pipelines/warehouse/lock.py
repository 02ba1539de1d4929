"""One writer at a time: an advisory lock on the workspace, released by the operating system when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import ClienteleError
from pipelines.warehouse.workspace import Workspace

# Depth of nested holds by this process. flock belongs to the open file, so that a second open in the same process would wait for the first.
_depth: dict[Path, int] = {}


@contextmanager
def hold(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace for writing; nested holds in one process are one hold.

    Raises:
        ClienteleError: Another process holds it.
    """
    path = workspace.lock_file
    if _depth.get(path):
        _depth[path] += 1
        try:
            yield
        finally:
            _depth[path] -= 1
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            message = f"{workspace.root}: the workspace is held by another run (process {holder}); wait until it has ended, or end that process, then run again."
            raise ClienteleError(message) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        _depth[path] = 1
        try:
            yield
        finally:
            del _depth[path]
    finally:
        os.close(descriptor)
