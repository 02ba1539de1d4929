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
    """One incident an outage, in order of time; one that outlasts its month comes again when it is over.

    Returns:
        The columns of the contract of `incidents` and `delivered`.
    """
    started, ended = outage_times(business)
    month, region = np.nonzero(business.outages)
    number = business.numbering.take("incident", len(month))
    ended_at, timeline = ended[month, region], business.timeline
    frame = pl.DataFrame(
        {
            "delivered": month,
            "incident_id": number,
            "started_at": started[month, region],
            "ended_at": ended_at,
            "kind": pl.repeat("outage", len(month), eager=True),
            "organisation_unit": pl.repeat(None, len(month), dtype=pl.String, eager=True),
            "region": pl.Series(REGIONS).gather(region),
            "product_id": pl.repeat(None, len(month), dtype=pl.String, eager=True),
            "customer_id": pl.repeat(None, len(month), dtype=pl.Int64, eager=True),
            "invoice_id": pl.repeat(None, len(month), dtype=pl.Int64, eager=True),
        }
    )
    over = pl.Series(timeline.index_of(ended_at))
    lasts = frame.filter(over > frame["delivered"])
    first = frame.with_columns(ended_at=pl.when(over == pl.col("delivered")).then("ended_at"))
    again = lasts.with_columns(delivered=over.filter(over > frame["delivered"]))
    both = pl.concat([first, again]).filter(pl.col("delivered") < timeline.count)
    return both.sort("delivered", "started_at", "incident_id", maintain_order=True)
