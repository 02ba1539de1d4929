from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.sample.population.staff import FIRST_AGENT, FIRST_COLLECTOR
from pipelines.sample.records import contacts as contacts_module
from pipelines.sample.records.campaign_members import contacted_at
from pipelines.sample.records.complaints import make_complaints
from pipelines.sample.records.contacts import make_contacts
from pipelines.sample.records.outages import outage_times
from pipelines.sample.records.served import positions
from pipelines.sample.story.campaigns import KINDS, WIN_BACK
from pipelines.sample.story.life import LONG_WAIT, NEVER, NON_PAYMENT, NOTHING, OUTAGE, SLOW
from tests.sample.records.served_chunk import a_chunk, count, invoices_of, payments_of, quantile, share

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return a_chunk()


@pytest.fixture(scope="module")
def invoices(chunk: Chunk) -> pl.DataFrame:
    return invoices_of(chunk)


@pytest.fixture(scope="module")
def complaints(chunk: Chunk, invoices: pl.DataFrame) -> pl.DataFrame:
    return make_complaints(chunk, invoices)


@pytest.fixture(scope="module")
def contacts(chunk: Chunk, invoices: pl.DataFrame, complaints: pl.DataFrame) -> pl.DataFrame:
    return make_contacts(chunk, complaints, invoices, payments_of(invoices))


@pytest.fixture(scope="module")
def inbound(contacts: pl.DataFrame) -> pl.DataFrame:
    return contacts.filter(pl.col("direction") == "inbound")


def test_contacts_come_in_order_of_time_in_the_month_of_their_delivery(chunk: Chunk, contacts: pl.DataFrame) -> None:
    assert contacts["occurred_at"].is_sorted()
    np.testing.assert_array_equal(chunk.business.timeline.index_of(contacts["occurred_at"].to_numpy()), contacts["delivered"].to_numpy())
    assert contacts["contact_id"].is_unique().all()
    assert contacts["delivered"].is_between(0, chunk.business.timeline.count - 1).all()


def test_customers_get_in_touch_as_often_as_in_a_real_business(chunk: Chunk, inbound: pl.DataFrame) -> None:
    assert 0.10 < len(inbound) / chunk.life.is_served.sum() < 0.25
    background = (inbound["_cause"] == "background").sum() / chunk.life.is_served.sum()
    assert background == pytest.approx(0.065, abs=0.012)


def test_who_has_a_voice_asks_more_and_the_inert_less(chunk: Chunk, inbound: pl.DataFrame) -> None:
    entity = chunk.memberships.entity[positions(chunk, inbound.filter(pl.col("_cause") == "background")["_customer"])]
    assert chunk.entities.voice[entity].mean() > chunk.entities.voice.mean() + 0.05
    assert chunk.entities.inertia[entity].mean() < chunk.entities.inertia.mean() - 0.02


def test_complaints_are_made_in_the_contact_that_they_name(contacts: pl.DataFrame, complaints: pl.DataFrame) -> None:
    made = complaints.unique("complaint_id", keep="last").filter(pl.col("contact_id").is_not_null())
    found = made.join(contacts, on=["contact_id", "customer_id"])
    assert len(found) == len(made) > 500
    assert (found["reason"] == "complaint").all()
    assert ((found["opened_at"] - found["occurred_at"]).dt.total_minutes().is_between(2, 40)).all()


def test_a_long_wait_of_the_story_is_a_long_wait_in_a_contact(chunk: Chunk, inbound: pl.DataFrame) -> None:
    waited = inbound.filter(pl.col("_cause") == "long_wait")
    assert (waited["wait_seconds"] > 900).all()
    assert len(waited) == (chunk.life.failure == LONG_WAIT).sum()
    others = inbound.filter(pl.col("_cause") != "long_wait")["wait_seconds"].drop_nulls()
    assert share(others > 900) < 0.02


def test_who_complains_about_a_wait_has_waited_before(inbound: pl.DataFrame, complaints: pl.DataFrame) -> None:
    about = complaints.unique("complaint_id", keep="last").filter((pl.col("_failure") == LONG_WAIT) & ~pl.col("_is_repeat"))
    waited = inbound.filter(pl.col("_cause") == "long_wait").select(customer_id="_customer", waited_at="occurred_at")
    found = about.join(waited, on="customer_id").filter(
        (pl.col("opened_at") - pl.col("waited_at")).is_between(pl.duration(seconds=1), pl.duration(days=3))
    )
    assert found["complaint_id"].n_unique() == len(about) > 50


def test_most_wait_less_than_a_minute_and_a_few_much_longer(inbound: pl.DataFrame) -> None:
    wait = inbound.filter(pl.col("_cause") != "long_wait")["wait_seconds"].drop_nulls()
    assert 35 < quantile(wait, 0.5) < 60
    assert quantile(wait, 0.95) > 5 * quantile(wait, 0.5)


def test_the_wait_is_longer_at_the_start_of_a_month_and_on_mondays_and_half_for_the_top_tier(chunk: Chunk, inbound: pl.DataFrame) -> None:
    waited = inbound.filter((pl.col("channel") == "phone") & (pl.col("_cause") != "long_wait"))
    is_top = chunk.life.is_top[waited["delivered"].to_numpy(), positions(chunk, waited["_customer"])]
    is_start, is_monday = pl.col("occurred_at").dt.day() <= 5, pl.col("occurred_at").dt.weekday() == 1
    waited = waited.with_columns(is_top=pl.Series(is_top), is_start=is_start, is_monday=is_monday)
    for name, factor in (("is_start", 1.5), ("is_monday", 1.4), ("is_top", 0.55)):
        median = dict(waited.group_by(name).agg(pl.col("wait_seconds").median()).iter_rows())
        assert median[True] / median[False] == pytest.approx(factor, rel=0.25), name


def test_more_get_in_touch_on_mondays_than_on_sundays(inbound: pl.DataFrame) -> None:
    by_day = dict(inbound.filter(pl.col("_cause") == "background").group_by(pl.col("occurred_at").dt.weekday()).len().iter_rows())
    assert by_day[1] > 1.4 * by_day[7]
    hours = inbound["occurred_at"].dt.hour()
    assert share(hours.is_between(8, 20)) > 0.80


def test_contacts_fall_before_a_customer_leaves(chunk: Chunk, inbound: pl.DataFrame) -> None:
    life = chunk.life
    months = np.arange(chunk.business.timeline.count)[:, None]
    customers = np.broadcast_to(np.arange(chunk.memberships.count), life.is_served.shape)
    falling = life.months_falling(customers, np.broadcast_to(months, life.is_served.shape))
    own = inbound.filter(pl.col("_cause").is_in(["background", "failure", "bill_shock", "wrong_bill", "price_rise"]))
    begun = np.zeros(life.is_served.shape)
    np.add.at(begun, (own["delivered"].to_numpy(), positions(chunk, own["_customer"])), 1)
    leaves = np.isin(np.arange(chunk.memberships.count), np.flatnonzero(life.has_sign))[None, :] & life.is_served
    before, first, later = (begun[leaves & is_then].mean() for is_then in (falling == 0, falling == 1, falling >= 2))
    assert first < 0.75 * before
    assert later < 0.5 * before


def test_some_who_leave_by_choice_say_so_in_a_last_contact(chunk: Chunk, inbound: pl.DataFrame) -> None:
    leaving = inbound.filter(pl.col("_cause") == "leaving")
    who = positions(chunk, leaving["_customer"])
    life = chunk.life
    assert life.has_sign[who].all()
    assert not np.isin(life.reason[who], (NOTHING, NON_PAYMENT)).any()
    month = np.where(life.asks_along[who] < NEVER, life.asks_along[who], life.last[who])
    np.testing.assert_array_equal(leaving["delivered"].to_numpy(), month)
    may = life.has_sign & (life.reason != NON_PAYMENT) & (life.reason != NOTHING) & (life.last < chunk.business.timeline.count)
    assert len(leaving) / may.sum() == pytest.approx(0.35, abs=0.09)


def test_who_was_not_helped_asks_again_within_the_week(inbound: pl.DataFrame) -> None:
    ordered = inbound.sort("_customer", "reason", "occurred_at", maintain_order=True)
    gap = pl.col("occurred_at").shift(-1).over("_customer", "reason") - pl.col("occurred_at")
    ordered = ordered.with_columns(comes_again=(gap <= pl.duration(days=7)).fill_null(value=False))
    ordered = ordered.filter(~pl.col("_cause").is_in(["again"]) & pl.col("is_resolved").is_not_null())
    rate = dict(ordered.group_by("is_resolved").agg(pl.col("comes_again").mean()).iter_rows())
    assert rate[False] == pytest.approx(0.46, abs=0.08)
    assert rate[True] < 0.12


def test_of_those_not_helped_nearly_half_ask_again(inbound: pl.DataFrame) -> None:
    again, unsettled = count(inbound["_cause"] == "again"), count(~inbound["is_resolved"])
    assert 0.25 * unsettled < again < 0.5 * unsettled


def test_a_chain_of_contacts_has_three_links_at_most(
    chunk: Chunk, invoices: pl.DataFrame, complaints: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts_module, "_RESOLVED", -1.0)
    monkeypatch.setattr(contacts_module, "_ASKS_AGAIN", 1.0)
    made = make_contacts(chunk, complaints, invoices, payments_of(invoices)).filter(pl.col("direction") == "inbound")
    again = count(made["_cause"] == "again")
    begun = len(made) - again
    assert 1.7 * begun < again <= 2 * begun


def test_three_in_four_are_settled_and_good_agents_settle_more(chunk: Chunk, inbound: pl.DataFrame) -> None:
    assert share(inbound["is_resolved"].drop_nulls()) == pytest.approx(0.74, abs=0.05)
    skill = chunk.business.staff.agent_skill
    by_agent = inbound.filter(pl.col("employee_id").is_between(FIRST_AGENT, FIRST_COLLECTOR - 1))
    by_agent = by_agent.with_columns(is_good=pl.Series(skill > 0).gather(by_agent["employee_id"] - FIRST_AGENT))
    rate = dict(by_agent.group_by("is_good").agg(pl.col("is_resolved").mean()).iter_rows())
    assert rate[True] > rate[False] + 0.03


def test_who_waits_for_an_answer_to_a_complaint_asks_where_it_is(inbound: pl.DataFrame, complaints: pl.DataFrame) -> None:
    chasing = inbound.filter((pl.col("_cause") == "chasing") & pl.col("customer_id").is_not_null())
    slow = complaints.unique("complaint_id", keep="last").filter(pl.col("_handling") == SLOW)
    found = chasing.join(slow, on="customer_id").filter(
        (pl.col("occurred_at") - pl.col("opened_at") >= pl.duration(days=8))
        & (pl.col("_decided_at").is_null() | (pl.col("occurred_at") < pl.col("_decided_at")))
    )
    assert found["contact_id"].n_unique() == len(chasing) > 100


def test_part_of_those_hit_report_a_fault_within_a_day_of_the_outage(chunk: Chunk, inbound: pl.DataFrame) -> None:
    is_hit = chunk.life.failure == OUTAGE
    calls = inbound.filter((pl.col("_cause") == "failure") & (pl.col("reason") == "fault"))
    occurred, customer = calls["occurred_at"].to_numpy(), positions(chunk, calls["_customer"])
    month = calls["delivered"].to_numpy()
    during = is_hit[month, customer]
    started = outage_times(chunk.business)[0][month, chunk.particulars.region[month, chunk.memberships.entity[customer]]]
    since = (occurred - started)[during]
    assert len(since) / is_hit.sum() == pytest.approx(0.38, abs=0.06)
    assert (since > np.timedelta64(0)).all()
    assert (since < np.timedelta64(1, "D")).all()


def test_a_bill_half_as_high_again_is_asked_about(inbound: pl.DataFrame, invoices: pl.DataFrame) -> None:
    asked = inbound.filter(pl.col("_cause") == "bill_shock")
    assert (asked["reason"] == "billing_question").all()
    ordered = invoices.sort("account_id", "issued_at")
    shock = ordered.filter(pl.col("amount") > 1.5 * pl.col("amount").shift(1).over("account_id"))
    assert 0.15 < len(asked) / len(shock) < 0.30
    found = asked.join(shock.select("issued_at", _customer="customer_id"), on="_customer").filter(
        (pl.col("occurred_at") > pl.col("issued_at")) & (pl.col("occurred_at") - pl.col("issued_at") < pl.duration(days=14))
    )
    assert found["contact_id"].n_unique() == len(asked)


def test_a_price_rise_makes_those_on_the_plan_ask_for_advice(chunk: Chunk, inbound: pl.DataFrame) -> None:
    asked = inbound.filter(pl.col("_cause") == "price_rise")
    months = {month + shift for _, month, _ in chunk.business.industry.rises(chunk.business.timeline.count) for shift in (-1, 0)}
    assert set(asked["delivered"]) == months
    entity = chunk.memberships.entity[positions(chunk, asked["_customer"])]
    assert chunk.entities.price_sensitivity[entity].mean() > 0.6


def test_reminders_go_out_to_those_who_have_not_paid_and_to_nobody_who_pays_in_advance(
    chunk: Chunk, contacts: pl.DataFrame, invoices: pl.DataFrame
) -> None:
    sent = contacts.filter(pl.col("_cause") == "reminder").select(
        "contact_id", "occurred_at", "direction", "employee_id", "reason", customer_id="_customer"
    )
    assert set(sent["direction"]) == {"outbound"}
    assert set(sent["reason"]) == {"payment_reminder"}
    assert sent["employee_id"].is_between(FIRST_COLLECTOR, FIRST_COLLECTOR + chunk.business.staff.collectors - 1).all()
    paid = payments_of(invoices).select("invoice_id", "paid_at")
    due = invoices.join(paid, on="invoice_id", how="left").filter(
        ~pl.col("account_id").is_in(chunk.accounts.number[chunk.accounts.is_prepaid].tolist())
    )
    found = sent.join(due, on="customer_id").filter(
        (pl.col("occurred_at") > pl.col("due_at"))
        & (pl.col("occurred_at") - pl.col("due_at").cast(pl.Datetime("ms")) < pl.duration(days=35))
        & (pl.col("paid_at").is_null() | (pl.col("paid_at") > pl.col("occurred_at")))
    )
    assert found["contact_id"].n_unique() == len(sent) > 1_000


def test_a_disputed_bill_is_not_dunned(chunk: Chunk, invoices: pl.DataFrame, complaints: pl.DataFrame) -> None:
    contested = pl.concat([invoices, invoices.with_columns(status=pl.lit("disputed"))])
    made = make_contacts(chunk, complaints, contested, payments_of(invoices)[:0])
    assert not (made["_cause"] == "reminder").any()


def test_a_payment_without_reference_is_taken_for_the_bill_before_it(
    chunk: Chunk, invoices: pl.DataFrame, complaints: pl.DataFrame
) -> None:
    loose = payments_of(invoices).with_columns(invoice_id=pl.lit(None, dtype=pl.Int64))
    with_reference, without, nothing = (
        count(make_contacts(chunk, complaints, invoices, payments)["_cause"] == "reminder")
        for payments in (payments_of(invoices), loose, loose[:0])
    )
    assert without < 1.2 * with_reference
    assert nothing > 3 * with_reference


def test_exactly_those_whom_a_campaign_treated_are_contacted_for_it(chunk: Chunk, contacts: pl.DataFrame) -> None:
    made = contacts.filter(pl.col("campaign_id").is_not_null())
    members = chunk.members
    is_called = members.is_treated & ~np.isnat(contacted_at(chunk))
    assert (members.is_treated & ~is_called).sum() < 0.01 * members.is_treated.sum()  # closed in the month of the campaign
    expected = set(zip(members.campaign[is_called].tolist(), members.customer[is_called].tolist(), strict=True))
    found = list(zip(made["campaign_id"].to_list(), positions(chunk, made["_customer"]).tolist(), strict=True))
    assert len(found) == len(set(found))
    assert set(found) == expected
    assert set(made["direction"]) == {"outbound"}
    assert set(made["outcome"]) == {"accepted", "declined", "no_answer"}
    np.testing.assert_array_equal(chunk.business.campaigns.month[made["campaign_id"].to_numpy()], made["delivered"].to_numpy())


def test_a_campaign_calls_nobody_who_is_closed_unless_to_win_it_back(chunk: Chunk, contacts: pl.DataFrame) -> None:
    made = contacts.filter(pl.col("campaign_id").is_not_null())
    is_gone = made["occurred_at"].to_numpy() >= chunk.life.closed[positions(chunk, made["_customer"])]
    wins_back = chunk.business.campaigns.kind[made["campaign_id"].to_numpy()] == WIN_BACK
    assert is_gone[wins_back].all()
    assert not is_gone[~wins_back].any()
    assert wins_back.sum() > 50


def test_a_move_or_a_new_number_is_told_just_before_it_is_recorded(chunk: Chunk, inbound: pl.DataFrame) -> None:
    told = inbound.filter(pl.col("_cause") == "details")
    assert (told["reason"] == "change_of_details").all()
    entity = chunk.memberships.entity[positions(chunk, told["_customer"])]
    after = chunk.particulars.changed[told["delivered"].to_numpy(), entity] - told["occurred_at"].to_numpy()
    assert (after > np.timedelta64(0)).all()
    assert (after <= np.timedelta64(900, "s")).all()


def test_a_few_contacts_have_no_customer(contacts: pl.DataFrame) -> None:
    nobody = contacts.filter(pl.col("customer_id").is_null())
    assert len(nobody) / len(contacts) == pytest.approx(0.015, abs=0.004)
    assert nobody["account_id"].null_count() == len(nobody)
    assert contacts["_customer"].null_count() == 0
    known = contacts.filter(pl.col("customer_id").is_not_null())
    assert (known["customer_id"] == known["_customer"]).all()
    with_account = known.filter(pl.col("account_id").is_not_null())
    assert (with_account["account_id"] // 3 == with_account["customer_id"]).all()


def test_one_in_seven_or_so_is_noted_in_english_by_the_outsourced_desk(inbound: pl.DataFrame) -> None:
    assert share(inbound["_language"] == "en") == pytest.approx(0.15, abs=0.04)
    english, chinese = (set(inbound.filter(pl.col("_language") == language)["employee_id"]) for language in ("en", "zh"))
    assert not english & chinese


def test_nobody_waits_for_an_answer_to_a_message_and_a_text_message_takes_no_time(contacts: pl.DataFrame) -> None:
    written = contacts.filter(pl.col("channel").is_in(["email", "sms", "web", "app"]) | (pl.col("direction") == "outbound"))
    assert written["wait_seconds"].null_count() == len(written)
    sms = contacts.filter(pl.col("channel") == "sms")
    assert sms["handle_seconds"].null_count() == len(sms)
    assert contacts.filter(pl.col("channel") == "phone")["handle_seconds"].null_count() == 0


def test_complaints_take_longer_than_payments(contacts: pl.DataFrame) -> None:
    usual = dict(contacts.filter(pl.col("outcome").is_null()).group_by("reason").agg(pl.col("handle_seconds").median()).iter_rows())
    assert usual["complaint"] > 2.5 * usual["payment"]
    seconds = contacts.filter(pl.col("reason") == "fault")["handle_seconds"].drop_nulls()
    assert float(seconds.to_numpy().mean()) > 1.1 * quantile(seconds, 0.5)


def test_the_digital_use_what_is_digital(chunk: Chunk, inbound: pl.DataFrame) -> None:
    spread = inbound.filter(pl.col("reason") == "billing_question")["channel"].value_counts(normalize=True)
    share_of = dict(spread.iter_rows())
    assert share_of["phone"] > 0.35
    assert share_of["app"] + share_of["chat"] + share_of["web"] > 0.15
    own = inbound.filter(pl.col("_cause") == "background").with_columns(is_digital=pl.col("channel").is_in(["app", "web", "chat"]))
    twice = (
        own.filter(pl.len().over("_customer") >= 2)
        .group_by("_customer", maintain_order=True)
        .agg(pl.col("is_digital").first(), then=pl.col("is_digital").last())
    )
    rate = dict(twice.group_by("is_digital").agg(pl.col("then").mean()).iter_rows())
    assert rate[True] > rate[False] + 0.05


def test_customers_who_have_gone_ask_only_about_their_last_bills_and_not_for_long(chunk: Chunk, inbound: pl.DataFrame) -> None:
    since = inbound["occurred_at"].to_numpy() - chunk.life.closed[positions(chunk, inbound["_customer"])]
    after = inbound.filter(pl.Series(since >= np.timedelta64(0)))
    assert set(after["reason"]) <= {"billing_question", "payment"}
    assert len(after) > 0
    assert since[~np.isnat(since)].max() < np.timedelta64(30, "D")


def test_nobody_is_met_in_person_at_night(contacts: pl.DataFrame) -> None:
    met = contacts.filter(pl.col("channel").is_in(["branch", "visit"]))
    assert met["occurred_at"].dt.hour().is_between(9, 18).all()
    assert 0.05 < len(met) / len(contacts) < 0.2


def test_a_campaign_gives_its_contacts_their_reason(chunk: Chunk, contacts: pl.DataFrame) -> None:
    reason_of = dict(zip(KINDS, ("retention", "sales", "win_back", "payment_reminder", "care"), strict=True))
    made = contacts.filter(pl.col("campaign_id").is_not_null())
    kind = pl.Series(KINDS).gather(chunk.business.campaigns.kind[made["campaign_id"].to_numpy()])
    assert made["reason"].to_list() == [reason_of[name] for name in kind]
    assert set(kind) == set(KINDS)


def test_a_note_does_not_contradict_the_outcome_beside_it(contacts: pl.DataFrame) -> None:
    chinese = contacts.filter((pl.col("_language") == "zh") & pl.col("outcome").is_not_null())
    is_silent = chinese["topic_text"].str.contains("无人|未接|占线|关机|没回|未见|未遇见|暂无|未读|未获|未让进|客户未到")
    assert (is_silent == (chinese["outcome"] == "no_answer")).all()
    stays = chinese["topic_text"].str.contains("[续签约]{2}[一两]年|同意留下|不走了")
    assert (chinese.filter(stays)["outcome"] == "accepted").all()
    assert stays.any()


def test_the_same_business_is_contacted_the_same_again() -> None:
    made = []
    for _ in range(2):
        chunk = a_chunk(600)
        invoices = invoices_of(chunk)
        made.append(make_contacts(chunk, make_complaints(chunk, invoices), invoices, payments_of(invoices)))
    assert_frame_equal(*made)


def test_a_chunk_without_bills_and_complaints_still_has_contacts(contacts: pl.DataFrame) -> None:
    chunk = a_chunk(200)
    invoices = invoices_of(chunk)
    quiet = replace(chunk, life=replace(chunk.life, complains=np.zeros_like(chunk.life.complains)))
    made = make_contacts(quiet, make_complaints(quiet, invoices[:0]), invoices[:0], payments_of(invoices)[:0])
    assert len(made) > 100
    assert made.schema == contacts.schema
