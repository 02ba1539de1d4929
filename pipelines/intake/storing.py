"""Writing judged batches: personal columns and quarantined rows to the vault, all else to the build file, with totals for the balance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.intake.keys import keyed, record_key
from pipelines.intake.mapping import BROKEN, EXCLUDED
from pipelines.intake.reading import ROW
from pipelines.intake.rows import Batch, FeedCounts
from pipelines.intake.rules import LANDED_BEFORE
from pipelines.warehouse.connection import Connection, identifier, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.contracts.model import RecordType
    from pipelines.intake.deliveries import Delivery
    from pipelines.warehouse.secrets import Secret


def store_personal(build: Connection, batches: Sequence[Batch], delivery: Delivery, secret: Secret) -> None:
    """Write what only the vault may hold, in one transaction; what an interrupted landing has left of the same delivery is replaced."""
    key = delivery.delivery_key
    build.execute("begin")
    build.execute(f"delete from vault.quarantine where delivery_key = {key}")
    build.execute(f"delete from vault.archived_delivery where delivery_key = {key}")
    build.execute(f"insert into vault.archived_delivery values ({key}, {quoted(delivery.source.name)}, {quoted(delivery.file_name)})")
    for batch in batches:
        record = batch.record
        columns = [column.name for column in record.vault_columns()]
        if columns:
            table = f"vault.personal.{identifier(record.name)}"
            values = {
                "_delivery_key": str(key),
                "_row_number": ROW,
                **{item.key_column: _key(batch, item.name, item.key_column) for item in record.properties if item.surrogate},
                **{item.name: batch.value(item.name) for item in record.properties if item.is_personal and not item.surrogate},
            }
            build.execute(f"delete from {table} where _delivery_key = {key}")
            build.execute(
                f"insert into {table} ({', '.join(map(identifier, columns))}) "
                f"select {', '.join(values[name] for name in columns)} from ({keyed(batch, delivery.source, secret)})"
            )
        if batch.has_quarantine:
            build.execute(
                f"""
            insert into vault.quarantine (delivery_key, record_type, row_number, column_name, rule, raw_value, row_text)
            select {key}, {quoted(record.name)}, {ROW}, column_name, rule, raw_value, row_text
            from {batch.broken}
            order by {ROW}, column_name, rule
            """
            )
    build.execute("commit")


def store_rows(build: Connection, batch: Batch, delivery: Delivery, secret: Secret) -> FeedCounts:
    """Insert the landed rows and what the ledger says of the others, inside the caller's transaction.

    Returns:
        The balance of this delivery and record type.
    """
    record, feed = batch.record, batch.mapping.feed
    _insert_landed(build, batch, delivery, secret)
    lines = {"delivery_key": str(delivery.delivery_key), "record_type": quoted(record.name)}
    summary = {**lines, "column_name": "column_name", "rule": "rule", "row_count": "count(*)"}
    if batch.has_quarantine:
        _insert(build, "quarantine_summary", summary, f"from {batch.broken} group by column_name, rule order by column_name, rule")
    if batch.has_quarantine and (feed.is_folded or delivery.source.mode == "full"):
        # Of a fold the record survives its lost row; in a full delivery a record that was there, though unreadable, has not ended.
        columns = batch.mapping.columns
        lost = f"""
            from (
                select b.source_system, {record_key(feed, columns, secret, "b")} as record_key, {ROW} as row_number
                from {batch.others} as b
                where __state = {BROKEN}
                union
                select source_system, __record_key, {ROW} from {batch.rows}
                where {ROW} in (select {ROW} from {batch.settled} where disposition = 'quarantined')
            )
            where record_key is not null
            order by record_key, row_number
        """
        values = {**lines, **{name: name for name in ("source_system", "record_key", "row_number")}}
        _insert(build, "incomplete_key", values, lost)
    if batch.settled_rows and feed.is_keyed and not feed.is_folded:
        repeated = {**lines, "source_system": "source_system", "record_key": "__record_key", "content_hash": "__content_hash"}
        known = f"select {ROW} from {batch.settled} where rule = {quoted(LANDED_BEFORE)}"
        _insert(build, "repeated_row", repeated, f"from {batch.rows} where {ROW} in ({known}) order by {ROW}")
    return _counts(build, batch)


def store_totals(build: Connection, batch: Batch, delivery: Delivery, reporting_zone: str) -> None:
    """Enter rows and amounts by the month of the row's own time, for every disposition, inside the caller's transaction."""
    record, own = batch.record, quoted(delivery.source.currency)
    amount = batch.value(record.amount.name) if record.amount is not None else "null"
    values = {
        "delivery_key": str(delivery.delivery_key),
        "record_type": quoted(record.name),
        "month": f"{_month(record, reporting_zone)} as month",
        "currency": "currency",
        "disposition": "disposition",
        "row_count": "cast(sum(row_count) as bigint)",
        "amount_original": "cast(sum(amount) as decimal(18, 4))",
    }
    told = f"{_quarter(batch.event_at)} as event_at, coalesce({batch.value('currency')}, {own}) as currency"
    unreadable = batch.unreadable
    unread = f" union all select null, {own}, 'quarantined', {unreadable}, null" if unreadable else ""
    disposition, settled = "'landed'", ""
    if batch.settled_rows:
        disposition = "coalesce(disposition, 'landed')"
        settled = f" left join (select distinct {ROW}, disposition from {batch.settled}) using ({ROW})"
    # Times are counted before their month is worked out: there are far fewer of them than rows, and zones are slow.
    counted = f"""
        from (
            select {told}, {disposition} as disposition, count(*) as row_count, sum({amount}) as amount
            from {batch.rows}{settled}
            group by all
            having count(*) > 0
            union all
            select {told}, case when __state = {EXCLUDED} then 'excluded' else 'quarantined' end, count(*), sum({amount})
            from {batch.others}
            group by all
            having count(*) > 0{unread}
        )
        group by month, currency, disposition
        order by month, currency, disposition
    """
    _insert(build, "landing_total", values, counted)


def _month(record: RecordType, reporting_zone: str) -> str:
    """SQL for the business month of `event_at`; a date is one wherever it is read."""
    is_date = record.event_time is not None and record.event_time.logical_type == "date"
    local = "event_at" if is_date else f"timezone({quoted(reporting_zone)}, timezone('UTC', event_at))"
    return f"cast(date_trunc('month', {local}) as date)"


def _quarter(time: str) -> str:
    """SQL for a time cut to its quarter of an hour, by which every zone has its months: since 1972 all stand a multiple of it from UTC."""
    return f"case when {time} >= timestamp '1972-01-01' then make_timestamp(epoch_us({time}) // 900000000 * 900000000) else {time} end"


def _insert(build: Connection, table: str, values: dict[str, str], rest: str) -> None:
    """Insert into one of intake's own tables, in the order of columns that its contract has."""
    columns = [column.name for column in load_intake_tables()[table].columns]
    build.execute(f"insert into raw.{identifier(table)} select {', '.join(values[name] for name in columns)} {rest}")


def _key(batch: Batch, name: str, key_column: str) -> str:
    """SQL for the key that stands for an id: null where the feed does not map it."""
    return identifier(key_column) if name in batch.mapping.columns else "null"


def _insert_landed(build: Connection, batch: Batch, delivery: Delivery, secret: Secret) -> None:
    record = batch.record
    values = {
        "source_system": "source_system",
        "_source_name": quoted(delivery.source.name),
        "_record_key": "__record_key",
        "_content_hash": "__content_hash",
        "_delivery_key": str(delivery.delivery_key),
        "_row_number": ROW,
        "_known_at": f"cast({quoted(str(delivery.known_at))} as timestamp)",
    }
    for item in record.properties:
        if item.surrogate is not None or item.event_key is not None:
            values[item.key_column] = _key(batch, item.name, item.key_column)
        if item.derive == "birth_year":
            values["birth_year"] = f"cast(year({batch.value(item.name, 'cast(null as date)')}) as smallint)"
        if item.name == "currency":
            values[item.name] = f"coalesce({batch.value(item.name)}, {quoted(delivery.source.currency)})"
        elif not item.is_personal and item.surrogate is None:
            values[item.name] = batch.value(item.name)
    names = [column.name for column in record.raw_columns()]
    build.execute(
        f"insert into raw.{identifier(record.name)} ({', '.join(map(identifier, names))}) "
        f"select {', '.join(values[name] for name in names)} from ({keyed(batch, delivery.source, secret)})"
    )


def _counts(build: Connection, batch: Batch) -> FeedCounts:
    """Count each disposition; rows broken by several rules count once."""
    feed, row = batch.mapping.feed, None
    if batch.settled_rows:
        row = build.execute(
            f"""
            select
                count(distinct {ROW}) filter (disposition = 'duplicate'), count(distinct {ROW}) filter (disposition = 'quarantined'),
                count(distinct {ROW}) filter (rule = {quoted(LANDED_BEFORE)})
            from {batch.settled}
            """
        ).fetchone()
    duplicate, quarantined, known = row or (0, 0, 0)
    landed = batch.kept - duplicate - quarantined
    # A record that only repeats what is known is a record of this delivery all the same: a full feed without changes has not shrunk.
    records = landed + known if feed.is_keyed else landed
    if feed.is_folded:
        lost = f"{ROW} not in (select {ROW} from {batch.settled} where disposition = 'quarantined')"
        found = build.execute(f"select count(distinct __record_key) from {batch.rows} where {lost}").fetchone()
        records = found[0] if found else 0
    return FeedCounts(
        rows_in=batch.rows_in,
        rows_landed=landed,
        rows_duplicate=duplicate,
        rows_excluded=batch.excluded,
        rows_quarantined=quarantined + batch.failed + batch.unreadable,
        records=records,
    )
