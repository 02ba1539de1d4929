"""Deliveries become landed rows, every row of them is accounted for, and each delivery is judged as a whole."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.model import load_contracts
from pipelines.defs.quality import quality_checks, quality_results
from pipelines.defs.resources import SAID, WorkspaceResource, plain_failure, progress_of
from pipelines.quality.assessment import Assessment

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
        ),
        *quality_checks(load_contracts()),
    ],
    # An output that may be left out: nothing is said of deliveries as a whole where none is new.
    can_subset=True,
)
def intake(context: dg.AssetExecutionContext, clientele: WorkspaceResource) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Land what waits. When what stands is published already, nothing is reported as made, and Dagster skips all that follows."""
    from pipelines.intake.landing import land
    from pipelines.quality.assessment import assess
    from pipelines.quality.docs import write_docs
    from pipelines.transform.inputs import build_fingerprint
    from pipelines.warehouse.publish import published_fingerprint

    with plain_failure():
        report = land(clientele.workspace, clientele.policy, progress_of(context))
        assessment = assess(clientele.workspace, clientele.policy, progress_of(context), report.unread_columns)
        for sentence in (*report.changes, *report.unsettled):
            context.log.warning(sentence, extra={SAID: True})
        made_from = build_fingerprint(clientele.workspace, clientele.policy, clientele.known_by)
    if dg.AssetCheckKey(_LEDGER, _BALANCE) in context.selected_asset_check_keys:
        yield dg.AssetCheckResult(asset_key=_LEDGER, check_name=_BALANCE, passed=all(feed.counts.balances for feed in report.feeds))
    if made_from == published_fingerprint(clientele.workspace):
        context.log.info("Nothing new: what has been delivered is published already.")
        return
    data_docs = write_docs(clientele.workspace, clientele.policy)
    yield from quality_results(assessment, data_docs, context.selected_asset_check_keys)
    for key in sorted(context.selected_asset_keys):
        yield dg.MaterializeResult(asset_key=key, metadata=_metadata(assessment, key.path[-1], data_docs))


def _metadata(assessment: Assessment, name: str, data_docs: Path) -> dict[str, int | dg.MetadataValue] | None:
    """What became of the rows that were new in this run, and how many deliveries are held; nothing for what was never delivered."""
    if name not in assessment.held:
        return None
    return {**assessment.counts(name), "held": assessment.held[name], "data_docs": dg.MetadataValue.path(data_docs)}
