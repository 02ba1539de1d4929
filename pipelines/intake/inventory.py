"""The deliveries that the ledger knows, as people ask for them: listed, and found by what somebody types."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipelines.documents import nearest
from pipelines.errors import ClienteleError
from pipelines.intake.delivery_codes import codes, meant_by
from pipelines.warehouse.connection import Connection, attach, open_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pipelines.warehouse.workspace import Workspace

STATUSES = ("landed", "held", "rejected", "skipped", "refused")


@dataclass(frozen=True)
class Reading:
    """What became of a delivery as one record type: a line of the ledger."""

    record_type: str
    rows_in: int
    rows_landed: int
    rows_duplicate: int
    rows_excluded: int
    rows_quarantined: int
    status: str
    reason: str | None
    decision: str | None

    @property
    def counts(self) -> dict[str, int]:
        """Rows by what became of them, in the ledger's order; `in` is their sum."""
        return {
            "in": self.rows_in,
            "landed": self.rows_landed,
            "duplicate": self.rows_duplicate,
            "excluded": self.rows_excluded,
            "quarantined": self.rows_quarantined,
        }


@dataclass(frozen=True)
class TakenDelivery:
    """A delivery with all that it was read as.

    Attributes:
        delivery_key: Its key.
        code: How people name it.
        source_name: Its source.
        file_name: Path of the delivered file below the workspace.
        known_at: When what it says could have been known, UTC; None where that was never read.
        mends: Code of the delivery that this replay mends; None for what a source delivered.
        readings: A line a record type.
    """

    delivery_key: int
    code: str
    source_name: str
    file_name: str
    known_at: datetime | None
    mends: str | None
    readings: tuple[Reading, ...]

    @property
    def statuses(self) -> set[str]:
        """What the ledger says of it: more than one where its record types differ."""
        return {reading.status for reading in self.readings}

    @property
    def is_released(self) -> bool:
        """Whether a person has released it."""
        return any(reading.decision == "released" for reading in self.readings)


@contextmanager
def open_landed(workspace: Workspace, *, with_vault: bool = False) -> Iterator[Connection]:
    """Open the build file for reading, with the vault's attached as `vault` where asked for.

    Raises:
        ClienteleError: Nothing has been taken in yet, or another program has the file open.
    """
    if not workspace.build_file.exists():
        message = f"{workspace.root}: nothing has been taken in yet; run 'clientele run' first."
        raise ClienteleError(message)
    with open_file(workspace.build_file, workspace, read_only=True) as build:
        if with_vault:
            attach(build, workspace.vault_file, "vault", read_only=True)
        yield build


def taken(build: Connection) -> list[TakenDelivery]:
    """Every delivery of the ledger, the newest last: by when it was taken in, then by source and place in its order."""
    present = {name for (name,) in build.execute("select column_name from duckdb_columns() where table_name = 'delivery'").fetchall()}
    # A build file of an older project gains its new columns when something lands.
    own = ", ".join(name if name in present else f"null as {name}" for name in ("decision", "mends_delivery_key"))
    rows = build.execute(
        f"""
        select
            delivery_key, source_name, file_name, known_at, record_type, rows_in, rows_landed, rows_duplicate, rows_excluded,
            rows_quarantined, status, reason, {own}
        from raw.delivery
        order by max(landed_at) over (partition by delivery_key), source_name, delivery_order, delivery_key, record_type
        """
    ).fetchall()
    named = codes(row[0] for row in rows)
    readings: dict[int, list[Reading]] = {}
    heads: dict[int, TakenDelivery] = {}
    for key, source, file, known_at, *reading, mends in rows:
        readings.setdefault(key, []).append(Reading(*reading))
        # Where lines of one delivery differ in this (a refused attempt), the first that says it holds.
        heads.setdefault(key, TakenDelivery(key, named[key], source, file, known_at, named.get(mends), ()))
    return [TakenDelivery(**{**vars(head), "readings": tuple(readings[key])}) for key, head in heads.items()]


def selected(deliveries: Sequence[TakenDelivery], source: str | None, status: str | None, last: int | None) -> list[TakenDelivery]:
    """Some of the deliveries.

    Args:
        deliveries: From `taken`.
        source: Only those of this source.
        status: Only those with a line of this status.
        last: Only so many, the newest.

    Raises:
        ClienteleError: No delivery has that source, or there is no such status.
    """
    if source is not None and not any(delivery.source_name == source for delivery in deliveries):
        message = f"No delivery of a source '{source}' was taken in{nearest(source, {item.source_name for item in deliveries})}."
        raise ClienteleError(message)
    if status is not None and status not in STATUSES:
        message = f"There is no status '{status}'{nearest(status, STATUSES)}."
        raise ClienteleError(message)
    found = [
        delivery for delivery in deliveries if source in (None, delivery.source_name) and (status is None or status in delivery.statuses)
    ]
    return found[-last:] if last is not None else found


def found(deliveries: Sequence[TakenDelivery], text: str, wanted: set[str] | None = None) -> TakenDelivery:
    """The delivery that somebody names by its code, its key or its file.

    Args:
        deliveries: From `taken`.
        text: What was typed.
        wanted: Where the text names several, those with one of these statuses are meant.

    Raises:
        ClienteleError: None is meant, or more than one.
    """
    keys = set(meant_by(text, [delivery.delivery_key for delivery in deliveries]))
    matches = [item for item in deliveries if text in (item.file_name, PurePosixPath(item.file_name).name)]
    matches = matches or [item for item in deliveries if item.delivery_key in keys]
    if len(matches) > 1 and wanted is not None:
        matches = [item for item in matches if item.statuses & wanted] or matches
    if not matches:
        names = {item.code for item in deliveries} | {PurePosixPath(item.file_name).name for item in deliveries}
        message = f"No delivery is called '{text}'{nearest(text, names)}; 'clientele deliveries' lists them."
        raise ClienteleError(message.replace("?;", "?"))
    if len(matches) > 1:
        listed = ", ".join(f"{item.code} ({item.file_name}, {' and '.join(sorted(item.statuses))})" for item in matches[-_SHOWN:])
        more = f" and {len(matches) - _SHOWN} older ones" if len(matches) > _SHOWN else ""
        message = f"'{text}' may be {listed}{more}; give the code of one of them."
        raise ClienteleError(message)
    return matches[0]


_SHOWN = 5
