"""The sample business: every fact, record by record, after duplicates and corrections: the newest version that can be read wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tests.agreement.published import NOBODY, agree, units
from tests.agreement.sample_business import amount, month_of

if TYPE_CHECKING:
    from tests.agreement.published import Published
    from tests.agreement.sample_business import Business


def test_invoices(sample: Published, business: Business) -> None:
    published = sample.by_event(
        "select invoice_key, customer_key, issued_date as date, due_date as due, amount as value, net_amount as net, status, "
        "is_cancellation from core.fct_invoice",
        "invoice",
    )
    columns = ["invoice", "customer", "date", "due", "value", "net", "status", "is_cancellation"]
    agree(published.with_columns(units("value", "net")), business.invoices.select(columns))


def test_invoice_lines(sample: Published, business: Business) -> None:
    published = sample.by_event(
        "select invoice_key, customer_key, line_number as line, amount_original as value, amount_original - tax_amount as net, quantity, "
        "cost_amount as cost from core.fct_invoice_line",
        "invoice",
        "invoice_lines",
    )
    lines = business.current("billing_invoice_lines").select(
        invoice="BillNo",
        line=pl.col("N°").cast(pl.Int64),
        value=amount("Gross"),
        net=amount("Gross") - amount("Vat"),
        quantity=amount("Qty"),
        cost=amount("Cost"),
    )
    # What is worth nothing in the reporting currency is what has no invoice, and so no currency.
    owned = lines.join(business.invoices.select("invoice", "customer"), on="invoice", how="left").with_columns(
        pl.when(pl.col("customer").is_not_null()).then(pl.col("net", "cost")), pl.col("customer").fill_null(NOBODY)
    )
    agree(published.with_columns(units("value", "net", "quantity", "cost")), owned)


def test_payments(sample: Published, business: Business) -> None:
    published = sample.by_event(
        "select payment_key, customer_key, paid_date as date, amount as value, kind, returned_date as returned from core.fct_payment",
        "payment",
    )
    agree(published.with_columns(units("value")), business.payments.drop("account", "invoice"))


def test_contacts(sample: Published, business: Business) -> None:
    published = sample.by_event("select contact_key, customer_key, contact_date as date from core.fct_contact", "contact")
    agree(published, business.contacts.drop("account"))


def test_complaints(sample: Published, business: Business) -> None:
    published = sample.by_event(
        "select complaint_key, customer_key, received_date as date, ended_date as ended from core.fct_complaint", "complaint"
    )
    agree(published, business.complaints.drop("account"))


def test_billed_by_month(sample: Published, business: Business) -> None:
    published = sample.query(
        "select month, sum(billed_amount) as billed, sum(credited_amount) as credited, sum(net_amount) as net, sum(invoice_count) as bills "
        "from core.fct_customer_month group by all"
    )
    counted = business.invoices.group_by("month").agg(
        pl.col("value").filter(pl.col("value") >= 0).sum().alias("billed"),
        -pl.col("value").filter(pl.col("value") < 0).sum().alias("credited"),
        pl.col("net").sum(),
        (~pl.col("is_cancellation")).sum().alias("bills"),
    )
    agree(published.with_columns(units("billed", "credited", "net")), counted)


def test_paid_by_month(sample: Published, business: Business) -> None:
    """What bounced is taken off in the month in which it bounced; what came before the first bill that can be read has no row."""
    published = sample.by_customer("select customer_key, month, paid_amount as paid from core.fct_customer_month where paid_amount <> 0")
    received = business.payments.select("customer", month_of("date").alias("month"), "value")
    bounced = business.payments.filter(pl.col("returned").is_not_null())
    returned = bounced.select("customer", month_of("returned").alias("month"), -pl.col("value"))
    firsts = business.invoices.group_by("customer").agg(pl.col("month").min().alias("first"))
    paid = pl.concat([received, returned]).group_by("customer", "month").agg(pl.col("value").sum().alias("paid"))
    counted = paid.join(firsts, on="customer").filter((pl.col("month") >= pl.col("first")) & (pl.col("paid") != 0)).drop("first")
    agree(published.with_columns(units("paid")), counted)


def test_cost_by_month(sample: Published, business: Business) -> None:
    published = sample.query("select month, sum(cost_amount) as cost from core.fct_customer_month group by all")
    cost = business.current("billing_invoice_lines").select(invoice="BillNo", cost=amount("Cost"))
    counted = business.invoices.join(cost, on="invoice").group_by("month").agg(pl.col("cost").sum())
    agree(published.with_columns(units("cost")), counted)
