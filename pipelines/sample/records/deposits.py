"""Security deposits: left when an account is opened, given back after it is closed. Where the money lies is in `custody`."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Integers, stream
from pipelines.sample.records.holdings import is_known
from pipelines.sample.records.paying import day_number, moment
from pipelines.sample.records.payment_frame import BANK_TRANSFER, CARD, CASH, DEPOSIT, DEPOSIT_RETURN, NO_NUMBER, paid_rows, payment_frame
from pipelines.sample.story.life import NEVER

_PART: Final = 1 << 30  # apart from the other payments of the chunk
_METHODS: Final = np.array([BANK_TRANSFER, CARD, CASH], dtype=np.int64)
_RETURNED_AFTER: Final = (4, 26)  # days


def make_deposits(chunk: Chunk) -> pl.DataFrame:
    """Deposits (above 0) and their return (below 0), in the columns of the record `payments`.

    The deposit of who has stopped paying is kept. Deposits from before the sample are delivered in month 0.
    """
    rng = stream(chunk.business.seed, "payments", _PART + chunk.index)
    accounts, life = chunk.accounts, chunk.life
    account = np.flatnonzero((accounts.deposit > 0) & is_known(chunk))
    method = _METHODS[rng.integers(0, len(_METHODS), len(account))]
    opened = accounts.opened[account]
    left = np.maximum(moment(rng, day_number(opened) + rng.integers(0, 3, len(account))), opened)
    closed = life.closed[accounts.customer[account]]
    later = moment(rng, np.where(np.isnat(closed), 0, day_number(closed)) + rng.integers(*_RETURNED_AFTER, len(account)))
    is_back = ~np.isnat(closed) & (life.stopped[accounts.customer[account]] == NEVER) & (left < closed)
    back = np.flatnonzero(is_back)
    amount = accounts.deposit[account]
    rows = [
        paid_rows(*_numbers(chunk, account), left, amount, DEPOSIT, method),
        paid_rows(*_numbers(chunk, account[back]), later[back], -amount[back], DEPOSIT_RETURN, np.full(len(back), BANK_TRANSFER)),
    ]
    return payment_frame(chunk, pl.concat(rows))


def _numbers(chunk: Chunk, account: Integers) -> tuple[Integers, Integers, Integers]:
    """Global numbers of customer and account, and of no invoice."""
    return chunk.memberships.number[chunk.accounts.customer[account]], chunk.accounts.number[account], np.full(len(account), NO_NUMBER)
