"""What customers in arrears promised the collectors to pay by when. A promise is kept when, and only when, the payment comes by then."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import stream
from pipelines.sample.records.bills import Bills
from pipelines.sample.records.corrections import STORNO
from pipelines.sample.records.invoice_frame import as_date
from pipelines.sample.records.paying import UNPAID, day_number, moment
from pipelines.sample.story.life import NOTHING

OVERDUE_DAYS: Final = 30
_REACHED, _REACHED_OTHERS, _MEANS_IT = 0.7, 0.3, 0.95  # who will pay answers the telephone
_LATEST_CALL, _SOON, _LONG = 26, (4, 16), 13  # days


def make_promises(chunk: Chunk, bills: Bills, payments: pl.DataFrame) -> pl.DataFrame:
    """The record `promises_to_pay` in the order of time, each delivered in the month in which it was made.

    Args:
        chunk: The chunk.
        bills: What `bills.make_bills` made of it.
        payments: What `payments.make_payments` made of them.

    Returns:
        The columns of the contract, and `_is_kept`: null where the promised day lies after the end of the sample.
    """
    rng = stream(chunk.business.seed, "promises", chunk.index)
    end = int(day_number(np.array([chunk.business.timeline.end]))[0])
    owed = _candidates(chunk, bills, payments)
    settled, due = owed["settled"].to_numpy(), owed["due"].to_numpy()
    count = len(owed)
    credit = chunk.entities.credit[chunk.memberships.entity[owed["customer"].to_numpy()]]
    means_it = (settled < UNPAID) & (rng.random(count) < _MEANS_IT * (0.6 + 0.4 * credit))
    earliest = due + OVERDUE_DAYS + 1
    shortly_before = np.maximum(np.where(settled < UNPAID, settled, 0) - rng.integers(1, _LONG, count), earliest)
    call = np.where(means_it, shortly_before, earliest + rng.integers(0, _LATEST_CALL, count))
    by = np.where(means_it, settled + rng.integers(0, 4, count), call + rng.integers(*_SOON, count))
    is_made = (rng.random(count) < np.where(means_it, _REACHED, _REACHED_OTHERS)) & (call < np.minimum(settled, end))
    when = moment(rng, call, 9 * 3_600, 19 * 3_600)
    made = owed.with_columns(
        promised_at=pl.Series(when), by=pl.Series(by), _is_kept=pl.when(pl.Series(by < end)).then(pl.Series(settled <= by))
    )
    made = made.filter(pl.Series(is_made)).sort("promised_at", "invoice_id", maintain_order=True)
    # One promise a customer and month, about the bill that was spoken of first.
    made = made.with_columns(pl.col("promised_at").dt.truncate("1mo").alias("called")).unique(
        ["customer", "called"], keep="first", maintain_order=True
    )
    return made.select(
        delivered=pl.Series(chunk.business.timeline.index_of(made["promised_at"].to_numpy())),
        promise_id=pl.Series(chunk.business.numbering.take("promise", len(made))),
        customer_id=pl.Series(chunk.memberships.number[made["customer"].to_numpy()]),
        invoice_id="invoice_id",
        promised_at="promised_at",
        due_at=as_date("by"),
        amount="amount",
        _is_kept="_is_kept",
    )


def _candidates(chunk: Chunk, bills: Bills, payments: pl.DataFrame) -> pl.DataFrame:
    """Undisputed bills overdue for long enough that one payment, which names them, has settled, or that nothing has.

    Adds `settled`: the day of that payment, counted from 1970, UNPAID for none.
    """
    newest = payments.filter(pl.col("kind") == "payment").unique("payment_id", keep="last", maintain_order=True)
    named = newest.filter(pl.col("invoice_id").is_not_null() & pl.col("returned_at").is_null())
    settling = named.group_by("invoice_id", maintain_order=True).agg(
        paid_amount=pl.col("amount").sum(), settled=pl.col("paid_at").last().dt.date().cast(pl.Int32).cast(pl.Int64), times=pl.len()
    )
    documents = bills.documents.filter((pl.col("amount") > 0) & (pl.col("dispute") == NOTHING) & (pl.col("kind") != STORNO))
    documents = documents.filter(~pl.Series(chunk.accounts.is_prepaid[documents["account"].to_numpy()]))
    known = documents.join(settling, on="invoice_id", how="left", maintain_order="left")
    is_settled = (pl.col("times") == 1) & (pl.col("paid_amount") >= pl.col("amount"))
    end = day_number(np.array([chunk.business.timeline.end]))[0]
    is_open = pl.col("times").is_null() & (pl.col("paid") >= end)
    known = known.filter(is_settled.fill_null(value=False) | is_open).with_columns(settled=pl.col("settled").fill_null(UNPAID))
    return known.filter(pl.col("settled") > pl.col("due") + OVERDUE_DAYS + 1)
