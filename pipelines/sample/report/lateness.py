"""How many months each account is behind with its payments at each month's end by its ledger: payments cover the oldest bill first."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Booleans, Integers
from pipelines.sample.timeline import Timeline

_SETTLING: Final = ("payment", "refund", "write_off")
_DAYS_A_MONTH: Final = 30
_SPAN: Final = 10**13  # fen; more than any account is billed
_TAKEN_OFF: Final = 3  # per cent; who may pay 2 per cent less and does has paid


@dataclass(frozen=True)
class Lateness:
    """Months × accounts that are not paid in advance.

    Attributes:
        account: Numbers of the accounts, ascending.
        months: Months since the oldest bill that is not covered was due, begun ones included; 0 for nobody late.
        is_billed: From the account's first bill to its last.
    """

    account: Integers
    months: Integers
    is_billed: Booleans


def lateness(invoices: pl.DataFrame, payments: pl.DataFrame, accounts: pl.DataFrame, timeline: Timeline) -> Lateness:
    """Age the accounts' ledgers.

    Args:
        invoices: invoice_id, account_id, issued_at, due_at, amount, delivered; credits below 0.
        payments: payment_id, account_id, paid_at, returned_at, amount, kind; the last row of a payment tells whether it was returned.
        accounts: account_id, is_prepaid, discount_terms.
        timeline: The months.
    """
    terms = accounts.unique("account_id", keep="first").filter(~pl.col("is_prepaid")).sort("account_id")
    account = terms["account_id"].to_numpy()
    is_known = pl.col("account_id").is_in(pl.Series(account).implode())
    once = invoices.filter(is_known).unique("invoice_id", keep="first", maintain_order=True)
    bills = once.filter(pl.col("amount") > 0).with_columns(due=pl.col("due_at").fill_null(pl.col("issued_at").cast(pl.Date)))
    bills = bills.sort("account_id", "due", "invoice_id")
    place, amount = np.searchsorted(account, bills["account_id"].to_numpy()), bills["amount"].to_numpy()
    covered = np.minimum(_paid(account, once, payments.filter(is_known), timeline), _SPAN - 1)
    has_discount = terms["discount_terms"].is_not_null().to_numpy()
    covered = np.where(has_discount, covered * 100 // (100 - _TAKEN_OFF), covered)
    running = np.cumsum(amount)
    before = np.concatenate([[0], running])[np.searchsorted(place, np.arange(len(account)))]
    reached = place * _SPAN + running - before[place]
    oldest = np.searchsorted(reached, np.arange(len(account)) * _SPAN + covered, side="right")
    is_open = np.append(place, -1)[oldest] == np.arange(len(account))
    due = np.append(bills["due"].cast(pl.Int32).to_numpy(), 0)[oldest]
    end = (timeline.first + np.arange(1, timeline.count + 1)).astype("datetime64[D]").astype(np.int64) - 1
    days = np.where(is_open, np.maximum(end[:, None] - due, 0), 0)
    return Lateness(account, -(-days // _DAYS_A_MONTH), _billed(place, bills["delivered"].to_numpy(), len(account), timeline.count))


def _paid(account: Integers, invoices: pl.DataFrame, payments: pl.DataFrame, timeline: Timeline) -> Integers:
    """Months × accounts: what has been paid or credited up to each month's end, in fen."""
    once = payments.filter(pl.col("kind").is_in(_SETTLING)).unique("payment_id", keep="last", maintain_order=True)
    back = once.filter(pl.col("returned_at").is_not_null())
    credited = invoices.filter(pl.col("amount") < 0)
    paid = np.zeros((timeline.count, len(account)), dtype=np.int64)
    for rows, at, sign in ((once, "paid_at", 1), (back, "returned_at", -1), (credited, "issued_at", -1)):
        month = np.maximum(timeline.index_of(rows[at].to_numpy()), 0)
        is_within = month < timeline.count
        place = np.searchsorted(account, rows["account_id"].to_numpy()[is_within])
        np.add.at(paid, (month[is_within], place), sign * rows["amount"].to_numpy()[is_within])
    return np.maximum(np.cumsum(paid, axis=0), 0)


def _billed(place: Integers, month: Integers, accounts: int, months: int) -> Booleans:
    first, last = np.full(accounts, months), np.full(accounts, -1)
    np.minimum.at(first, place, month)
    np.maximum.at(last, place, month)
    index = np.arange(months)[:, None]
    return np.asarray((index >= first) & (index <= last))
