from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records.bills import Bills, make_bills
from pipelines.sample.records.corrections import BILL, STORNO
from pipelines.sample.records.paying import UNPAID, oldest_first
from pipelines.sample.records.payments import make_payments
from pipelines.sample.records.usage import metered
from pipelines.sample.story.life import NEVER
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return make_chunk(make_business(5, 6_000, Timeline(MONTHS), INDUSTRIES["telecom"]), 0)


@pytest.fixture(scope="module")
def bills(chunk: Chunk) -> Bills:
    return make_bills(chunk, metered(chunk))


@pytest.fixture(scope="module")
def payments(chunk: Chunk, bills: Bills) -> pl.DataFrame:
    return make_payments(chunk, bills)


def newest(payments: pl.DataFrame) -> pl.DataFrame:
    return payments.unique("payment_id", keep="last", maintain_order=True)


def arrears(chunk: Chunk, bills: Bills) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Months × accounts: 0 current, 1 up to 30 days late at the month's end, 2 up to 60, 3 up to 90, 4 more; -1 where not billed."""
    accounts, timeline = chunk.accounts, chunk.business.timeline
    owed = bills.documents.filter(pl.col("kind") == BILL)
    account, due, paid = (owed[name].to_numpy() for name in ("account", "due", "paid"))
    state = np.zeros((MONTHS, accounts.count), dtype=np.int64)
    for month in range(MONTHS):
        end = int(timeline.month(month + 1).astype("datetime64[D]").astype(np.int64))
        late = np.where((due < end) & (paid >= end), np.minimum((end - due + 29) // 30, 4), 0)
        np.maximum.at(state[month], account, late)
    served = chunk.life.is_served[:, accounts.customer] & (np.arange(MONTHS)[:, None] > accounts.opened_month)
    return np.where(served & ~accounts.is_prepaid, state, -1)


def test_payments_come_after_the_bill_that_they_name(bills: Bills, payments: pl.DataFrame) -> None:
    named = payments.join(bills.documents.select("invoice_id", "issued"), on="invoice_id")
    assert len(named) > 10_000
    assert (named["paid_at"] > named["issued"]).all()


def test_accounts_roll_through_arrears_as_real_ones_do(chunk: Chunk, bills: Bills) -> None:
    state = arrears(chunk, bills)
    before, after = state[3:-1], state[4:]
    rolls = [((after > level) & (before == level)).sum() / ((after >= 0) & (before == level)).sum() for level in range(3)]
    assert 0.05 <= rolls[0] <= 0.09  # 0.061 in the Taiwanese card data
    assert 0.25 <= rolls[1] <= 0.40
    assert 0.50 <= rolls[2] <= 0.70


def test_poor_credit_pays_later(chunk: Chunk, bills: Bills) -> None:
    owed = bills.documents.filter(pl.col("kind") == BILL)
    owed = owed.filter(pl.Series(~chunk.accounts.is_prepaid[owed["account"].to_numpy()]))
    credit = chunk.entities.credit[chunk.memberships.entity[owed["customer"].to_numpy()]]
    is_late = (owed["paid"] > owed["due"]).to_numpy()
    assert is_late[credit < 0.4].mean() > 2 * is_late[credit > 0.9].mean()


def test_money_that_is_short_makes_late(chunk: Chunk, bills: Bills) -> None:
    owed = bills.documents.filter(pl.col("kind") == BILL)
    owed = owed.filter(pl.Series(~chunk.accounts.is_prepaid[owed["account"].to_numpy()]))
    is_short = chunk.life.is_short[owed["month"].to_numpy(), owed["customer"].to_numpy()]
    is_late = (owed["paid"] > owed["due"]).to_numpy()
    credit = chunk.entities.credit[chunk.memberships.entity[owed["customer"].to_numpy()]]
    is_good = credit > 0.95  # so that poor credit, which runs short more often, does not explain it
    assert is_late[is_good & is_short].mean() > 2.5 * is_late[is_good & ~is_short].mean()


def test_who_has_stopped_paying_pays_nothing_more(chunk: Chunk, payments: pl.DataFrame) -> None:
    came = payments.filter(pl.col("kind").is_in(["payment", "top_up"]))
    customer = np.searchsorted(chunk.memberships.number, came["customer_id"].to_numpy())
    stopped = chunk.life.stopped[customer]
    month = chunk.business.timeline.index_of(came["paid_at"].to_numpy())
    assert (stopped != NEVER).any()
    assert (month < np.where(stopped == NEVER, MONTHS, stopped)).all()


def test_each_method_has_its_hours_and_its_days(payments: pl.DataFrame) -> None:
    came = newest(payments).filter(pl.col("kind").is_in(["payment", "top_up"]))
    hour, weekday = pl.col("paid_at").dt.hour(), pl.col("paid_at").dt.weekday()
    debits = came.filter(pl.col("method") == "direct debit")
    assert debits["paid_at"].dt.hour().is_between(2, 4).all()
    assert (debits["paid_at"].dt.weekday() <= 5).all()
    assert debits.group_by(pl.col("paid_at").dt.date()).len()["len"].median() > 5  # type: ignore[operator]
    assert debits.group_by(day=pl.col("paid_at").dt.date()).agg(pl.col("paid_at").n_unique())["paid_at"].max() == 3
    cash = came.filter((pl.col("method") == "cash") & (pl.col("kind") == "payment"))
    assert cash["paid_at"].dt.hour().is_between(9, 18).all()
    for method in ("bank transfer", "card", "Alipay", "WeChat Pay", "cash"):
        of_it = came.filter(pl.col("method") == method)
        assert of_it.select((weekday > 5).mean()).item() < 0.9 * 2 / 7
    online = came.filter(pl.col("method").is_in(["Alipay", "WeChat Pay"])).group_by(hour.alias("hour")).len().sort("len")
    assert online["hour"][-1] == 20


def test_older_bills_are_paid_first() -> None:
    account = np.array([0, 0, 0, 0, 1, 1])
    paid = np.array([50, 40, UNPAID, 60, 10, 20])
    assert oldest_first(account, paid).tolist() == [50, 50, UNPAID, 60, 10, 20]


def test_what_bounced_is_told_when_it_is_known_and_mostly_paid_again(chunk: Chunk, payments: pl.DataFrame) -> None:
    told = payments.filter(pl.col("returned_at").is_not_null())
    assert len(told) > 100
    assert (chunk.business.timeline.index_of(told["returned_at"].to_numpy()) <= told["delivered"].to_numpy()).all()
    assert (told["returned_at"] > told["paid_at"]).all()
    again = payments.filter(pl.col("payment_id").is_duplicated())
    assert len(again) > 4
    assert again.group_by("payment_id").agg(pl.col("returned_at").is_null().sum() == 1)["returned_at"].all(), "once without, once with it"
    named = newest(payments).filter(pl.col("invoice_id").is_not_null() & (pl.col("kind") == "payment"))
    second = named.filter(pl.col("returned_at").is_null())["invoice_id"]
    bounced = named.filter(pl.col("returned_at").is_not_null() & (pl.col("delivered") < MONTHS - 2))["invoice_id"]
    assert 0.75 < bounced.is_in(second.implode()).mean() < 1.0  # type: ignore[operator]


def test_what_was_paid_on_a_reversed_bill_goes_back(bills: Bills, payments: pl.DataFrame) -> None:
    refunds = payments.filter(pl.col("kind") == "refund")
    assert len(refunds) > 10
    reversed_bills = bills.documents[bills.documents.filter(pl.col("kind") == STORNO)["cancels"].to_numpy()]
    compared = refunds.join(reversed_bills.select("invoice_id", owed="amount"), on="invoice_id", how="left")
    assert (compared["amount"] == -compared["owed"]).all()
    paid = payments.filter(pl.col("kind") == "payment").join(refunds.select("invoice_id", back="paid_at"), on="invoice_id")
    assert len(paid) == len(refunds)
    assert (paid["paid_at"] < paid["back"]).all()


def test_early_payers_with_terms_take_two_per_cent_off(chunk: Chunk, bills: Bills, payments: pl.DataFrame) -> None:
    whole = newest(payments).join(bills.documents.select("invoice_id", "issued", "account", owed="amount"), on="invoice_id")
    early = whole.filter((pl.col("owed") - pl.col("amount") == (pl.col("owed") * 2 + 50) // 100) & (pl.col("owed") > 5_000))
    assert len(early) > 200
    assert chunk.accounts.has_discount_terms[early["account"].to_numpy()].mean() > 0.99
    assert ((early["paid_at"] - early["issued"]).dt.total_days() <= 10).mean() > 0.99  # type: ignore[operator]


def test_a_payment_without_reference_may_cover_several_bills(chunk: Chunk, bills: Bills, payments: pl.DataFrame) -> None:
    came = newest(payments).filter(pl.col("kind") == "payment")
    assert 0.06 < came["invoice_id"].is_null().mean() < 0.10  # type: ignore[operator]
    usual = bills.documents.filter(pl.col("kind") == BILL)
    pairs = usual.sort("account", "issued").with_columns(both=pl.col("amount") + pl.col("amount").shift(1).over("account"))
    account = pl.Series(chunk.accounts.number[pairs["account"].to_numpy()])
    both = pairs.select("both", account_id=account).unique()
    unnamed = came.filter(pl.col("invoice_id").is_null())
    assert unnamed.join(both, left_on=["account_id", "amount"], right_on=["account_id", "both"], how="semi").height > 100


def test_what_is_written_off_is_what_was_owed(bills: Bills, payments: pl.DataFrame) -> None:
    off = payments.filter(pl.col("kind") == "write_off").join(bills.documents.select("invoice_id", owed="amount"), on="invoice_id")
    states = bills.invoices.filter(pl.col("status") == "written_off")
    assert set(off["invoice_id"]) == set(states["invoice_id"])
    assert (off["amount"] == off["owed"]).all()


def test_prepaid_accounts_top_up_in_round_amounts_and_pay_no_bill(chunk: Chunk, payments: pl.DataFrame) -> None:
    account = np.searchsorted(chunk.accounts.number, payments["account_id"].to_numpy())
    is_prepaid = chunk.accounts.is_prepaid[account]
    assert set(payments.filter(pl.Series(is_prepaid))["kind"]) <= {"top_up", "refund"}
    top_ups = payments.filter(pl.col("kind") == "top_up")
    assert len(top_ups) > 1_000
    assert (top_ups["amount"] % 1_000 == 0).all()
    assert top_ups["invoice_id"].null_count() == len(top_ups)


def test_nothing_is_delivered_before_it_happened(chunk: Chunk, payments: pl.DataFrame) -> None:
    month = chunk.business.timeline.index_of(payments["paid_at"].to_numpy())
    assert (payments["delivered"].to_numpy() >= month).all()
    assert (payments["delivered"] < MONTHS).all()
    assert payments["delivered"].is_sorted()


def test_the_same_seed_gives_the_same_payments(chunk: Chunk, bills: Bills, payments: pl.DataFrame) -> None:
    assert make_payments(chunk, bills).drop("payment_id").equals(payments.drop("payment_id"))
