"""Why customers and the company get in touch: each cause in the story and in the bills, with the contacts that it led to.

What such a contact is like (channel, wait, whether it settled the matter) is in `contacts`; the company's own calls are in `outreach`.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Floats, Integers, Times, pick
from pipelines.sample.population.memberships import MAIN
from pipelines.sample.records.outages import outage_times
from pipelines.sample.records.served import HOUR, before_closing, bills, by_day, is_at_operations, later, positions, some_time
from pipelines.sample.story.life import BROKEN_PROMISE, LONG_WAIT, NON_PAYMENT, NOTHING, OUTAGE, POOR_SERVICE, SLOW, WRONG_BILL
from pipelines.sample.story.life import NEVER as NEVER_LEAVES
from pipelines.sample.texts import CONTACT_REASONS
from pipelines.sample.timeline import SECONDS_A_DAY

BILL, FAULT, PLAN, COMPLAINT, LEAVING, PAYMENT, REMINDER, DETAILS, RETENTION, SALES, WIN_BACK, CARE = range(len(CONTACT_REASONS))
_BACKGROUND: Final = 0.06
_BACKGROUND_REASONS: Final = (30, 15, 18, 0, 0, 26, 0, 6, 0, 5, 0, 0)  # weights of CONTACT_REASONS
_NEWCOMER, _NEWCOMER_MONTHS, _OFFICE = 2.2, 2, 1.5
_STILL_IN_TOUCH: Final = np.array([1.0, 0.45, 0.25, 0.12])  # of the contacts they would begin, by months since it shows that they leave
_ASKS: Final = {OUTAGE: 0.40, WRONG_BILL: 0.45, BROKEN_PROMISE: 0.35, POOR_SERVICE: 0.25}
_REASON_OF: Final = {OUTAGE: FAULT, WRONG_BILL: BILL, BROKEN_PROMISE: FAULT, POOR_SERVICE: FAULT}
_SHOCK, _SHOCK_ASKS, _RISE_ASKS, _DETAILS_ASKS, _SAYS_SO = 1.5, 0.22, 0.25, 0.65, 0.35
_CHASES: Final = ((8, 15, 0.50), (16, 30, 0.35), (31, 55, 0.30))  # days after opening, and who asks while it is still open


def calls(cause: str, customer: Integers, occurred: Times, reason: Integers | int, **more: object) -> pl.DataFrame:
    """Contacts of one cause: `customer` (position), `occurred`, `reason` (position in CONTACT_REASONS) and what else is known of them."""
    count = len(customer)
    columns = {"customer": customer, "occurred": occurred.astype("datetime64[ms]"), "reason": np.broadcast_to(reason, count)}
    return pl.DataFrame(columns | more).with_columns(_cause=pl.lit(cause))


def made_by_customers(rng: np.random.Generator, chunk: Chunk, complaints: pl.DataFrame, invoices: pl.DataFrame) -> list[pl.DataFrame]:
    """All that customers begin, cause by cause, without what they ask again because it was not settled.

    Args:
        rng: The draws.
        chunk: What happened.
        complaints: What `make_complaints` returned.
        invoices: The chunk's invoices.

    Returns:
        Frames as made by `calls`; further columns: `contact` (the number, where the complaint has taken it already) and `is_long`
        (whether the wait was one that annoys).
    """
    bill = bills(invoices)
    once = complaints.unique("complaint_id", keep="last", maintain_order=True)
    self_chosen = [_background(rng, chunk), *_failures(rng, chunk, bill), _shocks(rng, chunk, bill), _rises(rng, chunk)]
    return [
        *(_fewer_of_leavers(rng, chunk, frame) for frame in self_chosen),
        _long_waits(rng, chunk, once),
        _complaining(rng, chunk, once),
        *_chasing(rng, chunk, once),
        _details(rng, chunk),
        _leaving(rng, chunk),
    ]


def _fewer_of_leavers(rng: np.random.Generator, chunk: Chunk, frame: pl.DataFrame) -> pl.DataFrame:
    """Who is about to leave does not bother to ask: part of the contacts stay away."""
    month = chunk.business.timeline.index_of(frame["occurred"].to_numpy())
    falling = chunk.life.months_falling(frame["customer"].to_numpy(), month)
    keeps = rng.random(len(frame)) < _STILL_IN_TOUCH[np.minimum(falling, len(_STILL_IN_TOUCH) - 1)]
    return frame.filter(pl.Series(keeps, dtype=pl.Boolean))


def _background(rng: np.random.Generator, chunk: Chunk) -> pl.DataFrame:
    """Questions without a cause that could be seen: more of newcomers, offices, the attached, those with a voice; fewer of the inert."""
    life, entities, entity = chunk.life, chunk.entities, chunk.memberships.entity
    months = np.arange(len(life.is_served))[:, None]
    rate: Floats = (
        _BACKGROUND * (0.5 + entities.voice[entity]) * (1.3 - 0.6 * entities.inertia[entity]) * (0.3 + 1.4 * entities.attachment[entity])
    )
    rate = rate * np.where(entities.is_organisation[entity], _OFFICE, 1.0)
    is_new = (chunk.memberships.joined >= 0) & (months - chunk.memberships.joined <= _NEWCOMER_MONTHS)
    month, customer = np.nonzero(
        life.is_served & is_at_operations(chunk) & (rng.random(life.mood.shape) < rate * np.where(is_new, _NEWCOMER, 1.0))
    )
    reason = pick(rng, _BACKGROUND_REASONS, len(month))
    return calls("background", customer, some_time(rng, month, chunk.business.timeline), reason)


def _failures(rng: np.random.Generator, chunk: Chunk, bill: pl.DataFrame) -> list[pl.DataFrame]:
    """Part of those whom something went wrong for ask about it, whether they complain later or stay silent."""
    life, timeline = chunk.life, chunk.business.timeline
    struck = outage_times(chunk.business)[0]
    parts = []
    for failure, share in _ASKS.items():
        if failure == WRONG_BILL:
            continue
        month, customer = np.nonzero((life.failure == failure) & (rng.random(life.failure.shape) < share))
        occurred = some_time(rng, month, timeline, (1, 4 if failure == BROKEN_PROMISE else 28))
        if failure == OUTAGE:
            start = struck[month, chunk.particulars.region[month, chunk.memberships.entity[customer]]]
            occurred = later(start, 300 + (14 * HOUR * rng.random(len(month)) * rng.random(len(month))).astype(np.int64))
        parts.append(calls("failure", customer, occurred, _REASON_OF[failure]))
    wrong = bill.filter("_is_wrong").filter(pl.Series(rng.random(int(bill["_is_wrong"].sum())) < _ASKS[WRONG_BILL], dtype=pl.Boolean))
    return [*parts, _after_bill(rng, chunk, "wrong_bill", wrong)]


def _shocks(rng: np.random.Generator, chunk: Chunk, bill: pl.DataFrame) -> pl.DataFrame:
    """A bill half as high again as the one before is asked about, more by those to whom prices matter."""
    ordered = bill.sort("account_id", "issued_at", maintain_order=True)
    before = pl.col("amount").shift(1).over("account_id")
    shocking = ordered.filter((pl.col("amount") > before * _SHOCK) & ~pl.col("_is_wrong"))
    entity = chunk.memberships.entity[positions(chunk, shocking["customer_id"])]
    asks = rng.random(len(shocking)) < _SHOCK_ASKS * (0.5 + chunk.entities.price_sensitivity[entity])
    return _after_bill(rng, chunk, "bill_shock", shocking.filter(pl.Series(asks, dtype=pl.Boolean)))


def _after_bill(rng: np.random.Generator, chunk: Chunk, cause: str, bill: pl.DataFrame) -> pl.DataFrame:
    delay = HOUR + (12 * SECONDS_A_DAY * rng.random(len(bill)) * rng.random(len(bill))).astype(np.int64)
    occurred = by_day(rng, later(bill["issued_at"].to_numpy(), delay))
    return calls(cause, positions(chunk, bill["customer_id"]), occurred, BILL)


def _rises(rng: np.random.Generator, chunk: Chunk) -> pl.DataFrame:
    """In the month of a price rise and the one before, those on the plan ask for something cheaper if prices matter to them."""
    timeline, accounts = chunk.business.timeline, chunk.accounts
    every = np.arange(accounts.count)
    who, when = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for product, since, _ in chunk.business.industry.rises(timeline.count):
        for month in range(max(since - 1, 0), min(since + 1, timeline.count)):
            holds = accounts.plan(every, chunk.life.step[month, accounts.customer]) == product
            sensitive = chunk.entities.price_sensitivity[chunk.memberships.entity[accounts.customer]]
            asks = holds & chunk.life.is_served[month, accounts.customer] & (rng.random(accounts.count) < _RISE_ASKS * sensitive)
            who.append(accounts.customer[asks])
            when.append(np.full(int(asks.sum()), month))
    return calls("price_rise", np.concatenate(who), some_time(rng, np.concatenate(when), timeline), PLAN)


def _long_waits(rng: np.random.Generator, chunk: Chunk, once: pl.DataFrame) -> pl.DataFrame:
    """Each long wait of the story was in a contact; where it led to a complaint, some days before that was opened.

    Nobody is kept waiting who is a customer no more.
    """
    timeline = chunk.business.timeline
    month, customer = np.nonzero(chunk.life.failure == LONG_WAIT)
    occurred = some_time(rng, month, timeline)
    led = once.filter((pl.col("_failure") == LONG_WAIT) & ~pl.col("_is_repeat"))
    opened = np.full(chunk.life.failure.shape, np.datetime64("NaT"), dtype="datetime64[ms]")
    at = led["opened_at"].to_numpy()
    opened[timeline.index_of(at), positions(chunk, led["customer_id"])] = at
    earlier = later(opened[month, customer], -rng.integers(HOUR, 3 * SECONDS_A_DAY, len(month)))
    month_starts = timeline.at(month, np.ones(len(month), dtype=np.int64), np.zeros(len(month), dtype=np.int64))
    occurred = before_closing(rng, np.where(np.isnat(earlier), occurred, earlier), month_starts, chunk.life.closed[customer])
    reason = pick(rng, (35, 40, 15, 0, 0, 10, 0, 0, 0, 0, 0, 0), len(month))
    is_long = np.ones(len(month), dtype=np.bool_)
    return calls("long_wait", customer, occurred, reason, is_long=is_long)


def _complaining(rng: np.random.Generator, chunk: Chunk, once: pl.DataFrame) -> pl.DataFrame:
    """The contacts in which complaints were made, a few minutes before they were written down."""
    made = once.filter(pl.col("contact_id").is_not_null())
    occurred = later(made["opened_at"].to_numpy(), -rng.integers(120, 40 * 60, len(made)))
    return calls("complaint", positions(chunk, made["customer_id"]), occurred, COMPLAINT, contact=made["contact_id"].to_numpy())


def _chasing(rng: np.random.Generator, chunk: Chunk, once: pl.DataFrame) -> list[pl.DataFrame]:
    """Who waits for an answer asks where it is, again and again."""
    slow = once.filter(pl.col("_handling") == SLOW)
    opened, decided = slow["opened_at"].to_numpy(), slow["_decided_at"].to_numpy()
    customer = positions(chunk, slow["customer_id"])
    parts = []
    for first, last, share in _CHASES:
        occurred = by_day(rng, later(opened, rng.integers(first, last + 1, len(slow)) * SECONDS_A_DAY))
        asks = (np.isnat(decided) | (occurred < decided)) & (rng.random(len(slow)) < share)
        parts.append(calls("chasing", customer[asks], occurred[asks], COMPLAINT))
    return parts


def _details(rng: np.random.Generator, chunk: Chunk) -> pl.DataFrame:
    """Most who move house or change their number say so in a contact."""
    changed = chunk.particulars.changed
    is_new: Booleans = ~np.isnat(changed)
    is_new[1:] &= np.isnat(changed[:-1]) | (changed[1:] != changed[:-1])
    main = np.flatnonzero(chunk.memberships.slot == MAIN)
    month, place = np.nonzero(is_new[:, chunk.memberships.entity[main]] & chunk.life.is_served[:, main])
    says = rng.random(len(month)) < _DETAILS_ASKS
    month, customer = month[says], main[place[says]]
    occurred = later(changed[month, chunk.memberships.entity[customer]], -rng.integers(60, 900, len(month)))
    return calls("details", customer, occurred, DETAILS)


def _leaving(rng: np.random.Generator, chunk: Chunk) -> pl.DataFrame:
    """The last contact of some who leave by choice and show it: how to leave, or how to take the number along."""
    life, timeline = chunk.life, chunk.business.timeline
    is_leaver = (life.reason != NOTHING) & (life.reason != NON_PAYMENT) & life.has_sign & is_at_operations(chunk)
    customer = np.flatnonzero(is_leaver & (rng.random(len(life.reason)) < _SAYS_SO))
    month = np.where(life.asks_along[customer] == NEVER_LEAVES, life.last[customer], life.asks_along[customer])
    is_within = (month >= 0) & (month < timeline.count)
    customer, month = customer[is_within], month[is_within]
    return calls("leaving", customer, some_time(rng, month, timeline, (1, 19)), LEAVING)
