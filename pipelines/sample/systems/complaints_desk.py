"""What the complaints desk delivers: complaints that are new or have moved on, as CSV, and their steps as JSON lines with offsets."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.systems.notation import amount, figure, label, moment, moment_at_offset
from pipelines.sample.systems.numbers import (
    account_number,
    complaint_number,
    contact_number,
    customer_number,
    employee_number,
    invoice_number,
)

DECISIONS: Final = {"upheld": "justified", "partly": "partly justified", "rejected": "not justified"}
_DAY: Final = 3

COMPLAINTS: Final = Feed(
    source="complaints_desk_complaints",
    path="complaints_desk/complaints_{day}.csv",
    day=_DAY,
    form=Form(kind="csv", delimiter=",", encoding="utf-8"),
    spoiling=Spoiling(key="case_no", date="opened", text="story"),
)
EVENTS: Final = Feed(
    source="complaints_desk_events",
    path="complaints_desk/events_{day}.jsonl",
    day=_DAY,
    form=Form(kind="json_lines"),
    spoiling=Spoiling(key="caseNo", date="at"),
)


def tell_complaints(frame: pl.DataFrame) -> pl.DataFrame:
    """The complaints, a row each month in which one moved on, as text."""
    return frame.select(
        "delivered",
        complaint_number(pl.col("complaint_id")).alias("case_no"),
        customer_number(pl.col("customer_id")).alias("customer_no"),
        account_number(pl.col("account_id")).alias("account_no"),
        contact_number(pl.col("contact_id")).alias("call_no"),
        invoice_number(pl.col("invoice_id")).alias("bill_no"),
        amount("disputed_amount").alias("amount_in_dispute"),
        moment("opened_at").alias("opened"),
        moment("acknowledged_at").alias("acknowledged"),
        moment("responded_at").alias("responded"),
        moment("resolved_at").alias("resolved"),
        moment("closed_at").alias("closed"),
        moment("followed_up_at").alias("followed_up"),
        figure("reopened_count").alias("reopened"),
        pl.col("category").alias("about"),
        pl.col("severity").alias("level"),
        pl.col("department").alias("team"),
        pl.col("text").alias("story"),
        pl.col("remedy_sought").alias("wish"),
        label("decision", DECISIONS).alias("ruling"),
        amount("compensation").alias("paid_back"),
    )


def tell_events(frame: pl.DataFrame) -> pl.DataFrame:
    """The steps of the complaints as text."""
    return frame.select(
        "delivered",
        complaint_number(pl.col("complaint_id")).alias("caseNo"),
        moment_at_offset("occurred_at", 8).alias("at"),
        pl.col("event").str.to_uppercase().alias("step"),
        pl.col("department").alias("team"),
        employee_number(pl.col("employee_id")).alias("clerk"),
    )
