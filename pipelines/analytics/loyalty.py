"""Behavioural loyalty: what a customer does, as four parts of 0-100 and their weighted mean.

After the repeat-patronage side of A. S. Dick and K. Basu, Customer loyalty (J. Academy of Marketing Science 22(2), 1994). What a customer
thinks is the other side and not measured here. A part that has no evidence is null and takes no share in the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from pipelines.analytics.frames import COMPARED_MONTHS, only_as_of
from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pipelines.policy import Policy

FEATURES = (
    "customer_key",
    "as_of",
    "bill_count",
    "tenure_days",
    "days_since_last_bill",
    "months_since_first_bill",
    "active_months_12m",
    "product_count_12m",
    "account_count",
    "net_amount_6m",
    "net_amount_prior_6m",
)
PARTS = ("tenure", "regularity", "depth", "trend")


@dataclass(frozen=True, slots=True)
class LoyaltyParameters:
    """Weights of the parts, and the points at which a part reaches 100.

    Attributes:
        weights: In the order of `PARTS`; only their proportions matter.
        window_months: Months that the `_12m` columns look back.
        tenure_full_days: Days from the start of the relation to the latest bill.
        depth_full_products: Different products billed in the window.
        depth_full_accounts: Accounts.
        trend_full_change: Change of the net amount, 6 months against the 6 before.
    """

    weights: tuple[float, float, float, float]
    window_months: int
    tenure_full_days: int
    depth_full_products: int
    depth_full_accounts: int
    trend_full_change: float

    @classmethod
    def from_policy(cls, policy: Policy) -> LoyaltyParameters:
        """Read loyalty.* and segmentation.window_months.

        Raises:
            ClienteleError: All weights are 0.
        """
        tenure, regularity, depth, trend = (policy.number(f"loyalty.{part}_weight") for part in PARTS)
        if tenure + regularity + depth + trend == 0:
            message = "the policies loyalty.*_weight are all 0; give at least one part a weight."
            raise ClienteleError(message)
        return cls(
            (tenure, regularity, depth, trend),
            policy.integer("segmentation.window_months"),
            policy.integer("loyalty.tenure_full_days"),
            policy.integer("loyalty.depth_full_products"),
            policy.integer("loyalty.depth_full_accounts"),
            policy.number("loyalty.trend_full_change"),
        )


def loyalty(features: pl.DataFrame, parameters: LoyaltyParameters) -> pl.DataFrame:
    """Score each customer's behaviour.

    Args:
        features: customer_key, as_of, bill_count, tenure_days, days_since_last_bill, months_since_first_bill (calendar months, 0 in the
            first), active_months_12m, product_count_12m, account_count, net_amount_6m, net_amount_prior_6m (reporting currency; null counts
            as 0).
        parameters: Weights and saturation points.

    Returns:
        customer_key, as_of, tenure_score, regularity_score, depth_score, trend_score, behavioural_score (Float64, 0-100). All null for
        customers who never had a bill. depth_score is null where nobody's products or accounts are known, trend_score within the first
        twelve calendar months or when nothing was billed in the last twelve.

    Raises:
        ValueError: More than one `as_of`.
    """
    only_as_of(features)
    parts = (_tenure(parameters), _regularity(parameters), _depth(parameters), _trend(parameters))
    has_bill = pl.col("bill_count") > 0
    scored = features.select(
        "customer_key",
        "as_of",
        *(pl.when(has_bill).then(part.clip(0, 1) * 100).alias(f"{name}_score") for name, part in zip(PARTS, parts, strict=True)),
    )
    weights = [(pl.col(f"{name}_score"), weight) for name, weight in zip(PARTS, parameters.weights, strict=True)]
    weighted = pl.sum_horizontal(*(score.fill_null(0) * weight for score, weight in weights))
    weight = pl.sum_horizontal(*(score.is_not_null().cast(pl.Float64) * weight for score, weight in weights))
    # A sum of weighted parts may exceed 100 by a rounding error of the last digit.
    mean = pl.when(weight > 0).then((weighted / weight).clip(0, 100)).alias("behavioural_score")
    return scored.with_columns(mean).sort("customer_key")


def _tenure(parameters: LoyaltyParameters) -> pl.Expr:
    """The length of the relation that bills prove: silence after the latest bill does not lengthen it."""
    return (pl.col("tenure_days").cast(pl.Float64) - pl.col("days_since_last_bill")) / parameters.tenure_full_days


def _regularity(parameters: LoyaltyParameters) -> pl.Expr:
    """The share of months with a bill, of those in which there could have been one."""
    possible = (pl.col("months_since_first_bill") + 1).clip(1, parameters.window_months)
    return pl.col("active_months_12m").cast(pl.Float64) / possible


def _depth(parameters: LoyaltyParameters) -> pl.Expr:
    """How much is held, by products or by accounts, whichever says more.

    What nobody has was not delivered, and is no evidence of anything.
    """
    holdings = (("product_count_12m", parameters.depth_full_products), ("account_count", parameters.depth_full_accounts))
    shares = ((pl.col(name), pl.col(name).fill_null(0).cast(pl.Float64) / full) for name, full in holdings)
    return pl.max_horizontal(*(pl.when(count.max() > 0).then(share) for count, share in shares))


def _trend(parameters: LoyaltyParameters) -> pl.Expr:
    """One half for no change, 1 for a rise by `trend_full_change` or more, 0 for a fall by as much."""
    now = pl.col("net_amount_6m").fill_null(0).cast(pl.Float64)
    before = pl.col("net_amount_prior_6m").fill_null(0).cast(pl.Float64)
    change = pl.when(before > 0).then((now - before) / before).when(now > 0).then(parameters.trend_full_change)
    is_comparable = pl.col("months_since_first_bill") >= COMPARED_MONTHS - 1
    return pl.when(is_comparable).then((1 + change / parameters.trend_full_change) / 2)
