"""What becomes of the rows that keep to the contract: a *disposition* (landed, duplicate or quarantined) by the record's grain.

Two different rows with one key in one delivery are both quarantined; the same row again, in this delivery or an earlier one, is a
duplicate; where rows fold, a row that contradicts its record in a column declared `any_equal` is quarantined. Nearly all rows land, so that
what does not is found by its key first and looked at closely afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.intake.mapping import row_text
from pipelines.intake.reading import ROW, Survey
from pipelines.intake.rules import ANY_EQUAL, KEY_CONFLICT, LANDED_BEFORE, SAME_DELIVERY
from pipelines.warehouse.connection import Connection, identifier, quoted, transfer

if TYPE_CHECKING:
    from pipelines.intake.rows import Batch


def judge(build: Connection, batch: Batch, delivery_key: int) -> int:
    """Make table `batch.settled` of the rows of `batch.rows` that do not land.

    Args:
        build: The build connection.
        batch: From `collect`.
        delivery_key: Of the delivery whose rows they are.

    Returns:
        How many lines the table has.
    """
    build.execute(f"create or replace temp table {batch.settled} ({ROW} bigint, disposition varchar, column_name varchar, rule varchar)")
    feed = batch.mapping.feed
    if feed.is_folded:
        _settle_contradictions(build, batch)
    elif feed.is_keyed:
        _settle_keys(build, batch)
        _settle_known(build, batch, delivery_key)
    elif feed.on_exact_duplicate == "drop":
        _settle_repetitions(build, batch)
    row = build.execute(f"select count(*) from {batch.settled}").fetchone()
    return int(row[0]) if row else 0


def quote_quarantined(sandbox: Connection, build: Connection, batch: Batch, held: Survey) -> None:
    """Add the rows that `judge` has quarantined to `batch.broken`, as they were delivered."""
    quarantined = f"select {ROW}, column_name, rule from {batch.settled} where disposition = 'quarantined'"
    if not batch.settled_rows or build.execute(f"select count(*) from ({quarantined})").fetchone() == (0,):
        return
    transfer(build, quarantined, sandbox, "quarantined")
    ordinals = sorted(held.unreadable)
    # Each readable row comes after all the unreadable ones that stand before it.
    gaps = f"len(list_filter({[ordinal - index for index, ordinal in enumerate(ordinals, start=1)]}, lambda gap: gap < place))"
    row = f"place + {gaps}" if ordinals else "place"
    text = row_text({name: f"delivered.{identifier(name)}" for name in held.header})
    transfer(
        sandbox,
        f"""
        with
            placed as (select row_number() over () as place, delivered from delivered),
            numbered as (select {row} as {ROW}, delivered from placed)
        select {ROW}, column_name, rule, cast(null as varchar) as raw_value, {text} as row_text
        from numbered
        join quarantined using ({ROW})
        """,
        build,
        "quoted_rows",
    )
    sandbox.execute("drop table quarantined")
    build.execute(f"insert into {batch.broken} select * from quoted_rows")


def _settle_contradictions(build: Connection, batch: Batch) -> None:
    """Quarantine the rows of a fold that differ from the first of their record in a column that must agree; a null agrees with all."""
    agreeing = [
        column
        for column, fold in batch.mapping.feed.fold.items()
        if fold == "any_equal" and (column in batch.mapping.columns or column == "source_system")
    ]
    if not agreeing:
        return
    names = [identifier(column) for column in agreeing]
    differing = " or ".join(f"min({name}) <> max({name})" for name in names)
    firsts = ", ".join(
        f"{name} <> first_value({name} ignore nulls) over one_record as differs_{position}" for position, name in enumerate(names)
    )
    # Every column that contradicts is a line of its own.
    found = " union all ".join(
        f"select {ROW}, {quoted(column)} as column_name from compared where differs_{position}" for position, column in enumerate(agreeing)
    )
    build.execute(
        f"""
        insert into {batch.settled}
        with
            suspects as (select __record_key from {batch.rows} group by __record_key having {differing}),
            compared as materialized (
                select {ROW}, {firsts}
                from {batch.rows}
                where __record_key in (select __record_key from suspects)
                window one_record as (partition by __record_key order by {ROW} rows between unbounded preceding and unbounded following)
            )
        select {ROW}, 'quarantined', column_name, {quoted(ANY_EQUAL)} from ({found})
        """
    )


def _settle_keys(build: Connection, batch: Batch) -> None:
    """Of rows that share a key in this delivery: all are quarantined when they differ; when they are equal, the first counts."""
    build.execute(
        f"""
        insert into {batch.settled}
        with
            shared as (select __record_key from {batch.rows} group by __record_key having count(*) > 1),
            compared as (
                select
                    {ROW},
                    min(__content_hash) over one_key <> max(__content_hash) over one_key as conflicts,
                    row_number() over (one_key order by {ROW}) as occurrence
                from {batch.rows}
                where __record_key in (select __record_key from shared)
                window one_key as (partition by __record_key)
            )
        select
            {ROW}, case when conflicts then 'quarantined' else 'duplicate' end,
            {quoted(batch.record.key[0].name)}, case when conflicts then {quoted(KEY_CONFLICT)} else {quoted(SAME_DELIVERY)} end
        from compared
        where conflicts or occurrence > 1
        """
    )


def _settle_known(build: Connection, batch: Batch, delivery_key: int) -> None:
    """Rows that have landed before with the same content are duplicates."""
    record = batch.record.name
    landed = f"record_type = {quoted(record)} and status = 'landed' and delivery_key <> {delivery_key}"
    earlier = f"select delivery_key from raw.delivery where {landed}"
    if build.execute(f"{earlier} limit 1").fetchone() is None:
        return
    build.execute(
        f"""
        insert into {batch.settled}
        select {ROW}, 'duplicate', null, {quoted(LANDED_BEFORE)}
        from {batch.rows} as fresh
        where
            {ROW} not in (select {ROW} from {batch.settled})
            and exists (
                select 1
                from raw.{identifier(record)} as landed
                where
                    landed._record_key = fresh.__record_key
                    and landed._content_hash = fresh.__content_hash
                    and landed._delivery_key in ({earlier})
            )
        """
    )


def _settle_repetitions(build: Connection, batch: Batch) -> None:
    """Of equal rows without a key, the first counts."""
    build.execute(
        f"""
        insert into {batch.settled}
        with shared as (select __record_key, __content_hash from {batch.rows} group by all having count(*) > 1)
        select {ROW}, 'duplicate', null, {quoted(SAME_DELIVERY)}
        from {batch.rows}
        where (__record_key, __content_hash) in (select (__record_key, __content_hash) from shared)
        qualify row_number() over (partition by __record_key, __content_hash order by {ROW}) > 1
        """
    )
