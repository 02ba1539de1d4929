from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from pipelines.analytics import life_cycle as method
from pipelines.analytics.life_cycle import STAGES, LifeCycleParameters, life_cycle
from pipelines.policy import load_policy
from tests.analytics.customers import AS_OF, PROSPECT, customers, populations

if TYPE_CHECKING:
    import polars as pl

PARAMETERS = LifeCycleParameters.from_policy(load_policy())


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


@pytest.mark.parametrize(
    ("different", "stage", "rule"),
    [
        ({}, "mature", "amount_steady"),
        (PROSPECT, "prospect", "never_billed"),
        ({**PROSPECT, "is_closed": True}, "lost", "closed"),
        ({"is_closed": True}, "lost", "closed"),
        ({"days_since_last_bill": 90}, "mature", "amount_steady"),
        ({"days_since_last_bill": 91}, "dormant", "silent_past_dormant_limit"),
        ({"days_since_last_bill": 180}, "dormant", "silent_past_dormant_limit"),
        ({"days_since_last_bill": 181}, "lost", "silent_past_lost_limit"),
        ({"previous_gap_days": 181}, "won_back", "returned_after_loss"),
        ({"previous_gap_days": 180}, "mature", "amount_steady"),
        ({"previous_gap_days": None}, "mature", "amount_steady"),
        # Gone again: silence speaks before the return.
        ({"previous_gap_days": 400, "days_since_last_bill": 100}, "dormant", "silent_past_dormant_limit"),
        ({"first_bill_date": ago(89), "months_since_first_bill": 2, "previous_gap_days": None}, "onboarding", "within_first_days"),
        ({"first_bill_date": ago(90), "months_since_first_bill": 3}, "mature", "too_short_to_compare"),
        # Half of a prior half-year is no base to grow from.
        ({"months_since_first_bill": 10, "net_amount_prior_6m": Decimal(1)}, "mature", "too_short_to_compare"),
        ({"months_since_first_bill": 11, "net_amount_prior_6m": Decimal(1)}, "growing", "amount_up"),
        ({"net_amount_6m": Decimal(720)}, "growing", "amount_up"),
        ({"net_amount_6m": Decimal("719.9999")}, "mature", "amount_steady"),
        ({"net_amount_6m": Decimal(480)}, "declining", "amount_down"),
        ({"net_amount_6m": Decimal("480.0001")}, "mature", "amount_steady"),
        ({"net_amount_6m": Decimal(-5)}, "declining", "amount_down"),
        ({"net_amount_prior_6m": Decimal(0)}, "growing", "amount_up"),
        ({"net_amount_prior_6m": Decimal(-50)}, "growing", "amount_up"),
        ({"net_amount_6m": Decimal(0), "net_amount_prior_6m": Decimal(0)}, "mature", "amount_steady"),
        ({"net_amount_6m": None, "net_amount_prior_6m": None}, "mature", "amount_steady"),
    ],
)
def test_stage_and_the_rule_that_decides(different: dict[str, Any], stage: str, rule: str) -> None:
    found = life_cycle(customers(different), PARAMETERS)
    assert found.select("life_cycle_stage", "life_cycle_rule").rows() == [(stage, rule)]


def test_the_share_is_exact_where_a_double_is_not() -> None:
    # 0.11 is 10 % above 0.10; as doubles, 0.11 - 0.10 falls short of a tenth of 0.10.
    parameters = LifeCycleParameters(90, 90, 180, Decimal("0.1"))
    exact = {"net_amount_prior_6m": Decimal("0.1000"), "net_amount_6m": Decimal("0.1100")}
    assert life_cycle(customers(exact), parameters)["life_cycle_rule"].to_list() == ["amount_up"]
    huge = {"net_amount_prior_6m": Decimal("90000000000000.0000"), "net_amount_6m": Decimal("98999999999999.9999")}
    assert life_cycle(customers(huge), parameters)["life_cycle_rule"].to_list() == ["amount_steady"]


def test_a_customer_may_have_several_months_in_one_frame() -> None:
    found = life_cycle(customers({}, {"customer_key": 1, "as_of": date(2025, 5, 31)}), PARAMETERS)
    assert found.height == 2


def test_nobody_gives_no_rows() -> None:
    empty = life_cycle(customers(), PARAMETERS)
    assert empty.is_empty()
    assert empty.schema == life_cycle(customers({}), PARAMETERS).schema


def test_the_documented_precedence_is_the_one_in_force() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (\w+) \|", method.__doc__ or "", re.MULTILINE)
    assert [(rule, stage) for _, rule, stage in rows] == list(STAGES.items())


@given(populations())
@settings(max_examples=60, deadline=None)
def test_every_customer_has_a_stage_whatever_the_order(features: pl.DataFrame) -> None:
    found = life_cycle(features, PARAMETERS)
    assert found["customer_key"].to_list() == sorted(features["customer_key"].to_list())
    assert found["life_cycle_rule"].is_in(list(STAGES)).all()
    assert_frame_equal(life_cycle(features.reverse(), PARAMETERS), found)
