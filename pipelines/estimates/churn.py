"""estimates.estimate_churn_risk and estimates.estimate_churn_trigger, made in one walk through the months.

The walk goes forward in time, since a month's probability learns from how the customers of earlier months ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from pipelines.analytics.churn_risk import ChurnRiskParameters, churn_risk
from pipelines.analytics.rhythm import RhythmParameters, cells, no_counts, outcome_counts, probability
from pipelines.analytics.triggers import TriggerParameters, triggers
from pipelines.estimates.months import Progress, each_month

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pipelines.policy import Policy
    from pipelines.warehouse.build import Build

RISK_TABLE = "estimates.estimate_churn_risk"
RISK_SCHEMA = {
    "customer_key": "bigint",
    "as_of": "date",
    "probability": "double",
    "is_abstained": "boolean",
    "abstain_reason": "varchar",
    "rhythm_ratio": "double",
    "evidence_count": "bigint",
    "risk_band": "varchar",
    "reason_1": "varchar",
    "reason_2": "varchar",
    "reason_3": "varchar",
    "trigger_count": "integer",
    "model_version": "varchar",
}
TRIGGER_TABLE = "estimates.estimate_churn_trigger"
TRIGGER_SCHEMA = {"customer_key": "bigint", "as_of": "date", "trigger": "varchar", "fired_date": "date", "size": "double"}
_COLUMNS = (
    "bill_count",
    "bill_count_12m",
    "bill_interval_count",
    "days_since_last_bill",
    "first_bill_date",
    "has_payments",
    "is_closed",
    "last_bill_date",
    "last_payment_date",
    "mean_bill_interval_days",
    "oldest_open_complaint_days",
    "overdue_amount",
)


def estimate_churn(build: Build, policy: Policy, progress: Progress | None = None) -> tuple[int, int]:
    """Estimate the risk of leaving, and find what fired, for every customer in every closed month.

    Returns:
        Rows written to the risk table and to the trigger table.
    """
    # Few customers set off a trigger, so those rows are kept while the risks are written as they come.
    fired: list[pl.DataFrame] = []
    risks = build.replace(RISK_TABLE, _risks(build, policy, fired, progress), RISK_SCHEMA)
    return risks, build.replace(TRIGGER_TABLE, fired, TRIGGER_SCHEMA)


def _risks(build: Build, policy: Policy, fired: list[pl.DataFrame], progress: Progress | None) -> Iterator[pl.DataFrame]:
    """The rows of the risk table, month by month; adds each month's triggers to `fired`."""
    rhythm = RhythmParameters.from_policy(policy)
    limits = TriggerParameters.from_policy(policy)
    bands = ChurnRiskParameters.from_policy(policy)
    counts = no_counts()
    for as_of, features in each_month(build, _COLUMNS, progress):
        placed = cells(features, rhythm)
        found = triggers(features, placed, _bills(build, as_of), limits)
        yield churn_risk(features, probability(placed, counts, rhythm), found, rhythm.model_version, bands).select(*RISK_SCHEMA)
        fired.append(found.select(*TRIGGER_SCHEMA))
        counts = pl.concat([counts, outcome_counts(placed, _outcomes(build, as_of))])


def _bills(build: Build, as_of: date) -> pl.DataFrame:
    """The customer-months of the month and the twelve before, as the bill-drop trigger reads them."""
    this_month = as_of.replace(day=1)
    last_year = this_month.replace(year=this_month.year - 1)
    columns = ["customer_key", "month", "net_amount", "invoice_count"]
    return build.frame("core.fct_customer_month", columns, between=("month", last_year, this_month))


def _outcomes(build: Build, as_of: date) -> pl.DataFrame:
    columns = ["customer_key", "as_of", "outcome_known_date", "is_churned"]
    return build.frame("features.feature_churn_outcome", columns, where={"as_of": as_of})
