"""What the billing system delivers: bills, their lines and payments of each month, in its own words and number formats.

Each file of bills ends with a control row, the sum of the file. One file of bills is delivered once more on the day after, under
another name.
"""

from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.accounts import Accounts
from pipelines.sample.bills import Bills
from pipelines.sample.catalogue import PRODUCTS
from pipelines.sample.chance import stream
from pipelines.sample.crm import account_number, customer_number
from pipelines.sample.delivery import NOTE, Delivery, Form, decimal, stamp
from pipelines.sample.people import Customers
from pipelines.sample.timeline import Timeline
from pipelines.sample.versions import document_versions, line_versions, payment_versions

DELIVERED_ON: Final = 6  # by then the month before is closed (calendar.close_after_days)
_TIME: Final = "%d.%m.%Y %H:%M"
_DAY: Final = "%d.%m.%Y"
_PLAIN: Final = Form(delimiter=";", is_compressed=True)
_WESTERN: Final = Form(delimiter=";", encoding="iso-8859-1", is_compressed=True)
_PREFIX: Final = {"bill": "B", "storno": "S", "credit": "K"}
_CHARGE: Final = {"recurring": "R", "usage": "U", "one_off": "O", "discount": "D", "penalty": "P", "credit": "C"}


def _product(field: str) -> pl.Expr:
    """A field of the product on each line."""
    values = {place: getattr(product, field) for place, product in enumerate(PRODUCTS)}
    return pl.col("product").replace_strict(values, return_dtype=pl.String)


_INVOICE: Final = (
    pl.col("number").alias("BillNo"),
    pl.col("subscriber").alias("Subscriber"),
    pl.col("billed_account").alias("Account"),
    stamp("issued", _TIME).alias("BillDate"),
    stamp("due", _DAY).alias("DueDate"),
    stamp("period_from", _DAY).alias("PeriodFrom"),
    stamp("period_to", _DAY).alias("PeriodTo"),
    pl.lit("CNY").alias("Cur"),
    decimal(pl.col("gross") + pl.col("extra"), ",").alias("Total"),
    decimal(pl.col("tax") + pl.col("extra_tax"), ",").alias("Vat"),
    pl.col("kind").alias("Kind"),
    pl.when("is_disputed").then(pl.lit("disputed")).otherwise(pl.lit("open")).alias("State"),
    pl.col("cancelled_number").alias("Cancels"),
)

_IS_SUBSCRIBED: Final = pl.col("charge").is_in(["recurring", "usage"])
_LINE: Final = (
    pl.col("number").alias("BillNo"),
    pl.col("position").cast(pl.String).alias("N°"),
    stamp("issued", _TIME).alias("BillDate"),
    _product("number").alias("Article"),
    _product("bill_text").alias("Texte"),
    pl.when(_IS_SUBSCRIBED).then(pl.concat_str("line_account", pl.lit("/"), _product("number"))).alias("Contract"),
    pl.col("charge").replace_strict(_CHARGE).alias("Type"),
    pl.col("quantity").cast(pl.String).alias("Qty"),
    decimal("price", ",").alias("Price"),
    decimal("gross", ",").alias("Gross"),
    decimal("tax", ",").alias("Vat"),
    decimal("cost", ",").alias("Cost"),
    stamp("period_from", _DAY).alias("PeriodFrom"),
    stamp("period_to", _DAY).alias("PeriodTo"),
)
_PAYMENT: Final = (
    pl.concat_str(pl.lit("R"), (pl.col("payment") + 7_000_001).cast(pl.String)).alias("Receipt"),
    pl.col("subscriber").alias("Subscriber"),
    pl.col("billed_account").alias("Account"),
    pl.col("number").alias("BillNo"),
    stamp("paid", _TIME).alias("ValueDate"),
    pl.lit("CNY").alias("Cur"),
    decimal("gross", ",").alias("Paid"),
    pl.col("kind").alias("Kind"),
    pl.col("method").alias("Method"),
    stamp("returned", _TIME).alias("Bounced"),
)


def billing_deliveries(
    seed: int, customers: Customers, accounts: Accounts, bills: Bills, payments: pl.DataFrame, timeline: Timeline
) -> list[Delivery]:
    """Three files a month: invoices, invoice lines, payments."""
    rng = stream(seed, "billing", 1)
    documents = _with_numbers(bills.documents, customers, accounts)
    versions = document_versions(rng, documents, bills.lines, timeline)
    invoices = versions.select("delivered", NOTE, *_INVOICE)
    totals = versions.group_by("delivered").agg(Total=(pl.col("gross") + pl.col("extra")).sum())
    lines = line_versions(versions, bills.lines.with_columns(line_account=account_number(accounts.number).gather(bills.lines["account"])))
    payers = payments.with_columns(
        subscriber=customer_number(customers.number[accounts.owner]).gather(payments["account"]),
        billed_account=account_number(accounts.number).gather(payments["account"]),
        number=documents["number"].gather(payments["document"]),
    )
    paid = payment_versions(rng, payers, timeline)
    files = (
        ("invoices", invoices, _PLAIN),
        ("invoice_lines", lines.select("delivered", NOTE, *_LINE), _WESTERN),
        ("payments", paid.select("delivered", NOTE, *_PAYMENT), _PLAIN),
    )
    deliveries = []
    for month in range(timeline.count):
        day = timeline.delivery_date(month, DELIVERED_ON)
        control = totals.filter(pl.col("delivered") == month).select(decimal("Total", ","), BillNo=pl.lit("TOTAL"), Kind=pl.lit("total"))
        for kind, rows, form in files:
            frame = rows.filter(pl.col("delivered") == month).drop("delivered")
            path = f"billing/{kind}_{day}.csv.gz"
            deliveries.append(Delivery(f"billing_{kind}", path, day, frame, form, control if kind == "invoices" else None))
    return deliveries


def delivered_again(delivery: Delivery) -> Delivery:
    """The same file once more, a day later and so under another name."""
    day = delivery.day + np.timedelta64(1, "D")
    return replace(delivery, path=delivery.path.replace(str(delivery.day), str(day)), day=day)


def bill_numbers(documents: pl.DataFrame) -> pl.Series:
    """The number of each document: a letter for its kind, the month in which it was issued, and a count within both."""
    stem = pl.concat_str(pl.col("kind").replace_strict(_PREFIX), pl.col("issued").dt.strftime("%y%m"))
    ordered = documents.select("document", "issued", stem=stem)
    count = pl.int_range(1, pl.len() + 1).over("stem").cast(pl.String).str.zfill(6)
    return ordered.sort("issued", "document").with_columns(number=pl.col("stem") + count).sort("document")["number"]


def _with_numbers(documents: pl.DataFrame, customers: Customers, accounts: Accounts) -> pl.DataFrame:
    number = bill_numbers(documents)
    return documents.with_columns(
        number=number,
        cancelled_number=number.gather(documents["cancels"]),
        subscriber=customer_number(customers.number[accounts.owner]).gather(documents["account"]),
        billed_account=account_number(accounts.number).gather(documents["account"]),
    )
