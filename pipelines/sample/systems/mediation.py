"""What usage mediation delivers: metered quantities as Parquet, typed, without the seconds' zone: it runs on local time."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.systems.notation import label
from pipelines.sample.systems.numbers import subscription_number

TARIFF_PERIODS: Final = {"peak": "P", "flat": "F", "off_peak": "V"}

USAGE: Final = Feed(
    source="mediation_usage",
    path="mediation/usage_{day}.parquet",
    day=2,
    form=Form(kind="parquet"),
    spoiling=Spoiling(),
)


def tell_usage(frame: pl.DataFrame) -> pl.DataFrame:
    """The usage: numbers and codes as text, times and quantities typed."""
    return frame.select(
        "delivered",
        subscription_number(pl.col("subscription_id")).alias("SUBS_ID"),
        pl.col("measure").str.to_uppercase().alias("MEASURE"),
        label("tariff_period", TARIFF_PERIODS).alias("TARIFF_PERIOD"),
        pl.col("started_at").alias("BEGIN_TS"),
        pl.col("ended_at").alias("END_TS"),
        pl.col("quantity").alias("QTY"),
        pl.col("unit").alias("UOM"),
    )
