"""From told rows to delivered files: how a file is written, what goes wrong with it on the way, and the record of all that did."""

from pipelines.sample.deliveries.feed import Feed, Spoiling, Trailer
from pipelines.sample.deliveries.form import Form
from pipelines.sample.deliveries.outbox import Outbox, Sent
from pipelines.sample.deliveries.rates import Rates

__all__ = ["Feed", "Form", "Outbox", "Rates", "Sent", "Spoiling", "Trailer"]
