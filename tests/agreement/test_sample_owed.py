"""The sample business: what is open and overdue, by invoice and by customer, as the columns' descriptions define it.

What is in another currency than the reporting one is worth nothing yet: it neither adds to what is owed nor settles any of it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from tests.agreement.published import agree, units

if TYPE_CHECKING:
    from tests.agreement.published import Published
    from tests.agreement.sample_business import Business

LAST_CLOSED: Final = date(2026, 9, 30)
ENDS: Final = [date(2026, 3, 31), date(2026, 6, 30), LAST_CLOSED]


def settling(business: Business) -> pl.DataFrame:
    """What answers a bill: deposits and top-ups are money of the customer's."""
    return business.payments.filter(pl.col("kind").is_in(["payment", "refund", "write_off"]) & pl.col("value").is_not_null())


def credited(business: Business) -> pl.DataFrame:
    """Invoices with the invoice that each takes back, which is null where that is not here."""
    here = pl.col("cancels").is_in(business.invoices["invoice"].implode())
    return business.invoices.with_columns(cancels=pl.when(here).then("cancels"))


def test_open_by_invoice(sample: Published, business: Business) -> None:
    """The amount, less payments that name it and have not bounced; nothing where it was taken back, written off or takes back another."""
    published = sample.by_event("select invoice_key, customer_key, open_amount as still_open from core.fct_invoice", "invoice")
    paid = settling(business).filter(pl.col("returned").is_null()).group_by("invoice").agg(pl.col("value").sum().alias("paid"))
    crediting = credited(business).filter(pl.col("cancels").is_not_null())
    taken = crediting.group_by(invoice="cancels").agg(pl.col("value").sum().alias("taken"))
    joined = credited(business).join(paid, on="invoice", how="left").join(taken, on="invoice", how="left")
    nothing = pl.col("status").is_in(["cancelled", "written_off"]) | pl.col("cancels").is_not_null()
    still_open = (
        pl.when(pl.col("value").is_null())
        .then(None)
        .when(nothing)
        .then(0)
        .otherwise(pl.col("value") - pl.col("paid").fill_null(0) + pl.col("taken").fill_null(0))
    )
    agree(published.with_columns(units("still_open")), joined.select("invoice", "customer", still_open=still_open))


def standing(business: Business, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Invoices and what was paid, by then; a payment that has bounced by then is none.

    A payment for an invoice is that of whoever has to pay the invoice; one for an invoice that is not here has nothing to settle.
    """
    issued = credited(business).filter(pl.col("value").is_not_null())
    paid = settling(business).filter((pl.col("date") <= as_of) & (pl.col("returned").is_null() | (pl.col("returned") > as_of)))
    owed = paid.join(issued.select("invoice", billed_to="customer"), on="invoice", how="left")
    owed = owed.filter(pl.col("invoice").is_null() | pl.col("billed_to").is_not_null())
    return issued.filter(pl.col("date") <= as_of), owed.with_columns(pl.coalesce("billed_to", "customer").alias("customer"))


def by_customer(frame: pl.DataFrame, **sums: pl.Expr) -> pl.DataFrame:
    return frame.group_by("customer").agg(**sums)


@pytest.mark.parametrize("as_of", ENDS)
def test_open_by_customer(sample: Published, business: Business, as_of: date) -> None:
    """All invoices so far, credits with them, less all payments so far, whether they name an invoice or not."""
    published = sample.by_customer(
        f"select customer_key, open_amount as still_open from core.fct_customer_month where as_of = date '{as_of}' and open_amount <> 0"
    )
    issued, paid = standing(business, as_of)
    sums = pl.concat([issued.select("customer", "value"), paid.select("customer", -pl.col("value"))])
    counted = by_customer(sums, still_open=pl.col("value").sum()).filter(pl.col("still_open") != 0)
    billed = business.invoices.filter(pl.col("date") <= as_of)
    counted = counted.join(billed, on="customer", how="semi")  # who has a row: from the first bill on, in whatever currency
    agree(published.with_columns(units("still_open")), counted)


@pytest.mark.parametrize("as_of", ENDS)
def test_overdue_by_customer(sample: Published, business: Business, as_of: date) -> None:
    """What was due before the month's end, less what was paid or credited for it, less what names no invoice; never below nothing."""
    published = sample.by_customer(
        f"select customer_key, overdue_amount as overdue from core.fct_customer_month where as_of = date '{as_of}' and overdue_amount <> 0"
    )
    issued, paid = standing(business, as_of)
    due = issued.filter((pl.col("value") >= 0) & (pl.col("due") < as_of)).select("invoice", "customer", "value")
    credits_so_far = issued.filter(pl.col("value") < 0).select("customer", -pl.col("value"), invoice="cancels")
    settled = pl.concat([paid.select("customer", "value", "invoice"), credits_so_far])
    for_these = settled.join(due.select("invoice", billed_to="customer"), on="invoice").select("value", customer="billed_to")
    unnamed = settled.filter(pl.col("invoice").is_null()).select("value", "customer")
    sums = pl.concat(
        [due.select("customer", "value"), for_these.select("customer", -pl.col("value")), unnamed.select("customer", -pl.col("value"))]
    )
    counted = by_customer(sums, overdue=pl.col("value").sum()).filter(pl.col("overdue") > 0)
    billed = business.invoices.filter(pl.col("date") <= as_of)
    agree(published.with_columns(units("overdue")), counted.join(billed, on="customer", how="semi"))


def test_what_foreign_invoices_leave_open_is_not_known(sample: Published, business: Business) -> None:
    published = sample.query("select count(*) from core.fct_invoice where open_amount is null").item()
    assert published == business.invoices["value"].null_count() > 0
