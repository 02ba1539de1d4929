"""The accounts as delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records.account_terms import BRANCHES, DISCOUNT_TERMS, make_account_terms, opening_branches
from pipelines.sample.records.holdings import is_known
from pipelines.sample.story.life import NEVER, REASONS
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return make_chunk(make_business(5, 3_000, Timeline(MONTHS), INDUSTRIES["telecom"]), 0)


@pytest.fixture(scope="module")
def rows(chunk: Chunk) -> pl.DataFrame:
    return make_account_terms(chunk)


def _of(rows: pl.DataFrame, values: np.ndarray, chunk: Chunk) -> pl.Series:
    """A value of each account, by the account of each row."""
    return pl.Series(values[np.searchsorted(chunk.accounts.number, rows["account_id"].to_numpy())])


def test_every_account_comes_first_when_it_is_opened_and_never_twice_in_a_month(chunk: Chunk, rows: pl.DataFrame) -> None:
    assert rows.select("delivered", "account_id").equals(rows.select("delivered", "account_id").sort("delivered", "account_id"))
    assert not rows.select("delivered", "account_id").is_duplicated().any()
    first = rows.unique("account_id", keep="first", maintain_order=True).sort("account_id")
    assert first["account_id"].to_list() == chunk.accounts.number[is_known(chunk)].tolist()
    assert (first["delivered"].to_numpy() == np.maximum(chunk.accounts.opened_month[is_known(chunk)], 0)).all()
    assert first["delivered"].max() < MONTHS  # type: ignore[operator]


def test_no_row_says_what_had_not_happened(chunk: Chunk, rows: pl.DataFrame) -> None:
    timeline = chunk.business.timeline
    for name in ("opened_at", "closed_at"):
        known = rows.drop_nulls(name)
        assert (timeline.index_of(known[name].to_numpy()) <= known["delivered"].to_numpy()).all()


def test_an_account_closes_with_its_customer_in_its_last_row(chunk: Chunk, rows: pl.DataFrame) -> None:
    last = rows.unique("account_id", keep="last", maintain_order=True)
    customer = _of(last, chunk.accounts.customer, chunk).to_numpy()
    closed = pl.Series(chunk.life.closed[customer])
    assert last["closed_at"].equals(closed.cast(pl.Datetime("ms")), null_equal=True)
    assert rows["closed_at"].is_not_null().sum() == last["closed_at"].is_not_null().sum() > 100
    reasons = last.filter(pl.col("closed_at").is_not_null())["close_reason"].to_list()
    assert reasons == [REASONS[reason] for reason in chunk.life.reason[customer][closed.is_not_null().to_numpy()]]
    assert rows.filter(pl.col("closed_at").is_null())["close_reason"].is_null().all()


def test_the_branch_is_the_one_that_served_the_customer_at_the_opening_and_stays_when_it_moves(chunk: Chunk, rows: pl.DataFrame) -> None:
    first = rows.unique("account_id", keep="first", maintain_order=True)
    entity = chunk.memberships.entity[_of(first, chunk.accounts.customer, chunk).to_numpy()]
    branch = chunk.particulars.branch[first["delivered"].to_numpy(), entity]
    assert first["organisation_unit"].to_list() == [BRANCHES[position] for position in branch]
    assert BRANCHES[0] == "OP-N1"
    assert BRANCHES[-1] == "OP-C2"
    assert rows.group_by("account_id").agg(pl.col("organisation_unit").n_unique())["organisation_unit"].max() == 1
    has_moved = chunk.particulars.branch[-1, entity] != branch
    assert has_moved.sum() > 50
    moved = rows.filter(pl.col("account_id").is_in(first["account_id"].filter(pl.Series(has_moved)).implode()))
    assert len(moved) > moved["account_id"].n_unique()  # some are told again after the move, for another change


def test_the_opening_branch_is_that_of_the_month_of_the_opening(chunk: Chunk) -> None:
    accounts, branch = chunk.accounts, chunk.particulars.branch[:, chunk.memberships.entity[chunk.accounts.customer]]
    months = np.clip(chunk.business.timeline.index_of(accounts.opened), 0, None).tolist()
    assert opening_branches(chunk).tolist() == [branch[month, account] for account, month in enumerate(months)]
    within = accounts.opened_month > 0
    assert (opening_branches(chunk)[within] != branch[0, within]).any()  # moved before they opened it
    assert (opening_branches(chunk)[within] != branch[-1, within]).any()


def test_a_row_differs_from_the_one_before(rows: pl.DataFrame) -> None:
    says = [name for name in rows.columns if name != "delivered"]
    pairs = rows.sort("account_id", "delivered", maintain_order=True)
    repeats = pairs.select(pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in says)).to_series()
    assert not repeats.any()


def test_limits_only_rise_and_only_of_those_who_pay(chunk: Chunk, rows: pl.DataFrame) -> None:
    pairs = rows.sort("account_id", "delivered").with_columns(
        before=pl.col("credit_limit").shift().over("account_id"),
        stopped=_of(rows.sort("account_id", "delivered"), chunk.life.stopped[chunk.accounts.customer], chunk),
    )
    raised = pairs.filter(pl.col("credit_limit") > pl.col("before"))
    assert len(raised) > 100
    assert pairs.filter(pl.col("credit_limit") < pl.col("before")).is_empty()
    assert (raised["delivered"] < raised["stopped"]).all()
    last = chunk.life.last[_of(raised, chunk.accounts.customer, chunk).to_numpy()]
    assert (raised["delivered"].to_numpy() < last).all()
    assert (raised["credit_limit"] % 10_000 == 0).all()
    customer = _of(raised, chunk.accounts.customer, chunk).to_numpy()
    was_short = [chunk.life.is_short[max(0, m - 11) : m + 1, c].any() for m, c in zip(raised["delivered"], customer, strict=True)]
    assert not any(was_short)
    months = raised["delivered"].to_numpy() - chunk.business.timeline.index_of(raised["opened_at"].to_numpy())
    assert (months % 12 == 0).all()
    assert (chunk.life.stopped != NEVER).any()


def test_terms_are_those_of_the_account(chunk: Chunk, rows: pl.DataFrame) -> None:
    has_terms = _of(rows, chunk.accounts.has_discount_terms, chunk)
    assert (rows["discount_terms"] == DISCOUNT_TERMS).fill_null(value=False).equals(has_terms)
    assert has_terms.any()
    assert rows["is_prepaid"].equals(_of(rows, chunk.accounts.is_prepaid, chunk))
    assert rows.filter("is_prepaid")["credit_limit"].is_null().all()
    assert rows["currency"].unique().to_list() == ["CNY"]


def test_the_same_chunk_tells_the_same(chunk: Chunk, rows: pl.DataFrame) -> None:
    assert make_account_terms(chunk).equals(rows)
