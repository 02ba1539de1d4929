"""Online Retail: how customers are scored, tiered and staged, worked out customer by customer with lists and whole numbers.

The figures below are those of the policy as it is shipped, on purpose written down once more.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.agreement.online_retail import Habit, habits, months_between
from tests.agreement.published import agree
from tests.workspaces import needs_online_retail

if TYPE_CHECKING:
    from tests.agreement.published import Published

pytestmark = needs_online_retail
EARLY, SUMMER, LATE = date(2011, 2, 28), date(2011, 7, 31), date(2011, 11, 30)


def fifths(measures: dict[str, int]) -> dict[str, int]:
    """1 to 5 by the share of customers who stand lower, ties counted half, so that equal customers score the same."""
    ordered = sorted(measures.values())
    lower = {customer: bisect_left(ordered, measure) + bisect_right(ordered, measure) for customer, measure in measures.items()}
    return {customer: 1 + 5 * twice // (2 * len(ordered)) for customer, twice in lower.items()}


@pytest.mark.parametrize("as_of", [EARLY, SUMMER, LATE])
def test_rfm_scores(retail: Published, invoices: pl.DataFrame, lines: pl.DataFrame, as_of: date) -> None:
    """Each customer; those who never had a bill, only something taken back, score 1 throughout."""
    found = habits(invoices, lines, as_of)
    billed = {customer: habit for customer, habit in found.items() if habit.bills}
    recency = fifths({customer: -(as_of - habit.bills[-1]).days for customer, habit in billed.items()})
    frequency = fifths({customer: len(habit.bills) for customer, habit in billed.items()})
    monetary = fifths({customer: habit.value for customer, habit in billed.items()})
    assert len(billed) < len(found)
    published = retail.by_customer(
        "select customer_key, recency_score as recency, frequency_score as frequency, monetary_score as monetary "
        f"from mart.segmentation_customer where as_of = date '{as_of}'"
    )
    counted = [(customer, *(scores.get(customer, 1) for scores in (recency, frequency, monetary))) for customer in found]
    agree(published, pl.DataFrame(counted, schema=["customer", "recency", "frequency", "monetary"], orient="row"))


def tiers(values: dict[str, int], keys: dict[str, int]) -> dict[str, str]:
    """A up to and including the customer who crosses 80 % of all that is positive, B likewise to 95 %; equal customers by key."""
    positive = sorted((-value, keys[customer], customer) for customer, value in values.items() if value > 0)
    total, so_far, tier = sum(-value for value, _, _ in positive), 0, dict.fromkeys(values, "C")
    for value, _, customer in positive:
        if 100 * so_far < 80 * total:
            tier[customer] = "A"
        elif 100 * so_far < 95 * total:
            tier[customer] = "B"
        so_far -= value
    return tier


@pytest.mark.parametrize("as_of", [date(2010, 12, 31), EARLY, SUMMER, LATE])
def test_pareto_tiers(retail: Published, invoices: pl.DataFrame, lines: pl.DataFrame, as_of: date) -> None:
    keys = {customer: key for key, customer in retail.numbers_of("customer").items()}
    found = tiers({customer: habit.value for customer, habit in habits(invoices, lines, as_of).items()}, keys)
    published = retail.by_customer(f"select customer_key, pareto_tier as tier from mart.segmentation_customer where as_of = date '{as_of}'")
    agree(published, pl.DataFrame({"customer": list(found), "tier": list(found.values())}))


def half_years(habit: Habit, as_of: date) -> tuple[int, int]:
    """Value of the six months up to then, and of the six before."""
    ages = [(months_between(month, as_of), value) for month, value in habit.values.items()]
    return sum(value for age, value in ages if age < 6), sum(value for age, value in ages if 6 <= age < 12)


def stage(habit: Habit, as_of: date) -> tuple[str, str]:
    """The stage given by the first rule that holds, and that rule; nobody closes an account with a wholesaler."""
    if not habit.bills:
        return "prospect", "never_billed"
    silence = (as_of - habit.bills[-1]).days
    returns = [later for earlier, later in pairwise(habit.bill_dates) if later - earlier > timedelta(180)]
    now, before = half_years(habit, as_of)
    rules = (
        ("lost", "silent_past_lost_limit", silence > 180),
        ("dormant", "silent_past_dormant_limit", silence > 90),
        ("won_back", "returned_after_loss", any(months_between(day, as_of) < 6 for day in returns)),
        ("onboarding", "within_first_days", (as_of - habit.first).days < 90),
        ("mature", "too_short_to_compare", months_between(habit.first, as_of) < 11),
        ("growing", "amount_up", 10 * now >= 12 * before > 0 or now > 0 >= before),
        ("declining", "amount_down", before > 0 and 10 * now <= 8 * before),
        ("mature", "amount_steady", True),
    )
    return next((name, rule) for name, rule, holds in rules if holds)


@pytest.mark.parametrize("as_of", [SUMMER, LATE])
def test_life_cycle_stages(retail: Published, invoices: pl.DataFrame, lines: pl.DataFrame, as_of: date) -> None:
    found = {customer: stage(habit, as_of) for customer, habit in habits(invoices, lines, as_of).items()}
    published = retail.by_customer(
        "select customer_key, life_cycle_stage as stage, life_cycle_rule as rule "
        f"from mart.segmentation_customer where as_of = date '{as_of}'"
    )
    agree(published, pl.DataFrame([(customer, *named) for customer, named in found.items()], ["customer", "stage", "rule"], orient="row"))


def behaviour(habit: Habit, as_of: date) -> tuple[float | None, ...]:
    """Tenure, regularity, depth and trend, each 0 to 100; none for customers without a bill."""
    if not habit.bills:
        return (None,) * 4
    tenure = (habit.bills[-1] - habit.first).days / 1825
    relation = months_between(habit.first, as_of) + 1
    regularity = len(habit.billed_months) / min(relation, 12)
    depth = len(habit.products) / 4
    trend = None
    if relation >= 12:
        now, before = half_years(habit, as_of)
        change = (now - before) / before if before > 0 else 0.5 if now > 0 else None
        trend = None if change is None else 0.5 + change
    return tuple(None if part is None else 100 * min(max(part, 0), 1) for part in (tenure, regularity, depth, trend))


def together(parts: tuple[float | None, ...]) -> float | None:
    """The parts weighed 20 : 35 : 20 : 25; one that is not known takes no share."""
    known = [(part, weight) for part, weight in zip(parts, (20, 35, 20, 25), strict=True) if part is not None]
    return sum(part * weight for part, weight in known) / sum(weight for _, weight in known) if known else None


@pytest.mark.parametrize("as_of", [EARLY, LATE])
def test_behavioural_loyalty(retail: Published, invoices: pl.DataFrame, lines: pl.DataFrame, as_of: date) -> None:
    found = {customer: behaviour(habit, as_of) for customer, habit in habits(invoices, lines, as_of).items()}
    published = retail.by_customer(
        "select customer_key, tenure_score, regularity_score, depth_score, trend_score, behavioural_score "
        f"from mart.loyalty_customer where as_of = date '{as_of}'"
    )
    columns = ["tenure_score", "regularity_score", "depth_score", "trend_score", "behavioural_score"]
    rows = [(customer, *parts, together(parts)) for customer, parts in found.items()]
    agree(published, pl.DataFrame(rows, {"customer": pl.String, **dict.fromkeys(columns, pl.Float64)}, orient="row"))
