"""The subscriptions as delivered, and what accounts hold besides the plan."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.accounts import NONE
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records.campaign_members import answers
from pipelines.sample.records.extras import extras_held, make_extras
from pipelines.sample.records.holdings import is_known, plans
from pipelines.sample.records.subscriptions import GIVEN_UP, make_subscriptions
from pipelines.sample.story.campaigns import ACCEPTED, CROSS_SELL, NO_RESPONSE
from pipelines.sample.story.life import NEVER
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24
STATE = ("product_id", "ended_at", "end_reason", "contract_end_at", "list_price", "discount_rate")


@pytest.fixture(scope="module", params=sorted(INDUSTRIES))
def chunk(request: pytest.FixtureRequest) -> Chunk:
    return make_chunk(make_business(5, 5_000, Timeline(MONTHS), INDUSTRIES[request.param]), 0)


@pytest.fixture(scope="module")
def rows(chunk: Chunk) -> pl.DataFrame:
    frame = make_subscriptions(chunk)
    account = np.searchsorted(chunk.accounts.number, frame["account_id"].to_numpy())
    return frame.with_columns(account=account, place=frame["subscription_id"] % 4, customer=chunk.accounts.customer[account])


def _last(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.unique("subscription_id", keep="last", maintain_order=True)


def test_the_same_chunk_tells_the_same(chunk: Chunk, rows: pl.DataFrame) -> None:
    assert make_subscriptions(chunk).equals(rows.drop("account", "place", "customer"))
    assert make_subscriptions(chunk, make_extras(chunk)).equals(make_subscriptions(chunk))


def test_each_version_is_new_and_a_month_has_one_at_most(rows: pl.DataFrame) -> None:
    assert not rows.select("subscription_id", "delivered").is_duplicated().any()
    assert rows["delivered"].is_sorted()
    pairs = rows.sort("subscription_id", "delivered")
    same = pl.col("subscription_id").eq(pl.col("subscription_id").shift())
    repeats = pairs.select(pl.all_horizontal(same, *(pl.col(name).eq_missing(pl.col(name).shift()) for name in STATE))).to_series()
    assert not repeats.fill_null(value=False).any()


def test_no_version_comes_before_what_it_says_and_the_first_comes_at_once(chunk: Chunk, rows: pl.DataFrame) -> None:
    timeline = chunk.business.timeline
    for name in ("started_at", "ended_at"):
        known = rows.drop_nulls(name)
        assert (timeline.index_of(known[name].to_numpy()) <= known["delivered"].to_numpy()).all()
    assert (rows["ended_at"] >= rows["started_at"]).all()
    first = rows.unique("subscription_id", keep="first", maintain_order=True)
    assert (first["delivered"].to_numpy() == np.maximum(timeline.index_of(first["started_at"].to_numpy()), 0)).all()
    assert rows["delivered"].max() == MONTHS - 1


def test_what_has_ended_has_no_later_version(rows: pl.DataFrame) -> None:
    ended = rows.filter(pl.col("ended_at").is_not_null())
    assert ended.select("subscription_id", "delivered").equals(
        _last(rows).filter(pl.col("ended_at").is_not_null()).select("subscription_id", "delivered")
    )
    assert (ended["end_reason"].is_not_null()).all()


def test_every_known_account_has_a_plan_and_the_newest_version_says_the_plan_of_its_last_month(chunk: Chunk, rows: pl.DataFrame) -> None:
    of_plan = _last(rows.filter(pl.col("place") == 0)).sort("account")
    assert of_plan["account"].to_list() == np.flatnonzero(is_known(chunk)).tolist()
    until = chunk.business.timeline.index_of(of_plan["ended_at"].fill_null(chunk.business.timeline.end.item()).to_numpy())
    plan = plans(chunk)[np.minimum(until, MONTHS - 1), of_plan["account"].to_numpy()]
    numbers = [product.number for product in chunk.business.industry.products]
    assert of_plan["product_id"].to_list() == [numbers[position] for position in plan]


def test_versions_of_a_plan_come_in_the_months_in_which_the_plan_changed(chunk: Chunk, rows: pl.DataFrame) -> None:
    pairs = rows.filter(pl.col("place") == 0).sort("subscription_id", "delivered")
    pairs = pairs.with_columns(before=pl.col("product_id").shift().over("subscription_id"))
    changed = pairs.filter(pl.col("before") != pl.col("product_id"))
    plan, month, account = plans(chunk), changed["delivered"].to_numpy(), changed["account"].to_numpy()
    numbers = pl.Series([product.number for product in chunk.business.industry.products])
    assert len(changed) > 300
    assert changed["product_id"].equals(numbers.gather(plan[month, account]).rename("product_id"))
    assert changed["before"].equals(numbers.gather(plan[month - 1, account]).rename("before"))


def test_a_price_rise_reaches_all_who_hold_the_product_in_its_month(chunk: Chunk, rows: pl.DataFrame) -> None:
    industry = chunk.business.industry
    for product, since, price in industry.rises(MONTHS):
        number = industry.products[product].number
        of_product = rows.filter(pl.col("product_id") == number)
        assert set(of_product.filter(pl.col("delivered") < since)["list_price"]) <= {industry.products[product].price}
        assert set(of_product.filter(pl.col("delivered") >= since)["list_price"]) == {price}
        state = rows.filter(pl.col("delivered") <= since).unique("subscription_id", keep="last", maintain_order=True)
        holders = state.filter((pl.col("product_id") == number) & (pl.col("ended_at").is_null() | (pl.col("delivered") == since)))
        assert len(holders) > 50
        assert set(holders["list_price"]) == {price}


def test_the_term_is_the_one_in_force_and_only_of_plans_under_one(chunk: Chunk, rows: pl.DataFrame) -> None:
    accounts, life = chunk.accounts, chunk.life
    month, account, customer = (rows[name].to_numpy() for name in ("delivered", "account", "customer"))
    end = life.contract_end[month, customer]
    is_bound = (rows["place"].to_numpy() == 0) & accounts.is_first[account] & accounts.has_contract[account] & (end != NEVER)
    expected = (chunk.business.timeline.first + np.where(is_bound, end, 0) + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    said = rows["contract_end_at"].to_numpy()
    assert is_bound.sum() > 500
    assert np.isnat(said[~is_bound]).all()
    assert (said[is_bound] == expected[is_bound]).all()
    days = rows["contract_end_at"].drop_nulls()
    assert (days.dt.month_end() == days).all()


def test_the_discount_is_the_own_one_and_what_was_granted_to_stay(chunk: Chunk, rows: pl.DataFrame) -> None:
    month, account, customer = (rows[name].to_numpy() for name in ("delivered", "account", "customer"))
    saving = chunk.life.saving[month, customer]
    assert rows["discount_rate"].to_numpy() == pytest.approx((chunk.accounts.discount[account] + saving) / 100)
    assert (saving > 0).sum() > 30


def test_what_is_not_given_up_ends_with_the_customer(chunk: Chunk, rows: pl.DataFrame) -> None:
    last = _last(rows)
    kept = last.filter(pl.col("end_reason").is_null() | (pl.col("end_reason") != GIVEN_UP))
    closed = pl.Series(chunk.life.closed[kept["customer"].to_numpy()]).cast(pl.Datetime("ms"))
    assert kept["ended_at"].equals(closed, null_equal=True)
    given_up = last.filter(pl.col("end_reason") == GIVEN_UP)
    assert len(given_up) > 50
    assert (given_up["place"] > 0).all()
    closed = pl.Series(chunk.life.closed[given_up["customer"].to_numpy()]).cast(pl.Datetime("ms"))
    assert (given_up["ended_at"] < closed).drop_nulls().all()


def test_extras_held_are_those_that_the_versions_say(chunk: Chunk, rows: pl.DataFrame) -> None:
    held, extras, timeline = extras_held(chunk), make_extras(chunk), chunk.business.timeline
    assert held.shape == (MONTHS, chunk.accounts.count, 3)
    numbers = pl.Series([*(product.number for product in chunk.business.industry.products), None])
    last = _last(rows).filter(pl.col("place") > 0)
    account, place = last["account"].to_numpy(), last["place"].to_numpy() - 1
    assert numbers.gather(extras.product[account, place]).to_list() == last["product_id"].to_list()
    assert len(last) == ((extras.product != NONE) & is_known(chunk)[:, None]).sum()
    started = timeline.index_of(last["started_at"].to_numpy())
    came_along = last["started_at"].to_numpy() == chunk.accounts.opened[account]
    given_up = last["end_reason"] == GIVEN_UP
    ended = np.where(given_up.fill_null(value=False), timeline.index_of(last["ended_at"].fill_null(timeline.end.item()).to_numpy()), MONTHS)
    month = np.arange(MONTHS)[:, None]
    expected = (month >= started + np.where(came_along, 0, 1)) & (month <= ended)
    assert (held[:, account, place] == expected).all()


def test_extras_come_and_go_in_moderation(chunk: Chunk) -> None:
    extras, accounts = make_extras(chunk), chunk.accounts
    is_added = (extras.product != NONE) & (extras.started > accounts.opened[:, None]) & (extras.since > 0)
    ordinary = accounts.extras != NONE
    assert 0.02 < (is_added & ~extras.is_sold).sum() / ordinary.sum() < 0.2
    assert ((extras.product == NONE) | (extras.product == accounts.extras) | extras.is_sold).all()
    by_month = np.bincount(extras.since[is_added & ~extras.is_sold], minlength=MONTHS)
    assert by_month[-3:].mean() < 2.5 * by_month[3:-3].mean()


def test_leavers_give_up_extras_once_their_use_falls(chunk: Chunk) -> None:
    extras, accounts, life = make_extras(chunk), chunk.accounts, chunk.life
    customer = np.broadcast_to(accounts.customer[:, None], extras.product.shape)
    is_held = extras.product != NONE
    leaves = is_held & (life.decided != NEVER)[customer] & (life.decided >= 3)[customer] & (life.last < MONTHS)[customer]
    shows, hides = leaves & life.has_sign[customer], leaves & ~life.has_sign[customer]
    gone = extras.until != NEVER
    after = gone & (extras.until > life.decided[customer])
    assert shows.sum() > 50
    assert after[shows].mean() > 0.2
    assert gone[hides].mean() < 0.1
    assert (extras.until[gone] < life.last[customer][gone]).all()


def test_an_accepted_offer_adds_what_it_sold_where_there_is_room(chunk: Chunk) -> None:
    extras, accounts, members, life = make_extras(chunk), chunk.accounts, chunk.members, chunk.life
    found = answers(chunk)
    kind = chunk.business.campaigns.kind[members.campaign]
    accepted = np.flatnonzero((kind == CROSS_SELL) & (members.response == ACCEPTED) & (found.month < MONTHS))
    account = np.searchsorted(accounts.customer, members.customer[accepted])
    assert extras.is_sold.sum() > 15
    row, place = np.nonzero(extras.is_sold)
    assert set(row) <= set(account)
    nobody_answers = dataclasses.replace(members, response=np.full_like(members.response, NO_RESPONSE))
    ordinary = make_extras(dataclasses.replace(chunk, members=nobody_answers))
    assert (ordinary.product[row, place] == NONE).all()
    assert (ordinary.product == extras.product)[~extras.is_sold].all()
    sold_at = {(a, t) for a, t in zip(account.tolist(), found.responded[accepted].astype(np.int64).tolist(), strict=True)}
    assert {(a, t) for a, t in zip(row.tolist(), extras.started[row, place].astype(np.int64).tolist(), strict=True)} <= sold_at
    has_room = (accounts.extras[account] == NONE).any(axis=1) & (found.month[accepted] < life.last[members.customer[accepted]])
    once = np.array([(account == a).sum() == 1 for a in account])
    assert extras.is_sold[account[has_room & once]].any(axis=1).mean() > 0.95
