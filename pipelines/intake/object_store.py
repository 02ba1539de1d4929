"""Deliveries in an object store (`s3://…` and whatever else fsspec knows): brought into the vault, then read like any other.

Credentials come from the environment as the store's own tools take them, never from a source. An object with the name, size and time of a
delivery that is known is not brought over again.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.documents import Document
from pipelines.errors import ClienteleError
from pipelines.intake.order import time_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.intake.sources import Source
    from pipelines.warehouse.workspace import Workspace

_URL = re.compile(r"[a-z][a-z0-9+.-]*://")
# These would lead out of the workspace, past the check of paths.
_LOCAL = ("file", "local")
# What stores call the time of an object's last change.
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "modified", "created")
_INSTALL = "uv pip install 'clientele[object-stores]'"


@dataclass(frozen=True)
class StoredObject:
    """An object as its store lists it.

    Attributes:
        named: Its name in the ledger.
        size: In bytes.
        changed: Nanoseconds since 1970; 0 where the store does not say.
    """

    name: str
    named: Path
    size: int
    changed: int


def is_remote(location: str) -> bool:
    """Whether a source's location is an object store."""
    return _URL.match(location) is not None


def fetched(workspace: Workspace, source: Source, seen: set[tuple[str, str, int, datetime]]) -> Iterator[tuple[Path, Path]]:
    """The objects at a source's location that are not known: a copy in the vault's temp folder, and the name in the ledger.

    Args:
        workspace: Whose vault takes the copies; they may be removed once they are archived.
        source: Whose location is a URL with a pattern.
        seen: Source, name, size and time of what is known.

    Raises:
        ClienteleError: The extra is not installed, or the store cannot be read.
    """
    document = Document(source.path)
    protocol = source.location.split("://", 1)[0]
    if protocol in _LOCAL or "::" in source.location:
        raise document.fault(("location",), "leads to this machine's own files; give a path below the workspace.")
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415  # an extra that most workspaces do without

        store, pattern = url_to_fs(source.location)
    except ImportError as missing:
        raise document.fault(("location",), f"needs the extra object-stores ({missing}); install it with: {_INSTALL}") from missing
    except ValueError as unknown:
        raise document.fault(
            ("location",), f"is of no store that is known here ({unknown}); give one such as s3://bucket/*.csv."
        ) from unknown
    folder = workspace.temp / "objects" / source.name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number, item in enumerate(_listed(store, pattern, protocol, source)):
        if (source.name, item.named.as_posix(), item.size, time_of(item.changed)) not in seen:
            yield _brought(store, item, folder / f"{number}-{item.named.name}", source), item.named


def _listed(store: Any, pattern: str, protocol: str, source: Source) -> list[StoredObject]:
    try:
        found = store.glob(pattern, detail=True)
    except Exception as fault:  # each store has faults of its own
        raise _unreadable(source, fault) from fault
    return [
        StoredObject(name, Path(f"{protocol}:/{name.lstrip('/')}"), int(item.get("size") or 0), _changed(item))
        for name, item in sorted(found.items())
        if item.get("type", "file") == "file"
    ]


def _brought(store: Any, item: StoredObject, copy: Path, source: Source) -> Path:
    try:
        store.get_file(item.name, str(copy))
    except Exception as fault:  # each store has faults of its own
        raise _unreadable(source, fault) from fault
    copy.chmod(0o600)
    if copy.stat().st_size != item.size:
        message = f"{item.named}: was changed while it was read; run again once it is written whole."
        raise ClienteleError(message)
    os.utime(copy, ns=(item.changed, item.changed))
    return copy


def _changed(item: dict[str, Any]) -> int:
    moment = next((item[key] for key in _TIMES if item.get(key) is not None), 0)
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if isinstance(moment, datetime):
        moment = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    return round(moment * 1e6) * 1000


def _unreadable(source: Source, fault: Exception) -> ClienteleError:
    said = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
    return Document(source.path).fault(
        ("location",), f"cannot be read ({said}); check the address, and the credentials in the environment."
    )
