"""Balances of the accounts at each month's end: what is owned, what is drawn of a credit, what has been paid in advance."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Floats, Integers, bell, stream
from pipelines.sample.population.accounts import OFFICE, SECOND
from pipelines.sample.records.bills import Bills
from pipelines.sample.records.top_ups import billed_by_month

ASSETS, CREDIT_USED, PREPAID = "assets", "credit_used", "prepaid"
_USUAL_ASSETS: Final = 1_200_000  # fen that a person of ordinary consumption owns here
_OFFICE_TIMES: Final = 6.0
_DRIFT, _WANDER, _OUTFLOW = 0.004, 0.05, 0.68  # a month; of what is left, what stays in a month of leaving


def make_balances(chunk: Chunk, bills: Bills, payments: pl.DataFrame) -> pl.DataFrame:
    """The record `balances` in the order of delivery, account and type: those of the kinds that the industry has.

    Args:
        chunk: The chunk.
        bills: What `bills.make_bills` made of it.
        payments: What `payments.make_payments` made of them; its top-ups count.
    """
    rng = stream(chunk.business.seed, "balances", chunk.index)
    accounts, timeline = chunk.accounts, chunk.business.timeline
    levels = (
        (ASSETS, _assets(rng, chunk), (accounts.kind != SECOND) & ~accounts.is_prepaid),
        (CREDIT_USED, _credit_used(rng, chunk), (accounts.kind == SECOND) & (accounts.credit_limit > 0)),
        (PREPAID, _prepaid(chunk, bills, payments), accounts.is_prepaid),
    )
    is_open = _is_open(chunk)
    ends = np.array([timeline.month(month + 1) for month in range(timeline.count)], dtype="datetime64[M]").astype("datetime64[D]")
    parts = []
    for balance_type, amount, has_it in levels:
        if balance_type not in chunk.business.industry.balance_types:
            continue
        month, account = np.nonzero(is_open & has_it)
        parts.append(
            pl.DataFrame(
                {
                    "delivered": month,
                    "account_id": accounts.number[account],
                    "balance_date": ends[month] - np.timedelta64(1, "D"),
                    "balance_type": pl.Series([balance_type]).gather(np.zeros(len(month), dtype=np.int64)),
                    "currency": pl.Series(["CNY"]).gather(np.zeros(len(month), dtype=np.int64)),
                    "amount": amount[month, account],
                }
            )
        )
    return pl.concat(parts).sort("delivered", "account_id", "balance_type", maintain_order=True) if parts else _NOTHING


_NOTHING: Final = pl.DataFrame(
    schema={
        "delivered": pl.Int64,
        "account_id": pl.Int64,
        "balance_date": pl.Date,
        "balance_type": pl.String,
        "currency": pl.String,
        "amount": pl.Int64,
    }
)


def _is_open(chunk: Chunk) -> Booleans:
    """Months × accounts: whether the account is open at the month's end."""
    accounts, timeline = chunk.accounts, chunk.business.timeline
    closed = chunk.life.closed[accounts.customer]
    closed_month = np.where(np.isnat(closed), timeline.count, timeline.index_of(np.where(np.isnat(closed), timeline.end, closed)))
    months = np.arange(timeline.count)[:, None]
    return np.asarray((months >= accounts.opened_month) & (months < closed_month))


def _falling(chunk: Chunk) -> Integers:
    """Months × accounts: for how many months the customer has shown that it is leaving."""
    months, customer = np.arange(chunk.business.timeline.count)[:, None], chunk.accounts.customer[None, :]
    return chunk.life.months_falling(customer, months)


def _assets(rng: np.random.Generator, chunk: Chunk) -> Integers:
    """A level that follows consumption, wanders and grows a little; money flows out before a customer leaves."""
    accounts, months = chunk.accounts, chunk.business.timeline.count
    value = chunk.entities.value[chunk.memberships.entity[accounts.customer]]
    level = _USUAL_ASSETS * value * value * (0.2 + 1.6 * rng.random(accounts.count)) * np.where(accounts.kind == OFFICE, _OFFICE_TIMES, 1.0)
    falling, amounts = _falling(chunk), np.empty((months, accounts.count), dtype=np.int64)
    for month in range(months):
        level = level * np.maximum(1.0 + _DRIFT + _WANDER * bell(rng, accounts.count), 0.5) * np.where(falling[month] > 0, _OUTFLOW, 1.0)
        amounts[month] = level.astype(np.int64)
    return amounts


def _credit_used(rng: np.random.Generator, chunk: Chunk) -> Integers:
    """A share of the limit: more with poor credit and when money is short, less and less before a customer leaves."""
    accounts, months = chunk.accounts, chunk.business.timeline.count
    credit = chunk.entities.credit[chunk.memberships.entity[accounts.customer]]
    usual: Floats = 0.1 + 0.35 * rng.random(accounts.count) + 0.4 * (1.0 - credit)
    falling, amounts = _falling(chunk), np.empty((months, accounts.count), dtype=np.int64)
    for month in range(months):
        is_short = chunk.life.is_short[month, accounts.customer]
        share = np.clip(usual + 0.08 * bell(rng, accounts.count) + 0.2 * is_short, 0.0, 1.0) / (1.0 + 0.6 * falling[month])
        amounts[month] = (share * accounts.credit_limit).astype(np.int64)
    return amounts


def _prepaid(chunk: Chunk, bills: Bills, payments: pl.DataFrame) -> Integers:
    """Top-ups less bills, never below 0: who has stopped paying is owed nothing and owes the rest."""
    top_ups = payments.filter(pl.col("kind") == "top_up")
    account = np.searchsorted(chunk.accounts.number, top_ups["account_id"].to_numpy())
    paid = billed_by_month(chunk, bills.documents)
    paid = -paid
    np.add.at(paid, (top_ups["delivered"].to_numpy(), account), top_ups["amount"].to_numpy())
    return np.maximum(np.cumsum(paid, axis=0), 0)
