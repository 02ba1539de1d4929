"""The ledger: what was delivered, what became of it, and the totals by which the facts are reconciled. Tables of the schema `raw`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.intake.deliveries import ArchivedDelivery, Delivery, KnownDelivery
from pipelines.warehouse.connection import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.intake.sources import MappedFeed, Source
    from pipelines.warehouse.connection import Connection

_COUNTS = ("rows_in", "rows_landed", "rows_duplicate", "rows_excluded", "rows_quarantined", "records")


def known_deliveries(build: Connection) -> list[KnownDelivery]:
    """Every delivery that has been taken in; refused ones do not count, so that they are tried again."""
    rows = build.execute(
        """
        select distinct delivery_key, source_name, file_name, file_size, received_at, content_key, delivery_order
        from raw.delivery
        where status <> 'refused'
        """
    ).fetchall()
    return [KnownDelivery(*row) for row in rows]


def archived_deliveries(build: Connection) -> list[ArchivedDelivery]:
    """Every delivery whose rows the vault has taken in, oldest name first."""
    rows = build.execute(
        "select delivery_key, source_name, file_name from vault.archived_delivery order by source_name, file_name"
    ).fetchall()
    return [ArchivedDelivery(*row) for row in rows]


def replace_folds(build: Connection, sources: list[Source]) -> None:
    """State how each source's folded records fold, as the source files say today; what a source said that is gone stays."""
    rows = [
        (source.name, feed.record.name, _landed_name(feed, column), function)
        for source in sources
        for feed in source.feeds
        for column, function in feed.fold.items()
    ]
    names = [source.name for source in sources]
    stated = "select source_name, record_type, column_name, fold from raw.feed_fold where list_contains(?, source_name) order by all"
    if sorted(rows) == build.execute(stated, [names]).fetchall():
        return
    build.execute("begin")
    build.execute("delete from raw.feed_fold where list_contains(?, source_name)", [names])
    if rows:
        build.executemany("insert into raw.feed_fold (source_name, record_type, column_name, fold) values (?, ?, ?, ?)", rows)
    build.execute("commit")


def _landed_name(feed: MappedFeed, column: str) -> str:
    """The raw table's column: an id of a person or organisation lands as its key."""
    known = {item.name: item for item in feed.record.properties}
    return known[column].key_column if column in known and known[column].surrogate else column


def record_status(build: Connection, delivery: Delivery, status: str, reason: str) -> None:
    """Enter a delivery that landed nothing: skipped (its content is known) or refused, a line a feed."""
    build.execute("begin")
    forget_refusal(build, delivery)
    for feed in delivery.source.feeds:
        enter(build, delivery, feed, status, reason, {})
    build.execute("commit")


def forget_refusal(build: Connection, delivery: Delivery) -> None:
    """Take out the lines of an earlier attempt at the same file, also where it was read in another way and so had another content."""
    values: tuple[str | int | datetime, ...] = delivery.source.name, delivery.file_name, delivery.file_size, delivery.received_at
    same = ", ".join(_literal(value) for value in values)
    build.execute(
        f"""
        delete from raw.delivery
        where
            status = 'refused'
            and (delivery_key = {delivery.delivery_key} or (source_name, file_name, file_size, received_at) = ({same}))
        """
    )


def enter(build: Connection, delivery: Delivery, feed: MappedFeed, status: str, reason: str | None, counts: Mapping[str, int]) -> None:
    """Enter one line of the ledger; counts that are not given are 0."""
    source = delivery.source
    values = {
        "delivery_key": delivery.delivery_key,
        "source_name": source.name,
        "source_system": source.system,
        "file_name": delivery.file_name,
        "file_size": delivery.file_size,
        "content_key": delivery.content_key,
        "record_type": feed.record.name,
        "mode": source.mode,
        "delivery_order": delivery.delivery_order,
        "received_at": delivery.received_at,
        "known_at": delivery.known_at,
        **{name: counts.get(name, 0) for name in _COUNTS},
        "is_folded": feed.is_folded,
        "is_accumulated": feed.accumulate,
        "is_keyed": feed.is_keyed,
        "mapping_key": source.mapping_key,
        "status": status,
        "reason": reason,
    }
    stated = ", ".join(f"{_literal(value)} as {name}" for name, value in values.items())
    build.execute(f"insert into raw.delivery by name select {stated}, cast(now() at time zone 'UTC' as timestamp) as landed_at")


def _literal(value: str | int | datetime | None) -> str:
    """A value as SQL. DuckDB's driver looks for a library of frames at every bound one, which takes longer than the statement."""
    if isinstance(value, datetime):
        return f"cast({quoted(str(value))} as timestamp)"
    return quoted(value) if isinstance(value, str) else "null" if value is None else str(value)
