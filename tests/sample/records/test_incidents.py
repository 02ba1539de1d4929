from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.sample.records.incidents import make_incidents
from pipelines.sample.records.outages import make_outages, outage_times
from pipelines.sample.records.served import positions
from pipelines.sample.story.life import BROKEN_PROMISE
from tests.sample.records.served_chunk import MONTHS, a_chunk, invoices_of

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return a_chunk()


@pytest.fixture(scope="module")
def invoices(chunk: Chunk) -> pl.DataFrame:
    return invoices_of(chunk)


@pytest.fixture(scope="module")
def incidents(chunk: Chunk, invoices: pl.DataFrame) -> pl.DataFrame:
    return make_incidents(chunk, invoices)


@pytest.fixture(scope="module")
def outages(chunk: Chunk) -> pl.DataFrame:
    return make_outages(chunk.business)


def test_half_of_the_wrong_bills_are_found_out(invoices: pl.DataFrame, incidents: pl.DataFrame) -> None:
    errors = incidents.filter(pl.col("kind") == "billing_error").unique("incident_id")
    assert errors["invoice_id"].is_unique().all()
    assert 0.4 < len(errors) / invoices["_is_wrong"].sum() < 0.55
    found = errors.join(invoices, on=["invoice_id", "customer_id"])
    assert len(found) == len(errors)
    assert found["_is_wrong"].all()
    assert (found["started_at"] == found["issued_at"]).all()


def test_a_part_of_the_broken_promises_is_known(chunk: Chunk, incidents: pl.DataFrame) -> None:
    known = incidents.filter(pl.col("kind") == "delivery_failure").unique("incident_id")
    month = chunk.business.timeline.index_of(known["started_at"].to_numpy())
    assert (chunk.life.failure[month, positions(chunk, known["customer_id"])] == BROKEN_PROMISE).all()
    assert len(known) / (chunk.life.failure == BROKEN_PROMISE).sum() == pytest.approx(0.38, abs=0.08)


def test_an_incident_stands_with_region_and_branch_of_the_customer(chunk: Chunk, incidents: pl.DataFrame) -> None:
    month = chunk.business.timeline.index_of(incidents["started_at"].to_numpy())
    entity = chunk.memberships.entity[positions(chunk, incidents["customer_id"])]
    names = np.array(["North", "East", "South", "West", "Central"])
    assert incidents["region"].to_list() == names[chunk.particulars.region[month, entity]].tolist()
    assert (incidents["organisation_unit"].str.slice(3, 1) == incidents["region"].str.slice(0, 1)).all()


def test_most_incidents_name_the_plan_that_they_are_about(chunk: Chunk, incidents: pl.DataFrame) -> None:
    named = incidents.filter(pl.col("product_id").is_not_null())
    assert 0.5 < len(named) / len(incidents) < 0.8
    month = chunk.business.timeline.index_of(named["started_at"].to_numpy())
    customer = positions(chunk, named["customer_id"])
    plan = chunk.accounts.plan(np.searchsorted(chunk.accounts.customer, customer), chunk.life.step[month, customer])
    assert named["product_id"].to_list() == [chunk.business.industry.products[position].number for position in plan]
    assert (incidents.group_by("incident_id").agg(pl.col("product_id").n_unique())["product_id"] == 1).all()


@pytest.mark.parametrize("which", ["incidents", "outages"])
def test_nothing_in_a_row_lies_after_the_end_of_the_month_in_which_it_is_delivered(
    chunk: Chunk, which: str, request: pytest.FixtureRequest
) -> None:
    frame = request.getfixturevalue(which)
    end = pl.Series(chunk.business.timeline.at(frame["delivered"].to_numpy() + 1, np.array(1), np.array(0)))
    assert (frame["started_at"] < end).all()
    assert not (frame["ended_at"] >= end).any()
    assert frame["delivered"].is_between(0, chunk.business.timeline.count - 1).all()


def test_an_incident_that_lasts_comes_again_when_it_is_over(incidents: pl.DataFrame) -> None:
    twice = incidents.filter(pl.len().over("incident_id") == 2).sort("incident_id", "delivered")
    assert len(twice) > 20
    first, again = twice.gather_every(2), twice.gather_every(2, 1)
    assert first["ended_at"].null_count() == len(first)
    assert again["ended_at"].null_count() == 0
    assert incidents.group_by("incident_id").len()["len"].max() == 2
    assert 0 < incidents.group_by("incident_id").agg(pl.col("ended_at").max())["ended_at"].null_count() < len(incidents) / 4


def test_every_outage_is_one_incident_of_its_month_and_region(chunk: Chunk, outages: pl.DataFrame) -> None:
    once = outages.unique("incident_id", keep="last", maintain_order=True)
    month, region = np.nonzero(chunk.business.outages)
    names = np.array(["North", "East", "South", "West", "Central"])
    started = chunk.business.timeline.index_of(once["started_at"].to_numpy())
    assert sorted(zip(started.tolist(), once["region"].to_list(), strict=True)) == sorted(
        zip(month.tolist(), names[region].tolist(), strict=True)
    )
    assert (once["ended_at"] - once["started_at"]).drop_nulls().dt.total_minutes().is_between(60, 30 * 60).all()


@pytest.mark.parametrize("seed", range(8))
def test_every_outage_is_over_before_its_month_is(seed: int) -> None:
    business = a_chunk(50, seed).business
    made = make_outages(replace(business, outages=np.ones((MONTHS, 5), dtype=np.bool_)))
    assert len(made) == MONTHS * 5
    np.testing.assert_array_equal(business.timeline.index_of(made["ended_at"].to_numpy()), made["delivered"].to_numpy())
    assert made["started_at"].is_sorted()


def test_outages_strike_at_the_same_moment_for_everybody_who_asks(chunk: Chunk) -> None:
    first, second = outage_times(chunk.business), outage_times(a_chunk(100).business)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_the_same_business_has_the_same_incidents_again() -> None:
    made = []
    for _ in range(2):
        chunk = a_chunk(600)
        made.append(make_incidents(chunk, invoices_of(chunk)))
    assert_frame_equal(*made)


def test_without_wrong_bills_only_broken_promises_are_known(chunk: Chunk, invoices: pl.DataFrame, incidents: pl.DataFrame) -> None:
    made = make_incidents(chunk, invoices[:0])
    assert set(made["kind"]) == {"delivery_failure"}
    assert made.schema == incidents.schema
