"""The customers as the registers of operations and of the two subsidiaries know them: a first version each, and one for every change.

Operations hears of a move, a new telephone number and a new manager; the subsidiaries keep what they were told at the registration.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers, Times
from pipelines.sample.identity_numbers import telephone_numbers
from pipelines.sample.population import words
from pipelines.sample.population.addresses import BRANCHES, addresses, earlier_address, town_of
from pipelines.sample.population.memberships import HARBOUR, OPERATIONS_UNIT, SLOTS
from pipelines.sample.population.particulars import Particulars
from pipelines.sample.population.people import PHONES_AN_ENTITY, describe
from pipelines.sample.population.written import written

_UNITS: Final = ("", "HB", "LS")
_SCATTER: Final = 61_803_399  # shares no factor with 10**8: the new number of an entity does not resemble its old one


def make_customers(chunk: Chunk) -> pl.DataFrame:
    """The versions of the customer records of all three companies.

    Args:
        chunk: The chunk.

    Returns:
        The columns of the record `customers`, ordered by delivered and customer_id, with unit, entity (global number), slot, delivered, and
        `_variations`: what differs in the version from the entity's true identity of that month, joined by "+" ("" when nothing does).
        A customer whose registration lies after the end has no row.
    """
    memberships, timeline = chunk.memberships, chunk.business.timeline
    customer, month = _versions(chunk)
    entity, slot, unit = memberships.entity[customer], memberships.slot[customer], memberships.unit[customer]
    first = np.maximum(memberships.joined, 0)[customer]
    is_operations = unit == OPERATIONS_UNIT
    told = np.where(is_operations, month, first)  # the month of which the record knows
    stands = records_of(chunk)[customer]
    reached = reach(chunk, stands, entity, told, month, first)
    region = chunk.particulars.region[told, entity]
    manager = chunk.particulars.manager[told, entity]
    closed = chunk.life.closed[customer]
    has_closed = ~np.isnat(closed) & (slot != HARBOUR) & (timeline.index_of(closed) <= month)
    registered = memberships.registered[customer]
    changed = np.where(is_operations, chunk.particulars.changed[told, entity], np.datetime64("NaT"))
    parent = stands["parent"]
    rows = stands.select(
        customer_id=pl.Series(memberships.number[customer]),
        unit=pl.Series(unit),
        entity=pl.Series(chunk.entities.number[entity]),
        slot=pl.Series(slot),
        customer_type=pl.when("is_organisation").then(pl.lit("organisation")).otherwise(pl.lit("person")),
        name="name",
        national_id="national_id",
        birth_date="birth_date",
        gender="gender",
        phone=reached["phone"],
        email="email",
        address=reached["address"],
        region=pl.when(pl.Series(is_operations)).then(pl.Series(words.REGIONS).gather(pl.Series(region))),
        industry="industry",
        occupation="occupation",
        organisation_unit=pl.when(pl.Series(is_operations))
        .then(pl.Series(BRANCHES).gather(pl.Series(chunk.particulars.branch[told, entity])))
        .otherwise(pl.Series(_UNITS).gather(pl.Series(unit))),
        manager_id=pl.when(pl.Series(is_operations & (manager >= 0))).then(pl.Series(manager)),
        parent_customer_id=pl.when(pl.Series(is_operations)).then((parent + chunk.entities.first) * SLOTS),
        registered_at=_times(registered),
        closed_at=pl.when(pl.Series(has_closed)).then(_times(closed)),
        language="language",
        updated_at=_times(np.fmax(np.fmax(registered, changed), np.where(has_closed, closed, np.datetime64("NaT")))),
        _variations=reached["variations"],
        delivered=pl.Series(month),
    )
    return rows.sort("delivered", "customer_id", maintain_order=True)


def records_of(chunk: Chunk) -> pl.DataFrame:
    """What stands in the record of every membership of the chunk, in their order; see `written`."""
    people = describe(chunk.index, chunk.business.seed, chunk.entities, homes_of(chunk))
    return written(chunk.business.seed, chunk.index, people, chunk.memberships.entity, chunk.memberships.slot)


def homes_of(chunk: Chunk) -> Integers:
    """Position of the town in which each entity lives at the start."""
    return town_of(chunk.particulars.region[0], chunk.particulars.street[0])


def reach(chunk: Chunk, stands: pl.DataFrame, entity: Integers, told: Integers, month: Integers, first: Integers) -> pl.DataFrame:
    """Telephone number and address in each version of a record.

    Args:
        chunk: The chunk.
        stands: What was written, from `written`, one row a version.
        entity: Position of the entity of each version.
        told: Month of which the record knows.
        month: Month as of which the version is judged, `told` or later.
        first: Month of the registration.

    Returns:
        phone, address (null where missing), and variations: those of `stands`, and whether the telephone number or the address were old
        ones in `month` or are missing.
    """
    particulars = chunk.particulars
    # A register that was given an old number or address at the registration learns the next new one, if it learns any.
    phone, phone_first = particulars.phone[told, entity], particulars.phone[first, entity]
    behind = (stands["has_old_phone"].to_numpy() & (phone == phone_first)).astype(np.int64)
    place = np.minimum(phone + 1 - behind, PHONES_AN_ENTITY - 1)
    owner = stands["phone_of"].to_numpy()  # within a family or office two have the same first numbers
    serial = (chunk.entities.number[owner] * PHONES_AN_ENTITY + place) * _SCATTER % 10**8
    numbers = telephone_numbers(serial, stands["phone_way"].to_numpy())
    has_moved = _differs(particulars, entity, told, first)
    is_earlier = stands["has_old_address"].to_numpy() & ~has_moved
    street, house = earlier_address(particulars.street[told, entity], particulars.house[told, entity], is_earlier)
    places = addresses(particulars.region[told, entity], street, house, stands["address_way"].to_numpy())
    is_old_phone = pl.Series((behind > 0) | (phone != particulars.phone[month, entity])) & stands["has_phone"]
    is_old_address = pl.Series(is_earlier | _differs(particulars, entity, told, month)) & stands["has_address"]
    written_there = pl.when(stands["variations"] != "").then(stands["variations"])
    return pl.select(
        phone=pl.when(stands["has_phone"]).then(numbers),
        address=pl.when(stands["has_address"]).then(places),
        variations=pl.concat_str(
            written_there,
            pl.when(is_old_phone).then(pl.lit("old_phone")),
            pl.when(is_old_address).then(pl.lit("old_address")),
            pl.when(~stands["has_phone"]).then(pl.lit("no_phone")),
            pl.when(~stands["has_address"]).then(pl.lit("no_address")),
            separator="+",
            ignore_nulls=True,
        ),
    )


def last_variations(chunk: Chunk) -> pl.Series:
    """Of every membership what differs in its record from the entity's true identity at the end of the sample; see `make_customers`."""
    memberships, last = chunk.memberships, chunk.business.timeline.count - 1
    first = np.clip(memberships.joined, 0, last)
    end = np.full(memberships.count, last, dtype=np.int64)
    closed = np.where(np.isnat(chunk.life.closed), end, np.clip(chunk.business.timeline.index_of(chunk.life.closed), 0, last))
    told = np.where(memberships.unit == OPERATIONS_UNIT, np.maximum(closed, first), first)
    return reach(chunk, records_of(chunk), memberships.entity, told, end, first)["variations"]


def _versions(chunk: Chunk) -> tuple[Integers, Integers]:
    """Position of the customer and month of each version, each pair once."""
    memberships, timeline = chunk.memberships, chunk.business.timeline
    months = timeline.count
    first = np.maximum(memberships.joined, 0)
    closed = chunk.life.closed
    closes = ~np.isnat(closed) & (memberships.slot != HARBOUR)
    # The month after the end for those who do not close, so that all changes count.
    closing = np.where(closes, timeline.index_of(np.where(closes, closed, timeline.end)), months)
    has_changed = _has_changed(chunk.particulars)
    of_operations = np.flatnonzero(memberships.unit == OPERATIONS_UNIT)
    place, month = np.nonzero(has_changed.T[memberships.entity[of_operations]])
    customer = of_operations[place]
    counts = (month > first[customer]) & (month < closing[customer])
    everybody, leavers = np.arange(memberships.count, dtype=np.int64), np.flatnonzero(closes)
    pairs = np.concatenate(
        [
            everybody * months + first,
            customer[counts] * months + month[counts],
            leavers * months + np.maximum(closing[leavers], first[leavers]),
        ]
    )
    is_within = np.concatenate([first < months, np.ones(counts.sum(), dtype=np.bool_), closing[leavers] < months])
    pairs = np.unique(pairs[is_within])
    return pairs // months, pairs % months


def _has_changed(particulars: Particulars) -> Booleans:
    """Months × entities: whether something is not as it was in the month before; False in the first month."""
    has_changed = np.zeros(particulars.phone.shape, dtype=np.bool_)
    for values in (particulars.region, particulars.street, particulars.house, particulars.phone, particulars.manager):
        has_changed[1:] |= values[1:] != values[:-1]
    return has_changed


def _differs(particulars: Particulars, entity: Integers, left: Integers, right: Integers) -> Booleans:
    """Whether the entity lived elsewhere in one month than in the other."""
    differs = np.zeros(len(entity), dtype=np.bool_)
    for values in (particulars.region, particulars.street, particulars.house):
        differs |= values[left, entity] != values[right, entity]
    return differs


def _times(times: Times) -> pl.Series:
    return pl.Series(times.astype("datetime64[ms]"))
