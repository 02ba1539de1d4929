"""The steps of the complaints, one row each: what became of every complaint until the sample ends."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import stream
from pipelines.sample.records.served import is_office_time

_EVENTS_PART: Final = 2**30  # added to the number of the chunk: draws apart from those of the complaints themselves
_BY_MACHINE: Final = 0.35  # of the acknowledgements in office hours, and all others
_EVENTS: Final = (
    *(("opened_at", "received"), ("acknowledged_at", "acknowledged"), ("_assessed_at", "assessed"), ("_assigned_at", "assigned")),
    *(("_investigated_at", "investigated"), ("responded_at", "responded"), ("_decided_at", "decided"), ("_closed_at", "closed")),
    *(("_reopened_at", "reopened"), ("_decided_again_at", "decided"), ("_closed_again_at", "closed"), ("followed_up_at", "followed_up")),
)


def make_complaint_events(chunk: Chunk, complaints: pl.DataFrame) -> pl.DataFrame:
    """Every step that the complaints took before the sample ends, by complaint and in the order of the steps.

    The department is known from the assignment on; the machine that acknowledges is no employee.

    Args:
        chunk: The chunk.
        complaints: What `make_complaints` returned for it.

    Returns:
        The columns of the contract and `delivered`.
    """
    rng = stream(chunk.business.seed, "complaints", _EVENTS_PART + chunk.index)
    newest = complaints.unique("complaint_id", keep="last", maintain_order=True)
    steps = pl.concat(
        newest.select(
            "complaint_id",
            "_handler",
            occurred_at=column,
            event=pl.lit(event),
            step=pl.lit(place),
            department=pl.when(pl.col("_assigned_at") <= pl.col(column)).then("department"),
        )
        for place, (column, event) in enumerate(_EVENTS)
    ).filter(pl.col("occurred_at").is_not_null())
    is_alone = ~is_office_time(steps["occurred_at"].to_numpy()) | (rng.random(len(steps)) < _BY_MACHINE)
    is_by_machine = pl.Series(is_alone, dtype=pl.Boolean) & (steps["event"] == "acknowledged")
    return (
        steps.with_columns(
            delivered=pl.Series(chunk.business.timeline.index_of(steps["occurred_at"].to_numpy()).astype(np.int64)),
            employee_id=pl.when(~is_by_machine).then("_handler"),
        )
        .sort("complaint_id", "step", maintain_order=True)
        .select("delivered", "complaint_id", "occurred_at", "event", "department", "employee_id")
    )
