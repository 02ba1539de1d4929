"""Which deliveries wait: found by their source's location, told apart by content, put in order by what the source declares.

Nothing is landed here and nothing is written but archived copies; a file that was seen with the same name, size and time is not read again.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipelines.documents import Document
from pipelines.errors import ClienteleError
from pipelines.intake.reading import feed_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.intake.sources import Source
    from pipelines.warehouse.secrets import Secret
    from pipelines.warehouse.workspace import Workspace


@dataclass(frozen=True)
class Delivery:
    """One delivered file of a source.

    Attributes:
        source: Where it came from.
        path: Where it lies.
        file_name: Its path below the workspace.
        file_size: Bytes as delivered.
        received_at: The file's modification time, UTC.
        content_key: Keyed hash of the decompressed content, 63 bits.
        delivery_key: Keyed hash of source, name and content, 63 bits.
        delivery_order: Text that sorts as the source declares; of two deliveries the greater is the newer.
        known_at: When its content could have been known, UTC; None until its rows are read (`known_at: {from: latest_event}`).
        repeats: Whether an earlier delivery of the source had the same content.
    """

    source: Source
    path: Path
    file_name: str
    file_size: int
    received_at: datetime
    content_key: int
    delivery_key: int
    delivery_order: str
    known_at: datetime | None
    repeats: bool

    def archived(self, workspace: Workspace) -> Path:
        """Where the delivered bytes are kept."""
        return workspace.archive / f"{self.delivery_key}{''.join(self.path.suffixes)}"


@dataclass(frozen=True)
class KnownDelivery:
    """What the ledger remembers of a delivery: enough to recognise it."""

    source_name: str
    file_name: str
    file_size: int
    received_at: datetime
    content_key: int
    delivery_order: str


def find(workspace: Workspace, source: Source) -> list[Path]:
    """The files that lie at a source's location, by name.

    Raises:
        ClienteleError: The folder does not exist, or a link leads out of the workspace.
    """
    pattern = Path(source.location)
    folder = workspace.root
    for part in pattern.parts[:-1]:
        if any(sign in part for sign in "*?["):
            break
        folder /= part
    if not folder.is_dir():
        document = Document(source.path)
        raise document.fault(("location",), f"the folder {folder} does not exist; create it, or correct 'location'.")
    files = sorted(path for path in workspace.root.glob(source.location) if path.is_file() or path.is_symlink())
    for path in files:
        if not path.resolve().is_relative_to(workspace.root):
            message = f"{path}: is a link that leads out of the workspace; put the file itself there."
            raise ClienteleError(message)
    return files


def pending(
    workspace: Workspace, sources: Sequence[Source], known: Iterable[KnownDelivery], secret: Secret
) -> tuple[list[Delivery], list[ClienteleError]]:
    """The deliveries that the ledger does not know, archived, in the order in which they should land; and the faults of those that cannot be read.

    Raises:
        ClienteleError: A location is wrong (a fault of the workspace rather than of one delivery).
    """
    remembered = list(known)
    by_file = {(item.source_name, item.file_name, item.file_size, item.received_at) for item in remembered}
    full = {source.name for source in sources if source.mode == "full"}
    by_content = {_statement(item.source_name in full, item.source_name, item.content_key, item.delivery_order) for item in remembered}
    by_name = {(item.source_name, item.file_name, item.content_key) for item in remembered}
    found: list[Delivery] = []
    faults: list[ClienteleError] = []
    for source in sources:
        for path in find(workspace, source):
            name = path.relative_to(workspace.root).as_posix()
            try:
                status = path.stat()
                received = datetime.fromtimestamp(status.st_mtime_ns // 1000 / 1e6, UTC).replace(tzinfo=None)
                if (source.name, name, status.st_size, received) in by_file:
                    continue
                delivery = _inspect(workspace, source, path, received, secret, by_content)
            except OSError as fault:
                faults.append(ClienteleError(f"{path}: cannot be read ({fault.strerror}); check that the file is whole and may be read."))
                continue
            except ClienteleError as fault:
                faults.append(fault)
                continue
            if (source.name, name, delivery.content_key) in by_name:
                continue
            by_content.add(_statement(source.mode == "full", source.name, delivery.content_key, delivery.delivery_order))
            found.append(delivery)
    return sorted(found, key=lambda item: (item.source.name, item.delivery_order, item.file_name)), faults


def _inspect(
    workspace: Workspace, source: Source, path: Path, received: datetime, secret: Secret, by_content: set[tuple[str, int, str]]
) -> Delivery:
    """Hash the content, derive order and time from the name, and keep the bytes."""
    digest = secret.digest("delivery content")
    feed_bytes(path, source.format, digest.update)
    content_key = int.from_bytes(digest.digest()[:8], "big") >> 1
    name = path.relative_to(workspace.root).as_posix()
    identity = secret.digest("delivery")
    identity.update(f"{source.name}\n{name}\n{content_key}".encode())
    order = _order(source, path, received)
    delivery = Delivery(
        source=source,
        path=path,
        file_name=name,
        file_size=path.stat().st_size,
        received_at=received,
        content_key=content_key,
        delivery_key=int.from_bytes(identity.digest()[:8], "big") >> 1,
        delivery_order=order,
        known_at=_known_at(source, path, received),
        repeats=_statement(source.mode == "full", source.name, content_key, order) in by_content,
    )
    if not delivery.repeats:
        target = delivery.archived(workspace)
        shutil.copyfile(path, target)
        target.chmod(0o600)
        os.utime(target, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    return delivery


def _statement(is_full: bool, source_name: str, content_key: int, order: str) -> tuple[str, int, str]:
    """What a delivery says. A full one that equals an older one says that the records stand so again, at another place in the order."""
    return source_name, content_key, order if is_full else ""


def _order(source: Source, path: Path, received: datetime) -> str:
    if source.delivery_order.origin == "file_name":
        return _part(source, path, "delivery_order", source.delivery_order.pattern or "")
    return f"{received.isoformat(timespec='microseconds')} {path.name}"


def _known_at(source: Source, path: Path, received: datetime) -> datetime | None:
    rule = source.known_at
    if rule.origin == "received":
        return received
    if rule.origin == "latest_event":
        return None
    text = _part(source, path, "known_at", rule.pattern or "")
    try:
        local = datetime.strptime(text, rule.format).replace(tzinfo=ZoneInfo(source.time_zone))
    except ValueError as fault:
        message = f"{path}: '{text}' in its name is not a date by the format '{rule.format}' of known_at in {source.path}; rename the file, or correct the format."
        raise ClienteleError(message) from fault
    return local.astimezone(UTC).replace(tzinfo=None)


def _part(source: Source, path: Path, rule: str, pattern: str) -> str:
    found = re.search(pattern, path.name)
    if found is None:
        message = (
            f"{path}: its name does not match the pattern '{pattern}' of {rule} in {source.path}; rename the file, or correct the pattern."
        )
        raise ClienteleError(message)
    return found.group(1)
