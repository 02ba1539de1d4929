"""Rows of `feature_customer_month` for tests: an ordinary customer, and what is said to be different."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

AS_OF = date(2025, 6, 30)
MONEY: pl.DataType = pl.Decimal(18, 4)

# The types as the warehouse delivers them.
SCHEMA: dict[str, Any] = {
    "customer_key": pl.Int64,
    "as_of": pl.Date,
    "first_bill_date": pl.Date,
    "last_bill_date": pl.Date,
    "tenure_days": pl.Int32,
    "days_since_last_bill": pl.Int32,
    "bill_count": pl.Int32,
    "bill_count_12m": pl.Int32,
    "active_months_12m": pl.Int32,
    "months_since_first_bill": pl.Int32,
    "net_amount_6m": MONEY,
    "net_amount_prior_6m": MONEY,
    "contribution_12m": MONEY,
    "product_count_12m": pl.Int32,
    "account_count": pl.Int32,
    "oldest_open_complaint_days": pl.Int32,
    "last_payment_date": pl.Date,
    "overdue_amount": MONEY,
    "mean_bill_interval_days": pl.Float64,
    "bill_interval_count": pl.Int32,
    "previous_gap_days": pl.Int32,
    "is_closed": pl.Boolean,
    "has_payments": pl.Boolean,
}

# Billed every month for two years, the same amount, all paid.
ORDINARY: dict[str, Any] = {
    "as_of": AS_OF,
    "first_bill_date": date(2023, 7, 15),
    "last_bill_date": date(2025, 6, 15),
    "tenure_days": 716,
    "days_since_last_bill": 15,
    "bill_count": 24,
    "bill_count_12m": 12,
    "active_months_12m": 12,
    "months_since_first_bill": 23,
    "net_amount_6m": Decimal(600),
    "net_amount_prior_6m": Decimal(600),
    "contribution_12m": Decimal(1200),
    "product_count_12m": 1,
    "account_count": 1,
    "oldest_open_complaint_days": None,
    "last_payment_date": date(2025, 6, 20),
    "overdue_amount": Decimal(0),
    "mean_bill_interval_days": 30.0,
    "bill_interval_count": 23,
    "previous_gap_days": 31,
    "is_closed": False,
    "has_payments": True,
}

# Known, never billed: what the warehouse cannot know of such a customer is null.
PROSPECT: dict[str, Any] = {
    "first_bill_date": None,
    "last_bill_date": None,
    "tenure_days": 40,
    "days_since_last_bill": None,
    "bill_count": 0,
    "bill_count_12m": 0,
    "active_months_12m": 0,
    "months_since_first_bill": None,
    "net_amount_6m": None,
    "net_amount_prior_6m": None,
    "contribution_12m": None,
    "product_count_12m": 0,
    "account_count": 0,
    "last_payment_date": None,
    "overdue_amount": None,
    "mean_bill_interval_days": None,
    "bill_interval_count": 0,
    "previous_gap_days": None,
    "has_payments": False,
}


def customers(*differences: dict[str, Any]) -> pl.DataFrame:
    """One row a customer, numbered from 1 unless a customer_key is given."""
    rows = [{**ORDINARY, "customer_key": key, **different} for key, different in enumerate(differences, start=1)]
    return pl.DataFrame(rows, schema=SCHEMA)


def only(frame: pl.DataFrame, column: str) -> Any:
    """The value of a column in a frame of one row."""
    return frame.select(column).item()


@st.composite
def populations(draw: st.DrawFn) -> pl.DataFrame:
    """Any customers of one month, consistent enough to have come from a warehouse; few values, so that ties abound."""
    rows: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(0, 12))):
        if draw(st.integers(0, 4)) == 0:
            rows.append(dict(PROSPECT))
            continue
        bills = draw(st.integers(1, 20))
        in_window = draw(st.integers(0, min(bills, 12)))
        dates = draw(st.integers(1, bills))
        money = st.sampled_from([Decimal(units) / 4 for units in (-800, -1, 0, 1, 2, 400, 401, 4000)])
        rows.append(
            {
                "bill_count": bills,
                "bill_count_12m": in_window,
                "active_months_12m": in_window,
                "days_since_last_bill": draw(st.integers(0, 364) if in_window else st.integers(365, 2000)),
                "months_since_first_bill": draw(st.integers(0, 60)),
                "tenure_days": draw(st.integers(0, 4000)),
                "net_amount_6m": draw(money),
                "net_amount_prior_6m": draw(money),
                "contribution_12m": draw(money | st.none()),
                "product_count_12m": draw(st.integers(0, 9)),
                "account_count": draw(st.integers(0, 5)),
                "oldest_open_complaint_days": draw(st.none() | st.integers(0, 400)),
                "overdue_amount": draw(money),
                "last_payment_date": draw(st.none() | st.dates(date(2023, 7, 15), AS_OF)),
                "mean_bill_interval_days": float(draw(st.integers(1, 400))) if dates > 1 else None,
                "bill_interval_count": dates - 1,
                "previous_gap_days": draw(st.none() | st.integers(1, 700)),
                "is_closed": draw(st.booleans()),
                "has_payments": draw(st.booleans()),
            }
        )
    keys = draw(st.permutations(range(1, len(rows) + 1)))
    return customers(*({**row, "customer_key": key} for row, key in zip(rows, keys, strict=True)))
