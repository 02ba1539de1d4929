"""Looking up what the service records need of a chunk: who is a customer of operations, through which account, and with which bills.

Also the moments at which people do things: customers mostly by day and on working days, the staff in office hours. What happens at
those moments is decided by the record's own module.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers, Times, pick
from pipelines.sample.population.memberships import HARBOUR, OPERATIONS_UNIT
from pipelines.sample.timeline import SECONDS_A_DAY, Timeline

HOUR: Final = 3_600
MONDAY, SATURDAY = 0, 5
_OPENS, _CLOSES = 9 * HOUR, 18 * HOUR
_HOURS: Final = (1, 0, 0, 0, 0, 0, 1, 3, 8, 14, 16, 13, 8, 8, 11, 14, 13, 10, 9, 9, 8, 6, 4, 2)  # when in the day customers get in touch
_WAITS_FOR_MONDAY: Final = 0.45


def is_at_operations(chunk: Chunk) -> Booleans:
    """For each customer of the chunk: whether it is one of operations, the only company that has a service desk."""
    return np.asarray(chunk.memberships.slot < HARBOUR)


def is_latin(chunk: Chunk, customer: Integers) -> Booleans:
    """Whether each customer (position) writes in Latin letters by nature."""
    return np.asarray(chunk.entities.is_latin[chunk.memberships.entity[customer]])


def positions(chunk: Chunk, number: pl.Series) -> Integers:
    """Positions in the chunk of customers given by their global number."""
    return np.searchsorted(chunk.memberships.number, number.to_numpy()).astype(np.int64)


def account_numbers(chunk: Chunk, customer: Integers) -> Integers:
    """Global number of the first account of each customer (position) of operations."""
    first = np.searchsorted(chunk.accounts.customer, customer)
    return np.asarray(chunk.accounts.number[first])


def bills(invoices: pl.DataFrame) -> pl.DataFrame:
    """The bills of operations as first issued, without credit notes, cancellations and debts carried over, in the order of `invoices`."""
    is_bill = (pl.col("amount") > 0) & pl.col("cancels_invoice_id").is_null() & (pl.col("status") != "opening_balance")
    known = invoices.filter((pl.col("unit") == OPERATIONS_UNIT) & pl.col("customer_id").is_not_null())
    return known.unique("invoice_id", keep="first", maintain_order=True).filter(is_bill)


def weekday(times: Times) -> Integers:
    """Day of the week, 0 for Monday."""
    return np.asarray((times.astype("datetime64[D]").astype(np.int64) + 3) % 7)  # day 0 of the count was a Thursday


def some_time(rng: np.random.Generator, month: Integers, timeline: Timeline, days: tuple[int, int] = (1, 28)) -> Times:
    """A moment in each month (index) between two days of it, seldom at the weekend, mostly in the late morning and the afternoon."""
    count = len(month)
    first, last = days
    day = rng.integers(first, last + 1, count)
    second = pick(rng, _HOURS, count) * HOUR + rng.integers(0, HOUR, count)
    on = weekday(timeline.at(month, day, second))
    to_monday = np.where((on >= SATURDAY) & (rng.random(count) < _WAITS_FOR_MONDAY), 7 - on, 0)
    return timeline.at(month, np.where(day + to_monday > last, day, day + to_monday), second)


def later(times: Times, seconds: Integers) -> Times:
    """Each time, so many seconds later."""
    return np.asarray(times.astype("datetime64[ms]") + seconds.astype("timedelta64[s]"))


def by_day(rng: np.random.Generator, times: Times) -> Times:
    """The same days, at an hour at which customers get in touch; never earlier than the time given."""
    count = len(times)
    second = pick(rng, _HOURS, count) * HOUR + rng.integers(0, HOUR, count)
    moved = later(times.astype("datetime64[D]").astype("datetime64[ms]"), second)
    return np.where(moved < times, times, moved)


def before_closing(rng: np.random.Generator, times: Times, first: Times, closed: Times) -> Times:
    """The same times where the customer is not closed by then, else an hour of a day between `first` and the closing.

    Args:
        rng: The draws; as many are taken whatever the times.
        times: The times that may be too late.
        first: What each comes after.
        closed: When each customer was closed, NaT for those who were not.

    Returns:
        The times; NaT where the customer was closed before `first`.
    """
    left = (closed - first).astype("timedelta64[s]").astype(np.int64)
    is_late = ~np.isnat(closed) & ~(times < closed)
    squeezed = later(first, (np.where(is_late, left, 0) * (0.1 + 0.8 * rng.random(len(times)))).astype(np.int64))
    at_an_hour = by_day(rng, squeezed)
    squeezed = np.where(at_an_hour < closed, at_an_hour, squeezed)
    return np.where(is_late, np.where(left > 0, squeezed, np.datetime64("NaT", "ms")), times)


def second_of_day(times: Times) -> Integers:
    """Seconds since midnight."""
    return np.asarray((times - times.astype("datetime64[D]")).astype("timedelta64[s]").astype(np.int64))


def is_office_time(times: Times) -> Booleans:
    """Whether somebody is in the office: from 09:00 to 18:00, not at weekends."""
    second = second_of_day(times)
    return np.asarray((second >= _OPENS) & (second < _CLOSES) & (weekday(times) < SATURDAY))


def in_office(rng: np.random.Generator, times: Times) -> Times:
    """The same time where somebody is in the office, else on the day on which it opens again, the morning more often than the evening."""
    day = times.astype("datetime64[D]").astype("datetime64[ms]")
    day = day + (second_of_day(times) >= _CLOSES) * np.timedelta64(1, "D")
    weekend = np.where(weekday(day) >= SATURDAY, 7 - weekday(day), 0)
    # Not all of what has piled up is done in the first hour.
    pile = (_CLOSES - _OPENS) * rng.random(len(times)) * rng.random(len(times))
    opening = later(day, weekend * SECONDS_A_DAY + _OPENS + pile.astype(np.int64))
    return np.where(is_office_time(times), times, opening)
