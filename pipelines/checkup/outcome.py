"""What became of a file's rows in the build for trial: how its columns were filled, and which rules its rows break."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.checkup.figures import ColumnFigures, FaultFigures
from pipelines.checkup.masks import shown
from pipelines.intake.checking import is_demanded
from pipelines.intake.mapping import BROKEN
from pipelines.intake.rows import Batch
from pipelines.warehouse.connection import identifier

if TYPE_CHECKING:
    from pipelines.contracts.record_type import Property
    from pipelines.intake.mapping import Mapping
    from pipelines.intake.quarantine.masking import Masking
    from pipelines.intake.sources import MappedFeed
    from pipelines.warehouse.connection import Connection

_EXAMPLES = 3
# Among so many rows examples are looked for.
_LOOKED_AT = 2_000


def unfilled(feed: MappedFeed, name: str) -> ColumnFigures:
    """A column of a file whose rows could not be mapped."""
    item = feed.record.property(name)
    return ColumnFigures(feed.record.name, name, _words(feed, name), _kind(item), is_demanded(item))


def _kind(item: Property) -> str:
    return "timestamp UTC" if item.logical_type == "timestamp" else item.duckdb_type.lower()


def _words(feed: MappedFeed, name: str) -> str:
    expression = feed.columns[name]
    return expression.columns[0] if expression.is_column else " ".join(expression.sql.split())


def mapped_columns(build: Connection, mapping: Mapping, masking: Masking) -> list[ColumnFigures]:
    """Share of empty values and a few examples of each mapped column, over the rows that belong to the feed."""
    batch, feed = Batch(mapping, 0, 0), mapping.feed
    names = ", ".join(map(identifier, mapping.columns))
    rows = f"(select {names} from {batch.rows} union all select {names} from {batch.others} where __state = {BROKEN})"
    counted = build.execute(
        f"select count(*), {', '.join(f'count({identifier(name)})' for name in mapping.columns)} from {rows}"
    ).fetchone()
    total, *filled = counted or (0,)
    sample = build.execute(f"select * from {rows} limit {_LOOKED_AT}").fetchall()
    found = []
    for place, name in enumerate(mapping.columns):
        values = list(dict.fromkeys(row[place] for row in sample if row[place] is not None))[:_EXAMPLES]
        is_personal = masking.hides_value_of(feed.record.name, name) and bool(feed.columns[name].columns)
        item = feed.record.property(name)
        found.append(
            ColumnFigures(
                record_type=feed.record.name,
                name=name,
                reads=_words(feed, name),
                kind=_kind(item),
                is_required=is_demanded(item),
                null_share=1 - filled[place] / total if total else None,
                examples=tuple(shown(value, is_personal=is_personal) for value in values),
            )
        )
    return found


def broken_rules(build: Connection, delivery_key: int, masking: Masking) -> tuple[FaultFigures, ...]:
    """The rules that rows of a delivery break, those of most rows first."""
    rows = build.execute(
        f"""
        select record_type, column_name, rule, count(*), min_by(struct_pack(n := row_number, v := raw_value), row_number, {_EXAMPLES})
        from vault.quarantine
        where delivery_key = {delivery_key}
        group by record_type, column_name, rule
        order by count(*) desc, record_type, column_name, rule
        """
    ).fetchall()
    return tuple(
        FaultFigures(
            record,
            column,
            rule,
            count,
            tuple((one["n"], _raw(one["v"], is_personal=masking.hides_value_of(record, column))) for one in examples),
        )
        for record, column, rule, count, examples in rows
    )


def _raw(value: str | None, *, is_personal: bool) -> str | None:
    return None if value is None else shown(value, is_personal=is_personal)
