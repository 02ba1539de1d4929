"""What is known of days to come: opening hours, holidays, service targets, plans; and the rates of exchange."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.population.memberships import MAIN
from pipelines.sample.records.bills import make_bills
from pipelines.sample.records.reference_calendar import make_business_calendar, make_service_targets, public_holidays, year_starts
from pipelines.sample.records.reference_rates import make_exchange_rates, missing_day
from pipelines.sample.records.reference_targets import make_targets
from pipelines.sample.records.usage import metered
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Business
    from pipelines.sample.industries.industry import Industry


@pytest.fixture(scope="module")
def business() -> Business:
    return make_business(seed=5, customers=4_000, timeline=Timeline(24), industry=INDUSTRIES["telecom"])


def opening(calendar: pl.DataFrame, day: date) -> tuple[str | None, str | None, bool]:
    row = calendar.row(by_predicate=pl.col("date") == day, named=True)
    return row["opens_at"], row["closes_at"], row["is_holiday"]


def test_years_begin_in_their_first_month_of_the_sample() -> None:
    assert year_starts(Timeline(24)) == [(2024, 0), (2025, 3), (2026, 15)]
    assert year_starts(Timeline(1)) == [(2026, 0)]


def test_the_calendar_has_each_day_of_each_year_once(business: Business) -> None:
    days = make_business_calendar(business)["date"].to_list()
    assert days == [date(2024, 1, 1) + timedelta(days=place) for place in range(366 + 365 + 365)]


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2025, 3, 14), ("09:00", "18:00", False)),
        (date(2025, 3, 15), ("10:00", "16:00", False)),
        (date(2025, 3, 16), (None, None, False)),
        (date(2025, 10, 1), (None, None, True)),
        (date(2026, 2, 16), (None, None, True)),  # the eve of the Spring Festival
        (date(2026, 9, 25), (None, None, True)),  # Mid-Autumn
    ],
)
def test_operations_keeps_these_hours(business: Business, day: date, hours: tuple[str | None, str | None, bool]) -> None:
    assert opening(make_business_calendar(business), day) == hours


def test_qingming_moves_between_two_days() -> None:
    found = [str(day) for year in range(2023, 2027) for day in public_holidays(year) if str(day)[5:7] == "04"]
    assert found == ["2023-04-05", "2024-04-04", "2025-04-04", "2026-04-05"]


def test_holidays_that_fall_together_are_counted_once_and_years_without_a_list_keep_the_fixed_ones() -> None:
    # In 2025 Mid-Autumn is the sixth day of the National Day holiday.
    assert len(public_holidays(2025)) == 1 + 1 + 5 + 7 + 1 + 8
    assert len(public_holidays(2026)) == 1 + 1 + 5 + 7 + 1 + 1 + 8
    assert len(public_holidays(2040)) == 1 + 1 + 5 + 7


def test_of_each_service_target_one_holds_on_any_day(business: Business) -> None:
    targets, last = make_service_targets(business), pl.col("valid_to").fill_null(date.max)
    known = targets.filter(pl.col("delivered") == 12)
    for day in (date(2024, 10, 1), date(2025, 9, 30), date(2025, 10, 1), date(2026, 9, 30)):
        holding = known.filter((pl.col("valid_from") <= day) & (last >= day))
        assert len(holding) == 12
        assert not holding.select("measure", "severity").is_duplicated().any()


def test_a_service_target_is_stricter_the_graver_the_matter_and_stricter_since_the_change(business: Business) -> None:
    targets = make_service_targets(business).filter(pl.col("delivered") == 12)
    for _, rows in targets.group_by("measure", "valid_from", maintain_order=True):
        assert rows["severity"].to_list() == ["low", "medium", "high", "critical"]
        assert rows["hours"].diff().drop_nulls().lt(0).all()
    old, new = targets.filter(pl.col("valid_to").is_not_null()), targets.filter(pl.col("valid_to").is_null())
    assert (new["hours"] < old["hours"]).all()


def test_the_first_list_of_service_targets_does_not_know_the_change(business: Business) -> None:
    first = make_service_targets(business).filter(pl.col("delivered") == 0)
    assert first["valid_to"].null_count() == len(first) == 12


def test_rates_are_of_weekdays_but_one(business: Business) -> None:
    rates, missing = make_exchange_rates(business), date.fromisoformat(str(missing_day(business)))
    days = rates["rate_date"].unique(maintain_order=True).to_list()
    all_days = [date(2024, 8, 31) + timedelta(days=place) for place in range(761)]
    all_weekdays = [day for day in all_days if day.weekday() < 5]
    assert set(all_weekdays) - set(days) == {missing}
    assert missing.weekday() == 2
    assert (missing.year, missing.month) == (2025, 10)
    assert set(days) <= set(all_weekdays)


def test_rates_move_little_from_day_to_day_and_stay_in_their_range(business: Business) -> None:
    rates = make_exchange_rates(business)
    for currency, low, high in (("USD", 6.7, 7.6), ("HKD", 0.86, 0.98)):
        rate = rates.filter(pl.col("from_currency") == currency)["rate"]
        assert rate.is_between(low, high).all()
        assert rate.n_unique() > len(rate) // 2
        assert (rate.diff().abs().drop_nulls() < 0.006 * high).all()
        assert (rate.round(6) == rate).all()


def test_the_whole_is_to_reach_what_its_branches_are_to_reach_together(business: Business) -> None:
    targets = make_targets(business).filter(pl.col("measure") != "satisfaction")
    whole = targets.filter(pl.col("organisation_unit") == "OP")["value"].to_numpy()
    branches = (
        targets.filter(pl.col("organisation_unit") != "OP").group_by("month", "measure", maintain_order=True).agg(pl.col("value").sum())
    )
    # Each of the ten is rounded down on its own.
    assert (np.abs(whole - branches["value"].to_numpy()) <= 10).all()


def test_a_year_is_planned_at_once_to_its_end(business: Business) -> None:
    plan = make_targets(business).filter((pl.col("organisation_unit") == "OP") & (pl.col("measure") == "revenue"))
    months = plan.group_by("delivered", maintain_order=True).agg(pl.len(), pl.col("month").min(), pl.col("month").max().alias("end"))
    assert months.rows() == [
        (0, 3, date(2024, 10, 1), date(2024, 12, 1)),
        (3, 12, date(2025, 1, 1), date(2025, 12, 1)),
        (15, 12, date(2026, 1, 1), date(2026, 12, 1)),
    ]


@pytest.mark.parametrize("industry", INDUSTRIES.values(), ids=list(INDUSTRIES))
def test_the_plan_lies_near_what_customers_usually_pay(industry: Industry) -> None:
    business = make_business(seed=5, customers=4_000, timeline=Timeline(24), industry=industry)
    chunk = make_chunk(business, 0)
    accounts = chunk.accounts
    pays = chunk.life.is_served[:, accounts.customer] & (accounts.opened_month <= np.arange(24)[:, None])
    usual = (accounts.usual_bill * pays).sum() / 100
    targets = make_targets(business).filter((pl.col("organisation_unit") == "OP") & (pl.col("month") < date(2026, 10, 1)))
    revenue = float(targets.filter(pl.col("measure") == "revenue")["value"].sum())
    assert 0.75 < revenue / usual < 1.4
    invoices = make_bills(chunk, metered(chunk)).invoices.unique("invoice_id", keep="first")
    billed = int(invoices["amount"].to_numpy().sum()) / 100
    assert 0.75 < revenue / billed < 1.4
    joined = targets.filter(pl.col("measure") == "new_customers")["value"].sum()
    registered = (chunk.memberships.joined[chunk.memberships.slot == MAIN] >= 0).sum()
    assert 0.9 < joined / registered < 1.2
