"""How late a bill is paid: by creditworthiness, and later in months in which money is short. What is paid is in `payments`."""

from typing import Final

import numpy as np

from pipelines.sample.chance import Booleans, Floats, Integers, Times

UNPAID: Final = 1_000_000  # a day, counted from 1970, that never comes
BRANCH_OPENS, BRANCH_CLOSES = 9 * 3_600, 19 * 3_600
FINE_AFTER_DAYS: Final = 10
_ON_TIME_LATE, _RISKY_LATE, _SHORT_LATE = 0.048, 0.25, 0.30
# Of those who are late: up to ten days, to the month, 31-60, 61-90, 91-180 days, never.
_SHARES: Final = np.array([0.42, 0.78, 0.88, 0.925, 0.988])
_DAYS: Final = np.array([1, 10, 31, 61, 91, 0], dtype=np.int64)
_WIDTH: Final = np.array([9, 21, 30, 30, 90, 1], dtype=np.int64)
_RISK_WEIGHS: Final = 0.45


def paid_days(rng: np.random.Generator, issued: Integers, due: Integers, credit: Floats, is_short: Booleans) -> Integers:
    """The day on which each bill is paid, counted from 1970 like `issued` and `due`; UNPAID where it never is."""
    count = len(issued)
    risk = 1.0 - credit
    is_late = rng.random(count) < _ON_TIME_LATE + _RISKY_LATE * risk + _SHORT_LATE * is_short
    in_time = issued + np.minimum(1 + ((due - issued) * np.sqrt(rng.random(count))).astype(np.int64), np.maximum(due - issued, 0))
    draw = 1.0 - rng.random(count) * (1.0 - _RISK_WEIGHS * risk)
    grade = np.searchsorted(_SHARES, draw, side="right")
    late = due + _DAYS[grade] + (_WIDTH[grade] * rng.random(count)).astype(np.int64)
    return np.where(is_late, np.where(grade == len(_SHARES), UNPAID, late), in_time)


def oldest_first(account: Integers, paid: Integers) -> Integers:
    """The same days, when nobody pays a bill before the older ones of the account; both are ordered by account and time of the bill.

    What is never paid holds up nothing.
    """
    base = account * UNPAID
    reached = np.maximum.accumulate(base + np.where(paid == UNPAID, 0, paid)) - base
    return np.where(paid == UNPAID, UNPAID, reached)


def earliest_days(day: Integers, issued: Integers, due: Integers) -> Integers:
    """From which day on a payment may come, rather than on `day`, without being late or not, or fined or not, for another reason."""
    is_fined, is_late = day > due + FINE_AFTER_DAYS, day > due
    return np.where(is_fined, due + FINE_AFTER_DAYS + 1, np.where(is_late, due + 1, issued + 1))


def day_number(times: Times) -> Integers:
    """Days from 1970."""
    return np.asarray(times.astype("datetime64[D]").astype(np.int64))


def moment(rng: np.random.Generator, day: Integers, first: int = BRANCH_OPENS, last: int = BRANCH_CLOSES) -> Times:
    """A second of each day (counted from 1970), between two seconds of the day; while the branches are open, unless told."""
    start = day.astype("datetime64[D]").astype("datetime64[ms]")
    return np.asarray(start + rng.integers(first, last, len(day)).astype("timedelta64[s]"))
