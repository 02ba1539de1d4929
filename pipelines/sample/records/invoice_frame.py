"""The frame of invoices, alike for all companies of the group: its columns, and a row for each state in which an invoice is delivered."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Integers

STATUSES: Final = ("issued", "cancelled", "disputed", "written_off", "opening_balance")
ISSUED, CANCELLED, DISPUTED, WRITTEN_OFF, OPENING_BALANCE = range(5)
_COLUMNS: Final = (
    *("delivered", "unit", "invoice_id", "customer_id", "account_id", "issued_at", "due_at", "period_start", "period_end", "currency"),
    *("amount", "tax_amount", "status", "cancels_invoice_id", "_true_amount", "_is_wrong"),
)
Change = tuple[Integers, Integers, int]


def invoice_frame(invoices: pl.DataFrame, changes: tuple[Change, ...], months: int, unit: int, currency: str) -> pl.DataFrame:
    """The record `invoices` in the order of delivery and of `invoices`.

    Args:
        invoices: One row an invoice: invoice_id, customer_id, account_id (global numbers), month (index, of issue), issued, due, start, end
            (days from 1970; start and end null without a period), amount, tax, true_amount (fen), is_wrong, status (position in STATUSES,
            at the end of the month of issue), cancels_invoice_id.
        changes: Positions in `invoices`, the months in which their status changes, and to what; months after the end are left out.
        months: How many months there are.
        unit: The company that issued them.
        currency: Of all amounts.
    """
    place, delivered = np.arange(len(invoices)), invoices["month"].to_numpy()
    status = invoices["status"].to_numpy()
    for changed, month, to in changes:
        comes = np.flatnonzero(month < months)
        place, delivered = np.concatenate([place, changed[comes]]), np.concatenate([delivered, month[comes]])
        status = np.concatenate([status, np.full(len(comes), to)])
    order = np.lexsort((place, delivered))
    told = invoices[place[order]]
    return told.select(
        "invoice_id",
        "customer_id",
        "account_id",
        "amount",
        "cancels_invoice_id",
        delivered=pl.Series(delivered[order]),
        unit=pl.lit(unit, dtype=pl.Int64),
        issued_at=pl.col("issued").cast(pl.Datetime("ms")),
        due_at=as_date("due"),
        period_start=as_date("start"),
        period_end=as_date("end"),
        currency=pl.lit(currency),
        tax_amount="tax",
        status=pl.Series(STATUSES).gather(status[order]),
        _true_amount="true_amount",
        _is_wrong="is_wrong",
    ).select(_COLUMNS)


def as_date(name: str) -> pl.Expr:
    """A column of days counted from 1970 as dates."""
    return pl.col(name).cast(pl.Int32).cast(pl.Date)


def in_order_of_issue(issued: np.ndarray[tuple[int, ...], np.dtype[np.datetime64]], numbers: Integers) -> Integers:
    """The numbers, given out in the order in which the documents were issued."""
    given = np.empty(len(numbers), dtype=np.int64)
    given[np.argsort(issued, kind="stable")] = numbers
    return given
