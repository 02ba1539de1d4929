"""The key-account office's own register of the larger organisations, a full list each month, and who is who in all registers."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Integers
from pipelines.sample.population import words
from pipelines.sample.population.addresses import BRANCHES
from pipelines.sample.population.memberships import MAIN, SLOTS
from pipelines.sample.population.people import describe
from pipelines.sample.population.written import KEY_ACCOUNT, written
from pipelines.sample.records.customers import homes_of, last_variations, reach

LARGE_FROM: Final = 1.6  # level of consumption of the organisations that the office looks after
FORGOTTEN_AFTER_MONTHS: Final = 3
SYSTEMS: Final = ("operations", "operations", "harbour", "leasing", "key_accounts")  # by slot
_PART: Final = 1 << 20  # of the stream: above every chunk's number, whose draws are those of the other registers


def make_key_accounts(chunk: Chunk) -> pl.DataFrame:
    """The register of every month.

    Args:
        chunk: The chunk.

    Returns:
        One row an organisation and month, ordered by delivered and customer_id: the columns of the record `customers` (customer_id is the
        global number of the MAIN record) with entity (global number), delivered and `_variations` (as in `customers.make_customers`). An
        organisation that has closed is in the lists of the closing month and the two after it.
    """
    memberships, timeline, particulars = chunk.memberships, chunk.business.timeline, chunk.particulars
    large, stands = _register(chunk)
    closed = chunk.life.closed[large]
    closing = np.where(np.isnat(closed), timeline.count, timeline.index_of(np.where(np.isnat(closed), timeline.end, closed)))
    months = np.arange(timeline.count, dtype=np.int64)[:, None]
    joined = np.maximum(memberships.joined[large], 0)
    month, place = np.nonzero((months >= joined) & (months < closing + FORGOTTEN_AFTER_MONTHS))
    customer = large[place]
    entity = memberships.entity[customer]
    told = np.minimum(month, np.minimum(closing[place], timeline.count - 1))  # nobody asks on after the closing
    rows = stands[place]
    reached = reach(chunk, rows, entity, told, month, joined[place])
    has_closed = closing[place] <= month
    registered, changed = memberships.registered[customer], particulars.changed[told, entity]
    manager = particulars.manager[told, entity]
    closed_then = np.where(has_closed, closed[place], np.datetime64("NaT")).astype("datetime64[ms]")
    return rows.select(
        customer_id=pl.Series(memberships.number[customer]),
        entity=pl.Series(chunk.entities.number[entity]),
        customer_type=pl.lit("organisation"),
        name="name",
        national_id="national_id",
        phone=reached["phone"],
        email="email",
        address=reached["address"],
        region=pl.Series(words.REGIONS).gather(pl.Series(particulars.region[told, entity])),
        industry="industry",
        organisation_unit=pl.Series(BRANCHES).gather(pl.Series(particulars.branch[told, entity])),
        manager_id=pl.when(pl.Series(manager >= 0)).then(pl.Series(manager)),
        parent_customer_id=(pl.col("parent") + chunk.entities.first) * SLOTS,
        registered_at=pl.Series(registered.astype("datetime64[ms]")),
        closed_at=pl.Series(closed_then),
        language="language",
        updated_at=pl.Series(np.fmax(np.fmax(registered, changed), closed_then).astype("datetime64[ms]")),
        _variations=reached["variations"],
        delivered=pl.Series(month),
    )


def matching(chunk: Chunk) -> pl.DataFrame:
    """Who is who: one row a record of any register, ordered by entity and slot.

    Returns:
        entity (global number), system (one of SYSTEMS), slot (KEY_ACCOUNT in the key-account register), customer_id (global number; in the
        key-account register that of the MAIN record), variations (what differs from the true identity at the end of the sample, joined
        by "+").
    """
    memberships, last = chunk.memberships, chunk.business.timeline.count - 1
    large, stands = _register(chunk)
    joined = np.clip(memberships.joined[large], 0, last)
    end = np.full(len(large), last, dtype=np.int64)
    closed = chunk.life.closed[large]
    told = np.where(np.isnat(closed), end, np.clip(chunk.business.timeline.index_of(closed), 0, last))
    of_register = reach(chunk, stands, memberships.entity[large], np.maximum(told, joined), end, joined)["variations"]
    customer = np.concatenate([np.arange(memberships.count, dtype=np.int64), large])
    slot = np.concatenate([memberships.slot, np.full(len(large), KEY_ACCOUNT)])
    return pl.DataFrame(
        {
            "entity": chunk.entities.number[memberships.entity[customer]],
            "system": pl.Series(SYSTEMS).gather(pl.Series(slot)),
            "slot": slot,
            "customer_id": memberships.number[customer],
            "variations": pl.concat([last_variations(chunk), of_register]),
        }
    ).sort("entity", "slot", maintain_order=True)


def _register(chunk: Chunk) -> tuple[Integers, pl.DataFrame]:
    """Positions of the customers in the register, and what is written there about each."""
    memberships, entities = chunk.memberships, chunk.entities
    is_large = (entities.is_organisation & (entities.value > LARGE_FROM))[memberships.entity]
    large = np.flatnonzero(is_large & (memberships.slot == MAIN) & (memberships.joined < chunk.business.timeline.count))
    people = describe(chunk.index, chunk.business.seed, entities, homes_of(chunk))
    slot = np.full(len(large), KEY_ACCOUNT, dtype=np.int64)
    return large, written(chunk.business.seed, _PART + chunk.index, people, memberships.entity[large], slot)
