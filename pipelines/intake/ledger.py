"""The ledger: what was delivered, what became of it, and the totals by which the facts are reconciled. Tables of the schema `raw`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.intake.deliveries import ArchivedDelivery, Delivery, KnownDelivery
from pipelines.warehouse.connection import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.intake.decisions import Decision
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
    # A replay is archived too, but lands with the delivery that it mends.
    rows = build.execute(
        """
        select delivery_key, source_name, file_name from vault.archived_delivery
        where delivery_key not in (select delivery_key from vault.archived_replay)
        order by source_name, file_name
        """
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


def enter(
    build: Connection,
    delivery: Delivery,
    feed: MappedFeed,
    status: str,
    reason: str | None,
    counts: Mapping[str, int],
    more: Mapping[str, str | int | datetime | None] | None = None,
) -> None:
    """Enter one line of the ledger.

    Args:
        build: The build connection.
        delivery: The delivery.
        feed: As which record type.
        status: landed, held, skipped or refused.
        reason: Why, where it did not land.
        counts: Rows by what became of them; what is not given is 0.
        more: Other columns, such as those of a replay.
    """
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
        "held_reason": reason if status == "held" else None,
        **(more or {}),
    }
    stated = ", ".join(f"{_literal(value)} as {name}" for name, value in values.items())
    build.execute(f"insert into raw.delivery by name select {stated}, cast(now() at time zone 'UTC' as timestamp) as landed_at")


def hold(build: Connection, delivery_key: int, record_type: str, reason: str) -> bool:
    """Keep a landed delivery and its replays out of the current state, as one record type, until a person decides.

    Where a person has released the delivery it stays landed; why the door would have held it is kept all the same.

    Args:
        build: The build connection.
        delivery_key: The delivery.
        record_type: The feed that something is wrong with.
        reason: Why; published, so without anything that was read from the delivery.

    Returns:
        Whether it is held now; False where it is not landed, or was released.
    """
    said = _literal(reason)
    held = build.execute(
        f"""
        update raw.delivery
        set
            held_reason = {said},
            status = case when decision = 'released' then status else 'held' end,
            reason = case when decision = 'released' then reason else {said} end
        where
            (delivery_key = {delivery_key} or mends_delivery_key = {delivery_key}) and record_type = {_literal(record_type)}
            and status = 'landed'
        returning status = 'held'
        """
    ).fetchall()
    return any(is_held for (is_held,) in held)


def settle(build: Connection, delivery_key: int, status: str, reason: str, decided_at: datetime | None = None) -> bool:
    """Enter what a person has decided of a delivery, for all its record types and its replays; entering it again changes nothing.

    Args:
        build: The build connection.
        delivery_key: The delivery.
        status: landed (it was released) or rejected.
        reason: What the person gave as the reason; published.
        decided_at: When, UTC.

    Returns:
        Whether the ledger has changed.
    """
    decision = "released" if status == "landed" else "rejected"
    entered = {"status": status, "reason": reason, "decision": decision, "decided_at": decided_at}
    changes = ", ".join(f"{name} = {_literal(value)}" for name, value in entered.items())
    differs = " or ".join(f"{name} is distinct from {_literal(value)}" for name, value in entered.items())
    changed = build.execute(
        f"""
        update raw.delivery set {changes}
        where
            (delivery_key = {delivery_key} or mends_delivery_key = {delivery_key})
            and status in ('landed', 'held', 'rejected') and ({differs})
        returning true
        """
    ).fetchall()
    return bool(changed)


def apply_decisions(build: Connection, decisions: Mapping[int, Decision]) -> int:
    """Bring the ledger to what people have decided; how many deliveries that changed.

    Deliveries that the ledger does not know yet are passed over: they are settled when they land.
    """
    return sum(settle(build, key, decision.status, decision.reason, decision.decided_at) for key, decision in decisions.items())


def _literal(value: str | int | datetime | None) -> str:
    """A value as SQL. DuckDB's driver looks for a library of frames at every bound one, which takes longer than the statement."""
    if isinstance(value, datetime):
        return f"cast({quoted(str(value))} as timestamp)"
    return quoted(value) if isinstance(value, str) else "null" if value is None else str(value)
