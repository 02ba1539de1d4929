from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records.bills import Bills, make_bills
from pipelines.sample.records.payments import make_payments
from pipelines.sample.records.promises import make_promises
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return make_chunk(make_business(5, 6_000, Timeline(24), INDUSTRIES["telecom"]), 0)


@pytest.fixture(scope="module")
def bills(chunk: Chunk) -> Bills:
    return make_bills(chunk, None)


@pytest.fixture(scope="module")
def payments(chunk: Chunk, bills: Bills) -> pl.DataFrame:
    return make_payments(chunk, bills)


@pytest.fixture(scope="module")
def promises(chunk: Chunk, bills: Bills, payments: pl.DataFrame) -> pl.DataFrame:
    return make_promises(chunk, bills, payments)


def test_a_promise_is_kept_when_and_only_when_the_money_comes_by_the_day(promises: pl.DataFrame, payments: pl.DataFrame) -> None:
    newest = payments.unique("payment_id", keep="last", maintain_order=True)
    good = newest.filter((pl.col("kind") == "payment") & pl.col("returned_at").is_null())
    found = promises.join(good.select("invoice_id", "paid_at", paid="amount"), on="invoice_id", how="left")
    in_time = found.filter(pl.col("paid_at").dt.date() <= pl.col("due_at")).group_by("promise_id").agg(pl.col("paid").sum())
    judged = promises.join(in_time, on="promise_id", how="left").filter(pl.col("_is_kept").is_not_null())
    assert (judged["_is_kept"] == (judged["paid"].fill_null(0) >= judged["amount"])).all()


def test_nobody_promises_what_is_already_paid(promises: pl.DataFrame, payments: pl.DataFrame) -> None:
    newest = payments.unique("payment_id", keep="last", maintain_order=True).filter(pl.col("kind") == "payment")
    paid = promises.join(newest.filter(pl.col("returned_at").is_null()), on="invoice_id")
    assert len(paid) > 100
    assert (paid["promised_at"] < paid["paid_at"]).all()


def test_about_three_in_five_are_kept_more_with_good_credit(chunk: Chunk, promises: pl.DataFrame) -> None:
    known = promises.filter(pl.col("_is_kept").is_not_null())
    kept = known["_is_kept"].to_numpy()
    customer = np.searchsorted(chunk.memberships.number, known["customer_id"].to_numpy())
    credit = chunk.entities.credit[chunk.memberships.entity[customer]]
    assert 0.5 < kept.mean() < 0.7
    assert kept[credit > 0.8].mean() > kept[credit < 0.4].mean() + 0.1


def test_only_bills_overdue_for_more_than_a_month_are_promised(bills: Bills, promises: pl.DataFrame) -> None:
    owed = promises.join(bills.documents.select("invoice_id", "due"), on="invoice_id")
    assert len(owed) == len(promises)
    assert (owed["promised_at"].dt.date().cast(pl.Int32) > owed["due"] + 30).all()


def test_a_promise_is_delivered_in_its_month_and_one_a_customer(chunk: Chunk, promises: pl.DataFrame) -> None:
    assert np.array_equal(chunk.business.timeline.index_of(promises["promised_at"].to_numpy()), promises["delivered"].to_numpy())
    assert not promises.select("customer_id", "delivered").is_duplicated().any()
    assert (promises["due_at"] > promises["promised_at"].dt.date()).all()


def test_the_outcome_of_what_is_promised_beyond_the_end_is_not_known(chunk: Chunk, promises: pl.DataFrame) -> None:
    end = chunk.business.timeline.end.astype("datetime64[D]")
    assert ((promises["due_at"].to_numpy() >= end) == promises["_is_kept"].is_null().to_numpy()).all()
    assert promises["_is_kept"].null_count() > 0
