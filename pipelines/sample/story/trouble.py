"""What goes wrong, who complains, how it is answered, and what all this does to the customers' mood."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.chance import Booleans, Floats, Integers
from pipelines.sample.industries.industry import Industry
from pipelines.sample.story.life import BROKEN_PROMISE, LONG_WAIT, NOTHING, OUTAGE, POOR_SERVICE, SLOW, WELL, WRONG_BILL
from pipelines.sample.story.state import State

HARM: Final = np.array([0.12, 0.18, 0.10, 0.20, 0.14, 0.0])  # by failure; the last stands for NOTHING, whose index is -1
_FORGETTING, _FORGIVING = 0.10, 0.12  # how much of the distance to the usual mood, and of a grudge, goes in a month
_SPEAKS_UP, _VOICE = 0.10, 0.55  # who complains: everybody of the dissatisfied a little, those with a voice more
_WELL_SHARE, _REPAIRED, _RECOVERED, _SNUBBED, _SWALLOWED = 0.58, 0.85, 0.03, 0.5, 0.5
_PRICE_HARM, _PRICE_HARM_SENSITIVE = 0.03, 0.10


@dataclass(frozen=True)
class Trouble:
    """What a month brought to each customer: the failure (or NOTHING), whether it complained, and how that was handled (or NOTHING)."""

    failure: Integers
    complains: Booleans
    handling: Integers


def befall(
    rng: np.random.Generator, state: State, industry: Industry, is_struck: Booleans, served: Booleans, skill: Floats, month: int
) -> Trouble:
    """Draw a month's failures and what comes of them, and change mood and grudge accordingly.

    Args:
        rng: Draws.
        state: Changed in place.
        industry: The rates.
        is_struck: Whether an outage struck the customer's region.
        served: Who has a running service.
        skill: What the customer's manager adds to the chance that a complaint is handled well.
        month: Index of the month.
    """
    count = state.count
    hit, draw, speaks, handled = rng.random(count), rng.random(count), rng.random(count), rng.random(count)
    wait = industry.long_wait_rate * np.where(state.is_top, 0.4, 1.0)
    failure = np.full(count, NOTHING)
    edge = np.zeros(count)
    rates = (
        (WRONG_BILL, industry.wrong_bill_rate),
        (LONG_WAIT, wait),
        (BROKEN_PROMISE, industry.broken_promise_rate),
        (POOR_SERVICE, industry.poor_service_rate),
    )
    for kind, rate in rates:
        failure = np.where((draw >= edge) & (draw < edge + rate), kind, failure)
        edge = edge + rate
    failure = np.where((failure == NOTHING) & is_struck & (hit < industry.outage_hits), OUTAGE, failure)
    failure = np.where(served & state.is_operations, failure, NOTHING)

    harm = HARM[failure]
    complains = (failure != NOTHING) & (speaks < _SPEAKS_UP + _VOICE * state.voice * (0.7 + 2.0 * harm))
    is_well = handled < _WELL_SHARE + skill
    handling = np.where(complains, np.where(is_well, WELL, SLOW), NOTHING)
    is_silent = (failure != NOTHING) & ~complains

    mood = state.mood + _FORGETTING * (state.contentment - state.mood) - harm
    mood = mood + np.where(handling == WELL, _REPAIRED * harm + _RECOVERED, 0.0) - np.where(handling == SLOW, _SNUBBED * harm, 0.0)
    state.mood = np.clip(mood, 0.0, 1.0)
    state.grudge = np.minimum(state.grudge * (1.0 - _FORGIVING) + np.where(is_silent, _SWALLOWED * harm, 0.0), 0.5)
    state.trouble = np.where(failure != NOTHING, month, state.trouble)
    state.harm = np.where(failure != NOTHING, harm, state.harm)
    return Trouble(failure, complains, handling)


def charge_more(state: State, holds: Booleans, month: int) -> None:
    """A price rise for those who hold the product: the more prices matter to them, the worse."""
    state.mood = np.where(holds, np.maximum(state.mood - _PRICE_HARM - _PRICE_HARM_SENSITIVE * state.price_sensitivity, 0.0), state.mood)
    state.dearer = np.where(holds, month, state.dearer)
