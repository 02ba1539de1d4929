"""On which day of the week and at which time of the day a payment comes, by its method. How late a bill is paid is in `paying`."""

from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.sample.chance import Integers, Times, pick
from pipelines.sample.records.paying import BRANCH_CLOSES, BRANCH_OPENS
from pipelines.sample.records.payment_frame import ALIPAY, BANK_TRANSFER, CARD, CASH, DIRECT_DEBIT, WECHAT
from pipelines.sample.records.reference_calendar import public_holidays

_HOUR: Final = 3_600
# By hour of the day: banks by day and, from home, in the evening; the telephone at all hours; cards while shops are open.
_TRANSFER: Final = (1, 0, 0, 0, 0, 0, 1, 3, 8, 14, 15, 11, 7, 8, 12, 12, 10, 8, 8, 11, 13, 10, 5, 2)
_TELEPHONE: Final = (3, 1, 1, 0, 0, 1, 3, 7, 9, 10, 10, 9, 12, 9, 7, 7, 7, 9, 12, 16, 19, 17, 12, 7)
_CARD: Final = (0, 0, 0, 0, 0, 0, 0, 1, 4, 8, 10, 10, 10, 8, 8, 8, 9, 11, 14, 16, 13, 8, 3, 0)
_HOURS: Final = {BANK_TRANSFER: _TRANSFER, ALIPAY: _TELEPHONE, WECHAT: _TELEPHONE, CARD: _CARD}
# Per cent of what would be paid at a weekend that is paid in the week before it.
_IN_THE_WEEK: Final = {BANK_TRANSFER: 60, ALIPAY: 20, WECHAT: 15, CARD: 25, CASH: 70}
_SATURDAY: Final = 5
_WORKING_DAYS: Final = 5
# The batches of three banks start within half an hour of these seconds of the night; each day they start at another minute.
_BATCHES: Final = np.array([2 * _HOUR + 300, 3 * _HOUR, 4 * _HOUR + 600], dtype=np.int64)
_SPREAD: Final = 30  # minutes


def paid_on(
    rng: np.random.Generator, day: Integers, method: Integers, earliest: Integers, before: Integers | int
) -> tuple[Integers, Integers]:
    """The day on which a payment comes, and its method.

    A direct debit waits for the next working day. What else would come at a weekend mostly comes in the week before, as far as it may.

    Args:
        rng: Draws.
        day: The day on which it would come if all days were alike, counted from 1970.
        method: Position in `payment_frame.METHODS`.
        earliest: First day on which it may come, if it comes before `day`.
        before: The day before which it comes. A direct debit that would come too late is a transfer on the day instead.
    """
    weekday = (day + 3) % 7  # 0 for Monday; day 0 of the count was a Thursday
    in_the_week = _by_method(_IN_THE_WEEK)[method]
    draw, back = rng.integers(0, 100, len(day)), weekday - rng.integers(0, _WORKING_DAYS, len(day))
    moves = (weekday >= _SATURDAY) & (draw < in_the_week) & (day - back >= earliest)
    collected = _next_working_day(day)
    is_debit = (method == DIRECT_DEBIT) & (collected < before)
    moved = np.where(is_debit, collected, np.where(moves, day - back, day))
    return moved, np.where((method == DIRECT_DEBIT) & ~is_debit, BANK_TRANSFER, method)


def paid_at(rng: np.random.Generator, day: Integers, method: Integers) -> Times:
    """The moment of each day (counted from 1970) at which a payment of the method comes; cash while the branches are open."""
    count = len(day)
    within = rng.integers(0, _HOUR, count)
    second = rng.integers(BRANCH_OPENS, BRANCH_CLOSES, count)
    for which, hours in _HOURS.items():
        second = np.where(method == which, pick(rng, hours, count) * _HOUR + within, second)
    bank = rng.integers(0, len(_BATCHES), count)
    batch = _BATCHES[bank] + (day * 7 + bank * 11) % _SPREAD * 60
    second = np.where(method == DIRECT_DEBIT, batch, second)
    start = day.astype("datetime64[D]").astype("datetime64[ms]")
    return np.asarray(start + second.astype("timedelta64[s]"))


def _by_method(values: dict[int, int]) -> Integers:
    table = np.zeros(max(values) + 2, dtype=np.int64)
    table[list(values)] = list(values.values())
    return table


def _next_working_day(day: Integers) -> Integers:
    """The day itself where it is a working day."""
    dates = day.astype("datetime64[D]")
    years = np.unique(dates.astype("datetime64[Y]").astype(np.int64)) + 1970
    free = [public_holidays(int(year)) for year in (*years, *(years[-1:] + 1))]
    holidays: npt.NDArray[np.datetime64] = np.concatenate(free) if free else np.zeros(0, dtype="datetime64[D]")
    return np.asarray(np.busday_offset(dates, 0, roll="forward", holidays=holidays).astype(np.int64))
