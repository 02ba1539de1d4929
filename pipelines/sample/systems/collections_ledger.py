"""What the collections ledger delivers: promises to pay, between upright bars, with times that are one row of digits."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.systems.notation import amount, day, moment
from pipelines.sample.systems.numbers import customer_number, invoice_number, promise_number

PROMISES: Final = Feed(
    source="collections_promises",
    path="collections/promises_{day}.txt",
    day=3,
    form=Form(kind="csv", delimiter="|", encoding="utf-8"),
    spoiling=Spoiling(key="PROMISE", date="MADE", amount="AMOUNT"),
)


def tell_promises(frame: pl.DataFrame) -> pl.DataFrame:
    """The promises to pay as text."""
    return frame.select(
        "delivered",
        promise_number(pl.col("promise_id")).alias("PROMISE"),
        customer_number(pl.col("customer_id")).alias("DEBTOR"),
        invoice_number(pl.col("invoice_id")).alias("BILL"),
        moment("promised_at", "%Y%m%d%H%M%S").alias("MADE"),
        day("due_at", "%Y%m%d").alias("DUE"),
        amount("amount").alias("AMOUNT"),
    )
