"""From a cell's text to the contract's type, in SQL: numbers and dates as the source's format says that they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.intake.reading import TEXT
from pipelines.warehouse.connection import quoted

if TYPE_CHECKING:
    from pipelines.contracts.model import Property
    from pipelines.intake.source_file import FileFormat

# What people type for a mark between groups, as a regular expression.
_GROUP_MARKS = {" ": "[ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", ".": "[.]", "'": "['\N{RIGHT SINGLE QUOTATION MARK}]"}


def converted(item: Property, value: str, cast: str, form: FileFormat, kind: str | None = None) -> str:
    """SQL that turns a value into the contract's type.

    Args:
        item: The column of the record.
        value: SQL of the value.
        cast: `cast`, where an error counts as unreadable, or `try_cast`, where null does.
        form: How the source writes numbers and dates.
        kind: The type of a delivered cell; None for an expression, which has written the value itself.
    """
    if item.logical_type == "string":
        text = f"cast({value} as varchar)" if kind != TEXT else value
        return f"nullif(trim({text}), '')" if kind is None else text
    if kind == TEXT:
        value = _as_written(item, value, form)
    if item.logical_type == "timestamp":
        # Without an offset it is read in the session's time zone, which is the source's.
        return f"cast(timezone('UTC', {cast}({value} as timestamptz)) as timestamp)"
    if item.logical_type == "integer":
        # A cast to an integer would round 12.5 to 13: what is not whole is not an integer.
        number = f"{cast}({value} as decimal(18, 4))"
        otherwise = f" when 1 = 1 then cast(error('not whole') as {item.duckdb_type})" if cast == "cast" else ""
        whole = f"{cast}({number} as {item.duckdb_type})"
        return f"case when {number} is null then null when {number} = floor({number}) then {whole}{otherwise} end"
    return f"{cast}({value} as {item.duckdb_type})"


def _as_written(item: Property, value: str, form: FileFormat) -> str:
    """SQL for a cell's text in the words that a cast reads; what is not written as stated becomes null or stays unreadable."""
    if item.logical_type in ("number", "integer"):
        return _plain_number(value, form)
    formats = form.date_formats if item.logical_type == "date" else form.timestamp_formats
    if item.logical_type in ("date", "timestamp") and formats:
        # A time with an offset becomes an instant by its format, one without is read in the session's zone by the cast that follows.
        tried = [f"try_strptime({value}, {quoted(form_)})" for form_ in formats]
        return f"coalesce({', '.join(tried)})" if len(tried) > 1 else tried[0]
    return value


def _plain_number(value: str, form: FileFormat) -> str:
    """SQL for a number with a point and without groups; one that is grouped otherwise than by threes is no number."""
    if form.decimal == "." and not form.thousands:
        return value
    mark, group = (
        {".": "[.]", ",": ","}[form.decimal],
        _GROUP_MARKS.get(form.thousands, form.thousands),
    )
    whole = f"(?:[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+)" if group else "[0-9]+"
    pattern = f"[-+]?(?:{whole}(?:{mark}[0-9]*)?|{mark}[0-9]+)"
    plain = f"regexp_replace({value}, {quoted(group)}, '', 'g')" if group else value
    plain = f"replace({plain}, ',', '.')" if form.decimal == "," else plain
    return f"case when regexp_full_match({value}, {quoted(pattern)}) then {plain} end"
