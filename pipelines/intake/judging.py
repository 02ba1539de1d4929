"""What becomes of the rows that keep to the contract: keys, and a *disposition* (landed, duplicate or quarantined) by the record's grain.

Two different rows with one key in one delivery are both quarantined; the same row again, in this delivery or an earlier one, is a
duplicate; where rows fold, a row that contradicts its record in a column declared `any_equal` is quarantined. Nearly all rows land, so that
what does not is found by its key first and looked at closely afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.intake.keys import add_keys, register_people
from pipelines.intake.reading import ROW, Survey
from pipelines.intake.rows import Batch, row_text
from pipelines.warehouse.connection import Connection, identifier, quoted, transfer

if TYPE_CHECKING:
    from pipelines.intake.deliveries import Delivery
    from pipelines.warehouse.secrets import Secret


def judge(build: Connection, batch: Batch, delivery: Delivery, secret: Secret) -> None:
    """Give the rows of `batch.rows` their keys and decide what becomes of each.

    The table gains `<stem>_key` for ids, `__record_key`, `__content_hash` (null where contents are never compared), `disposition` and
    `rule`: why a row is quarantined (`column|rule`), or of which row it is a duplicate (`same_delivery`, `landed_before`).

    Args:
        build: The build connection, with the vault.
        batch: From `collect`.
        delivery: Whose rows they are.
        secret: For the salts of hashes.
    """
    register_people(build, batch, delivery)
    add_keys(build, batch, delivery, secret)
    build.execute(f"create or replace temp table settled ({ROW} bigint, disposition varchar, rule varchar)")
    feed = batch.mapping.feed
    if feed.is_folded:
        _settle_contradictions(build, batch)
    elif feed.is_keyed:
        _settle_keys(build, batch)
        _settle_known(build, batch, delivery)
    elif feed.on_exact_duplicate == "drop":
        _settle_repetitions(build)
    if build.execute("select count(*) from settled").fetchone() != (0,):
        build.execute(
            f"update keyed set disposition = settled.disposition, rule = settled.rule from settled where keyed.{ROW} = settled.{ROW}"
        )
    build.execute("drop table settled")
    build.execute(f"drop table {batch.rows}")
    build.execute(f"alter table keyed rename to {batch.rows}")


def quote_quarantined(sandbox: Connection, build: Connection, batch: Batch, held: Survey) -> None:
    """Add the rows that `judge` has quarantined to `batch.broken`, as they were delivered."""
    reasons = "split_part(rule, '|', 1) as column_name, split_part(rule, '|', 2) as rule"
    quarantined = f"select {ROW}, {reasons} from {batch.rows} where disposition = 'quarantined'"
    if build.execute(f"select count(*) from ({quarantined})").fetchone() != (0,):
        transfer(build, quarantined, sandbox, "quarantined")
        texts = f"select {ROW}, column_name, rule, cast(null as varchar) as raw_value, {row_text(held.header)} as row_text"
        transfer(sandbox, f"{texts} from quarantined join delivered using ({ROW})", build, "quoted_rows")
        build.execute(f"insert into {batch.broken} select * from quoted_rows")


def _settle_contradictions(build: Connection, batch: Batch) -> None:
    """Quarantine the rows of a fold that differ from the first of their record in a column that must agree; a null agrees with all."""
    known = {item.name: item for item in batch.record.properties}
    # An id of a person agrees where its key does, and keys compare faster.
    agreeing = {
        column: identifier(known[column].key_column if column in known and known[column].surrogate else column)
        for column, fold in batch.mapping.feed.fold.items()
        if fold == "any_equal" and (column in batch.mapping.columns or column == "source_system")
    }
    if not agreeing:
        return
    differing = " or ".join(f"min({name}) <> max({name})" for name in agreeing.values())
    firsts = ", ".join(
        f"{name} <> first_value({name} ignore nulls) over one_record as differs_{position}"
        for position, name in enumerate(agreeing.values())
    )
    cases = " ".join(f"when differs_{position} then {quoted(column + '|any_equal')}" for position, column in enumerate(agreeing))
    build.execute(
        f"""
        insert into settled
        with
            suspects as (select __record_key from keyed group by __record_key having {differing}),
            compared as (
                select {ROW}, {firsts}
                from keyed
                where __record_key in (select __record_key from suspects)
                window one_record as (partition by __record_key order by {ROW} rows between unbounded preceding and unbounded following)
            ),
            found as (select {ROW}, case {cases} end as rule from compared)
        select {ROW}, 'quarantined', rule from found where rule is not null
        """
    )


def _settle_keys(build: Connection, batch: Batch) -> None:
    """Of rows that share a key in this delivery: all are quarantined when they differ; when they are equal, the first counts."""
    conflict = quoted(f"{batch.record.key[0].name}|key_conflict")
    build.execute(
        f"""
        insert into settled
        with
            shared as (select __record_key from keyed group by __record_key having count(*) > 1),
            compared as (
                select
                    {ROW},
                    min(__content_hash) over one_key <> max(__content_hash) over one_key as conflicts,
                    row_number() over (one_key order by {ROW}) as occurrence
                from keyed
                where __record_key in (select __record_key from shared)
                window one_key as (partition by __record_key)
            )
        select
            {ROW}, case when conflicts then 'quarantined' else 'duplicate' end,
            case when conflicts then {conflict} else 'same_delivery' end
        from compared
        where conflicts or occurrence > 1
        """
    )


def _settle_known(build: Connection, batch: Batch, delivery: Delivery) -> None:
    """Rows that have landed before with the same content are duplicates."""
    record = batch.record.name
    build.execute(
        f"""
        insert into settled
        select {ROW}, 'duplicate', 'landed_before'
        from keyed
        where
            {ROW} not in (select {ROW} from settled)
            and exists (
                select 1
                from raw.{identifier(record)} as landed
                where
                    landed._record_key = keyed.__record_key
                    and landed._content_hash = keyed.__content_hash
                    and landed._delivery_key in (
                        select delivery_key from raw.delivery
                        where record_type = {quoted(record)} and status = 'landed' and delivery_key <> {delivery.delivery_key}
                    )
            )
        """
    )


def _settle_repetitions(build: Connection) -> None:
    """Of equal rows without a key, the first counts."""
    build.execute(
        f"""
        insert into settled
        with shared as (select __record_key, __content_hash from keyed group by all having count(*) > 1)
        select {ROW}, 'duplicate', 'same_delivery'
        from keyed
        where (__record_key, __content_hash) in (select (__record_key, __content_hash) from shared)
        qualify row_number() over (partition by __record_key, __content_hash order by {ROW}) > 1
        """
    )
