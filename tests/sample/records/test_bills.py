from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.industries.industry import tax_within
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records.bills import Bills, make_bills
from pipelines.sample.records.corrections import BILL, CARRIED_OVER, NOTE
from pipelines.sample.records.extras import make_extras
from pipelines.sample.records.usage import metered
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24


def a_chunk(industry: str = "telecom") -> Chunk:
    return make_chunk(make_business(5, 3_000, Timeline(MONTHS), INDUSTRIES[industry]), 0)


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return a_chunk()


@pytest.fixture(scope="module")
def bills(chunk: Chunk) -> Bills:
    return make_bills(chunk, metered(chunk))


def lines_with(bills: Bills, *kinds: int) -> pl.DataFrame:
    return bills.lines.join(bills.documents.filter(pl.col("kind").is_in(kinds)), on="invoice_id", maintain_order="left")


@pytest.mark.parametrize("industry", ["telecom", "bank", "utility"])
def test_lines_add_up_to_their_invoice_in_every_industry(industry: str) -> None:
    other = a_chunk(industry)
    made = make_bills(other, metered(other))
    totals = made.lines.group_by("invoice_id").agg(lines=pl.col("amount").sum(), lines_tax=pl.col("tax_amount").sum())
    carried = made.documents.filter(pl.col("kind") == CARRIED_OVER)["invoice_id"].implode()
    compared = made.invoices.filter(~pl.col("invoice_id").is_in(carried)).join(totals, on="invoice_id", how="left")
    assert compared.filter(pl.col("amount").ne_missing(pl.col("lines")) | pl.col("tax_amount").ne_missing(pl.col("lines_tax"))).is_empty()


def test_the_tax_of_a_line_is_that_within_its_amount(chunk: Chunk, bills: Bills) -> None:
    per_cent = bills.lines["product_id"].replace_strict({product.number: product.tax for product in chunk.business.industry.products})
    assert np.array_equal(tax_within(bills.lines["amount"].to_numpy(), per_cent.to_numpy()), bills.lines["tax_amount"].to_numpy())


def test_the_amount_of_a_line_is_its_quantity_at_its_price(bills: Bills) -> None:
    exact = bills.lines["quantity"].to_numpy() * bills.lines["unit_price"].to_numpy() / 100
    assert np.abs(exact - bills.lines["amount"].to_numpy()).max() <= 0.51


def test_lines_are_numbered_from_one_without_gaps(bills: Bills) -> None:
    numbered = bills.lines.group_by("invoice_id").agg(first=pl.col("line_number").min(), last=pl.col("line_number").max(), count=pl.len())
    assert numbered.filter((pl.col("first") != 1) | (pl.col("last") != pl.col("count"))).is_empty()


def test_every_served_account_is_billed_each_month_or_each_quarter(chunk: Chunk, bills: Bills) -> None:
    accounts = chunk.accounts
    served = chunk.life.is_served[:, accounts.customer] & (np.arange(MONTHS)[:, None] > accounts.opened_month)
    issued = np.zeros_like(served)
    regular = bills.documents.filter(pl.col("kind") == BILL)
    issued[regular["month"].to_numpy(), regular["account"].to_numpy()] = True
    monthly = accounts.cycle == 1
    assert np.array_equal(issued[:, monthly], served[:, monthly])
    quarterly = ~monthly & served.all(axis=0)
    assert quarterly.any()
    assert (issued[:, quarterly].sum(axis=0) >= MONTHS // 3).all()


def test_nobody_is_billed_after_the_last_month(chunk: Chunk, bills: Bills) -> None:
    regular = bills.documents.filter(pl.col("kind").is_in([BILL, NOTE]))
    assert (regular["month"].to_numpy() <= chunk.life.last[regular["customer"].to_numpy()]).all()


def test_periods_of_an_account_follow_one_another_without_gap_or_overlap(bills: Bills) -> None:
    regular = bills.documents.filter(pl.col("kind") == BILL).sort("account", "start")
    after = pl.col("start").shift(-1).over("account")
    assert regular.filter(after.is_not_null() & (after != pl.col("end") + 1)).is_empty()
    assert regular.filter(pl.col("end") < pl.col("start")).is_empty()


def test_a_first_bill_begins_when_the_account_was_opened_and_charges_installation(chunk: Chunk, bills: Bills) -> None:
    first = bills.documents.filter(pl.col("kind") == BILL).sort("account", "start").unique("account", keep="first", maintain_order=True)
    new = first.filter(pl.Series(chunk.accounts.opened_month[first["account"].to_numpy()] >= 0))
    opened = chunk.accounts.opened[new["account"].to_numpy()].astype("datetime64[D]").astype(np.int64)
    assert len(new) > 20
    assert np.array_equal(new["start"].to_numpy(), opened)
    installed = bills.lines.filter(pl.col("product_id") == chunk.business.industry.installation)
    assert set(new["invoice_id"]) <= set(installed["invoice_id"])


def test_a_short_period_is_charged_by_days(chunk: Chunk, bills: Bills) -> None:
    plans = lines_with(bills, BILL).filter((pl.col("line_number") == 1) & (pl.col("charge_type") == "recurring"))
    days = (plans["end"] - plans["start"] + 1).to_numpy()
    months = plans["quantity"].to_numpy() / chunk.accounts.lines[plans["account"].to_numpy()]
    by_days = days < 27
    assert by_days.sum() > 50
    assert np.abs(months[by_days] - days[by_days] / 30).max() < 1e-3
    monthly = (chunk.accounts.cycle[plans["account"].to_numpy()] == 1) & ~by_days & (days < 32)
    assert np.median(months[monthly]) == 1.0


def test_a_bill_charges_the_plan_of_the_month_before(chunk: Chunk, bills: Bills) -> None:
    plans = lines_with(bills, BILL).filter((pl.col("line_number") == 1) & (pl.col("month") > 0))
    account, month = plans["account"].to_numpy(), plans["month"].to_numpy()
    is_final = (plans["end"].cast(pl.Int32).cast(pl.Date).dt.strftime("%Y%m") == plans["issued"].dt.strftime("%Y%m")).to_numpy()
    is_final &= plans["issued"].dt.hour().to_numpy() > 6
    held = chunk.accounts.plan(account, chunk.life.step[month - ~is_final, chunk.accounts.customer[account]])
    numbers = np.array([product.number for product in chunk.business.industry.products])
    assert np.array_equal(numbers[held], plans["product_id"].to_numpy())


def test_extras_are_charged_while_they_are_held(chunk: Chunk, bills: Bills) -> None:
    held = make_extras(chunk).held(MONTHS)
    charged = lines_with(bills, BILL).filter((pl.col("charge_type") == "recurring") & (pl.col("subscription_id") % 4 > 0))
    issued_by_day = charged["issued"].dt.hour().to_numpy() > 6
    month = charged["month"].to_numpy() - ~issued_by_day
    place = charged["subscription_id"].to_numpy() % 4 - 1
    is_known = month >= 0
    assert held[month[is_known], charged["account"].to_numpy()[is_known], place[is_known]].all()
    assert len(charged) > 1_000


@pytest.mark.parametrize("industry", ["telecom", "bank", "utility"])
def test_things_are_bought_once_at_several_prices_and_mostly_rightly(industry: str) -> None:
    other = a_chunk(industry)
    made = make_bills(other, metered(other))
    offered = other.business.industry.one_offs
    once = made.lines.filter(pl.col("product_id").is_in(offered)).join(made.documents.filter(pl.col("kind") == BILL), on="invoice_id")
    assert set(once["charge_type"]) == {"one_off"}
    assert set(once["product_id"]) == set(offered)
    assert once["unit_price"].n_unique() == len(offered)
    assert 0.01 < len(once) / (made.documents["kind"] == BILL).sum() < 0.04
    assert once["is_wrong"].mean() < 0.3  # type: ignore[operator]
    assert once.filter("is_wrong")["product_id"].n_unique() == len(offered), "a product alone does not tell"


def test_each_tariff_period_is_charged_on_a_line_of_its_own_at_its_price() -> None:
    utility = a_chunk("utility")
    power, gas = utility.business.industry.measures
    made = make_bills(utility, metered(utility))
    lines = lines_with(made, BILL).filter(pl.col("charge_type") == "usage")
    prices = lines.group_by("product_id").agg(pl.col("unit_price").unique().sort())
    by_product = dict(prices.iter_rows())
    assert by_product == {power.product: [3_120, 5_200, 6_760], gas.product: [29_000]}
    electric = lines.filter(pl.col("product_id") == power.product)
    each = electric.group_by("invoice_id").agg(pl.len(), kinds=pl.col("unit_price").n_unique())
    assert (each["len"] == each["kinds"]).all()
    assert (each["len"] == 3).mean() > 0.95  # type: ignore[operator]
    at_night = electric.select(pl.col("quantity").filter(pl.col("unit_price") == 3_120).sum() / pl.col("quantity").sum()).item()
    assert at_night == pytest.approx(0.28, abs=0.03)


def test_what_is_used_beyond_the_plan_is_charged_once(chunk: Chunk) -> None:
    used = metered(chunk)
    more = make_bills(chunk, used.with_columns(pl.col("quantity") + 1_000_000 * (pl.col("month") == 7)))
    fewer = make_bills(chunk, used)
    added = more.documents["amount"].to_numpy() - fewer.documents["amount"].to_numpy()
    month = fewer.documents["month"].to_numpy()
    cycle = chunk.accounts.cycle[fewer.documents["account"].to_numpy()]
    assert (added[(cycle == 1) & (month == 7) & (fewer.documents["kind"].to_numpy() == BILL)] > 0).mean() > 0.9
    assert (added[(fewer.documents["kind"].to_numpy() == BILL) & ((month < 7) | (month > 9))] == 0).all()
    assert (added[(cycle == 1) & (fewer.documents["kind"].to_numpy() == BILL) & (month != 7)] == 0).all()


def test_only_use_beyond_what_the_plan_includes_is_charged(chunk: Chunk) -> None:
    used = metered(chunk)
    frugal = make_bills(chunk, used.with_columns(pl.col("quantity") / 1_000)).lines
    assert (frugal["charge_type"] == "usage").sum() == 0
    lavish = make_bills(chunk, used).lines.filter(pl.col("charge_type") == "usage")
    billed = lavish.group_by("subscription_id").agg(pl.col("quantity").sum())
    metered_by = used.group_by("account").agg(all_used=pl.col("quantity").sum())
    metered_by = metered_by.with_columns(
        subscription_id=pl.Series(chunk.accounts.subscription(metered_by["account"].to_numpy(), 0)),
        is_monthly=pl.Series(chunk.accounts.cycle[metered_by["account"].to_numpy()] == 1),
    )
    compared = billed.join(metered_by.filter("is_monthly"), on="subscription_id")
    assert len(compared) > 1_000
    assert (compared["quantity"] < compared["all_used"]).all()


@pytest.mark.parametrize("industry", ["telecom", "bank", "utility"])
def test_while_the_service_is_suspended_the_plan_is_charged_and_no_use(industry: str) -> None:
    other = a_chunk(industry)
    made, life = make_bills(other, metered(other)), other.life
    regular = made.documents.filter(pl.col("kind") == BILL)
    account, customer, month = (regular[name].to_numpy() for name in ("account", "customer", "month"))
    # By night come the bills in arrears, by day the last ones.
    in_arrears = (regular["issued"].dt.hour().to_numpy() < 6) & (month > 1) & (other.accounts.cycle[account] == 1)
    now, before = (life.is_suspended[np.maximum(month - back, 0), customer] for back in (1, 2))
    has = {
        charge: np.isin(regular["invoice_id"].to_numpy(), made.lines.filter(pl.col("charge_type") == charge)["invoice_id"].to_numpy())
        for charge in ("recurring", "usage")
    }
    stopped = life.stopped[customer] <= month
    for kind in (in_arrears & now & stopped, in_arrears & now & ~stopped):
        assert kind.sum() > 100
        assert has["recurring"][kind].all()
        assert not has["usage"][kind].any()
        assert (regular["true_amount"].to_numpy()[kind] > 0).all()
    back = in_arrears & before & ~now
    served = in_arrears & ~before & ~now
    assert back.sum() > 50
    assert has["usage"][back].mean() > 0.7 * has["usage"][served].mean() > 0.2


def test_use_that_is_charged_only_after_the_end_is_on_no_bill(chunk: Chunk) -> None:
    used, another = metered(chunk), a_chunk()
    assert used["month"].max() == MONTHS
    within = make_bills(another, used.filter(pl.col("month") < MONTHS))
    all_of_it = make_bills(chunk, used)
    assert within.lines.drop("invoice_id").equals(all_of_it.lines.drop("invoice_id"))


def test_without_use_nothing_is_charged_by_unit(chunk: Chunk) -> None:
    assert (make_bills(chunk, None).lines["charge_type"] != "usage").all()


def test_nothing_is_delivered_before_it_was_issued_or_after_the_end(chunk: Chunk, bills: Bills) -> None:
    for frame in (bills.invoices, bills.lines):
        issued = chunk.business.timeline.index_of(frame["issued_at"].to_numpy())
        assert (frame["delivered"].to_numpy() >= issued).all()
        assert (frame["delivered"] < MONTHS).all()
    first = bills.invoices.unique("invoice_id", keep="first", maintain_order=True)
    assert np.array_equal(first["delivered"].to_numpy(), chunk.business.timeline.index_of(first["issued_at"].to_numpy()))


def test_a_late_fee_follows_a_bill_that_was_overdue_by_more_than_ten_days(chunk: Chunk, bills: Bills) -> None:
    fined = bills.lines.filter(pl.col("charge_type") == "penalty")["invoice_id"]
    regular = bills.documents.filter(pl.col("kind") == BILL).sort("account", "issued")
    day = pl.col("issued").dt.date().cast(pl.Int32)
    was_late = pl.any_horizontal(
        (pl.col("paid").shift(back).over("account") > pl.col("due").shift(back).over("account") + 10)
        & (pl.col("due").shift(back).over("account") + 10 < day)
        for back in (1, 2)
    )
    with_reason = regular.filter(was_late | pl.col("is_wrong").shift(1) | pl.col("is_wrong").shift(2))["invoice_id"]
    assert len(fined) > 200
    assert set(bills.documents.filter(pl.col("kind") == BILL)["invoice_id"]) & set(fined) <= set(with_reason)


def test_bills_of_leavers_with_a_sign_fall_before_the_last_one(chunk: Chunk, bills: Bills) -> None:
    life = chunk.life
    regular = bills.documents.filter(pl.col("kind") == BILL)
    customer, month = regular["customer"].to_numpy(), regular["month"].to_numpy()
    leaves = life.has_sign[customer] & (life.last[customer] < MONTHS) & chunk.accounts.is_first[regular["account"].to_numpy()]
    amount, since = regular["amount"].to_numpy(), month - life.decided[customer]
    assert np.median(amount[leaves & (since == 2)]) < 0.85 * np.median(amount[leaves & (since <= 0) & (since > -4)])


def test_the_same_seed_gives_the_same_bills(bills: Bills) -> None:
    other = a_chunk()
    again = make_bills(other, metered(other))
    assert again.invoices.equals(bills.invoices.with_columns(again.invoices["invoice_id"], again.invoices["cancels_invoice_id"]))
    assert again.lines.drop("invoice_id").equals(bills.lines.drop("invoice_id"))
