"""What the data stewards hand over: which two numbers they have found to be one customer, and which two not."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.systems.notation import label, moment
from pipelines.sample.systems.numbers import employee_number, own_customer_number, system_of

DECISIONS: Final = {"same": "=", "different": "<>"}

IDENTITY_DECISIONS: Final = Feed(
    source="stewards_identity_decisions",
    path="stewards/identity_decisions_{day}.csv",
    day=5,
    form=Form(kind="csv", delimiter=",", encoding="utf-8"),
    spoiling=Spoiling(),
)


def tell_identity_decisions(frame: pl.DataFrame) -> pl.DataFrame:
    """The decisions as text: of both customers the system that gave the number, and the number."""
    return frame.select(
        "delivered",
        system_of(pl.col("left_customer_id")).alias("left_system"),
        own_customer_number(pl.col("left_customer_id")).alias("left_no"),
        system_of(pl.col("right_customer_id")).alias("right_system"),
        own_customer_number(pl.col("right_customer_id")).alias("right_no"),
        moment("decided_at").alias("decided"),
        label("decision", DECISIONS).alias("verdict"),
        employee_number(pl.col("decided_by")).alias("steward"),
        pl.col("reason").alias("because"),
    )
