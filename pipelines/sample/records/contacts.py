"""The contacts at operations: every call, visit and message, whoever began it, and what it was like.

Why they happened is in `contact_causes` and `outreach`.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Floats, Integers, stream
from pipelines.sample.population.staff import FIRST_AGENT, FIRST_COLLECTOR
from pipelines.sample.records.contact_causes import BILL, FAULT, PAYMENT, REMINDER, made_by_customers
from pipelines.sample.records.outreach import made_by_company
from pipelines.sample.records.served import HOUR, MONDAY, account_numbers, by_day, later, second_of_day, weekday
from pipelines.sample.texts import CONTACT_CHANNELS, CONTACT_OUTCOMES, CONTACT_REASONS, contact_topics
from pipelines.sample.timeline import SECONDS_A_DAY

PHONE, BRANCH, WEB, APP, EMAIL, CHAT, SMS, VISIT = range(len(CONTACT_CHANNELS))
# Weights of CONTACT_CHANNELS: of those who like it digital, of the others, of those with a fault, of the company itself.
_MIXES: Final = np.array(
    [
        [30, 6, 12, 30, 6, 17, 0, 1],
        [66, 28, 2, 5, 3, 3, 0, 1],
        [70, 4, 3, 12, 1, 10, 0, 1],
        [56, 0, 0, 8, 4, 0, 30, 2],
    ]
)
_DIGITAL, _PLAIN, _BROKEN, _OUTGOING = range(4)
_IN_PERSON: Final = (BRANCH, VISIT)
_SHOPS_OPEN, _SHOPS_CLOSE = 9 * HOUR, 19 * HOUR
_ANONYMOUS, _WITH_ACCOUNT, _UNSAID = 0.0195, 0.85, 0.04
_OUTSOURCED, _DESKS_OF = 3, 20  # of so many desks in a row, the first ones are the outsourced desk, which writes English
_RESOLVED: Final = 0.75
_EASIER: Final = np.array([0.02, -0.02, 0.05, -0.30, -0.25, 0.12, -0.10, 0.17, 0.0, 0.05, 0.0, 0.1])  # by reason
_ASKS_AGAIN, _CHAIN = 0.45, 3
_HANDLE: Final = np.array([280, 400, 340, 560, 500, 140, 110, 220, 380, 240, 300, 180], dtype=np.int64)  # usual seconds, by reason
_WAIT, _LONG_WAIT, _LONGEST = 41.0, 900, 3_600
_MONTH_START, _MONTH_START_DAYS, _ON_MONDAY, _TOP = 1.5, 5, 1.4, 0.5
_ASK_AFTERWARDS: Final = (BILL, PAYMENT)  # what who was closed may still ask about
_AFTERWARDS: Final = 30 * SECONDS_A_DAY


def make_contacts(chunk: Chunk, complaints: pl.DataFrame, invoices: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Every contact of the sample's months, in order of time.

    Args:
        chunk: What happened.
        complaints: What `make_complaints` returned for it; the contacts in which they were made are here under the number they carry.
        invoices: The chunk's invoices: shocks, wrong ones, and what to remind of.
        payments: The chunk's payments: which invoices were still unpaid.

    Returns:
        The columns of the contract and `delivered`. Truth: `_customer` (never null), `_language` of the note (zh, en), `_cause`.
    """
    rng = stream(chunk.business.seed, "contacts", chunk.index)
    timeline = chunk.business.timeline
    begun = [*made_by_customers(rng, chunk, complaints, invoices), *made_by_company(rng, chunk, invoices, payments)]
    frame = pl.concat([_blank(), *begun], how="diagonal_relaxed").with_columns(
        pl.col("is_outbound", "is_long").fill_null(value=False), pl.col("outcome", "campaign", "contact").fill_null(-1)
    )
    frame = _with_repeats(rng, chunk, frame)
    month = timeline.index_of(frame["occurred"].to_numpy())
    frame = frame.with_columns(delivered=pl.Series(month)).filter(pl.col("delivered").is_between(0, timeline.count - 1))
    frame = frame.filter(pl.Series(_may_ask(chunk, frame) | frame["is_outbound"].to_numpy())).sort(
        "occurred", "customer", "reason", maintain_order=True
    )
    return _told(rng, chunk, frame)


def _may_ask(chunk: Chunk, frame: pl.DataFrame) -> Booleans:
    """Whether the customer is not closed yet, or it is about the last bills, and not long after."""
    closed, occurred = chunk.life.closed[frame["customer"].to_numpy()], frame["occurred"].to_numpy()
    until = np.where(np.isin(frame["reason"].to_numpy(), _ASK_AFTERWARDS), closed + np.timedelta64(_AFTERWARDS, "s"), closed)
    return np.asarray(np.isnat(closed) | (occurred < until))


def _blank() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "customer": pl.Int64,
            "occurred": pl.Datetime("ms"),
            "reason": pl.Int64,
            "is_outbound": pl.Boolean,
            "is_long": pl.Boolean,
            "outcome": pl.Int64,
            "campaign": pl.Int64,
            "contact": pl.Int64,
        }
    )


def _with_repeats(rng: np.random.Generator, chunk: Chunk, frame: pl.DataFrame) -> pl.DataFrame:
    """Say who dealt with each contact and whether that settled it; of the unsettled, some ask again within the week."""
    parts = [_dealt_with(rng, chunk, frame)]
    for _ in range(_CHAIN - 1):
        before = parts[-1]
        asks = (rng.random(len(before)) < _ASKS_AGAIN) & (~before["is_resolved"] & ~before["is_outbound"]).to_numpy()
        again = before.filter(pl.Series(asks, dtype=pl.Boolean))
        occurred = by_day(rng, later(again["occurred"].to_numpy(), SECONDS_A_DAY + rng.integers(0, 5 * SECONDS_A_DAY, len(again))))
        again = again.with_columns(
            occurred=pl.Series(occurred), _cause=pl.lit("again"), contact=pl.lit(-1, dtype=pl.Int64), is_long=pl.lit(value=False)
        )
        parts.append(_dealt_with(rng, chunk, again))
    return pl.concat(parts)


def _dealt_with(rng: np.random.Generator, chunk: Chunk, frame: pl.DataFrame) -> pl.DataFrame:
    staff, reason = chunk.business.staff, frame["reason"].to_numpy()
    agent = rng.integers(0, staff.agents, len(frame))
    chance = _RESOLVED + staff.agent_skill[agent] + _EASIER[reason]
    return frame.with_columns(agent=pl.Series(agent), is_resolved=pl.Series(rng.random(len(frame)) < chance))


def _told(rng: np.random.Generator, chunk: Chunk, frame: pl.DataFrame) -> pl.DataFrame:
    """The contacts as the contract has them."""
    count, business = len(frame), chunk.business
    customer, reason, agent, outcome = (frame[name].to_numpy() for name in ("customer", "reason", "agent", "outcome"))
    is_outbound, contact = frame["is_outbound"].to_numpy(), frame["contact"].to_numpy().copy()
    contact[contact < 0] = business.numbering.take("contact", int((contact < 0).sum()))
    is_long = frame["is_long"].to_numpy()
    channel = np.where(is_long, PHONE, _channels(rng, chunk, frame))
    is_collector = reason == REMINDER
    employee = np.where(is_collector, FIRST_COLLECTOR + rng.integers(0, business.staff.collectors, count), FIRST_AGENT + agent)
    manager = chunk.particulars.manager[frame["delivered"].to_numpy(), chunk.memberships.entity[customer]]
    is_manager = (channel == VISIT) & (manager >= 0) & ~is_collector
    employee = np.where(is_manager, manager, employee)
    is_english = (agent % _DESKS_OF < _OUTSOURCED) & ~is_collector & ~is_manager
    is_unanswered = outcome == CONTACT_OUTCOMES.index("no_answer")
    is_waited_for = ~is_outbound & np.isin(channel, (PHONE, BRANCH, CHAT))
    is_unsaid = is_unanswered | (is_outbound & (channel == SMS)) | (rng.random(count) < _UNSAID)
    is_anonymous = (frame["contact"].to_numpy() < 0) & (frame["campaign"].to_numpy() < 0) & (rng.random(count) < _ANONYMOUS)
    number = chunk.memberships.number[customer]
    has_account = rng.random(count) < _WITH_ACCOUNT
    return pl.DataFrame(
        {
            "delivered": frame["delivered"],
            "contact_id": contact,
            "customer_id": _where(~is_anonymous, number),
            "account_id": _where(~is_anonymous & has_account, account_numbers(chunk, customer)),
            "occurred_at": frame["occurred"],
            "direction": pl.Series(["inbound", "outbound"]).gather(is_outbound.astype(np.int64)),
            "channel": pl.Series(CONTACT_CHANNELS).gather(channel),
            "reason": pl.Series(CONTACT_REASONS).gather(reason),
            "topic_text": contact_topics(rng, business.industry.name, reason, is_english, outcome, channel),
            "employee_id": employee,
            "wait_seconds": _where(is_waited_for, _waits(rng, chunk, frame, channel)),
            "handle_seconds": _where(channel != SMS, np.where(is_unanswered, 15 + agent % 30, _handling(rng, reason))),
            "is_resolved": frame["is_resolved"].zip_with(
                pl.Series(~is_unsaid), pl.Series([None], dtype=pl.Boolean).new_from_index(0, count)
            ),
            "campaign_id": _where(frame["campaign"].to_numpy() >= 0, frame["campaign"].to_numpy()),
            "outcome": pl.Series(CONTACT_OUTCOMES).gather(_where(outcome >= 0, outcome)),
            "_customer": number,
            "_language": pl.Series(["zh", "en"]).gather((is_english).astype(np.int64)),
            "_cause": frame["_cause"],
        }
    )


def _channels(rng: np.random.Generator, chunk: Chunk, frame: pl.DataFrame) -> Integers:
    """Each customer has a liking that stays, offices for the telephone; faults are told by telephone, nobody is met in person at night."""
    customer, reason, is_outbound, occurred = (frame[name].to_numpy() for name in ("customer", "reason", "is_outbound", "occurred"))
    entity = chunk.memberships.entity[customer]
    # Few have no preference either way.
    liking = np.clip(1.8 * rng.random(chunk.memberships.count) - 0.4, 0.0, 1.0)[customer]
    is_digital = rng.random(len(entity)) < liking * np.where(chunk.entities.is_organisation[entity], 0.6, 1.0)
    mix = np.where(reason == FAULT, _BROKEN, np.where(is_digital, _DIGITAL, _PLAIN))
    by_night = _MIXES.copy()
    by_night[:, _IN_PERSON] = 0
    second = second_of_day(occurred)
    is_night = (second < _SHOPS_OPEN) | (second >= _SHOPS_CLOSE)
    edges = np.cumsum(np.stack([_MIXES, by_night]), axis=2)[is_night.astype(np.int64), np.where(is_outbound, _OUTGOING, mix)]
    return np.asarray((rng.integers(0, edges[:, -1])[:, None] >= edges).sum(axis=1), dtype=np.int64)


def _waits(rng: np.random.Generator, chunk: Chunk, frame: pl.DataFrame, channel: Integers) -> Integers:
    """Seconds before anybody answers: most wait under a minute, some ten; longer at the month's start, on Mondays and in branches."""
    occurred, count = frame["occurred"].to_numpy(), len(frame)
    draw = rng.random(count)
    seconds: Floats = 3.0 + _WAIT * draw / (1.0 - 0.93 * draw)
    day = (occurred.astype("datetime64[D]") - occurred.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    seconds = seconds * np.where(day < _MONTH_START_DAYS, _MONTH_START, 1.0) * np.where(weekday(occurred) == MONDAY, _ON_MONDAY, 1.0)
    is_top = chunk.life.is_top[frame["delivered"].to_numpy(), frame["customer"].to_numpy()]
    seconds = seconds * np.where(is_top, _TOP, 1.0) * np.where(channel == BRANCH, 2.5, 1.0)
    long = _LONG_WAIT + 5 + (_LONGEST - _LONG_WAIT) * rng.random(count) * rng.random(count)
    return np.where(frame["is_long"].to_numpy(), long, seconds).astype(np.int64)


def _handling(rng: np.random.Generator, reason: Integers) -> Integers:
    """Seconds that it took, by reason, skewed."""
    draw = rng.random(len(reason))
    factor = 0.35 + 0.6 * rng.random(len(reason)) + 0.3 * draw / (1.0 - 0.9 * draw)
    return np.asarray(20 + _HANDLE[reason] * factor, dtype=np.int64)


def _where(is_there: Booleans, values: Integers) -> pl.Series:
    """The values where they are there, null elsewhere."""
    return pl.select(pl.when(pl.Series(is_there)).then(pl.Series(values))).to_series()
