"""The truth of single records: the columns of the records layer that begin with `_`, under the numbers that the systems write."""

import numpy as np
import polars as pl

from pipelines.sample.population.memberships import HARBOUR_UNIT
from pipelines.sample.population.written import KEY_ACCOUNT
from pipelines.sample.systems.numbers import (
    complaint_number,
    customer_number,
    invoice_number,
    key_account_number,
    own_customer_number,
    system_of,
)
from pipelines.sample.timeline import Timeline


def wrong_bills(invoices: pl.DataFrame) -> pl.DataFrame:
    """One row a wrong bill: invoice_id, billed_amount and true_amount in fen."""
    wrong = invoices.filter("_is_wrong").unique("invoice_id", keep="first", maintain_order=True)
    return wrong.select(invoice_id=invoice_number(pl.col("invoice_id")), billed_amount=pl.col("amount"), true_amount=pl.col("_true_amount"))


def complaint_labels(complaints: pl.DataFrame) -> pl.DataFrame:
    """One row a complaint: its true category, severity and department, whatever the record says, and the language of its text."""
    newest = complaints.unique("complaint_id", keep="last", maintain_order=True)
    return newest.select(
        complaint_id=complaint_number(pl.col("complaint_id")),
        category=pl.col("_category"),
        severity=pl.col("_severity"),
        department=pl.col("_department"),
        language=pl.col("_language"),
    )


def purchasing(truth: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """One row a customer of harbour: at what rate it buys, with what probability it drops out after a purchase, and when it did."""
    dropped = truth["dropped_month"]
    first = timeline.first + dropped.fill_null(0).to_numpy().astype("timedelta64[M]")
    month = pl.Series(np.where(dropped.is_null().to_numpy(), np.datetime64("NaT"), first.astype("datetime64[D]"))).cast(pl.Date)
    return truth.select(
        customer_number(pl.col("customer"), HARBOUR_UNIT).alias("customer_id"),
        "purchase_rate",
        "dropout_probability",
        month.alias("dropped_month"),
    )


def matches(matching: pl.DataFrame) -> pl.DataFrame:
    """One row a record of a customer in a system: which entity it truly is, and how the record differs from it."""
    number, is_register = pl.col("customer_id"), pl.col("slot") == KEY_ACCOUNT
    return matching.select(
        "entity",
        source_system=pl.when(is_register).then(pl.lit("key_accounts")).otherwise(system_of(number)),
        customer_id=pl.when(is_register).then(key_account_number(number)).otherwise(own_customer_number(number)),
        variations=pl.col("variations"),
    )
