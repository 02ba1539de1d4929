"""The published file: a new version, checked, and the pointer moved to it."""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.resources import WorkspaceResource, plain_failure, progress_of
from pipelines.defs.transform import PUBLISHED

_PUBLISHED = dg.AssetKey(["published"])
_OPENS = "opens_for_a_reader"


@dg.multi_asset(
    name="publication",
    specs=[
        dg.AssetSpec(
            _PUBLISHED,
            deps=PUBLISHED,
            description="The versioned, immutable file that readers open: schemas core, mart, as_reported and meta.",
            group_name="publish",
            owners=["team:data_engineering"],
            kinds={"python", "duckdb"},
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            _OPENS,
            asset=_PUBLISHED,
            blocking=True,
            description="The pointer leads to this version, and it opens as any reader would open it.",
        )
    ],
)
def publication(
    context: dg.AssetExecutionContext, clientele: WorkspaceResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Publish what was built."""
    from pipelines.transform.catalog import published_tables
    from pipelines.transform.inputs import build_fingerprint
    from pipelines.transform.project import ensure_manifest
    from pipelines.warehouse.build import Build
    from pipelines.warehouse.connection import open_published
    from pipelines.warehouse.publish import publish

    workspace, policy = clientele.workspace, clientele.policy
    with plain_failure():
        catalog = published_tables(ensure_manifest({"policy": policy.as_variables()}))
        made_from = build_fingerprint(workspace, policy, clientele.known_by)
        version = publish(workspace, policy, catalog, made_from, progress_of(context), known_by=clientele.known_by)
    yield dg.MaterializeResult(
        asset_key=_PUBLISHED,
        metadata={
            "version": version.version,
            "path": dg.MetadataValue.path(version.path),
            "tables": len(version.tables),
            "dagster/row_count": version.row_count,
        },
    )
    with open_published(workspace.current_link) as reader:
        versions = Build(reader).distinct("meta.publication", "version")
    yield dg.AssetCheckResult(asset_key=_PUBLISHED, check_name=_OPENS, passed=version.version in versions)
