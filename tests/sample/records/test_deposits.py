from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import ENTITIES_A_CHUNK, make_business, make_chunk
from pipelines.sample.records.account_terms import BRANCHES, make_account_terms
from pipelines.sample.records.custody import SHORTFALLS, CustodyBook, custody_balances
from pipelines.sample.records.deposits import make_deposits
from pipelines.sample.story.life import NEVER
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Business, Chunk

MONTHS = 24


@pytest.fixture(scope="module")
def business() -> Business:
    return make_business(5, ENTITIES_A_CHUNK + 1_500, Timeline(MONTHS), INDUSTRIES["utility"])


@pytest.fixture(scope="module")
def chunks(business: Business) -> list[tuple[Chunk, pl.DataFrame]]:
    made = [make_chunk(business, index) for index in range(2)]
    return [(chunk, make_deposits(chunk)) for chunk in made]


@pytest.fixture(scope="module")
def custody(business: Business, chunks: list[tuple[Chunk, pl.DataFrame]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    book = CustodyBook(business)
    for chunk, deposits in chunks:
        book.add(chunk, deposits)
    return custody_balances(business, book)


@pytest.fixture(scope="module")
def held(business: Business, chunks: list[tuple[Chunk, pl.DataFrame]]) -> pl.DataFrame:
    """Deposits held at the end of each day by the branch that the billing system told of each account, added up without the book."""
    parts = []
    for chunk, deposits in chunks:
        terms = make_account_terms(chunk).select("account_id", "organisation_unit").unique()
        assert terms["account_id"].is_unique().all()
        told = deposits.join(terms, on="account_id", how="left", maintain_order="left")
        assert told["organisation_unit"].is_not_null().all()
        parts.append(told.select("organisation_unit", "amount", balance_date=pl.col("paid_at").dt.date()))
    first = business.timeline.first.astype("datetime64[D]").item()
    end = business.timeline.end.astype("datetime64[D]").item()
    moved = pl.concat(parts).with_columns(pl.col("balance_date").clip(lower_bound=first))
    moved = moved.group_by("organisation_unit", "balance_date").agg(pl.col("amount").sum())
    days = pl.DataFrame({"balance_date": pl.date_range(first, end, closed="left", eager=True)})
    grid = days.join(pl.DataFrame({"organisation_unit": BRANCHES}), how="cross")
    filled = grid.join(moved, on=["organisation_unit", "balance_date"], how="left").with_columns(pl.col("amount").fill_null(0))
    filled = filled.sort("organisation_unit", "balance_date")
    return filled.with_columns(held=pl.col("amount").cum_sum().over("organisation_unit")).drop("amount")


def test_custody_holds_on_every_day_the_deposits_but_for_the_shortfalls(
    held: pl.DataFrame, custody: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    balances, shortfalls = custody
    keys = ["organisation_unit", "balance_date"]
    compared = held.join(balances, on=keys, how="full", coalesce=True).join(shortfalls.drop("currency"), on="organisation_unit", how="left")
    assert len(compared) == len(held) == len(balances)
    is_short = pl.col("balance_date").is_between("started_on", "ended_on").fill_null(value=False)
    missing = pl.when(is_short).then(pl.col("held") * pl.col("per_cent") // 100).otherwise(0)
    assert compared.filter(pl.col("amount").ne_missing(pl.col("held") - missing)).is_empty()
    assert compared.filter(is_short & (pl.col("amount") < pl.col("held"))).group_by("organisation_unit").len().height == SHORTFALLS


def test_what_moves_after_the_sample_is_not_held(business: Business, chunks: list[tuple[Chunk, pl.DataFrame]]) -> None:
    chunk, deposits = chunks[0]
    book, later = CustodyBook(business), deposits.with_columns(pl.lit(business.timeline.end).cast(pl.Datetime("ms")).alias("paid_at"))
    book.add(chunk, later)
    assert not book.moved.any()
    assert not book.has_any.any()


def test_the_first_day_has_what_came_before_and_a_move_of_the_customer_moves_no_deposit(
    business: Business, chunks: list[tuple[Chunk, pl.DataFrame]]
) -> None:
    chunk, deposits = chunks[0]
    book = CustodyBook(business)
    book.add(chunk, deposits)
    until = pl.lit(business.timeline.first.astype("datetime64[D]") + np.timedelta64(1, "D")).cast(pl.Datetime("ms"))
    assert book.moved[0].sum() == deposits.filter(pl.col("paid_at") < until)["amount"].sum() > 0
    account = np.searchsorted(chunk.accounts.number, deposits["account_id"].to_numpy())
    branch = chunk.particulars.branch[:, chunk.memberships.entity[chunk.accounts.customer[account]]]
    assert (branch[0] != branch[-1]).sum() > 20
    nobody_pays = CustodyBook(business)
    nobody_pays.add(chunk, deposits.clear())
    assert not nobody_pays.moved.any()


def test_shortfalls_are_of_the_promised_number_length_and_size(custody: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    balances, shortfalls = custody
    days = (shortfalls["ended_on"] - shortfalls["started_on"]).dt.total_days() + 1
    assert len(shortfalls) == SHORTFALLS == shortfalls["organisation_unit"].n_unique()
    assert days.is_between(10, 60).all()
    assert shortfalls["per_cent"].is_between(2, 15).all()
    assert shortfalls["ended_on"].max() <= balances["balance_date"].max()  # type: ignore[operator]


def test_there_is_a_row_for_every_day_and_branch_delivered_in_its_month(
    business: Business, custody: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    balances, _ = custody
    assert len(balances) == balances["balance_date"].n_unique() * balances["organisation_unit"].n_unique()
    assert np.array_equal(business.timeline.index_of(balances["balance_date"].to_numpy()), balances["delivered"].to_numpy())
    assert (balances["amount"] >= 0).all()


def test_a_deposit_is_left_at_the_opening_and_comes_back_after_the_closing(chunks: list[tuple[Chunk, pl.DataFrame]]) -> None:
    chunk, deposits = chunks[0]
    account = np.searchsorted(chunk.accounts.number, deposits["account_id"].to_numpy())
    closed, stopped = (values[chunk.accounts.customer[account]] for values in (chunk.life.closed, chunk.life.stopped))
    is_back = (deposits["kind"] == "deposit_return").to_numpy()
    assert is_back.sum() > 50
    assert (deposits["paid_at"].to_numpy()[is_back] > closed[is_back]).all()
    assert (stopped[is_back] == NEVER).all()
    left = deposits.filter(pl.col("kind") == "deposit")
    opened = chunk.accounts.opened[np.searchsorted(chunk.accounts.number, left["account_id"].to_numpy())]
    assert (left["paid_at"].to_numpy() >= opened).all()
    assert left["account_id"].is_unique().all()
    balance = deposits.group_by("account_id").agg(pl.col("amount").sum())["amount"]
    assert (balance >= 0).all()


def test_deposits_from_before_the_sample_are_delivered_in_its_first_month(chunks: list[tuple[Chunk, pl.DataFrame]]) -> None:
    chunk, deposits = chunks[0]
    month = chunk.business.timeline.index_of(deposits["paid_at"].to_numpy())
    assert (month < 0).any()
    assert np.array_equal(np.maximum(month, 0), deposits["delivered"].to_numpy())


def test_the_same_seed_gives_the_same_deposits(chunks: list[tuple[Chunk, pl.DataFrame]]) -> None:
    chunk, deposits = chunks[0]
    assert make_deposits(chunk).drop("payment_id").equals(deposits.drop("payment_id"))
