"""The sample business, read straight from its delivered files: what is readable of them, the newest version of each record.

Every time in the files is that of Shanghai, where the business reports, so that their dates are the business dates. Amounts are whole
ten-thousandths of a yuan. Which rows cannot be read is the truth of the one who spoilt them.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

from tests.agreement.published import NOBODY, UNITS

if TYPE_CHECKING:
    from pathlib import Path

# Of each source where its files are, what parts the columns, and the encoding.
FORMS: Final = {
    "billing_invoices": ("billing/invoices_*.csv.gz", ";", "utf-8"),
    "billing_invoice_lines": ("billing/invoice_lines_*.csv.gz", ";", "iso-8859-1"),
    "billing_payments": ("billing/payments_*.csv.gz", ";", "utf-8"),
    "call_centre_contacts": ("call_centre/contacts_*.tsv", "\t", "utf-8"),
    "complaints_desk_complaints": ("complaints_desk/complaints_*.csv", ",", "utf-8"),
    "crm_accounts": ("crm/accounts_*.csv", ",", "utf-8"),
    "crm_customers": ("crm/customers_*.csv", ",", "utf-8"),
    "crm_products": ("crm/products_*.csv", ",", "utf-8"),
}
KEYS: Final = {
    "billing_invoices": ["BillNo"],
    "billing_invoice_lines": ["BillNo", "N°"],
    "billing_payments": ["Receipt"],
    "call_centre_contacts": ["联系编号"],
    "complaints_desk_complaints": ["case_no"],
    "crm_accounts": ["account_no"],
    "crm_customers": ["cust_no"],
    "crm_products": ["product_no"],
}
UNREADABLE: Final = ("unreadable_date", "unreadable_amount", "missing_key", "conflicting_key")
PLACE: Final = ("day", "path", "row")


def amount(column: str) -> pl.Expr:
    """An amount with a decimal comma or point, in whole ten-thousandths."""
    return (pl.col(column).str.replace(",", ".", literal=True).cast(pl.Decimal(18, 4)) * UNITS).cast(pl.Int64)


def billing_time(column: str) -> pl.Expr:
    """A time as the billing system writes it."""
    return pl.col(column).str.to_datetime("%d.%m.%Y %H:%M")


def desk_time(column: str) -> pl.Expr:
    """A time as CRM and the complaints desk write it."""
    return pl.col(column).str.to_datetime("%Y-%m-%d %H:%M:%S")


def month_of(column: str) -> pl.Expr:
    """The first day of a date's month."""
    return pl.col(column).dt.truncate("1mo")


@dataclass(frozen=True)
class Business:
    """The files below `landing`, and the dirt that was put into them."""

    landing: Path
    dirt: pl.DataFrame

    def files(self, source: str) -> list[Path]:
        """The deliveries of a source, oldest first; one that came twice is there once."""
        distinct: dict[bytes, Path] = {}
        for path in sorted(self.landing.glob(FORMS[source][0])):
            distinct.setdefault(path.read_bytes(), path)
        return list(distinct.values())

    def delivered(self, source: str) -> pl.DataFrame:
        """Every row as text with its place: the file's day and path, and the number of the row; no control rows."""
        _, separator, encoding = FORMS[source]
        frames = []
        for path in self.files(source):
            content = path.read_bytes()
            text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode(encoding)
            frame = pl.read_csv(text.encode(), separator=separator, infer_schema=False).with_row_index("row", offset=1)
            day = path.name.split("_")[-1][:10]
            frames.append(frame.with_columns(day=pl.lit(day).str.to_date(), path=pl.lit(path.relative_to(self.landing).as_posix())))
        rows = pl.concat(frames)
        return rows.filter(pl.col("Kind").ne_missing("total")) if source == "billing_invoices" else rows

    def noted(self, source: str, *kinds: str) -> pl.DataFrame:
        """The places of the rows with dirt of these kinds."""
        return self.dirt.filter((pl.col("source") == source) & pl.col("kind").is_in(kinds)).select("path", pl.col("row").cast(pl.UInt32))

    def readable(self, source: str) -> pl.DataFrame:
        """The delivered rows without those that cannot be read, oldest first."""
        return self.delivered(source).join(self.noted(source, *UNREADABLE), on=["path", "row"], how="anti").sort(PLACE)

    def current(self, source: str) -> pl.DataFrame:
        """The newest version of each record."""
        return self.readable(source).unique(KEYS[source], keep="last", maintain_order=True)

    @cached_property
    def owners(self) -> pl.DataFrame:
        """Who owns each account."""
        return self.current("crm_accounts").select(account="account_no", owner="cust_no")

    def attributed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`customer` filled up: whom the row names, else the owner of the account it names, else nobody."""
        owned = frame.join(self.owners, on="account", how="left", maintain_order="left")
        return owned.with_columns(pl.coalesce("customer", "owner", pl.lit(NOBODY)).alias("customer")).drop("owner")

    @cached_property
    def invoices(self) -> pl.DataFrame:
        """Bills, credit notes and reversals."""
        takes_back = (pl.col("Kind") == "storno") | pl.col("Cancels").is_not_null() | (amount("Total") < 0)
        named = self.current("billing_invoices").select(
            invoice="BillNo",
            customer="Subscriber",
            account="Account",
            date=billing_time("BillDate").dt.date(),
            due=pl.col("DueDate").str.to_date("%d.%m.%Y"),
            value=amount("Total"),
            net=amount("Total") - amount("Vat"),
            status=pl.when(pl.col("Kind") == "storno")
            .then(pl.lit("cancelled"))
            .when(pl.col("State") == "disputed")
            .then(pl.lit("disputed"))
            .otherwise(pl.lit("issued")),
            cancels="Cancels",
            is_cancellation=takes_back,
        )
        return self.attributed(named).with_columns(month_of("date").alias("month"))

    @cached_property
    def payments(self) -> pl.DataFrame:
        """Payments and refunds; one that bounced says when."""
        named = self.current("billing_payments").select(
            payment="Receipt",
            customer="Subscriber",
            account="Account",
            invoice="BillNo",
            date=billing_time("ValueDate").dt.date(),
            value=amount("Paid"),
            kind="Kind",
            returned=billing_time("Bounced").dt.date(),
        )
        return self.attributed(named)

    @cached_property
    def contacts(self) -> pl.DataFrame:
        """Calls, visits and messages."""
        time = pl.col("开始时间").str.to_datetime("%Y-%m-%dT%H:%M:%S%z").dt.convert_time_zone("Asia/Shanghai")
        named = self.current("call_centre_contacts").select(
            contact="联系编号", customer="客户编号", account="账户编号", date=time.dt.date()
        )
        return self.attributed(named)

    @cached_property
    def complaints(self) -> pl.DataFrame:
        """Complaints; one is over when it was settled or closed, whichever was first."""
        named = self.current("complaints_desk_complaints").select(
            complaint="case_no",
            customer="customer_no",
            account="account_no",
            date=desk_time("opened").dt.date(),
            ended=pl.min_horizontal(desk_time("resolved"), desk_time("closed")).dt.date(),
        )
        return self.attributed(named)
