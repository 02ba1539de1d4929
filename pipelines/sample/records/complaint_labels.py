"""What the desk writes on a complaint: category, severity and department (some missing, some wrong), the decision and the goodwill."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Floats, Integers, bell
from pipelines.sample.industries.industry import Industry
from pipelines.sample.story.life import NOTHING, OUTAGE, WELL, WRONG_BILL
from pipelines.sample.texts import SEVERITIES

UPHELD, PARTLY, REJECTED = range(3)
DECISIONS: Final = pl.Series(["upheld", "partly", "rejected"])
_MISSING: Final = {"category": 0.15, "severity": 0.20, "department": 0.10}
_WRONG_CATEGORY: Final = 0.03
_HARM: Final = np.array([0.9, 1.1, 0.4, 1.3, 0.8])  # by failure
_SEVERE_FROM: Final = (0.9, 1.7, 2.5)
_RECENT_MONTHS: Final = 6
# Upheld up to the first bound, partly up to the second: slow and well. A bill whose dispute is handled well is reversed, any other stands.
_BOUNDS: Final = np.array([[0.35, 0.65], [0.70, 0.90]])
_BOUNDS_OF_BILLS: Final = np.array([[0.0, 0.25], [1.0, 1.0]])
_GOODWILL_SHARE: Final = np.array([0.55, 0.35, 0.0])  # by decision


def severities(
    rng: np.random.Generator, chunk: Chunk, customer: Integers, failure: Integers, month: Integers, is_repeat: Booleans
) -> Integers:
    """How grave each complaint is, 0 (low) … 3 (critical): it rises with the harm and with what went wrong before.

    Args:
        rng: The draws.
        chunk: What happened before.
        customer: Position of the customer.
        failure: Position in FAILURES.
        month: Month index of the complaint.
        is_repeat: Whether the customer has complained about the same matter before.
    """
    before = np.cumsum(chunk.life.failure != NOTHING, axis=0)
    month = np.minimum(month, len(before) - 1)
    since = month - _RECENT_MONTHS
    earlier = before[month, customer] - np.where(since >= 0, before[np.maximum(since, 0), customer], 0) - 1
    is_office = chunk.entities.is_organisation[chunk.memberships.entity[customer]]
    points = _HARM[failure] + 0.7 * np.clip(earlier, 0, 3) + 1.0 * is_repeat + 0.3 * is_office + 0.45 * bell(rng, len(customer))
    return np.asarray(np.searchsorted(np.array(_SEVERE_FROM), points), dtype=np.int64)


def labels(rng: np.random.Generator, industry: Industry, failure: Integers, severity: Integers) -> dict[str, pl.Series]:
    """Category, severity and department as recorded, each missing on its own account, and with a leading `_` as they truly are."""
    count = len(failure)
    other = (failure + rng.integers(1, len(industry.categories), count)) % len(industry.categories)
    written = np.where(rng.random(count) < _WRONG_CATEGORY, other, failure)
    categories, departments, grades = pl.Series(industry.categories), pl.Series(industry.departments), pl.Series(SEVERITIES)
    recorded = {"category": categories.gather(written), "severity": grades.gather(severity), "department": departments.gather(failure)}
    kept = {name: _partly_missing(values, rng.random(count) < _MISSING[name]) for name, values in recorded.items()}
    truth = {"_category": categories.gather(failure), "_severity": recorded["severity"], "_department": recorded["department"]}
    return kept | truth


def decisions(rng: np.random.Generator, failure: Integers, handling: Integers, is_credited: Booleans) -> Integers:
    """Positions in DECISIONS; whoever was sent a credit note was found right."""
    draw = rng.random(len(failure))[:, None]
    bounds = np.where((failure == WRONG_BILL)[:, None], _BOUNDS_OF_BILLS[handling], _BOUNDS[handling])
    return np.where(is_credited, UPHELD, (draw >= bounds).sum(axis=1))


def goodwill(
    rng: np.random.Generator, chunk: Chunk, customer: Integers, failure: Integers, decision: Integers, handling: Integers
) -> Integers:
    """What the desk gives for the trouble, in fen: 5 yuan or a multiple, up to half a month's usual bill; 0 for nothing.

    Nothing after outages, for which there are credit notes.
    """
    count = len(customer)
    month_bill = np.bincount(chunk.accounts.customer, weights=chunk.accounts.usual_bill, minlength=chunk.memberships.count)[customer]
    share: Floats = (0.1 + 0.4 * rng.random(count)) * np.where(handling == WELL, 1.0, 0.6)
    steps = 1 + (share * np.minimum(month_bill, 200_000.0) / 500.0).astype(np.int64)
    is_given = (rng.random(count) < _GOODWILL_SHARE[decision]) & (failure != OUTAGE)
    return np.where(is_given, 500 * steps, 0)


def _partly_missing(values: pl.Series, is_missing: Booleans) -> pl.Series:
    return values.zip_with(pl.Series(~is_missing), pl.Series([None], dtype=pl.String).gather(np.zeros(len(values), dtype=np.int64)))
