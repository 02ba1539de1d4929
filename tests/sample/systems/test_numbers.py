from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sample.identity_numbers import citizen_numbers, credit_codes, telephone_numbers
from pipelines.sample.population.accounts import ACCOUNTS_A_CUSTOMER, SUBSCRIPTIONS_AN_ACCOUNT
from pipelines.sample.population.memberships import HARBOUR, LEASING, SLOTS, TWICE
from pipelines.sample.population.people import PHONES_AN_ENTITY
from pipelines.sample.systems import numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.sample.chance import Integers

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
SELDOM = 20  # of 30,000: what comes together by chance; a rule would hold for thousands
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


def digits(way: Callable[[pl.Expr], pl.Expr], values: Integers) -> Integers:
    told = pl.DataFrame({"number": values}).select(way(pl.col("number"))).to_series()
    return told.str.replace_all(r"^L-2026|\D", "").cast(pl.Int64).to_numpy()


@pytest.fixture(scope="module")
def keys() -> dict[str, Integers]:
    """Of each of many entities the number itself, and those by which it is known."""
    entity = np.arange(30_000)
    main = entity * SLOTS
    account = main * ACCOUNTS_A_CUSTOMER
    born = np.datetime64("1950-01-01") + (entity * 7_919 % 18_263).astype("timedelta64[D]")
    citizen = citizen_numbers(born, entity // 10_000, entity % 2 == 0)
    return {
        "entity": entity,
        "crm": digits(WAYS["customer of 0"], main),
        "crm, a second time": digits(WAYS["customer of 0"], main + TWICE),
        "harbour": digits(WAYS["customer of 1"], main + HARBOUR),
        "leasing": digits(WAYS["customer of 2"], main + LEASING),
        "key account": digits(WAYS["key account"], main),
        "account": digits(WAYS["account"], account),
        "next account": digits(WAYS["account"], account + 1),
        "account of the second time": digits(WAYS["account"], account + TWICE * ACCOUNTS_A_CUSTOMER),
        "subscription": digits(WAYS["subscription"], account * SUBSCRIPTIONS_AN_ACCOUNT),
        "citizen": (citizen.str.slice(2, 4) + citizen.str.slice(14, 3)).cast(pl.Int64).to_numpy(),
        "organisation": credit_codes(entity).str.slice(4, 13).cast(pl.Int64).to_numpy(),
        "telephone": telephone_numbers(entity * PHONES_AN_ENTITY, 0 * entity).str.slice(3).cast(pl.Int64).to_numpy(),
        "next telephone": telephone_numbers(entity * PHONES_AN_ENTITY + 1, 0 * entity).str.slice(3).cast(pl.Int64).to_numpy(),
        "next subscription": digits(WAYS["subscription"], account * SUBSCRIPTIONS_AN_ACCOUNT + 1),
    }


def test_no_number_of_an_entity_tells_another_one(keys: dict[str, Integers]) -> None:
    for one, other in combinations(keys, 2):
        left, right = keys[one], keys[other]
        assert abs(np.corrcoef(left.argsort().argsort(), right.argsort().argsort())[0, 1]) < 0.03, (one, other)
        for modulus in (10**8, 10**9, 99_999_989):
            # A multiple of the one and something: then the steps from entity to entity of both would go together.
            for factor in (1, 3, 4, 12, 48):
                assert most_common((left * factor - right) % modulus) < SELDOM, (one, other, factor)
        for factor in (2, 3, 4, 12, 16):
            assert most_common(left // factor - right) < SELDOM, (one, other, factor)
            assert most_common(right // factor - left) < SELDOM, (one, other, factor)


def test_the_steps_between_the_numbers_of_neighbours_are_all_different(keys: dict[str, Integers]) -> None:
    for name, told in keys.items():
        if name != "entity":
            for modulus in (10**8, 10**9, 99_999_989):
                assert most_common((told[1:] - told[:-1]) % modulus) < SELDOM, name
                assert most_common((told[2:] - 2 * told[1:-1] + told[:-2]) % modulus) < SELDOM, name


def most_common(values: Integers) -> int:
    return int(np.unique(values, return_counts=True)[1].max())


def test_there_are_scattered_numbers_for_two_million_entities() -> None:
    accounts = 2_000_000 * SLOTS * ACCOUNTS_A_CUSTOMER
    assert accounts <= numbers.SCATTERED_BELOW
    assert accounts * SUBSCRIPTIONS_AN_ACCOUNT <= numbers.SUBSCRIPTIONS_BELOW
