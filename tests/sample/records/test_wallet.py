"""Estimates of what customers spend with all suppliers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.population.memberships import MAIN
from pipelines.sample.records.extras import make_extras
from pipelines.sample.records.holdings import plans
from pipelines.sample.records.wallet import make_wallet_estimates
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24


@pytest.fixture(scope="module", params=sorted(INDUSTRIES))
def chunk(request: pytest.FixtureRequest) -> Chunk:
    return make_chunk(make_business(5, 5_000, Timeline(MONTHS), INDUSTRIES[request.param]), 0)


@pytest.fixture(scope="module")
def rows(chunk: Chunk) -> pl.DataFrame:
    frame = make_wallet_estimates(chunk)
    return frame.with_columns(customer=np.searchsorted(chunk.memberships.number, frame["customer_id"].to_numpy()))


def test_the_panel_is_eight_in_a_hundred_and_stays_the_same(chunk: Chunk, rows: pl.DataFrame) -> None:
    assert rows["customer"].n_unique() / chunk.entities.count == pytest.approx(0.08, abs=0.012)
    assert (chunk.memberships.slot[rows["customer"].to_numpy()] == MAIN).all()
    last = set(rows.filter(pl.col("delivered") == rows["delivered"].max())["customer"])
    assert len(last & set(rows.filter(pl.col("delivered") == rows["delivered"].min())["customer"])) > 0.5 * len(last)


def test_a_customer_is_asked_each_quarter_while_it_is_served(chunk: Chunk, rows: pl.DataFrame) -> None:
    assert set(rows["month"].dt.month()) == {3, 6, 9, 12}
    assert (rows["month"].dt.day() == 1).all()
    timeline = chunk.business.timeline
    assert (timeline.index_of(rows["month"].to_numpy()) == rows["delivered"].to_numpy()).all()
    assert chunk.life.is_served[rows["delivered"].to_numpy(), rows["customer"].to_numpy()].all()
    quarters = chunk.life.is_served[np.array(sorted(set(rows["delivered"])))].sum(axis=0)
    asked = rows.group_by("customer").agg(pl.col("delivered").n_unique()).sort("customer")
    assert asked["delivered"].to_list() == quarters[asked["customer"].to_numpy()].tolist()


def test_what_is_spent_in_all_gives_back_the_share_of_wallet_but_for_the_error(chunk: Chunk, rows: pl.DataFrame) -> None:
    accounts, industry = chunk.accounts, chunk.business.industry
    extras, plan = make_extras(chunk), plans(chunk)
    held = extras.held(MONTHS)
    ratios = []
    for row in rows.head(400).iter_rows(named=True):
        own = 0
        for account in np.flatnonzero(accounts.customer == row["customer"]):
            month = row["delivered"]
            if month <= accounts.opened_month[account]:
                continue
            products = [(plan[month, account], accounts.lines[account])]
            products += [(extras.product[account, place], 1) for place in range(3) if held[month, account, place]]
            for product, lines in products:
                if industry.products[product].line == row["product_line"]:
                    own += int(industry.price_at(np.array([product]), np.array([month]), MONTHS)[0]) * int(lines)
        share = chunk.entities.share_of_wallet[chunk.memberships.entity[row["customer"]]]
        ratios.append(row["total_spend"] * share / own)
    assert min(ratios) > 0.849
    assert max(ratios) < 1.151
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.03)
    assert np.std(ratios) > 0.05


def test_each_line_is_estimated_once(rows: pl.DataFrame) -> None:
    assert not rows.select("customer_id", "month", "product_line").is_duplicated().any()
    assert rows["product_line"].n_unique() > 2
    assert (rows["total_spend"] > 0).all()
    assert set(rows["currency"]) == {"CNY"}


def test_the_same_chunk_tells_the_same(chunk: Chunk, rows: pl.DataFrame) -> None:
    assert make_wallet_estimates(chunk).equals(rows.drop("customer"))
