from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from pipelines.analytics.loyalty import PARTS, LoyaltyParameters, loyalty
from pipelines.errors import ClienteleError
from pipelines.policy import load_policy
from tests.analytics.customers import PROSPECT, customers, only, populations

if TYPE_CHECKING:
    from pathlib import Path

PARAMETERS = LoyaltyParameters(
    weights=(0.2, 0.35, 0.2, 0.25),
    window_months=12,
    tenure_full_days=1000,
    depth_full_products=4,
    depth_full_accounts=2,
    trend_full_change=0.5,
)
SCORES = [f"{part}_score" for part in PARTS]


def score(part: str, different: dict[str, Any]) -> float | None:
    found: float | None = only(loyalty(customers(different), PARAMETERS), f"{part}_score")
    return found


@pytest.mark.parametrize(
    ("part", "different", "expected"),
    [
        ("tenure", {"tenure_days": 515, "days_since_last_bill": 15}, 50),
        ("tenure", {"tenure_days": 5000, "days_since_last_bill": 15}, 100),
        # A year of silence proves no loyalty.
        ("tenure", {"tenure_days": 880, "days_since_last_bill": 380}, 50),
        ("tenure", {"tenure_days": 10, "days_since_last_bill": 15}, 0),
        ("regularity", {"active_months_12m": 12}, 100),
        ("regularity", {"active_months_12m": 3}, 25),
        ("regularity", {"active_months_12m": 0}, 0),
        # Joined in the month before last: two bills in three possible months.
        ("regularity", {"active_months_12m": 2, "months_since_first_bill": 2}, 200 / 3),
        ("depth", {"product_count_12m": 2, "account_count": 0}, 50),
        ("depth", {"product_count_12m": 1, "account_count": 2}, 100),
        ("depth", {"product_count_12m": 9}, 100),
        ("depth", {"product_count_12m": 0, "account_count": 0}, None),
        ("trend", {}, 50),
        ("trend", {"net_amount_6m": Decimal(750)}, 75),
        ("trend", {"net_amount_6m": Decimal(9000)}, 100),
        ("trend", {"net_amount_6m": Decimal(450)}, 25),
        ("trend", {"net_amount_6m": Decimal(0)}, 0),
        ("trend", {"net_amount_prior_6m": Decimal(0)}, 100),
        ("trend", {"net_amount_6m": None, "net_amount_prior_6m": None}, None),
        ("trend", {"months_since_first_bill": 10}, None),
        ("trend", {"months_since_first_bill": 11}, 50),
    ],
)
def test_parts(part: str, different: dict[str, Any], expected: float | None) -> None:
    assert score(part, different) == (expected if expected is None else pytest.approx(expected))


def test_the_score_is_the_weighted_mean_of_the_parts() -> None:
    different = {"tenure_days": 515, "active_months_12m": 3, "product_count_12m": 4, "net_amount_6m": Decimal(450)}
    assert score("behavioural", different) == pytest.approx(0.2 * 50 + 0.35 * 25 + 0.2 * 100 + 0.25 * 25)


def test_a_part_without_evidence_takes_no_share_in_the_mean() -> None:
    different = {"tenure_days": 515, "active_months_12m": 3, "product_count_12m": 0, "account_count": 0, "net_amount_6m": Decimal(450)}
    assert score("behavioural", different) == pytest.approx((0.2 * 50 + 0.35 * 25 + 0.25 * 25) / 0.8)


def test_who_holds_nothing_where_others_do_has_no_depth() -> None:
    scored = loyalty(customers({"product_count_12m": 0, "account_count": 0}, {"product_count_12m": 4}), PARAMETERS)
    assert scored["depth_score"].to_list() == [0, 100]


def test_who_never_had_a_bill_has_no_score() -> None:
    scored = loyalty(customers(PROSPECT, {}), PARAMETERS)
    assert scored.select(*SCORES, "behavioural_score").row(0) == (None,) * 5


def test_nobody_gives_no_rows() -> None:
    empty = loyalty(customers(), PARAMETERS)
    assert empty.is_empty()
    assert empty.schema == loyalty(customers({}), PARAMETERS).schema


def test_weights_that_are_all_nothing_are_refused(tmp_path: Path) -> None:
    overrides = tmp_path / "policy.yml"
    overrides.write_text("".join(f"loyalty.{part}_weight: 0\n" for part in PARTS), encoding="utf-8")
    with pytest.raises(ClienteleError, match="give at least one part a weight"):
        LoyaltyParameters.from_policy(load_policy(overrides))


def test_the_policy_names_each_parameter() -> None:
    assert LoyaltyParameters.from_policy(load_policy()) == LoyaltyParameters((0.2, 0.35, 0.2, 0.25), 12, 1825, 4, 3, 0.5)


@given(populations())
@settings(max_examples=60, deadline=None)
def test_scores_stay_in_range_whatever_the_order(features: pl.DataFrame) -> None:
    scored = loyalty(features, PARAMETERS)
    assert scored["customer_key"].to_list() == sorted(features["customer_key"].to_list())
    for column in (*SCORES, "behavioural_score"):
        assert scored[column].drop_nulls().is_between(0, 100).all()
        assert not scored[column].is_nan().any()
    billed = scored.join(features.filter(pl.col("bill_count") > 0), on="customer_key", how="semi")
    assert billed["behavioural_score"].null_count() == 0
    assert_frame_equal(loyalty(features.reverse(), PARAMETERS), scored, check_exact=True)
