"""What each customer allowed the company to do with its data, and took back: rows at changes only."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import stream
from pipelines.sample.records.served import is_at_operations

# What is asked for, and through which channel; None is every channel. Marketing is allowed as a whole or channel by channel, never both.
_ASKED: Final = (
    ("marketing", None),
    ("marketing", "phone"),
    ("marketing", "sms"),
    ("marketing", "email"),
    ("profiling", None),
    ("data_sharing", None),
)
_AS_A_WHOLE: Final = 0.4
_AT_REGISTRATION: Final = np.array([0.62, 0.42, 0.55, 0.48, 0.45, 0.22])
_GIVEN_LATER_SHARE: Final = 0.15  # of those who were customers before the sample and did not at once
_WITHDRAWS, _UNHAPPY, _UNHAPPY_WITHDRAWS = 0.003, 0.5, 4.0  # chance a month; mood below which it is so many times that
_GIVES, _GIVES_AGAIN = 0.004, 0.010


def make_consents(chunk: Chunk) -> pl.DataFrame:
    """The consents, ordered by `delivered`, customer, purpose and channel: given at registration or later, withdrawn, given again.

    Of a customer, purpose and channel the first row is always a consent, and from there they alternate. Nothing changes in the month in
    which a customer is closed, nor after it.
    """
    life, timeline, memberships = chunk.life, chunk.business.timeline, chunk.memberships
    rng = stream(chunk.business.seed, "consents", chunk.index)
    customer = np.flatnonzero(is_at_operations(chunk))
    shape = (len(customer), len(_ASKED))
    is_as_a_whole = rng.random(len(customer)) < _AS_A_WHOLE
    is_asked = np.ones(shape, dtype=np.bool_)
    is_asked[:, 0], is_asked[:, 1:4] = is_as_a_whole, ~is_as_a_whole[:, None]
    joined, registered = memberships.joined[customer], memberships.registered[customer].astype("datetime64[ms]")

    is_given = is_asked & (rng.random(shape) < _AT_REGISTRATION)
    later = is_asked & ~is_given & (rng.random(shape) < _GIVEN_LATER_SHARE) & (joined < 0)[:, None]
    start = timeline.at(np.array(0), np.array(1), np.array(0))
    days = np.maximum((start - registered).astype("timedelta64[D]").astype(np.int64) - 1, 0)[:, None]
    when = registered[:, None] + (1 + days * rng.integers(0, 10_000, shape) // 10_000).astype("timedelta64[D]")
    later &= when < start
    when = np.where(later, when, registered[:, None])
    is_given |= later
    row, column = np.nonzero(is_given)
    parts = [(row, column, when[row, column], np.ones(len(row), dtype=np.bool_), np.maximum(joined[row], 0))]

    has_been = is_given.copy()
    day, second = rng.integers(1, 29, (timeline.count, *shape)), rng.integers(8 * 3_600, 21 * 3_600, (timeline.count, *shape))
    ends = life.last[customer]
    for month in range(timeline.count):
        withdraws = _WITHDRAWS * np.where(life.mood[month, customer] < _UNHAPPY, _UNHAPPY_WITHDRAWS, 1.0)
        chance = np.where(is_given, withdraws[:, None], np.where(has_been, _GIVES_AGAIN, _GIVES))
        changes = is_asked & (rng.random(shape) < chance) & ((month > joined) & (month < ends))[:, None]
        is_given, has_been = is_given ^ changes, has_been | changes
        row, column = np.nonzero(changes)
        moment = timeline.at(np.full(len(row), month), day[month, row, column], second[month, row, column])
        parts.append((row, column, moment, is_given[row, column], np.full(len(row), month)))
    row, column, moment, given, delivered = (np.concatenate(values) for values in zip(*parts, strict=True))
    frame = pl.DataFrame(
        {
            "customer_id": memberships.number[customer][row],
            "purpose": pl.Series([purpose for purpose, _ in _ASKED]).gather(column),
            "channel": pl.Series([channel for _, channel in _ASKED]).gather(column),
            "changed_at": moment.astype("datetime64[ms]"),
            "is_given": given,
            "delivered": delivered,
        }
    )
    return frame[np.lexsort((column, row, delivered))]
