"""From delivered cells to a record's typed columns: a feed bound to the columns that a delivery really has, as one query of the sandbox.

Which rules a row breaks is written in `checking`; `rows` runs the query.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.intake import rules
from pipelines.intake.checking import all_faults, column_rules, fault, is_broken, is_demanded, row_rules
from pipelines.intake.conversion import converted
from pipelines.intake.faults import DeliveryError
from pipelines.intake.formats.encodings import MARK
from pipelines.intake.sources import SYSTEM_COLUMN, MappedFeed, Source
from pipelines.warehouse.connection import identifier, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.contracts.model import Property
    from pipelines.intake.expressions import Expression
    from pipelines.intake.reading import Survey

# What a mapped row is, in the column `__state`.
LANDS, EXCLUDED, BROKEN = 0, 1, 2


@dataclass(frozen=True)
class Mapping:
    """A feed bound to the columns that a delivery really has.

    Attributes:
        feed: The feed.
        query: SQL over the sandbox's view `delivered`, a row a record in its order: `source_system`, the record's columns and `__state`
            (`LANDS`, `EXCLUDED` or `BROKEN`).
        faults_query: SQL over the same for the broken rows alone, in their order: `__faults` (column, rule and raw value of each rule that
            is broken) and `__text` (the row as delivered).
        columns: The record's columns that this feed fills, in the contract's order.
        reads: Column to the delivered columns that its expression reads.
        absent: Optional columns left null because the delivery lacks what they read.
        unread: Delivered columns that no feed of the source reads.
    """

    feed: MappedFeed
    query: str
    faults_query: str
    columns: tuple[str, ...]
    reads: dict[str, tuple[str, ...]]
    absent: tuple[str, ...]
    unread: tuple[str, ...] = ()


def bind(source: Source, feed: MappedFeed, held: Survey, path: Path) -> Mapping:
    """Bind a feed to a delivery's columns.

    Args:
        source: The source, for its system and format.
        feed: One of its feeds.
        held: What the delivery holds.
        path: The delivered file, for messages.

    Raises:
        DeliveryError: A column that a required column, a key or the `where` reads is missing, or there is a new one and the source refuses
            new ones.
    """
    present = {name.casefold() for name in held.header}
    record = feed.record
    absent: list[str] = []
    columns: dict[str, Expression] = {}
    for name, expression in feed.columns.items():
        missing = [column for column in expression.columns if column.casefold() not in present]
        if not missing:
            columns[name] = expression
        elif name == SYSTEM_COLUMN or is_demanded(record.property(name)):
            raise _missing(path, missing[0], f"{record.name}.{name}", held.header, source)
        else:
            absent.append(name)
    for column in feed.where.columns if feed.where is not None else ():
        if column.casefold() not in present:
            raise _missing(path, column, f"the where of {record.name}", held.header, source)
    if record.one_of and not set(record.one_of) & set(columns):
        lacking = next(column for name in record.one_of if name in feed.columns for column in feed.columns[name].columns)
        raise _missing(path, lacking, f"{record.name}.{' or '.join(record.one_of)}", held.header, source)
    mapped = [item for item in record.properties if item.name in columns]
    query, faults_query = _queries(source, feed, mapped, columns, held)
    return Mapping(
        feed=feed,
        query=query,
        faults_query=faults_query,
        columns=tuple(item.name for item in mapped),
        reads={name: expression.columns for name, expression in columns.items()},
        absent=tuple(absent),
        unread=_unread(source, held, path),
    )


def _missing(path: Path, column: str, reader: str, header: tuple[str, ...], source: Source) -> DeliveryError:
    names = {name.casefold(): name for name in header}
    near = [names[match] for match in difflib.get_close_matches(column.casefold(), list(names), n=3)]
    # Names that are nowhere near are not shown: in a file without a header line they would be somebody's data.
    found = (
        "; did you mean " + " or ".join(f"'{name}'" for name in near) + "?"
        if near
        else f" (none of its {len(header)} column names is near it)"
    )
    advice = f"mend the file, its header line or the mapping and format in {source.path}"
    return DeliveryError(path, f"the column '{column}', read by {reader}, is missing", advice, found)


def _unread(source: Source, held: Survey, path: Path) -> tuple[str, ...]:
    """The delivered columns that no feed reads and the source does not name as ignored."""
    known = {column.casefold() for feed in source.feeds for item in feed.columns.values() for column in item.columns}
    known |= {column.casefold() for feed in source.feeds if feed.where is not None for column in feed.where.columns}
    new = tuple(name for name in held.header if name.casefold() not in known)
    if new and source.on_new_column == "refuse":
        places = ", ".join(str(held.header.index(name) + 1) for name in new)
        found = f": {', '.join(new)}"
        reason = f"column {places} of its header is in no mapping, and its source refuses new columns"
        raise DeliveryError(path, reason, f"map it, have it left out, or state 'on_new_column: report' in {source.path}", found)
    return new


def row_text(cells: dict[str, str]) -> str:
    """SQL for a delivered row as JSON; bytes that did not decode show as U+FFFD.

    Args:
        cells: Delivered column to the SQL of its cell.
    """
    pairs = ", ".join(f"{quoted(name)}, {cell}" for name, cell in cells.items())
    return f"replace(cast(json_object({pairs}) as varchar), {quoted(MARK)}, '\N{REPLACEMENT CHARACTER}')"


def _queries(source: Source, feed: MappedFeed, mapped: list[Property], columns: dict[str, Expression], held: Survey) -> tuple[str, str]:
    """Three steps: evaluate each expression once (an error becomes a null struct), take the values, judge them.

    Delivered cells go along under numbers, since the record's columns may have their names.
    """
    cells = {name: f"__d{position}" for position, name in enumerate(held.header)}
    folded = {name.casefold(): name for name in held.header}
    evaluated, typed, found = [], [], []
    for item in mapped:
        name, expression = identifier(item.name), columns[item.name]
        reads = {folded[column.casefold()]: cells[folded[column.casefold()]] for column in expression.columns}
        if expression.is_column:
            column, cell = next(iter(reads.items()))
            typed.append(f"{converted(item, cell, 'try_cast', source.format, held.kind(column))} as {name}")
            failed = f"({cell} is not null and {name} is null)" if item.logical_type != "string" else None
        else:
            value = identifier("__e_" + item.name)
            evaluated.append(f"try(struct_pack(v := {converted(item, f'({expression.sql})', 'cast', source.format)})) as {value}")
            typed.append(f"{value}.v as {name}")
            failed = f"({value} is null)"
        found += column_rules(item, failed, _raw_value(reads))
    if feed.where is not None:
        evaluated.append(f"try(struct_pack(v := cast(({feed.where.sql}) as boolean))) as __where")
    found += row_rules(feed.record, set(columns), has_where=feed.where is not None)
    excluded = "__where is not null and coalesce(__where.v, false) = false" if feed.where is not None else "false"
    is_damaged = (
        " or ".join(f"coalesce(contains({cell}, {quoted(MARK)}), false)" for cell in cells.values()) if held.is_damaged else "false"
    )
    system, system_sql = columns.get(SYSTEM_COLUMN), quoted(source.system)
    if system is not None:
        system_sql = f"coalesce(try(nullif(trim(cast(({system.sql}) as varchar)), '')), {system_sql})"
    read = {folded[column.casefold()] for expression in columns.values() for column in expression.columns if expression.is_column}
    needed = cells if held.is_damaged else {name: cell for name, cell in cells.items() if name in read}
    values = ", ".join(identifier(item.name) for item in mapped)
    judged = f"""
            typed as (select *, {", ".join(typed)} from evaluated),
            judged as (
                select
                    *,
                    cast(
                        case when {is_damaged} then {BROKEN} when {excluded} then {EXCLUDED} when {is_broken(found)} then {BROKEN}
                        else {LANDS} end as utinyint
                    ) as __state
                from typed
            )
    """
    # What did not decode says nothing about the rules.
    faults = f"case when {is_damaged} then [{fault(rules.ENCODING)}] else {all_faults(found)} end"
    evaluated.append(f"{system_sql} as source_system")
    query = f"{_evaluated(needed, evaluated)}{judged} select source_system, {values}, __state from judged"
    told = f"select {faults} as __faults, {row_text(cells)} as __text from judged where __state = {BROKEN}"
    return query, f"{_evaluated(cells, evaluated)}{judged} {told}"


def _evaluated(cells: dict[str, str], values: list[str]) -> str:
    """The first step of both: delivered cells under their numbers, and the values of expressions."""
    delivered = [f"{identifier(name)} as {cell}" for name, cell in cells.items()]
    return f"with evaluated as (select {', '.join([*delivered, *values])} from delivered),"


def _raw_value(reads: dict[str, str]) -> str:
    """SQL for what was delivered for a column: the cell, or the cells that its expression reads."""
    if not reads:
        return "cast(null as varchar)"
    return f"cast({next(iter(reads.values()))} as varchar)" if len(reads) == 1 else row_text(reads)
