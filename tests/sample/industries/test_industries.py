"""Each industry hangs together: whatever it names exists, and an ordinary customer pays an ordinary bill."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.contracts.model import load_contracts
from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.industries.industry import TARIFF_PERIODS
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.population.memberships import MAIN
from pipelines.sample.records.reference_targets import usual_bill
from pipelines.sample.story.life import FAILURES
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.industries.industry import Industry

ALL = pytest.mark.parametrize("industry", INDUSTRIES.values(), ids=list(INDUSTRIES))
# Yuan a month of a person's first account with one add-on in ordinary use: value 1, and value 4. Then the share that leaves in a month.
BILLS = {"telecom": ((50, 120), (180, 400)), "bank": ((15, 70), (70, 180)), "utility": ((80, 180), (300, 600))}
LEAVING = {"telecom": (0.010, 0.018), "bank": (0.007, 0.015), "utility": (0.006, 0.0145)}


def ladders(industry: Industry) -> tuple[tuple[str, ...], ...]:
    return industry.plans, industry.second_plans, industry.office_plans


def held(industry: Industry) -> set[str]:
    return {*industry.add_ons, *industry.office_add_ons, *(number for ladder in ladders(industry) for number in ladder)}


def referred_to(industry: Industry) -> set[str]:
    alone = {industry.late_fee, industry.installation, industry.credit, *industry.one_offs}
    return held(industry) | alone | {number for number, _, _ in industry.dearer} | {measure.product for measure in industry.measures}


def test_each_industry_is_found_under_its_own_name() -> None:
    assert {name: industry.name for name, industry in INDUSTRIES.items()} == {name: name for name in ("telecom", "bank", "utility")}


@ALL
def test_every_product_that_is_named_anywhere_is_in_the_catalogue_once(industry: Industry) -> None:
    numbers = [product.number for product in industry.products]
    assert len(set(numbers)) == len(numbers)
    assert referred_to(industry) <= set(numbers)


@ALL
def test_only_what_is_named_nowhere_was_withdrawn_or_is_new(industry: Industry) -> None:
    idle = {product.number for product in industry.products} - referred_to(industry)
    assert {product.number for product in industry.products if product.withdrawn or product.launched > "2010"} == idle
    assert len(idle) == 2


@ALL
def test_the_longest_ladder_has_a_rung_for_each_level_and_every_rung_is_dearer(industry: Industry) -> None:
    assert max(len(ladder) for ladder in ladders(industry)) == len(industry.plan_bounds) + 1
    assert all(low < high for low, high in pairwise(industry.plan_bounds))
    for ladder in ladders(industry):
        assert all(low < high for low, high in pairwise(industry.price[industry.ladder(ladder)].tolist()))


@ALL
def test_what_became_dearer_stays_on_its_rung(industry: Industry) -> None:
    months = 24
    assert 2 <= len(industry.dearer) <= 3
    for number, share, price in industry.dearer:
        assert 0.2 < share < 0.9
        assert price > industry.price[industry.position[number]]
    for ladder in ladders(industry):
        last = industry.price_at(industry.ladder(ladder), np.full(len(ladder), months - 1), months)
        assert (np.diff(last) > 0).all()


@ALL
def test_measures_are_metered_in_shares_and_seasons_that_add_up(industry: Industry) -> None:
    for measure in industry.measures:
        assert len(measure.season) == 12
        assert sum(measure.season) == pytest.approx(12.0)
        assert sum(measure.periods) in (0, 100)
        assert 0 <= measure.included < 100
    assert any(measure.is_of_second for measure in industry.measures)


@ALL
def test_a_tariff_moves_the_price_of_a_period_and_hardly_that_of_ordinary_use(industry: Industry) -> None:
    for measure in industry.measures:
        prices = [measure.price_in(period) for period in range(len(TARIFF_PERIODS))]
        assert measure.price_in(-1) == measure.price
        if not measure.period_prices:
            assert set(prices) == {measure.price}
            continue
        assert prices[0] > prices[1] > prices[2] > 0
        exact = sum(share * per_cent for share, per_cent in zip(measure.periods, measure.period_prices, strict=True)) / 100
        assert exact == pytest.approx(100, abs=2)
        assert all(measure.price * per_cent % 100 == 0 for per_cent in measure.period_prices)


def test_electricity_is_cheaper_by_night() -> None:
    assert INDUSTRIES["utility"].measures[0].period_prices == (130, 100, 60)


@ALL
def test_what_is_sold_once_has_several_prices(industry: Industry) -> None:
    sold = [industry.products[industry.position[number]] for number in industry.one_offs]
    assert all(product.is_once for product in sold)
    assert len({product.price for product in sold}) == len(sold) >= 3


@ALL
def test_the_list_price_of_a_measured_product_is_the_price_of_a_unit(industry: Industry) -> None:
    for measure in industry.measures:
        assert industry.price[industry.position[measure.product]] * 100 == measure.price


@ALL
def test_each_failure_has_a_category_and_a_department_of_its_own(industry: Industry) -> None:
    assert len(set(industry.categories)) == len(set(industry.departments)) == len(FAILURES)


@ALL
def test_balances_are_of_kinds_that_the_contract_knows(industry: Industry) -> None:
    assert set(industry.balance_types) <= set(load_contracts()["balances"].property("balance_type").valid_values)


@ALL
def test_an_ordinary_and_a_large_customer_pay_plausible_bills(industry: Industry) -> None:
    add_on = np.median(industry.price[industry.ladder(industry.add_ons)])
    small, large = (usual_bill(industry, industry.plans, np.array([1.0, 4.0])) + np.array([0.0, add_on])) / 100
    for bill, (low, high) in zip((small, large), BILLS[industry.name], strict=True):
        assert low <= bill <= high


def test_who_consumes_three_times_as_much_reaches_the_bill_of_the_top_tier() -> None:
    assert (usual_bill(INDUSTRIES["telecom"], INDUSTRIES["telecom"].plans, np.array([3.0, 5.0, 9.0])) > 15_000).all()


@ALL
def test_as_many_leave_in_a_month_as_in_such_a_business(industry: Industry) -> None:
    chunk = make_chunk(make_business(seed=5, customers=4_000, timeline=Timeline(24), industry=industry), 0)
    served = chunk.life.is_served[:, chunk.memberships.slot == MAIN]
    lost = (served[:-1] & ~served[1:]).sum() / served[:-1].sum()
    low, high = LEAVING[industry.name]
    assert low <= lost <= high
