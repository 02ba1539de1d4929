"""Consents given and withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.population.memberships import HARBOUR
from pipelines.sample.records.consents import make_consents
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24
KEYS = ["customer_id", "purpose", "channel"]


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return make_chunk(make_business(5, 5_000, Timeline(MONTHS), INDUSTRIES["telecom"]), 0)


@pytest.fixture(scope="module")
def rows(chunk: Chunk) -> pl.DataFrame:
    frame = make_consents(chunk)
    return frame.with_columns(customer=np.searchsorted(chunk.memberships.number, frame["customer_id"].to_numpy()))


def test_consents_of_one_thing_alternate_and_begin_with_a_yes(rows: pl.DataFrame) -> None:
    ordered = rows.sort(*KEYS, "changed_at", nulls_last=True, maintain_order=True).with_columns(
        nth=pl.int_range(pl.len()).over(KEYS, order_by="changed_at")
    )
    assert (ordered["is_given"] == (ordered["nth"] % 2 == 0)).all()
    assert ordered["nth"].max() >= 2  # type: ignore[operator]
    assert not rows.select(*KEYS, "changed_at").is_duplicated().any()


def test_only_customers_of_operations_are_asked(chunk: Chunk, rows: pl.DataFrame) -> None:
    assert (chunk.memberships.slot[rows["customer"].to_numpy()] < HARBOUR).all()
    share = rows["customer"].n_unique() / (chunk.memberships.slot < HARBOUR).sum()
    assert 0.85 < share < 1.0


def test_marketing_is_allowed_as_a_whole_or_by_channel_never_both(rows: pl.DataFrame) -> None:
    assert set(rows.filter(pl.col("purpose") != "marketing")["channel"]) == {None}
    assert set(rows["purpose"]) == {"marketing", "profiling", "data_sharing"}
    marketing = rows.filter(pl.col("purpose") == "marketing").group_by("customer_id").agg(whole=pl.col("channel").is_null())
    assert (marketing["whole"].list.any() == marketing["whole"].list.all()).all()
    assert set(rows["channel"]) == {None, "phone", "sms", "email"}


def test_nothing_is_decided_before_the_registration_or_after_the_closing(chunk: Chunk, rows: pl.DataFrame) -> None:
    changed, customer = rows["changed_at"].to_numpy(), rows["customer"].to_numpy()
    assert (changed >= chunk.memberships.registered[customer]).all()
    assert not (changed > chunk.life.closed[customer]).any()
    month = np.maximum(chunk.business.timeline.index_of(changed), 0)
    assert (month == rows["delivered"].to_numpy()).all()
    assert rows["delivered"].max() == MONTHS - 1


def test_about_three_in_a_thousand_are_withdrawn_a_month_and_more_by_the_unhappy(chunk: Chunk, rows: pl.DataFrame) -> None:
    given = np.zeros((MONTHS, chunk.memberships.count))
    taken = np.zeros_like(given)
    standing = np.zeros(chunk.memberships.count)
    for month in range(MONTHS):
        now = rows.filter(pl.col("delivered") == month)
        taken[month] = np.bincount(now.filter(~pl.col("is_given"))["customer"], minlength=len(standing))
        given[month] = standing
        standing = standing + np.bincount(now.filter("is_given")["customer"], minlength=len(standing)) - taken[month]
    open_months = given * chunk.life.is_served
    unhappy = chunk.life.mood < 0.5
    content, cross = (taken[which].sum() / open_months[which].sum() for which in (~unhappy, unhappy))
    assert content == pytest.approx(0.003, abs=0.0006)
    assert cross > 2.5 * content


def test_the_same_chunk_tells_the_same(chunk: Chunk, rows: pl.DataFrame) -> None:
    assert make_consents(chunk).equals(rows.drop("customer"))
