"""A finished file to the place that a person named: whole or not at all, and never over what the workspace stands on."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pipelines.warehouse.workspace import Workspace


def refuse_place(workspace: Workspace, out: Path, *, overwrite: bool = False) -> None:
    """Say before the work begins why a file cannot be put somewhere.

    Args:
        workspace: Whose own folders and files are not to be written.
        out: The file, absolute.
        overwrite: A file that is there may be replaced.

    Raises:
        ClienteleError: It lies in a folder that the workspace keeps for itself, is there already, or its folder is missing or closed.
    """
    meant = out.resolve()
    own = (
        workspace.published,
        workspace.vault,
        workspace.build_file.parent,
        workspace.sources,
        workspace.landing,
        workspace.state_backups,
        workspace.state_file,
        workspace.policy_file,
        workspace.lock_file,
        workspace.failure_report,
    )
    for place in own:
        if meant.is_relative_to(place.resolve()):
            message = f"--out: {out} lies in {place}, which the workspace keeps for itself; name a file elsewhere."
            raise ClienteleError(message)
    if out.is_dir():
        message = f"--out: {out} is a folder; name a file, such as {out / 'known.duckdb'}."
        raise ClienteleError(message)
    if out.is_symlink() or out.exists():
        if not overwrite:
            message = f"--out: {out} is there already; name another file, or add --overwrite to replace it."
            raise ClienteleError(message)
        if out.with_name(f"{out.name}.wal").exists():
            message = f"--out: {out} was left open by a program that wrote to it ({out.name}.wal lies beside it); name another file."
            raise ClienteleError(message)
    if not out.parent.is_dir():
        message = f"--out: the folder {out.parent} is not there; make it, or name a file elsewhere."
        raise ClienteleError(message)
    if not os.access(out.parent, os.W_OK | os.X_OK):
        message = f"--out: {out.parent} cannot be written; name a file in a folder of yours."
        raise ClienteleError(message)


def hand_over(file: Path, out: Path) -> None:
    """Move a finished file to its place in one step; to another disk it is copied beside its place first.

    Raises:
        ClienteleError: The place cannot take it; then nothing of it is left there.
    """
    try:
        try:
            file.replace(out)
        except OSError as fault:
            if fault.errno != errno.EXDEV:
                raise
            _copy(file, out)
    except OSError as fault:
        message = f"--out: {out} cannot be written ({fault.strerror}); free its disk or name a file elsewhere, then ask again."
        raise ClienteleError(message) from fault


def _copy(file: Path, out: Path) -> None:
    descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}-")
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as target, file.open("rb") as source:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(descriptor)
        shutil.copymode(file, unfinished)
        unfinished.replace(out)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
