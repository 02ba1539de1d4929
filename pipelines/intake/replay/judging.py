"""Mended rows beside the rest of their delivery: what has landed of it, or was replayed before, has its say as if all had come at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.intake.keys import keyed
from pipelines.intake.mapping import BROKEN
from pipelines.intake.reading import ROW
from pipelines.intake.rules import ANY_EQUAL, KEY_CONFLICT, SAME_DELIVERY
from pipelines.warehouse.connection import identifier, quoted

if TYPE_CHECKING:
    from pipelines.intake.rows import Batch
    from pipelines.intake.sources import Source
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.secrets import Secret


@dataclass(frozen=True)
class Wrong:
    """A rule that a mended row still breaks."""

    record_type: str
    row_number: int
    column_name: str | None
    rule: str


def settle_in_family(build: Connection, batch: Batch, source: Source, mended_key: int, secret: Secret) -> None:
    """Settle the rows of `batch` against those of the mended delivery and of its other replays.

    Args:
        build: The build connection, with the vault.
        batch: Judged by itself.
        source: The source.
        mended_key: The mended delivery.
        secret: For the salts of hashes.
    """
    feed = batch.mapping.feed
    family = f"(select delivery_key from raw.delivery where delivery_key = {mended_key} or mends_delivery_key = {mended_key})"
    if feed.is_folded:
        _settle_contradictions(build, batch, source, family, secret)
    elif feed.is_keyed:
        _settle_contents(build, batch, family, conflicts=True)
    elif feed.on_exact_duplicate == "drop":
        _settle_contents(build, batch, family, conflicts=False)


def _settle_contents(build: Connection, batch: Batch, family: str, *, conflicts: bool) -> None:
    """Rows whose key the family has: duplicates where the content is equal, else (of a whole key) at odds with it."""
    record = quoted(batch.record.name)
    matches = "" if conflicts else " and known.content_hash = fresh.__content_hash"
    build.execute(
        f"""
        create or replace temp table in_family as
        with
            known as (
                select _record_key as record_key, _content_hash as content_hash
                from raw.{identifier(batch.record.name)} where _delivery_key in {family}
                union
                select record_key, content_hash from raw.repeated_row where record_type = {record} and delivery_key in {family}
            )
        select fresh.{ROW}, bool_and(known.content_hash = fresh.__content_hash) as is_equal
        from {batch.rows} as fresh
        join known on known.record_key = fresh.__record_key{matches}
        group by fresh.{ROW}
        """
    )
    build.execute(f"delete from {batch.settled} where disposition = 'duplicate' and {ROW} in (select {ROW} from in_family)")
    build.execute(
        f"""
        insert into {batch.settled}
        select
            {ROW}, case when is_equal then 'duplicate' else 'quarantined' end, {quoted(batch.record.key[0].name)},
            case when is_equal then {quoted(SAME_DELIVERY)} else {quoted(KEY_CONFLICT)} end
        from in_family
        where {ROW} not in (select {ROW} from {batch.settled})
        """
    )


def _settle_contradictions(build: Connection, batch: Batch, source: Source, family: str, secret: Secret) -> None:
    """Rows of a fold that differ from landed ones of their record in a column that must agree; a null agrees with all."""
    known = {item.name: item for item in batch.record.properties}
    vault = {column.name for column in batch.record.vault_columns()}
    for column, fold in batch.mapping.feed.fold.items():
        if fold != "any_equal" or (column not in batch.mapping.columns and column != "source_system"):
            continue
        item = known.get(column)
        name = identifier(item.key_column if item is not None and item.surrogate else column)
        is_personal = item is not None and not item.surrogate and item.is_personal and column in vault
        held = f"personal.{name}" if is_personal else f"landed.{name}"
        personal = (
            f"join vault.personal.{identifier(batch.record.name)} as personal using (_delivery_key, _row_number)" if is_personal else ""
        )
        build.execute(
            f"""
            create or replace temp table agreed as
            select landed._record_key, any_value({held}) as value
            from raw.{identifier(batch.record.name)} as landed {personal}
            where
                landed._delivery_key in {family} and {held} is not null
                and landed._record_key in (select __record_key from {batch.rows})
            group by landed._record_key
            """
        )
        # What has landed says what the record's value is, and not the first of the mended rows.
        judged = f"select {ROW} from {batch.rows} where __record_key in (select _record_key from agreed)"
        for table in (batch.settled, batch.broken):
            build.execute(
                f"delete from {table} where column_name = {quoted(column)} and rule = {quoted(ANY_EQUAL)} and {ROW} in ({judged})"
            )
        build.execute(
            f"""
            insert into {batch.settled}
            select fresh.{ROW}, 'quarantined', {quoted(column)}, {quoted(ANY_EQUAL)}
            from ({keyed(batch, source, secret)}) as fresh
            join agreed on agreed._record_key = fresh.__record_key
            where agreed.value <> fresh.{name}
            """
        )


def set_wrong_apart(build: Connection, batch: Batch) -> list[Wrong]:
    """Take out the rows that are still wrong, and say what is."""
    found = build.execute(
        f"""
        select {ROW}, column_name, rule from {batch.broken}
        union
        select {ROW}, column_name, rule from {batch.settled} where disposition = 'quarantined'
        order by 1, 2 nulls first, 3
        """
    ).fetchall()
    build.execute(
        f"create or replace temp table still_wrong as select {ROW} from {batch.broken} union select {ROW} from {batch.settled} "
        "where disposition = 'quarantined'"
    )
    build.execute(f"delete from {batch.others} where __state = {BROKEN}")
    for table in (batch.rows, batch.settled, batch.broken):
        build.execute(f"delete from {table} where {ROW} in (select {ROW} from still_wrong)")
    return [Wrong(batch.record.name, number, column, rule) for number, column, rule in found]
