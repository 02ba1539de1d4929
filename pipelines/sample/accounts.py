"""The accounts: who holds what, on which terms, and when it is billed."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.catalogue import POSITION
from pipelines.sample.chance import Booleans, Floats, Integers, bell, stream
from pipelines.sample.people import Customers
from pipelines.sample.timeline import Timeline

_NONE: Final = -1
_BILLING_DAYS: Final = np.array([1, 5, 10, 15, 20], dtype=np.int64)
_SUCCESSOR_FROM: Final = np.datetime64("2026-01", "M")  # newcomers of this month on get the plan that replaced a withdrawn one


@dataclass(frozen=True)
class Accounts:
    """One position an account, those of a customer next to one another.

    Attributes:
        owner: Position of the customer.
        is_first: Whether it is the customer's first account.
        holdings: Accounts × 4 positions in the catalogue, -1 for none; the first is the plan and always there.
        lines: How many lines the plan has.
        minutes: Ordinary number of charged minutes a month.
        discount: Per cent off everything recurring.
        cycle: Months between two bills: 1, or 3.
        billing_day: Day of the month on which it is billed.
        terms: Days from bill to due date.
    """

    owner: Integers
    is_first: Booleans
    holdings: Integers
    lines: Integers
    minutes: Floats
    discount: Integers
    cycle: Integers
    billing_day: Integers
    terms: Integers

    @property
    def count(self) -> int:
        """How many accounts there are."""
        return len(self.owner)

    @property
    def number(self) -> Integers:
        """The account's number in the CRM system."""
        return 50_000_011 + 3 * np.arange(self.count, dtype=np.int64)


def make_accounts(seed: int, customers: Customers, timeline: Timeline) -> Accounts:
    """Draw one or two accounts a customer, with holdings that follow the customer's level of consumption."""
    rng = stream(seed, "accounts")
    has_second = rng.random(customers.count) < np.where(customers.is_organisation, 0.35, 0.2)
    owner = np.repeat(np.arange(customers.count), 1 + has_second)
    is_first = np.concatenate([[True], owner[1:] != owner[:-1]])
    count = len(owner)
    value, is_organisation = customers.value[owner], customers.is_organisation[owner]

    plan = np.where(is_organisation, _office_plan(is_first, value), np.where(is_first, _mobile_plan(value), _fibre_plan(value)))
    successor_from = max(0, int(timeline.index_of(np.array([_SUCCESSOR_FROM]))[0]))
    plan = np.where((plan == POSITION["M099"]) & (customers.joined[owner] >= successor_from), POSITION["M109"], plan)
    add_on = np.where(rng.random(count) < 0.5, POSITION["A010"], POSITION["A015"])
    extra = np.where(is_organisation, POSITION["O299"], np.where(is_first, POSITION["A025"], POSITION["T020"]))
    fibre = np.where(is_first & ~is_organisation, POSITION["B100"], _NONE)
    liking = np.clip(0.15 + 0.15 * value, 0.0, 0.7)
    holdings = np.stack(
        [
            plan,
            np.where(rng.random(count) < 0.3, fibre, _NONE),
            np.where(~is_organisation & (rng.random(count) < liking), add_on, _NONE),
            np.where(rng.random(count) < liking * 0.6, extra, _NONE),
        ],
        axis=1,
    )
    is_leased = np.isin(plan, [POSITION["O1800"], POSITION["O3600"]])
    talks = np.where(is_organisation, 400.0, 150.0) * value * (1.0 + 0.35 * bell(rng, count))
    return Accounts(
        owner=owner,
        is_first=is_first,
        holdings=holdings,
        lines=np.where(is_organisation & ~is_leased, 1 + (value * value * rng.random(count)).astype(np.int64), 1),
        minutes=np.where(is_leased | ((plan >= POSITION["B100"]) & ~is_organisation), 0.0, np.maximum(talks, 0.0)),
        discount=np.where(rng.random(count) < 0.2, rng.integers(1, 5, count) * 5, 0),
        cycle=np.where(rng.random(count) < np.where(is_organisation, 0.15, 0.05), 3, 1),
        billing_day=_BILLING_DAYS[rng.integers(0, len(_BILLING_DAYS), count)],
        terms=np.where(is_organisation, 30, 15),
    )


def _mobile_plan(value: Floats) -> Integers:
    tier = np.searchsorted(np.array([0.9, 1.5, 3.0]), value)
    return np.array([POSITION["M029"], POSITION["M059"], POSITION["M099"], POSITION["M199"]])[tier]


def _fibre_plan(value: Floats) -> Integers:
    tier = np.searchsorted(np.array([1.2, 3.0]), value)
    return np.array([POSITION["B100"], POSITION["B300"], POSITION["B1000"]])[tier]


def _office_plan(is_first: Booleans, value: Floats) -> Integers:
    return np.where(is_first, POSITION["O120"], np.where(value < 3.0, POSITION["O1800"], POSITION["O3600"]))
