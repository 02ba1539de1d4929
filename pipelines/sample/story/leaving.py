"""Who makes up its mind to leave, why, and how long before it does so it shows.

The hazard is a product: what dissatisfaction (mood less grudge) and the base rate add up to, times what inertia, attachment, the minimum
term, a recent price rise, tenure, the top tier and a campaign's treatment make of it.
"""

from typing import Final

import numpy as np

from pipelines.sample.chance import Booleans, Floats, Integers, pick
from pipelines.sample.industries.industry import Industry
from pipelines.sample.story.life import COMPETITOR, MOVED_AWAY, NEVER, NON_PAYMENT, PRICE, SERVICE
from pipelines.sample.story.state import State

_CONTENT_ABOVE: Final = 0.80
_MOVES_AWAY: Final = 0.0012  # a month, whatever the mood
_IN_TERM, _TERM_ENDS, _NEWCOMER, _NEWCOMER_MONTHS = 0.30, 2.6, 1.4, 6
_SIGN_SHARE, _ASKS_ALONG_SHARE, _WAITS_FOR_TERM, _WAITS_AT_MOST = 0.76, 0.7, 0.4, 6
_LEADS: Final = (15, 25, 32, 28)  # after how many months the last bill comes: 1, 2, 3, 4
_POOR_CREDIT, _GIVES_UP = 0.45, 0.10
_SUSPENDED_AFTER, _CLOSED_AFTER, _SHORT_FOR = 2, 4, 3


def hazard(state: State, industry: Industry, may: Booleans, month: int) -> Floats:
    """The chance of each customer to decide in this month to leave; 0 for those who may not."""
    lack = np.maximum(_CONTENT_ABOVE - (state.mood - state.grudge), 0.0)
    chance = industry.base_hazard + industry.mood_hazard * lack * lack
    chance = chance * (1.45 - 1.1 * state.inertia) * (1.25 - 0.7 * state.attachment)
    since_rise = month - state.dearer
    chance = chance * np.where(since_rise <= 3, 1.0 + 1.6 * state.price_sensitivity, 1.0)
    to_end = state.contract_end - month
    chance = chance * np.where(state.contract_end == NEVER, 1.0, np.where(to_end > 1, _IN_TERM, _TERM_ENDS))
    chance = chance * np.where(month - state.joined <= _NEWCOMER_MONTHS, _NEWCOMER, 1.0) * np.where(state.is_top, 0.7, 1.0)
    chance = chance * np.where(month <= state.factor_until, state.factor, 1.0) + _MOVES_AWAY
    return np.where(may, np.minimum(chance, 0.5), 0.0)


def decide(rng: np.random.Generator, state: State, industry: Industry, may: Booleans, chance: Floats, month: int) -> None:
    """Make up the minds of those who leave by choice, and set down when, why and with what signs."""
    count = state.count
    draw, why, shows, asks, waits = (rng.random(count) for _ in range(5))
    lead = 1 + pick(rng, _LEADS, count)
    leaves = may & (draw < chance)
    moves = leaves & (why * chance < _MOVES_AWAY)
    is_recent_trouble = (month - state.trouble <= 4) & (state.mood < state.contentment - 0.04)
    is_recent_rise = month - state.dearer <= 4
    reason = np.where(is_recent_rise | (state.price_sensitivity * why > 0.55), PRICE, np.where(is_recent_trouble, SERVICE, COMPETITOR))
    reason = np.where(moves, MOVED_AWAY, reason)
    has_sign = ~moves & (shows < _SIGN_SHARE)
    last = month + np.where(has_sign, lead, 1)
    stays_for_term = (state.contract_end > last) & (state.contract_end - month <= _WAITS_AT_MOST) & (waits < _WAITS_FOR_TERM)
    last = np.where(stays_for_term, state.contract_end, last)
    asks_along = industry.has_port_out & ~moves & (asks < _ASKS_ALONG_SHARE) & state.is_operations
    _leave(state, leaves, month, last, reason)
    state.has_sign = np.where(leaves, has_sign, state.has_sign)
    state.asks_along = np.where(leaves & asks_along, np.where(asks < _ASKS_ALONG_SHARE / 3, last, last - 1), state.asks_along)


def run_short(rng: np.random.Generator, state: State, served: Booleans, month: int) -> None:
    """Whose money is short this month; of those with poor credit some stop paying for good and are closed for it."""
    count = state.count
    draw, gives_up = rng.random(count), rng.random(count)
    strain = (1.0 - state.credit) * (1.0 - state.credit)
    state.is_short = served & (draw < np.where(state.is_short, 0.45 + 0.3 * strain, 0.010 + 0.17 * strain))
    state.short_for = np.where(state.is_short | (state.stopped != NEVER), state.short_for + 1, 0)
    stops = state.is_short & (state.decided == NEVER) & (state.credit < _POOR_CREDIT) & (gives_up < _GIVES_UP)
    state.stopped = np.where(stops, month, state.stopped)
    _leave(state, stops, month, np.full(count, month + _CLOSED_AFTER), np.full(count, NON_PAYMENT))


def suspended(state: State, month: int) -> Booleans:
    """Who is cut off for not paying: for good, or until there is money again."""
    for_good = (state.stopped != NEVER) & (month >= state.stopped + _SUSPENDED_AFTER)
    for_a_while = state.short_for > _SHORT_FOR
    return np.asarray((for_good | for_a_while) & (month <= state.last))


def _leave(state: State, leaves: Booleans, month: int, last: Integers, reason: Integers) -> None:
    # Who would be gone before the sample begins is not in it.
    leaves &= last >= 0
    state.decided = np.where(leaves, month, state.decided)
    state.last = np.where(leaves, last, state.last)
    state.reason = np.where(leaves, reason, state.reason)
