from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.sample.population.staff import FIRST_AGENT
from pipelines.sample.records.complaint_events import make_complaint_events
from pipelines.sample.records.complaints import make_complaints
from tests.sample.records.served_chunk import a_chunk, invoices_of

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

ORDER = {"received": 0, "acknowledged": 1, "assessed": 2, "assigned": 3, "investigated": 4, "responded": 5, "decided": 6, "closed": 7}


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return a_chunk(2_000)


@pytest.fixture(scope="module")
def complaints(chunk: Chunk) -> pl.DataFrame:
    return make_complaints(chunk, invoices_of(chunk))


@pytest.fixture(scope="module")
def events(chunk: Chunk, complaints: pl.DataFrame) -> pl.DataFrame:
    return make_complaint_events(chunk, complaints)


def test_the_steps_of_a_complaint_stand_in_the_order_in_which_they_were_taken(events: pl.DataFrame) -> None:
    before = events.select(pl.col("occurred_at").diff().over("complaint_id")).to_series().drop_nulls()
    assert (before.dt.total_milliseconds() >= 0).all()
    first_way = events.filter(pl.col("event").is_in(list(ORDER))).unique(["complaint_id", "event"], keep="first", maintain_order=True)
    step = first_way.with_columns(step=pl.col("event").replace_strict(ORDER))
    assert (step.select(pl.col("step").diff().over("complaint_id")).to_series().drop_nulls() == 1).all()


def test_no_step_stands_twice_and_each_lies_in_the_month_of_its_delivery(chunk: Chunk, events: pl.DataFrame) -> None:
    assert not events.select("complaint_id", "occurred_at", "event").is_duplicated().any()
    np.testing.assert_array_equal(chunk.business.timeline.index_of(events["occurred_at"].to_numpy()), events["delivered"].to_numpy())


def test_the_steps_say_what_the_complaints_say(complaints: pl.DataFrame, events: pl.DataFrame) -> None:
    newest = complaints.unique("complaint_id", keep="last", maintain_order=True)
    for event, column in (("received", "opened_at"), ("acknowledged", "acknowledged_at"), ("responded", "responded_at")):
        told = events.filter(pl.col("event") == event)["occurred_at"].sort()
        assert told.equals(newest[column].drop_nulls().sort())
    last_closed = events.filter(pl.col("event") == "closed").group_by("complaint_id").agg(pl.col("occurred_at").last())
    closed = newest.filter(pl.col("closed_at").is_not_null()).join(last_closed, on="complaint_id")
    assert len(closed) == newest["closed_at"].count()
    assert (closed["closed_at"] == closed["occurred_at"]).all()
    assert (events["event"] == "reopened").sum() == len(newest.filter(pl.col("reopened_count") == 1)) > 0


def test_the_department_is_known_from_the_assignment_on(events: pl.DataFrame) -> None:
    early = events.filter(pl.col("event").is_in(["received", "acknowledged", "assessed"]))
    assert early["department"].null_count() == len(early)
    late = events.filter(pl.col("event") == "investigated")
    assert late["department"].null_count() / len(late) == pytest.approx(0.10, abs=0.04)


def test_only_the_machine_that_acknowledges_has_no_number(chunk: Chunk, events: pl.DataFrame) -> None:
    nobody = events.filter(pl.col("employee_id").is_null())
    assert set(nobody["event"]) == {"acknowledged"}
    by_night = events.filter((pl.col("event") == "acknowledged") & ~pl.col("occurred_at").dt.hour().is_between(9, 17))
    assert by_night["employee_id"].null_count() == len(by_night) > 20
    assert 0.3 < len(nobody) / len(events.filter(pl.col("event") == "acknowledged")) < 0.75
    assert events["employee_id"].drop_nulls().is_between(FIRST_AGENT, FIRST_AGENT + chunk.business.staff.agents - 1).all()


def test_the_same_complaints_take_the_same_steps_again(chunk: Chunk, complaints: pl.DataFrame, events: pl.DataFrame) -> None:
    assert_frame_equal(make_complaint_events(chunk, complaints), events)
