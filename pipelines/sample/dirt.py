"""What goes wrong on the way: a few rows that cannot be read, and a few that come twice.

Unreadable rows must end in quarantine; repeated ones are duplicates. Everything that is spoilt is noted, so that the truth can say
which row of which file it is.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.delivery import NOTE, WAS, Delivery

UNREADABLE_RATE: Final = 0.003  # share of the delivered rows
REPEATED_RATE: Final = 0.001
UNREADABLE: Final = ("unreadable_date", "unreadable_amount", "missing_key", "conflicting_key")
REPEATED: Final = "repeated_row"
_DATES: Final = ("31.02.2026 10:00", "0000-00-00", "2026-13-01T08:00:00+08:00", "??", "tbd")
_AMOUNTS: Final = ("n/a", "12,34,56", "CNY", "--", "1O0,00")
_CONFLICT_RATE: Final = 0.0005  # each makes two unreadable rows: they share a key and differ


@dataclass(frozen=True)
class Spoiling:
    """What can be spoilt in a kind of file.

    Attributes:
        key: The column that identifies a row.
        date: The column of its time; None when no row depends on it.
        amount: The column of its amount; None when it has none.
        conflicts: Whether two rows of one key and different amounts may come in one file.
        repeats: Whether a row may come twice in one file.
        is_snapshot: Whether a key that is absent has a meaning. Rows without a key are then added, and no row is spoilt.
    """

    key: str
    date: str | None = None
    amount: str | None = None
    conflicts: bool = False
    repeats: bool = False
    is_snapshot: bool = False

    @property
    def rates(self) -> dict[str, float]:
        """For each kind of dirt the share of rows that is chosen for it."""
        conflicts = _CONFLICT_RATE if self.conflicts else 0.0
        spoilt = [kind for kind, column in zip(UNREADABLE, (self.date, self.amount, self.key), strict=False) if column is not None]
        rates = dict.fromkeys(spoilt, (UNREADABLE_RATE - 2 * conflicts) / len(spoilt))
        return rates | {"conflicting_key": conflicts, REPEATED: REPEATED_RATE if self.repeats else 0.0}


def spoil(rng: np.random.Generator, delivery: Delivery, spoiling: Spoiling) -> Delivery:
    """Spoil a few rows of a delivery that have no note yet; NOTE then says how, WAS what stood there before."""
    frame = delivery.frame
    frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in (NOTE, WAS) if name not in frame.columns)
    rates = spoiling.rates
    chosen = np.searchsorted(np.cumsum(list(rates.values())), rng.random(len(frame)), side="right")
    kinds = pl.Series([*rates, None], dtype=pl.String).gather(chosen)
    draws = pl.Series(rng.integers(0, 1_000, len(frame)))
    frame = frame.with_columns(_kind=pl.when(pl.col(NOTE).is_null()).then(kinds), _draw=draws)
    if spoiling.is_snapshot:
        copies = {"missing_key": pl.lit(None, dtype=pl.String).alias(spoiling.key)}
    else:
        frame = _blotted(frame, "unreadable_date", spoiling.date, _DATES)
        frame = _blotted(frame, "unreadable_amount", spoiling.amount, _AMOUNTS)
        frame = _blotted(frame, "missing_key", spoiling.key, (None,))
        amount = pl.col(spoiling.amount or spoiling.key)
        copies = {"conflicting_key": amount.str.replace(r"^(-?)", "${1}1"), REPEATED: pl.col(spoiling.key)}
        frame = frame.with_columns(pl.when(pl.col("_kind") == "conflicting_key").then("_kind").otherwise(NOTE).alias(NOTE))
    return replace(delivery, frame=_with_copies(frame, copies).drop("_kind", "_draw"))


def log(deliveries: list[Delivery]) -> pl.DataFrame:
    """Every noted row: source, path, row (from 1, without the header), kind, was."""
    noted = [
        delivery.frame.with_row_index("row", offset=1)
        .filter(pl.col(NOTE).is_not_null())
        .select(pl.col("row").cast(pl.Int64), WAS, source=pl.lit(delivery.source), path=pl.lit(delivery.path), kind=NOTE)
        for delivery in deliveries
        if NOTE in delivery.frame.columns
    ]
    return pl.concat(noted).select("source", "path", "row", "kind", WAS)


def _blotted(frame: pl.DataFrame, kind: str, column: str | None, values: tuple[str | None, ...]) -> pl.DataFrame:
    """Put one of the values into the column of the chosen rows."""
    if column is None:
        return frame
    is_chosen = pl.col("_kind") == kind
    value = pl.Series(values, dtype=pl.String).gather(frame["_draw"] % len(values))
    return frame.with_columns(
        pl.when(is_chosen).then(pl.lit(kind)).otherwise(NOTE).alias(NOTE),
        pl.when(is_chosen).then(column).otherwise(WAS).alias(WAS),
        pl.when(is_chosen).then(value).otherwise(column).alias(column),
    )


def _with_copies(frame: pl.DataFrame, changes: dict[str, pl.Expr]) -> pl.DataFrame:
    """Put a copy, changed as told, right behind each row that was chosen for it."""
    frame = frame.with_row_index("_row")
    copies = [frame.filter(pl.col("_kind") == kind).with_columns(change, pl.lit(kind).alias(NOTE)) for kind, change in changes.items()]
    return pl.concat([frame, *copies]).sort("_row", maintain_order=True).drop("_row")
