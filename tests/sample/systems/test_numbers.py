from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sample.population.memberships import SLOTS
from pipelines.sample.systems import numbers

if TYPE_CHECKING:
    from collections.abc import Callable

WAYS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    **{f"customer of {unit}": partial(numbers.customer_number, unit=unit) for unit in range(3)},
    **{f"invoice of {unit}": partial(numbers.invoice_number, unit=unit) for unit in range(3)},
    **{f"payment of {unit}": partial(numbers.payment_number, unit=unit) for unit in range(3)},
    "key account": numbers.key_account_number,
    "account": numbers.account_number,
    "subscription": numbers.subscription_number,
    "change": numbers.change_number,
    "employee": numbers.employee_number,
    "promise": numbers.promise_number,
    "contact": numbers.contact_number,
    "complaint": numbers.complaint_number,
    "response": numbers.response_number,
    "incident": numbers.incident_number,
    "campaign": numbers.campaign_number,
}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def written(way: Callable[[pl.Expr], pl.Expr], values: list[int | None]) -> list[str | None]:
    return pl.DataFrame({"number": pl.Series(values, dtype=pl.Int64)}).select(way(pl.col("number"))).to_series().to_list()


@each_way
@given(st.sets(st.integers(0, numbers.SCATTERED_BELOW - 1), min_size=2))
def test_distinct_numbers_are_written_differently(way: Callable[[pl.Expr], pl.Expr], values: set[int]) -> None:
    assert len(set(written(way, [*values]))) == len(values)


@each_way
def test_a_hundred_thousand_in_a_row_are_written_differently(way: Callable[[pl.Expr], pl.Expr]) -> None:
    assert len(set(written(way, [*range(100_000)]))) == 100_000


@each_way
def test_what_is_missing_stays_missing(way: Callable[[pl.Expr], pl.Expr]) -> None:
    assert written(way, [None, 7])[0] is None


def test_no_number_of_an_event_is_that_of_another_company() -> None:
    for way in (numbers.invoice_number, numbers.payment_number):
        assert len({text for unit in range(3) for text in written(partial(way, unit=unit), [1, 2, 3])}) == 9


def test_customers_are_written_as_their_company_writes_them() -> None:
    told = pl.DataFrame({"number": [40, 41, 42, 43]}).select(
        system=numbers.system_of(pl.col("number")),
        text=numbers.own_customer_number(pl.col("number")),
    )
    assert told["system"].to_list() == ["crm", "crm", "harbour", "leasing"]
    first, second = (int(text) for text in told["text"].to_list()[:2])
    assert abs(first - second) > 1_000, "who is registered twice has not two numbers that follow one another"
    assert [text[:2] for text in told["text"]][2:] == ["HB", "L-"]


def test_scattered_numbers_do_not_follow_one_another() -> None:
    for way in (WAYS["customer of 1"], WAYS["customer of 2"], numbers.key_account_number):
        told = [int(text[-8:]) for text in written(way, [*range(0, 400, 4)]) if text]
        assert told != sorted(told)


def test_there_are_scattered_numbers_for_ten_million_entities() -> None:
    assert numbers.SCATTERED_BELOW > 10_000_000 * SLOTS
