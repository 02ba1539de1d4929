"""The lists to which everything else refers: products, campaigns, units, employees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.contracts.model import load_contracts
from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business
from pipelines.sample.records.reference import HARBOUR_GOODS, LEASING_SERVICES, make_campaign_list, make_products
from pipelines.sample.records.reference_calendar import make_business_calendar, make_service_targets
from pipelines.sample.records.reference_organisation import BRANCH_CODES, department_codes, make_employees, make_organisation_units
from pipelines.sample.records.reference_rates import make_exchange_rates
from pipelines.sample.records.reference_targets import make_targets
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Business

RECORDS = {
    "products": make_products,
    "campaigns": make_campaign_list,
    "organisation_units": make_organisation_units,
    "employees": make_employees,
    "business_calendar": make_business_calendar,
    "service_targets": make_service_targets,
    "exchange_rates": make_exchange_rates,
    "targets": make_targets,
}


@pytest.fixture(scope="module")
def business() -> Business:
    return make_business(seed=5, customers=3_000, timeline=Timeline(24), industry=INDUSTRIES["telecom"])


@pytest.mark.parametrize("record", RECORDS)
def test_a_list_has_the_columns_and_the_values_of_its_contract(record: str, business: Business) -> None:
    frame, contract = RECORDS[record](business), load_contracts()[record]
    assert [name for name in frame.columns if name != "delivered"] == [item.name for item in contract.properties]
    for item in contract.properties:
        values = frame[item.name]
        assert not item.required or values.null_count() == 0
        if item.valid_values:
            assert set(values.drop_nulls().to_list()) <= set(item.valid_values)
        if item.pattern:
            assert values.drop_nulls().str.contains(item.pattern).all()


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("months", [1, 2, 24])
def test_a_key_comes_once_in_a_delivery_and_every_delivery_lies_in_the_sample(record: str, months: int) -> None:
    business = make_business(seed=5, customers=500, timeline=Timeline(months), industry=INDUSTRIES["bank"])
    frame = RECORDS[record](business)
    key = [item.name for item in load_contracts()[record].key]
    assert frame["delivered"].dtype == pl.Int64
    assert frame["delivered"].is_between(0, months - 1).all()
    assert not frame.select([*key, "delivered"]).is_duplicated().any()


@pytest.mark.parametrize("record", RECORDS)
def test_the_same_seed_makes_the_same_list(record: str, business: Business) -> None:
    again = make_business(seed=5, customers=3_000, timeline=Timeline(24), industry=INDUSTRIES["telecom"])
    assert RECORDS[record](business).equals(RECORDS[record](again))


@pytest.mark.parametrize(("record", "column"), [("employees", "name"), ("exchange_rates", "rate")])
def test_another_seed_makes_another_list(record: str, column: str, business: Business) -> None:
    other = make_business(seed=6, customers=3_000, timeline=Timeline(24), industry=INDUSTRIES["telecom"])
    assert not RECORDS[record](business)[column].equals(RECORDS[record](other)[column])


@pytest.mark.parametrize("record", ["products", "employees", "campaigns"])
def test_nothing_in_a_delivery_happens_after_its_month(record: str, business: Business) -> None:
    frame = RECORDS[record](business)
    after = business.timeline.at(
        frame["delivered"].to_numpy() + 1, np.ones(len(frame), dtype=np.int64), np.zeros(len(frame), dtype=np.int64)
    )
    for column in ("launched_at", "withdrawn_at", "started_at", "ended_at", "starts_at", "ends_at"):
        if column in frame.columns:
            happened = frame[column].to_numpy()
            assert (np.isnat(happened) | (happened < after)).all()


def test_numbers_of_products_are_apart_in_the_whole_group() -> None:
    elsewhere = [product.number for product in (*HARBOUR_GOODS, *LEASING_SERVICES)]
    for industry in INDUSTRIES.values():
        numbers = [product.number for product in industry.products] + elsewhere
        assert len(set(numbers)) == len(numbers)


def test_a_price_rises_in_its_month_and_the_cost_follows(business: Business) -> None:
    number, share, price = business.industry.dearer[0]
    rows = make_products(business).filter(pl.col("product_id") == number)
    since = int(share * 24)
    old = business.industry.products[business.industry.position[number]].price
    assert rows["list_price"].to_list() == [old] * since + [price] * (24 - since)
    assert (rows["unit_cost"] < rows["list_price"]).all()
    # 35 per cent of the 54.13 yuan that 59 yuan are without 9 per cent of tax.
    assert (number, rows["unit_cost"][0]) == ("M059", 1_895)


def test_a_product_is_listed_from_its_launch_and_withdrawn_when_it_was(business: Business) -> None:
    products, timeline = make_products(business), business.timeline
    launch = int(timeline.index_of(np.array(["2026-02"], dtype="datetime64[M]"))[0])
    assert products.filter(pl.col("product_id") == "M399")["delivered"].to_list() == list(range(launch, 24))
    withdrawn = products.filter(pl.col("product_id") == "M069")["withdrawn_at"]
    assert withdrawn.null_count() == int(timeline.index_of(np.array(["2025-12"], dtype="datetime64[M]"))[0])
    assert str(withdrawn[-1]) == "2025-12-31 23:59:59"


def test_only_cross_selling_offers_a_product_each_add_on_in_turn(business: Business) -> None:
    campaigns, add_ons = make_campaign_list(business), business.industry.add_ons
    is_cross_sell = campaigns["kind"] == "cross_sell"
    offered = campaigns.filter(is_cross_sell)["product_id"].to_list()
    assert offered == [add_ons[place % len(add_ons)] for place in range(len(offered))]
    assert len(offered) > 2
    assert campaigns.filter(~is_cross_sell)["product_id"].null_count() == (~is_cross_sell).sum()
    assert (campaigns["starts_at"].dt.truncate("1mo") == campaigns["ends_at"].dt.truncate("1mo")).all()


def test_every_unit_hangs_under_the_group_and_only_the_harbour_counts_in_another_currency(business: Business) -> None:
    first = make_organisation_units(business).filter(pl.col("delivered") == 0)
    parents = dict(first.select("organisation_unit", "parent_unit").iter_rows())
    assert [code for code, parent in parents.items() if parent is None] == ["G"]
    assert set(parents.values()) - {None} <= set(parents)
    assert first.filter(pl.col("currency") != "CNY")["organisation_unit"].to_list() == ["HB"]
    assert set(BRANCH_CODES) == {"OP-N1", "OP-N2", "OP-E1", "OP-E2", "OP-S1", "OP-S2", "OP-W1", "OP-W2", "OP-C1", "OP-C2"} <= set(parents)
    names = first.filter(pl.col("kind") == "department")["name"].to_list()
    assert tuple(names) == business.industry.departments
    assert department_codes(business)["call centre"] == "OP-D3"


def test_units_come_anew_each_calendar_year(business: Business) -> None:
    # From October 2024 to September 2026: the first month, and two Januaries.
    assert make_organisation_units(business)["delivered"].unique(maintain_order=True).to_list() == [0, 3, 15]


def test_whom_the_story_names_is_at_work_throughout(business: Business) -> None:
    staff = business.staff
    last = make_employees(business).unique("employee_id", keep="last", maintain_order=True)
    regions, desks = np.divmod(np.arange(5 * staff.managers_per_region), staff.managers_per_region)
    named = {
        "account_manager": staff.number_of(regions, desks),
        "agent": 10_001 + np.arange(staff.agents),
        "collector": 20_001 + np.arange(staff.collectors),
    }
    for role, numbers in named.items():
        rows = last.filter(pl.col("employee_id").is_in(numbers.tolist()))
        assert len(rows) == len(numbers)
        assert set(rows["role"].to_list()) == {role}
        assert rows["ended_at"].null_count() == len(rows)
        assert (rows["started_at"].to_numpy() < business.timeline.first).all()


def test_a_manager_sits_in_a_branch_of_the_region(business: Business) -> None:
    managers = make_employees(business).filter(pl.col("role") == "account_manager")
    letters = pl.Series(["N", "E", "S", "W", "C"]).gather(managers["employee_id"] // 1_000)
    assert (managers["organisation_unit"].str.slice(3, 1) == letters).all()
    assert managers["organisation_unit"].n_unique() == 10


def test_who_leaves_comes_again_with_the_day_and_is_followed_by_another(business: Business) -> None:
    employees = make_employees(business)
    gone = employees.filter(pl.col("ended_at").is_not_null())
    assert set(gone["role"].to_list()) == {"account_manager", "agent", "collector"}
    for number, ended, unit in gone.select("employee_id", "ended_at", "organisation_unit").iter_rows():
        assert employees.filter((pl.col("employee_id") == number) & pl.col("ended_at").is_null()).height == 1
        heir = employees.filter(pl.col("employee_id") == number + 1)
        # The heirs of those who leave at the very end come after the end.
        assert heir.height == 1 or business.timeline.end - np.datetime64(ended) < np.timedelta64(27, "D")
        assert (heir["started_at"] > ended).all()
        assert heir["organisation_unit"].str.slice(0, 4).to_list() in ([], [unit[:4]])
