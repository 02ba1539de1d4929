"""How a value becomes the text that a system writes: amounts, times, days, flags, labels.

Everything is an expression over columns of a records frame and keeps the column's name; null stays null. Which system writes what how is
said in the system's own module, and what a number of a customer or an invoice looks like in `numbers`.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from pipelines.sample.timeline import UTC_OFFSET_HOURS

TIME: Final = "%Y-%m-%d %H:%M:%S"
DAY: Final = "%Y-%m-%d"
_GROUPS: Final = (1_000, 1_000_000, 1_000_000_000)


def amount(column: str, mark: str = ".", places: int = 2, *, grouped: bool = False) -> pl.Expr:
    """Whole hundredths (or 10^-places) as text with that many decimals; `grouped` puts a comma between thousands, up to 10^12."""
    given = pl.col(column)
    one = 10**places
    size = given.abs()
    whole = size // one
    sign = pl.when(given < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    text = _grouped(whole) if grouped else whole.cast(pl.String)
    return pl.concat_str(sign, text, pl.lit(mark), (size % one).cast(pl.String).str.zfill(places)).alias(column)


def moment(column: str, pattern: str = TIME) -> pl.Expr:
    """A time, or a day as its midnight, as text."""
    return pl.col(column).cast(pl.Datetime("ms")).dt.strftime(pattern)


def day(column: str, pattern: str = DAY) -> pl.Expr:
    """A day, or the day of a time, as text."""
    return pl.col(column).cast(pl.Date).dt.strftime(pattern)


def moment_at_offset(column: str, hours: int) -> pl.Expr:
    """A local time of the business as the clock shows it `hours` east of Greenwich, in ISO 8601 with that offset."""
    there = pl.col(column) - pl.duration(hours=UTC_OFFSET_HOURS - hours)
    return pl.concat_str(there.dt.strftime("%Y-%m-%dT%H:%M:%S"), pl.lit(f"+{hours:02}:00")).alias(column)


def flag(column: str, yes: str, no: str) -> pl.Expr:
    """A truth value as one of two words."""
    return pl.when(pl.col(column)).then(pl.lit(yes)).when(~pl.col(column)).then(pl.lit(no)).alias(column)


def label(column: str, labels: Mapping[str, str]) -> pl.Expr:
    """The system's label for each value.

    Raises:
        polars.exceptions.InvalidOperationError: When it is collected and a value has no label.
    """
    return pl.col(column).cast(pl.String).replace_strict(dict(labels), return_dtype=pl.String)


def label_or_own(column: str, labels: Mapping[str, str]) -> pl.Expr:
    """The system's label for each value; one that the system has no label for stands as it is."""
    return pl.col(column).cast(pl.String).replace(dict(labels))


def figure(column: str, mark: str = ".") -> pl.Expr:
    """A count or a measured number as text, with as many digits as it needs."""
    # Four decimals: what a quotient leaves in the last binary digits is nothing that a system writes.
    return pl.col(column).round(4).cast(pl.String).str.replace(".", mark, literal=True)


def _grouped(whole: pl.Expr) -> pl.Expr:
    """Whole numbers from 0 with a comma between thousands."""
    text = (whole // _GROUPS[-1]).cast(pl.String)
    head = [(whole // size).cast(pl.String) for size in (1, *_GROUPS)]
    tails = [pl.concat_str(pl.lit(","), (whole // size % 1_000).cast(pl.String).str.zfill(3)) for size in (1, *_GROUPS[:-1])]
    text = head[0]
    for size in range(1, len(head)):
        longer = pl.concat_str(head[size], *reversed(tails[:size]))
        text = pl.when(whole >= _GROUPS[size - 1]).then(longer).otherwise(text)
    return text
