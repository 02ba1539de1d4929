"""What the subsidiary in the port city delivers: its customers, receipts and payments in Hong Kong dollars, in UTF-16 between tabs.

Its system is American: month before day, twelve-hour clock without seconds, commas between thousands.
"""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.population.memberships import HARBOUR_UNIT
from pipelines.sample.systems.full_lists import monthly_list
from pipelines.sample.systems.notation import amount, day, label, label_or_own, moment
from pipelines.sample.systems.numbers import customer_number, invoice_number, payment_number
from pipelines.sample.timeline import Timeline

CUSTOMER_TYPES: Final = {"person": "Individual", "organisation": "Company"}
GENDERS: Final = {"female": "Ms", "male": "Mr"}
STATUSES: Final = {
    "issued": "OPEN",
    "cancelled": "VOID",
    "disputed": "ON HOLD",
    "written_off": "WRITTEN OFF",
    "opening_balance": "BROUGHT FORWARD",
}
PAID: Final = "PAID"  # of what was issued, too
PAYMENT_KINDS: Final = {
    "payment": "RECEIPT",
    "refund": "REFUND",
    "write_off": "WRITE-OFF",
    "deposit": "DEPOSIT",
    "deposit_return": "DEPOSIT RETURN",
    "top_up": "TOP-UP",
}
_TIME: Final = "%m/%d/%Y %I:%M %p"
_DATE: Final = "%m/%d/%Y"
_FORM: Final = Form(kind="csv", delimiter="\t", encoding="utf-16")
_DAY: Final = 6  # as billing: by then the month before is closed (calendar.close_after_days)

CUSTOMERS: Final = Feed(
    source="harbour_customers",
    path="harbour/customers_{day}.txt",
    day=_DAY,
    form=_FORM,
    spoiling=Spoiling(key="Customer No", is_snapshot=True),
    is_full=True,
    file_dirt=("empty",),
)
INVOICES: Final = Feed(
    source="harbour_invoices",
    path="harbour/invoices_{day}.txt",
    day=_DAY,
    form=_FORM,
    spoiling=Spoiling(key="Invoice No", date="Invoice Date", amount="Total"),
)
PAYMENTS: Final = Feed(
    source="harbour_payments",
    path="harbour/payments_{day}.txt",
    day=_DAY,
    form=_FORM,
    spoiling=Spoiling(key="Receipt No", date="Received", amount="Amount"),
)


def tell_customers(frame: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """The whole list of the subsidiary's customers of each month as text; a closed one stays for half a year."""
    own = frame.filter(pl.col("unit") == HARBOUR_UNIT)
    return monthly_list(own, "customer_id", timeline, closed="closed_at").select(
        "delivered",
        customer_number(pl.col("customer_id"), HARBOUR_UNIT).alias("Customer No"),
        label("customer_type", CUSTOMER_TYPES).alias("Type"),
        label_or_own("gender", GENDERS).alias("Title"),
        pl.col("name").alias("Name"),
        pl.col("national_id").alias("ID No"),
        day("birth_date", _DATE).alias("Date of Birth"),
        pl.col("phone").alias("Phone"),
        pl.col("email").alias("E-mail"),
        pl.col("address").alias("Address"),
        pl.col("region").alias("Area"),
        pl.col("organisation_unit").alias("Company"),
        moment("registered_at", _TIME).alias("Member Since"),
        moment("closed_at", _TIME).alias("Closed"),
        pl.col("language").alias("Language"),
        moment("updated_at", _TIME).alias("Last Edited"),
    )


def tell_invoices(frame: pl.DataFrame) -> pl.DataFrame:
    """The subsidiary's receipts as text. What is due on the day of the sale was paid at the counter; the rest was sold on account."""
    was_paid_at_once = (pl.col("status") == "issued") & (pl.col("due_at") == pl.col("issued_at").dt.date())
    return frame.filter(pl.col("unit") == HARBOUR_UNIT).select(
        "delivered",
        invoice_number(pl.col("invoice_id"), HARBOUR_UNIT).alias("Invoice No"),
        customer_number(pl.col("customer_id"), HARBOUR_UNIT).alias("Customer No"),
        moment("issued_at", _TIME).alias("Invoice Date"),
        day("due_at", _DATE).alias("Due Date"),
        pl.col("currency").alias("Ccy"),
        amount("amount", grouped=True).alias("Total"),
        amount("tax_amount", grouped=True).alias("Tax"),
        pl.when(was_paid_at_once).then(pl.lit(PAID)).otherwise(label("status", STATUSES)).alias("Status"),
        invoice_number(pl.col("cancels_invoice_id"), HARBOUR_UNIT).alias("Reverses"),
    )


def tell_payments(frame: pl.DataFrame) -> pl.DataFrame:
    """What was paid to the subsidiary as text."""
    return frame.filter(pl.col("unit") == HARBOUR_UNIT).select(
        "delivered",
        payment_number(pl.col("payment_id"), HARBOUR_UNIT).alias("Receipt No"),
        customer_number(pl.col("customer_id"), HARBOUR_UNIT).alias("Customer No"),
        invoice_number(pl.col("invoice_id"), HARBOUR_UNIT).alias("Invoice No"),
        moment("paid_at", _TIME).alias("Received"),
        pl.col("currency").alias("Ccy"),
        amount("amount", grouped=True).alias("Amount"),
        label("kind", PAYMENT_KINDS).alias("Kind"),
        pl.col("method").alias("Tender"),
        moment("returned_at", _TIME).alias("Returned"),
    )
