"""The clients' money as the custodian holds it: what the deposits add up to, but for a few shortfalls."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Business, Chunk
from pipelines.sample.chance import Integers, stream
from pipelines.sample.population.staff import BRANCHES_PER_REGION, REGIONS
from pipelines.sample.records.account_terms import BRANCHES, opening_branches
from pipelines.sample.records.paying import day_number
from pipelines.sample.timeline import Timeline

SHORTFALLS: Final = 3
_LENGTH: Final = (10, 61)  # days
_SIZE: Final = (2, 16)  # per cent
_PART: Final = 1 << 30  # apart from the balances of any chunk
CURRENCY: Final = "CNY"


class CustodyBook:
    """Adds up the deposits held at each branch by day, through all chunks; all are in CURRENCY.

    Attributes:
        moved: Days of the sample × branches (as in BRANCHES): what came in less what went out, in fen. The first day has what came before.
        has_any: Whether a branch ever held a deposit.
    """

    def __init__(self, business: Business) -> None:
        first, end = _bounds(business.timeline)
        self.moved: Integers = np.zeros((end - first, REGIONS * BRANCHES_PER_REGION), dtype=np.int64)
        self.has_any = np.zeros(REGIONS * BRANCHES_PER_REGION, dtype=np.bool_)

    def add(self, chunk: Chunk, deposits: pl.DataFrame) -> None:
        """Take in what `deposits.make_deposits` made of a chunk."""
        account = np.searchsorted(chunk.accounts.number, deposits["account_id"].to_numpy())
        branch, first_day = opening_branches(chunk)[account], _bounds(chunk.business.timeline)[0]
        day = np.maximum(day_number(deposits["paid_at"].to_numpy()) - first_day, 0)
        within = day < len(self.moved)
        np.add.at(self.moved, (day[within], branch[within]), deposits["amount"].to_numpy()[within])
        self.has_any[np.unique(branch[within])] = True

    def held(self) -> Integers:
        """Days × branches: the deposits held at the end of each day, in fen."""
        return np.asarray(np.cumsum(self.moved, axis=0))


def custody_balances(business: Business, book: CustodyBook) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the custodian says, and where it is short.

    Returns:
        The record `custody_balances`, a row a day and branch that ever held a deposit, ordered by both. And the shortfalls:
        organisation_unit, started_on, ended_on (the last day), per_cent, currency. Branches are never short twice.
    """
    rng = stream(business.seed, "balances", _PART)
    held = book.held()
    days = len(held)
    first, _ = _bounds(business.timeline)
    holding = np.flatnonzero(book.has_any & (held[days // 2] > 0))
    short = holding[np.argsort(rng.random(len(holding)), kind="stable")][:SHORTFALLS]
    length = np.minimum(rng.integers(*_LENGTH, SHORTFALLS), days // 2)[: len(short)]
    size = rng.integers(*_SIZE, SHORTFALLS)[: len(short)]
    start = days // 10 + (rng.random(SHORTFALLS)[: len(short)] * (days - days // 10 - length)).astype(np.int64)
    amount = held.copy()
    for branch, begins, lasts, per_cent in zip(short, start, length, size, strict=True):
        amount[begins : begins + lasts, branch] -= held[begins : begins + lasts, branch] * per_cent // 100
    shown = np.flatnonzero(book.has_any)
    date = np.repeat((first + np.arange(days)).astype("datetime64[D]"), len(shown))
    codes = pl.Series(BRANCHES)
    frame = pl.DataFrame(
        {
            "delivered": business.timeline.index_of(date),
            "organisation_unit": codes.gather(np.tile(shown, days)),
            "balance_date": date,
            "currency": np.full(len(date), CURRENCY),
            "amount": amount[:, shown].ravel(),
        }
    )
    shortfalls = pl.DataFrame(
        {
            "organisation_unit": codes.gather(short),
            "started_on": (first + start).astype("datetime64[D]"),
            "ended_on": (first + start + length - 1).astype("datetime64[D]"),
            "per_cent": size,
            "currency": np.full(len(short), CURRENCY),
        }
    )
    return frame, shortfalls


def _bounds(timeline: Timeline) -> tuple[int, int]:
    """First day of the sample and the day after its last, counted from 1970."""
    return int(timeline.first.astype("datetime64[D]").astype(np.int64)), int(timeline.end.astype("datetime64[D]").astype(np.int64))
