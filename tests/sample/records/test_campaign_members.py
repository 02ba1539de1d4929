"""The members of campaigns as delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records.campaign_members import contacted_at, make_campaign_members
from pipelines.sample.records.complaints import make_complaints
from pipelines.sample.records.contacts import make_contacts
from pipelines.sample.story.campaigns import RESPONSES, WIN_BACK
from pipelines.sample.timeline import Timeline
from tests.sample.records.served_chunk import invoices_of, payments_of

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return make_chunk(make_business(5, 3_000, Timeline(MONTHS), INDUSTRIES["telecom"]), 0)


@pytest.fixture(scope="module")
def rows(chunk: Chunk) -> pl.DataFrame:
    frame = make_campaign_members(chunk)
    return frame.with_columns(month=pl.Series(chunk.business.campaigns.month).gather(frame["campaign_id"]))


def _last(rows: pl.DataFrame) -> pl.DataFrame:
    keys = ["campaign_id", "customer_id"]
    return rows.sort("delivered", maintain_order=True).unique(keys, keep="last", maintain_order=True).sort(keys)


def test_every_member_is_there_in_the_month_of_the_campaign_and_none_twice(chunk: Chunk, rows: pl.DataFrame) -> None:
    first = rows.filter(pl.col("delivered") == pl.col("month")).sort("campaign_id", "customer_id")
    members = chunk.members
    order = np.lexsort((members.customer, members.campaign))
    assert first["customer_id"].to_list() == chunk.memberships.number[members.customer[order]].tolist()
    assert first["is_treated"].to_list() == members.is_treated[order].tolist()
    assert not rows.select("campaign_id", "customer_id", "delivered").is_duplicated().any()
    assert set((rows["delivered"] - rows["month"]).to_list()) == {0, 1}
    assert rows["delivered"].max() == MONTHS - 1


def test_things_happen_in_their_order(chunk: Chunk, rows: pl.DataFrame) -> None:
    assert (rows["assigned_at"].dt.day() <= 5).all()
    assert (chunk.business.timeline.index_of(rows["assigned_at"].to_numpy()) == rows["month"].to_numpy()).all()
    assert (rows["assigned_at"] < rows["contacted_at"]).all()
    assert (rows["contacted_at"] < rows["responded_at"]).all()
    for name in ("contacted_at", "responded_at"):
        known = rows.drop_nulls(name)
        assert (chunk.business.timeline.index_of(known[name].to_numpy()) <= known["delivered"].to_numpy()).all()
    assert rows.filter(pl.col("assigned_at").is_null()).is_empty()


def test_nobody_answers_after_it_has_closed_unless_asked_only_then(chunk: Chunk, rows: pl.DataFrame) -> None:
    closed = chunk.life.closed[np.searchsorted(chunk.memberships.number, rows["customer_id"].to_numpy())]
    asked_before = rows["contacted_at"].to_numpy() < closed - np.timedelta64(1, "h")
    assert asked_before.sum() > 50
    assert not (rows["responded_at"].to_numpy() > closed)[asked_before].any()


def test_a_member_is_assigned_once(rows: pl.DataFrame) -> None:
    assert rows.group_by("campaign_id", "customer_id").agg(pl.col("assigned_at").n_unique())["assigned_at"].max() == 1


def test_the_held_out_are_not_contacted_and_answer_nothing(rows: pl.DataFrame) -> None:
    held_out = rows.filter(~pl.col("is_treated"))
    assert 0.15 < len(held_out) / len(rows) < 0.25
    for name in ("contacted_at", "responded_at", "response", "revenue"):
        assert held_out[name].is_null().all()


def test_the_treated_are_contacted_and_after_the_closing_only_to_win_back(chunk: Chunk, rows: pl.DataFrame) -> None:
    members, kind = chunk.members, chunk.business.campaigns.kind[chunk.members.campaign]
    contacted = contacted_at(chunk)
    assert (~np.isnat(contacted) == members.is_treated).all()
    is_after = chunk.life.closed[members.customer] <= contacted
    assert not (is_after & (kind != WIN_BACK)).any()
    assert (is_after & (kind == WIN_BACK)).sum() > 50
    told = pl.Series(~np.isnat(contacted))[np.lexsort((members.customer, members.campaign))]
    first = rows.filter(pl.col("delivered") == pl.col("month")).sort("campaign_id", "customer_id")
    assert first["contacted_at"].is_not_null().equals(told)


def test_answers_are_those_of_the_story_and_late_ones_come_with_the_next_month(chunk: Chunk, rows: pl.DataFrame) -> None:
    members = chunk.members
    order = np.lexsort((members.customer, members.campaign))
    last, treated = _last(rows), members.is_treated[order]
    told = last["response"].is_not_null().to_numpy()
    untold = last.filter(~pl.Series(told) & pl.Series(treated))
    assert (untold["month"] == MONTHS - 1).all()  # the answer comes after the end of the sample
    response, revenue = members.response[order][told], members.revenue[order][told]
    assert last.filter(pl.Series(told))["response"].to_list() == [RESPONSES[position] for position in response]
    assert last.filter(pl.Series(told))["revenue"].to_list() == revenue.tolist()
    late = rows.filter(pl.col("delivered") == pl.col("month") + 1)
    assert 0.03 < len(late) / rows["is_treated"].sum() < 0.3
    before = rows.filter(pl.col("delivered") == pl.col("month")).join(late, on=["campaign_id", "customer_id"], how="semi")
    assert before["response"].is_null().all()
    assert before["responded_at"].is_null().all()
    said = rows.filter(pl.col("response").is_not_null())
    assert (said["responded_at"].is_null() == (said["response"] == "none")).all()


def test_the_same_chunk_tells_the_same(chunk: Chunk, rows: pl.DataFrame) -> None:
    assert make_campaign_members(chunk).equals(rows.drop("month"))


def test_the_contact_is_the_one_that_the_call_centre_tells(chunk: Chunk, rows: pl.DataFrame) -> None:
    invoices = invoices_of(chunk)
    contacts = make_contacts(chunk, make_complaints(chunk, invoices), invoices, payments_of(invoices))
    made = contacts.filter(pl.col("campaign_id").is_not_null()).select("campaign_id", customer_id="_customer", contacted_at="occurred_at")
    said = rows.filter((pl.col("delivered") == pl.col("month")) & pl.col("contacted_at").is_not_null()).select(made.columns)
    assert made.sort(made.columns).equals(said.sort(made.columns))
