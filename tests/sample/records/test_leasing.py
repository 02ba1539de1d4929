from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.industries.industry import tax_within
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.population.memberships import LEASING
from pipelines.sample.records.leasing import make_leasing
from pipelines.sample.story.life import NEVER
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return make_chunk(make_business(5, 6_000, Timeline(MONTHS), INDUSTRIES["telecom"]), 0)


@pytest.fixture(scope="module")
def leasing(chunk: Chunk) -> tuple[pl.DataFrame, pl.DataFrame]:
    return make_leasing(chunk)


def running(invoices: pl.DataFrame) -> pl.DataFrame:
    """One row an invoice that was not issued in place of another, nor takes one back."""
    once = first_rows(invoices).filter(pl.col("amount") > 0).sort("issued_at", "invoice_id")
    return once.unique(["customer_id", "period_start"], keep="first", maintain_order=True)


def first_rows(invoices: pl.DataFrame) -> pl.DataFrame:
    return invoices.unique("invoice_id", keep="first", maintain_order=True)


def test_every_running_contract_is_invoiced_once_a_month(chunk: Chunk, leasing: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    invoices = running(leasing[0])
    lessees = chunk.memberships.slot == LEASING
    assert len(invoices) == chunk.life.is_served[:, lessees].sum() > 1_000
    assert not invoices.select("customer_id", "delivered").is_duplicated().any()
    assert np.array_equal(chunk.business.timeline.index_of(invoices["issued_at"].to_numpy()), invoices["delivered"].to_numpy())


def test_the_instalment_of_a_contract_never_changes(leasing: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    invoices = leasing[0]
    assert (invoices.group_by("customer_id").agg(pl.col("amount").abs().n_unique())["amount"] == 1).all()
    assert np.array_equal(invoices["tax_amount"].to_numpy(), tax_within(invoices["amount"].to_numpy(), np.full(len(invoices), 13)))


def test_instalments_are_paid_whole_and_never_before_they_are_due_for_invoicing(leasing: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    invoices, payments = leasing
    paid = payments.join(first_rows(invoices), on="invoice_id", suffix="_owed")
    assert len(paid) > 1_000
    assert (paid["amount"] == paid["amount_owed"]).all()
    assert (paid["paid_at"] > paid["issued_at"]).all()
    newest = paid.unique("payment_id", keep="last", maintain_order=True)
    assert not newest.filter(pl.col("returned_at").is_null())["invoice_id"].is_duplicated().any()
    newest_state = invoices.unique("invoice_id", keep="last")
    cancelled = newest_state.filter(pl.col("status") == "cancelled")["invoice_id"]
    assert not paid["invoice_id"].is_in(cancelled.implode()).any(), "what was reversed is paid by what replaces it"


def test_a_few_invoices_are_reversed_and_issued_again(leasing: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    once, newest = first_rows(leasing[0]), leasing[0].unique("invoice_id", keep="last", maintain_order=True)
    stornos = once.filter(pl.col("cancels_invoice_id").is_not_null())
    assert 20 < len(stornos) < 0.02 * len(once)
    assert (stornos["status"] == "cancelled").all()
    first = stornos.join(newest, left_on="cancels_invoice_id", right_on="invoice_id", suffix="_first")
    assert len(first) == len(stornos)
    assert (first["status_first"] == "cancelled").all()
    assert (first["issued_at"] > first["issued_at_first"]).all()
    for column in ("amount", "tax_amount"):
        assert (first[column] == -first[f"{column}_first"]).all()
    valid = newest.filter((pl.col("amount") > 0) & (pl.col("status") != "cancelled"))
    assert not valid.select("customer_id", "period_start").is_duplicated().any()
    assert len(valid) == len(running(leasing[0]))
    moved = leasing[0].filter(pl.col("invoice_id").is_in(stornos["cancels_invoice_id"].implode()) & (pl.col("status") == "issued"))
    assert 0 < len(moved) < len(stornos), "some are reversed only in the month after"


def test_some_direct_debits_come_back_and_are_mostly_paid_by_transfer(leasing: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    payments = leasing[1]
    back = payments.filter(pl.col("returned_at").is_not_null())
    assert 20 < len(back) < 0.02 * len(payments)
    assert set(back["method"]) == {"direct debit"}
    assert (back["returned_at"] > back["paid_at"]).all()
    named = back.filter(pl.col("invoice_id").is_not_null())
    transfers = payments.filter(pl.col("method") == "bank transfer")["invoice_id"]
    assert named["invoice_id"].is_in(transfers.implode()).mean() > 0.7  # type: ignore[operator]


def test_poor_credit_pays_later(chunk: Chunk, leasing: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    invoices, payments = leasing
    paid = payments.filter(pl.col("kind") == "payment").join(first_rows(invoices), on="invoice_id")
    customer = np.searchsorted(chunk.memberships.number, paid["customer_id"].to_numpy())
    credit = chunk.entities.credit[chunk.memberships.entity[customer]]
    is_late = (paid["paid_at"].dt.date() > paid["due_at"]).to_numpy()
    assert is_late[credit < 0.5].mean() > 1.5 * is_late[credit > 0.9].mean()


def test_who_has_stopped_paying_is_written_off_in_the_end(chunk: Chunk, leasing: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    invoices, payments = leasing
    customer = np.searchsorted(chunk.memberships.number, payments["customer_id"].to_numpy())
    stopped = chunk.life.stopped[customer]
    came = (payments["kind"] == "payment").to_numpy()
    month = chunk.business.timeline.index_of(payments["paid_at"].to_numpy())
    assert (month[came] < np.where(stopped == NEVER, MONTHS, stopped)[came]).all()
    assert set(payments.filter(pl.col("kind") == "write_off")["invoice_id"]) == set(
        invoices.filter(pl.col("status") == "written_off")["invoice_id"]
    )
    assert (stopped[~came] != NEVER).all()


def test_the_same_seed_gives_the_same_leases(chunk: Chunk, leasing: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    invoices, payments = make_leasing(chunk)
    numbers = ("invoice_id", "cancels_invoice_id")
    assert invoices.drop(numbers).equals(leasing[0].drop(numbers))
    assert payments.drop("payment_id", "invoice_id").equals(leasing[1].drop("payment_id", "invoice_id"))
