"""What all parts of the generator are given: the business as a whole, and one chunk of it."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from pipelines.sample.chance import Integers
from pipelines.sample.industries.industry import Industry
from pipelines.sample.population.accounts import Accounts
from pipelines.sample.population.entities import Entities
from pipelines.sample.population.memberships import Memberships
from pipelines.sample.population.particulars import Particulars
from pipelines.sample.population.staff import Staff
from pipelines.sample.story.campaigns import Campaigns, Members
from pipelines.sample.story.life import Life
from pipelines.sample.timeline import Timeline


@dataclass
class Numbering:
    """Hands out the numbers of events, one row of numbers a kind of record, through all chunks."""

    _taken: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, record_type: str, count: int) -> Integers:
        """The next `count` numbers of a kind of record, from 0."""
        first = self._taken[record_type]
        self._taken[record_type] += count
        return first + np.arange(count, dtype=np.int64)


@dataclass(frozen=True)
class Business:
    """The business as a whole.

    Attributes:
        seed: Decides every draw.
        customers: How many entities there are in all.
        timeline: The months.
        industry: What is sold.
        staff: Who works there.
        outages: Months × regions: whether an outage struck the region; the same for all chunks.
        campaigns: The campaigns, in the order in which they start.
        numbering: Numbers for events.
    """

    seed: int
    customers: int
    timeline: Timeline
    industry: Industry
    staff: Staff
    outages: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    campaigns: Campaigns
    numbering: Numbering


@dataclass(frozen=True)
class Chunk:
    """Some of the entities with all that they are and all that happened to them. Positions in one array index the others of the chunk.

    Attributes:
        index: Number of the chunk, from 0: the `part` of every `stream`.
        business: What it is a part of.
        entities: The entities.
        memberships: The customers, each pointing to its entity.
        particulars: What changes about the entities.
        accounts: The accounts, each pointing to its customer.
        life: What happened to the customers.
        members: Who was chosen for which campaign, and what came of it.
    """

    index: int
    business: Business
    entities: Entities
    memberships: Memberships
    particulars: Particulars
    accounts: Accounts
    life: Life
    members: Members
