"""What the data stewards hand over: which two numbers they have found to be one customer, and which two not."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries.feed import Feed, Form, Spoiling
from pipelines.sample.systems.notation import label, moment
from pipelines.sample.systems.numbers import customer_number_in, employee_number

DECISIONS: Final = {"same": "=", "different": "<>"}

IDENTITY_DECISIONS: Final = Feed(
    source="stewards_identity_decisions",
    path="stewards/identity_decisions_{day}.csv",
    day=5,
    form=Form(kind="csv", delimiter=",", encoding="utf-8"),
    spoiling=Spoiling(),
)


def tell_identity_decisions(frame: pl.DataFrame) -> pl.DataFrame:
    """The decisions as text.

    Args:
        frame: With global numbers of customers, and beside each the system whose number of that customer is meant.
    """
    return frame.select(
        "delivered",
        "left_system",
        customer_number_in(pl.col("left_system"), pl.col("left_customer_id")).alias("left_no"),
        "right_system",
        customer_number_in(pl.col("right_system"), pl.col("right_customer_id")).alias("right_no"),
        moment("decided_at").alias("decided"),
        label("decision", DECISIONS).alias("verdict"),
        employee_number(pl.col("decided_by")).alias("steward"),
        pl.col("reason").alias("because"),
    )
