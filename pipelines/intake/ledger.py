"""The ledger: what was delivered, what became of every row of it, and the totals by which the facts are reconciled. Tables of schema `raw` in the build file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.render import table_ddl
from pipelines.intake.deliveries import Delivery, KnownDelivery

if TYPE_CHECKING:
    from pipelines.intake.sources import MappedFeed, Source
    from pipelines.warehouse.connection import Connection


def create_tables(build: Connection) -> None:
    """Make the ledger's tables where they are not there yet."""
    build.execute("create schema if not exists raw")
    for table in load_intake_tables().values():
        build.execute(table_ddl("raw", table.name, table.description, list(table.columns)))


def known_deliveries(build: Connection) -> list[KnownDelivery]:
    """Every delivery that has been taken in; refused ones do not count, so that they are tried again."""
    rows = build.execute(
        "select distinct source_name, file_name, file_size, received_at, content_key, delivery_order from raw.delivery where status <> 'refused'"
    ).fetchall()
    return [KnownDelivery(*row) for row in rows]


def replace_folds(build: Connection, sources: list[Source]) -> None:
    """State how each source's folded records fold, as the source files say today."""
    rows = [
        (source.name, feed.record.name, _landed_name(feed, column), function)
        for source in sources
        for feed in source.feeds
        for column, function in feed.fold.items()
    ]
    held = build.execute("select source_name, record_type, column_name, fold from raw.feed_fold order by all").fetchall()
    if sorted(rows) == held:
        return
    build.execute("begin")
    build.execute("delete from raw.feed_fold")
    if rows:
        build.executemany("insert into raw.feed_fold values (?, ?, ?, ?)", rows)
    build.execute("commit")


def _landed_name(feed: MappedFeed, column: str) -> str:
    """The raw table's column: an id of a person or organisation lands as its key."""
    known = {item.name: item for item in feed.record.properties}
    return known[column].key_column if column in known and known[column].surrogate else column


def record_status(build: Connection, delivery: Delivery, status: str, reason: str) -> None:
    """Enter a delivery that landed nothing: skipped (its content is known) or refused, a line a feed."""
    build.execute("delete from raw.delivery where delivery_key = ?", [delivery.delivery_key])
    for feed in delivery.source.feeds:
        enter(build, delivery, feed, status, reason, {})


def enter(build: Connection, delivery: Delivery, feed: MappedFeed, status: str, reason: str | None, counts: dict[str, int]) -> None:
    """Enter one line of the ledger; counts that are not given are 0."""
    source = delivery.source
    build.execute(
        """
        insert into raw.delivery by name
        select
            ? as delivery_key, ? as source_name, ? as source_system, ? as file_name, ? as file_size, ? as content_key, ? as record_type, ? as mode,
            ? as delivery_order, cast(? as timestamp) as received_at, cast(? as timestamp) as known_at,
            cast(now() at time zone 'UTC' as timestamp) as landed_at, ? as rows_in, ? as rows_landed, ? as rows_duplicate, ? as rows_excluded,
            ? as rows_quarantined, ? as records, ? as is_folded, ? as is_accumulated, ? as is_keyed, ? as status, ? as reason
        """,
        [
            delivery.delivery_key, source.name, source.system, delivery.file_name, delivery.file_size, delivery.content_key, feed.record.name, source.mode,
            delivery.delivery_order, delivery.received_at, delivery.known_at or delivery.received_at,
            *(counts.get(name, 0) for name in ("rows_in", "rows_landed", "rows_duplicate", "rows_excluded", "rows_quarantined", "records")),
            feed.is_folded, feed.accumulate, feed.is_keyed, status, reason,
        ],
    )  # fmt: skip
