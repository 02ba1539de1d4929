"""What a chunk of customers is like at one moment of the story: the arrays that each month changes. `life` keeps what they were."""

from dataclasses import dataclass

import numpy as np

from pipelines.sample.chance import Booleans, Floats, Integers
from pipelines.sample.industries.industry import Industry
from pipelines.sample.population.accounts import Accounts
from pipelines.sample.population.entities import Entities
from pipelines.sample.population.memberships import HARBOUR, TWICE, Memberships
from pipelines.sample.story.life import NEVER, NOTHING

_WORN = 0.05
_LONG_AGO = -10_000


@dataclass
class State:
    """One position a customer (membership). Traits are those of its entity and never change; the rest does.

    Attributes:
        grudge: What silent failures have left behind, on the scale of `mood`.
        level: Factor on the usual use, without the fall before leaving.
        drift: By how much the level rises a month.
        factor: What campaigns do to the chance of leaving; 1 without.
        factor_until: Last month in which that holds.
        resting_until: Last month in which nobody calls it again to keep it, held out or not.
        bill: What a usual month costs, in fen.
        high: Months running with a bill at the top tier's level; low: below it.
        trouble: Month of the newest failure.
        harm: What it did to the mood.
        dearer: Month of the newest price rise.
        short_for: Months running in which money is short.
    """

    is_operations: Booleans
    joined: Integers
    price_sensitivity: Floats
    inertia: Floats
    contentment: Floats
    credit: Floats
    voice: Floats
    attachment: Floats
    persuadability: Floats
    mood: Floats
    grudge: Floats
    level: Floats
    drift: Floats
    factor: Floats
    factor_until: Integers
    resting_until: Integers
    bill: Integers
    high: Integers
    low: Integers
    is_top: Booleans
    trouble: Integers
    harm: Floats
    dearer: Integers
    step: Integers
    saving: Integers
    saving_until: Integers
    contract_end: Integers
    is_short: Booleans
    short_for: Integers
    decided: Integers
    last: Integers
    reason: Integers
    has_sign: Booleans
    asks_along: Integers
    stopped: Integers

    @property
    def count(self) -> int:
        """How many customers there are."""
        return len(self.joined)

    def served(self, month: int) -> Booleans:
        """Who has a running service in a month."""
        return (self.joined < month) & (self.last >= month)

    def falling(self, month: int) -> Integers:
        """For how many months each has shown that it is leaving."""
        return np.where(self.has_sign & (self.decided != NEVER), np.maximum(month - self.decided, 0), 0)


def begin(rng: np.random.Generator, entities: Entities, memberships: Memberships, accounts: Accounts, industry: Industry) -> State:
    """Everybody as the story begins. Customers of harbour are in it, and never served."""
    entity, count = memberships.entity, memberships.count
    bill = np.bincount(accounts.customer, weights=accounts.usual_bill, minlength=count).astype(np.int64)
    first = np.flatnonzero(accounts.is_first & accounts.has_contract)
    contract_end = np.full(count, NEVER)
    contract_end[accounts.customer[first]] = accounts.contract_start[first] + industry.contract_months
    never = memberships.slot == HARBOUR
    contentment = entities.contentment[entity]
    return State(
        is_operations=memberships.slot <= TWICE,
        joined=np.where(never, NEVER, memberships.joined),
        price_sensitivity=entities.price_sensitivity[entity],
        inertia=entities.inertia[entity],
        contentment=contentment,
        credit=entities.credit[entity],
        voice=entities.voice[entity],
        attachment=entities.attachment[entity],
        persuadability=entities.persuadability[entity],
        mood=np.maximum(contentment - _WORN, 0.0),
        grudge=np.zeros(count),
        level=0.8 + 0.4 * rng.random(count),
        drift=0.012 * (rng.random(count) - 0.45),
        factor=np.ones(count),
        factor_until=np.full(count, _LONG_AGO),
        resting_until=np.full(count, _LONG_AGO),
        bill=bill,
        high=np.zeros(count, dtype=np.int64),
        low=np.zeros(count, dtype=np.int64),
        is_top=np.zeros(count, dtype=np.bool_),
        trouble=np.full(count, _LONG_AGO),
        harm=np.zeros(count),
        dearer=np.full(count, _LONG_AGO),
        step=np.zeros(count, dtype=np.int64),
        saving=np.zeros(count, dtype=np.int64),
        saving_until=np.full(count, _LONG_AGO),
        contract_end=contract_end,
        is_short=np.zeros(count, dtype=np.bool_),
        short_for=np.zeros(count, dtype=np.int64),
        decided=np.full(count, NEVER),
        last=np.full(count, NEVER),
        reason=np.full(count, NOTHING),
        has_sign=np.zeros(count, dtype=np.bool_),
        asks_along=np.full(count, NEVER),
        stopped=np.full(count, NEVER),
    )
