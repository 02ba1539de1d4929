"""Online Retail: who is about to leave, what fired, and how often that was right, counted by hand."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.agreement.published import agree
from tests.agreement.rhythm import AS_OFS, History, bill_drops, read_history, silences
from tests.workspaces import needs_online_retail

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.agreement.published import Published

    Fired = Callable[[History, date], dict[str, tuple[date, float]]]

pytestmark = needs_online_retail
LATE = AS_OFS[-1]


@pytest.fixture(scope="module")
def history(invoices: pl.DataFrame, lines: pl.DataFrame) -> History:
    return read_history(invoices, lines)


def chances(history: History, as_of: date) -> dict[str, tuple[float, int]]:
    """Of each customer with a rhythm the probability of leaving, and how many endings it stands on.

    The share of those in the same cell who left, with ten more members who left as often as all did.
    """
    ended = history.outcomes(as_of)
    everyone = [has_left for members in ended.values() for has_left in members]
    rate = sum(everyone) / len(everyone)
    cells = {customer: rhythm.cell for customer, rhythm in history.rhythms[as_of].items()}
    return {
        customer: ((sum(ended.get(cell, [])) + 10 * rate) / (len(ended.get(cell, [])) + 10), len(ended.get(cell, [])))
        for customer, cell in cells.items()
    }


@pytest.mark.parametrize("as_of", [date(2011, 5, 31), date(2011, 8, 31), LATE])
def test_probability_of_leaving(retail: Published, history: History, as_of: date) -> None:
    published = retail.by_customer(
        "select customer_key, probability, evidence_count as evidence "
        f"from mart.churn_risk_customer where as_of = date '{as_of}' and probability is not null"
    )
    counted = [(customer, *chance) for customer, chance in chances(history, as_of).items()]
    agree(published, pl.DataFrame(counted, ["customer", "probability", "evidence"], orient="row"))


@pytest.mark.parametrize(("silence", "bills"), [((0, 0.5), (2, 3)), ((1, 1.5), (4, 6)), ((2, 3), (3, 4)), ((5, 1_000), (2, 3))])
def test_a_cell_by_its_members(retail: Published, history: History, silence: tuple[float, float], bills: tuple[int, int]) -> None:
    """One cell at a time, its members found by their own figures: silence in own intervals, bills so far."""

    def members(as_of: date) -> list[str]:
        found = history.rhythms[as_of].items()
        return [name for name, rhythm in found if silence[0] <= rhythm.ratio < silence[1] and bills[0] <= rhythm.bills < bills[1]]

    earlier = [(name, as_of) for as_of in AS_OFS[:8] for name in members(as_of)]
    everyone = [history.has_left(name, as_of) for as_of in AS_OFS[:8] for name in history.rhythms[as_of]]
    left = sum(history.has_left(name, as_of) for name, as_of in earlier)
    expected = (left + 10 * sum(everyone) / len(everyone)) / (len(earlier) + 10)
    published = retail.by_customer(f"select customer_key, probability from mart.churn_risk_customer where as_of = date '{LATE}'")
    agree(
        published.filter(pl.col("customer").is_in(members(LATE))),
        pl.DataFrame({"customer": members(LATE)}).with_columns(probability=expected),
    )


def test_nobody_is_scored_before_enough_is_known(retail: Published, history: History) -> None:
    """The first month whose outcome is known is December, by April: fewer than a hundred endings keep the estimate silent before."""
    first = min(as_of for as_of in AS_OFS if sum(map(len, history.outcomes(as_of).values())) >= 100)
    published = retail.query("select min(as_of) from mart.churn_risk_customer where probability is not null").item()
    assert published == first == date(2011, 4, 30)


@pytest.mark.parametrize("as_of", AS_OFS)
def test_why_the_estimate_abstains(retail: Published, history: History, as_of: date) -> None:
    published = retail.by_customer(
        f"select customer_key, abstain_reason as reason from mart.churn_risk_customer where as_of = date '{as_of}' and is_abstained"
    )
    is_enough = sum(map(len, history.outcomes(as_of).values())) >= 100
    placed = history.rhythms[as_of]
    reasons = {name: "no_known_outcomes" if name in placed else "too_few_bills" for name in history.habits[as_of]}
    counted = [(name, reason) for name, reason in reasons.items() if not (is_enough and name in placed)]
    agree(published, pl.DataFrame(counted, ["customer", "reason"], orient="row"))


def fired(history: History, rule: Fired) -> pl.DataFrame:
    """Each firing of a rule in every month."""
    rows = [(name, as_of, *when_and_size) for as_of in AS_OFS for name, when_and_size in rule(history, as_of).items()]
    return pl.DataFrame(rows, ["customer", "as_of", "fired_date", "size"], orient="row")


@pytest.mark.parametrize(("trigger", "rule"), [("silence", silences), ("bill_drop", bill_drops)])
def test_triggers(retail: Published, history: History, trigger: str, rule: Fired) -> None:
    published = retail.by_customer(f"select customer_key, as_of, fired_date, size from mart.churn_trigger where trigger = '{trigger}'")
    agree(published, fired(history, rule))


def test_no_trigger_fires_on_records_that_are_not_there(retail: Published) -> None:
    assert set(retail.query("select distinct trigger from mart.churn_trigger")["trigger"]) == {"silence", "bill_drop"}


@pytest.mark.parametrize(("trigger", "rule"), [("silence", silences), ("bill_drop", bill_drops)])
def test_how_often_a_trigger_was_right(retail: Published, history: History, trigger: str, rule: Fired) -> None:
    """For each month with a firing: of the earlier ones whose outcome was known by then, the share who left."""
    by_month = {as_of: [history.has_left(name, as_of) for name in rule(history, as_of)] for as_of in AS_OFS}
    counted = []
    for as_of in (as_of for as_of in AS_OFS if by_month[as_of]):
        endings = [has_left for earlier in history.judged(as_of) for has_left in by_month[earlier]]
        counted.append((as_of, len(endings), sum(endings) / len(endings) if endings else None))
    published = retail.query(
        "select distinct as_of, judged_count as judged, precision_to_date as share_right "
        f"from mart.churn_trigger where trigger = '{trigger}'"
    )
    agree(published, pl.DataFrame(counted, ["as_of", "judged", "share_right"], orient="row"))
