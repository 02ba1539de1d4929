from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records.balances import make_balances
from pipelines.sample.records.bills import Bills, make_bills
from pipelines.sample.records.payments import make_payments
from pipelines.sample.records.usage import metered
from pipelines.sample.story.life import NEVER
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

Made = tuple["Chunk", Bills, pl.DataFrame, pl.DataFrame]


def made(industry: str) -> Made:
    chunk = make_chunk(make_business(5, 3_000, Timeline(24), INDUSTRIES[industry]), 0)
    bills = make_bills(chunk, metered(chunk))
    payments = make_payments(chunk, bills)
    return chunk, bills, payments, make_balances(chunk, bills, payments)


@pytest.fixture(scope="module")
def telecom() -> Made:
    return made("telecom")


@pytest.fixture(scope="module")
def bank() -> Made:
    return made("bank")


def test_a_prepaid_balance_is_what_was_topped_up_less_what_was_billed(telecom: Made) -> None:
    chunk, bills, payments, balances = telecom
    documents = bills.documents.select(
        account_id=pl.Series(chunk.accounts.number).gather(bills.documents["account"]), month="month", change=-pl.col("amount")
    )
    top_ups = payments.filter(pl.col("kind") == "top_up").select("account_id", month="delivered", change="amount")
    changes = pl.concat([documents, top_ups])
    pays = chunk.life.stopped[chunk.accounts.customer] == NEVER
    payer = pl.DataFrame({"account_id": chunk.accounts.number[pays]})
    rows = balances.filter((pl.col("balance_type") == "prepaid") & (pl.col("delivered") == 15)).join(payer, on="account_id", how="semi")
    until = changes.filter(pl.col("month") <= 15).group_by("account_id").agg(pl.col("change").sum())
    compared = rows.join(until, on="account_id", how="left").with_columns(pl.col("change").fill_null(0))
    assert len(compared) > 200
    assert (compared["amount"] == compared["change"]).all()
    assert compared["amount"].max() > 0  # type: ignore[operator]


def test_no_balance_is_below_zero(telecom: Made, bank: Made) -> None:
    assert (telecom[3]["amount"] >= 0).all()
    assert (bank[3]["amount"] >= 0).all()


def test_only_the_balances_of_the_industry_are_told(telecom: Made, bank: Made) -> None:
    for chunk, _, _, balances in (telecom, bank):
        assert set(balances["balance_type"]) == set(chunk.business.industry.balance_types) - (
            set() if chunk.accounts.is_prepaid.any() else {"prepaid"}
        )


def test_assets_flow_out_before_a_customer_leaves(bank: Made) -> None:
    chunk, _, _, balances = bank
    assets = balances.filter(pl.col("balance_type") == "assets")
    account = np.searchsorted(chunk.accounts.number, assets["account_id"].to_numpy())
    customer, month = chunk.accounts.customer[account], assets["delivered"].to_numpy()
    by_month = assets.with_columns(falling=pl.Series(chunk.life.months_falling(customer, month))).sort("account_id", "delivered")
    change = by_month.with_columns(rate=pl.col("amount") / pl.col("amount").shift(1).over("account_id")).drop_nulls("rate")
    assert change.filter(pl.col("falling") > 0)["rate"].median() < 0.8  # type: ignore[operator]
    assert 0.97 < change.filter(pl.col("falling") == 0)["rate"].median() < 1.04  # type: ignore[operator]


def test_nobody_draws_more_than_the_limit(bank: Made) -> None:
    chunk, _, _, balances = bank
    drawn = balances.filter(pl.col("balance_type") == "credit_used")
    account = np.searchsorted(chunk.accounts.number, drawn["account_id"].to_numpy())
    assert len(drawn) > 1_000
    assert (drawn["amount"].to_numpy() <= chunk.accounts.credit_limit[account]).all()


def test_balances_are_of_month_ends_of_open_accounts(bank: Made) -> None:
    chunk, _, _, balances = bank
    timeline = chunk.business.timeline
    date = balances["balance_date"].to_numpy()
    assert np.array_equal(timeline.index_of(date), balances["delivered"].to_numpy())
    assert (timeline.index_of(np.asarray(date.astype(np.int64) + 1).astype("datetime64[D]")) == balances["delivered"].to_numpy() + 1).all()
    account = np.searchsorted(chunk.accounts.number, balances["account_id"].to_numpy())
    closed = chunk.life.closed[chunk.accounts.customer[account]]
    assert (np.isnat(closed) | (closed > date.astype("datetime64[ms]"))).all()
    assert (balances["delivered"].to_numpy() >= chunk.accounts.opened_month[account]).all()
    assert not balances.select("account_id", "balance_date", "balance_type").is_duplicated().any()


def test_the_same_seed_gives_the_same_balances(bank: Made) -> None:
    chunk, bills, payments, balances = bank
    assert make_balances(chunk, bills, payments).equals(balances)
