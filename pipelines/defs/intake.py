"""Deliveries become landed rows, and every row of them is accounted for."""

from collections.abc import Iterator

import dagster as dg

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.model import load_contracts
from pipelines.defs.resources import WorkspaceResource, plain_failure, progress_of

_DESCRIPTIONS = {record.name: record.description for record in load_contracts().values()} | {
    table.name: table.description for table in load_intake_tables().values()
}
_LEDGER = dg.AssetKey(["raw", "delivery"])
_BALANCE = "every_row_is_accounted_for"


@dg.multi_asset(
    name="intake",
    specs=[
        dg.AssetSpec(
            ["raw", name],
            description=description,
            group_name="intake",
            owners=["team:data_engineering"],
            kinds={"python", "duckdb"},
            skippable=True,
        )
        for name, description in _DESCRIPTIONS.items()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            _BALANCE,
            asset=_LEDGER,
            blocking=True,
            description="Rows delivered = landed + duplicate + excluded + quarantined, for every delivery and record type.",
        )
    ],
)
def intake(context: dg.AssetExecutionContext, clientele: WorkspaceResource) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Land what waits. When what stands is published already, nothing is reported as made, and Dagster skips all that follows."""
    from pipelines.intake.landing import land
    from pipelines.transform.inputs import build_fingerprint
    from pipelines.warehouse.publish import published_fingerprint

    with plain_failure():
        report = land(clientele.workspace, clientele.policy, progress_of(context))
        made_from = build_fingerprint(clientele.workspace, clientele.policy, clientele.known_by)
    yield dg.AssetCheckResult(asset_key=_LEDGER, check_name=_BALANCE, passed=all(feed.counts.balances for feed in report.feeds))
    if made_from == published_fingerprint(clientele.workspace):
        context.log.info("Nothing new: what has been delivered is published already.")
        return
    for name in _DESCRIPTIONS:
        landed = sum(feed.counts.rows_landed for feed in report.feeds if feed.record_type == name)
        yield dg.MaterializeResult(asset_key=["raw", name], metadata={"rows_landed": landed} if landed else None)
