"""The figures of new deliveries: one scan of each raw table that they reached, kept in `raw.delivery_metric`.

Personal columns are not measured: their values stand in the vault, which this room does not open. Of ids only the key's presence counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.warehouse.connection import identifier, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelines.contracts.record_type import Property, RawColumn, RecordType
    from pipelines.warehouse.connection import Connection

SECONDS_A_DAY = 86_400
_COUNTS = ("rows_in", "rows_landed", "rows_duplicate", "rows_excluded", "rows_quarantined", "records")

# A figure: column, metric, and SQL that aggregates it over the landed rows of one delivery.
Figure = tuple[str, str, str]


def list_new(build: Connection) -> list[str]:
    """List in the temporary table `new_delivery` what has rows and no figures yet, also what a run that broke off has left.

    A replay of mended rows is no delivery of its own and is left out.

    Returns:
        The record types that they are of, by name.
    """
    build.execute(
        """
        create or replace temp table new_delivery as
        select delivery_key, record_type, source_name, file_name, status
        from raw.delivery
        where
            status in ('landed', 'held', 'rejected') and mends_delivery_key is null
            and (delivery_key, record_type) not in (select (delivery_key, record_type) from raw.delivery_metric)
        """
    )
    rows = build.execute("select distinct record_type from new_delivery order by record_type").fetchall()
    return [record_type for (record_type,) in rows]


def measure(
    build: Connection, contracts: Mapping[str, RecordType], record_types: list[str], unread: Iterable[tuple[str, str]] = ()
) -> None:
    """Write the figures of the deliveries in `new_delivery`, inside the caller's transaction.

    Args:
        build: The build connection.
        contracts: Every record type by name.
        record_types: Those that the new deliveries are of.
        unread: File and column for delivered columns that no feed reads. Only their number is kept: what stands in a header's place may be
            somebody's name.
    """
    counted = {name: f"cast({name} as double)" for name in _COUNTS}
    # Rows that repeat what has landed are records all the same.
    counted["quarantined_share"] = "rows_quarantined / nullif(rows_in, 0)"
    counted["distinct_share"] = "records / nullif(rows_landed + rows_duplicate, 0)"
    build.execute(
        f"""
        insert into raw.delivery_metric by name
        select delivery_key, record_type, cast(null as varchar) as column_name, unnest([{", ".join(map(quoted, counted))}]) as metric,
            unnest([{", ".join(counted.values())}]) as value
        from raw.delivery
        semi join new_delivery using (delivery_key, record_type)
        order by delivery_key, record_type
        """
    )
    listed = "[" + ", ".join(quoted(file_name) for file_name, _ in unread) + "]"
    build.execute(
        f"""
        insert into raw.delivery_metric by name
        select delivery_key, record_type, cast(null as varchar) as column_name, 'columns_unread' as metric,
            cast(len(list_filter(cast({listed} as varchar[]), lambda listed: listed = file_name)) as double) as value
        from new_delivery
        order by delivery_key, record_type
        """
    )
    homes = _homes(build, contracts)
    for name in record_types:
        figures = list(_figures(contracts[name], homes))
        _measure_rows(build, contracts[name], figures)


def _measure_rows(build: Connection, record: RecordType, figures: list[Figure]) -> None:
    """One scan over the landed rows of the new deliveries."""
    new = f"select delivery_key from new_delivery where record_type = {quoted(record.name)}"
    aggregates = ", ".join(f"{sql} as figure_{position}" for position, (_, _, sql) in enumerate(figures))
    columns, metrics = (", ".join(quoted(figure[part]) for figure in figures) for part in (0, 1))
    values = ", ".join(f"cast(figure_{position} as double)" for position in range(len(figures)))
    # A delivery without a landed row has figures too, all of them null: its place in the history is kept.
    build.execute(
        f"""
        insert into raw.delivery_metric by name
        with measured as (
            select _delivery_key as delivery_key, {aggregates}
            from raw.{identifier(record.name)}
            where _delivery_key in ({new})
            group by _delivery_key
        )
        select delivery_key, {quoted(record.name)} as record_type, unnest([{columns}]) as column_name, unnest([{metrics}]) as metric,
            unnest([{values}]) as value
        from ({new})
        left join measured using (delivery_key)
        order by delivery_key
        """
    )


def _figures(record: RecordType, homes: Mapping[str, str]) -> Iterator[Figure]:
    """What is measured of a record type, column by column."""
    currency = next((identifier(item.name) for item in record.properties if item.name == "currency"), None)
    for item in record.properties:
        for column in item.raw_columns():
            name = identifier(column.name)
            if item.event_key is None or column.name == item.name:
                yield column.name, "null_share", f"1 - count({name}) / count(*)"
            # A key says nothing as a number, nor does what is kept of a personal value: of both only the absence is told.
            if column.name == item.name:
                yield from _range(item, column)
            home = homes.get(item.surrogate or "")
            if home is not None and not (item.key_position and home.startswith(f"select {name} ")):
                yield column.name, "unknown_share", f"count_if({name} not in ({home})) / nullif(count({name}), 0)"
        if item.is_event_time:
            yield item.name, "latest_event", f"max({_days(identifier(item.name))})"
        if item.is_amount:
            name = identifier(item.name)
            for metric, sql in (("amount_sum", f"sum({name})"), ("amount_mean", f"avg({name})")):
                yield item.name, metric, f"case when min({currency}) = max({currency}) then {sql} end" if currency else sql


def _range(item: Property, column: RawColumn) -> Iterator[Figure]:
    name = identifier(column.name)
    if item.logical_type in ("number", "integer"):
        yield column.name, "mean", f"avg({name})"
        yield from ((column.name, metric, f"{sql}({name})") for metric, sql in (("minimum", "min"), ("maximum", "max")))
    elif item.logical_type in ("date", "timestamp"):
        yield from ((column.name, metric, f"{sql}({_days(name)})") for metric, sql in (("minimum", "min"), ("maximum", "max")))


def _days(column: str) -> str:
    return f"epoch(cast({column} as timestamp)) / {SECONDS_A_DAY}"


def _homes(build: Connection, contracts: Mapping[str, RecordType]) -> dict[str, str]:
    """For each kind of person or organisation whose records were delivered, SQL of all keys that those records have."""
    homes: dict[str, str] = {}
    for record in contracts.values():
        kind = record.key[0].surrogate
        if kind is None or len(record.key) > 1 or kind in homes:
            continue
        key, table = identifier(record.key[0].key_column), f"raw.{identifier(record.name)}"
        counting = f"select delivery_key from raw.delivery where record_type = {quoted(record.name)} and status = 'landed'"
        keys = f"select {key} from {table} where _delivery_key in ({counting})"
        if build.execute(f"select 1 from ({keys}) limit 1").fetchone():
            homes[kind] = keys
    return homes
