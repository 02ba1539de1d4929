"""When a complaint passes the stages of ISO 10002: in days where it is handled well, in weeks or never where it is not.

The desk works in office hours; only what customers do (open, reopen) and what a machine acknowledges comes at any hour.

What the complaint is about and how it is delivered is in `complaints`.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from pipelines.sample.chance import Booleans, Integers, Times, pick
from pipelines.sample.records.served import HOUR, by_day, in_office, later
from pipelines.sample.story.life import SLOW
from pipelines.sample.timeline import SECONDS_A_DAY

_NEVER: Final = np.datetime64("NaT", "ms")
# What part of the way to the decision each step takes: assessed, assigned, investigated, responded, decided.
_STEPS: Final = (0.10, 0.06, 0.34, 0.28, 0.22)
_FORGOTTEN: Final = 0.33  # of the slow ones, how many nobody ever finishes
_LAST_STEP: Final = (0, 15, 10, 30, 25, 20)  # weights: after which step they are left lying (acknowledged … responded)
_REOPENED: Final = (0.20, 0.02)  # slow, well
_FOLLOWED_UP: Final = (0.15, 0.60)  # slow, well
_FORGOTTEN_AGAIN: Final = 0.2
_HASTE: Final = np.array([1.2, 1.0, 0.85, 0.6])  # by severity


@dataclass(frozen=True)
class Stages:
    """One time a complaint for each stage in the order in which they come, NaT where it never does.

    A reopened complaint is decided and closed a second time, unless it is forgotten.
    """

    opened: Times
    acknowledged: Times
    assessed: Times
    assigned: Times
    investigated: Times
    responded: Times
    decided: Times
    closed: Times
    reopened: Times
    decided_again: Times
    closed_again: Times
    followed_up: Times

    def all_times(self) -> list[Times]:
        """The times of each stage, in order."""
        return [getattr(self, field.name) for field in fields(self)]


def make_stages(rng: np.random.Generator, opened: Times, handling: Integers, severity: Integers) -> Stages:
    """Let every complaint take its way.

    Args:
        rng: The draws.
        opened: When each complaint was received.
        handling: SLOW or WELL.
        severity: 0 (low) … 3 (critical); what is grave goes faster.
    """
    count, is_slow = len(opened), handling == SLOW
    acknowledged = _acknowledged(rng, opened, is_slow)
    days = _days(rng, is_slow) * _HASTE[severity]
    times = [opened, acknowledged]
    for part in _STEPS:
        gap = days * part * (0.5 + rng.random(count)) * SECONDS_A_DAY
        times.append(in_office(rng, later(times[-1], 600 + gap.astype(np.int64))))
    times.append(in_office(rng, later(times[-1], rng.integers(HOUR // 4, 3 * SECONDS_A_DAY, count))))  # closed
    is_forgotten = is_slow & (rng.random(count) < _FORGOTTEN)
    last_step = np.where(is_forgotten, pick(rng, _LAST_STEP, count), len(times))
    reached = [np.where(step > last_step, _NEVER, time) for step, time in enumerate(times)]
    _, _, assessed, assigned, investigated, responded, decided, closed = reached

    is_reopened = rng.random(count) < np.where(is_slow, *_REOPENED)
    reopened = np.where(is_reopened, by_day(rng, by_gap(rng, closed, (1, 25))), _NEVER)
    is_left = rng.random(count) < _FORGOTTEN_AGAIN
    decided_again = np.where(is_left, _NEVER, in_office(rng, by_gap(rng, reopened, (3, 40))))
    closed_again = in_office(rng, by_gap(rng, decided_again, (0, 5)))
    final = np.where(is_reopened, closed_again, closed)
    is_followed_up = rng.random(count) < np.where(is_slow, *_FOLLOWED_UP)
    followed_up = np.where(is_followed_up, in_office(rng, by_gap(rng, final, (5, 20))), _NEVER)
    return Stages(
        opened=opened,
        acknowledged=acknowledged,
        assessed=assessed,
        assigned=assigned,
        investigated=investigated,
        responded=responded,
        decided=decided,
        closed=closed,
        reopened=reopened,
        decided_again=decided_again,
        closed_again=closed_again,
        followed_up=followed_up,
    )


def by_gap(rng: np.random.Generator, times: Times, days: tuple[int, int]) -> Times:
    """Each time, between so many days later (at least an hour)."""
    first, last = days
    return later(times, rng.integers(first * SECONDS_A_DAY + HOUR, last * SECONDS_A_DAY, len(times)))


def _acknowledged(rng: np.random.Generator, opened: Times, is_slow: Booleans) -> Times:
    """By a machine or the desk within hours where things go well, else after days."""
    patience = rng.random(len(opened)) * rng.random(len(opened))
    soon = 120 + (20 * HOUR * patience).astype(np.int64)
    slow = in_office(rng, later(opened, 4 * HOUR + (9 * SECONDS_A_DAY * patience).astype(np.int64)))
    return np.where(is_slow, slow, later(opened, soon))


def _days(rng: np.random.Generator, is_slow: Booleans) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Days from acknowledgement to decision before haste and chance: a median of about five, or of about fifty with a long tail."""
    draw, tail = rng.random(len(is_slow)), rng.random(len(is_slow))
    return np.where(is_slow, 7.0 + 50.0 * draw + 6.0 / (1.01 - tail), 4.5 * draw * draw + 0.3 / (1.03 - tail))
