"""Ledgers aged by hand, and how they roll from one month's end to the next."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest

from pipelines.sample.report.lateness import Lateness, lateness
from pipelines.sample.report.shapes_paying import months_late, rolls
from pipelines.sample.timeline import Timeline

MONTHS = Timeline(4, np.datetime64("2026-04", "M"))  # January to April
Paid = tuple[int, datetime, int] | tuple[int, datetime, int, datetime]  # number, day, amount, and when it was returned


def ledger(*payments: Paid, terms: str | None = None, kind: str = "payment") -> list[int]:
    """Months late at the four month ends, of an account that is billed 100 on the 1st of each month, due on the 16th."""
    bills = pl.DataFrame(
        {
            "invoice_id": [1, 2, 3, 4],
            "account_id": [7] * 4,
            "issued_at": [datetime(2026, month, 1) for month in range(1, 5)],
            "due_at": [date(2026, month, 16) for month in range(1, 5)],
            "amount": [100] * 4,
            "delivered": [0, 1, 2, 3],
        }
    )
    paid = pl.DataFrame(
        [(number, 7, at, next(iter(returned), None), amount, kind) for number, at, amount, *returned in payments],
        schema={
            "payment_id": pl.Int64,
            "account_id": pl.Int64,
            "paid_at": pl.Datetime("ms"),
            "returned_at": pl.Datetime("ms"),
            "amount": pl.Int64,
            "kind": pl.String,
        },
        orient="row",
    )
    accounts = pl.DataFrame(
        {"account_id": [7, 8], "is_prepaid": [False, True], "discount_terms": [terms, None]},
        schema={"account_id": pl.Int64, "is_prepaid": pl.Boolean, "discount_terms": pl.String},
    )
    found = lateness(bills.with_columns(pl.col("issued_at").cast(pl.Datetime("ms"))), paid, accounts, MONTHS)
    assert found.account.tolist() == [7], "what is paid in advance cannot be late"
    assert found.is_billed.all()
    return [int(months) for months in found.months[:, 0]]


def on_time(amount: int = 100) -> list[Paid]:
    return [(month, datetime(2026, month, 10), amount) for month in range(1, 5)]


def test_who_pays_in_time_is_never_late() -> None:
    assert ledger(*on_time()) == [0, 0, 0, 0]


def test_who_never_pays_gets_later_by_a_month_each_month() -> None:
    assert ledger() == [1, 2, 3, 4]


def test_a_late_payment_ends_it() -> None:
    assert ledger((1, datetime(2026, 2, 3), 100), *on_time()[1:]) == [1, 0, 0, 0]


def test_payments_cover_the_oldest_bill_first() -> None:
    assert ledger(*on_time()[1:]) == [1, 1, 1, 1]


def test_part_of_a_bill_is_not_the_bill() -> None:
    assert ledger((1, datetime(2026, 1, 10), 99), *on_time()[1:]) == [1, 1, 1, 1]


def test_the_discount_that_may_be_taken_is_paid() -> None:
    assert ledger(*on_time(98), terms="2/10 net 30") == [0, 0, 0, 0]
    assert ledger(*on_time(98)) == [1, 1, 1, 1]


def test_what_is_returned_was_not_paid_from_then_on() -> None:
    assert ledger((1, datetime(2026, 1, 10), 400, datetime(2026, 3, 2))) == [0, 0, 3, 4]


def test_a_payment_delivered_again_counts_once_and_as_it_was_in_the_end() -> None:
    first = (1, datetime(2026, 1, 10), 300)
    assert ledger(first, first) == [0, 0, 0, 1]
    assert ledger(first, (*first, datetime(2026, 2, 2))) == [0, 2, 3, 4]


def test_a_deposit_pays_no_bill() -> None:
    assert ledger(*on_time(), kind="deposit") == [1, 2, 3, 4]


def test_a_credit_covers_like_a_payment() -> None:
    bills = pl.DataFrame(
        {
            "invoice_id": [1, 2],
            "account_id": [7, 7],
            "issued_at": [datetime(2026, 1, 1), datetime(2026, 2, 20)],
            "due_at": [date(2026, 1, 16), None],
            "amount": [100, -100],
            "delivered": [0, 1],
        }
    )
    payments = pl.DataFrame(
        schema={
            "payment_id": pl.Int64,
            "account_id": pl.Int64,
            "paid_at": pl.Datetime("ms"),
            "returned_at": pl.Datetime("ms"),
            "amount": pl.Int64,
            "kind": pl.String,
        }
    )
    accounts = pl.DataFrame(
        {"account_id": [7], "is_prepaid": [False], "discount_terms": [None]}, schema_overrides={"discount_terms": pl.String}
    )
    found = lateness(bills, payments, accounts, MONTHS)
    assert found.months[:, 0].tolist() == [1, 0, 0, 0]
    assert found.is_billed[:, 0].tolist() == [True, False, False, False]


def test_rolls_are_counted_from_one_month_end_to_the_next() -> None:
    months = np.array([[0, 0, 1, 2, 3, 5], [0, 1, 2, 3, 0, 6]])
    found = rolls(Lateness(np.arange(6), months, np.ones((2, 6), dtype=np.bool_)))
    assert found == {
        "late_share": pytest.approx(8 / 12),
        "roll_current_to_late": pytest.approx(1 / 2),
        "roll_late_stays_late": pytest.approx(3 / 4),
        "roll_one_to_two": pytest.approx(1.0),
        "roll_up_to_two_to_three": pytest.approx(1 / 2),
        "roll_three_stays": pytest.approx(1 / 2),
    }


def test_accounts_that_are_not_billed_do_not_count() -> None:
    months = np.array([[0, 1], [0, 2]])
    found = rolls(Lateness(np.arange(2), months, np.array([[True, True], [True, False]])))
    assert found["late_share"] == pytest.approx(1 / 3)
    assert np.isnan(found["roll_late_stays_late"])


def test_a_customer_is_as_late_as_its_latest_account() -> None:
    late = Lateness(np.arange(3), np.array([[1, 3, 2]]), np.ones((1, 3), dtype=np.bool_))
    assert months_late(late, np.array([10, 10, 30]), np.array([10, 20, 30])).tolist() == [[3, 0, 2]]
