"""What network operations deliver: incidents as JSON lines, those of whole regions and those of single customers."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.systems.notation import label, moment_at_offset
from pipelines.sample.systems.numbers import customer_number, incident_number, invoice_number

KINDS: Final = {"outage": "SERVICE_DOWN", "billing_error": "BILLING_FAULT", "delivery_failure": "FIELD_FAILURE"}

INCIDENTS: Final = Feed(
    source="network_incidents",
    path="network/incidents_{day}.jsonl",
    day=2,
    form=Form(kind="json_lines"),
    spoiling=Spoiling(key="ticket", date="raised"),
)


def tell_incidents(frame: pl.DataFrame) -> pl.DataFrame:
    """The incidents as text."""
    return frame.select(
        "delivered",
        incident_number(pl.col("incident_id")).alias("ticket"),
        label("kind", KINDS).alias("class"),
        moment_at_offset("started_at", 8).alias("raised"),
        moment_at_offset("ended_at", 8).alias("cleared"),
        pl.col("organisation_unit").alias("site"),
        pl.col("region").alias("area"),
        pl.col("product_id").alias("service"),
        customer_number(pl.col("customer_id")).alias("customer"),
        invoice_number(pl.col("invoice_id")).alias("bill"),
    )
