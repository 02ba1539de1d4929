"""Campaigns as they happen: whom a campaign chooses, who is held out at random, and what being contacted does to each.

What a treatment does differs by customer (uplift has four kinds: the persuadable, those who would stay anyway, lost causes, and those
better left alone, whom a call reminds that they could leave): Kane, Lo & Zheng (2014), Mining for the truly responsive customers.
"""

from typing import Final

import numpy as np

from pipelines.sample.chance import Booleans, Floats, Integers
from pipelines.sample.story.campaigns import (
    ACCEPTED,
    CARE,
    COLLECTION,
    CROSS_SELL,
    DECLINED,
    KINDS,
    NO_RESPONSE,
    RETENTION,
    WIN_BACK,
    Members,
)
from pipelines.sample.story.life import NEVER, NON_PAYMENT, NOTHING
from pipelines.sample.story.state import State

HOLD_OUT: Final = 0.2
_CHOSEN: Final = (0.5, 0.04, 0.4, 0.5, 0.5)  # share of those who qualify, by kind
_KEEPS, _WAKES = 0.15, -0.10  # persuadability above which a call keeps, below which it drives away
_MONTHS, _SAVING = 6, 10
_TURNS_BACK, _TURNED = 0.35, 0.5
_CARED_FOR: Final = 0.6


def treat(rng: np.random.Generator, state: State, campaign: int, kind: int, served: Booleans, chance: Floats, month: int) -> Members:
    """Let one campaign happen to the customers: choose, hold out, contact, and change what it changes.

    Args:
        rng: Draws.
        state: Changed in place for those who were contacted.
        campaign: Position of the campaign.
        kind: Position in KINDS.
        served: Who has a running service.
        chance: Hazard of this month.
        month: Index of the month.
    """
    count = state.count
    chosen_draw, hold_draw, answer_draw, turn_draw = (rng.random(count) for _ in range(4))
    qualifies = _qualifies(state, kind, served, chosen_draw, month) & state.is_operations
    if kind != WIN_BACK:
        qualifies &= state.last > month  # nobody is called in the month in which they are closed
    if kind in (RETENTION, CARE):
        qualifies &= state.resting_until < month  # else the held out of one campaign would be treated by the next
    customer = np.flatnonzero(qualifies & (chosen_draw < _CHOSEN[kind]))
    is_treated = hold_draw[customer] >= HOLD_OUT
    pull = state.persuadability[customer]
    factor = np.where(pull > _KEEPS, 1.0 - 0.75 * pull, np.where(pull < _WAKES, 1.0 - 2.0 * pull, 1.0))
    factor = factor if kind in (RETENTION, CARE) else np.ones(len(customer))
    accepts = answer_draw[customer] < _acceptance(kind, state, customer)
    response = np.where(accepts, ACCEPTED, np.where(answer_draw[customer] < 0.75, DECLINED, NO_RESPONSE))
    is_leaving = (state.decided[customer] != NEVER) & (state.reason[customer] != NON_PAYMENT) & (state.last[customer] > month)
    turns = is_leaving & (kind == RETENTION) & (pull > _TURNS_BACK)
    revenue = np.where(accepts & (kind == CROSS_SELL), 12 * 1_500, 0)
    members = Members(
        campaign=np.full(len(customer), campaign),
        customer=customer,
        is_treated=is_treated,
        response=np.where(is_treated, response, NO_RESPONSE),
        revenue=np.where(is_treated, revenue, 0),
        factor=np.where(is_leaving, 1.0, factor),
        effect=np.where(
            is_leaving, np.where(turns, -_TURNED, 0.0), _leaving_within(chance[customer] * factor) - _leaving_within(chance[customer])
        ),
    )
    _apply(state, members, kind, turns & is_treated & (turn_draw[customer] < _TURNED), month)
    return members


def nobody() -> Members:
    """No members."""
    none = np.zeros(0, dtype=np.int64)
    return Members(none, none, none.astype(np.bool_), none, none, none.astype(np.float64), none.astype(np.float64))


def joined(parts: list[Members]) -> Members:
    """The members of several campaigns, one after the other."""
    fields = Members.__dataclass_fields__
    return Members(**{name: np.concatenate([getattr(part, name) for part in (nobody(), *parts)]) for name in fields})


def _qualifies(state: State, kind: int, served: Booleans, draw: Floats, month: int) -> Booleans:
    """Whom a campaign looks for: what the company can see, not what it cannot."""
    if kind == RETENTION:
        to_end = state.contract_end - month
        looks_like_leaving = (state.falling(month) > 0) | (state.level < 0.72) | ((to_end >= 0) & (to_end <= 2))
        return np.asarray(served & (looks_like_leaving | (draw < 0.01)))
    if kind == CROSS_SELL:
        return np.asarray(served & (state.level > 0.9))
    if kind == WIN_BACK:
        return np.asarray((state.last < month - 1) & (state.last >= month - 6) & (state.reason != NOTHING))
    if kind == COLLECTION:
        return served & state.is_short
    if kind == CARE:
        return np.asarray(served & (state.trouble == month))
    message = f"{KINDS[kind]} is not a campaign that somebody qualifies for"
    raise ValueError(message)


def _acceptance(kind: int, state: State, customer: Integers) -> Floats:
    sensitive, mood = state.price_sensitivity[customer], state.mood[customer]
    if kind == RETENTION:
        return 0.10 + 0.35 * sensitive
    if kind == CROSS_SELL:
        return 0.02 + 0.12 * mood
    return np.full(len(customer), 0.0 if kind == WIN_BACK else 0.4)


def _apply(state: State, members: Members, kind: int, turns: Booleans, month: int) -> None:
    treated = members.customer[members.is_treated]
    if kind in (RETENTION, CARE):
        state.resting_until[members.customer] = month + _MONTHS
        state.factor[treated] = members.factor[members.is_treated]
        state.factor_until[treated] = month + _MONTHS
    if kind == RETENTION:
        accepted = members.customer[members.is_treated & (members.response == ACCEPTED)]
        state.saving[accepted] = _SAVING
        state.saving_until[accepted] = month + _MONTHS
        back = members.customer[turns]
        state.decided[back], state.last[back], state.asks_along[back] = NEVER, NEVER, NEVER
        state.reason[back], state.has_sign[back] = NOTHING, False
    if kind == CARE:
        soothed = members.customer[members.is_treated & (members.factor < 1.0)]
        state.mood[soothed] = np.minimum(state.mood[soothed] + _CARED_FOR * state.harm[soothed], 1.0)


def _leaving_within(chance: Floats) -> Floats:
    """The chance of deciding to leave within half a year at a constant monthly chance."""
    stays = 1.0 - np.minimum(chance, 1.0)
    third = stays * stays * stays
    return np.asarray(1.0 - third * third)
