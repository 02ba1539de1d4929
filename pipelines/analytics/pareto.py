"""Tiers by cumulated share of contribution: the few customers that bring most of it.

Source of the method: ABC analysis after Juran's "vital few" (Quality Control Handbook, 1951).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import TYPE_CHECKING

import polars as pl

from pipelines.analytics.frames import only_as_of

if TYPE_CHECKING:
    from pipelines.policy import Policy

FEATURES = ("customer_key", "as_of", "contribution_12m")
# decimal(38,4) holds the sum of any number of customers' decimal(18,4).
AMOUNT = pl.Decimal(38, 4)
SMALLEST_AMOUNT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class ParetoParameters:
    """The cumulated shares at which tiers A and B end, exact."""

    a_share: Decimal
    b_share: Decimal

    @classmethod
    def from_policy(cls, policy: Policy) -> ParetoParameters:
        """Read segmentation.pareto_a_share and segmentation.pareto_b_share."""
        # str() of a float is the shortest decimal that means it: what stands in the file.
        return cls(*(Decimal(str(policy.number(f"segmentation.pareto_{tier}_share"))) for tier in "ab"))


def pareto(features: pl.DataFrame, parameters: ParetoParameters) -> pl.DataFrame:
    """Put each customer in tier A, B or C.

    Customers with a positive contribution, largest first (ties by key): A up to and including the one with whom the sum reaches the A
    share, B likewise to the B share, C the rest and all who bring none or less. Sums and limits are exact decimals.

    Args:
        features: customer_key, as_of, contribution_12m (Decimal with 4 places, reporting currency, cancellations counted; null counts as
            none).
        parameters: The shares.

    Returns:
        customer_key, as_of, pareto_tier.

    Raises:
        ValueError: More than one `as_of`.
    """
    only_as_of(features)
    contribution = pl.col("contribution_12m").cast(AMOUNT)
    ranked = (
        features.select("customer_key", contribution)
        .filter(pl.col("contribution_12m") > 0)
        .sort("contribution_12m", "customer_key", descending=[True, False])
    )
    total = Decimal(ranked.get_column("contribution_12m").sum() or 0)
    # Whoever starts below the limit belongs to the tier, so the one who crosses it does too.
    before = pl.col("contribution_12m").cum_sum() - pl.col("contribution_12m")
    tiers = ranked.select(
        "customer_key",
        pl.when(before < _limit(parameters.a_share, total))
        .then(pl.lit("A"))
        .when(before < _limit(parameters.b_share, total))
        .then(pl.lit("B"))
        .otherwise(pl.lit("C"))
        .alias("pareto_tier"),
    )
    return (
        features.select("customer_key", "as_of")
        .join(tiers, on="customer_key", how="left", validate="1:1")
        .with_columns(pl.col("pareto_tier").fill_null("C"))
        .sort("customer_key")
    )


def _limit(share: Decimal, total: Decimal) -> pl.Expr:
    """The share of the total, rounded up to the grid of amounts: an amount is below the one exactly when it is below the other."""
    with localcontext(prec=2 * AMOUNT.precision):
        return pl.lit((share * total).quantize(SMALLEST_AMOUNT, rounding=ROUND_CEILING), dtype=AMOUNT)
