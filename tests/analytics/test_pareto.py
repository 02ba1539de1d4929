from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analytics.pareto import ParetoParameters, pareto
from pipelines.policy import load_policy
from tests.analytics.customers import PROSPECT, customers

PARAMETERS = ParetoParameters.from_policy(load_policy())


def tiers(*amounts: Decimal | str | int | None) -> str:
    """The tiers of customers 1, 2, … with these contributions, as one word."""
    features = customers(*({"contribution_12m": None if amount is None else Decimal(amount)} for amount in amounts))
    return "".join(pareto(features, PARAMETERS)["pareto_tier"])


def test_shares_are_what_the_policy_file_says_to_the_last_digit() -> None:
    assert ParetoParameters(Decimal("0.8"), Decimal("0.95")) == PARAMETERS


def test_who_crosses_a_limit_belongs_to_the_tier() -> None:
    # Sums 60, 85, 95, 100 of 100: 85 crosses 80, 95 reaches 95 exactly.
    assert tiers(60, 25, 10, 5) == "AABC"


def test_who_reaches_a_limit_exactly_closes_the_tier() -> None:
    assert tiers(80, 15, 5) == "ABC"


def test_limits_are_exact_where_doubles_are_not() -> None:
    # 0.8 x 0.0005 = 0.0004: the first four units reach it, with nothing left over.
    assert tiers(*["0.0001"] * 5) == "AAAAB"
    # One unit of 10^-4 below the limit at 18 digits: a double cannot see it.
    assert tiers("79999999999999.9999", "10000000000000.0001", "5000000000000.0000", "5000000000000.0000") == "AABC"
    assert tiers("80000000000000.0000", "10000000000000.0000", "5000000000000.0000", "5000000000000.0000") == "ABBC"


def test_ties_go_by_key() -> None:
    assert tiers(10, 10, 10, 10, 10, 10, 10, 10, 10, 10) == "AAAAAAAABB"


def test_who_brings_nothing_or_less_or_unknown_is_c_and_takes_nothing_from_the_total() -> None:
    assert tiers(100, 0, -1000, None) == "ACCC"
    assert pareto(customers(PROSPECT), PARAMETERS)["pareto_tier"].to_list() == ["C"]


def test_the_only_customer_brings_it_all() -> None:
    assert tiers("0.0001") == "A"


def test_nobody_gives_no_rows() -> None:
    empty = pareto(customers(), PARAMETERS)
    assert empty.schema == pareto(customers({}), PARAMETERS).schema
    assert empty.is_empty()


@given(st.lists(st.integers(-5, 10**14) | st.integers(0, 3), max_size=20))
@settings(max_examples=100, deadline=None)
def test_tiers_agree_with_a_count_by_hand(units: list[int]) -> None:
    """Against plain Python with exact fractions, in any order of rows."""
    amounts = {key: Decimal(unit).scaleb(-4) for key, unit in enumerate(units, start=1)}
    expected = dict.fromkeys(amounts, "C")
    total = sum(Fraction(amount) for amount in amounts.values() if amount > 0)
    before = Fraction(0)
    for key, amount in sorted(((key, amount) for key, amount in amounts.items() if amount > 0), key=lambda item: (-item[1], item[0])):
        expected[key] = "A" if before < total * Fraction(4, 5) else "B" if before < total * Fraction(19, 20) else "C"
        before += Fraction(amount)
    features = customers(*({"contribution_12m": amount} for amount in amounts.values())).sample(fraction=1, shuffle=True, seed=1)
    found = pareto(features, PARAMETERS)
    assert dict(found.select("customer_key", "pareto_tier").iter_rows()) == expected


def test_wide_sums_from_the_database_are_taken_as_they_come() -> None:
    features = customers({"contribution_12m": Decimal(3)}, {"contribution_12m": Decimal(1)})
    wide = features.with_columns(pl.col("contribution_12m").cast(pl.Decimal(38, 4)))
    assert pareto(wide, PARAMETERS).equals(pareto(features, PARAMETERS))


@pytest.mark.parametrize(("a_share", "b_share", "expected"), [("0.5", "0.9", "AABBC"), ("0.99", "1", "AAAAA")])
def test_other_shares(a_share: str, b_share: str, expected: str) -> None:
    # Sums 30, 55, 75, 90, 100.
    features = customers(*({"contribution_12m": Decimal(amount)} for amount in (30, 25, 20, 15, 10)))
    assert "".join(pareto(features, ParetoParameters(Decimal(a_share), Decimal(b_share)))["pareto_tier"]) == expected
