"""Online Retail: what was billed, to whom and when, from the files and from the published file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tests.agreement.online_retail import LAST_CLOSED, MONTHS
from tests.agreement.published import NOBODY, UNITS, agree, units
from tests.workspaces import needs_online_retail

if TYPE_CHECKING:
    from tests.agreement.published import Published

pytestmark = needs_online_retail


def test_invoices(retail: Published, invoices: pl.DataFrame) -> None:
    published = retail.by_event(
        "select invoice_key, customer_key, issued_date as date, billing_month as month, net_amount as value, "
        "not is_cancellation as is_bill from core.fct_invoice",
        "invoice",
    )
    agree(published.with_columns(units("value")), invoices)


def test_net_by_month(retail: Published, invoices: pl.DataFrame) -> None:
    published = retail.query("select billing_month as month, sum(net_amount) as value from core.fct_invoice group by all")
    agree(published.with_columns(units("value")), invoices.group_by("month").agg(pl.col("value").sum()))


def test_net_by_month_from_lines(retail: Published, lines: pl.DataFrame) -> None:
    published = retail.query("select billing_month as month, sum(net_amount) as value from core.fct_invoice_line group by all")
    counted = lines.group_by(pl.col("time").dt.date().dt.truncate("1mo").alias("month")).agg(pl.col("value").sum())
    agree(published.with_columns(units("value")), counted)


def test_customers_billed_by_month(retail: Published, invoices: pl.DataFrame) -> None:
    published = retail.query(
        "select month, count(*) as customers from core.fct_customer_month where is_active and customer_key <> -1 group by all"
    )
    bills = invoices.filter(pl.col("is_bill") & (pl.col("customer") != NOBODY) & (pl.col("month") <= LAST_CLOSED))
    agree(published, bills.group_by("month").agg(pl.col("customer").n_unique().alias("customers")))


def test_known_customers(retail: Published, invoices: pl.DataFrame) -> None:
    published = retail.query("select count(*) from core.dim_customer where customer_key <> -1").item()
    assert published == invoices.filter(pl.col("customer") != NOBODY)["customer"].n_unique()


def test_customer_months(retail: Published, invoices: pl.DataFrame) -> None:
    """Every customer, nobody included, from the first invoice to the last closed month without gaps."""
    published = retail.by_customer(
        "select customer_key, month, net_amount as net, billed_amount as billed, credited_amount as credited, invoice_count as bills "
        "from core.fct_customer_month"
    )
    firsts = invoices.group_by("customer").agg(pl.col("month").min().alias("first"))
    spine = firsts.join(pl.DataFrame({"month": MONTHS}), how="cross").filter(pl.col("month") >= pl.col("first")).drop("first")
    value = pl.col("value")
    sums = invoices.group_by("customer", "month").agg(
        value.sum().alias("net"),
        value.filter(value >= 0).sum().alias("billed"),
        -value.filter(value < 0).sum().alias("credited"),
        pl.col("is_bill").sum().alias("bills"),
    )
    counted = spine.join(sums, on=["customer", "month"], how="left").with_columns(pl.col("net", "billed", "credited", "bills").fill_null(0))
    agree(published.with_columns(units("net", "billed", "credited")), counted)


def test_months_since_the_last_bill(retail: Published, invoices: pl.DataFrame) -> None:
    published = retail.by_customer(
        f"select customer_key, months_since_last_bill as months from core.fct_customer_month where month = date '{LAST_CLOSED}'"
    )
    heard_of = invoices.filter(pl.col("month") <= LAST_CLOSED)
    lasts = heard_of.group_by("customer").agg(pl.col("month").filter("is_bill").max().alias("last"))
    since = (LAST_CLOSED.year - pl.col("last").dt.year()) * 12 + LAST_CLOSED.month - pl.col("last").dt.month().cast(pl.Int32)
    agree(published, lasts.select("customer", since.alias("months")))


def test_cancellations(retail: Published, invoices: pl.DataFrame) -> None:
    published = retail.query(
        "select billing_month as month, count(*) as cancellations, sum(net_amount) as value "
        "from core.fct_invoice where status = 'cancelled' group by all"
    )
    cancelled = invoices.filter(pl.col("invoice").str.starts_with("C"))
    agree(published.with_columns(units("value")), cancelled.group_by("month").agg(pl.len().alias("cancellations"), pl.col("value").sum()))


def test_adjustments_of_bad_debt(retail: Published, invoices: pl.DataFrame) -> None:
    published = retail.query("select count(*), sum(net_amount) from core.fct_invoice where status = 'written_off'").row(0)
    adjusted = invoices.filter(pl.col("invoice").str.starts_with("A"))
    assert (published[0], published[1] * UNITS) == (len(adjusted), adjusted["value"].sum())


def test_invoices_that_name_nobody(retail: Published, invoices: pl.DataFrame) -> None:
    """They belong to the unknown member, so that totals tie; no mart speaks of it."""
    unknown = "(select customer_key from core.dim_customer where customer_type = 'unknown')"
    published = retail.query(f"select count(*), sum(net_amount) from core.fct_invoice where customer_key in {unknown}").row(0)
    counted = invoices.filter(pl.col("customer") == NOBODY)
    assert (published[0], published[1] * UNITS) == (len(counted), counted["value"].sum())
    assert retail.query(f"select count(*) from mart.segmentation_customer where customer_key in {unknown}").item() == 0


def test_products(retail: Published, lines: pl.DataFrame) -> None:
    published = retail.query("select count(*) from core.dim_product where product_key <> -1").item()
    assert published == lines["product"].n_unique()
