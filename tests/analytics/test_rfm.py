from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from pipelines.analytics.rfm import RfmParameters, SegmentRule, rfm
from pipelines.errors import ClienteleError
from pipelines.policy import load_policy
from tests.analytics.customers import PROSPECT, customers, only, populations

if TYPE_CHECKING:
    from pathlib import Path

PARAMETERS = RfmParameters.from_policy(load_policy())
SCORES = ["recency_score", "frequency_score", "monetary_score"]


def test_five_different_customers_get_the_five_scores() -> None:
    scored = rfm(
        customers(
            *(
                {"days_since_last_bill": 10 * place, "bill_count_12m": place, "contribution_12m": Decimal(place)}
                for place in (1, 2, 3, 4, 5)
            ),
        ),
        PARAMETERS,
    )
    assert scored["recency_score"].to_list() == [5, 4, 3, 2, 1]
    assert scored["frequency_score"].to_list() == [1, 2, 3, 4, 5]
    assert scored["monetary_score"].to_list() == [1, 2, 3, 4, 5]
    assert scored.schema["recency_score"] == pl.Int8


def test_ties_are_scored_by_their_middle_rank_and_never_split() -> None:
    # Ten customers: six of 1, three of 2, one of 3. Mid-ranks 3.5, 8, 10; (2 x mid-rank - 1) x 5 // 20 + 1 = 2, 4, 5.
    scored = rfm(customers(*({"contribution_12m": Decimal(amount)} for amount in [1] * 6 + [2] * 3 + [3])), PARAMETERS)
    assert scored["monetary_score"].to_list() == [2] * 6 + [4] * 3 + [5]


def test_amounts_that_differ_in_the_fourth_decimal_differ() -> None:
    scored = rfm(
        customers({"contribution_12m": Decimal("99999999999999.0001")}, {"contribution_12m": Decimal("99999999999999.0002")}), PARAMETERS
    )
    assert scored["monetary_score"].to_list() == [2, 4]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_equal_customers_all_stand_in_the_middle(count: int) -> None:
    scored = rfm(customers(*({} for _ in range(count))), PARAMETERS)
    assert scored.select(SCORES).unique().rows() == [(3, 3, 3)]
    assert scored["rfm_segment"].unique().to_list() == ["steady"]


def test_without_a_bill_in_the_window_all_scores_are_one_and_nobody_else_is_moved() -> None:
    silent = {"bill_count_12m": 0, "days_since_last_bill": 400, "contribution_12m": Decimal(9999)}
    scored = rfm(customers({"contribution_12m": Decimal(1)}, {"contribution_12m": Decimal(2)}, silent, PROSPECT), PARAMETERS)
    assert scored.select(SCORES).rows()[2:] == [(1, 1, 1), (1, 1, 1)]
    assert scored["rfm_segment"].to_list()[2:] == ["inactive", "inactive"]
    assert scored["monetary_score"].to_list()[:2] == [2, 4]


def test_an_unknown_contribution_counts_as_nothing() -> None:
    scored = rfm(customers({"contribution_12m": None}, {"contribution_12m": Decimal(-1)}, {"contribution_12m": Decimal(1)}), PARAMETERS)
    assert scored["monetary_score"].to_list() == [3, 1, 5]


def test_nobody_gives_no_rows_and_the_same_columns() -> None:
    assert rfm(customers(), PARAMETERS).schema == rfm(customers({}), PARAMETERS).schema


def test_two_months_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="one as_of, found 2"):
        rfm(customers({}, {"as_of": date(2025, 5, 31)}), PARAMETERS)


def test_the_first_matching_row_names_the_segment() -> None:
    everyone = ((1, 5),) * 3
    rules = (
        SegmentRule("first", "any", (4, 5), (1, 5), (1, 5)),
        SegmentRule("second", "any", *everyone),
        SegmentRule("never", "any", *everyone),
    )
    scored = rfm(customers({"days_since_last_bill": 1}, {"days_since_last_bill": 2}), RfmParameters(5, rules))
    assert scored["rfm_segment"].to_list() == ["first", "second"]


@pytest.mark.parametrize(
    ("scores", "segment"),
    [
        ((5, 5, 5), "champion"),
        ((4, 4, 3), "loyal"),
        ((3, 5, 5), "loyal"),
        ((5, 1, 5), "new"),
        ((4, 3, 1), "potentially_loyal"),
        ((3, 2, 4), "steady_high_value"),
        ((3, 3, 3), "steady"),
        ((3, 1, 5), "needs_attention"),
        ((1, 4, 4), "cannot_lose"),
        ((2, 3, 5), "at_risk"),
        ((2, 2, 1), "about_to_sleep"),
        ((1, 1, 1), "hibernating"),
        ((1, 2, 5), "hibernating"),
    ],
)
def test_the_shipped_segments(scores: tuple[int, int, int], segment: str) -> None:
    frame = pl.DataFrame([scores], schema=SCORES, orient="row")
    named = [rule.segment for rule in PARAMETERS.segments if frame.select(rule.matches(pl.lit(value=True))).item()]
    assert named[0] == segment


def test_a_segment_that_no_score_reaches_is_refused(tmp_path: Path) -> None:
    overrides = tmp_path / "policy.yml"
    overrides.write_text("segmentation.rfm_groups: 3\n", encoding="utf-8")
    with pytest.raises(ClienteleError, match="asks for a recency score from 4 for 'champion'"):
        RfmParameters.from_policy(load_policy(overrides))


@pytest.mark.parametrize(("column", "value"), [("recency_from", 2), ("monetary_to", 4), ("billed", "in_window")])
def test_a_table_that_leaves_customers_without_a_segment_is_refused(tmp_path: Path, column: str, value: int | str) -> None:
    last = {**load_policy().table("segmentation.rfm_segments")[-1], "segment": "most", column: value}
    overrides = tmp_path / "policy.yml"
    overrides.write_text(yaml.safe_dump({"segmentation.rfm_segments": [last]}), encoding="utf-8")
    with pytest.raises(ClienteleError, match="'most', leaves customers without a segment"):
        RfmParameters.from_policy(load_policy(overrides))


@given(populations())
@settings(max_examples=60, deadline=None)
def test_every_customer_has_scores_in_range_and_a_segment_whatever_the_order(features: pl.DataFrame) -> None:
    scored = rfm(features, PARAMETERS)
    assert scored["customer_key"].to_list() == sorted(features["customer_key"].to_list())
    assert scored.null_count().sum_horizontal().to_list() == [0]
    assert all(scored[score].is_between(1, 5).all() for score in SCORES)
    assert_frame_equal(rfm(features.reverse(), PARAMETERS), scored)


@given(populations())
@settings(max_examples=60, deadline=None)
def test_who_brings_more_never_scores_less(features: pl.DataFrame) -> None:
    billed = features.filter(pl.col("bill_count_12m") > 0).with_columns(pl.col("contribution_12m").fill_null(0))
    ranked = rfm(billed, PARAMETERS).join(billed, on="customer_key").sort("contribution_12m")
    assert ranked["monetary_score"].is_sorted()
    assert (
        ranked.group_by("contribution_12m").agg(pl.col("monetary_score").n_unique())["monetary_score"].to_list()
        == [1] * ranked["contribution_12m"].n_unique()
    )


def test_one_customer_is_read_by_name_not_by_place() -> None:
    features = customers({"contribution_12m": Decimal(5)})
    assert only(rfm(features.select(reversed(features.columns)), PARAMETERS), "monetary_score") == 3
