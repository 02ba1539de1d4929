"""The sample business: what is open and overdue, by invoice and by customer, as the columns' descriptions define it."""

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
ENDS: Final = [date(2026, 3, 31), LAST_CLOSED]


def test_open_by_invoice(sample: Published, business: Business) -> None:
    """The amount, less payments that name it and have not bounced; nothing where it was taken back or takes back."""
    published = sample.by_event("select invoice_key, customer_key, open_amount as still_open from core.fct_invoice", "invoice")
    paid = business.payments.filter(pl.col("returned").is_null()).group_by("invoice").agg(pl.col("value").sum().alias("paid"))
    crediting = business.invoices.filter(pl.col("cancels").is_not_null())
    credited = crediting.group_by(invoice="cancels").agg(pl.col("value").sum().alias("credited"))
    joined = business.invoices.join(paid, on="invoice", how="left").join(credited, on="invoice", how="left")
    settles_another = pl.col("cancels").is_in(business.invoices["invoice"].implode())
    nothing = (pl.col("status") == "cancelled") | settles_another.fill_null(value=False)
    still_open = pl.when(nothing).then(0).otherwise(pl.col("value") - pl.col("paid").fill_null(0) + pl.col("credited").fill_null(0))
    agree(published.with_columns(units("still_open")), joined.select("invoice", "customer", still_open=still_open))


def standing(business: Business, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Invoices and what was paid, by then; a payment that has bounced by then is none.

    A payment for an invoice is that of whoever has to pay the invoice; one for an invoice that is not here has nothing to settle.
    """
    paid = business.payments.filter((pl.col("date") <= as_of) & (pl.col("returned").is_null() | (pl.col("returned") > as_of)))
    owed = paid.join(business.invoices.select("invoice", owner="customer"), on="invoice", how="left")
    owed = owed.filter(pl.col("invoice").is_null() | pl.col("owner").is_not_null())
    return business.invoices.filter(pl.col("date") <= as_of), owed.with_columns(pl.coalesce("owner", "customer").alias("customer"))


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
    counted = counted.join(issued, on="customer", how="semi")  # who has a row: from the first bill on
    agree(published.with_columns(units("still_open")), counted)


@pytest.mark.parametrize("as_of", ENDS)
def test_overdue_by_customer(sample: Published, business: Business, as_of: date) -> None:
    """What was due before the month's end, less what was paid or credited for it, less what names no invoice; never below nothing."""
    published = sample.by_customer(
        f"select customer_key, overdue_amount as overdue from core.fct_customer_month where as_of = date '{as_of}' and overdue_amount <> 0"
    )
    issued, paid = standing(business, as_of)
    due = issued.filter((pl.col("value") >= 0) & (pl.col("due") < as_of)).select("invoice", "customer", "value")
    credited = issued.filter(pl.col("value") < 0).select("customer", -pl.col("value"), invoice="cancels")
    settled = pl.concat([paid.select("customer", "value", "invoice"), credited])
    for_these = settled.join(due.select("invoice", owner="customer"), on="invoice").select("value", customer="owner")
    unnamed = settled.filter(pl.col("invoice").is_null()).select("value", "customer")
    sums = pl.concat(
        [due.select("customer", "value"), for_these.select("customer", -pl.col("value")), unnamed.select("customer", -pl.col("value"))]
    )
    counted = by_customer(sums, overdue=pl.col("value").sum()).filter(pl.col("overdue") > 0)
    agree(published.with_columns(units("overdue")), counted)
