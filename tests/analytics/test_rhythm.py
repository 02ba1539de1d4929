from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from pipelines.analytics.rhythm import COUNTS_SCHEMA, RhythmParameters, cells, no_counts, outcome_counts, probability
from pipelines.policy import load_policy
from tests.analytics.customers import AS_OF, PROSPECT, customers, only, populations

PARAMETERS = RhythmParameters(
    horizon_months=3,
    gap_months=1,
    minimum_bill_dates=2,
    prior_intervals=2,
    ratio_bins=(1.0, 2.0),
    bill_count_bins=(3, 10),
    prior_customers=10,
    minimum_outcomes=20,
    training_months=2,
)


def counts(*rows: tuple[date, date, int, int, int]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=COUNTS_SCHEMA, orient="row")


def placed(*numbers: int | None) -> pl.DataFrame:
    """Customers 1, 2, … in these cells."""
    rows = [(key, AS_OF, 30.0, 1.0, cell, None if cell is not None else "closed") for key, cell in enumerate(numbers, start=1)]
    schema = {
        "customer_key": pl.Int64,
        "as_of": pl.Date,
        "typical_interval_days": pl.Float64,
        "rhythm_ratio": pl.Float64,
        "cell": pl.Int32,
        "abstain_reason": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


KNOWN = (date(2025, 2, 28), AS_OF)


def test_the_own_interval_counts_with_its_number_against_the_usual_one() -> None:
    # The median of 20, 30 and 100 is 30. Three own intervals of 100 with two of 30: (300 + 60) / 5 = 72.
    found = cells(
        customers(
            {"mean_bill_interval_days": 20.0},
            {"mean_bill_interval_days": 30.0},
            {"mean_bill_interval_days": 100.0, "bill_interval_count": 3, "days_since_last_bill": 36},
        ),
        PARAMETERS,
    )
    assert found["typical_interval_days"].to_list()[2] == 72
    assert found["rhythm_ratio"].to_list()[2] == 0.5


def test_a_customer_of_one_bill_has_the_usual_interval_and_no_cell() -> None:
    single = {"bill_count": 1, "bill_count_12m": 1, "mean_bill_interval_days": None, "bill_interval_count": 0, "days_since_last_bill": 60}
    found = cells(customers({}, single), PARAMETERS)
    assert found.select("typical_interval_days", "rhythm_ratio", "cell", "abstain_reason").row(1) == (30, 2, None, "too_few_bills")


@pytest.mark.parametrize(
    ("days", "bills", "cell"),
    [(0, 1, 0), (29, 2, 0), (29, 3, 1), (29, 9, 1), (29, 10, 2), (30, 2, 3), (59, 10, 5), (60, 2, 6), (364, 12, 8)],
)
def test_cells_open_at_their_limits(days: int, bills: int, cell: int) -> None:
    found = cells(customers({"days_since_last_bill": days, "bill_count_12m": bills}), replace(PARAMETERS, prior_intervals=0))
    assert only(found, "cell") == cell


def test_without_limits_there_is_one_cell() -> None:
    found = cells(customers({}, {"days_since_last_bill": 300}), replace(PARAMETERS, ratio_bins=(), bill_count_bins=()))
    assert found["cell"].to_list() == [0, 0]


@pytest.mark.parametrize(
    ("different", "reason"),
    [
        ({}, None),
        ({"is_closed": True, "bill_count_12m": 0}, "closed"),
        ({"bill_count_12m": 0, "days_since_last_bill": 400}, "already_lost"),
        ({"bill_count": 1, "bill_count_12m": 0, "bill_interval_count": 0, "mean_bill_interval_days": None}, "already_lost"),
        ({"bill_count": 2, "bill_interval_count": 1}, None),
        # Two bills on one day are one date.
        ({"bill_count": 2, "bill_interval_count": 0, "mean_bill_interval_days": None}, "too_few_bills"),
        (PROSPECT, "too_few_bills"),
    ],
)
def test_why_a_customer_is_not_placed(different: dict[str, Any], reason: str | None) -> None:
    found = cells(customers(different, {"customer_key": 9}), PARAMETERS)
    assert found["abstain_reason"].to_list()[0] == reason
    assert (found["cell"].to_list()[0] is None) == (reason is not None)


def test_where_nobody_has_an_interval_nobody_has_a_rhythm() -> None:
    single = {"bill_count": 1, "mean_bill_interval_days": None, "bill_interval_count": 0}
    found = cells(customers(single, single), replace(PARAMETERS, prior_intervals=0))
    assert found["rhythm_ratio"].to_list() == [None, None]


def test_who_has_no_interval_where_no_usual_one_counts_has_no_rhythm() -> None:
    single = {"bill_count": 1, "mean_bill_interval_days": None, "bill_interval_count": 0}
    found = cells(customers({}, single), replace(PARAMETERS, prior_intervals=0))
    assert found["rhythm_ratio"].to_list() == [0.5, None]


def test_outcomes_are_counted_by_cell_and_only_where_known() -> None:
    ended = pl.DataFrame(
        {
            "customer_key": [1, 2, 3, 4, 5],
            "as_of": [AS_OF] * 5,
            "outcome_known_date": [date(2025, 10, 31)] * 5,
            "is_churned": [True, False, True, True, None],
        }
    )
    # Customer 4 has no cell, 5 no known outcome, 6 no outcome at all.
    found = outcome_counts(placed(7, 7, 2, None, 7, 7), ended)
    assert found.rows() == [(AS_OF, date(2025, 10, 31), 2, 1, 1), (AS_OF, date(2025, 10, 31), 7, 2, 1)]
    assert found.schema == COUNTS_SCHEMA


def test_a_cell_is_pulled_towards_the_rate_of_all() -> None:
    # All: 30 of 100. Cell 1: (18 + 10 x 0.3) / (20 + 10) = 0.7; cell 2: (12 + 3) / (80 + 10) = 1/6; cell 5 never seen: 0.3.
    found = probability(placed(1, 2, 5), counts((*KNOWN, 1, 20, 18), (*KNOWN, 2, 80, 12)), PARAMETERS)
    assert found["probability"].to_list() == pytest.approx([0.7, 15 / 90, 0.3])
    assert found["evidence_count"].to_list() == [20, 80, 0]
    assert found["is_abstained"].to_list() == [False] * 3
    assert found["abstain_reason"].to_list() == [None] * 3


def test_months_of_a_cell_add_up() -> None:
    earlier = (date(2025, 1, 31), date(2025, 5, 31))
    found = probability(placed(1), counts((*earlier, 1, 10, 0), (*KNOWN, 1, 10, 10)), PARAMETERS)
    assert only(found, "evidence_count") == 20
    assert only(found, "probability") == 0.5


def test_only_the_latest_months_teach() -> None:
    months = [(date(2025, month, 28), date(2025, month + 3, 28)) for month in (1, 2, 3)]
    learnt = counts((*months[2], 1, 20, 20), (*months[0], 1, 1000, 0), (*months[1], 1, 20, 20))
    assert only(probability(placed(1), learnt, PARAMETERS), "evidence_count") == 40


def test_an_outcome_that_is_known_later_changes_nothing() -> None:
    past = counts((*KNOWN, 1, 20, 18), (*KNOWN, 2, 80, 12))
    # Planted: months before and after, known a day too late, that would turn every probability upside down.
    future = counts((date(2025, 3, 31), date(2025, 7, 1), 1, 10**6, 0), (date(2025, 7, 31), date(2025, 11, 30), 2, 10**6, 10**6))
    assert_frame_equal(probability(placed(1, 2, 5), pl.concat([future, past]), PARAMETERS), probability(placed(1, 2, 5), past, PARAMETERS))


def test_too_little_is_known_for_anyone() -> None:
    found = probability(placed(1, None), counts((*KNOWN, 1, 19, 5)), PARAMETERS)
    assert found["probability"].to_list() == [None, None]
    assert found["evidence_count"].to_list() == [None, None]
    assert found["abstain_reason"].to_list() == ["no_known_outcomes", "closed"]
    assert probability(placed(1), counts((*KNOWN, 1, 20, 5)), PARAMETERS)["is_abstained"].to_list() == [False]


def test_before_the_first_outcome_everyone_abstains() -> None:
    found = probability(cells(customers({}), PARAMETERS), no_counts(), replace(PARAMETERS, minimum_outcomes=1))
    assert only(found, "abstain_reason") == "no_known_outcomes"


def test_nobody_gives_no_rows() -> None:
    empty = probability(cells(customers(), PARAMETERS), no_counts(), PARAMETERS)
    assert empty.is_empty()
    assert empty.schema == probability(cells(customers({}), PARAMETERS), no_counts(), PARAMETERS).schema


def test_the_version_changes_with_any_value_and_only_then() -> None:
    shipped = RhythmParameters.from_policy(load_policy())
    assert shipped.model_version == RhythmParameters.from_policy(load_policy()).model_version
    assert replace(shipped, horizon_months=6).model_version != shipped.model_version
    assert replace(shipped, ratio_bins=(1.0,)).model_version != shipped.model_version


@given(populations())
@settings(max_examples=60, deadline=None)
def test_every_customer_has_a_probability_or_a_reason_whatever_the_order(features: pl.DataFrame) -> None:
    known = counts((*KNOWN, 1, 20, 18), (*KNOWN, 2, 80, 12))
    found = probability(cells(features, PARAMETERS), known, PARAMETERS)
    assert found["customer_key"].to_list() == sorted(features["customer_key"].to_list())
    assert found["probability"].drop_nulls().is_between(0, 1, closed="none").all()
    assert (found["probability"].is_null() == found["abstain_reason"].is_not_null()).all()
    assert (found["probability"].is_null() == found["is_abstained"]).all()
    assert_frame_equal(probability(cells(features.reverse(), PARAMETERS), known.reverse(), PARAMETERS), found, check_exact=True)
