"""What the stewards of customer data have decided so far: a few pairs of records that are the same customer, a few that only look so."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Integers, stream
from pipelines.sample.population.memberships import MAIN

_SAME_SHARE, _DIFFERENT_SHARE = 0.05, 0.001
_REASONS: Final = (
    "same telephone number, confirmed by a call",
    "confirmed in the branch",
    "same name, but two birth dates",
    "two siblings",
)
_FIRST_STEWARD, _STEWARDS = 30_001, 3


def make_identity_decisions(chunk: Chunk) -> pl.DataFrame:
    """One row a decision, right as far as it goes: most pairs have never been looked at.

    Returns:
        left_customer_id, right_customer_id (global numbers), decided_at, decision, decided_by (an employee's number), reason, delivered.
    """
    rng = stream(chunk.business.seed, "decisions", chunk.index)
    memberships, timeline = chunk.memberships, chunk.business.timeline
    count = memberships.count
    looked_at, other, draw = rng.random(count), rng.integers(0, count, count), rng.integers(0, 2, count)
    main = np.flatnonzero(memberships.slot == MAIN)[memberships.entity]
    same = np.flatnonzero((memberships.slot != MAIN) & (looked_at < _SAME_SHARE))
    is_apart = memberships.entity[other] != memberships.entity
    different = np.flatnonzero((memberships.slot == MAIN) & is_apart & (looked_at > 1.0 - _DIFFERENT_SHARE))
    left = np.concatenate([main[same], different])
    right = np.concatenate([same, other[different]])
    is_same = np.arange(len(left)) < len(same)
    known = np.maximum(np.maximum(memberships.joined[left], memberships.joined[right]), 0)
    month = known + _some_later(rng, timeline.count - known)
    decided = timeline.at(month, rng.integers(1, 29, len(left)), rng.integers(9 * 3_600, 18 * 3_600, len(left)))
    reason = np.where(is_same, 0, 2) + draw[right]
    return pl.DataFrame(
        {
            "left_customer_id": memberships.number[left],
            "right_customer_id": memberships.number[right],
            "decided_at": decided,
            "decision": pl.Series(["different", "same"]).gather(is_same.astype(np.int64)),
            "decided_by": _FIRST_STEWARD + rng.integers(0, _STEWARDS, len(left)),
            "reason": pl.Series(_REASONS).gather(reason),
            "delivered": month,
        }
    ).filter(pl.col("delivered") < timeline.count)


def _some_later(rng: np.random.Generator, months: Integers) -> Integers:
    """A number of months from 0 to below what is left; at least 1 where nothing is, which lies after the end."""
    return np.asarray((rng.random(len(months)) * np.maximum(months, 1)).astype(np.int64) + (months <= 0))
