"""Campaigns hold a random share out, and what they do differs by customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.sample.story.campaigns import CARE, COLLECTION, CROSS_SELL, KINDS, NO_RESPONSE, RETENTION
from pipelines.sample.story.life import NEVER

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk


def of_kind(chunk: Chunk, *kinds: int) -> np.ndarray:
    return np.isin(chunk.business.campaigns.kind[chunk.members.campaign], kinds)


def test_a_fifth_is_held_out_whoever_they_are(chunk: Chunk) -> None:
    members = chunk.members
    assert 0.17 < 1 - members.is_treated.mean() < 0.23
    pull = chunk.entities.persuadability[chunk.memberships.entity[members.customer]]
    assert abs(pull[members.is_treated].mean() - pull[~members.is_treated].mean()) < 0.03
    assert (members.response[~members.is_treated] == NO_RESPONSE).all()
    assert (members.revenue[~members.is_treated] == 0).all()


def test_every_kind_has_members(chunk: Chunk) -> None:
    for kind in range(len(KINDS)):
        assert of_kind(chunk, kind).sum() > 100


def test_some_are_kept_some_do_not_care_and_some_are_better_left_alone(chunk: Chunk) -> None:
    factor = chunk.members.factor[of_kind(chunk, RETENTION, CARE)]
    assert 0.2 < (factor < 1).mean() < 0.8
    assert 0.05 < (factor > 1).mean() < 0.4
    assert (factor == 1).mean() > 0.1
    assert (chunk.members.factor[of_kind(chunk, CROSS_SELL, COLLECTION)] == 1).all()


def test_being_called_changes_the_chance_of_leaving(chunk: Chunk) -> None:
    members, life, campaigns = chunk.members, chunk.life, chunk.business.campaigns
    month = campaigns.month[members.campaign]
    counted = of_kind(chunk, RETENTION) & (month < 23)
    after = life.hazard[np.minimum(month + 1, 23), members.customer]
    counted &= after > 0  # still a customer who has not decided
    keeps, wakes = counted & (members.factor < 0.85), counted & (members.factor > 1.15)
    assert after[keeps & members.is_treated].mean() < 0.85 * after[keeps & ~members.is_treated].mean()
    assert after[wakes & members.is_treated].mean() > 1.15 * after[wakes & ~members.is_treated].mean()


def test_some_leavers_turn_back_and_are_granted_a_saving(chunk: Chunk) -> None:
    members, life = chunk.members, chunk.life
    assert (chunk.life.saving > 0).any()
    lost_causes = of_kind(chunk, RETENTION) & members.is_treated & (life.decided[members.customer] != NEVER) & (members.effect == 0)
    assert lost_causes.any()
