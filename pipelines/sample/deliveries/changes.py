"""How a row is changed for each kind of dirt: what stands in it then, and what is noted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.sample.deliveries.amounts import PLAIN, fen, is_plain, mark_of, written
from pipelines.sample.deliveries.feed import Feed
from pipelines.sample.deliveries.form import DAMAGE

KIND: Final = "_kind"  # of dirt; null for a row that comes along and is right
COLUMN: Final = "_column"  # where it is
WAS: Final = "_was"  # what should stand there
FOREIGN: Final = "USD"
_PER_FOREIGN: Final = 7
# No rule of any source makes a date or a number of these, not even after taking out points and commas.
_DATES: Final = ("31.02.2026 10:00", "0000-00-00", "2026-13-01T08:00:00+08:00", "??", "tbd")
_AMOUNTS: Final = ("n/a", "--", "CNY", "1O0,00", "#REF!")
_MOST_OFF: Final = 999  # hundredths by which a total may differ


@dataclass(frozen=True)
class Chosen:
    """The rows that were chosen for one kind of dirt.

    Attributes:
        rows: As told, with _place, _luck (0 … 999,999), _copy (0 for the row itself, 1 for a copy behind it), KIND, COLUMN, WAS,
            _is_alone (no other row has its key), _goes_on (its key comes in the month after), _may_wait (it may come a month later).
        feed: What kind of file it is.
        months: The name of each month.
    """

    rows: pl.DataFrame
    feed: Feed
    months: list[str]

    def kind_of(self, column: str) -> pl.DataType:
        """The type of a column."""
        return self.rows.schema[column]


def change_rows(kind: str, chosen: Chosen) -> pl.DataFrame:
    """The rows that stand in the place of the chosen ones (_copy 0), or behind them (_copy 1), where they can be changed."""
    return _CHANGES[kind](kind, chosen).select(chosen.rows.columns)


def _altered(kind: str, chosen: Chosen, column: str, value: pl.Expr, where: pl.Expr | None = None) -> pl.DataFrame:
    """Put another value into a column, and note what stood there."""
    rows = chosen.rows.filter(pl.col(column).is_not_null() if where is None else where)
    return rows.with_columns(
        value.cast(chosen.kind_of(column)).alias(column), pl.col(column).cast(pl.String).alias(WAS), **_note(kind, column)
    )


def _note(kind: str, column: str | None = None) -> dict[str, pl.Expr]:
    return {KIND: pl.lit(kind), COLUMN: pl.lit(column, dtype=pl.String)}


def _one_of(values: tuple[str, ...], offset: int = 0) -> pl.Expr:
    return ((pl.col("_luck") + offset) % len(values)).replace_strict(dict(enumerate(values)), return_dtype=pl.String)


def _blotted(column: str, chosen: Chosen, values: tuple[str, ...]) -> pl.Expr:
    """Something unreadable; nothing where the file's cells have types."""
    return _one_of(values) if chosen.kind_of(column) == pl.String else pl.lit(None)


def _unreadable_date(kind: str, chosen: Chosen) -> pl.DataFrame:
    column = chosen.feed.spoiling.date or ""
    return _altered(kind, chosen, column, _blotted(column, chosen, _DATES))


def _unreadable_amount(kind: str, chosen: Chosen) -> pl.DataFrame:
    column = chosen.feed.spoiling.amount or ""
    return _altered(kind, chosen, column, _blotted(column, chosen, _AMOUNTS))


def _missing_key(kind: str, chosen: Chosen) -> pl.DataFrame:
    rows = _altered(kind, chosen, chosen.feed.spoiling.key or "", pl.lit(None))
    return rows.with_columns(_copy=pl.lit(int(chosen.feed.absence_counts), dtype=pl.Int64))


def _bad_encoding(kind: str, chosen: Chosen) -> pl.DataFrame:
    text = pl.col(chosen.feed.spoiling.text or "")
    return _altered(kind, chosen, text.meta.output_name(), pl.concat_str(text.str.slice(0, 1), pl.lit(DAMAGE), text.str.slice(1)))


def _conflicting_key(kind: str, chosen: Chosen) -> pl.DataFrame:
    key, column = chosen.feed.spoiling.key or "", chosen.feed.spoiling.amount or ""
    is_text = chosen.kind_of(column) == pl.String
    other = pl.col(column).str.replace(r"^(-?)", "${1}1") if is_text else pl.col(column) + 100
    there = pl.col(key).is_not_null() & (pl.col(column).str.contains(PLAIN) if is_text else pl.col(column).is_not_null())
    copies = _altered(kind, chosen, column, other, there).with_columns(_copy=pl.lit(1, dtype=pl.Int64))
    return pl.concat([chosen.rows.filter(there).with_columns(**_note(kind, key)), copies])


def _repeated_row(kind: str, chosen: Chosen) -> pl.DataFrame:
    waits = pl.col("_may_wait") & (pl.col("_luck") % 2 == 0) & pl.lit(not chosen.feed.absence_counts)
    return chosen.rows.with_columns(_copy=pl.lit(1, dtype=pl.Int64), delivered=pl.col("delivered") + waits.cast(pl.Int64), **_note(kind))


def _late_row(kind: str, chosen: Chosen) -> pl.DataFrame:
    names = pl.col("delivered").replace_strict(dict(enumerate(chosen.months)), return_dtype=pl.String)
    return chosen.rows.filter("_may_wait").with_columns(names.alias(WAS), delivered=pl.col("delivered") + 1, **_note(kind))


def _correction(kind: str, chosen: Chosen) -> pl.DataFrame:
    column, values = chosen.feed.spoiling.correctable or ("", ())
    is_right = pl.col(column).cast(pl.String).eq_missing(_one_of(values))
    wrong = pl.when(is_right).then(_one_of(values, offset=1)).otherwise(_one_of(values))
    follows = pl.col("_goes_on") if chosen.feed.absence_counts else pl.col("_may_wait")
    differs = pl.col(column).is_not_null() & (pl.col(column).cast(pl.String) != wrong)
    first = _altered(kind, chosen, column, wrong, follows & differs)
    if chosen.feed.absence_counts:
        return first  # the next full list has the right row anyway
    return pl.concat(
        [first, chosen.rows.filter(follows & differs).with_columns(_copy=pl.lit(1, dtype=pl.Int64), delivered=pl.col("delivered") + 1)]
    )


def _total_differs(kind: str, chosen: Chosen) -> pl.DataFrame:
    column = chosen.feed.spoiling.total or ""
    of = chosen.kind_of(column)
    other = written(fen(column, of) + 1 + pl.col("_luck") % _MOST_OFF, of, mark_of(column))
    return _altered(kind, chosen, column, other, is_plain(column, of))


def _orphan(kind: str, chosen: Chosen) -> pl.DataFrame:
    column = chosen.feed.spoiling.reference or ""
    is_text = chosen.kind_of(column) == pl.String
    return _altered(kind, chosen, column, pl.concat_str(pl.col(column), pl.lit("X")) if is_text else pl.col(column) + 900_000_000_000)


def _foreign_currency(kind: str, chosen: Chosen) -> pl.DataFrame:
    currency, column = chosen.feed.spoiling.currency or ("", "")
    of = chosen.kind_of(column)
    amount = fen(column, of)
    # Rounded to the nearest, halves away from 0; floor division would round debts the other way.
    size = (amount.abs() * 2 + _PER_FOREIGN) // (2 * _PER_FOREIGN)
    foreign = written(pl.when(amount < 0).then(-size).otherwise(size), of, mark_of(column) if of == pl.String else pl.lit(None))
    is_home = pl.col(currency).is_not_null() & (pl.col(currency) != FOREIGN)
    return _altered(kind, chosen, column, foreign, is_plain(column, of) & is_home).with_columns(pl.lit(FOREIGN).alias(currency))


_CHANGES: Final[dict[str, Callable[[str, Chosen], pl.DataFrame]]] = {
    "unreadable_date": _unreadable_date,
    "unreadable_amount": _unreadable_amount,
    "missing_key": _missing_key,
    "bad_encoding": _bad_encoding,
    "conflicting_key": _conflicting_key,
    "repeated_row": _repeated_row,
    "late_row": _late_row,
    "correction": _correction,
    "total_differs": _total_differs,
    "orphan": _orphan,
    "foreign_currency": _foreign_currency,
}
