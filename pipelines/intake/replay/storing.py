"""A replay and where it is kept: the rows in the archive, what they land as in the build file, and its lines of the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.intake import ledger
from pipelines.intake.deliveries import Delivery
from pipelines.intake.replay.cells import write_rows
from pipelines.intake.storing import store_rows, store_totals
from pipelines.warehouse.connection import identifier, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from pipelines.intake.rows import Batch
    from pipelines.intake.sources import Source
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.secrets import Secret

Cells = dict[str, str | None]
# In an archived replay, the column that holds the rows' places.
NUMBER = "_row_number"


@dataclass(frozen=True)
class Mended:
    """A delivery that is mended, as the ledger has it.

    Attributes:
        delivery_key: Its key.
        file_name: What it was called.
        delivery_order: Its place among the deliveries of its source.
        known_at: When it could have been known, UTC.
        lines: What the ledger says of it, by record type, that its replays share: status, reason, decision and decided_at.
    """

    delivery_key: int
    file_name: str
    delivery_order: str
    known_at: datetime
    lines: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, build: Connection, delivery_key: int) -> Mended | None:
        """A delivery of the ledger; None where it is not there, or has landed nothing."""
        rows = build.execute(
            """
            select file_name, delivery_order, known_at, record_type, status, reason, held_reason, decision, decided_at
            from raw.delivery where delivery_key = ? and status in ('landed', 'held', 'rejected')
            """,
            [delivery_key],
        ).fetchall()
        shared = ("status", "reason", "held_reason", "decision", "decided_at")
        lines = {record: dict(zip(shared, told, strict=True)) for _, _, _, record, *told in rows}
        if not rows:
            return None
        file_name, delivery_order, known_at = rows[0][:3]
        return cls(delivery_key, file_name, delivery_order, known_at, lines)


@dataclass(frozen=True)
class Part:
    """Mended rows of one delivery.

    Attributes:
        mended: The delivery.
        rows: The rows by their place in it.
        path: The file that they come from, for messages.
        file_name: What the ledger calls it.
        received_at: When it came, UTC.
        kinds: The types of the delivered columns that have one, by name in small letters.
    """

    mended: Mended
    rows: dict[int, Cells]
    path: Path
    file_name: str
    received_at: datetime
    kinds: dict[str, str] = field(default_factory=dict)

    @property
    def header(self) -> tuple[str, ...]:
        """The delivered columns."""
        return tuple(next(iter(self.rows.values())))

    @property
    def known_at(self) -> datetime:
        """When the mended rows could have been known: never before the delivery itself."""
        return max(self.received_at, self.mended.known_at)


def keep(archive: Path, build: Connection, part: Part, delivery: Delivery) -> None:
    """Archive the rows of a replay with their places, so that a build made anew lands them again."""
    target = archived_replay(archive, delivery.delivery_key)
    rows = [[str(number), *part.rows[number].values()] for number in sorted(part.rows)]
    writing = target.with_suffix(".writing")
    write_rows(writing, (NUMBER, *part.header), rows)
    writing.replace(target)
    build.execute("begin")
    build.execute(f"delete from vault.archived_replay where delivery_key = {delivery.delivery_key}")
    build.execute(
        "insert into vault.archived_replay values (?, ?, ?, ?, ?)",
        [delivery.delivery_key, part.mended.delivery_key, delivery.source.name, part.file_name, part.received_at],
    )
    build.execute("commit")


def archived_replay(archive: Path, delivery_key: int) -> Path:
    """Where the rows of a replay are kept."""
    return archive / f"{delivery_key}.csv"


def enter_replay(
    build: Connection,
    batches: Sequence[Batch],
    delivery: Delivery,
    source: Source,
    part: Part,
    leaving: dict[str, dict[int, str]],
    reporting_zone: str,
    secret: Secret,
) -> None:
    """Write what lands of a replay, and the ledger of it, in one transaction.

    Args:
        build: The build connection, with table `originals`: time, currency and amount of the rows as they were delivered.
        batches: The rows that leave the quarantine.
        delivery: The replay.
        source: The source as it is today.
        part: All rows of the replay.
        leaving: What becomes of each row, by record type and place.
        reporting_zone: Of business months.
        secret: For the salts of hashes.
    """
    build.execute("begin")
    try:
        ledger.forget_refusal(build, delivery)
        for batch in batches:
            if leaving[batch.record.name]:
                _enter(build, batch, delivery, source, part, leaving[batch.record.name], reporting_zone, secret)
        build.execute("commit")
    except BaseException:
        build.execute("rollback")
        raise


def _enter(
    build: Connection,
    batch: Batch,
    delivery: Delivery,
    source: Source,
    part: Part,
    dispositions: dict[int, str],
    reporting_zone: str,
    secret: Secret,
) -> None:
    """The same as one record type, inside the transaction."""
    record, mended, key = batch.record.name, part.mended, delivery.delivery_key
    counts = store_rows(build, batch, delivery, secret).as_columns()
    store_totals(build, batch, delivery, reporting_zone)
    said = {**mended.lines[record], "mends_delivery_key": mended.delivery_key, "mapping_key": source.mapping_key}
    entered = {**counts, "rows_in": 0, "rows_quarantined": -len(dispositions)}
    ledger.enter(build, delivery, batch.mapping.feed, said["status"], said["reason"], entered, said)
    build.execute("create or replace temp table leaving (row_number bigint, disposition varchar)")
    build.executemany("insert into leaving values (?, ?)", [list(item) for item in dispositions.items()])
    named = f"{key} as delivery_key, {quoted(record)} as record_type"
    month = f"cast(date_trunc('month', timezone({quoted(reporting_zone)}, timezone('UTC', event_at))) as date)"
    own = quoted(source.currency)
    _insert(
        build,
        "landing_total",
        f"""
        select {named}, {month} as month, coalesce(currency, {own}) as currency, 'quarantined' as disposition,
            -count(*) as row_count, -sum(amount) as amount_original
        from leaving
        left join (select * from originals where record_type = {quoted(record)}) as originals using (row_number)
        group by all
        """,
    )
    _insert(
        build,
        "quarantine_summary",
        f"""
        select {named}, column_name, rule, -count(*) as row_count
        from vault.quarantine
        where delivery_key = {mended.delivery_key} and record_type = {quoted(record)} and row_number in (select row_number from leaving)
        group by column_name, rule
        """,
    )
    moment = f"cast({quoted(str(part.known_at))} as timestamp)"
    _insert(
        build,
        "replayed_row",
        f"select {mended.delivery_key} as mended_delivery_key, {named}, row_number, disposition, {moment} as known_at from leaving",
    )


def enter_unlanded(build: Connection, source: Source, part: Part, delivery_key: int, status: str, reason: str) -> None:
    """Enter a replay of the archive of which nothing lands: skipped or refused, a line a record type of the mended delivery."""
    delivery = Delivery(
        source=replace(source, mode="append"),
        path=part.path,
        file_name=part.file_name,
        file_size=part.path.stat().st_size,
        received_at=part.received_at,
        content_key=delivery_key,
        delivery_key=delivery_key,
        delivery_order=part.mended.delivery_order,
        known_at=part.known_at,
    )
    build.execute("begin")
    ledger.forget_refusal(build, delivery)
    for feed in source.feeds:
        if feed.record.name in part.mended.lines:
            more = {"mends_delivery_key": part.mended.delivery_key, "mapping_key": source.mapping_key}
            ledger.enter(build, delivery, feed, status, reason, {}, more)
    build.execute("commit")


def _insert(build: Connection, table: str, query: str) -> None:
    names = ", ".join(identifier(column.name) for column in load_intake_tables()[table].columns)
    build.execute(f"insert into raw.{identifier(table)} ({names}) select {names} from ({query})")
