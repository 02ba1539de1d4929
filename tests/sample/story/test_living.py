"""The causes show: who is treated badly, pays too much or is out of term leaves more, and leaves its traces in the right order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.population.memberships import HARBOUR, LEASING
from pipelines.sample.story.life import FAILURES, NEVER, NON_PAYMENT, NOTHING, SLOW, WELL
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

HALF_YEAR = 6


def left_within(chunk: Chunk, month: int, months: int) -> np.ndarray:
    """Who makes up its mind, by choice, within some months after a month."""
    life = chunk.life
    return np.asarray((life.decided > month) & (life.decided <= month + months) & (life.reason != NON_PAYMENT))


def rate(chunk: Chunk, chosen: np.ndarray, months: int = HALF_YEAR) -> float:
    """Share of the chosen (months × customers, not on their way out) who decide to leave within some months."""
    life = chunk.life
    left = counted = 0
    for month in range(len(chosen) - months):
        may = chosen[month] & life.is_served[month] & (life.decided > month) & (chunk.memberships.slot < HARBOUR)
        left += int((left_within(chunk, month, months) & may).sum())
        counted += int(may.sum())
    return left / counted


def test_the_same_seed_tells_the_same_story(chunk: Chunk) -> None:
    again = make_chunk(make_business(5, 10_000, Timeline(24), INDUSTRIES["telecom"]), 0)
    assert (again.life.mood == chunk.life.mood).all()
    assert (again.life.last == chunk.life.last).all()
    assert (again.members.effect == chunk.members.effect).all()


def test_another_seed_tells_another(chunk: Chunk) -> None:
    other = make_chunk(make_business(6, 10_000, Timeline(24), INDUSTRIES["telecom"]), 0)
    assert (other.entities.value != chunk.entities.value).mean() > 0.99


@pytest.mark.parametrize(("industry", "low", "high"), [("telecom", 0.010, 0.020), ("bank", 0.005, 0.016), ("utility", 0.005, 0.016)])
def test_so_many_leave_each_month(industry: str, low: float, high: float) -> None:
    chunk = make_chunk(make_business(7, 6_000, Timeline(24), INDUSTRIES[industry]), 0)
    served = chunk.life.is_served.sum(axis=1)
    left = np.array([(chunk.life.last == month).sum() for month in range(24)])
    assert low < left.sum() / served.sum() < high
    assert left[2:].max() < 2.5 * np.median(left), "no month in which everybody leaves"


def test_failures_drive_away(chunk: Chunk) -> None:
    failed = chunk.life.failure != NOTHING
    assert rate(chunk, failed) > 1.4 * rate(chunk, ~failed)


def test_a_good_answer_keeps_whom_silence_and_a_slow_one_lose(chunk: Chunk) -> None:
    life = chunk.life
    harmed = (life.failure != NOTHING) & (life.failure != FAILURES.index("outage"))
    well, slow, silent = (rate(chunk, harmed & chosen) for chosen in (life.handling == WELL, life.handling == SLOW, ~life.complains))
    assert well < 0.8 * silent
    assert well < 0.7 * slow


def test_a_share_of_the_harmed_complains(chunk: Chunk) -> None:
    life = chunk.life
    failed = life.failure != NOTHING
    assert not (life.complains & ~failed).any()
    assert 0.25 < life.complains[failed].mean() < 0.5
    voice = np.broadcast_to(chunk.entities.voice[chunk.memberships.entity], failed.shape)
    assert life.complains[failed & (voice > 0.8)].mean() > 2 * life.complains[failed & (voice < 0.2)].mean()


def test_the_minimum_term_binds_until_it_ends(chunk: Chunk) -> None:
    life = chunk.life
    months = np.arange(24)[:, None]
    to_end = life.contract_end - months
    inside = (life.contract_end != NEVER) & (to_end > 3)
    ending = (life.contract_end != NEVER) & (to_end == 2)  # so that the two months looked at are its last
    free = life.contract_end == NEVER
    assert rate(chunk, inside, 2) < 0.6 * rate(chunk, free, 2)
    assert rate(chunk, ending, 2) > 1.3 * rate(chunk, free, 2)


def test_a_price_rise_drives_away_those_to_whom_prices_matter(chunk: Chunk) -> None:
    industry, life = chunk.business.industry, chunk.life
    sensitive = chunk.entities.price_sensitivity[chunk.memberships.entity] > 0.7
    left = stayed = counted = others = 0
    for product, month, _ in industry.rises(24):
        first = np.flatnonzero(chunk.accounts.is_first)
        customer = chunk.accounts.customer[first]
        holds = np.zeros(chunk.memberships.count, dtype=bool)
        holds[customer] = chunk.accounts.plan(first, life.step[month - 1][customer]) == product
        may = life.is_served[month] & (life.decided > month) & sensitive & (life.contract_end[month] == NEVER)
        soon = left_within(chunk, month, 3)
        left, counted = left + int((may & holds & soon).sum()), counted + int((may & holds).sum())
        stayed, others = stayed + int((may & ~holds & soon).sum()), others + int((may & ~holds).sum())
    assert counted > 300
    assert left / counted > 1.2 * stayed / others


def test_use_falls_before_leaving_with_a_sign_and_only_then(chunk: Chunk) -> None:
    life = chunk.life
    usual = life.use[:12].mean(axis=0)
    late = (life.last >= 16) & (life.last < 24) & (life.reason != NON_PAYMENT) & (life.decided > 12) & (chunk.memberships.joined < 0)
    at_the_end = life.use[np.minimum(life.last, 23), np.arange(len(usual))] / usual
    assert np.median(at_the_end[late & life.has_sign]) < 0.7
    assert 0.85 < np.median(at_the_end[late & ~life.has_sign]) < 1.15
    assert 0.4 < life.has_sign[late].mean() < 0.8, "some leave without any sign"


def test_non_payers_are_suspended_and_then_closed(chunk: Chunk) -> None:
    life = chunk.life
    stopped = np.flatnonzero((life.reason == NON_PAYMENT) & (life.last < 24))
    assert len(stopped) > 100
    assert (life.last[stopped] == life.stopped[stopped] + 4).all()
    assert chunk.entities.credit[chunk.memberships.entity[stopped]].max() < 0.5
    for customer in stopped[:50]:
        assert life.is_suspended[life.last[customer], customer]
        assert life.use[life.last[customer], customer] == 0.0


def test_some_are_suspended_until_there_is_money_again(chunk: Chunk) -> None:
    life = chunk.life
    for_a_while = life.is_suspended[:, life.stopped == NEVER]
    assert 0.0 < for_a_while.mean() < 0.02
    assert (for_a_while[:-1] & ~for_a_while[1:] & life.is_served[1:, life.stopped == NEVER]).any()
    assert life.is_short[:, life.stopped == NEVER][for_a_while].all()


def test_nobody_is_served_after_leaving_or_at_harbour(chunk: Chunk) -> None:
    life = chunk.life
    assert not life.is_served[:, chunk.memberships.slot == HARBOUR].any()
    assert life.is_served[:, chunk.memberships.slot == LEASING].any()
    for month in range(24):
        assert not life.is_served[month, life.last < month].any()
    closed = ~np.isnat(life.closed)
    assert (chunk.business.timeline.index_of(life.closed[closed]) == life.last[closed]).all()


def test_the_top_tier_is_held_by_those_with_large_bills(chunk: Chunk) -> None:
    life = chunk.life
    assert not life.is_top[:5].any(), "six months are needed"
    value = chunk.entities.value[chunk.memberships.entity]
    assert value[life.is_top[-1]].mean() > 1.8 * value[~life.is_top[-1] & life.is_served[-1]].mean()


def test_managers_inherited_different_portfolios(chunk: Chunk) -> None:
    manager = chunk.particulars.manager[0]
    means = [chunk.entities.contentment[manager == number].mean() for number in np.unique(manager[manager >= 0])]
    assert max(means) - min(means) > 0.05
    skilled = chunk.business.staff.skill_of(chunk.particulars.manager[:, chunk.memberships.entity])
    life = chunk.life
    well, badly = life.handling == WELL, life.handling == SLOW
    managed = skilled != 0.0
    assert well[managed & (skilled > 0.05)].sum() / (well | badly)[managed & (skilled > 0.05)].sum() > (
        well[managed & (skilled < -0.05)].sum() / (well | badly)[managed & (skilled < -0.05)].sum()
    )
