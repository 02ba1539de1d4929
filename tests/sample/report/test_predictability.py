"""How well leaving is told: the measure itself, what is learnt from, and what comes out for each industry."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.report.bands import bands
from pipelines.sample.report.predictability import AHEAD, Split, auc, hidden_hazard, predictability, scores, split
from tests.sample.report.small_sample import small_sample


def test_auc_of_a_handful() -> None:
    assert auc(np.array([0.9, 0.8, 0.1]), np.array([True, False, False])) == 1.0
    assert auc(np.array([0.1, 0.8, 0.9]), np.array([True, False, False])) == 0.0
    assert auc(np.array([0.5, 0.5, 0.5]), np.array([True, False, False])) == 0.5
    assert auc(np.array([0.3, 0.2, 0.3, 0.1]), np.array([True, True, False, False])) == pytest.approx((0.5 + 1 + 0 + 1) / 4)


def test_without_leavers_or_scores_there_is_no_auc() -> None:
    assert math.isnan(auc(np.array([0.1, 0.2]), np.array([False, False])))
    assert math.isnan(auc(np.array([0.1, np.nan]), np.array([True, False])))


@pytest.mark.parametrize("months", [3, 12, 13, 18, 24, 60])
def test_what_is_learnt_from_is_over_before_the_months_that_are_tried(months: int) -> None:
    found = split(months)
    if len(found.tried):
        assert found.tried[-1] + AHEAD == months - 1, "the last month whose outcome is known"
    if len(found.learnt):
        assert found.learnt[-1] + AHEAD < found.tried[0]
        assert found.learnt[0] == 9


def test_two_years_are_learnt_from_five_months_and_tried_on_four() -> None:
    assert split(24).learnt.tolist() == [9, 10, 11, 12, 13]
    assert split(24).tried.tolist() == [17, 18, 19, 20]


def test_whoever_has_decided_is_certain_to_leave() -> None:
    assert hidden_hazard(np.full((3, 2), 0.02), np.array([1, 9_999])).tolist() == [[0.02, 0.02], [1.0, 0.02], [1.0, 0.02]]


def test_a_sign_that_tells_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(1)
    leaves = rng.random((12, 2_000)) < 0.05
    at_stake = np.ones(leaves.shape, dtype=np.bool_)
    months = Split(np.arange(6), np.arange(8, 12))
    noise = rng.random(leaves.shape)
    found = scores({"sign": np.where(leaves, 1.0, 0.0) + noise, "noise": noise}, leaves, at_stake, months)
    assert auc(found, leaves[8:].ravel()) > 0.95
    assert auc(scores({"noise": noise}, leaves, at_stake, months), leaves[8:].ravel()) == pytest.approx(0.5, abs=0.06)


def test_too_few_leavers_are_nothing_to_learn_from() -> None:
    leaves = np.zeros((12, 100), dtype=np.bool_)
    leaves[:, 0] = True
    assert np.isnan(scores({"sign": np.where(leaves, 1.0, 0.0)}, leaves, np.ones_like(leaves), Split(np.arange(6), np.arange(8, 12)))).all()


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_leaving_is_neither_hidden_nor_plain(industry: str) -> None:
    found = predictability(*small_sample(industry, customers=10_000, months=24, seed=20_260_101))
    for key, value in found.items():
        assert bands()[key].low <= value <= bands()[key].high, (key, value)
    assert found["auc_ceiling"] > found["auc_leaving"]
