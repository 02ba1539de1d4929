"""estimates.estimate_segmentation: RFM scores and segment, Pareto tier and life-cycle stage, one row a customer and closed month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.analytics.life_cycle import LifeCycleParameters, life_cycle
from pipelines.analytics.pareto import ParetoParameters, pareto
from pipelines.analytics.rfm import RfmParameters, rfm
from pipelines.estimates.months import Progress, each_month

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from pipelines.policy import Policy
    from pipelines.warehouse.build import Build

TABLE = "estimates.estimate_segmentation"
SCHEMA = {
    "customer_key": "bigint",
    "as_of": "date",
    "recency_score": "tinyint",
    "frequency_score": "tinyint",
    "monetary_score": "tinyint",
    "rfm_segment": "varchar",
    "pareto_tier": "varchar",
    "life_cycle_stage": "varchar",
    "life_cycle_rule": "varchar",
}
_COLUMNS = (
    "bill_count",
    "bill_count_12m",
    "contribution_12m",
    "days_since_last_bill",
    "first_bill_date",
    "is_closed",
    "months_since_first_bill",
    "net_amount_6m",
    "net_amount_prior_6m",
    "previous_gap_days",
)


def estimate_segmentation(build: Build, policy: Policy, progress: Progress | None = None) -> int:
    """Segment every customer in every closed month.

    Returns:
        Rows written.

    Raises:
        ClienteleError: The segment table of the policy leaves customers without a segment.
    """
    return build.replace(TABLE, _segmented(build, policy, progress), SCHEMA)


def _segmented(build: Build, policy: Policy, progress: Progress | None) -> Iterator[pl.DataFrame]:
    scoring, tiers, stages = (
        RfmParameters.from_policy(policy),
        ParetoParameters.from_policy(policy),
        LifeCycleParameters.from_policy(policy),
    )
    key = ["customer_key", "as_of"]
    for _, features in each_month(build, _COLUMNS, progress):
        scored = rfm(features, scoring)
        tiered = scored.join(pareto(features, tiers), on=key, validate="1:1", maintain_order="left")
        yield tiered.join(life_cycle(features, stages), on=key, validate="1:1", maintain_order="left").select(*SCHEMA)
