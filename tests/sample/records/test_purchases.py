from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records.purchases import Purchases, make_purchases
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return make_chunk(make_business(5, 10_000, Timeline(MONTHS), INDUSTRIES["telecom"]), 0)


@pytest.fixture(scope="module")
def purchases(chunk: Chunk) -> Purchases:
    return make_purchases(chunk)


def bought(purchases: Purchases) -> pl.DataFrame:
    return purchases.invoices.filter(pl.col("amount") > 0).unique("invoice_id", keep="first", maintain_order=True)


def test_about_two_in_three_buy_again_and_few_bring_most(purchases: Purchases) -> None:
    year = bought(purchases).filter(pl.col("delivered") >= MONTHS - 12)
    buyers = year.group_by("customer_id").agg(times=pl.len(), revenue=pl.col("amount").sum())
    revenue = np.sort(buyers["revenue"].to_numpy())[::-1]
    assert 0.60 <= (buyers["times"] > 1).mean() <= 0.75  # type: ignore[operator]
    assert 0.60 <= revenue[: len(revenue) // 5].sum() / revenue.sum() <= 0.75


def test_rates_differ_and_who_has_a_high_one_buys_more_often(purchases: Purchases) -> None:
    truth = purchases.truth
    assert truth["purchase_rate"].quantile(0.95) > 3 * truth["purchase_rate"].quantile(0.1)  # type: ignore[operator]
    times = bought(purchases).group_by("customer_id").len()
    alive = truth.filter(pl.col("dropped_month").is_null()).join(times, left_on="customer", right_on="customer_id", how="left")
    ranked = alive.sort("purchase_rate").with_columns(pl.col("len").fill_null(0))
    third = len(ranked) // 3
    assert ranked["len"][-third:].mean() > 2 * ranked["len"][:third].mean()  # type: ignore[operator]


def test_nobody_buys_after_dropping_out_or_before_registering(chunk: Chunk, purchases: Purchases) -> None:
    known = bought(purchases).join(purchases.truth, left_on="customer_id", right_on="customer")
    gone = known.filter(pl.col("dropped_month").is_not_null())
    assert (gone["delivered"] <= gone["dropped_month"]).all()
    registered = chunk.memberships.registered[np.searchsorted(chunk.memberships.number, known["customer_id"].to_numpy())]
    assert (known["issued_at"].to_numpy() >= registered).all()


def test_who_drops_out_does_so_with_a_purchase_and_by_probability(purchases: Purchases) -> None:
    last = bought(purchases).group_by("customer_id").agg(pl.col("delivered").max())
    gone = purchases.truth.filter(pl.col("dropped_month") >= 0).join(last, left_on="customer", right_on="customer_id", how="left")
    assert (gone["delivered"] == gone["dropped_month"]).all()
    high = purchases.truth.filter(pl.col("dropout_probability") > 0.1)["dropped_month"].is_not_null().mean()
    low = purchases.truth.filter(pl.col("dropout_probability") < 0.04)["dropped_month"].is_not_null().mean()
    assert high > low + 0.1  # type: ignore[operator]


def test_november_and_december_are_the_season(chunk: Chunk, purchases: Purchases) -> None:
    calendar = chunk.business.timeline.calendar_month(bought(purchases)["delivered"].to_numpy())
    counts = np.bincount(calendar, minlength=12)
    assert set(np.argsort(counts)[-2:]) == {10, 11}


def test_goods_taken_back_cancel_their_invoice_whole(purchases: Purchases) -> None:
    back = purchases.invoices.filter(pl.col("amount") < 0)
    pairs = back.join(bought(purchases), left_on="cancels_invoice_id", right_on="invoice_id", suffix="_first")
    assert len(pairs) == len(back) > 50
    assert (pairs["amount"] == -pairs["amount_first"]).all()
    assert (pairs["issued_at"] > pairs["issued_at_first"]).all()
    newest = purchases.invoices.unique("invoice_id", keep="last", maintain_order=True)
    first = newest.filter(pl.col("invoice_id").is_in(back["cancels_invoice_id"].implode()))
    assert (first["status"] == "cancelled").all()


def test_harbour_sells_for_hong_kong_dollars_and_is_mostly_paid_at_once(purchases: Purchases) -> None:
    assert set(purchases.invoices["currency"]) == {"HKD"}
    assert set(purchases.invoices["unit"]) == set(purchases.payments["unit"]) == {1}
    paid = purchases.payments.filter(pl.col("kind") == "payment").join(bought(purchases), on="invoice_id", suffix="_owed")
    paid = paid.unique("invoice_id", keep="first", maintain_order=True)
    assert (paid["amount"] == paid["amount_owed"]).all()
    assert (paid["paid_at"] > paid["issued_at"]).all()
    assert (paid["paid_at"].dt.date() == paid["due_at"]).mean() > 0.9  # type: ignore[operator]


def test_what_is_sent_to_the_mainland_bears_the_tax_on_retail_imports(purchases: Purchases) -> None:
    once = purchases.invoices.unique("invoice_id", keep="first", maintain_order=True)
    taxed = once.filter(pl.col("tax_amount") != 0)
    assert 0.08 < len(taxed) / len(once) < 0.16
    net = taxed["amount"] - taxed["tax_amount"]
    assert ((net * 0.091 - taxed["tax_amount"]).abs() < 0.6).all()
    back = once.filter(pl.col("amount") < 0).join(once, left_on="cancels_invoice_id", right_on="invoice_id", suffix="_first")
    assert (back["tax_amount"] == -back["tax_amount_first"]).all()


def test_what_is_sold_on_account_is_due_in_a_week_and_paid_by_then(purchases: Purchases) -> None:
    once = bought(purchases)
    terms = (once["due_at"] - once["issued_at"].dt.date()).dt.total_days()
    assert set(terms) == {0, 7}
    assert 0.04 * len(once) < (terms == 7).sum() < 0.09 * len(once)
    paid = purchases.payments.filter(pl.col("kind") == "payment").unique("invoice_id", keep="first", maintain_order=True)
    paid = paid.join(once.filter(pl.col("due_at") > pl.col("issued_at").dt.date()), on="invoice_id")
    assert (paid["paid_at"].dt.date() <= paid["due_at"]).all()
    assert (paid["paid_at"].dt.date() > paid["issued_at"].dt.date()).all()


def test_some_payments_come_back_are_told_again_and_are_mostly_paid_in_cash(chunk: Chunk, purchases: Purchases) -> None:
    payments = purchases.payments
    back = payments.filter(pl.col("returned_at").is_not_null())
    assert 20 < len(back) < 0.02 * len(payments)
    assert (back["returned_at"] > back["paid_at"]).all()
    assert np.array_equal(chunk.business.timeline.index_of(back["returned_at"].to_numpy()), back["delivered"].to_numpy())
    again = payments.filter(pl.col("payment_id").is_duplicated())
    assert (again.group_by("payment_id").agg(pl.col("returned_at").is_null().sum() == 1)["returned_at"]).all()
    second = payments.filter(pl.col("invoice_id").is_in(back["invoice_id"].implode()) & (pl.col("method") == "cash"))
    assert second["invoice_id"].n_unique() > 0.75 * len(back)


def test_nothing_is_refunded_whose_payment_came_back(chunk: Chunk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.sample.records.purchases._BOUNCES", 1.0)
    made = make_purchases(chunk)
    taken_back = made.invoices["cancels_invoice_id"].drop_nulls()
    returned = made.payments.filter(pl.col("returned_at").is_not_null())["invoice_id"]
    assert len(taken_back) > 50
    assert len(returned) > 1_000
    assert not returned.is_in(taken_back.implode()).any()


def test_invoices_are_delivered_in_their_month(chunk: Chunk, purchases: Purchases) -> None:
    first = purchases.invoices.unique("invoice_id", keep="first", maintain_order=True)
    assert np.array_equal(chunk.business.timeline.index_of(first["issued_at"].to_numpy()), first["delivered"].to_numpy())
    assert first["delivered"].is_between(0, MONTHS - 1).all()


def test_the_same_seed_gives_the_same_purchases(chunk: Chunk, purchases: Purchases) -> None:
    again = make_purchases(chunk)
    assert again.truth.equals(purchases.truth)
    assert again.invoices.drop("invoice_id", "cancels_invoice_id").equals(purchases.invoices.drop("invoice_id", "cancels_invoice_id"))
