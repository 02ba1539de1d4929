"""The ledger: what was delivered, what became of it, and the totals by which the facts are reconciled. Tables of the schema `raw`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.intake.deliveries import ArchivedDelivery, Delivery, KnownDelivery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.intake.sources import MappedFeed, Source
    from pipelines.warehouse.connection import Connection


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
    build.execute(
        """
        delete from raw.delivery
        where status = 'refused' and (delivery_key = ? or (source_name, file_name, file_size, received_at) = (?, ?, ?, ?))
        """,
        [delivery.delivery_key, delivery.source.name, delivery.file_name, delivery.file_size, delivery.received_at],
    )


def enter(build: Connection, delivery: Delivery, feed: MappedFeed, status: str, reason: str | None, counts: Mapping[str, int]) -> None:
    """Enter one line of the ledger; counts that are not given are 0."""
    source = delivery.source
    build.execute(
        """
        insert into raw.delivery by name
        select
            ? as delivery_key, ? as source_name, ? as source_system, ? as file_name, ? as file_size, ? as content_key, ? as record_type,
            ? as mode, ? as delivery_order, cast(? as timestamp) as received_at, cast(? as timestamp) as known_at,
            cast(now() at time zone 'UTC' as timestamp) as landed_at, ? as rows_in, ? as rows_landed, ? as rows_duplicate,
            ? as rows_excluded, ? as rows_quarantined, ? as records, ? as is_folded, ? as is_accumulated, ? as is_keyed,
            ? as mapping_key, ? as status, ? as reason
        """,
        [
            delivery.delivery_key, source.name, source.system, delivery.file_name, delivery.file_size, delivery.content_key,
            feed.record.name, source.mode, delivery.delivery_order, delivery.received_at, delivery.known_at,
            *(counts.get(name, 0) for name in ("rows_in", "rows_landed", "rows_duplicate", "rows_excluded", "rows_quarantined", "records")),
            feed.is_folded, feed.accumulate, feed.is_keyed, source.mapping_key, status, reason,
        ],
    )  # fmt: skip
