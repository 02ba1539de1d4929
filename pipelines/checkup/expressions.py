"""From a delivered column to a column of a record: as it stands, or by an expression where its values are written in other words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot.dialects.duckdb import DuckDB

from pipelines.checkup.cells import Cells, other_day_first
from pipelines.checkup.masks import seen, shown
from pipelines.checkup.names import meant_flag, meant_value, shortened_value
from pipelines.warehouse.connection import identifier, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.contracts.record_type import Property

# What a cast to boolean reads.
_BOOLEANS = {"true", "false", "t", "f", "yes", "no", "y", "n", "1", "0"}
_KEYWORDS = {word.split()[0].upper() for word in DuckDB.Tokenizer.KEYWORDS if word[:1].isalpha()}
_FITTING = 0.5
_SHOWN = 6


@dataclass(frozen=True)
class Filled:
    """What fills a column of a record.

    Attributes:
        column: The record's column.
        sql: The expression; None where the column is left out.
        remark: What a person should look at, or empty.
    """

    column: str
    sql: str | None
    remark: str = ""


def named(name: str) -> str:
    """A delivered column's name as an expression."""
    is_plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None and name.upper() not in _KEYWORDS
    return name if is_plain else identifier(name)


def filled(item: Property, name: str, cells: Cells, formats: tuple[str, ...]) -> Filled:
    """What fills a column from a delivered one.

    Args:
        item: The column of the record.
        name: The delivered column.
        cells: What stands in it.
        formats: The formats of dates or times that the source states for the column's type; none where it states none.
    """
    column = named(name)
    if not cells.values:
        return Filled(item.name, column, "empty in what was looked at")
    if item.logical_type == "boolean":
        return _boolean(item, column, cells)
    if item.logical_type in ("number", "integer"):
        return _number(item, column, cells)
    if item.logical_type in ("date", "timestamp"):
        return _moment(item, column, cells, formats)
    return _listed(item, column, cells) if item.valid_values else _text(item, column, cells)


def with_clock(column: str, day: tuple[str, Cells], clock: tuple[str, Cells]) -> Filled:
    """A time of which the day stands in one column and the clock in another.

    Args:
        column: The record's column.
        day: The delivered column with the day.
        clock: The one with the time of the day.
    """
    has_seconds = clock[1].values[0].count(":") > 1
    form = f"{day[1].time_formats[0]} {'%H:%M:%S' if has_seconds else '%H:%M'}"
    midnight = "00:00:00" if has_seconds else "00:00"
    sql = f"strptime(concat({named(day[0])}, ' ', coalesce({named(clock[0])}, '{midnight}')), {quoted(form)})"
    return Filled(column, sql, "confirm: day and time of the day were put together")


def _text(item: Property, column: str, cells: Cells) -> Filled:
    fitting = [text for text in cells.distinct if item.pattern is None or re.fullmatch(item.pattern, text)]
    if item.pattern is not None and not fitting and all(re.fullmatch(item.pattern, text.upper()) for text in cells.distinct):
        return Filled(item.name, f"upper({column})")
    if len(fitting) < _FITTING * len(cells.distinct):
        return Filled(item.name, None, f"{seen(column)} was left out: its values are not of the form {item.pattern}")
    return Filled(item.name, column)


def _number(item: Property, column: str, cells: Cells) -> Filled:
    if not cells.has_signs:
        return Filled(item.name, column)
    # The mark before the fraction is the last one that stands before one or two digits.
    digits = f"regexp_replace({column}, '[^0-9.,+-]', '', 'g')"
    is_comma = any(re.search(r",\d{1,2}\D*$", text) for text in cells.values)
    plain = f"replace(replace({digits}, '.', ''), ',', '.')" if is_comma else f"replace({digits}, ',', '')"
    return Filled(item.name, f"cast({plain} as decimal(18, 4))", "without the sign of the currency")


def _boolean(item: Property, column: str, cells: Cells) -> Filled:
    if all(text.casefold() in _BOOLEANS for text in cells.distinct):
        return Filled(item.name, column)
    meanings = {text: meant_flag(item.name, text) for text in cells.distinct}
    unknown = [text for text, meaning in meanings.items() if meaning is None]
    remark = f"confirm: {_some(unknown, item, cells)} would be empty; say which is true and which false" if unknown else ""
    return Filled(item.name, _translated(column, meanings, is_text=False), remark)


def _listed(item: Property, column: str, cells: Cells) -> Filled:
    if all(text in item.valid_values for text in cells.distinct):
        return Filled(item.name, column)
    known = {text: meant_value(item.name, text, item.valid_values) for text in cells.distinct}
    short = {text: shortened_value(text, item.valid_values) for text, meaning in known.items() if meaning is None}
    unknown = [text for text, meaning in short.items() if meaning is None]
    wanted = ", ".join(item.valid_values)
    if len(unknown) > _FITTING * len(cells.distinct) and not item.required:
        return Filled(item.name, None, f"{column} was left out: it holds {_some(unknown, item, cells)}, wanted are {wanted}")
    remarks = [f"{_some(unknown, item, cells)} would be quarantined; say which of {wanted} it is"] if unknown else []
    guessed = [f"{shown(text, is_personal=item.is_personal)} was taken for {meaning}" for text, meaning in short.items() if meaning]
    remark = "; ".join(remarks + guessed)
    return Filled(item.name, _translated(column, known | short), f"confirm: {remark}" if remark else "")


def _some(values: list[str], item: Property, cells: Cells) -> str:
    if not cells.is_list:
        # Not a list of words: it may be anything, and anybody's.
        return "many values"
    said = [shown(text, is_personal=item.is_personal) for text in values]
    return ", ".join(said[:_SHOWN]) + (f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else "")


def _translated(column: str, meanings: Mapping[str, str | None], *, is_text: bool = True) -> str:
    """A `case` over the values that are known; others stay as they are, to be found in quarantine."""
    cases = [
        f"when {quoted(text)} then {quoted(meaning) if is_text else meaning}"
        for text, meaning in sorted(meanings.items())
        if meaning is not None
    ]
    otherwise = f" else {column}" if is_text else ""
    return f"case {column} {' '.join(cases)}{otherwise} end" if cases else column


def _moment(item: Property, column: str, cells: Cells, formats: tuple[str, ...]) -> Filled:
    own = cells.time_formats
    if not own and cells.month_format is not None and item.logical_type == "date":
        return Filled(item.name, f"cast(strptime({column}, {quoted(cells.month_format)}) as date)", "each month as its first day")
    if not own:
        return Filled(item.name, column, "confirm: the days in it are written in a way that is not known")
    swapped = other_day_first(own)
    remark = f"confirm: the day may be the month here ({own[0]} or {swapped})" if swapped is not None else ""
    if cells.is_iso and not formats:
        return Filled(item.name, column, remark)
    if cells.is_iso:
        # Formats that are stated for the whole file take the place of ISO 8601 in columns, not in expressions.
        return Filled(item.name, f"trim({column})", remark)
    if formats and own[0] == formats[0]:
        return Filled(item.name, column, remark)
    return Filled(item.name, f"strptime({column}, {quoted(own[0])})", remark)
