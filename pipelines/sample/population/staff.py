"""Who works at operations: account managers of each region, agents, collectors; and how good they are, which no system records."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.chance import Floats, Integers, bell, stream

REGIONS: Final = 5
BRANCHES_PER_REGION: Final = 2
MANAGER_OF_REGION: Final = 1_000  # managers are numbered region * 1000 + desk + 1
FIRST_AGENT: Final = 10_001
FIRST_COLLECTOR: Final = 20_001


@dataclass(frozen=True)
class Staff:
    """The employees.

    Attributes:
        managers_per_region: Account managers of each region.
        agents: How many agents answer contacts, numbered from FIRST_AGENT.
        collectors: How many collectors there are, numbered from FIRST_COLLECTOR.
        manager_skill: Regions × desks: what a manager adds to the chance that a complaint is handled well, about -0.25 to 0.25.
        agent_skill: What an agent adds to the chance that a contact is resolved.
    """

    managers_per_region: int
    agents: int
    collectors: int
    manager_skill: Floats
    agent_skill: Floats

    def number_of(self, region: Integers, desk: Integers) -> Integers:
        """The employee number of each manager."""
        return np.asarray(region * MANAGER_OF_REGION + desk + 1)

    def skill_of(self, manager: Integers) -> Floats:
        """The skill of each manager, 0 where there is none (-1)."""
        place = np.maximum(manager - 1, 0)
        return np.where(manager < 0, 0.0, self.manager_skill[place // MANAGER_OF_REGION, place % MANAGER_OF_REGION])


def make_staff(seed: int, customers: int) -> Staff:
    """As many as a business of that many entities needs."""
    rng = stream(seed, "managers")
    desks = min(max(customers // 700, 3), 400)
    agents = min(max(customers // 100, 20), 2_000)
    return Staff(
        managers_per_region=desks,
        agents=agents,
        collectors=min(max(customers // 500, 4), 200),
        manager_skill=0.08 * bell(rng, (REGIONS, desks)),
        agent_skill=0.06 * bell(rng, agents),
    )
