"""As whose customers the entities are registered: at operations, some of them twice by mistake, and at the two subsidiaries."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.chance import Integers, Times, stream
from pipelines.sample.population.entities import Entities
from pipelines.sample.timeline import Timeline

SLOTS: Final = 4
MAIN, TWICE, HARBOUR, LEASING = range(SLOTS)  # slots: operations, operations a second time by mistake, and the subsidiaries
OPERATIONS_UNIT, HARBOUR_UNIT, LEASING_UNIT = range(3)
UNIT_OF_SLOT: Final = np.array([OPERATIONS_UNIT, OPERATIONS_UNIT, HARBOUR_UNIT, LEASING_UNIT], dtype=np.int64)
_TWICE_SHARE, _HARBOUR_SHARE, _LEASING_SHARE, _LEASING_OF_ORGANISATIONS = 0.02, 0.16, 0.04, 0.30


@dataclass(frozen=True)
class Memberships:
    """One position a customer: an entity in one slot, ordered by entity and slot.

    Attributes:
        entity: Position of the entity in the chunk.
        slot: MAIN, TWICE, HARBOUR or LEASING.
        joined: Month index of registration there; -1 before the sample begins.
        registered: When that was.
        number: Global number of the customer.
    """

    entity: Integers
    slot: Integers
    joined: Integers
    registered: Times
    number: Integers

    @property
    def count(self) -> int:
        """How many customers there are in the chunk."""
        return len(self.entity)

    @property
    def unit(self) -> Integers:
        """The company of the group: OPERATIONS_UNIT, HARBOUR_UNIT or LEASING_UNIT."""
        return np.asarray(UNIT_OF_SLOT[self.slot])


def make_memberships(seed: int, chunk: int, entities: Entities, timeline: Timeline) -> Memberships:
    """Register every entity at operations, and some of them elsewhere as well."""
    rng = stream(seed, "memberships", chunk)
    count = entities.count
    leasing_share = np.where(entities.is_organisation, _LEASING_OF_ORGANISATIONS, _LEASING_SHARE)
    is_member = np.stack(
        [
            np.ones(count, dtype=np.bool_),
            (rng.random(count) < _TWICE_SHARE) & ~entities.is_organisation,
            (rng.random(count) < _HARBOUR_SHARE) & ~entities.is_organisation,
            rng.random(count) < leasing_share,
        ],
        axis=1,
    )
    entity, slot = np.nonzero(is_member)
    # Elsewhere one registers at any time, so that neither is always the older record.
    elsewhere = rng.integers(-timeline.count, timeline.count, len(entity))
    day, second = rng.integers(1, 29, len(entity)), rng.integers(9 * 3_600, 18 * 3_600, len(entity))
    is_main = slot == MAIN
    return Memberships(
        entity=entity,
        slot=slot,
        joined=np.where(is_main, entities.joined[entity], np.maximum(elsewhere, -1)),
        registered=np.where(is_main, entities.registered[entity], timeline.at(elsewhere, day, second)),
        number=entities.number[entity] * SLOTS + slot,
    )
