"""What happens to the customers and what they do about it, month by month.

A thin causal story: failures and a dearer plan lower a customer's mood. Some complain, and a good answer repairs most of the harm;
others stay silent and keep the grudge. The less content and the less inert leave, and before they leave most use less for one to three
months. Poor payers are closed for not paying.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample import words
from pipelines.sample.accounts import Accounts
from pipelines.sample.catalogue import rises_in
from pipelines.sample.chance import Booleans, Floats, Integers, Times, pick, stream
from pipelines.sample.people import Customers, Particulars
from pipelines.sample.timeline import Timeline

NOTHING, OUTAGE, WRONG_BILL, POOR_REPAIR, OTHER = -1, 0, 1, 2, 3  # failures, in the order of words.COMPLAINT_TOPICS
NEVER: Final = 9_999
COMPETITOR, SERVICE, PRICE, MOVED_AWAY, NON_PAYMENT = range(5)  # reasons, in the order of words.CLOSE_REASONS

_OUTAGE_IN_REGION, _OUTAGE_HITS = 0.14, 0.3
_WRONG_BILL_RATE, _POOR_REPAIR_RATE, _OTHER_RATE = 0.012, 0.02, 0.006
_HARM: Final = np.array([0.14, 0.20, 0.18, 0.08, 0.0])  # by failure; the last stands for NOTHING, whose index is -1
_PRICE_HARM, _REPAIRED_SHARE, _SNUB_SHARE, _FORGETTING = 0.05, 0.8, 0.5, 0.10
_CONTENT_ABOVE, _BASE_HAZARD, _MOOD_HAZARD = 0.80, 0.002, 0.34
_POOR_CREDIT, _NON_PAYMENT_HAZARD = 0.25, 0.05
_BEFORE, _WORN = 3, 0.05
_LEAD_WEIGHTS: Final = (15, 20, 30, 35)  # in how many months before the last bill the use falls: none, 1, 2, 3


@dataclass(frozen=True)
class Life:
    """The story: arrays of months × customers, and of customers.

    Attributes:
        failure: NOTHING, OUTAGE, WRONG_BILL, POOR_REPAIR or OTHER, by month.
        has_complained: Whether that failure made the customer complain.
        is_answered_well: Whether the complaint was answered well.
        mood: Satisfaction at the month's end, 0-1.
        decided: Month in which the customer made up their mind to leave (NEVER: did not).
        last: Month of the last bill (NEVER; may lie after the end of the sample).
        reason: COMPETITOR … NON_PAYMENT; -1 for those who stay.
        closed: When the customer was closed, NaT where that lies after the end of the sample or never.
    """

    failure: Integers
    has_complained: Booleans
    is_answered_well: Booleans
    mood: Floats
    decided: Integers
    last: Integers
    reason: Integers
    closed: Times

    def months_falling(self, customer: Integers, month: Integers) -> Integers:
        """For how many months each customer has been using less: 0 until the decision, then 1, 2, 3. Those who just stop paying use on."""
        return np.where(self.reason[customer] == NON_PAYMENT, 0, np.clip(month - self.decided[customer], 0, 3))

    def is_served(self, customers: Customers, month: int) -> Booleans:
        """Who is a customer with a running service in a month."""
        return (customers.joined < month) & (self.last >= month)


def live(seed: int, customers: Customers, particulars: Particulars, accounts: Accounts, timeline: Timeline) -> Life:
    """Let the months pass, one after the other."""
    rng = stream(seed, "behaviour")
    count, months = customers.count, timeline.count
    life = Life(
        failure=np.full((months, count), NOTHING),
        has_complained=np.zeros((months, count), dtype=np.bool_),
        is_answered_well=np.zeros((months, count), dtype=np.bool_),
        mood=np.empty((months, count)),
        decided=np.full(count, NEVER),
        last=np.full(count, NEVER),
        reason=np.full(count, -1),
        closed=np.full(count, np.datetime64("NaT"), dtype="datetime64[ms]"),
    )
    mood = np.maximum(customers.contentment - _WORN, 0.0)
    for month in range(-_BEFORE, 0):  # so that some are on their way out, or just gone, when the sample begins
        _decide(rng, life, customers, mood, (customers.joined < 0) & (life.decided == NEVER), month)
    for month in range(months):
        is_served = life.is_served(customers, month)
        failure = np.where(is_served, _failures(rng, particulars.region[month]), NOTHING)
        has_complained = (failure != NOTHING) & ((rng.random(count) < 0.15 + 0.7 * customers.voice) | (failure == OTHER))
        is_answered_well = has_complained & (rng.random(count) < 0.6)
        is_dearer = np.zeros(count, dtype=np.bool_)
        is_dearer[accounts.owner[rises_in(accounts.holdings[:, 0], month, timeline)]] = True

        harm = _HARM[failure]
        mood = mood + _FORGETTING * (customers.contentment - mood) - harm - _PRICE_HARM * is_dearer
        mood = mood + harm * (_REPAIRED_SHARE * is_answered_well - _SNUB_SHARE * (has_complained & ~is_answered_well))
        mood = np.clip(mood, 0.0, 1.0)
        life.failure[month], life.has_complained[month] = failure, has_complained
        life.is_answered_well[month], life.mood[month] = is_answered_well, mood
        _decide(rng, life, customers, mood, is_served & (life.decided == NEVER), month)
    _close(rng, life, timeline)
    return life


def _failures(rng: np.random.Generator, region: Integers) -> Integers:
    """At most one failure a customer: an outage strikes a region, the others single customers."""
    count = len(region)
    is_struck = rng.random(len(words.REGIONS)) < _OUTAGE_IN_REGION
    hit, draw = rng.random(count), rng.random(count)
    failure = np.where(draw < _WRONG_BILL_RATE, WRONG_BILL, NOTHING)
    failure = np.where((failure == NOTHING) & (draw < _WRONG_BILL_RATE + _POOR_REPAIR_RATE), POOR_REPAIR, failure)
    failure = np.where((failure == NOTHING) & is_struck[region] & (hit < _OUTAGE_HITS), OUTAGE, failure)
    return np.where((failure == NOTHING) & (draw > 1.0 - _OTHER_RATE), OTHER, failure)


def _decide(rng: np.random.Generator, life: Life, customers: Customers, mood: Floats, may_leave: Booleans, month: int) -> None:
    """Make up the minds of those who leave, and set down when and why."""
    count = customers.count
    lack = np.maximum(_CONTENT_ABOVE - mood, 0.0)
    hazard = (_BASE_HAZARD + _MOOD_HAZARD * lack * lack) * (1.3 - customers.inertia)
    is_leaving = may_leave & (rng.random(count) < hazard)
    stops_paying = may_leave & ~is_leaving & (customers.credit < _POOR_CREDIT) & (rng.random(count) < _NON_PAYMENT_HAZARD)
    lead = pick(rng, _LEAD_WEIGHTS, count)
    other_reason = np.where(rng.random(count) < 0.75, COMPETITOR, MOVED_AWAY)

    recent = life.failure[max(0, month - 3) : max(0, month + 1)]
    was_let_down = np.isin(recent, (OUTAGE, POOR_REPAIR)).any(axis=0)
    reason = np.where((recent == WRONG_BILL).any(axis=0), PRICE, np.where(was_let_down, SERVICE, other_reason))
    leaves = is_leaving | stops_paying
    life.decided[leaves] = month
    life.last[leaves] = (month + np.where(stops_paying, 3, lead))[leaves]
    life.reason[leaves] = np.where(stops_paying, NON_PAYMENT, reason)[leaves]


def _close(rng: np.random.Generator, life: Life, timeline: Timeline) -> None:
    """Close the leavers near the end of the month of their last bill."""
    count = len(life.last)
    day, second = rng.integers(24, 29, count), rng.integers(9 * 3_600, 18 * 3_600, count)
    has_left = life.last < timeline.count
    when = timeline.at(np.where(has_left, life.last, 0), day, second)
    life.closed[has_left] = when[has_left]
