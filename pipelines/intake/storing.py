"""Writing a judged batch: personal columns and quarantined rows to the vault, everything else to the build file, with the totals that reconciliation uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.intake.rows import Batch, FeedCounts, record_key_of_broken
from pipelines.warehouse.connection import Connection, identifier, quoted

if TYPE_CHECKING:
    from pipelines.intake.deliveries import Delivery
    from pipelines.warehouse.secrets import Secret

_COUNTED = "insert into raw.quarantine_summary select {key}, {record}, column_name, rule, count(*) from {table} group by column_name, rule"


def store_personal(build: Connection, batch: Batch, delivery: Delivery) -> None:
    """Write what only the vault may hold, replacing what an interrupted landing may have left of the same delivery."""
    record = batch.record
    columns = record.vault_columns()
    build.execute("begin")
    if columns:
        table = f"vault.personal.{identifier(record.name)}"
        values = {
            "_delivery_key": str(delivery.delivery_key),
            "_row_number": "__row",
            **{item.key_column: batch_key(batch, item.name, item.key_column) for item in record.properties if item.surrogate},
            **{item.name: batch.value(item.name) for item in record.properties if item.is_personal and not item.surrogate},
        }
        build.execute(f"delete from {table} where _delivery_key = {delivery.delivery_key}")
        names = [column.name for column in columns]
        build.execute(
            f"insert into {table} ({', '.join(map(identifier, names))}) "
            f"select {', '.join(values[name] for name in names)} from {batch.table} where disposition = 'landed' order by __row"
        )
    build.execute("delete from vault.quarantine where delivery_key = ? and record_type = ?", [delivery.delivery_key, record.name])
    build.execute(
        f"""
        insert into vault.quarantine
        select {delivery.delivery_key}, {quoted(record.name)}, __row, column_name, rule, raw_value, row_text from {batch.broken} order by __row, column_name
        """
    )
    values_text = ", ".join(f"{quoted(name)}, {identifier(name)}" for name in batch.mapping.columns)
    build.execute(
        f"""
        insert into vault.quarantine
        select
            {delivery.delivery_key}, {quoted(record.name)}, __row, split_part(rule, '|', 1), split_part(rule, '|', 2), null,
            cast(json_object({values_text}) as varchar)
        from {batch.table} where disposition = 'quarantined' order by __row
        """
    )
    build.execute("commit")


def batch_key(batch: Batch, name: str, key_column: str) -> str:
    """SQL for the key that stands for an id: null where the feed does not map it."""
    return identifier(key_column) if name in batch.mapping.columns else "null"


def store_rows(build: Connection, batch: Batch, delivery: Delivery, secret: Secret) -> FeedCounts:
    """Insert the landed rows and what the ledger says of the others, inside the caller's transaction.

    Returns:
        The balance of this delivery and record type.
    """
    record, key = batch.record, delivery.delivery_key
    _insert_landed(build, batch, delivery)
    name = quoted(record.name)
    build.execute(f"delete from raw.quarantine_summary where delivery_key = {key} and record_type = {name}")
    build.execute(_COUNTED.format(key=key, record=name, table=batch.broken))
    judged = f"(select split_part(rule, '|', 1) as column_name, split_part(rule, '|', 2) as rule from {batch.table} where disposition = 'quarantined')"
    build.execute(_COUNTED.format(key=key, record=name, table=judged))
    feed = batch.mapping.feed
    if feed.is_folded or delivery.source.mode == "full":
        # Of a fold the record survives its lost row; in a full delivery a record that was there, though unreadable, has not ended.
        build.execute(
            f"""
            insert into raw.incomplete_key
            select distinct {key}, {name}, source_system, record_key
            from (
                select b.source_system, {record_key_of_broken(batch, secret)} as record_key from {batch.keys_of_broken} as b
                union all
                select source_system, __record_key from {batch.table} where disposition = 'quarantined'
            ) as lost
            where record_key is not null
            """
        )
    if feed.is_keyed and not feed.is_folded:
        build.execute(
            f"insert into raw.repeated_row select {key}, {name}, source_system, __record_key, __content_hash from {batch.table} "
            "where disposition = 'duplicate' and __occurrence = 1 order by __row"
        )
    return _counts(build, batch)


def _insert_landed(build: Connection, batch: Batch, delivery: Delivery) -> None:
    record = batch.record
    values = {
        "source_system": "source_system",
        "_source_name": quoted(delivery.source.name),
        "_record_key": "__record_key",
        "_content_hash": "__content_hash",
        "_delivery_key": str(delivery.delivery_key),
        "_row_number": "__row",
        "_known_at": f"cast({quoted(str(delivery.known_at))} as timestamp)",
    }
    for item in record.properties:
        if item.surrogate is not None or item.event_key is not None:
            values[item.key_column] = batch_key(batch, item.name, item.key_column)
        if item.derive == "birth_year":
            values["birth_year"] = f"cast(year({batch.value(item.name, 'cast(null as date)')}) as smallint)"
        if not item.is_personal and item.surrogate is None:
            otherwise = quoted(delivery.source.currency) if item.name == "currency" else "null"
            values[item.name] = (
                f"coalesce({batch.value(item.name)}, {otherwise})" if item.name == "currency" else batch.value(item.name, otherwise)
            )
    names = [column.name for column in record.raw_columns()]
    build.execute(
        f"insert into raw.{identifier(record.name)} ({', '.join(map(identifier, names))}) "
        f"select {', '.join(values[name] for name in names)} from {batch.table} where disposition = 'landed' order by __row"
    )


def _counts(build: Connection, batch: Batch) -> FeedCounts:
    """Count each disposition; rows broken in several columns count once."""
    rows = dict(build.execute(f"select disposition, count(*) from {batch.table} group by disposition").fetchall())
    left = dict(build.execute(f"select disposition, cast(sum(row_count) as bigint) from {batch.left_out} group by disposition").fetchall())
    # A record that only repeats what is known is a record of this delivery all the same: a full feed without changes has not shrunk.
    found = build.execute(
        f"select count(distinct (source_system, __record_key)) from {batch.table} where disposition <> 'quarantined'"
    ).fetchone()
    feed = batch.mapping.feed
    landed = rows.get("landed", 0)
    records = landed if not feed.is_keyed and not feed.is_folded else (found[0] if found else 0)
    return FeedCounts(
        rows_in=batch.rows_in,
        rows_landed=landed,
        rows_duplicate=rows.get("duplicate", 0),
        rows_excluded=left.get("excluded", 0),
        rows_quarantined=rows.get("quarantined", 0) + left.get("quarantined", 0),
        records=records,
    )


def store_totals(build: Connection, batch: Batch, delivery: Delivery, reporting_zone: str) -> None:
    """Enter rows and amounts by the month of the row's own time, for every disposition, inside the caller's transaction."""
    record = batch.record
    month = f"cast(date_trunc('month', timezone({quoted(reporting_zone)}, timezone('UTC', __event_at))) as date)"
    amount = batch.value(record.amount.name) if record.amount is not None else "null"
    currency = f"coalesce({batch.value('currency')}, {quoted(delivery.source.currency)})"
    build.execute(f"delete from raw.landing_total where delivery_key = {delivery.delivery_key} and record_type = {quoted(record.name)}")
    build.execute(
        f"""
        insert into raw.landing_total
        with
            counted as (
                select __event_at, {currency} as currency, disposition, 1 as row_count, cast({amount} as decimal(18, 4)) as amount from {batch.table}
                union all
                select __event_at, coalesce(currency, {quoted(delivery.source.currency)}), disposition, row_count, amount from {batch.left_out}
            )
        select {delivery.delivery_key}, {quoted(record.name)}, {month} as month, currency, disposition, cast(sum(row_count) as bigint), cast(sum(amount) as decimal(18, 4))
        from counted
        group by month, currency, disposition
        order by month, currency, disposition
        """
    )
