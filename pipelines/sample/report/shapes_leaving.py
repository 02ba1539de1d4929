"""How many leave, and what they did before: beside the mobile customers of Cell2Cell."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Floats, Integers
from pipelines.sample.population.memberships import HARBOUR
from pipelines.sample.report.delivered import KEEPING, Delivered
from pipelines.sample.report.shapes_paying import share

_BEFORE: Final = 3  # months with which a month is compared
_AHEAD: Final = 2  # a customer of Cell2Cell counts as lost when it leaves 31 to 60 days after: here, in the second month


@dataclass(frozen=True)
class Leaving:
    """When the customers of operations leave: the truth.

    Attributes:
        is_served: Months × customers.
        last: Month of the last bill; far in the future for those who stay.
    """

    is_served: Booleans
    last: Integers

    def within(self, months: int) -> Booleans:
        """Months × customers: whether the last bill comes after this month, and within so many months."""
        index = np.arange(len(self.is_served))[:, None]
        return np.asarray((self.last > index) & (self.last <= index + months))

    def at_stake(self, months: int) -> Booleans:
        """Months × customers: who is still served after this month, where the sample tells what came of it within so many months."""
        index = np.arange(len(self.is_served))[:, None]
        return np.asarray(self.is_served & (self.last > index) & (index + months < len(self.is_served)))


def leaving_of(chunk: Chunk) -> Leaving:
    """The truth about the customers of operations of a chunk."""
    is_ours = chunk.memberships.slot < HARBOUR
    return Leaving(chunk.life.is_served[:, is_ours], chunk.life.last[is_ours])


def monthly_churn(leaving: Leaving) -> float:
    """Share of the customers served in a month for whom it is the last one."""
    return share(leaving.last == np.arange(len(leaving.is_served))[:, None], leaving.is_served)


def change(values: Floats) -> Floats:
    """Months × customers: by what share a month lies above (below 0: under) the mean of the three before; NaN where one of them is 0."""
    changed = np.full(values.shape, np.nan)
    if len(values) <= _BEFORE:
        return changed
    before = [values[lag : len(values) - _BEFORE + lag] for lag in range(_BEFORE)]
    usual = (before[0] + before[1] + before[2]) / _BEFORE
    is_known = (before[0] > 0) & (before[1] > 0) & (before[2] > 0)
    changed[_BEFORE:] = np.where(is_known, values[_BEFORE:] / np.where(is_known, usual, 1.0) - 1.0, np.nan)
    return changed


def odds_ratio(leaves: Booleans, these: Booleans, those: Booleans) -> float:
    """How much greater the odds of leaving are for these than for those; NaN where nobody leaves or nobody stays."""
    left, stayed = (float(np.count_nonzero(these & it)) for it in (leaves, ~leaves))
    left_too, stayed_too = (float(np.count_nonzero(those & it)) for it in (leaves, ~leaves))
    return left * stayed_too / (stayed * left_too) if stayed * left_too and left else float("nan")


def after_a_fall(changed: Floats, leaves: Booleans, at_stake: Booleans) -> float:
    """Odds of leaving of the tenth that fell most, against those of the middle fifth."""
    is_known = at_stake & ~np.isnan(changed)
    if not is_known.any():
        return float("nan")
    tenth, fourth, sixth = np.quantile(changed[is_known], (0.1, 0.4, 0.6))
    return odds_ratio(leaves, is_known & (changed <= tenth), is_known & (changed >= fourth) & (changed <= sixth))


def leaving_shapes(leaving: Leaving, records: Delivered) -> dict[str, float]:
    """The shapes of leaving.

    Args:
        leaving: The truth about the customers of `records`, in their order.
        records: What was delivered.
    """
    is_there_still = ~leaving.within(_AHEAD - 1)
    leaves, at_stake = leaving.within(_AHEAD), leaving.at_stake(_AHEAD) & is_there_still
    use = change(records.by_month(records.usage.filter(pl.col("measure") == 0), "quantity"))
    bill = change(records.by_month(records.invoices.filter(pl.col("status") == "issued").unique("invoice_id", keep="first"), "amount"))
    begun = records.contacts.filter(pl.col("direction") == "inbound")
    is_keeping = pl.col("reason").is_in(KEEPING)
    asked = _lately(records.by_month(begun.filter(~is_keeping)))
    kept = _lately(records.by_month(records.contacts.filter(is_keeping)))
    return {
        "monthly_churn": monthly_churn(leaving),
        "use_falls": share(use < 0, at_stake & ~np.isnan(use)),
        "bill_falls": share(bill < 0, at_stake & ~np.isnan(bill)),
        "leaving_after_use_fell": after_a_fall(use, leaves, at_stake),
        "leaving_after_bill_fell": after_a_fall(bill, leaves, at_stake),
        "leaving_after_care_calls": odds_ratio(leaves, at_stake & asked, at_stake & ~asked),
        "leaving_after_retention_calls": odds_ratio(leaves, at_stake & kept, at_stake & ~kept),
    }


def _lately(counts: Floats) -> Booleans:
    """Months × customers: whether anything happened in the month or the two before."""
    happened = counts > 0
    for lag in range(1, _BEFORE):
        happened[lag:] |= counts[:-lag] > 0
    return happened
