"""A chunk and what is delivered of it, made once for the tests of a run."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.report.delivered import Delivered, deliver, frames
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk


@cache
def small_sample(industry: str = "telecom", customers: int = 400, months: int = 18, seed: int = 7) -> tuple[Chunk, Delivered]:
    chunk = make_chunk(make_business(seed, customers, Timeline(months), INDUSTRIES[industry]), 0)
    return chunk, deliver(chunk, lambda _: None)


def up_to(records: Delivered, month: int) -> Delivered:
    """What had been delivered by the end of a month."""
    return replace(records, **{name: getattr(records, name).filter(pl.col("delivered") <= month) for name in frames()})
