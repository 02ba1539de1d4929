"""The sample business: every fact, record by record, after duplicates and corrections: the newest version that can be read wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tests.agreement.published import NOBODY, agree, units
from tests.agreement.sample_business import REPORTING, SOURCES, month_of

if TYPE_CHECKING:
    from tests.agreement.published import Published
    from tests.agreement.sample_business import Business


def test_the_sample_has_what_can_go_wrong(business: Business) -> None:
    """Else what is compared below says nothing: another seed in tests/conftest.py has it."""
    assert set(business.invoices["status"]) == set(SOURCES["billing_invoices"].labels["status"].values())
    assert set(business.payments["kind"]) == set(SOURCES["billing_payments"].labels["kind"].values())
    assert set(business.invoices["currency"]) == {REPORTING, "HKD"}
    assert set(business.payments["currency"]) == {REPORTING, "HKD", "USD"}
    assert set(business.dirt["kind"]) >= {
        *("unreadable_date", "unreadable_amount", "missing_key", "bad_encoding", "conflicting_key", "truncated", "cut_row"),
        *("repeated_row", "repeated_file", "late_row", "correction", "orphan", "foreign_currency", "empty", "reordered", "new_column"),
    }
    there = {
        "cancels": business.invoices,
        "returned": business.payments,
        "resolved": business.contacts,
        "ended": business.complaints,
        "parent": business.current("customers"),
        "closed": business.current("customers"),
    }
    for column, frame in there.items():
        assert 0 < frame[column].null_count() < len(frame)


def test_invoices(sample: Published, business: Business) -> None:
    published = sample.by_event(
        "select invoice_key, customer_key, source_name as source, issued_at as time, issued_date as date, billing_month as month, "
        "due_date as due, currency, amount as value, amount_original as original, net_amount as net, status, is_cancellation "
        "from core.fct_invoice",
        "invoice",
    )
    columns = ["invoice", "customer", "source", "time", "date", "month", "due", "currency", "status", "is_cancellation"]
    amounts = ["value", "original", "net"]
    agree(published.with_columns(local("time"), *units(*amounts)), business.invoices.select(*columns, *amounts))


def test_invoices_that_cancel(sample: Published, business: Business) -> None:
    published = sample.by_event(
        "select invoice_key, customer_key, cancels_invoice_key from core.fct_invoice where cancels_invoice_key is not null", "invoice"
    )
    numbers = sample.numbers_in("invoices", "cancels_invoice_key", "cancels_invoice_id")
    published = published.with_columns(pl.col("cancels_invoice_key").replace_strict(numbers, return_dtype=pl.String).alias("cancels"))
    agree(published, business.invoices.filter(pl.col("cancels").is_not_null()).select("invoice", "customer", "cancels"))


def test_invoice_lines(sample: Published, business: Business) -> None:
    published = sample.by_event(
        "select invoice_key, customer_key, line_number as line, amount_original as original, amount as value, net_amount as net, quantity, "
        "cost_amount as cost, currency from core.fct_invoice_line",
        "invoice",
        "invoice_lines",
    )
    # What is worth nothing in the reporting currency is what has no invoice, and so no currency, and what has another.
    owned = business.lines.with_columns(
        pl.when(pl.col("currency") == REPORTING).then("cost").alias("cost"), pl.col("customer").fill_null(NOBODY)
    )
    columns = ["invoice", "customer", "line", "currency", "original", "value", "net", "quantity", "cost"]
    agree(published.with_columns(units("original", "value", "net", "quantity", "cost")), owned.select(columns))


def test_payments(sample: Published, business: Business) -> None:
    published = sample.by_event(
        "select payment_key, customer_key, source_name as source, paid_at as time, paid_date as date, currency, amount as value, "
        "amount_original as original, kind, returned_date as returned from core.fct_payment",
        "payment",
    )
    columns = ["payment", "customer", "source", "time", "date", "currency", "value", "original", "kind", "returned"]
    agree(published.with_columns(local("time"), *units("value", "original")), business.payments.select(columns))


def test_payments_that_name_an_invoice(sample: Published, business: Business) -> None:
    """Whether the invoice is here or not."""
    published = sample.by_event(
        "select payment_key, customer_key, invoice_key from core.fct_payment where invoice_key is not null", "payment"
    )
    numbers = sample.numbers_in("payments", "invoice_key", "invoice_id")
    published = published.with_columns(pl.col("invoice_key").replace_strict(numbers, return_dtype=pl.String).alias("invoice"))
    agree(published, business.payments.filter(pl.col("invoice").is_not_null()).select("payment", "customer", "invoice"))


def test_contacts(sample: Published, business: Business) -> None:
    """Staff an hour further west write the same moment otherwise; whether a contact was resolved is what is corrected a month later."""
    published = sample.by_event(
        "select contact_key, customer_key, occurred_at as time, contact_date as date, "
        "case when is_resolved then 'yes' when not is_resolved then 'no' end as resolved from core.fct_contact",
        "contact",
    )
    agree(published.with_columns(local("time")), business.contacts.select("contact", "customer", "time", "date", "resolved"))


def test_complaints(sample: Published, business: Business) -> None:
    published = sample.by_event(
        "select complaint_key, customer_key, received_at as time, received_date as date, ended_date as ended, decision, "
        "reopened_count as reopened from core.fct_complaint",
        "complaint",
    )
    columns = ["complaint", "customer", "time", "date", "ended", "decision", "reopened"]
    agree(published.with_columns(local("time")), business.complaints.select(columns))


def test_billed_by_month(sample: Published, business: Business) -> None:
    """An opening balance is a debt from before, and no bill; what is in another currency counts as a bill, but is worth nothing yet."""
    published = sample.by_customer(
        "select customer_key, month, billed_amount as billed, credited_amount as credited, net_amount as net, invoice_count as bills "
        "from core.fct_customer_month where billed_amount <> 0 or credited_amount <> 0 or net_amount <> 0 or invoice_count <> 0"
    )
    bills = business.invoices.filter(pl.col("status") != "opening_balance")
    counted = bills.group_by("customer", "month").agg(
        pl.col("value").filter(pl.col("value") >= 0).sum().alias("billed"),
        -pl.col("value").filter(pl.col("value") < 0).sum().alias("credited"),
        pl.col("net").sum(),
        (~pl.col("is_cancellation")).sum().alias("bills"),
    )
    counted = counted.filter(pl.any_horizontal(pl.col("billed", "credited", "net", "bills") != 0))
    agree(published.with_columns(units("billed", "credited", "net")), counted)


def test_paid_by_month(sample: Published, business: Business) -> None:
    """Deposits are the customer's own money and a write-off is nobody's. What bounced is taken off in the month in which it bounced.

    What came before the first bill that can be read has no row.
    """
    published = sample.by_customer("select customer_key, month, paid_amount as paid from core.fct_customer_month where paid_amount <> 0")
    money = business.payments.filter(pl.col("kind").is_in(["payment", "top_up", "refund"]))
    received = money.select("customer", month_of("date").alias("month"), "value")
    bounced = money.filter(pl.col("returned").is_not_null())
    returned = bounced.select("customer", month_of("returned").alias("month"), -pl.col("value"))
    firsts = business.invoices.group_by("customer").agg(pl.col("month").min().alias("first"))
    paid = pl.concat([received, returned]).group_by("customer", "month").agg(pl.col("value").sum().alias("paid"))
    counted = paid.join(firsts, on="customer").filter((pl.col("month") >= pl.col("first")) & (pl.col("paid") != 0)).drop("first")
    agree(published.with_columns(units("paid")), counted)


def test_cost_by_month(sample: Published, business: Business) -> None:
    published = sample.by_customer(
        "select customer_key, month, cost_amount as cost from core.fct_customer_month where cost_amount is not null"
    )
    bills = business.lines.filter((pl.col("currency") == REPORTING) & (pl.col("status") != "opening_balance"))
    agree(published.with_columns(units("cost")), bills.group_by("customer", "month").agg(pl.col("cost").sum()))


def local(column: str) -> pl.Expr:
    """A published time, which is in UTC, as that of Shanghai, which is eight hours ahead summer and winter."""
    return pl.col(column) + pl.duration(hours=8)
