"""Leaving and what went before it, on months and customers that can be counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.sample.report.shapes_leaving import Leaving, after_a_fall, change, monthly_churn, odds_ratio

STAYS = 9_999


def leaving() -> Leaving:
    """Five months; one leaves with month 2, one with month 4, one comes in month 3 and one stays throughout."""
    served = np.array([[1, 1, 0, 1], [1, 1, 0, 1], [1, 1, 0, 1], [0, 1, 1, 1], [0, 1, 1, 1]], dtype=np.bool_)
    return Leaving(served, np.array([2, 4, STAYS, STAYS]))


def test_churn_is_leavers_by_customers_and_months() -> None:
    assert monthly_churn(leaving()) == pytest.approx(2 / 15)


def test_leaving_within_two_months_begins_with_the_next() -> None:
    assert leaving().within(2)[:, 0].tolist() == [True, True, False, False, False]
    assert leaving().within(2)[:, 1].tolist() == [False, False, True, True, False]
    assert not leaving().within(2)[:, 3].any()


def test_at_stake_is_who_is_served_longer_and_whose_outcome_is_known() -> None:
    assert leaving().at_stake(2).T.tolist() == [
        [True, True, False, False, False],
        [True, True, True, False, False],
        [False, False, False, False, False],
        [True, True, True, False, False],
    ]


def test_change_is_against_the_mean_of_three_months() -> None:
    values = np.array([[100.0, 0.0], [200.0, 1.0], [300.0, 1.0], [100.0, 1.0], [400.0, 1.0]])
    found = change(values)
    assert np.isnan(found[:3]).all()
    assert found[3:, 0].tolist() == pytest.approx([-0.5, 1.0])
    assert math.isnan(found[3, 1]), "one of the months was without"
    assert found[4, 1] == 0.0


def test_too_few_months_are_no_change() -> None:
    assert np.isnan(change(np.ones((3, 2)))).all()


def test_odds_of_two_groups() -> None:
    leaves = np.array([True, True, False, False, True, False, False, False])
    these = np.arange(8) < 4
    assert odds_ratio(leaves, these, ~these) == pytest.approx((2 / 2) / (1 / 3))
    assert math.isnan(odds_ratio(leaves, these, np.zeros(8, dtype=np.bool_)))


def test_who_fell_most_is_held_against_the_middle() -> None:
    changed = np.linspace(-1.0, 1.0, 101)
    leaves = np.zeros(101, dtype=np.bool_)
    leaves[:5] = True  # 5 of the lowest 11
    leaves[50] = True  # 1 of the 21 in the middle
    leaves[95:] = True  # neither of them
    expected = (5 / 6) / (1 / 20)
    assert after_a_fall(changed, leaves, np.ones(101, dtype=np.bool_)) == pytest.approx(expected)
    longer = np.concatenate([changed, np.full(50, np.nan)])
    also = np.concatenate([leaves, np.ones(50, dtype=np.bool_)])
    assert after_a_fall(longer, also, np.ones(151, dtype=np.bool_)) == pytest.approx(expected), "what is unknown does not count"
