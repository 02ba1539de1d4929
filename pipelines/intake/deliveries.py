"""Which deliveries wait: found by their source's location, told apart by content, put in order by what the source declares.

Nothing is landed here and nothing is written but archived copies; a file that was seen with the same name, size and time is not read again.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.intake.faults import DeliveryError
from pipelines.intake.finding import forget_copies, lying
from pipelines.intake.order import delivery_order, known_at, time_of
from pipelines.intake.reading import Survey, reader_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from pipelines.intake.settling import Settling
    from pipelines.intake.sources import Source
    from pipelines.warehouse.secrets import Secret
    from pipelines.warehouse.workspace import Workspace

Statement = tuple[str, int, str]


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
        delivery_key: Keyed hash of name and statement, 63 bits.
        delivery_order: Text that sorts as the source declares; of two deliveries the greater is the newer.
        known_at: When its content could have been known, UTC; None until its rows are read (`known_at: {from: latest_event}`).
        survey: What it holds, in outline; None where there is a fault.
        fault: What keeps it from being taken in, or None.
        repeats: Whether it says what an earlier delivery of the source said.
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
    survey: Survey | None = None
    fault: DeliveryError | None = None
    repeats: bool = False

    def archived(self, workspace: Workspace) -> Path:
        """Where the delivered bytes are kept."""
        return workspace.archive / f"{self.delivery_key}{''.join(self.path.suffixes)}"

    @property
    def statement(self) -> Statement:
        """What it says."""
        return _statement(self.source.name, self.content_key, self.delivery_order, restates=self.source.restates)


@dataclass(frozen=True)
class KnownDelivery:
    """What the ledger remembers of a delivery: enough to recognise it."""

    delivery_key: int
    source_name: str
    file_name: str
    file_size: int
    received_at: datetime
    content_key: int
    delivery_order: str


@dataclass(frozen=True)
class ArchivedDelivery:
    """A delivery whose bytes the vault keeps: what is needed to land it anew when the build file is gone."""

    delivery_key: int
    source_name: str
    file_name: str


@dataclass(frozen=True)
class Extracted:
    """What was read of a database for one feed.

    Attributes:
        source: With this one feed.
        path: The file that was made; where nothing could be read, the source's own.
        named: Its name in the ledger.
        fault: What kept it from being read, or None.
    """

    source: Source
    path: Path
    named: Path
    fault: DeliveryError | None = None


def pending(
    workspace: Workspace,
    sources: Sequence[Source],
    known: Iterable[KnownDelivery],
    secret: Secret,
    archived: Iterable[ArchivedDelivery] = (),
    extracted: Iterable[Extracted] = (),
    settling: Settling | None = None,
) -> list[Delivery]:
    """The deliveries that the ledger does not know, in the order in which they should land; those without a fault are archived.

    Files that may still be written are left alone where `settling` is given, and said there.

    What was landed once and is kept in the archive waits as well where the ledger does not know it (the build file was deleted), whether or
    not it still lies where it was delivered.

    Raises:
        ClienteleError: A location is wrong (a fault of the workspace rather than of one delivery).
    """
    remembered = sorted(known, key=lambda item: item.received_at)
    restating = {source.name for source in sources if source.restates}
    stated = {
        _statement(item.source_name, item.content_key, item.delivery_order, restates=item.source_name in restating) for item in remembered
    }
    keys = {item.delivery_key for item in remembered}
    seen = {(item.source_name, item.file_name, item.file_size, item.received_at) for item in remembered}
    last_content = {(item.source_name, item.file_name): item.content_key for item in remembered}
    found: list[Delivery] = []
    for item in extracted:
        delivery = inspect(workspace, item.source, item.path, secret, seen, item.named)
        found += [replace(delivery, fault=item.fault or delivery.fault)] if delivery is not None else []
    for source in sources:
        for path, named in lying(workspace, source, seen, settling):
            delivery = inspect(workspace, source, path, secret, seen, named)
            if delivery is None or delivery.delivery_key in keys:
                continue
            # A file that was only touched says nothing new, even where each delivery is a statement of its own.
            if last_content.get((source.name, delivery.file_name)) != delivery.content_key:
                found.append(delivery)
    by_name, here = {source.name: source for source in sources}, keys | {delivery.delivery_key for delivery in found}
    for kept in archived:
        path = workspace.archive / f"{kept.delivery_key}{''.join(Path(kept.file_name).suffixes)}"
        part = _part_of(by_name, kept)
        if part is not None and kept.delivery_key not in here and path.exists():
            recalled = inspect(workspace, part, path, secret, seen, Path(kept.file_name))
            found += [recalled] if recalled is not None else []
    waiting: list[Delivery] = []
    for delivery in sorted(found, key=lambda item: (item.source.name, item.delivery_order, item.file_name)):
        repeats = delivery.statement in stated
        waiting.append(replace(delivery, repeats=repeats) if repeats or delivery.fault else _archive(workspace, delivery))
        if delivery.fault is None:
            stated.add(delivery.statement)
    forget_copies(workspace)
    return waiting


def _part_of(by_name: dict[str, Source], kept: ArchivedDelivery) -> Source | None:
    """The source that an archived delivery is read by; of a database, with the feed that its name tells."""
    source = by_name.get(kept.source_name)
    if source is None or source.database is None:
        return source
    record = Path(kept.file_name).parent.name
    return next((part for part in source.parts if part.feeds[0].record.name == record), None)


def inspect(
    workspace: Workspace, source: Source, path: Path, secret: Secret, seen: set[tuple[str, str, int, datetime]], named: Path | None = None
) -> Delivery | None:
    """Hash the content and derive order and time from the name; None for a file that was seen with this name, size and time.

    An archived file is `named` as it was delivered.
    """
    name = (named or path.relative_to(workspace.root)).as_posix()
    fault: DeliveryError | None = None
    known: datetime | None = None
    size, received, order = 0, time_of(0), ""
    held: Survey | None = None
    content = secret.digest("delivery content")
    try:
        status = path.stat()
        size, received = status.st_size, time_of(status.st_mtime_ns)
        if (source.name, name, size, received) in seen:
            return None
        order, known = delivery_order(source, named or path, received), known_at(source, named or path, received)
        held = reader_of(source.format).survey(path, source.format, content.update).outline()
    except DeliveryError as found:
        fault = found
    except OSError as found:
        fault = DeliveryError(path, f"cannot be read ({found.strerror})", "check that the file is whole and may be read")
    content_key = int.from_bytes(content.digest()[:8], "big") >> 1
    identity = secret.digest("delivery")
    statement = _statement(source.name, content_key, order, restates=source.restates)
    identity.update("\n".join((name, *map(str, statement))).encode())
    delivery_key = int.from_bytes(identity.digest()[:8], "big") >> 1
    return Delivery(source, path, name, size, received, content_key, delivery_key, order, known, held, fault)


def _statement(source_name: str, content_key: int, order: str, *, restates: bool) -> Statement:
    """What a delivery says. Where one that equals an older one is news, it says so at another place in the order."""
    return source_name, content_key, order if restates else ""


def _archive(workspace: Workspace, delivery: Delivery) -> Delivery:
    """Keep the bytes as they were delivered; a file that is still being written comes back with a fault."""
    target = delivery.archived(workspace)
    if delivery.path == target:
        return delivery
    try:
        shutil.copyfile(delivery.path, target)
        target.chmod(0o600)
        status = delivery.path.stat()
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return replace(delivery, fault=DeliveryError(delivery.path, "was taken away while it was read", "put it back, or run again"))
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    if (status.st_size, time_of(status.st_mtime_ns)) == (delivery.file_size, delivery.received_at):
        return delivery
    target.unlink()
    return replace(delivery, fault=DeliveryError(delivery.path, "was changed while it was read", "run again once it is written whole"))
