"""The true persons and organisations, and what they are like. Names and addresses are in `people`; what happens to them is in `story`."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.chance import Booleans, Floats, Integers, Times, bell, pick, stream
from pipelines.sample.timeline import Timeline

REGION_SHARES: Final = (24, 26, 22, 12, 16)
_OLDEST_DAYS: Final = 4_300  # the business began about twelve years before the sample does
_NEWCOMERS_A_MONTH: Final = 80  # one in so many


@dataclass(frozen=True)
class Entities:
    """One position an entity of a chunk. All traits but `value` lie in 0-1.

    Attributes:
        first: Global number of the first entity of the chunk.
        is_organisation: Whether it is an organisation.
        is_latin: Whether its name is written in Latin letters by nature (foreigners, foreign companies).
        is_woman: For persons.
        joined: Month index of its registration at operations; -1 before the sample begins. The first bill comes in the month after.
        registered: When that was.
        region: Position of the region in which it lives at the start.
        value: Level of consumption; 1 is ordinary, a few reach 9.
        price_sensitivity: How much prices matter.
        inertia: Reluctance to change anything.
        contentment: Satisfaction to which it returns while nothing goes wrong.
        credit: Creditworthiness.
        voice: Readiness to complain rather than to stay silent.
        attachment: Commitment to the brand beyond satisfaction.
        share_of_wallet: Share of its spending in these lines that it gives to the group, 0.15-1.
        persuadability: How a retention offer works on it: above 0 it keeps, below 0 it wakes a customer better left alone.
    """

    first: int
    is_organisation: Booleans
    is_latin: Booleans
    is_woman: Booleans
    joined: Integers
    registered: Times
    region: Integers
    value: Floats
    price_sensitivity: Floats
    inertia: Floats
    contentment: Floats
    credit: Floats
    voice: Floats
    attachment: Floats
    share_of_wallet: Floats
    persuadability: Floats

    @property
    def count(self) -> int:
        """How many entities there are in the chunk."""
        return len(self.joined)

    @property
    def number(self) -> Integers:
        """Global number of each entity, from 0."""
        return self.first + np.arange(self.count, dtype=np.int64)


def make_entities(seed: int, chunk: int, first: int, count: int, timeline: Timeline) -> Entities:
    """Draw the entities of a chunk, in the order in which they registered: most were there when the sample begins, the others join."""
    rng = stream(seed, "people", chunk)
    newcomers = min(count // 2, count * timeline.count // _NEWCOMERS_A_MONTH)
    joined = np.sort(np.concatenate([np.full(count - newcomers, -1), rng.integers(0, timeline.count, newcomers)]))
    past = np.sort((30 + _OLDEST_DAYS * rng.random(count) * rng.random(count)).astype(np.int64))[::-1]
    opening = rng.integers(9 * 3_600, 18 * 3_600, count)
    before = timeline.at(np.zeros(count, dtype=np.int64), 1 - past, opening)
    registered = np.where(joined < 0, before, timeline.at(joined, rng.integers(1, 29, count), opening))
    order = np.argsort(registered, kind="stable")
    joined, registered = joined[order], registered[order]

    spread, tail = rng.random(count), rng.random(count)
    contentment = np.clip(0.74 + 0.11 * bell(rng, count), 0.2, 0.98)
    price_sensitivity, inertia = rng.random(count), rng.random(count)
    attachment = np.clip(0.6 * contentment + 0.25 * bell(rng, count) * 0.6 + 0.05, 0.0, 1.0)
    wallet = np.clip(0.35 + 0.45 * rng.random(count) + 0.3 * attachment, 0.15, 1.0)
    persuadability = np.clip(0.25 + 0.5 * price_sensitivity - 0.75 * inertia * (1.3 - contentment) + 0.25 * bell(rng, count), -1.0, 1.0)
    doubt = rng.random(count)
    return Entities(
        first=first,
        is_organisation=rng.random(count) < 0.12,
        is_latin=rng.random(count) < 0.10,
        is_woman=rng.random(count) < 0.5,
        joined=joined,
        registered=registered,
        region=pick(rng, REGION_SHARES, count),
        value=0.4 + 0.6 * spread + 0.25 / (1.0 - 0.97 * tail),
        price_sensitivity=price_sensitivity,
        inertia=inertia,
        contentment=contentment,
        credit=1.0 - doubt * doubt * doubt * doubt,
        voice=rng.random(count),
        attachment=attachment,
        share_of_wallet=wallet,
        persuadability=persuadability,
    )
