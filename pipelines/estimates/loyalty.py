"""estimates.estimate_loyalty: the behavioural score and its parts, one row a customer and closed month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.analytics.loyalty import LoyaltyParameters, loyalty
from pipelines.estimates.months import Progress, each_month

if TYPE_CHECKING:
    from pipelines.policy import Policy
    from pipelines.warehouse.build import Build

TABLE = "estimates.estimate_loyalty"
SCHEMA = {
    "customer_key": "bigint",
    "as_of": "date",
    "tenure_score": "double",
    "regularity_score": "double",
    "depth_score": "double",
    "trend_score": "double",
    "behavioural_score": "double",
}
_COLUMNS = (
    "account_count",
    "active_months_12m",
    "bill_count",
    "days_since_last_bill",
    "months_since_first_bill",
    "net_amount_6m",
    "net_amount_prior_6m",
    "product_count_12m",
    "tenure_days",
)


def estimate_loyalty(build: Build, policy: Policy, progress: Progress | None = None) -> int:
    """Score the behaviour of every customer in every closed month.

    Returns:
        Rows written.

    Raises:
        ClienteleError: The policy gives no part any weight.
    """
    parameters = LoyaltyParameters.from_policy(policy)
    return build.replace(TABLE, (loyalty(features, parameters) for _, features in each_month(build, _COLUMNS, progress)), SCHEMA)
