"""The causes show in what is delivered, or, where single customers are too few, in a larger business that is not written to files."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.accounts import Accounts, make_accounts
from pipelines.sample.behaviour import NEVER, NON_PAYMENT, NOTHING, OTHER, Life, live
from pipelines.sample.bills import make_bills
from pipelines.sample.people import Customers, make_customers, make_particulars
from pipelines.sample.timeline import Timeline
from tests.sample.delivered import fen

if TYPE_CHECKING:
    from tests.sample.delivered import Row, Sample

TIMELINE = Timeline(18)


@dataclass(frozen=True)
class Business:
    customers: Customers
    accounts: Accounts
    life: Life


@pytest.fixture(scope="module")
def large() -> Business:
    customers = make_customers(5, 6_000, TIMELINE)
    accounts = make_accounts(5, customers, TIMELINE)
    return Business(customers, accounts, live(5, customers, make_particulars(5, customers, TIMELINE), accounts, TIMELINE))


@pytest.fixture(scope="module")
def truth(sample: Sample) -> dict[str, Row]:
    with (sample.truth / "customers.csv").open(encoding="utf-8", newline="") as lines:
        return {row["customer_id"]: row for row in csv.DictReader(lines)}


@pytest.fixture(scope="module")
def monthly(sample: Sample) -> dict[str, dict[int, int]]:
    """Billed amount of each customer by month (counted from the year 0), of bills only."""
    billed: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in sample.current("billing_invoices", "BillNo"):
        if row["Kind"] == "bill":
            billed[row["Subscriber"]][int(row["BillDate"][6:10]) * 12 + int(row["BillDate"][3:5])] += fen(row["Total"])
    return billed


def month_of(text: str) -> int:
    return int(text[:4]) * 12 + int(text[5:7])


def test_about_one_or_two_in_a_hundred_leave_each_month(sample: Sample, large: Business) -> None:
    served = [int(large.life.is_served(large.customers, month).sum()) for month in range(TIMELINE.count)]
    left = [int((large.life.last == month).sum()) for month in range(TIMELINE.count)]
    assert 0.01 < sum(left) / sum(served) < 0.02
    assert max(left) < 2 * min(left), "no month in which leaving begins or ends"
    last = sample.rows("crm_customers")[-1]
    assert sum(bool(row["closed"]) for row in last) > 10


def test_some_join_in_every_month(sample: Sample) -> None:
    registered = [row["registered"][:7] for delivery in sample.clean("crm_customers") for row in delivery]
    for delivery in sample.files("billing_payments"):
        month = np.datetime64(delivery.name[9:16]) - 1
        assert str(month) in registered


def test_bills_fall_before_leaving(truth: dict[str, Row], monthly: dict[str, dict[int, int]]) -> None:
    ratios: dict[str, list[float]] = {"leavers": [], "others": []}
    end = month_of("2026-09")
    for number, person in truth.items():
        last = month_of(person["last_bill_month"]) if person["last_bill_month"] else end
        if last > end or person["reason"] == "non_payment" or (person["decided_month"] and last == end):
            continue
        bills = monthly[number]
        usual = [bills[month] for month in range(last - 9, last - 3) if month in bills]
        if len(usual) >= 3 and last in bills:
            ratios["leavers" if person["decided_month"] else "others"].append(bills[last] / median(usual))
    assert len(ratios["leavers"]) > 25
    assert mean(ratios["leavers"]) < 0.75
    assert 0.9 < mean(ratios["others"]) < 1.15
    assert 0.6 < mean(ratio < 0.85 for ratio in ratios["leavers"]) < 1, "most, not all"


def test_nobody_is_billed_after_leaving(truth: dict[str, Row], monthly: dict[str, dict[int, int]]) -> None:
    for number, person in truth.items():
        if person["last_bill_month"]:
            late = [month for month in monthly[number] if month > month_of(person["last_bill_month"])]
            assert len(late) <= 1, number  # a wrong bill may be issued again two months later


def test_leavers_are_closed_with_their_reason_and_forgotten_after_half_a_year(sample: Sample, truth: dict[str, Row]) -> None:
    deliveries = sample.clean("crm_customers")
    reasons = {row["cust_no"]: row["close_reason"] for delivery in sample.clean("crm_accounts") for row in delivery}
    for number, person in truth.items():
        for index, delivery_month in enumerate(range(month_of("2025-04"), month_of("2026-10"))):
            row = next((row for row in deliveries[index] if row["cust_no"] == number), None)
            if month_of(person["registered_month"]) > delivery_month:
                assert row is None
            elif not person["last_bill_month"] or month_of(person["last_bill_month"]) > delivery_month:
                assert row is not None
                assert row["closed"] == ""
            elif delivery_month - month_of(person["last_bill_month"]) <= 6:
                assert row is not None
                assert row["closed"][:7] == person["last_bill_month"]
                assert reasons[number] == person["reason"]
            else:
                assert row is None


def test_failures_make_customers_leave(large: Business) -> None:
    life = large.life
    chosen = life.reason != NON_PAYMENT
    decided = life.decided[chosen]
    rates = {}
    for had_failure in (True, False):
        leavers = at_risk = 0
        for month in range(3, TIMELINE.count):
            failed = ((life.failure[month - 2 : month + 1] != NOTHING) & (life.failure[month - 2 : month + 1] != OTHER)).any(axis=0)[chosen]
            may = (large.customers.joined[chosen] < month) & (decided >= month) & (failed == had_failure)
            leavers, at_risk = leavers + int((may & (decided == month)).sum()), at_risk + int(may.sum())
        rates[had_failure] = leavers / at_risk
    assert rates[True] > 1.5 * rates[False]


def test_an_answer_keeps_customers_whom_silence_loses(large: Business) -> None:
    life = large.life
    left: dict[str, list[bool]] = {"answered": [], "silent": []}
    for month in range(TIMELINE.count - 4):
        failed = (life.failure[month] != NOTHING) & (life.failure[month] != OTHER) & (life.decided >= month) & (life.reason != NON_PAYMENT)
        leaves_soon = life.decided - month <= 3
        left["answered"] += leaves_soon[failed & life.is_answered_well[month]].tolist()
        left["silent"] += leaves_soon[failed & ~life.has_complained[month]].tolist()
    assert min(len(group) for group in left.values()) > 500
    assert mean(left["silent"]) > 1.3 * mean(left["answered"])


def test_traits_tell_who_leaves(large: Business) -> None:
    has_left = (large.life.last != NEVER) & (large.life.reason != NON_PAYMENT)
    stays = large.life.last == NEVER
    assert large.customers.contentment[has_left].mean() < large.customers.contentment[stays].mean() - 0.05
    assert large.customers.inertia[has_left].mean() < large.customers.inertia[stays].mean() - 0.04


def test_poor_credit_pays_late_or_never(large: Business) -> None:
    documents = make_bills(5, large.customers, large.accounts, large.life, TIMELINE).documents
    bills = documents.filter((documents["kind"] == "bill") & documents["payer"].is_not_null())
    owner = large.accounts.owner[bills["account"].to_numpy()]
    credit, stays = large.customers.credit[owner], large.life.last[owner] == NEVER
    is_unpaid = (bills["payer"] == "never").to_numpy()
    assert is_unpaid[stays & (credit < 0.3)].mean() > 3 * is_unpaid[stays & (credit > 0.9)].mean()
    assert 0.02 < is_unpaid.mean() < 0.12


def test_use_follows_the_season(large: Business) -> None:
    bills = make_bills(5, large.customers, large.accounts, large.life, TIMELINE)
    usage = bills.lines.filter(bills.lines["charge"] == "usage").join(bills.documents.select("document", "month", "kind"), on="document")
    minutes = usage.filter(usage["kind"] == "bill").group_by("month").agg(pl.col("quantity").mean()).sort("month")["quantity"].to_list()
    april, november, february = minutes[0], minutes[7], minutes[10]
    assert 0.85 < november / april < 0.97
    assert 1.25 < february / april < 1.45


def test_use_falls_from_the_decision_on(large: Business) -> None:
    bills = make_bills(5, large.customers, large.accounts, large.life, TIMELINE)
    usage = bills.lines.filter(bills.lines["charge"] == "usage").join(bills.documents.select("document", "month", "kind"), on="document")
    usage = usage.filter(usage["kind"] == "bill")
    owner = large.accounts.owner[usage["account"].to_numpy()]
    since = usage["month"].to_numpy() - large.life.decided[owner]
    level = usage["quantity"].to_numpy() / large.accounts.minutes[usage["account"].to_numpy()]
    stops_using = large.life.reason[owner] != NON_PAYMENT
    before, after = level[(since <= 0) & stops_using].mean(), [level[(since == months) & stops_using].mean() for months in (1, 2, 3)]
    assert before > 2 * after[0]
    assert after[0] > after[1] > after[2]


def test_few_customers_bring_most_of_the_money(monthly: dict[str, dict[int, int]], large: Business) -> None:
    assert np.quantile(large.customers.value, 0.95) > 3 * np.median(large.customers.value)
    amounts = sorted((sum(bills.values()) for number, bills in monthly.items() if number), reverse=True)
    share = sum(amounts[: len(amounts) // 5]) / sum(amounts)
    assert 0.4 < share < 0.85


def test_complaints_move_on_and_some_stay_open(sample: Sample) -> None:
    stages = ("opened", "acknowledged", "responded", "resolved", "closed", "followed_up")
    versions: dict[str, list[Row]] = defaultdict(list)
    for path, delivery in zip(sample.files("complaints_desk_complaints"), sample.clean("complaints_desk_complaints"), strict=True):
        for row in delivery:
            versions[row["case_no"]].append(row)
            reached = [row[stage] for stage in stages if row[stage]]
            assert reached == sorted(reached)
            assert max(reached) < path.stem[-10:-3], "nothing is known of what comes after the month"
    assert sum(len(rows) > 1 for rows in versions.values()) > 50
    for rows in versions.values():
        for earlier, later in pairwise(rows):
            assert earlier != later
            assert all(later[stage] == earlier[stage] for stage in stages if earlier[stage]), "what has happened is not changed"
    newest = [rows[-1] for rows in versions.values()]
    assert 0.1 < mean(not row["closed"] for row in newest) < 0.5


def test_a_complaint_names_what_it_is_about(sample: Sample) -> None:
    bills = {row["BillNo"]: row for row in sample.current("billing_invoices", "BillNo")}
    calls = {row["联系编号"]: row for row in sample.current("call_centre_contacts", "联系编号")}
    complaints = sample.current("complaints_desk_complaints", "case_no")
    about_bills = [row for row in complaints if row["bill_no"] in bills]
    assert len(about_bills) > 15
    assert all(row["about"] == "billing" and row["account_no"] == bills[row["bill_no"]]["Account"] for row in about_bills)
    called = [row for row in complaints if row["call_no"] in calls]
    assert len(called) > 0.5 * len(complaints)
    for row in called:
        call = calls[row["call_no"]]
        assert call["客户编号"] in (row["customer_no"], "")
        assert call["原因"] in ("投诉", "Complaint")
