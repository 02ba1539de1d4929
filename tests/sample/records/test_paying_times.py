from __future__ import annotations

import numpy as np
import pytest

from pipelines.sample.chance import Integers, stream
from pipelines.sample.records.paying import UNPAID, earliest_days
from pipelines.sample.records.paying_times import paid_at, paid_on
from pipelines.sample.records.payment_frame import ALIPAY, BANK_TRANSFER, CARD, CASH, DIRECT_DEBIT, WECHAT
from pipelines.sample.records.reference_calendar import public_holidays

DAYS = np.arange(np.datetime64("2024-01-01"), np.datetime64("2026-01-01")).astype(np.int64).repeat(20)
FREE = np.concatenate([public_holidays(year) for year in (2024, 2025, 2026)])
BY_CHOICE = pytest.mark.parametrize("method", [BANK_TRANSFER, ALIPAY, WECHAT, CARD, CASH])


def all_by(method: int) -> Integers:
    return np.full(len(DAYS), method)


def hours(method: int) -> Integers:
    return np.asarray(paid_at(stream(1, "payments"), DAYS, all_by(method)).astype("datetime64[h]").astype(np.int64) % 24)


def test_a_direct_debit_waits_for_the_next_working_day_and_no_longer() -> None:
    day, method = paid_on(stream(1, "payments"), DAYS, all_by(DIRECT_DEBIT), DAYS, UNPAID)
    assert (method == DIRECT_DEBIT).all()
    assert np.is_busday(day.astype("datetime64[D]"), holidays=FREE).all()
    assert (np.busday_count(DAYS.astype("datetime64[D]"), day.astype("datetime64[D]"), holidays=FREE) == 0).all()
    assert (day >= DAYS).all()


def test_a_direct_debit_that_would_come_too_late_is_a_transfer_on_the_day() -> None:
    day, method = paid_on(stream(1, "payments"), DAYS, all_by(DIRECT_DEBIT), DAYS, DAYS + 1)
    is_open = np.is_busday(DAYS.astype("datetime64[D]"), holidays=FREE)
    assert np.array_equal(day, DAYS)
    assert np.array_equal(method == BANK_TRANSFER, ~is_open)


def test_direct_debits_come_in_few_batches_of_the_early_morning() -> None:
    when = paid_at(stream(1, "payments"), DAYS, all_by(DIRECT_DEBIT))
    second = (when - when.astype("datetime64[D]")).astype("timedelta64[s]").astype(np.int64)
    assert second.min() >= 2 * 3_600
    assert second.max() < 5 * 3_600
    times = [len(np.unique(of_day)) for of_day in second.reshape(-1, 20)]
    assert 1 < np.mean(times) <= 3
    assert max(times) == 3
    assert len(np.unique(second)) > 30, "not at the same minutes every day"


def test_cash_comes_while_the_branches_are_open_and_cards_while_shops_are() -> None:
    assert set(hours(CASH)) == set(range(9, 19))
    assert hours(CARD).min() >= 7
    assert hours(CARD).max() <= 22


@pytest.mark.parametrize("method", [BANK_TRANSFER, ALIPAY, WECHAT, CARD])
def test_what_customers_pay_from_home_has_a_peak_in_the_evening(method: int) -> None:
    counts = np.bincount(hours(method), minlength=24)
    assert counts[18:22].max() > 1.2 * counts[15:18].min()
    assert counts[1:6].sum() < 0.03 * counts.sum()


@BY_CHOICE
def test_fewer_pay_at_the_weekend_and_never_before_the_first_day(method: int) -> None:
    day, same = paid_on(stream(1, "payments"), DAYS, all_by(method), DAYS - 2, UNPAID)
    assert (same == method).all()
    assert (day <= DAYS).all()
    assert (day >= DAYS - 2).all()
    freely, _ = paid_on(stream(1, "payments"), DAYS, all_by(method), DAYS - 10, UNPAID)
    counts = np.bincount((freely + 3) % 7, minlength=7)
    assert 0.2 * counts[:5].mean() < counts[5:].mean() < 0.9 * counts[:5].mean()
    assert counts[:5].min() > 0.9 * counts[:5].max()


def test_a_payment_that_is_moved_stays_as_late_and_as_fined_as_it_was() -> None:
    issued, due = np.full(4, 100), np.full(4, 115)
    assert earliest_days(np.array([110, 115, 120, 130]), issued, due).tolist() == [101, 101, 116, 126]
