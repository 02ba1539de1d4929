"""From delivered cells to a record's typed columns, with every rule that a row breaks: the SQL that the sandbox runs.

The rules come from the contract (required, type, valid values, minimum, maximum, length, pattern). `rows` runs what is written here.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.intake.faults import DeliveryError
from pipelines.intake.reading import ROW
from pipelines.intake.sources import SYSTEM_COLUMN, MappedFeed, Source
from pipelines.warehouse.connection import identifier, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.contracts.model import Property
    from pipelines.contracts.record_type import Bound
    from pipelines.intake.expressions import Expression

# Rules in the order in which they are tried; a column reports the first that it breaks. Position 0 means that none is broken.
RULES = ("", "type", "required", "valid_values", "minimum", "maximum", "max_length", "pattern")
_TYPE, _REQUIRED, _VALID, _MINIMUM, _MAXIMUM, _LENGTH, _PATTERN = range(1, len(RULES))


@dataclass(frozen=True)
class Mapping:
    """A feed bound to the columns that a delivery really has.

    Attributes:
        feed: The feed.
        create_mapped: SQL that makes `table`: `__row`, `__event_at`, `source_system`, the record's columns, `__rule_<column>` (an index
            into RULES), `__excluded` (the feed's `where` leaves the row out) and `__bad` (it does not, and a rule is broken).
        columns: The record's columns that this feed fills, in the contract's order.
        reads: Column to the delivered columns that its expression reads.
        absent: Optional columns left null because the delivery lacks what they read.
    """

    feed: MappedFeed
    create_mapped: str
    columns: tuple[str, ...]
    reads: dict[str, tuple[str, ...]]
    absent: tuple[str, ...]

    @property
    def table(self) -> str:
        """The sandbox's table of mapped rows."""
        return f"mapped_{self.feed.record.name}"


def bind(source: Source, feed: MappedFeed, header: tuple[str, ...], path: Path) -> Mapping:
    """Bind a feed to a delivery's header.

    Args:
        source: The source, for its system.
        feed: One of its feeds.
        header: The delivery's column names.
        path: The delivered file, for messages.

    Raises:
        DeliveryError: A column that a required column, a key or the `where` reads is missing.
    """
    present = {name.casefold() for name in header}
    record = feed.record
    absent: list[str] = []
    columns: dict[str, Expression] = {}
    for name, expression in feed.columns.items():
        missing = [column for column in expression.columns if column.casefold() not in present]
        if not missing:
            columns[name] = expression
        elif name == SYSTEM_COLUMN or record.property(name).required or record.property(name).key_position is not None:
            raise _missing(path, missing[0], f"{record.name}.{name}", header, source)
        else:
            absent.append(name)
    for column in feed.where.columns if feed.where is not None else ():
        if column.casefold() not in present:
            raise _missing(path, column, f"the where of {record.name}", header, source)
    mapped = [item for item in record.properties if item.name in columns]
    reads = {name: expression.columns for name, expression in columns.items()}
    create_mapped = _create(feed, mapped, columns, source)
    return Mapping(feed, create_mapped, tuple(item.name for item in mapped), reads, tuple(absent))


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


def _create(feed: MappedFeed, mapped: list[Property], columns: dict[str, Expression], source: Source) -> str:
    """Three steps: evaluate each expression once (an error becomes a null struct), take the values, judge them."""
    evaluated, typed, rules = [], [], []
    for item in mapped:
        name, expression, held = identifier(item.name), columns[item.name], identifier("__e_" + item.name)
        if expression.is_column:
            evaluated.append(f"{identifier(expression.columns[0])} as {held}")
            typed.append(f"{_converted(item, held, 'try_cast')} as {name}")
            failed = "false" if item.logical_type == "string" else f"({held} is not null and {name} is null)"
        else:
            evaluated.append(f"try(struct_pack(v := {_converted(item, f'({expression.sql})', 'cast')})) as {held}")
            typed.append(f"{held}.v as {name}")
            failed = f"({held} is null)"
        rules.append(f"{_rule(item, name, failed)} as {identifier('__rule_' + item.name)}")
    where, kept = feed.where, ["__row", "source_system"]
    if where is not None:
        evaluated.append(f"try(struct_pack(v := cast(({where.sql}) as boolean))) as __where")
        kept.append("__where")
    excluded = "(__where is not null and coalesce(__where.v, false) = false)" if where is not None else "false"
    flags = [identifier("__rule_" + item.name) for item in mapped]
    broken = [f"{flag} > 0" for flag in flags] + (["__where is null"] if where is not None else [])
    event = next((identifier(item.name) for item in mapped if item.is_event_time), "cast(null as timestamp)")
    system = columns.get(SYSTEM_COLUMN)
    system_sql = quoted(source.system)
    if system is not None:
        system_sql = f"coalesce(try(nullif(trim(cast(({system.sql}) as varchar)), '')), {system_sql})"
    values = ", ".join(identifier(item.name) for item in mapped)
    held_columns = ", ".join(identifier("__e_" + item.name) for item in mapped)
    return f"""
        create table mapped_{feed.record.name} as
        with
            evaluated as (select {ROW}, {system_sql} as source_system, {", ".join(evaluated)} from delivered),
            typed as (select {", ".join(kept)}, {held_columns}, {", ".join(typed)} from evaluated),
            judged as (select {", ".join(kept)}, {values}, {", ".join(rules)} from typed)
        select
            {ROW}, {event} as __event_at, source_system, {values}, {", ".join(flags)}, {excluded} as __excluded,
            not {excluded} and ({" or ".join(broken)}) as __bad
        from judged
    """


def _converted(item: Property, value: str, cast: str) -> str:
    """SQL that turns a value into the contract's type, by `cast` (an error counts as unreadable) or `try_cast` (null does)."""
    if item.logical_type == "timestamp":
        # Without an offset it is read in the session's time zone, which is the source's.
        return f"cast(timezone('UTC', {cast}({value} as timestamptz)) as timestamp)"
    if item.logical_type == "integer":
        # A cast to an integer would round 12.5 to 13: what is not whole is not an integer.
        number = f"{cast}({value} as decimal(18, 4))"
        otherwise = f" when 1 = 1 then cast(error('not whole') as {item.duckdb_type})" if cast == "cast" else ""
        whole = f"{cast}({number} as {item.duckdb_type})"
        return f"case when {number} is null then null when {number} = floor({number}) then {whole}{otherwise} end"
    if item.logical_type == "string":
        return f"nullif(trim(cast({value} as varchar)), '')" if cast == "cast" else value
    return f"{cast}({value} as {item.duckdb_type})"


def _rule(item: Property, name: str, failed: str) -> str:
    """SQL for the index of the first rule that the column breaks."""
    tests = [(failed, _TYPE)]
    if item.required or item.key_position is not None:
        tests.append((f"{name} is null", _REQUIRED))
    if item.valid_values:
        tests.append((f"{name} not in ({', '.join(map(quoted, item.valid_values))})", _VALID))
    if item.minimum is not None:
        tests.append((f"{name} < {_bound_literal(item, item.minimum)}", _MINIMUM))
    if item.maximum is not None:
        tests.append((f"{name} > {_bound_literal(item, item.maximum)}", _MAXIMUM))
    elif item.logical_type in ("date", "timestamp"):
        # DuckDB reads the word 'infinity' as a time.
        tests.append((f"not isfinite({name})", _TYPE))
    if item.max_length is not None:
        tests.append((f"length({name}) > {item.max_length}", _LENGTH))
    if item.pattern is not None:
        tests.append((f"not regexp_full_match({name}, {quoted(item.pattern)})", _PATTERN))
    cases = " ".join(f"when {condition} then {code}" for condition, code in tests)
    return f"cast(case {cases} else 0 end as utinyint)"


def _bound_literal(item: Property, bound: Bound) -> str:
    return f"cast({quoted(str(bound))} as {item.duckdb_type})"
