"""Customers who buy at their own rate and stop one day, as the warehouse would see them month by month.

Purchases come at exponential intervals with a rate drawn from a gamma distribution, life ends after an exponential time with a rate drawn
from another: the Pareto/NBD world of Schmittlein, Morrison and Colombo (1987). Customers join throughout, beginning years before the first
month that is looked at, so that months are alike and a rate learnt from earlier ones holds for later ones.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from pipelines.analytics import rhythm

FIRST_DAY = date(2015, 1, 1)
GAP_MONTHS, HORIZON_MONTHS = 1, 3
DAYS_A_MONTH = 30.44


def month_ends(first: date, count: int) -> list[date]:
    """The last days of `count` months, beginning with that of `first`."""
    return [ends_after(first, months) for months in range(count)]


def ends_after(day: date, months: int) -> date:
    """The last day of the month that lies `months` after that of `day`."""
    found: date = pl.select(pl.lit(day).dt.offset_by(f"{months}mo").dt.month_end()).item()
    return found


def purchases(customers: int, months: int, seed: int) -> pl.DataFrame:
    """customer_key and bill_date of every bill within `months` from FIRST_DAY."""
    rng = np.random.default_rng(seed)
    days = months * DAYS_A_MONTH
    joined = rng.uniform(0, days, customers)
    rate = rng.gamma(1.5, 1 / 60, customers)
    life = rng.exponential(1 / rng.gamma(2, 1 / 800, customers))
    day, buying = joined.copy(), np.arange(customers)
    keys, dates = [buying], [day]
    while buying.size:
        day = day + rng.exponential(1 / rate)
        buying = np.flatnonzero((day - joined < life) & (day < days))
        # Whoever stopped stays stopped: the next step starts beyond the end.
        day = np.where((day - joined < life) & (day < days), day, np.inf)
        keys.append(buying)
        dates.append(day[buying])
    bought = pl.DataFrame({"customer_key": np.concatenate(keys), "day": np.concatenate(dates).astype(np.int64)})
    return bought.select("customer_key", (pl.lit(FIRST_DAY) + pl.duration(days="day")).alias("bill_date")).unique(maintain_order=True)


def features(bills: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """`rhythm.FEATURES` as of a month's end."""
    latest, first = pl.col("bill_date").max(), pl.col("bill_date").min()
    intervals = pl.len().cast(pl.Int64) - 1
    return (
        bills.filter(pl.col("bill_date") <= as_of)
        .group_by("customer_key")
        .agg(
            pl.lit(as_of).alias("as_of"),
            pl.lit(value=False).alias("is_closed"),
            pl.len().cast(pl.Int64).alias("bill_count"),
            (pl.col("bill_date") > ends_after(as_of, -12)).sum().cast(pl.Int64).alias("bill_count_12m"),
            (pl.lit(as_of) - latest).dt.total_days().alias("days_since_last_bill"),
            pl.when(intervals > 0).then((latest - first).dt.total_days() / intervals).alias("mean_bill_interval_days"),
            intervals.alias("bill_interval_count"),
        )
    )


def outcomes(bills: pl.DataFrame, at: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """`rhythm.OUTCOMES` of the customers at risk: those with a bill in the twelve months up to `as_of`."""
    opens, known = ends_after(as_of, GAP_MONTHS), ends_after(as_of, GAP_MONTHS + HORIZON_MONTHS)
    came_back = bills.filter(pl.col("bill_date").is_between(opens, known, closed="right")).get_column("customer_key").unique()
    return at.filter(pl.col("bill_count_12m") > 0).select(
        "customer_key",
        "as_of",
        pl.lit(known).alias("outcome_known_date"),
        pl.col("customer_key").is_in(came_back.implode()).not_().alias("is_churned"),
    )


def walk(bills: pl.DataFrame, months: list[date], parameters: rhythm.RhythmParameters) -> pl.DataFrame:
    """Every estimate of every month with how it ended, and the rate of all that was known at the time.

    Columns: as `rhythm.probability`, and outcome_known_date, is_churned, pooled_rate. The outcomes of the last months are not known by the
    last month, but the test may look.
    """
    counts, found = rhythm.no_counts(), []
    for as_of in months:
        at = features(bills, as_of)
        placed = rhythm.cells(at, parameters)
        ended = outcomes(bills, at, as_of)
        known = counts.filter(pl.col("outcome_known_date") <= as_of).sum()
        rate = known.select(pl.col("churned_count") / pl.col("customer_count")).item()
        estimated = rhythm.probability(placed, counts, parameters).join(ended, on=["customer_key", "as_of"])
        found.append(estimated.with_columns(pl.lit(rate, dtype=pl.Float64).alias("pooled_rate")))
        counts = pl.concat([counts, rhythm.outcome_counts(placed, ended)])
    return pl.concat(found).sort("as_of", "customer_key")
