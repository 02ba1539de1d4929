from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import ENTITIES_A_CHUNK, make_business, make_chunk
from pipelines.sample.records.account_terms import BRANCHES
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


def held_on(chunks: list[tuple[Chunk, pl.DataFrame]], date: np.datetime64) -> dict[str, int]:
    """Deposits held at the end of a day by the branch of each account in the day's month, added up without the book."""
    held = dict.fromkeys(BRANCHES, 0)
    for chunk, deposits in chunks:
        until = deposits.filter(pl.col("paid_at") < pl.lit(date + np.timedelta64(1, "D")).cast(pl.Datetime("ms")))
        account = np.searchsorted(chunk.accounts.number, until["account_id"].to_numpy())
        month = int(chunk.business.timeline.index_of(np.array([date]))[0])
        branch = chunk.particulars.branch[month, chunk.memberships.entity[chunk.accounts.customer[account]]]
        for code, position in zip(BRANCHES, range(len(BRANCHES)), strict=True):
            held[code] += int(until["amount"].to_numpy()[branch == position].sum())
    return held


def test_custody_holds_the_deposits_but_for_the_shortfalls(
    chunks: list[tuple[Chunk, pl.DataFrame]], custody: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    balances, shortfalls = custody
    days = [np.datetime64("2024-10-01"), np.datetime64("2025-03-31"), np.datetime64("2025-04-01"), np.datetime64("2026-09-30")]
    days += [np.datetime64(day) for pair in shortfalls.select("started_on", "ended_on").rows() for day in pair]
    for day in days:
        told = dict(balances.filter(pl.col("balance_date") == day).select("organisation_unit", "amount").rows())
        for branch, held in held_on(chunks, day).items():
            on = pl.lit(day)
            short = shortfalls.filter((pl.col("organisation_unit") == branch) & (pl.col("started_on") <= on) & (pl.col("ended_on") >= on))
            missing = held * short["per_cent"][0] // 100 if len(short) else 0
            assert told[branch] == held - missing, (branch, day)


def test_shortfalls_are_of_the_promised_number_length_and_size(custody: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    balances, shortfalls = custody
    days = (shortfalls["ended_on"] - shortfalls["started_on"]).dt.total_days() + 1
    assert len(shortfalls) == SHORTFALLS == shortfalls["organisation_unit"].n_unique()
    assert days.is_between(10, 60).all()
    assert shortfalls["per_cent"].is_between(2, 15).all()
    assert shortfalls["ended_on"].max() <= balances["balance_date"].max()  # type: ignore[operator]


def test_the_day_before_and_after_a_shortfall_nothing_is_missing(
    chunks: list[tuple[Chunk, pl.DataFrame]], custody: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    balances, shortfalls = custody
    for branch, start, end in shortfalls.select("organisation_unit", "started_on", "ended_on").rows():
        for day in (np.datetime64(start - timedelta(days=1)), np.datetime64(end + timedelta(days=1))):
            told = balances.filter((pl.col("organisation_unit") == branch) & (pl.col("balance_date") == day))["amount"]
            assert told.is_empty() or told[0] == held_on(chunks, day)[branch]


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
