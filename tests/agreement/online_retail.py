"""Online Retail, read straight from its files and counted by hand: lines, invoices, customers' habits.

Times in the files are London times, and London is where the business reports, so that their dates are the business dates. Amounts are
whole ten-thousandths of a pound.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from tests.agreement.published import NOBODY, UNITS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FIRST_MONTH: Final = date(2010, 12, 1)
LAST_CLOSED: Final = date(2011, 11, 1)  # the newest file reaches 9 December: more than five days beyond November, not beyond December
MONTHS: Final = pl.date_range(FIRST_MONTH, LAST_CLOSED, "1mo", eager=True).to_list()


def read_lines(files: Iterable[Path]) -> pl.DataFrame:
    """Every delivered line: invoice, product, customer (`nobody` where none is named), time, value."""
    text = (gzip.decompress(path.read_bytes()).decode("iso-8859-1").encode() for path in files)
    delivered = pl.concat(pl.read_csv(content, infer_schema=False) for content in text)
    price = (pl.col("UnitPrice").cast(pl.Decimal(18, 4)) * UNITS).cast(pl.Int64)
    return delivered.select(
        invoice="InvoiceNo",
        product="StockCode",
        customer=pl.col("CustomerID").fill_null(NOBODY),
        time=pl.col("InvoiceDate").str.to_datetime("%m/%d/%Y %H:%M"),
        value=pl.col("Quantity").cast(pl.Int64) * price,
    )


def read_invoices(lines: pl.DataFrame) -> pl.DataFrame:
    """Every invoice: issued when its first line was, worth what its lines add up to; a bill unless cancelled or negative."""
    invoices = lines.group_by("invoice").agg(
        pl.col("customer").unique().alias("customers"),
        pl.col("time").min().dt.date().alias("date"),
        pl.col("value").sum(),
    )
    assert invoices["customers"].list.len().max() == 1, "an invoice has one customer"
    return invoices.select(
        "invoice",
        pl.col("customers").list.first().alias("customer"),
        "date",
        pl.col("date").dt.truncate("1mo").alias("month"),
        "value",
        (~pl.col("invoice").str.starts_with("C") & (pl.col("value") >= 0)).alias("is_bill"),
    )


@dataclass
class Habit:
    """What a customer had done by some day.

    Attributes:
        first: Date of the first invoice of any kind.
        bills: Date of each bill, oldest first.
        values: Value of all invoices by month.
        products: Different products on bills.
    """

    first: date
    bills: list[date] = field(default_factory=list)
    values: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    products: set[str] = field(default_factory=set)

    @property
    def value(self) -> int:
        """Of all invoices; twelve months are closed, so a window of twelve holds everything."""
        return sum(self.values.values())

    @property
    def bill_dates(self) -> list[date]:
        return sorted(set(self.bills))

    @property
    def billed_months(self) -> set[date]:
        return {bill.replace(day=1) for bill in self.bills}


def habits(invoices: pl.DataFrame, lines: pl.DataFrame, as_of: date) -> dict[str, Habit]:
    """Each known customer who had an invoice by then."""
    known = invoices.filter((pl.col("date") <= as_of) & (pl.col("customer") != NOBODY)).sort("date", "invoice")
    found: dict[str, Habit] = {}
    for customer, day, month, value, is_bill in known.select("customer", "date", "month", "value", "is_bill").iter_rows():
        habit = found.setdefault(customer, Habit(first=day))
        habit.values[month] += value
        if is_bill:
            habit.bills.append(day)
    bought = lines.join(known.filter("is_bill"), on="invoice", how="semi").select("customer", "product").unique()
    for customer, product in bought.iter_rows():
        found[customer].products.add(product)
    return found


def months_between(earlier: date, later: date) -> int:
    """Calendar months from one month to another."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month
