"""The customers: who they are, what they are like, and how their particulars change from month to month."""

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.sample import words
from pipelines.sample.chance import Booleans, Floats, Integers, Times, bell, pick, stream
from pipelines.sample.timeline import Timeline

_OLDEST_DAYS: Final = 4_300  # the business began about twelve years before the sample does
_MANAGERS_PER_REGION: Final = 3
_Kind = TypeVar("_Kind", bound=np.generic)


@dataclass(frozen=True)
class Customers:
    """One position a customer, in the order in which they registered.

    Attributes:
        joined: Month index of registration; -1 before the sample begins. The first bill comes in the month after.
        registered: When they registered.
        value: Level of consumption; 1 is ordinary, a few reach 9.
        contentment: Satisfaction when nothing has gone wrong, 0-1.
        inertia: Reluctance to leave, 0-1.
        credit: Creditworthiness, 0-1.
        voice: Readiness to complain rather than to stay silent, 0-1.
    """

    is_organisation: Booleans
    is_latin: Booleans
    is_woman: Booleans
    first_name: Integers
    last_name: Integers
    born: Times
    trade: Integers
    parent: Integers
    joined: Integers
    registered: Times
    value: Floats
    contentment: Floats
    inertia: Floats
    credit: Floats
    voice: Floats

    @property
    def count(self) -> int:
        """How many customers there are."""
        return len(self.joined)

    @property
    def number(self) -> Integers:
        """The customer's number in the CRM system, which prints it with leading zeros."""
        return 100_207 + 7 * np.arange(self.count, dtype=np.int64)


@dataclass(frozen=True)
class Particulars:
    """What may change: arrays of months × customers.

    Attributes:
        region: Position in words.REGIONS.
        street: A draw that stands for street and town.
        house: Number of the house.
        phone: How many telephone numbers the customer has had before this one.
        manager: Number of the account manager, -1 for none.
        updated: When the CRM record was last touched.
    """

    region: Integers
    street: Integers
    house: Integers
    phone: Integers
    manager: Integers
    updated: Times


def make_customers(seed: int, count: int, timeline: Timeline) -> Customers:
    """Draw the customers: most were there when the sample begins, the others join over its months."""
    rng = stream(seed, "people")
    newcomers = min(count // 2, count * timeline.count // 80)
    joined = np.sort(np.concatenate([np.full(count - newcomers, -1), rng.integers(0, timeline.count, newcomers)]))
    past = np.sort((30 + _OLDEST_DAYS * rng.random(count) * rng.random(count)).astype(np.int64))[::-1]
    opening = rng.integers(9 * 3_600, 18 * 3_600, count)
    before = timeline.at(np.zeros(count, dtype=np.int64), 1 - past, opening)
    registered = np.where(joined < 0, before, timeline.at(joined, rng.integers(1, 29, count), opening))
    order = np.argsort(registered, kind="stable")
    joined, registered = joined[order], registered[order]

    is_organisation = rng.random(count) < 0.12
    age_days = (18 * 365 + 60 * 365 * rng.random(count) * (0.4 + 0.6 * rng.random(count))).astype(np.int64)
    spread, tail = rng.random(count), rng.random(count)
    return Customers(
        is_organisation=is_organisation,
        is_latin=rng.random(count) < 0.12,
        is_woman=rng.random(count) < 0.5,
        first_name=rng.integers(0, 1_000_000, count),
        last_name=rng.integers(0, 1_000_000, count),
        born=registered.astype("datetime64[D]") - age_days.astype("timedelta64[D]"),
        trade=rng.integers(0, 1_000_000, count),
        parent=_parents(rng, is_organisation),
        joined=joined,
        registered=registered,
        value=0.4 + 0.6 * spread + 0.25 / (1.0 - 0.97 * tail),
        contentment=np.clip(0.72 + 0.12 * bell(rng, count), 0.2, 0.98),
        inertia=rng.random(count),
        credit=1.0 - _fourth(rng.random(count)),
        voice=rng.random(count),
    )


def make_particulars(seed: int, customers: Customers, timeline: Timeline) -> Particulars:
    """Draw what changes: some move house (and with it region and manager), some get another telephone number or another manager."""
    rng = stream(seed, "attributes")
    shape = (timeline.count, customers.count)
    is_known = np.arange(timeline.count)[:, None] > customers.joined[None, :]
    has_moved = is_known & (rng.random(shape) < 0.006)
    has_new_phone = is_known & (rng.random(shape) < 0.008)
    is_managed = customers.is_organisation | (customers.value > 3.0)
    has_new_manager = is_known & is_managed & (rng.random(shape) < 0.015)
    since_move = _latest(has_moved)
    region = _at(pick(rng, (24, 26, 22, 12, 16), shape), since_move)
    desk = _at(rng.integers(0, _MANAGERS_PER_REGION, shape), _latest(has_new_manager))
    change = timeline.at(np.arange(timeline.count)[:, None], rng.integers(1, 29, shape), rng.integers(9 * 3_600, 18 * 3_600, shape))
    since_any = _latest(has_moved | has_new_phone | has_new_manager, none=-1)
    return Particulars(
        region=region,
        street=_at(rng.integers(0, 1_000_000, shape), since_move),
        house=_at(rng.integers(1, 400, shape), since_move),
        phone=np.cumsum(has_new_phone, axis=0),
        manager=np.where(is_managed, region * 10 + desk + 1, -1),
        updated=np.where(since_any < 0, customers.registered[None, :], _at(change, np.maximum(since_any, 0))),
    )


def branch_of(region: Integers, street: Integers) -> Integers:
    """The branch that serves an address: each region has BRANCHES_PER_REGION of them."""
    return region * words.BRANCHES_PER_REGION + street % words.BRANCHES_PER_REGION


def _parents(rng: np.random.Generator, is_organisation: Booleans) -> Integers:
    """For a tenth of the organisations, the position of another one that owns it; -1 for everybody else."""
    parent = np.full(len(is_organisation), -1)
    places = np.flatnonzero(is_organisation)
    owned = places[1:][rng.random(max(len(places) - 1, 0)) < 0.1]
    parent[owned] = places[0]
    return parent


def _fourth(draw: Floats) -> Floats:
    return draw * draw * draw * draw


def _latest(has_changed: Booleans, none: int = 0) -> Integers:
    """For each month and customer, the latest month up to it with a change; `none` before any."""
    months = np.arange(len(has_changed))[:, None]
    return np.maximum.accumulate(np.where(has_changed, months, none), axis=0)


def _at(drawn: NDArray[_Kind], month: Integers) -> NDArray[_Kind]:
    """What was drawn in that month for each customer."""
    return np.take_along_axis(drawn, month, axis=0)
