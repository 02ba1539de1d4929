"""The row that a person reads: probability, band and up to three reasons.

Reasons are, in this order: the triggers that fired, strongest first (strength is how many times its own limit a trigger reached; equal ones
in the order of `REASONS`), then what the rhythm says:

| reason | holds when |
|---|---|
| bill_drop, payment_stop, unresolved_complaint, silence | the trigger of that name fired |
| longer_silence_than_usual | the silence reached `reason_ratio` own intervals, and the trigger `silence` has not said so already |
| few_bills | fewer bills than `few_bills_below`: no habit has formed |

Where the estimate abstains only triggers are given as reasons, and there is no band.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from pipelines.analytics.triggers import TRIGGERS

if TYPE_CHECKING:
    from pipelines.policy import Policy

FEATURES = ("customer_key", "bill_count")
REASONS = (*TRIGGERS, "longer_silence_than_usual", "few_bills")
REASON_COLUMNS = ("reason_1", "reason_2", "reason_3")


@dataclass(frozen=True, slots=True)
class ChurnRiskParameters:
    """Limits of bands (probability) and of the reasons that the rhythm gives (own intervals; bills)."""

    medium_band_from: float
    high_band_from: float
    reason_ratio: float
    few_bills_below: int

    @classmethod
    def from_policy(cls, policy: Policy) -> ChurnRiskParameters:
        """Read churn.* as far as it names risks."""
        return cls(
            policy.number("churn.medium_band_from"),
            policy.number("churn.high_band_from"),
            policy.number("churn.reason_ratio"),
            policy.integer("churn.few_bills_below"),
        )


def churn_risk(
    features: pl.DataFrame, estimated: pl.DataFrame, fired: pl.DataFrame, model_version: str, parameters: ChurnRiskParameters
) -> pl.DataFrame:
    """Join probability, triggers and reasons to one row a customer.

    Args:
        features: customer_key, bill_count.
        estimated: What `rhythm.probability` gave for the same customers.
        fired: What `triggers.triggers` gave for the same `as_of`.
        model_version: `RhythmParameters.model_version`.
        parameters: Limits.

    Returns:
        customer_key, as_of, probability, is_abstained, abstain_reason, rhythm_ratio, evidence_count, risk_band (high, medium, low; null
        when abstained), reason_1, reason_2, reason_3 (null when there are no more), trigger_count (Int16), model_version; sorted by
        customer_key.
    """
    chance = pl.col("probability")
    band = (
        pl.when(chance >= parameters.high_band_from)
        .then(pl.lit("high"))
        .when(chance >= parameters.medium_band_from)
        .then(pl.lit("medium"))
        .when(chance.is_not_null())
        .then(pl.lit("low"))
    )
    trigger_counts = fired.group_by("customer_key").agg(pl.len().cast(pl.Int16).alias("trigger_count"))
    with_bills = estimated.join(features.select("customer_key", "bill_count"), on="customer_key", how="inner", validate="1:1")
    return (
        estimated.join(trigger_counts, on="customer_key", how="left", validate="1:1")
        .join(_reasons(with_bills, fired, parameters), on="customer_key", how="left", validate="1:1")
        .select(
            "customer_key",
            "as_of",
            "probability",
            "is_abstained",
            "abstain_reason",
            "rhythm_ratio",
            "evidence_count",
            band.alias("risk_band"),
            *REASON_COLUMNS,
            pl.col("trigger_count").fill_null(0),
            pl.lit(model_version).alias("model_version"),
        )
        .sort("customer_key")
    )


def _reasons(with_bills: pl.DataFrame, fired: pl.DataFrame, parameters: ChurnRiskParameters) -> pl.DataFrame:
    """customer_key and its first three reasons; customers without any have no row."""
    order = {reason: position for position, reason in enumerate(REASONS)}
    spoken = with_bills.filter(~pl.col("is_abstained"))
    is_silent = fired.filter(pl.col("trigger") == "silence")
    said_by_rhythm = (
        spoken.filter(pl.col("rhythm_ratio") >= parameters.reason_ratio)
        .join(is_silent, on="customer_key", how="anti")
        .select("customer_key", pl.lit("longer_silence_than_usual").alias("reason")),
        spoken.filter(pl.col("bill_count") < parameters.few_bills_below).select("customer_key", pl.lit("few_bills").alias("reason")),
    )
    # The rhythm's reasons have no strength of their own and so come last, in the order of REASONS.
    rhythm = pl.concat(said_by_rhythm).with_columns(pl.lit(None, dtype=pl.Float64).alias("strength"))
    every = pl.concat([fired.select("customer_key", pl.col("trigger").alias("reason"), "strength"), rhythm])
    position = pl.col("reason").replace_strict(order, return_dtype=pl.Int8)
    ranked = (
        every.with_columns(position.alias("position"))
        .sort("customer_key", "strength", "position", descending=[False, True, False], nulls_last=True)
        .group_by("customer_key", maintain_order=True)
        .agg("reason")
    )
    return ranked.select(
        "customer_key", *(pl.col("reason").list.get(place, null_on_oob=True).alias(name) for place, name in enumerate(REASON_COLUMNS))
    )
