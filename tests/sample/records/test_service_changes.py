"""The trail of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records.campaign_members import make_campaign_members
from pipelines.sample.records.holdings import is_known
from pipelines.sample.records.service_changes import CHANGES, make_service_changes
from pipelines.sample.records.subscriptions import make_subscriptions
from pipelines.sample.story.campaigns import RETENTION
from pipelines.sample.story.life import NEVER, REASONS
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24


def _chunk(industry: str, size: int = 3_000) -> Chunk:
    return make_chunk(make_business(5, size, Timeline(MONTHS), INDUSTRIES[industry]), 0)


@pytest.fixture(scope="module", params=sorted(INDUSTRIES))
def chunk(request: pytest.FixtureRequest) -> Chunk:
    return _chunk(request.param)


@pytest.fixture(scope="module")
def rows(chunk: Chunk) -> pl.DataFrame:
    frame = make_service_changes(chunk)
    account = np.searchsorted(chunk.accounts.number, frame["account_id"].to_numpy())
    return frame.with_columns(account=account, customer=chunk.accounts.customer[account])


def _only(rows: pl.DataFrame, *changes: str) -> pl.DataFrame:
    return rows.filter(pl.col("change").is_in(changes))


def test_the_same_business_tells_the_same_and_numbers_go_on(chunk: Chunk, rows: pl.DataFrame) -> None:
    again = _chunk(chunk.business.industry.name)
    first, second = make_service_changes(again), make_service_changes(again)
    assert first.drop("change_id").equals(rows.drop("account", "customer", "change_id"))
    assert first["change_id"].to_list() == list(range(len(first)))
    assert second["change_id"].to_list() == list(range(len(first), 2 * len(first)))


def test_each_change_is_delivered_in_its_month_and_an_offer_with_its_answer(chunk: Chunk, rows: pl.DataFrame) -> None:
    month = chunk.business.timeline.index_of(rows["changed_at"].to_numpy())
    is_offer = (rows["change"] == "retention_offer").to_numpy()
    assert (month[~is_offer] == rows["delivered"].to_numpy()[~is_offer]).all()
    assert set((rows["delivered"].to_numpy() - month)[is_offer]) == {0, 1}
    assert rows["delivered"].min() == 0
    assert rows["delivered"].max() == MONTHS - 1
    assert set(rows["change"]) <= set(CHANGES)


def test_nothing_changes_before_the_opening_or_after_the_closing(chunk: Chunk, rows: pl.DataFrame) -> None:
    opened = chunk.accounts.opened[rows["account"].to_numpy()]
    assert (rows["changed_at"].to_numpy() >= opened).all()
    closed = chunk.life.closed[rows["customer"].to_numpy()]
    assert not (rows["changed_at"].to_numpy() > closed).any()


def test_changes_of_plan_and_price_are_the_versions_of_the_subscriptions(chunk: Chunk, rows: pl.DataFrame) -> None:
    versions = make_subscriptions(chunk).sort("subscription_id", "delivered")
    before = {name: pl.col(name).shift().over("subscription_id") for name in ("product_id", "list_price")}
    versions = versions.with_columns(was=before["product_id"], cost=before["list_price"])
    keys = ["subscription_id", "delivered", "from_product_id", "to_product_id"]
    steps = versions.filter(pl.col("was") != pl.col("product_id")).select(
        "subscription_id", "delivered", from_product_id="was", to_product_id="product_id"
    )
    assert _only(rows, "upgrade", "downgrade").select(keys).sort(keys).equals(steps.sort(keys))
    dearer = versions.filter((pl.col("was") == pl.col("product_id")) & (pl.col("cost") != pl.col("list_price")))
    dearer = dearer.select("subscription_id", "delivered", from_product_id="was", to_product_id="product_id")
    assert _only(rows, "price_change").select(keys).sort(keys).equals(dearer.sort(keys))
    assert len(steps) > 100
    assert len(dearer) > 100


def test_an_upgrade_leads_to_a_dearer_plan_and_a_downgrade_to_a_cheaper_one(chunk: Chunk, rows: pl.DataFrame) -> None:
    price = {product.number: product.price for product in chunk.business.industry.products}
    prices = pl.col("to_product_id").replace_strict(price) - pl.col("from_product_id").replace_strict(price)
    assert (_only(rows, "upgrade").select(prices).to_series() > 0).all()
    assert (_only(rows, "downgrade").select(prices).to_series() < 0).all()


def test_every_newcomer_is_activated_when_it_opens(chunk: Chunk, rows: pl.DataFrame) -> None:
    new = np.flatnonzero((chunk.accounts.opened_month >= 0) & is_known(chunk))
    activated = _only(rows, "activate").sort("account")
    assert activated["account"].to_list() == new.tolist()
    assert (activated["changed_at"].to_numpy() == chunk.accounts.opened[new]).all()
    assert activated["to_product_id"].is_not_null().all()


def test_every_closing_is_a_termination_with_its_reason_and_a_rival_only_where_there_is_one(chunk: Chunk, rows: pl.DataFrame) -> None:
    closed = chunk.life.closed[chunk.accounts.customer]
    gone = np.flatnonzero(~np.isnat(closed) & is_known(chunk))
    ended = _only(rows, "terminate").sort("account")
    assert ended["account"].to_list() == gone.tolist()
    assert (ended["changed_at"].to_numpy() == closed[gone]).all()
    reasons = [REASONS[reason] for reason in chunk.life.reason[chunk.accounts.customer[gone]]]
    assert ended["reason"].to_list() == reasons
    assert ended["competitor"].is_not_null().to_list() == [reason == "competitor" for reason in reasons]
    assert set(ended["competitor"].drop_nulls()) == set(chunk.business.industry.competitors)


def test_suspensions_are_the_edges_of_the_story(chunk: Chunk, rows: pl.DataFrame) -> None:
    cut = _only(rows, "suspend")
    month, customer = cut["delivered"].to_numpy(), cut["customer"].to_numpy()
    assert len(cut) > 30
    assert chunk.life.is_suspended[month, customer].all()
    assert not chunk.life.is_suspended[month - 1, customer].any()
    assert (cut["changed_at"].dt.day() == 1).all()


def test_every_suspension_that_begins_or_ends_while_the_account_is_open_is_told(chunk: Chunk, rows: pl.DataFrame) -> None:
    life, accounts, months = chunk.life, chunk.accounts, np.arange(1, MONTHS)[:, None]
    now, before = life.is_suspended[1:, accounts.customer], life.is_suspended[:-1, accounts.customer]
    last = np.where(np.isnat(life.closed), MONTHS, life.last)[accounts.customer]
    is_open = (months > accounts.opened_month) & (months <= last) & is_known(chunk)
    for change, edge in (("suspend", now & ~before), ("resume", before & ~now)):
        month, account = np.nonzero(edge & is_open)
        told = _only(rows, change).select("delivered", "account").sort("delivered", "account").rows()
        assert told == list(zip((month + 1).tolist(), account.tolist(), strict=True))
        assert len(account) > 100
    back = _only(rows, "resume")
    assert (back["changed_at"].dt.day() == 1).all()
    assert back["reason"].is_null().all()
    assert (_only(rows, "suspend")["reason"] == "overdue").all()
    turns = _only(rows, "suspend", "resume").sort("account", "changed_at", maintain_order=True)
    assert turns.filter((pl.col("change") == pl.col("change").shift()) & (pl.col("account") == pl.col("account").shift())).is_empty()


def test_what_is_taken_up_again_is_resumed() -> None:
    chunk = _chunk("telecom", 400)
    always = np.asarray(chunk.life.is_served.sum(axis=0) == MONTHS)
    account = np.flatnonzero(chunk.accounts.is_first & always[chunk.accounts.customer])[0]
    chunk.life.is_suspended[5:8, chunk.accounts.customer[account]] = True
    rows = make_service_changes(chunk).filter(pl.col("account_id") == int(chunk.accounts.number[account]))
    cut = _only(rows, "suspend", "resume")
    assert cut.select("change", "delivered").rows() == [("suspend", 5), ("resume", 8)]


def test_a_request_to_leave_with_the_number_names_the_rival_and_comes_before_the_end(chunk: Chunk, rows: pl.DataFrame) -> None:
    asked = _only(rows, "port_out_request")
    if not chunk.business.industry.has_port_out:
        assert asked.is_empty()
        return
    life, customer = chunk.life, asked["customer"].to_numpy()
    assert asked["competitor"].is_not_null().all()
    assert (asked["delivered"].to_numpy() == life.asks_along[customer]).all()
    assert not (asked["changed_at"].to_numpy() >= life.closed[customer]).any()
    at_operations = chunk.accounts.customer[chunk.accounts.is_first & (chunk.accounts.opened_month < chunk.business.timeline.count)]
    expected = ((life.asks_along[at_operations] >= 0) & (life.asks_along[at_operations] < MONTHS)).sum()
    assert len(asked) == pytest.approx(expected, rel=0.03)
    assert expected > 50
    both = asked.join(_only(rows, "terminate").drop_nulls("competitor"), on="customer_id")
    assert (both["competitor"] == both["competitor_right"]).all()
    assert (life.asks_along != NEVER).any()


def test_offers_to_stay_are_the_treated_members_of_retention_campaigns(chunk: Chunk, rows: pl.DataFrame) -> None:
    campaigns = np.flatnonzero(chunk.business.campaigns.kind == RETENTION).tolist()
    contacted = pl.col("contacted_at").is_not_null() & pl.col("response").is_not_null()
    members = make_campaign_members(chunk).filter(pl.col("campaign_id").is_in(campaigns) & contacted)
    told = members.select("customer_id", changed_at="contacted_at", reason="response", delivered="delivered")
    keys = ["customer_id", "changed_at"]
    offered = _only(rows, "retention_offer").select(told.columns)
    assert offered.sort(keys).equals(told.sort(keys))
    assert len(offered) > 200
