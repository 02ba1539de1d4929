from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records.bills import Bills, make_bills
from pipelines.sample.records.corrections import AGAIN, BILL, CARRIED_OVER, NOTE, STORNO
from pipelines.sample.records.extras import make_extras
from pipelines.sample.records.paying import UNPAID
from pipelines.sample.records.usage import metered
from pipelines.sample.story.life import NEVER, OUTAGE, WELL, WRONG_BILL
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return make_chunk(make_business(5, 3_000, Timeline(MONTHS), INDUSTRIES["telecom"]), 0)


@pytest.fixture(scope="module")
def bills(chunk: Chunk) -> Bills:
    return make_bills(chunk, metered(chunk))


def test_wrong_bills_are_those_of_the_story_and_say_what_was_owed(chunk: Chunk, bills: Bills) -> None:
    first_account = np.flatnonzero(chunk.accounts.is_first)
    failed = (chunk.life.failure == WRONG_BILL)[:, chunk.accounts.customer[first_account]]
    failed &= np.arange(MONTHS)[:, None] > chunk.accounts.opened_month[first_account]
    wrong = bills.documents.filter("is_wrong")
    assert len(wrong) == failed.sum() > 100
    assert (wrong["amount"] > wrong["true_amount"]).all()
    right = bills.documents.filter(~pl.col("is_wrong"))
    assert (right["amount"] == right["true_amount"]).all()


@pytest.mark.parametrize("industry", ["telecom", "bank", "utility"])
def test_bills_are_wrong_in_several_ways_at_several_prices(industry: str) -> None:
    other = make_chunk(make_business(5, 3_000, Timeline(MONTHS), INDUSTRIES[industry]), 0)
    bills = make_bills(other, metered(other))
    wrong = bills.documents.filter(pl.col("is_wrong") & (pl.col("kind") == BILL))
    lines = bills.lines.join(wrong.select("invoice_id", "account", excess=pl.col("amount") - pl.col("true_amount")), on="invoice_id")
    is_extra = pl.col("amount") == pl.col("excess")
    product = pl.col("product_id")
    twice = lines.filter((pl.len().over("invoice_id", "product_id") > 1) & (pl.col("charge_type") == "recurring") & is_extra)
    once = lines.filter(product.is_in(other.business.industry.one_offs) & is_extra)
    add_ons = {*other.business.industry.add_ons, *other.business.industry.office_add_ons}
    ordered = make_extras(other).product
    numbers = np.array([item.number for item in other.business.industry.products])
    under_the_plan = lines.filter(product.is_in(add_ons) & (pl.col("subscription_id") % 4 == 0) & is_extra)
    held = ordered[under_the_plan["account"].to_numpy()]
    assert not ((numbers[held] == under_the_plan["product_id"].to_numpy()[:, None]) & (held >= 0)).any(), "it was never ordered"
    kinds = [frame["invoice_id"].n_unique() for frame in (twice, under_the_plan, once)]
    assert min(kinds) > 0.2 * len(wrong)
    assert sum(kinds) == pytest.approx(len(wrong), rel=0.03)
    assert wrong.select(pl.col("amount") - pl.col("true_amount")).to_series().n_unique() > 12


def test_a_storno_takes_back_its_bill_line_by_line(bills: Bills) -> None:
    stornos = bills.documents.filter(pl.col("kind") == STORNO)
    first = bills.documents[stornos["cancels"].to_numpy()]
    assert len(stornos) > 20
    for column in ("amount", "tax"):
        assert (stornos[column] == -first[column]).all()
    pairs = pl.DataFrame({"taken_back": stornos["invoice_id"], "invoice_id": first["invoice_id"]})
    lines = bills.lines.join(pairs, on="invoice_id").join(
        bills.lines, left_on=["taken_back", "line_number"], right_on=["invoice_id", "line_number"], how="left", suffix="_back"
    )
    for column in ("amount", "tax_amount", "cost", "quantity"):
        assert (lines[column] == -lines[f"{column}_back"]).all()
    assert (stornos["issued"] > first["issued"]).all()


def test_what_is_issued_again_is_what_was_owed(bills: Bills) -> None:
    again = bills.documents.filter(pl.col("kind") == AGAIN)
    stornos = bills.documents.filter(pl.col("kind") == STORNO)
    first = bills.documents[stornos["cancels"].to_numpy()]
    assert (again["amount"] == first["true_amount"]).all()
    assert (again["issued"] > stornos["issued"]).all()
    assert (first["dispute"] == WELL).all()


def test_a_disputed_bill_ends_cancelled_or_issued_and_keeps_its_amount(bills: Bills) -> None:
    states = bills.invoices.group_by("invoice_id", maintain_order=True).agg("status", "delivered", amounts=pl.col("amount").n_unique())
    disputed = states.filter(pl.col("status").list.first() == "disputed")
    after = set(disputed.filter(pl.col("status").list.len() > 1)["status"].list.last())
    assert {"cancelled", "issued"} <= after <= {"cancelled", "issued", "written_off"}
    assert (states["amounts"] == 1).all()
    assert states.filter(pl.col("delivered").list.n_unique() != pl.col("delivered").list.len()).is_empty(), "one row a month"
    cancelling = bills.invoices.filter(pl.col("cancels_invoice_id").is_not_null())
    assert (cancelling["status"] == "cancelled").all()


def test_only_those_who_stopped_paying_are_written_off_and_late(chunk: Chunk, bills: Bills) -> None:
    lost = bills.invoices.filter(pl.col("status") == "written_off").join(
        bills.documents.select("invoice_id", "customer", "paid"), on="invoice_id"
    )
    assert len(lost) > 50
    assert (chunk.life.stopped[lost["customer"].to_numpy()] != NEVER).all()
    assert (lost["paid"] == UNPAID).all()
    due = chunk.business.timeline.index_of(lost["due_at"].to_numpy())
    assert (lost["delivered"].to_numpy() - due >= 6).all()


def test_some_debts_are_carried_over_from_before(chunk: Chunk, bills: Bills) -> None:
    carried = bills.documents.filter(pl.col("kind") == CARRIED_OVER)
    old = ((chunk.accounts.opened_month < 0) & ~chunk.accounts.is_prepaid).sum()
    assert 0.04 < len(carried) / old < 0.08
    rows = bills.invoices.filter(pl.col("status") == "opening_balance")
    assert (rows["delivered"] == 0).all()
    assert carried["account"].n_unique() == len(carried)


def test_half_of_those_well_answered_after_an_outage_get_a_credit(chunk: Chunk, bills: Bills) -> None:
    notes = bills.documents.filter(pl.col("kind") == NOTE)
    customer, month = notes["customer"].to_numpy(), notes["month"].to_numpy()
    assert ((chunk.life.failure == OUTAGE) & (chunk.life.handling == WELL))[month - 1, customer].all()
    answered = ((chunk.life.failure == OUTAGE) & (chunk.life.handling == WELL))[:-1] & chunk.life.is_served[1:]
    assert 0.35 < len(notes) / answered.sum() < 0.6
    lines = bills.lines.join(notes, on="invoice_id")
    assert set(lines["charge_type"]) == {"credit"}
    assert (lines["amount"] < 0).all()
