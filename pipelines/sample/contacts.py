"""The contacts: calls, visits and messages, each with its cause in what happened to the customer."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.accounts import Accounts
from pipelines.sample.behaviour import NOTHING, Life
from pipelines.sample.bills import Bills
from pipelines.sample.chance import Integers, Times, pick, stream
from pipelines.sample.people import Customers
from pipelines.sample.timeline import SECONDS_A_DAY, Timeline

# Positions in words.REASONS.
BILL, FAULT, PLAN, COMPLAINT, LEAVING, PAYMENT, REMINDER, DETAILS = range(8)
_REASON_OF_FAILURE: Final = np.array([FAULT, BILL, FAULT, PLAN])
_RESOLVED: Final = np.array([0.85, 0.55, 0.9, 0.25, 0.5, 0.95, 0.6, 0.97])  # how often the matter is settled at once, by reason
_ROUTINE, _NEWCOMER, _SILENT_CALLS, _LEAVER_ASKS, _CALLED_FIRST, _REMINDED = 0.09, 0.3, 0.3, 0.25, 0.7, 0.5
_INBOUND: Final = (52, 10, 6, 16, 4, 12, 0, 0)  # weights of words.CHANNELS
_OUTSOURCED, _AGENTS = 0.15, 40


def make_contacts(
    seed: int, customers: Customers, accounts: Accounts, life: Life, bills: Bills, complaints: pl.DataFrame, timeline: Timeline
) -> pl.DataFrame:
    """Every contact before the sample ends, one row each in order of time.

    Columns: contact (position), customer, account, occurred, reason (position in words.REASONS), is_outbound, channel (position in
    words.CHANNELS), is_outsourced, agent, wait and handle (seconds), is_resolved, complaint (the complaint that it led to, null for most).
    """
    rng = stream(seed, "contacts")
    parts = [
        *_service(rng, customers, life, timeline),
        _complaining(rng, complaints),
        _reminders(rng, accounts, bills),
    ]
    calls = pl.concat(parts, how="diagonal").filter(pl.col("occurred") < pl.lit(timeline.end)).sort("occurred", maintain_order=True)
    count = len(calls)
    reason = calls["reason"].to_numpy()
    is_outbound = reason == REMINDER
    channel = np.where(is_outbound, np.where(rng.random(count) < 0.6, words.CHANNELS.index("短信"), 0), pick(rng, _INBOUND, count))
    is_spoken = channel <= 1
    patience = rng.random(count) * rng.random(count)
    wait = 5 + (np.where(reason == FAULT, 1_200, 480) * patience).astype(np.int64)
    first_account = np.flatnonzero(accounts.is_first)[calls["customer"].to_numpy()]
    return calls.with_columns(
        contact=pl.int_range(pl.len()),
        account=pl.Series(np.where(rng.random(count) < 0.8, first_account, -1)),
        is_outbound=pl.Series(is_outbound),
        channel=pl.Series(channel),
        is_outsourced=pl.Series((channel == 0) & (rng.random(count) < _OUTSOURCED)),
        agent=pl.Series(rng.integers(0, _AGENTS, count)),
        wait=pl.Series(np.where(is_outbound | ~is_spoken, -1, wait)),
        handle=pl.Series(np.where(channel == words.CHANNELS.index("短信"), -1, rng.integers(40, 1_500, count))),
        is_resolved=pl.Series(rng.random(count) < _RESOLVED[reason]),
    ).with_columns(pl.when(pl.col(name) >= 0).then(name) for name in ("account", "wait", "handle"))


def _service(rng: np.random.Generator, customers: Customers, life: Life, timeline: Timeline) -> list[pl.DataFrame]:
    """Routine questions, calls about failures by those who do not complain, and questions about leaving."""
    months = np.arange(timeline.count)[:, None]
    shape = (timeline.count, customers.count)
    is_served = (months > customers.joined) & (months <= life.last)
    is_new = is_served & (months - customers.joined <= 2)
    everyone = np.broadcast_to(np.arange(customers.count), shape)
    falling = life.months_falling(everyone, np.broadcast_to(months, shape))
    chosen = (
        is_served & (rng.random(shape) < np.where(is_new, _NEWCOMER, _ROUTINE)),
        is_served & (life.failure != NOTHING) & ~life.has_complained & (rng.random(shape) < _SILENT_CALLS),
        is_served & (falling > 0) & (rng.random(shape) < _LEAVER_ASKS),
    )
    (month, who), (month_failed, who_failed), (month_left, who_left) = (np.nonzero(mask) for mask in chosen)
    routine = np.array([BILL, PLAN, PAYMENT, DETAILS, FAULT])[pick(rng, (35, 20, 25, 10, 10), len(who))]
    failed = _REASON_OF_FAILURE[life.failure[month_failed, who_failed]]
    return [
        _calls(who, _some_time(rng, month, timeline), routine),
        _calls(who_failed, _some_time(rng, month_failed, timeline), failed),
        _calls(who_left, _some_time(rng, month_left, timeline), np.full(len(who_left), LEAVING)),
    ]


def _complaining(rng: np.random.Generator, complaints: pl.DataFrame) -> pl.DataFrame:
    """Most complaints begin with a contact a few minutes before."""
    calling = complaints.filter(pl.Series(rng.random(len(complaints)) < _CALLED_FIRST, dtype=pl.Boolean))
    minutes = rng.integers(2 * 60, 40 * 60, len(calling)).astype("timedelta64[s]")
    calls = _calls(calling["customer"].to_numpy(), calling["opened"].to_numpy() - minutes, np.full(len(calling), COMPLAINT))
    return calls.with_columns(complaint=calling["complaint"])


def _reminders(rng: np.random.Generator, accounts: Accounts, bills: Bills) -> pl.DataFrame:
    """A reminder a week after the due date to some who pay late or not at all; payment and reminder may cross."""
    late = bills.documents.filter(pl.col("payer").is_in(["late", "never"]))
    late = late.filter(pl.Series(rng.random(len(late)) < _REMINDED, dtype=pl.Boolean))
    week_later = 7 * SECONDS_A_DAY + rng.integers(9 * 3_600, 19 * 3_600, len(late))
    when = late["due"].to_numpy().astype("datetime64[ms]") + week_later.astype("timedelta64[s]")
    return _calls(accounts.owner[late["account"].to_numpy()], when, np.full(len(late), REMINDER))


def _some_time(rng: np.random.Generator, month: Integers, timeline: Timeline) -> Times:
    """A moment in each month, mostly by day, now and then in the small hours."""
    count = len(month)
    hour = np.where(rng.random(count) < 0.05, rng.integers(0, 7, count), rng.integers(8, 22, count))
    return timeline.at(month, rng.integers(1, 29, count), hour * 3_600 + rng.integers(0, 3_600, count))


def _calls(customer: Integers, occurred: Times, reason: Integers) -> pl.DataFrame:
    return pl.DataFrame({"customer": customer, "occurred": occurred.astype("datetime64[ms]"), "reason": reason})
