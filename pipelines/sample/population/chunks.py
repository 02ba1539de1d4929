"""From a seed to the business as a whole, and to one chunk of it after the other."""

from typing import Final

from pipelines.sample.business import Business, Chunk, Numbering
from pipelines.sample.industries.industry import Industry
from pipelines.sample.population.accounts import make_accounts
from pipelines.sample.population.entities import REGION_SHARES, make_entities
from pipelines.sample.population.memberships import make_memberships
from pipelines.sample.population.particulars import make_particulars
from pipelines.sample.population.staff import make_staff
from pipelines.sample.story.campaigns import make_campaigns
from pipelines.sample.story.living import live, strike
from pipelines.sample.timeline import Timeline

ENTITIES_A_CHUNK: Final = 10_000


def make_business(seed: int, customers: int, timeline: Timeline, industry: Industry) -> Business:
    """What is one for all chunks: staff, outages, campaigns."""
    return Business(
        seed=seed,
        customers=customers,
        timeline=timeline,
        industry=industry,
        staff=make_staff(seed, customers),
        outages=strike(seed, industry, len(REGION_SHARES), timeline),
        campaigns=make_campaigns(seed, timeline),
        numbering=Numbering(),
    )


def chunk_count(customers: int) -> int:
    """How many chunks there are."""
    return -(-customers // ENTITIES_A_CHUNK)


def make_chunk(business: Business, index: int) -> Chunk:
    """The entities of a chunk, and all that happened to them."""
    first = index * ENTITIES_A_CHUNK
    seed, timeline, industry = business.seed, business.timeline, business.industry
    entities = make_entities(seed, index, first, min(ENTITIES_A_CHUNK, business.customers - first), timeline)
    memberships = make_memberships(seed, index, entities, timeline)
    particulars = make_particulars(seed, index, entities, business.staff, timeline)
    accounts = make_accounts(seed, index, entities, memberships, industry, timeline)
    life, members = live(business, index, entities, memberships, particulars, accounts)
    return Chunk(index, business, entities, memberships, particulars, accounts, life, members)
