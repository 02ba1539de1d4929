"""What changes about an entity from month to month: where it lives, how it is reached, and who looks after it."""

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.sample.chance import Booleans, Integers, Times, pick, stream
from pipelines.sample.population.entities import REGION_SHARES, Entities
from pipelines.sample.population.staff import BRANCHES_PER_REGION, Staff
from pipelines.sample.timeline import Timeline

_MANAGED_FROM: Final = 3.0  # persons of this level of consumption have an account manager, organisations always
_MOVES, _NEW_PHONES, _NEW_MANAGERS = 0.006, 0.008, 0.015
_Kind = TypeVar("_Kind", bound=np.generic)


@dataclass(frozen=True)
class Particulars:
    """Arrays of months × entities.

    Attributes:
        region: Position of the region.
        street: A draw (0-999,999) that stands for street and town.
        house: Number of the house.
        phone: How many telephone numbers the entity has had before this one.
        manager: Employee number of the account manager, -1 for none.
        changed: When something last changed; NaT while nothing has since the registration.
    """

    region: Integers
    street: Integers
    house: Integers
    phone: Integers
    manager: Integers
    changed: Times

    @property
    def branch(self) -> Integers:
        """Position of the branch that serves the address (region * BRANCHES_PER_REGION + 0 or 1)."""
        return np.asarray(self.region * BRANCHES_PER_REGION + self.street % BRANCHES_PER_REGION)


def make_particulars(seed: int, chunk: int, entities: Entities, staff: Staff, timeline: Timeline) -> Particulars:
    """Draw what changes: some move house (and with it region and manager), some get another telephone number or another manager."""
    rng = stream(seed, "attributes", chunk)
    shape = (timeline.count, entities.count)
    is_known = np.arange(timeline.count)[:, None] > entities.joined[None, :]
    has_moved = is_known & (rng.random(shape) < _MOVES)
    has_new_phone = is_known & (rng.random(shape) < _NEW_PHONES)
    is_managed = entities.is_organisation | (entities.value > _MANAGED_FROM)
    has_new_manager = is_known & is_managed & (rng.random(shape) < _NEW_MANAGERS)
    since_move = _latest(has_moved)
    regions = np.where(np.arange(timeline.count)[:, None] == 0, entities.region[None, :], pick(rng, REGION_SHARES, shape))
    region = _at(regions, since_move)
    desk = _at(_desks(rng, entities, staff, shape), _latest(has_new_manager))
    change = timeline.at(np.arange(timeline.count)[:, None], rng.integers(1, 29, shape), rng.integers(9 * 3_600, 18 * 3_600, shape))
    since_any = _latest(has_moved | has_new_phone | has_new_manager, none=-1)
    return Particulars(
        region=region,
        street=_at(rng.integers(0, 1_000_000, shape), since_move),
        house=_at(rng.integers(1, 400, shape), since_move),
        phone=np.cumsum(has_new_phone, axis=0),
        manager=np.where(is_managed, staff.number_of(region, desk), -1),
        changed=np.where(since_any < 0, np.datetime64("NaT"), _at(change, np.maximum(since_any, 0))).astype("datetime64[ms]"),
    )


def _desks(rng: np.random.Generator, entities: Entities, staff: Staff, shape: tuple[int, int]) -> Integers:
    """Desks with a low number inherited the less contented: half of the customers go where their contentment sends them, half anywhere."""
    desks = staff.managers_per_region
    sent = np.clip((entities.contentment - 0.45) * 1.9 * desks, 0, desks - 1).astype(np.int64)
    return np.where(rng.random(shape) < 0.5, np.broadcast_to(sent, shape), rng.integers(0, desks, shape))


def _latest(has_changed: Booleans, none: int = 0) -> Integers:
    """For each month and entity, the latest month up to it with a change; `none` before any."""
    months = np.arange(len(has_changed))[:, None]
    return np.maximum.accumulate(np.where(has_changed, months, none), axis=0)


def _at(drawn: NDArray[_Kind], month: Integers) -> NDArray[_Kind]:
    """What was drawn in that month for each entity."""
    return np.take_along_axis(drawn, month, axis=0)
