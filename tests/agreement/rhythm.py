"""The probability of leaving and the triggers, counted for Online Retail customer by customer in exact fractions.

The figures are those of the policy as it is shipped, on purpose written down once more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING, Final

from tests.agreement.online_retail import MONTHS, Habit, habits, months_between

if TYPE_CHECKING:
    import polars as pl

Cell = tuple[int, int]  # bins of the rhythm ratio and of the number of bills
RATIO_LIMITS: Final = tuple(Fraction(limit) for limit in ("0.5", "1", "1.5", "2", "3", "5"))
BILL_LIMITS: Final = (2, 3, 4, 6, 9, 13)
MONTHS_TO_OUTCOME: Final = 4  # a gap of one and a horizon of three
SILENCE_RATIO: Final = 2
# The median absolute deviation of a normal distribution, turned into its standard deviation.
MAD_TO_SIGMA: Final = 1.482602218505602


def month_end(month: date) -> date:
    """The last day of a month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


AS_OFS: Final = [month_end(month) for month in MONTHS]


@dataclass(frozen=True)
class Rhythm:
    """A customer's silence in own intervals.

    Attributes:
        typical: Days from bill to bill, the customer's own mean averaged with two intervals of the usual customer.
        silence: Days since the latest bill.
        bills: How many there were in the window, which holds everything.
        last: Date of the latest bill.
    """

    typical: Fraction
    silence: int
    bills: int
    last: date

    @property
    def ratio(self) -> Fraction:
        return self.silence / self.typical

    @property
    def cell(self) -> Cell:
        return bisect_right(RATIO_LIMITS, self.ratio), bisect_right(BILL_LIMITS, self.bills)


def rhythms(found: dict[str, Habit], as_of: date) -> dict[str, Rhythm]:
    """The rhythm of each customer with bills on two different dates at least; nobody else has one."""
    spans = {customer: (habit.bill_dates[-1] - habit.bill_dates[0]).days for customer, habit in found.items() if len(habit.bill_dates) > 1}
    intervals = {customer: len(found[customer].bill_dates) - 1 for customer in spans}
    usual = median(Fraction(span, intervals[customer]) for customer, span in spans.items())
    return {
        customer: Rhythm(
            typical=(span + 2 * usual) / (intervals[customer] + 2),
            silence=(as_of - found[customer].bills[-1]).days,
            bills=len(found[customer].bills),
            last=found[customer].bills[-1],
        )
        for customer, span in spans.items()
    }


@dataclass(frozen=True)
class History:
    """Habits and rhythms at the end of each closed month."""

    habits: dict[date, dict[str, Habit]]
    rhythms: dict[date, dict[str, Rhythm]]

    def has_left(self, customer: str, as_of: date) -> bool:
        """Whether no bill fell into the second to the fourth month from then."""
        billed = self.habits[AS_OFS[-1]][customer].billed_months
        return not any(2 <= months_between(as_of, month) <= MONTHS_TO_OUTCOME for month in billed)

    def judged(self, as_of: date) -> list[date]:
        """The months of which the outcome was known by then."""
        return [earlier for earlier in AS_OFS if months_between(earlier, as_of) >= MONTHS_TO_OUTCOME]

    def outcomes(self, as_of: date) -> dict[Cell, list[bool]]:
        """For each cell how its members ended, as far as it was known by then."""
        ended = defaultdict(list)
        for earlier in self.judged(as_of):
            for customer, rhythm in self.rhythms[earlier].items():
                ended[rhythm.cell].append(self.has_left(customer, earlier))
        return ended


def read_history(invoices: pl.DataFrame, lines: pl.DataFrame) -> History:
    """What the files say by the end of each closed month."""
    found = {as_of: habits(invoices, lines, as_of) for as_of in AS_OFS}
    return History(found, {as_of: rhythms(found[as_of], as_of) for as_of in AS_OFS})


def silences(history: History, as_of: date) -> dict[str, tuple[date, float]]:
    """Who has been silent for more than two own intervals: since when, and for how many."""
    return {
        customer: (rhythm.last + timedelta(days=int(SILENCE_RATIO * rhythm.typical) + 1), float(rhythm.ratio))
        for customer, rhythm in history.rhythms[as_of].items()
        if rhythm.ratio > SILENCE_RATIO
    }


def bill_drops(history: History, as_of: date) -> dict[str, tuple[date, float]]:
    """Whose month fell far below the median of the months before: when, and by what share.

    At least six months with a bill before; down by two fifths or more, and by three and a half deviations. No month of last year is closed
    before December 2011, so that none can be compared.
    """
    this_month = as_of.replace(day=1)
    dropped = {}
    for customer, habit in history.habits[as_of].items():
        before = [habit.values.get(month, 0) for month in MONTHS if habit.first.replace(day=1) <= month < this_month]
        if len(habit.billed_months - {this_month}) < 6 or (level := median(before)) <= 0:
            continue
        fall = level - habit.values.get(this_month, 0)
        deviation = max(MAD_TO_SIGMA * median(abs(value - level) for value in before), 0.05 * level)
        if 5 * fall >= 2 * level and fall >= 3.5 * deviation:
            dropped[customer] = (as_of, fall / level)
    return dropped
