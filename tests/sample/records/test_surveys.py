from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.sample.records.complaints import make_complaints
from pipelines.sample.records.contacts import make_contacts
from pipelines.sample.records.served import positions
from pipelines.sample.records.surveys import make_surveys
from pipelines.sample.story.life import SLOW, WELL
from tests.sample.records.served_chunk import a_chunk, count, invoices_of, payments_of, share

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

SCALES = {"csat": (1.0, 5.0), "nps": (0.0, 10.0), "ces": (1.0, 7.0), "stay_intent": (1.0, 5.0)}


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return a_chunk(6_000)


@pytest.fixture(scope="module")
def complaints(chunk: Chunk) -> pl.DataFrame:
    return make_complaints(chunk, invoices_of(chunk))


@pytest.fixture(scope="module")
def contacts(chunk: Chunk, complaints: pl.DataFrame) -> pl.DataFrame:
    invoices = invoices_of(chunk)
    return make_contacts(chunk, complaints, invoices, payments_of(invoices))


@pytest.fixture(scope="module")
def surveys(chunk: Chunk, contacts: pl.DataFrame, complaints: pl.DataFrame) -> pl.DataFrame:
    return make_surveys(chunk, contacts, complaints)


@pytest.fixture(scope="module")
def newest(surveys: pl.DataFrame) -> pl.DataFrame:
    return surveys.unique("response_id", keep="last", maintain_order=True).with_columns(is_answered=pl.col("answered_at").is_not_null())


def rates(frame: pl.DataFrame, by: str, of: str) -> dict[object, float]:
    return dict(frame.group_by(by).agg(pl.col(of).mean()).iter_rows())


def test_nobody_is_asked_twice_within_thirty_days(newest: pl.DataFrame) -> None:
    gap = newest.sort("customer_id", "sent_at").select(pl.col("sent_at").diff().over("customer_id")).to_series().drop_nulls()
    assert len(gap) > 1_000
    assert (gap.dt.total_days() >= 30).all()


def test_nobody_is_spared_who_was_last_asked_longer_ago(chunk: Chunk, newest: pl.DataFrame) -> None:
    asked = newest.filter(pl.col("instrument") == "nps").unique("response_id")
    served = int((chunk.life.is_served & (chunk.memberships.slot < 2)).sum())
    assert len(asked) / served == pytest.approx(0.0255, abs=0.002)


def test_nobody_is_asked_who_has_gone(chunk: Chunk, newest: pl.DataFrame) -> None:
    closed = pl.Series(chunk.life.closed[positions(chunk, newest["customer_id"])])
    assert closed.count() > 100
    assert not (newest["sent_at"] >= closed).any()


def test_who_does_not_answer_gives_no_score_and_no_comment(surveys: pl.DataFrame) -> None:
    silent = surveys.filter(pl.col("answered_at").is_null())
    assert silent["score"].null_count() == silent["comment"].null_count() == len(silent)
    spoken = surveys.filter(pl.col("answered_at").is_not_null())
    assert spoken["score"].null_count() == 0
    assert not spoken["score"].is_nan().any()
    assert (spoken["answered_at"] > spoken["sent_at"]).all()


def test_scores_are_whole_numbers_on_the_scale_of_their_instrument(surveys: pl.DataFrame) -> None:
    for instrument, (low, high) in SCALES.items():
        asked = surveys.filter(pl.col("instrument") == instrument)
        assert set(asked["scale_min"]) == {low}
        assert set(asked["scale_max"]) == {high}
        scores = asked["score"].drop_nulls()
        assert scores.max() == high
        assert scores.is_between(low, high).all()
        assert (scores <= low + 1).any()
        assert (scores == scores.floor()).all()


def test_about_three_in_ten_answer(newest: pl.DataFrame) -> None:
    assert share(newest["is_answered"]) == pytest.approx(0.28, abs=0.04)


def test_the_angry_and_the_happy_answer_more_than_the_indifferent(newest: pl.DataFrame) -> None:
    furious, indifferent, delighted = (
        share(newest.filter(pl.col("_mood").is_between(low, high))["is_answered"]) for low, high in ((0.0, 0.45), (0.58, 0.74), (0.85, 1.0))
    )
    assert furious > indifferent + 0.08
    assert delighted > indifferent + 0.08


@pytest.mark.parametrize("instrument", list(SCALES))
def test_the_better_the_mood_the_higher_the_score(newest: pl.DataFrame, instrument: str) -> None:
    answered = newest.filter(pl.col("is_answered") & (pl.col("instrument") == instrument))
    together = float(np.corrcoef(answered["_mood"].to_numpy(), answered["score"].to_numpy())[0, 1])
    assert 0.35 < together < 0.9


def test_after_a_slow_complaint_the_score_is_lower_than_the_mood_alone_would_make_it(
    newest: pl.DataFrame, complaints: pl.DataFrame
) -> None:
    handled = complaints.unique("complaint_id", keep="last").select("complaint_id", "_handling", "closed_at")
    about = newest.join(handled, on="complaint_id", how="inner")
    assert len(about) > 300
    assert (about["sent_at"] > about["closed_at"]).all()
    score = rates(about.filter("is_answered"), "_handling", "score")
    assert score[WELL] > score[SLOW] + 0.8


def test_an_unsettled_contact_scores_lower(newest: pl.DataFrame, contacts: pl.DataFrame) -> None:
    about = newest.filter(pl.col("is_answered") & (pl.col("instrument") == "csat")).join(
        contacts.select("contact_id", "is_resolved", "occurred_at"), on="contact_id"
    )
    assert (about["sent_at"] > about["occurred_at"]).all()
    score = rates(about.drop_nulls("is_resolved"), "is_resolved", "score")
    assert score[True] > score[False] + 0.3


def test_who_is_about_to_leave_does_not_mean_to_stay(contacts: pl.DataFrame, complaints: pl.DataFrame) -> None:
    scores: dict[bool, list[float]] = {True: [], False: []}
    for seed in (5, 6, 7):  # few leavers answer in one chunk
        chunk = a_chunk(6_000, seed)
        surveys = make_surveys(chunk, contacts.clear(), complaints.clear())
        asked = surveys.filter(pl.col("answered_at").is_not_null() & (pl.col("instrument") == "stay_intent"))
        month = chunk.business.timeline.index_of(asked["sent_at"].to_numpy())
        falling = chunk.life.months_falling(positions(chunk, asked["customer_id"]), month) > 0
        for leaves in scores:
            scores[leaves] += asked["score"].to_numpy()[falling == leaves].tolist()
    assert len(scores[True]) > 15
    assert np.mean(scores[True]) < np.mean(scores[False]) - 0.5


def test_nothing_in_a_row_lies_after_the_end_of_the_month_in_which_it_is_delivered(chunk: Chunk, surveys: pl.DataFrame) -> None:
    end = pl.Series(chunk.business.timeline.at(surveys["delivered"].to_numpy() + 1, np.array(1), np.array(0)))
    assert (surveys["sent_at"] < end).all()
    assert not (surveys["answered_at"] >= end).any()
    assert surveys["delivered"].is_between(0, chunk.business.timeline.count - 1).all()


def test_an_answer_that_comes_in_a_later_month_is_delivered_then_and_no_row_comes_for_nothing(surveys: pl.DataFrame) -> None:
    twice = surveys.filter(pl.len().over("response_id") == 2).sort("response_id", "delivered")
    assert len(twice) > 20
    first, again = twice.gather_every(2), twice.gather_every(2, 1)
    assert first["answered_at"].null_count() == len(first)
    assert again["answered_at"].null_count() == 0
    assert surveys.group_by("response_id").len()["len"].max() == 2


def test_surveys_about_contacts_name_a_contact_of_the_customer(newest: pl.DataFrame, contacts: pl.DataFrame) -> None:
    about = newest.filter(pl.col("contact_id").is_not_null())
    assert set(about["instrument"]) == {"csat", "ces"}
    assert len(about.join(contacts, on=["contact_id", "customer_id"])) == len(about)
    assert 3 < count(about["instrument"] == "csat") / count(about["instrument"] == "ces") < 5.5


def test_some_of_those_who_answer_write_something(newest: pl.DataFrame) -> None:
    answered = newest.filter("is_answered")
    assert 0.15 < answered["comment"].count() / len(answered) < 0.5


def test_the_same_business_answers_the_same_again() -> None:
    made = []
    for _ in range(2):
        chunk = a_chunk(600)
        invoices = invoices_of(chunk)
        complaints = make_complaints(chunk, invoices)
        made.append(make_surveys(chunk, make_contacts(chunk, complaints, invoices, payments_of(invoices)), complaints))
    assert_frame_equal(*made)


def test_where_nobody_had_to_do_with_us_only_the_waves_ask(
    chunk: Chunk, contacts: pl.DataFrame, complaints: pl.DataFrame, surveys: pl.DataFrame
) -> None:
    made = make_surveys(chunk, contacts[:0], complaints[:0])
    assert set(made["instrument"]) == {"nps", "stay_intent"}
    assert made.schema == surveys.schema
