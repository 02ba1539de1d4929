"""The frame of payments, alike for all companies of the group: its columns, and when each row is delivered."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Integers, Times
from pipelines.sample.population.memberships import OPERATIONS_UNIT

KINDS: Final = ("payment", "refund", "write_off", "deposit", "deposit_return", "top_up")
PAYMENT, REFUND, WRITE_OFF, DEPOSIT, DEPOSIT_RETURN, TOP_UP = range(6)
METHODS: Final = ("direct debit", "bank transfer", "Alipay", "WeChat Pay", "card", "cash", "book entry")
DIRECT_DEBIT, BANK_TRANSFER, ALIPAY, WECHAT, CARD, CASH, BOOK_ENTRY = range(7)
NO_NUMBER: Final = -1
NOT_RETURNED: Final = np.datetime64("NaT", "ms")
_COLUMNS: Final = (
    *("delivered", "unit", "payment_id", "customer_id", "account_id", "invoice_id", "paid_at", "currency", "amount", "kind", "method"),
    "returned_at",
)


def paid_rows(
    customer: Integers, account: Integers, invoice: Integers, paid: Times, amount: Integers, kind: int, method: Integers
) -> pl.DataFrame:
    """Payments of one kind by global numbers (NO_NUMBER where there is none), none of them returned."""
    return pl.DataFrame(
        {
            "customer_id": customer,
            "account_id": account,
            "invoice_id": invoice,
            "paid_at": paid.astype("datetime64[ms]"),
            "amount": amount,
            "kind": np.full(len(paid), kind, dtype=np.int64),
            "method": method,
            "returned_at": np.full(len(paid), NOT_RETURNED),
        }
    )


def payment_frame(chunk: Chunk, rows: pl.DataFrame, unit: int = OPERATIONS_UNIT, currency: str = "CNY") -> pl.DataFrame:
    """Number the payments that come before the sample ends and say when each row is delivered.

    Args:
        chunk: The chunk.
        rows: What `paid_rows` makes, several kinds in one frame.
        unit: The company that is paid.
        currency: Of all amounts.

    Returns:
        The record `payments` in the order of delivery and time. What bounces in a later month than it was paid comes a second time then.
        What is older than the sample is delivered in month 0.
    """
    timeline = chunk.business.timeline
    rows = rows.filter(pl.col("paid_at") < pl.lit(timeline.end)).sort("paid_at", "account_id", "customer_id", maintain_order=True)
    month = timeline.index_of(rows["paid_at"].to_numpy())
    returned = rows["returned_at"].to_numpy()
    has_returned = ~np.isnat(returned)
    returned_month = np.where(has_returned, timeline.index_of(np.where(has_returned, returned, timeline.end)), -1)
    comes_again = np.flatnonzero(has_returned & (returned_month > month) & (returned_month < timeline.count))
    is_known = has_returned & (returned_month <= month)
    everything = np.arange(len(rows))
    place = np.concatenate([everything, comes_again])
    delivered = np.concatenate([month, returned_month[comes_again]])
    shown = np.concatenate([np.where(is_known, returned, NOT_RETURNED), returned[comes_again]])
    order = np.lexsort((place, delivered))
    numbers = chunk.business.numbering.take("payment", len(rows))[place[order]]
    told = rows[place[order]]
    return told.select(
        "customer_id",
        "paid_at",
        "amount",
        account_id=pl.when(pl.col("account_id") != NO_NUMBER).then("account_id"),
        invoice_id=pl.when(pl.col("invoice_id") != NO_NUMBER).then("invoice_id"),
        delivered=pl.Series(np.maximum(delivered[order], 0)),
        unit=pl.lit(unit, dtype=pl.Int64),
        payment_id=pl.Series(numbers),
        currency=pl.lit(currency),
        kind=pl.Series(KINDS).gather(told["kind"]),
        method=pl.Series(METHODS).gather(told["method"]),
        returned_at=pl.Series(shown[order], dtype=pl.Datetime("ms")),
    ).select(_COLUMNS)
