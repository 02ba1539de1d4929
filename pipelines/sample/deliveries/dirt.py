"""What goes wrong with single rows on the way, and the record of it. What happens to whole files is in whole_files.py."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Integers
from pipelines.sample.deliveries.changes import COLUMN, KIND, WAS, Chosen, change_rows
from pipelines.sample.deliveries.feed import Feed
from pipelines.sample.deliveries.rates import ROW_RATES, Rates

MONTH: Final = "delivered"
NOTES: Final = {"row": pl.Int64, "kind": pl.String, "column": pl.String, "was": pl.String}
_ROOM: Final = 1 << 41  # more than twice the rows of a chunk


@dataclass(frozen=True)
class Spoilt:
    """The rows of one chunk as they are delivered.

    Attributes:
        rows: In the order of their months, within a month in the order in which they were told.
        starts: Where each month begins in `rows`, and after the last one where it ends.
        notes: For each month what is remarkable: NOTES, `row` counted from 1 within the chunk's rows of the month.
    """

    rows: pl.DataFrame
    starts: list[int]
    notes: Mapping[int, pl.DataFrame]

    def of_month(self, month: int) -> pl.DataFrame:
        """The rows of one month."""
        return self.rows.slice(self.starts[month], self.starts[month + 1] - self.starts[month])


def spoil(rng: np.random.Generator, rows: pl.DataFrame, feed: Feed, rates: Rates, months: list[str]) -> Spoilt:
    """Spoil a few rows.

    Args:
        rng: Decides which.
        rows: One chunk's rows, with the month of each (from 0) in `delivered`; all of them are delivered.
        feed: Says what may be spoilt.
        rates: How often.
        months: The name of each month.
    """
    data = [name for name in rows.columns if name != MONTH]
    changed = _changed(rng, rows, feed, rates, months)
    kept = np.ones(len(rows), dtype=bool)
    kept[changed.replaced] = False
    places = np.flatnonzero(kept)
    delivered = np.concatenate([rows[MONTH].to_numpy()[places], changed.rows[MONTH].to_numpy()])
    order = np.argsort(delivered * _ROOM + np.concatenate([places * 2, changed.order]), kind="stable")
    told = rows.select(data)
    whole = told if not len(changed.rows) else pl.concat([told if kept.all() else told.filter(pl.Series(kept)), changed.rows.select(data)])
    if (np.diff(order) != 1).any():
        whole = whole[order]
    starts = np.searchsorted(delivered[order], np.arange(len(months) + 1)).astype(np.int64)
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    notes = changed.rows.select(
        MONTH,
        row=pl.Series(ranks[len(places) :] - starts[changed.rows[MONTH].to_numpy()] + 1, dtype=pl.Int64),
        kind=KIND,
        column=COLUMN,
        was=WAS,
    ).filter(pl.col("kind").is_not_null())
    by_month = notes.sort("row").partition_by(MONTH, as_dict=True, include_key=False)
    return Spoilt(whole, starts.tolist(), {int(month): found for (month,), found in by_month.items()})


@dataclass(frozen=True)
class _Changed:
    """The rows that stand in the place of others, or beside them.

    Attributes:
        rows: With MONTH, KIND, COLUMN and WAS.
        order: Twice the place of the row that each comes from, one more for a copy behind it.
        replaced: The places of the rows that they replace.
    """

    rows: pl.DataFrame
    order: Integers
    replaced: Integers


def _changed(rng: np.random.Generator, rows: pl.DataFrame, feed: Feed, rates: Rates, months: list[str]) -> _Changed:
    kinds = {kind: rates[kind] for kind in ROW_RATES if rates[kind] > 0 and _applies(kind, feed)}
    edges = np.cumsum([*kinds.values(), 0.0])
    draws = rng.random(len(rows))
    places = np.flatnonzero(draws < edges[-1])
    drawn = np.searchsorted(edges, draws[places], side="right")
    luck = pl.Series(rng.integers(0, 1_000_000, len(places)), dtype=pl.Int64)
    some = rows[places].with_columns(
        _place=pl.Series(places, dtype=pl.Int64), _luck=luck, _copy=pl.lit(0, dtype=pl.Int64), **_noted(None, None, None)
    )
    some = _with_kin(some, rows, feed).with_columns(_may_wait=pl.col("_is_alone") & (pl.col(MONTH) + 1 < len(months)))
    parts = [some.clear()]
    for number, kind in enumerate(kinds):
        chosen = some.filter(pl.Series(drawn == number))
        if len(chosen):
            parts.append(change_rows(kind, Chosen(chosen, feed, months)))
    changed = pl.concat(parts)
    is_first = changed["_copy"] == 0
    return _Changed(changed, (changed["_place"] * 2 + changed["_copy"]).to_numpy(), changed.filter(is_first)["_place"].to_numpy())


def _noted(kind: str | None, column: str | None, was: str | None) -> dict[str, pl.Expr]:
    return {KIND: pl.lit(kind, dtype=pl.String), COLUMN: pl.lit(column, dtype=pl.String), WAS: pl.lit(was, dtype=pl.String)}


def _with_kin(some: pl.DataFrame, rows: pl.DataFrame, feed: Feed) -> pl.DataFrame:
    """Add whether no other row has the same key, and whether one has it in the month after."""
    key = feed.spoiling.key
    if key is None or not len(some):
        return some.with_columns(_is_alone=pl.lit(key is None), _goes_on=pl.lit(value=False))
    kin = rows.select(key, MONTH).filter(pl.col(key).is_in(some[key].drop_nulls().unique().implode()))
    alone = kin.group_by(key).len().filter(pl.col("len") == 1)[key]
    before = kin.select(key, pl.col(MONTH) - 1, _goes_on=pl.lit(value=True)).unique([key, MONTH])
    return (
        some.with_columns(_is_alone=pl.col(key).is_in(alone.implode()).fill_null(value=False))
        .join(before, on=[key, MONTH], how="left", maintain_order="left")
        .with_columns(pl.col("_goes_on").fill_null(value=False))
    )


def _applies(kind: str, feed: Feed) -> bool:
    """Whether rows of a kind of file can be spoilt in this way."""
    may = feed.spoiling
    is_free = not feed.absence_counts
    rules: dict[str, Callable[[], bool]] = {
        "unreadable_date": lambda: is_free and may.date is not None,
        "unreadable_amount": lambda: is_free and may.amount is not None,
        "missing_key": lambda: may.key is not None,
        "bad_encoding": lambda: is_free and may.text is not None and feed.form.is_text,
        "conflicting_key": lambda: is_free and may.conflicts,
        "repeated_row": lambda: may.repeats,
        "late_row": lambda: is_free and (may.key is not None or may.date is not None),
        "correction": lambda: may.correctable is not None and may.key is not None,
        "total_differs": lambda: may.total is not None,
        "orphan": lambda: may.reference is not None,
        "foreign_currency": lambda: may.currency is not None,
    }
    return rules[kind]()
