"""The stage of a customer's life, and the rule that put it there.

The first rule that holds decides. Facts that end a relation come first, then silence, then return, then youth, then the amount:

| order | rule | stage | holds when |
|---|---|---|---|
| 1 | closed | lost | the customer is closed by as_of |
| 2 | never_billed | prospect | no bill yet (cancellations are none) |
| 3 | silent_past_lost_limit | lost | more than `lost_after_days` since the latest bill |
| 4 | silent_past_dormant_limit | dormant | more than `dormant_after_days` since the latest bill |
| 5 | returned_after_loss | won_back | a bill within the won-back window ended a silence of more than `lost_after_days` |
| 6 | within_first_days | onboarding | fewer than `onboarding_days` since the first bill |
| 7 | too_short_to_compare | mature | fewer than twelve calendar months since the first bill, its month counted |
| 8 | amount_up | growing | 6 months at least `change_share` above the 6 before (or something after nothing) |
| 9 | amount_down | declining | 6 months at least `change_share` below the 6 before |
| 10 | amount_steady | mature | none of the others |
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from pipelines.analytics.frames import COMPARED_MONTHS

if TYPE_CHECKING:
    from pipelines.policy import Policy

FEATURES = (
    "customer_key",
    "as_of",
    "first_bill_date",
    "days_since_last_bill",
    "bill_count",
    "months_since_first_bill",
    "net_amount_6m",
    "net_amount_prior_6m",
    "previous_gap_days",
    "is_closed",
)
STAGES = {
    "closed": "lost",
    "never_billed": "prospect",
    "silent_past_lost_limit": "lost",
    "silent_past_dormant_limit": "dormant",
    "returned_after_loss": "won_back",
    "within_first_days": "onboarding",
    "too_short_to_compare": "mature",
    "amount_up": "growing",
    "amount_down": "declining",
    "amount_steady": "mature",
}


@dataclass(frozen=True, slots=True)
class LifeCycleParameters:
    """Limits in days, and the exact share by which two half-years must differ. The won-back window is the feature's own."""

    onboarding_days: int
    dormant_after_days: int
    lost_after_days: int
    change_share: Decimal

    @classmethod
    def from_policy(cls, policy: Policy) -> LifeCycleParameters:
        """Read life_cycle.*."""
        return cls(
            policy.integer("life_cycle.onboarding_days"),
            policy.integer("life_cycle.dormant_after_days"),
            policy.integer("life_cycle.lost_after_days"),
            Decimal(str(policy.number("life_cycle.change_share"))),
        )


def life_cycle(features: pl.DataFrame, parameters: LifeCycleParameters) -> pl.DataFrame:
    """Name each customer's stage.

    Args:
        features: customer_key, as_of, first_bill_date, days_since_last_bill, bill_count, months_since_first_bill (calendar months, 0 in the
            first), net_amount_6m, net_amount_prior_6m (Decimal; null counts as 0), previous_gap_days (the longest silence that a bill of
            the won-back window ended; null without), is_closed.
        parameters: The limits.

    Returns:
        customer_key, as_of, life_cycle_stage, life_cycle_rule.
    """
    rule = _rule(parameters)
    return features.select(
        "customer_key",
        "as_of",
        rule.replace_strict(STAGES, return_dtype=pl.String).alias("life_cycle_stage"),
        rule.alias("life_cycle_rule"),
    ).sort("customer_key")


def _rule(parameters: LifeCycleParameters) -> pl.Expr:
    now = pl.col("net_amount_6m").fill_null(0)
    before = pl.col("net_amount_prior_6m").fill_null(0)
    # now - before >= share x before, multiplied out by the share's denominator: exact on decimals.
    numerator, denominator = parameters.change_share.as_integer_ratio()
    change, limit = (now - before) * denominator, before * numerator
    silence = pl.col("days_since_last_bill")
    holds = {
        "closed": pl.col("is_closed"),
        "never_billed": pl.col("bill_count").fill_null(0) == 0,
        "silent_past_lost_limit": silence > parameters.lost_after_days,
        "silent_past_dormant_limit": silence > parameters.dormant_after_days,
        "returned_after_loss": pl.col("previous_gap_days") > parameters.lost_after_days,
        "within_first_days": (pl.col("as_of") - pl.col("first_bill_date")).dt.total_days() < parameters.onboarding_days,
        "too_short_to_compare": pl.col("months_since_first_bill") < COMPARED_MONTHS - 1,
        "amount_up": ((before > 0) & (change >= limit)) | ((before <= 0) & (now > 0)),
        "amount_down": (before > 0) & (change <= -limit),
    }
    return pl.coalesce(*(pl.when(condition).then(pl.lit(rule)) for rule, condition in holds.items()), pl.lit("amount_steady"))
