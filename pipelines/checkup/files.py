"""The file that somebody names, and the source that it is read with; for what cannot be checked, what to do instead."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from pipelines.documents import nearest
from pipelines.errors import ClienteleError
from pipelines.intake.sources import Source, load_source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipelines.contracts.record_type import RecordType
    from pipelines.warehouse.workspace import Workspace

_NEAR, _LOOKED_AT = 3, 5_000


def check_path(path: Path) -> None:
    """Make sure that a path leads to a file that holds something.

    Raises:
        ClienteleError: It does not; with the nearest names, or with a file of the folder.
    """
    if path.is_dir():
        files = sorted(item for item in path.iterdir() if item.is_file() and not item.name.startswith("."))
        hint = f"name one of its {len(files)} files, such as {files[0]}" if files else "there is no file in it"
        message = f"{path}: is a folder; {hint}."
        raise ClienteleError(message)
    if not path.exists():
        folder = path.parent
        if not folder.is_dir():
            message = f"{path}: there is no such file, and no folder {folder}; check the path."
            raise ClienteleError(message)
        names = {item.name.casefold(): item.name for _, item in zip(range(_LOOKED_AT), folder.iterdir(), strict=False) if item.is_file()}
        near = [names[name] for name in difflib.get_close_matches(path.name.casefold(), list(names), n=_NEAR)]
        hint = f"did you mean {' or '.join(near)}?" if near else f"none of the {len(names)} files in {folder} has a name like it."
        message = f"{path}: there is no such file; {hint}"
        raise ClienteleError(message)
    if not path.is_file():
        message = f"{path}: is no file that can be read."
        raise ClienteleError(message)
    if path.stat().st_size == 0:
        message = f"{path}: the file is empty; have it delivered again."
        raise ClienteleError(message)


def source_for(workspace: Workspace, contracts: Mapping[str, RecordType], path: Path, named: str | None) -> Source | None:
    """The source to read a file with: the one that is named, else the one at whose location it lies; None where there is none.

    Args:
        workspace: Whose sources.
        contracts: Every record type by name.
        path: The file.
        named: A source of the workspace, or the path of a source's file anywhere.

    Raises:
        ClienteleError: The source is not known or not valid, reads a database, or the file lies at the locations of several.
    """
    if named is not None and named.endswith((".yml", ".yaml")):
        return _of_files(load_source(path.__class__(named).expanduser(), dict(contracts)), named)
    loaded: dict[str, Source] = {}
    faults: dict[str, ClienteleError] = {}
    for file in sorted(item for item in workspace.sources.glob("*") if item.suffix in (".yml", ".yaml")):
        try:
            source = load_source(file, dict(contracts))
        except ClienteleError as fault:
            faults[file.stem] = fault
        else:
            loaded[source.name] = source
    if named is not None:
        if named not in loaded:
            if named in faults:
                raise faults[named]
            message = f"{workspace.sources}: there is no source '{named}'{nearest(named, loaded)}."
            raise ClienteleError(message)
        return _of_files(loaded[named], named)
    real = path.resolve()
    there = [
        source
        for source in loaded.values()
        if source.database is None
        and real.is_relative_to(workspace.root)
        and real in {item.resolve() for item in workspace.root.glob(source.location)}
    ]
    if len(there) > 1:
        message = f"{path}: lies at the location of {' and '.join(source.name for source in there)}; say which with --source."
        raise ClienteleError(message)
    if not there and faults and real.is_relative_to(workspace.root):
        # It may be the one that would read the file.
        raise next(iter(faults.values()))
    return there[0] if there else None


def _of_files(source: Source, named: str) -> Source:
    if source.database is not None:
        message = f"{source.path}: the source '{named}' reads a database; check looks at files."
        raise ClienteleError(message)
    return source
