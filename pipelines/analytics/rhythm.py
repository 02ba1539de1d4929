"""The probability of leaving, from each customer's own rhythm of bills.

A silence means little by itself: ten weeks are nothing to a customer who buys twice a year and much to one billed monthly. So the silence
is measured in the customer's own typical intervals. Customers with a similar silence and a similar number of bills in the window form a
cell, and a cell's probability is the share of its members in earlier months that left, pulled towards the share of all where members are
few (beta-binomial with a prior of `prior_customers` at the pooled rate). What silence says given the number of earlier purchases is the
idea of Schmittlein, Morrison and Colombo (Management Science 33(1), 1987); the cells take its place so that no distribution is assumed and
every figure can be counted by hand.

A month's estimate learns only from months whose outcome was known by then. Months are walked in any order, keeping counts only:

    counts = no_counts()
    for each as_of, earliest first:
        placed = cells(features, parameters)
        estimate = probability(placed, counts, parameters)
        counts = pl.concat([counts, outcome_counts(placed, outcomes)])
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from pipelines.analytics.frames import only_as_of

if TYPE_CHECKING:
    from pipelines.policy import Policy

FEATURES = (
    "customer_key",
    "as_of",
    "is_closed",
    "bill_count",
    "bill_count_12m",
    "days_since_last_bill",
    "mean_bill_interval_days",
    "bill_interval_count",
)
OUTCOMES = ("customer_key", "as_of", "outcome_known_date", "is_churned")
COUNTS_SCHEMA = pl.Schema(
    {"as_of": pl.Date, "outcome_known_date": pl.Date, "cell": pl.Int32, "customer_count": pl.Int64, "churned_count": pl.Int64},
)

# A silence of exactly one and a half intervals must not fall below the limit of 1.5 for how a third is written in binary.
_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class RhythmParameters:
    """What makes a rhythm, a cell, and enough evidence.

    Attributes:
        horizon_months: Months without a bill that make the outcome. Outcomes come counted; here this only tells versions apart.
        gap_months: Months between `as_of` and the horizon, likewise.
        minimum_bill_dates: Different bill dates below which the estimate abstains.
        prior_intervals: Intervals of the typical customer that are averaged with the customer's own.
        ratio_bins: Rising limits of rhythm_ratio; each opens a new bin.
        bill_count_bins: Rising limits of bill_count_12m; each opens a new bin.
        prior_customers: Customer-months at the pooled rate that are added to a cell.
        minimum_outcomes: Customer-months with a known outcome below which the estimate abstains.
        training_months: Most recent months with a known outcome that are learnt from.
    """

    horizon_months: int
    gap_months: int
    minimum_bill_dates: int
    prior_intervals: float
    ratio_bins: tuple[float, ...]
    bill_count_bins: tuple[int, ...]
    prior_customers: float
    minimum_outcomes: int
    training_months: int

    @classmethod
    def from_policy(cls, policy: Policy) -> RhythmParameters:
        """Read churn.* as far as it shapes the probability."""
        return cls(
            policy.integer("churn.horizon_months"),
            policy.integer("churn.gap_months"),
            policy.integer("churn.minimum_bill_dates"),
            policy.number("churn.rhythm_prior_intervals"),
            tuple(float(limit) for limit in policy.values("churn.rhythm_ratio_bins")),
            tuple(int(limit) for limit in policy.values("churn.bill_count_bins")),
            policy.number("churn.prior_customers"),
            policy.integer("churn.minimum_outcomes"),
            policy.integer("churn.training_months"),
        )

    @property
    def model_version(self) -> str:
        """A label that changes with the method or any of these values."""
        return f"rhythm_1_{zlib.crc32(repr(self).encode()):08x}"


def cells(features: pl.DataFrame, parameters: RhythmParameters) -> pl.DataFrame:
    """Measure each customer's silence in own intervals and place the customer in a cell.

    Args:
        features: customer_key, as_of, is_closed, bill_count, bill_count_12m, days_since_last_bill, mean_bill_interval_days (null below two
            bill dates), bill_interval_count.
        parameters: Limits of bins and of history.

    Returns:
        customer_key, as_of, typical_interval_days (Float64; own mean, averaged with the median of all customers' means), rhythm_ratio
        (Float64; days_since_last_bill by typical_interval_days; null without a bill or when nobody has an interval), cell (Int32; null when
        abstained), abstain_reason (`closed`, `already_lost`: billed before but not in the window, `too_few_bills`; null when placed).

    Raises:
        ValueError: More than one `as_of`.
    """
    only_as_of(features)
    own = pl.col("mean_bill_interval_days").cast(pl.Float64)
    intervals = pl.col("bill_interval_count").fill_null(0).cast(pl.Float64)
    weight = intervals + parameters.prior_intervals
    # The median, since a few customers with a bill a year would drag a mean far from what is usual.
    typical = pl.when(weight > 0).then((own.fill_null(0) * intervals + own.median() * parameters.prior_intervals) / weight)
    bills, bills_in_window = pl.col("bill_count").fill_null(0), pl.col("bill_count_12m").fill_null(0)
    abstain_reason = (
        pl.when("is_closed")
        .then(pl.lit("closed"))
        .when((bills > 0) & (bills_in_window == 0))
        .then(pl.lit("already_lost"))
        .when((bills == 0) | (intervals + 1 < parameters.minimum_bill_dates))
        .then(pl.lit("too_few_bills"))
    )
    bill_count_bin = _bin(bills_in_window, parameters.bill_count_bins)
    cell = _bin(pl.col("rhythm_ratio"), parameters.ratio_bins) * (len(parameters.bill_count_bins) + 1) + bill_count_bin
    return (
        features.with_columns(typical.round(_DECIMALS).alias("typical_interval_days"), abstain_reason.alias("abstain_reason"))
        .with_columns((pl.col("days_since_last_bill") / pl.col("typical_interval_days")).round(_DECIMALS).alias("rhythm_ratio"))
        .with_columns(pl.when(pl.col("abstain_reason").is_null()).then(cell).cast(pl.Int32).alias("cell"))
        .select("customer_key", "as_of", "typical_interval_days", "rhythm_ratio", "cell", "abstain_reason")
        .sort("customer_key")
    )


def no_counts() -> pl.DataFrame:
    """What is known before the first month: an empty frame of counts."""
    return COUNTS_SCHEMA.to_frame()


def outcome_counts(placed: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Count how the members of each cell ended.

    Args:
        placed: What `cells` gave; one or more months.
        outcomes: customer_key, as_of, outcome_known_date, is_churned; customers without a row have no known outcome.

    Returns:
        as_of, outcome_known_date, cell, customer_count, churned_count; a row a cell with members, sorted.
    """
    return (
        placed.filter(pl.col("cell").is_not_null())
        .join(outcomes.filter(pl.col("is_churned").is_not_null()), on=["customer_key", "as_of"], how="inner", validate="1:1")
        .group_by("as_of", "outcome_known_date", "cell")
        .agg(pl.len().cast(pl.Int64).alias("customer_count"), pl.col("is_churned").sum().cast(pl.Int64).alias("churned_count"))
        .sort("as_of", "cell")
        .cast(COUNTS_SCHEMA)
    )


def probability(placed: pl.DataFrame, counts: pl.DataFrame, parameters: RhythmParameters) -> pl.DataFrame:
    """Estimate each customer's probability of leaving: no bill in the months gap + 1 to gap + horizon.

    Args:
        placed: What `cells` gave for one `as_of`.
        counts: Concatenated `outcome_counts` of any months; those whose outcome was not known by `as_of` are ignored.
        parameters: Prior and limits of evidence.

    Returns:
        customer_key, as_of, probability (Float64; null when abstained), evidence_count (Int64; customer-months with a known outcome in the
        cell; null when abstained), rhythm_ratio, is_abstained, abstain_reason (those of `cells`, or `no_known_outcomes`: fewer than
        `minimum_outcomes` among all).

    Raises:
        ValueError: More than one `as_of`.
    """
    as_of = only_as_of(placed)
    known = counts.filter(pl.col("outcome_known_date") <= pl.lit(as_of, dtype=pl.Date))
    recent = known.get_column("as_of").unique().top_k(parameters.training_months)
    known = known.filter(pl.col("as_of").is_in(recent.implode()))
    customers, churned = (int(known.get_column(name).sum()) for name in ("customer_count", "churned_count"))
    is_enough = customers >= parameters.minimum_outcomes
    prior = parameters.prior_customers
    evidence, left = pl.col("customer_count").fill_null(0), pl.col("churned_count").fill_null(0)
    chance = (left + prior * (churned / customers if customers else 0.0)) / (evidence + prior)
    is_estimated = pl.col("cell").is_not_null() & pl.lit(is_enough)
    return (
        placed.join(known.group_by("cell").agg(pl.col("customer_count", "churned_count").sum()), on="cell", how="left", validate="m:1")
        .select(
            "customer_key",
            "as_of",
            pl.when(is_estimated).then(chance).alias("probability"),
            pl.when(is_estimated).then(evidence).alias("evidence_count"),
            "rhythm_ratio",
            is_estimated.not_().alias("is_abstained"),
            pl.when(is_estimated.not_()).then(pl.col("abstain_reason").fill_null("no_known_outcomes")).alias("abstain_reason"),
        )
        .sort("customer_key")
    )


def _bin(measure: pl.Expr, limits: tuple[float, ...]) -> pl.Expr:
    """The number of limits reached: 0 below the first. A null measure gives null."""
    reached = (pl.when(measure.is_not_null()).then((measure >= limit).cast(pl.Int32)) for limit in limits)
    return pl.sum_horizontal(pl.when(measure.is_not_null()).then(pl.lit(0, dtype=pl.Int32)), *reached, ignore_nulls=False)
