"""The hidden kinds of loyalty: all four exist, and each has the consequences that make it what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.timeline import Timeline
from pipelines.sample.truth.loyalty import HOLDS, KINDS, loyalty

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return make_chunk(make_business(5, 6_000, Timeline(24), INDUSTRIES["telecom"]), 0)


def test_there_are_customers_of_every_kind(chunk: Chunk) -> None:
    shares = loyalty(chunk)["loyalty_type"].value_counts(normalize=True)
    assert set(shares["loyalty_type"]) == set(KINDS)
    assert min(shares["proportion"].to_list()) > 0.08
    spurious = loyalty(chunk).filter(pl.col("loyalty_type") == "spurious")
    assert set(spurious["held_by"]) == set(HOLDS)
    assert loyalty(chunk).filter(pl.col("loyalty_type") != "spurious")["held_by"].null_count() == (len(loyalty(chunk)) - len(spurious)), (
        "only the spurious are held by something"
    )


def test_the_truly_loyal_leave_least(chunk: Chunk) -> None:
    kinds = loyalty(chunk)["loyalty_type"].to_numpy()
    at_stake = chunk.life.hazard > 0
    mean = {kind: chunk.life.hazard[:, kinds == kind][at_stake[:, kinds == kind]].mean() for kind in KINDS}
    assert mean["true"] < 0.7 * mean["none"]
    assert mean["true"] < mean["spurious"]


def test_the_latent_buy_elsewhere(chunk: Chunk) -> None:
    kinds = loyalty(chunk)["loyalty_type"].to_numpy()
    wallet = chunk.entities.share_of_wallet[chunk.memberships.entity]
    assert np.max(wallet[kinds == "latent"]) < np.min(wallet[kinds == "true"])
