"""Recency, frequency and monetary scores, and the segment they name.

Source of the method: A. M. Hughes, Strategic Database Marketing (1994). Here the groups are cut at mid-rank quantiles, so that equal values
always get the same score: in a business that bills everybody every month a cut by count would rank equal customers at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import polars as pl

from pipelines.analytics.frames import only_as_of
from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.policy import Policy

Billed = Literal["in_window", "not_in_window", "any"]
FEATURES = ("customer_key", "as_of", "days_since_last_bill", "bill_count_12m", "contribution_12m")
SCORES = ("recency", "frequency", "monetary")


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A row of the segment table: the scores (both ends included) that a segment takes."""

    segment: str
    billed: Billed
    recency: tuple[int, int]
    frequency: tuple[int, int]
    monetary: tuple[int, int]

    def takes_all(self, groups: int) -> bool:
        """Whether every customer matches."""
        return self.billed == "any" and all(low <= 1 and high >= groups for low, high in (self.recency, self.frequency, self.monetary))

    def matches(self, is_billed: pl.Expr) -> pl.Expr:
        """Whether a customer with these scores belongs here."""
        when = {"in_window": is_billed, "not_in_window": is_billed.not_(), "any": pl.lit(value=True)}[self.billed]
        limits = zip(SCORES, (self.recency, self.frequency, self.monetary), strict=True)
        return pl.all_horizontal(when, *(pl.col(f"{score}_score").is_between(low, high) for score, (low, high) in limits))


@dataclass(frozen=True, slots=True)
class RfmParameters:
    """The number of groups and the segment table, first match first."""

    groups: int
    segments: tuple[SegmentRule, ...]

    @classmethod
    def from_policy(cls, policy: Policy) -> RfmParameters:
        """Read segmentation.rfm_groups and segmentation.rfm_segments.

        Raises:
            ClienteleError: A row asks for a score that the groups never give, or customers could remain without a segment.
        """
        groups = policy.integer("segmentation.rfm_groups")
        rows = policy.table("segmentation.rfm_segments")
        for row in rows:
            for score in SCORES:
                if int(row[f"{score}_from"]) > groups:
                    message = (
                        f"segmentation.rfm_segments asks for a {score} score from {row[f'{score}_from']} for '{row['segment']}', "
                        f"but segmentation.rfm_groups gives none above {groups}; change both together."
                    )
                    raise ClienteleError(message)
        segments = tuple(
            SegmentRule(
                str(row["segment"]),
                cast("Billed", row["billed"]),
                *((int(row[f"{score}_from"]), int(row[f"{score}_to"])) for score in SCORES),
            )
            for row in rows
        )
        if not segments[-1].takes_all(groups):
            message = (
                f"the last row of segmentation.rfm_segments, '{segments[-1].segment}', leaves customers without a segment; "
                f"let it take every score from 1 to {groups} and billed: any."
            )
            raise ClienteleError(message)
        return cls(groups, segments)


def rfm(features: pl.DataFrame, parameters: RfmParameters) -> pl.DataFrame:
    """Score each customer from 1 (worst) to `groups` (best) among those with a bill in the window.

    Args:
        features: customer_key, as_of, days_since_last_bill (fewer is better), bill_count_12m, contribution_12m (reporting currency; null
            counts as 0).
        parameters: The groups and segments.

    Returns:
        customer_key, as_of, recency_score, frequency_score, monetary_score (Int8), rfm_segment. Customers without a bill in the window
        score 1 in all three.

    Raises:
        ValueError: More than one `as_of`.
    """
    only_as_of(features)
    billed = pl.col("bill_count_12m") > 0
    # Ranked as whole days and exact decimals: ties are ties, never a matter of rounding.
    measures = {
        "recency": -pl.col("days_since_last_bill").cast(pl.Int64),
        "frequency": pl.col("bill_count_12m"),
        "monetary": pl.col("contribution_12m").fill_null(0),
    }
    scored = features.select(
        "customer_key",
        "as_of",
        billed.fill_null(value=False).alias("is_billed"),
        *(_score(measure, billed, parameters.groups).alias(f"{name}_score") for name, measure in measures.items()),
    )
    segment = _first_match(parameters.segments, pl.col("is_billed")).alias("rfm_segment")
    return scored.with_columns(segment).drop("is_billed").sort("customer_key")


def _score(measure: pl.Expr, billed: pl.Expr, groups: int) -> pl.Expr:
    """1 + floor(groups x (mid-rank - 1/2) / n), in whole numbers: twice a mid-rank is one."""
    twice_mid_rank = (pl.when(billed).then(measure).rank("average") * 2).cast(pl.Int64)
    return ((twice_mid_rank - 1) * groups // (billed.sum().cast(pl.Int64) * 2) + 1).fill_null(1).cast(pl.Int8)


def _first_match(rules: Iterable[SegmentRule], is_billed: pl.Expr) -> pl.Expr:
    return pl.coalesce(*(pl.when(rule.matches(is_billed)).then(pl.lit(rule.segment)) for rule in rules))
