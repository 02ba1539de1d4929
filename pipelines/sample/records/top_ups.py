"""What is paid in advance: round amounts that always cover the next bill. The balance that is left is in `balances`."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Integers, pick
from pipelines.sample.records.paying import UNPAID, day_number
from pipelines.sample.records.paying_times import paid_at, paid_on
from pipelines.sample.records.payment_frame import ALIPAY, CASH, NO_NUMBER, TOP_UP, WECHAT, paid_rows
from pipelines.sample.story.life import NEVER

_STEPS: Final = np.array([3_000, 5_000, 10_000, 20_000, 50_000, 100_000], dtype=np.int64)  # fen
_METHODS: Final = np.array([ALIPAY, WECHAT, CASH], dtype=np.int64)
_AHEAD_DAYS: Final = 14
_SPARE: Final = 0.05  # of the months, in how many somebody tops up who need not yet


def top_up_rows(rng: np.random.Generator, chunk: Chunk, documents: pl.DataFrame) -> pl.DataFrame:
    """Every top-up, at most one an account and bill; nothing from those who have stopped paying."""
    accounts, timeline = chunk.accounts, chunk.business.timeline
    prepaid = np.flatnonzero(accounts.is_prepaid)
    billed = billed_by_month(chunk, documents)[:, prepaid]
    step = _STEPS[np.minimum(np.searchsorted(_STEPS, accounts.usual_bill[prepaid] * rng.integers(50, 160, len(prepaid)) // 100), 5)]
    stopped = chunk.life.stopped[accounts.customer[prepaid]]
    balance = np.zeros(len(prepaid), dtype=np.int64)
    amounts = np.zeros_like(billed)
    for now in range(timeline.count):
        wanted = np.where(rng.random(len(prepaid)) < _SPARE, step, 0)
        need = np.maximum(billed[now] - balance, np.where(billed[now] > 0, wanted, 0))
        pays = (stopped == NEVER) | (now < stopped)
        amounts[now] = np.where(pays, -(-np.maximum(need, 0) // step) * step, 0)
        balance = np.maximum(balance + amounts[now] - billed[now], 0)
    month, place = np.nonzero(amounts)
    account = prepaid[place]
    bill_day = day_number(timeline.at(month, accounts.billing_day[account], np.zeros_like(month)))
    opened = day_number(accounts.opened)[account]
    method = _METHODS[pick(rng, (5, 5, 2), len(month))]
    day, method = paid_on(rng, np.maximum(bill_day - rng.integers(1, _AHEAD_DAYS, len(month)), opened), method, opened, UNPAID)
    when = np.maximum(paid_at(rng, day, method), accounts.opened[account])
    return paid_rows(
        chunk.memberships.number[accounts.customer[account]],
        accounts.number[account],
        np.full(len(month), NO_NUMBER),
        when,
        amounts[month, place],
        TOP_UP,
        method,
    )


def billed_by_month(chunk: Chunk, documents: pl.DataFrame) -> Integers:
    """Months × accounts: what was billed less what was credited, in fen."""
    billed = np.zeros((chunk.business.timeline.count, chunk.accounts.count), dtype=np.int64)
    np.add.at(billed, (documents["month"].to_numpy(), documents["account"].to_numpy()), documents["amount"].to_numpy())
    return billed
