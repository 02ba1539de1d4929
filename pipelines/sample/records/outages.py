"""The outages of the business: when each began and ended, and how the network system tells of them. Whom they hit is in the story."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Business
from pipelines.sample.chance import Times, stream
from pipelines.sample.records.reference_organisation import REGIONS
from pipelines.sample.records.served import HOUR, later

_OF_THE_BUSINESS: Final = 2**31 - 2  # a part of the draws that no chunk has; 2**31 - 1 decides where an outage strikes


def outage_times(business: Business) -> tuple[Times, Times]:
    """When the outage of each month and region began and was over: months × regions, 1-30 hours; also drawn where none struck."""
    rng = stream(business.seed, "incidents", _OF_THE_BUSINESS)
    shape = business.outages.shape
    month = np.broadcast_to(np.arange(shape[0])[:, None], shape)
    started = business.timeline.at(month, rng.integers(2, 27, shape), rng.integers(0, 24 * HOUR, shape))
    length = HOUR + (29 * HOUR * rng.random(shape) * rng.random(shape)).astype(np.int64)
    return started, later(started, length)


def make_outages(business: Business) -> pl.DataFrame:
    """One incident an outage, in order of time; each is over before its month is.

    Returns:
        The columns of the contract of `incidents` and `delivered`.
    """
    started, ended = outage_times(business)
    month, region = np.nonzero(business.outages)
    count = len(month)
    return pl.DataFrame(
        {
            "delivered": month,
            "incident_id": business.numbering.take("incident", count),
            "started_at": started[month, region],
            "ended_at": ended[month, region],
            "kind": pl.repeat("outage", count, eager=True),
            "organisation_unit": pl.repeat(None, count, dtype=pl.String, eager=True),
            "region": pl.Series(REGIONS).gather(region),
            "product_id": pl.repeat(None, count, dtype=pl.String, eager=True),
            "customer_id": pl.repeat(None, count, dtype=pl.Int64, eager=True),
            "invoice_id": pl.repeat(None, count, dtype=pl.Int64, eager=True),
        }
    ).sort("started_at", "incident_id", maintain_order=True)
