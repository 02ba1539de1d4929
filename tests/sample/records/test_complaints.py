from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.sample.population.memberships import HARBOUR
from pipelines.sample.records.complaints import make_complaints
from pipelines.sample.records.outages import outage_times
from pipelines.sample.records.served import positions
from pipelines.sample.story.life import OUTAGE, SLOW, WELL, WRONG_BILL
from tests.sample.records.served_chunk import EXTRA, a_chunk, invoices_of, quantile, share

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

STAGES = ("opened_at", "acknowledged_at", "responded_at", "resolved_at", "closed_at", "followed_up_at")
ALL_STAGES = (
    *("opened_at", "acknowledged_at", "_assessed_at", "_assigned_at", "_investigated_at", "responded_at", "_decided_at", "_closed_at"),
    *("_reopened_at", "_decided_again_at", "_closed_again_at", "followed_up_at"),
)


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return a_chunk()


@pytest.fixture(scope="module")
def invoices(chunk: Chunk) -> pl.DataFrame:
    return invoices_of(chunk)


@pytest.fixture(scope="module")
def complaints(chunk: Chunk, invoices: pl.DataFrame) -> pl.DataFrame:
    return make_complaints(chunk, invoices)


@pytest.fixture(scope="module")
def newest(complaints: pl.DataFrame) -> pl.DataFrame:
    return complaints.unique("complaint_id", keep="last", maintain_order=True)


def days(frame: pl.DataFrame, until: str = "resolved_at") -> pl.Series:
    return (frame[until] - frame["opened_at"]).dt.total_seconds() / 86_400


@pytest.mark.parametrize("stages", [STAGES, ALL_STAGES])
def test_the_stages_of_a_complaint_come_one_after_the_other(complaints: pl.DataFrame, stages: tuple[str, ...]) -> None:
    for place, stage in enumerate(stages):
        for earlier in stages[:place]:
            assert not (complaints[stage] < complaints[earlier]).any()
    for earlier, stage in pairwise(ALL_STAGES[:8]):
        assert complaints.filter(pl.col(stage).is_not_null())[earlier].null_count() == 0


def test_nothing_in_a_row_lies_after_the_end_of_the_month_in_which_it_is_delivered(chunk: Chunk, complaints: pl.DataFrame) -> None:
    end = chunk.business.timeline.at(complaints["delivered"].to_numpy() + 1, np.array(1), np.array(0))
    for column in {*STAGES, *ALL_STAGES}:
        assert not (complaints[column] >= pl.Series(end)).any()


def test_there_is_a_row_for_each_month_in_which_a_complaint_moved_on_and_for_no_other(chunk: Chunk, complaints: pl.DataFrame) -> None:
    assert complaints["delivered"].is_between(0, chunk.business.timeline.count - 1).all()
    seen = set(complaints.select("complaint_id", "delivered").iter_rows())
    assert len(seen) == len(complaints)
    moved = set()
    for stage in ALL_STAGES:
        there = complaints.filter(pl.col(stage).is_not_null())
        month = chunk.business.timeline.index_of(there[stage].to_numpy())
        moved |= set(zip(there["complaint_id"].to_list(), month.tolist(), strict=True))
    assert moved == seen


def test_complaints_handled_well_take_hours_and_days_those_handled_slowly_weeks(newest: pl.DataFrame) -> None:
    well, slow = (newest.filter(pl.col("_handling") == handling) for handling in (WELL, SLOW))
    assert quantile(days(well, "acknowledged_at"), 0.9) < 1
    assert 3.0 < quantile(days(well), 0.5) < 7.0
    assert quantile(days(slow), 0.1) > 20
    assert quantile(days(slow), 0.95) > 90
    opened_early = pl.col("delivered") < 12
    assert 0.25 < share(slow.filter(opened_early)["closed_at"].is_null()) < 0.55
    assert share(well.filter(opened_early)["closed_at"].is_null()) < 0.05


def test_taken_together_they_take_as_long_as_real_ones(newest: pl.DataFrame) -> None:
    to_close = days(newest, "closed_at")
    assert 4 < quantile(to_close, 0.5) < 14
    assert 25 < quantile(to_close, 0.75) < 95
    assert 0.12 < share(newest["closed_at"].is_null()) < 0.28


def test_whoever_stays_silent_has_no_complaint_and_whoever_complains_has_one(chunk: Chunk, newest: pl.DataFrame) -> None:
    first = newest.filter(~pl.col("_is_repeat"))
    told = np.bincount(positions(chunk, first["customer_id"]), minlength=chunk.memberships.count)
    complained = (chunk.life.complains & (chunk.memberships.slot < HARBOUR)).sum(axis=0)
    is_at_the_end = np.arange(chunk.business.timeline.count)[:, None] >= np.minimum(chunk.life.last, chunk.business.timeline.count - 1) - 1
    at_the_end = (chunk.life.complains & is_at_the_end).sum(axis=0)
    assert complained.sum() > 1_000
    assert (told <= complained).all()
    assert (told >= complained - at_the_end).all()
    assert len(first) > 0.98 * complained.sum()


def test_a_complaint_is_made_again_only_after_a_slow_one_about_the_same_within_three_months(newest: pl.DataFrame) -> None:
    again = newest.filter("_is_repeat")
    assert 0.03 < len(again) / len(newest) < 0.07
    slow = newest.filter(~pl.col("_is_repeat") & (pl.col("_handling") == SLOW)).select("customer_id", "_failure", before="opened_at")
    found = again.join(slow, on=["customer_id", "_failure"]).filter(
        (pl.col("opened_at") - pl.col("before")).is_between(pl.duration(days=14), pl.duration(days=87))
    )
    assert found["complaint_id"].n_unique() == len(again)


def test_who_has_been_closed_complains_no_more(chunk: Chunk, newest: pl.DataFrame) -> None:
    closed = pl.Series(chunk.life.closed[positions(chunk, newest["customer_id"])])
    assert closed.count() > 100
    assert not (newest["opened_at"] >= closed).any()


def test_the_desk_works_in_office_hours(newest: pl.DataFrame) -> None:
    for stage in ("_assessed_at", "_investigated_at", "responded_at", "_decided_at", "_closed_at", "_closed_again_at", "followed_up_at"):
        times = newest[stage].drop_nulls()
        assert len(times) > 30
        assert times.dt.hour().is_between(9, 17).all(), stage
        assert times.dt.weekday().is_between(1, 5).all(), stage


@pytest.mark.parametrize(("column", "missing"), [("category", 0.15), ("severity", 0.20), ("department", 0.10)])
def test_labels_are_missing_in_a_set_share_and_the_truth_never(newest: pl.DataFrame, column: str, missing: float) -> None:
    assert share(newest[column].is_null()) == pytest.approx(missing, abs=0.03)
    assert newest[f"_{column}"].null_count() == 0


def test_labels_are_missing_independently_of_each_other(newest: pl.DataFrame) -> None:
    assert share(newest["category"].is_null() & newest["severity"].is_null()) == pytest.approx(0.03, abs=0.015)


def test_category_and_department_follow_from_what_went_wrong(chunk: Chunk, newest: pl.DataFrame) -> None:
    industry = chunk.business.industry
    assert newest["_category"].to_list() == [industry.categories[failure] for failure in newest["_failure"]]
    assert newest["_department"].to_list() == [industry.departments[failure] for failure in newest["_failure"]]


def test_a_few_carry_a_wrong_category_and_none_a_wrong_department_or_severity(newest: pl.DataFrame) -> None:
    labelled = newest.filter(pl.col("category").is_not_null())
    assert share(labelled["category"] != labelled["_category"]) == pytest.approx(0.03, abs=0.015)
    assert (newest["severity"] == newest["_severity"]).drop_nulls().all()
    assert (newest["department"] == newest["_department"]).drop_nulls().all()


def test_what_happens_again_is_graver(newest: pl.DataFrame) -> None:
    grade = newest.with_columns(grade=pl.col("_severity").replace_strict({"low": 0, "medium": 1, "high": 2, "critical": 3}))
    mean = dict(grade.group_by("_is_repeat").agg(pl.col("grade").mean()).iter_rows())
    assert mean[True] > mean[False] + 0.4
    assert set(newest["_severity"].unique()) == {"low", "medium", "high", "critical"}


def test_a_wrong_bill_is_disputed_with_its_number_and_what_was_too_much(invoices: pl.DataFrame, newest: pl.DataFrame) -> None:
    about_bills = newest.filter(pl.col("_failure") == WRONG_BILL)
    assert (about_bills["disputed_amount"] == EXTRA).all()
    found = about_bills.join(invoices, on=["invoice_id", "customer_id"])
    assert len(found) == len(about_bills)
    assert found["_is_wrong"].all()
    assert (found["opened_at"] > found["issued_at"]).all()
    others = newest.filter(pl.col("_failure") != WRONG_BILL)
    assert others["invoice_id"].null_count() == len(others)
    assert others["disputed_amount"].null_count() == len(others)


def test_a_bill_is_found_wrong_only_when_the_billing_reverses_it(newest: pl.DataFrame) -> None:
    decided = newest.filter((pl.col("_failure") == WRONG_BILL) & pl.col("decision").is_not_null() & ~pl.col("_is_repeat"))
    assert (decided.filter(pl.col("_handling") == WELL)["decision"] == "upheld").all()
    assert not (decided.filter(pl.col("_handling") == SLOW)["decision"] == "upheld").any()


def test_an_outage_is_complained_about_after_it_began(chunk: Chunk, newest: pl.DataFrame) -> None:
    about = newest.filter((pl.col("_failure") == OUTAGE) & ~pl.col("_is_repeat"))
    started = outage_times(chunk.business)[0][chunk.business.outages]
    opened = about["opened_at"].to_numpy()
    since = opened[:, None] - started[None, :]
    assert ((since > np.timedelta64(0)) & (since < np.timedelta64(8, "D"))).any(axis=1).all()


def test_a_decision_and_what_was_given_stand_there_once_the_matter_is_resolved(complaints: pl.DataFrame) -> None:
    open_ones = complaints.filter(pl.col("resolved_at").is_null())
    assert open_ones["decision"].null_count() == len(open_ones)
    assert open_ones["compensation"].null_count() == len(open_ones)
    settled = complaints.filter(pl.col("resolved_at").is_not_null())
    assert settled["decision"].null_count() == 0
    assert settled.filter(pl.col("decision") == "rejected")["compensation"].null_count() > 0
    assert (settled["compensation"].drop_nulls() > 0).all()
    assert settled.filter(pl.col("decision") == "rejected")["compensation"].drop_nulls().is_empty()


def test_a_reopened_complaint_is_open_again(complaints: pl.DataFrame) -> None:
    reopened = complaints.filter(pl.col("_reopened_at").is_not_null())
    assert (reopened["reopened_count"] == 1).all()
    assert len(reopened) > 30
    waiting = reopened.filter(pl.col("_closed_again_at").is_null())
    assert waiting["closed_at"].null_count() == len(waiting)
    assert (complaints.filter(pl.col("_reopened_at").is_null())["reopened_count"] == 0).all()
    slow = complaints.unique("complaint_id", keep="last").filter(pl.col("_decided_at").is_not_null())
    rate = dict(slow.group_by("_handling").agg(pl.col("reopened_count").mean()).iter_rows())
    assert rate[SLOW] > 4 * rate[WELL]


def test_a_credit_note_for_an_outage_is_what_its_complaint_brought(chunk: Chunk, invoices: pl.DataFrame) -> None:
    life, timeline = chunk.life, chunk.business.timeline
    month, customer = np.nonzero(((life.failure == OUTAGE) & (life.handling == WELL))[:10])
    note = invoices[: len(month)].with_columns(
        customer_id=pl.Series(chunk.memberships.number[customer]),
        issued_at=pl.Series(timeline.at(month + 1, np.array(5), np.array(0))),
        amount=pl.lit(-1_234, dtype=pl.Int64),
        invoice_id=pl.Series(10_000_000 + np.arange(len(month))),
    )
    made = make_complaints(chunk, pl.concat([invoices, note])).unique("complaint_id", keep="last")
    credited = made.filter(pl.col("compensation") == 1_234)
    assert len(credited) > 0.8 * len(month)
    assert set(credited["_failure"]) == {OUTAGE}
    assert set(credited["decision"]) == {"upheld"}


def test_most_are_made_in_a_contact(newest: pl.DataFrame) -> None:
    assert share(newest["contact_id"].is_not_null()) == pytest.approx(0.75, abs=0.03)
    assert newest["contact_id"].drop_nulls().is_unique().all()


def test_about_one_in_seven_is_written_in_english(newest: pl.DataFrame) -> None:
    assert share(newest["_language"] == "en") == pytest.approx(0.15, abs=0.03)


def test_the_same_business_complains_the_same_again() -> None:
    made = []
    for _ in range(2):
        chunk = a_chunk(600)
        made.append(make_complaints(chunk, invoices_of(chunk)))
    assert_frame_equal(*made)


@pytest.mark.parametrize("industry", ["bank", "utility"])
def test_the_other_industries_complain_in_their_own_words(industry: str) -> None:
    chunk = a_chunk(1_000, industry=industry)
    made = make_complaints(chunk, invoices_of(chunk))
    assert set(made["_category"]) <= set(chunk.business.industry.categories)
    assert set(made["_department"]) <= set(chunk.business.industry.departments)
    assert len(made) > 100


def test_a_chunk_in_which_nobody_complains_gives_an_empty_frame(complaints: pl.DataFrame) -> None:
    chunk = a_chunk(200)
    content = replace(chunk, life=replace(chunk.life, complains=np.zeros_like(chunk.life.complains)))
    made = make_complaints(content, invoices_of(chunk))
    assert made.is_empty()
    assert made.schema == complaints.schema
