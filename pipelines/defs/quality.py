"""What is said of each delivery as a whole: two checks on every raw table, of its shape and of its drift."""

from collections.abc import Container, Iterable, Iterator
from pathlib import Path

import dagster as dg

from pipelines.quality.assessment import Assessment
from pipelines.quality.docs import findings_table

_SHAPE = "delivery_shape"
_DRIFT = "delivery_drift"


def quality_checks(record_types: Iterable[str]) -> list[dg.AssetCheckSpec]:
    """Two checks for each record type.

    Neither blocks: a delivery of the wrong shape is held, so that what follows is built without it.
    """
    described = {
        _SHAPE: "No delivery is held; one whose rows, quarantined share or empty columns are beyond policy is, until somebody releases it.",
        _DRIFT: "No delivery of this run differs from its source's history by more than policy has as ordinary. It only warns.",
    }
    return [
        dg.AssetCheckSpec(name, asset=["raw", record_type], description=description)
        for record_type in record_types
        for name, description in described.items()
    ]


def quality_results(assessment: Assessment, data_docs: Path, asked: Container[dg.AssetCheckKey]) -> Iterator[dg.AssetCheckResult]:
    """Both checks of every record type that has deliveries, as far as they were asked for."""
    return (result for key, result in _results(assessment, data_docs) if key in asked)


def _results(assessment: Assessment, data_docs: Path) -> Iterator[tuple[dg.AssetCheckKey, dg.AssetCheckResult]]:
    for record_type, held in assessment.held.items():
        new = assessment.of(record_type)
        shape, drift = findings_table(new, "critical"), findings_table(new, "warning")
        seen: dict[str, dg.MetadataValue] = {"deliveries": dg.IntMetadataValue(len(new)), "data_docs": dg.MetadataValue.path(data_docs)}
        results = (
            (_SHAPE, not held, dg.AssetCheckSeverity.ERROR, {**seen, "held": dg.IntMetadataValue(held), **_found(shape)}),
            (_DRIFT, not drift, dg.AssetCheckSeverity.WARN, {**seen, **_found(drift)}),
        )
        for name, passed, severity, metadata in results:
            key = dg.AssetCheckKey(dg.AssetKey(["raw", record_type]), name)
            yield key, dg.AssetCheckResult(asset_key=key.asset_key, check_name=name, passed=passed, severity=severity, metadata=metadata)


def _found(table: str) -> dict[str, dg.MetadataValue]:
    return {"not_met": dg.MetadataValue.md(table)} if table else {}
