"""What operations and its branches are to reach in each month: a plan made from what is known of the business beforehand."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Business
from pipelines.sample.chance import Floats, Integers
from pipelines.sample.industries.industry import Industry
from pipelines.sample.population.entities import REGION_SHARES
from pipelines.sample.population.staff import BRANCHES_PER_REGION
from pipelines.sample.records.reference_calendar import year_starts
from pipelines.sample.records.reference_organisation import BRANCH_CODES, OPERATIONS_CODE
from pipelines.sample.timeline import Timeline

_JOINING: Final = 80  # one entity in so many joins in a month
_LEAVING: Final = 100  # the plan allows for one in so many leaving
_ADD_ONS: Final = 60  # held by a hundred accounts
_AMBITION: Final = 104  # per cent of what would come by itself
_OFFICES: Final = 12  # per cent of the entities
_SATISFIED: Final = 78  # per cent of those asked, and one more each year
# Levels of consumption of two hundred customers, as `population.entities` draws them, least first.
_LEVELS: Final[Floats] = np.asarray(0.7 + 0.25 / (1.0 - 0.97 * (np.arange(200) + 0.5) / 200.0), dtype=np.float64)
_OFFICE_USE: Final = 2.5  # times what a person of the same level uses, on each line
_MOST_LINES: Final = 20  # of an organisation, as the accounts are drawn


def usual_bill(industry: Industry, plans: tuple[str, ...], value: Floats, calendar_month: int | None = None) -> Integers:
    """What one account of a ladder costs in a month by list price, without add-ons and discounts.

    Args:
        industry: What is sold.
        plans: One of its ladders; of the office ladder a customer holds as many lines as is usual at its level.
        value: Levels of consumption.
        calendar_month: 0 for January … 11 for December; None for a month without season.

    Returns:
        Fen with tax: the plan, and what is used beyond it.
    """
    is_office = plans == industry.office_plans
    ladder = industry.ladder(plans)
    rung = np.minimum(np.searchsorted(np.array(industry.plan_bounds), value), len(ladder) - 1)
    lines = np.minimum(1 + (value * value / 2.0).astype(np.int64), _MOST_LINES) if is_office else 1
    bill = np.asarray(industry.price[ladder[rung]] * lines)
    for measure in industry.measures:
        if plans != industry.second_plans or measure.is_of_second:
            season = 1.0 if calendar_month is None else measure.season[calendar_month]
            used = value * lines * measure.usual * season * (_OFFICE_USE if is_office else 1.0)
            bill = bill + (used * ((100 - measure.included) * measure.price) / 10_000.0).astype(np.int64)
    return bill


def make_targets(business: Business) -> pl.DataFrame:
    """New customers, net growth, revenue and satisfaction of operations and each branch, delivered for a calendar year at a time.

    Returns:
        organisation_unit, month (first day), measure, value, delivered. `value` is a count for new_customers and net_growth, yuan with tax
        for revenue, per cent of the answers for satisfaction. Ordered by delivery, unit, month and measure.
    """
    timeline, customers = business.timeline, business.customers
    shares = np.repeat(np.array(REGION_SHARES, dtype=np.int64), BRANCHES_PER_REGION)
    # The whole weighs as much as its branches together, so that both are rounded from the same plan.
    units = [(OPERATIONS_CODE, int(shares.sum())), *zip(BRANCH_CODES, shares.tolist(), strict=True)]
    bills = [_average_bill(business.industry, month) for month in range(12)]
    frames = []
    for year, start in year_starts(timeline):
        index = np.arange(start, _december(timeline, year) + 1, dtype=np.int64)
        calendar_month = timeline.calendar_month(index)
        joining = customers * _AMBITION // (_JOINING * 100)
        there = _customers_by_month(business, int(index[-1]) + 1)[index]
        net = joining - there // _LEAVING
        revenue = there * np.array(bills, dtype=np.int64)[calendar_month] * _AMBITION // 100
        satisfied = np.full(len(index), _SATISFIED + year - year_starts(timeline)[0][0], dtype=np.int64)
        for code, weight in units:
            values = (
                ("new_customers", np.full(len(index), joining, dtype=np.int64) * weight // units[0][1] * 100),
                ("net_growth", net * weight // units[0][1] * 100),
                ("revenue", revenue * weight // units[0][1]),
                ("satisfaction", np.minimum(satisfied, 90) * 100),
            )
            month = (timeline.first + index).astype("datetime64[D]")
            columns = [
                pl.DataFrame({"month": month, "measure": [name] * len(month), "value": hundredths / 100.0, "_order": index})
                for name, hundredths in values
            ]
            frames.append(
                pl.concat(columns)
                .sort("_order", maintain_order=True)
                .select(pl.lit(code).alias("organisation_unit"), "month", "measure", "value", pl.lit(start, pl.Int64).alias("delivered"))
            )
    return pl.concat(frames)


def _december(timeline: Timeline, year: int) -> int:
    """Index of the last month of a year, which may lie beyond the sample."""
    return int(timeline.index_of(np.array([f"{year}-12"], dtype="datetime64[M]"))[0])


def _average_bill(industry: Industry, calendar_month: int) -> int:
    """Fen that an average customer pays in a month of the year, add-ons with it."""
    first, second, office = (
        int(usual_bill(industry, plans, _LEVELS, calendar_month).sum()) // len(_LEVELS)
        for plans in (industry.plans, industry.second_plans, industry.office_plans)
    )
    add_on, office_add_on = (
        int(industry.price[industry.ladder(numbers)].sum()) * _ADD_ONS // (len(numbers) * 100)
        for numbers in (industry.add_ons, industry.office_add_ons)
    )
    person = (first + add_on) * 100 + (second + add_on) * industry.second_share
    organisation = (office + office_add_on) * (100 + industry.second_share * 3 // 2)
    return ((100 - _OFFICES) * person + _OFFICES * organisation) // 10_000


def _customers_by_month(business: Business, months: int) -> Integers:
    """How many customers the plan counts on at the beginning of each month."""
    newcomers = min(business.customers // 2, business.customers * business.timeline.count // _JOINING)
    there = [business.customers - newcomers]
    for _ in range(months - 1):
        there.append(there[-1] + business.customers // _JOINING - there[-1] // _LEAVING)
    return np.array(there, dtype=np.int64)
