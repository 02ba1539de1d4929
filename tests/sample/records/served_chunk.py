"""A chunk whose customers are served, with plain bills and payments: what the service records are tried on, whatever the billing does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.population.memberships import HARBOUR
from pipelines.sample.story.life import WRONG_BILL
from pipelines.sample.timeline import SECONDS_A_DAY, Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24
EXTRA = 6_800


def a_chunk(entities: int = 4_000, seed: int = 5, industry: str = "telecom") -> Chunk:
    return make_chunk(make_business(seed, entities, Timeline(MONTHS), INDUSTRIES[industry]), 0)


def invoices_of(chunk: Chunk) -> pl.DataFrame:
    """One bill a month and first account, with something wrong where the story says so, and a fifth as much again every eighth month."""
    life, accounts, timeline = chunk.life, chunk.accounts, chunk.business.timeline
    first = np.flatnonzero(accounts.is_first & (chunk.memberships.slot[accounts.customer] < HARBOUR))
    customer = accounts.customer[first]
    month, place = np.nonzero(life.is_served[:, customer])
    number = chunk.memberships.number[customer[place]]
    owed = accounts.usual_bill[first[place]] * np.where((month + number) % 8 == 0, 2, 1)
    is_wrong = life.failure[month, customer[place]] == WRONG_BILL
    issued = timeline.at(month, accounts.billing_day[first[place]], np.full(len(month), 3_600))
    return pl.DataFrame(
        {
            "delivered": month,
            "unit": np.zeros(len(month), dtype=np.int64),
            "invoice_id": chunk.business.numbering.take("invoice", len(month)),
            "customer_id": number,
            "account_id": accounts.number[first[place]],
            "issued_at": issued,
            "due_at": issued.astype("datetime64[D]") + np.timedelta64(15, "D"),
            "currency": pl.repeat("CNY", len(month), eager=True),
            "amount": owed + np.where(is_wrong, EXTRA, 0),
            "status": pl.repeat("issued", len(month), eager=True),
            "cancels_invoice_id": pl.repeat(None, len(month), dtype=pl.Int64, eager=True),
            "_true_amount": owed,
            "_is_wrong": is_wrong,
        }
    )


def payments_of(invoices: pl.DataFrame) -> pl.DataFrame:
    """Every bill is paid ten days after its issue, but every seventh 30 days late and every fiftieth never."""
    number = pl.col("invoice_id")
    days = pl.when(number % 7 == 0).then(45).otherwise(10)
    return invoices.filter(number % 50 != 0).select(
        "delivered",
        "unit",
        "customer_id",
        "account_id",
        "invoice_id",
        "amount",
        payment_id=number,
        paid_at=pl.col("issued_at") + pl.duration(seconds=days * SECONDS_A_DAY),
        kind=pl.lit("payment"),
        returned_at=pl.lit(None, dtype=pl.Datetime("ms")),
    )


def share(is_so: pl.Series) -> float:
    """The share of a column of booleans that is true; nulls count for nothing."""
    return float(is_so.drop_nulls().to_numpy().mean())


def quantile(values: pl.Series, at: float) -> float:
    """A quantile of the values that are there."""
    return float(np.quantile(values.drop_nulls().to_numpy(), at))


def count(is_so: pl.Series) -> int:
    """How many of a column of booleans are true."""
    return int(is_so.drop_nulls().to_numpy().sum())
