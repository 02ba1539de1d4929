"""Who comes back, and how unequal the customers are: harbour beside Online Retail, operations beside the households of Complete Journey."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Integers

_YEAR, _HALF = 12, 6
_UNKNOWN: Final = float("nan")


def coming_back(purchases: pl.DataFrame, months: int) -> dict[str, float]:
    """How many come back, within the last twelve months.

    Args:
        purchases: Invoices with invoice_id, customer_id, delivered (month index) and amount; goods taken back are below 0.
        months: How many months the sample has.

    Returns:
        `repeat_rate`: of those who bought, who did so twice or more. `one_and_done`: of those whose first purchase in the twelve months
        lies in their first half, who came once.
    """
    bought = purchases.filter((pl.col("amount") > 0) & (pl.col("delivered") >= months - _YEAR)).unique("invoice_id", keep="first")
    by_customer = bought.group_by("customer_id").agg(first=pl.col("delivered").min(), times=pl.len())
    early = by_customer.filter(pl.col("first") < months - _HALF)
    return {"repeat_rate": _share(by_customer["times"] >= 2), "one_and_done": _share(early["times"] == 1)}


def revenue(invoices: pl.DataFrame, since: int) -> Integers:
    """What each customer with more than nothing brought from a month on, ascending; what was taken back or credited is deducted."""
    known = invoices.filter(pl.col("customer_id").is_not_null() & (pl.col("delivered") >= since)).unique("invoice_id", keep="first")
    by_customer = known.group_by("customer_id").agg(pl.col("amount").sum()).filter(pl.col("amount") > 0)
    return by_customer["amount"].sort().to_numpy()


def top_fifth(amounts: Integers) -> float:
    """Share of the fifth of the customers who bring most; `amounts` ascending."""
    top = round(len(amounts) / 5)
    return float(amounts[len(amounts) - top :].sum() / amounts.sum()) if top else _UNKNOWN


def gini(amounts: Integers) -> float:
    """Gini coefficient of ascending amounts: 0 when all bring the same."""
    count = len(amounts)
    weights = 2 * np.arange(1, count + 1) - count - 1
    return float((weights * amounts.astype(np.float64)).sum() / (count * amounts.sum())) if count > 1 else _UNKNOWN


def purchase_shapes(purchases: pl.DataFrame, invoices: pl.DataFrame, persons: Integers, months: int) -> dict[str, float]:
    """The shapes of harbour's purchases, and of what operations billed in the last year.

    Args:
        purchases: Invoices of harbour.
        invoices: Invoices of operations.
        persons: Numbers of the customers of operations who are persons.
        months: How many months the sample has.
    """
    since = months - _YEAR
    bought, billed = revenue(purchases, since), revenue(invoices, since)
    of_persons = revenue(invoices.filter(pl.col("customer_id").is_in(pl.Series(persons).implode())), since)
    return coming_back(purchases, months) | {
        "top_fifth_purchases": top_fifth(bought),
        "gini_purchases": gini(bought),
        "top_fifth_persons": top_fifth(of_persons),
        "top_fifth_all": top_fifth(billed),
    }


def _share(is_so: pl.Series) -> float:
    return float(is_so.sum() / len(is_so)) if len(is_so) else _UNKNOWN
