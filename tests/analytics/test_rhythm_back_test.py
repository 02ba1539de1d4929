"""Does the estimate hold on customers whose behaviour is known, because it was simulated?

What is told apart: a probability that means what it says (calibration), one that says more than the rate of all (Brier score), and one that
knows nothing of the future.
"""

from __future__ import annotations

from datetime import date
from math import sqrt

import polars as pl
import pytest

from pipelines.analytics import rhythm
from pipelines.policy import load_policy
from tests.analytics import simulated

PARAMETERS = rhythm.RhythmParameters.from_policy(load_policy())
MONTHS = simulated.month_ends(date(2019, 1, 31), 20)


@pytest.fixture(scope="module")
def bills() -> pl.DataFrame:
    # Four years to grow before the first month, then 20 months, and 4 more to see how the last one ended.
    return simulated.purchases(customers=8000, months=72, seed=20260701)


@pytest.fixture(scope="module")
def estimates(bills: pl.DataFrame) -> pl.DataFrame:
    return simulated.walk(bills, MONTHS, PARAMETERS)


def brier(estimates: pl.DataFrame, column: str) -> float:
    return float(estimates.select(((pl.col(column) - pl.col("is_churned").cast(pl.Float64)) ** 2).mean()).item())


def test_nothing_is_said_before_an_outcome_is_known(estimates: pl.DataFrame) -> None:
    silent = estimates.group_by("as_of").agg(pl.col("probability").is_null().all().alias("is_silent")).sort("as_of")["is_silent"].to_list()
    months = simulated.GAP_MONTHS + simulated.HORIZON_MONTHS
    assert silent == [True] * months + [False] * (len(MONTHS) - months)


def test_the_probability_means_what_it_says(estimates: pl.DataFrame) -> None:
    """In each tenth of probability as many leave as were predicted.

    One month is looked at, since a customer's months are not independent. Tolerance: 3.5 standard errors, made of the binomial one of the
    observed share and that of the learnt rate, whose evidence is customer-months of which about four in a row tell the same story. Ten
    bands at 3.5 would fail by chance once in two hundred seeds; the seed is fixed.
    """
    last = estimates.filter((pl.col("as_of") == MONTHS[-1]) & pl.col("probability").is_not_null())
    bands = (
        last.group_by((pl.col("probability") * 10).floor().alias("band"))
        .agg(
            pl.len().alias("customers"),
            pl.col("probability").mean().alias("predicted"),
            pl.col("is_churned").mean().alias("observed"),
            pl.col("evidence_count").unique().sum().alias("evidence"),
        )
        .filter(pl.col("customers") >= 30)
    )
    assert bands.height >= 8
    story = simulated.GAP_MONTHS + simulated.HORIZON_MONTHS
    for row in bands.iter_rows(named=True):
        variance = row["predicted"] * (1 - row["predicted"]) * (1 / row["customers"] + story / row["evidence"])
        assert abs(row["observed"] - row["predicted"]) <= 3.5 * sqrt(variance), row


def test_the_mean_probability_is_the_rate_that_follows(estimates: pl.DataFrame) -> None:
    said = estimates.filter(pl.col("probability").is_not_null())
    assert said.height > 20_000
    assert said["probability"].mean() == pytest.approx(said["is_churned"].mean(), abs=0.02)


def test_it_says_more_than_the_rate_of_all(estimates: pl.DataFrame) -> None:
    said = estimates.filter(pl.col("probability").is_not_null())
    assert brier(said, "probability") < 0.75 * brier(said, "pooled_rate")
    for (as_of,), month in said.group_by("as_of"):
        assert brier(month, "probability") < brier(month, "pooled_rate"), as_of


def test_it_ranks_those_who_left_above_those_who_stayed(estimates: pl.DataFrame) -> None:
    last = estimates.filter((pl.col("as_of") == MONTHS[-1]) & pl.col("probability").is_not_null())
    left, stayed = last.filter("is_churned").height, last.filter(~pl.col("is_churned")).height
    ranks = float(last["probability"].rank().filter(last["is_churned"]).sum())
    assert (ranks - left * (left + 1) / 2) / (left * stayed) > 0.78


def test_what_happens_later_changes_no_estimate(bills: pl.DataFrame, estimates: pl.DataFrame) -> None:
    """The world ends, for everyone, after a month: what was said up to then stays as it was."""
    until = MONTHS[12]
    ended = simulated.walk(bills.filter(pl.col("bill_date") <= until), MONTHS, PARAMETERS)
    columns = ["customer_key", "as_of", "probability", "evidence_count"]
    before = pl.col("as_of") <= until
    assert ended.filter(before).select(columns).equals(estimates.filter(before).select(columns))
    # And afterwards it learns of it.
    said = [found.filter(pl.col("as_of") == MONTHS[18]).select(pl.col("probability").mean()).item() for found in (ended, estimates)]
    assert said[0] > said[1]
