"""Build what would have been said at an earlier moment into a file of its own, and leave everything else as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dagster as dg

from pipelines.defs.loading import load
from pipelines.defs.resources import WorkspaceResource
from pipelines.defs.run import RunResult, StepProgress, run_job
from pipelines.policy import load_policy
from pipelines.transform.project import ensure_manifest
from pipelines.warehouse.handing_over import hand_over, refuse_place
from pipelines.warehouse.known_by import as_known_by, moment_of
from pipelines.warehouse.lock import hold
from pipelines.warehouse.workspace import Workspace

_JOB = "known_by"
_COPYING = "landed_rows"
_LANDED = "raw"


def run_known_by(
    workspace: Workspace,
    known_by: str,
    out: Path,
    progress: Callable[[StepProgress], None] | None = None,
    *,
    overwrite: bool = False,
) -> RunResult:
    """Build from the landed rows that were known by a moment, with the models of today, and write one published file.

    Nothing is taken in, and neither the build file nor the state, the vault, what is published or Dagster's record of runs learns of it.

    Args:
        workspace: Whose landed rows; it is held by this process until the run has ended.
        known_by: A moment with an offset, or a day, which is meant to its end in the reporting time zone.
        out: The file to write, absolute.
        progress: Called in this thread at every change of a step.
        overwrite: The file may be there already.

    Returns:
        How it ended; the file is there when it was a success.

    Raises:
        ClienteleError: The run could not begin, or the file could not be put in its place.
    """
    refuse_place(workspace, out, overwrite=overwrite)
    policy = load_policy(workspace.policy_file)
    moment = moment_of(known_by, policy.text("reporting.time_zone"))
    copied: list[StepProgress] = []

    def tell_copy(table: str, number: int, total: int) -> None:
        copied.append(StepProgress(_COPYING, "running", number, total, detail=f"{number} of {total}: {table}"))
        if progress is not None:
            progress(copied[-1])

    with hold(workspace):
        ensure_manifest({"policy": policy.as_variables()})
        with as_known_by(workspace, moment, tell_copy) as then:
            if progress is not None and copied:
                progress(StepProgress(_COPYING, "done", copied[-1].planned, copied[-1].planned))
            location = load()
            job = dg.define_asset_job(_JOB, selection=_without_landing(location))
            resources = {"clientele": WorkspaceResource(root=str(then.root), known_by=str(moment))}
            with dg.DagsterInstance.ephemeral() as forgotten:
                result = run_job(dg.Definitions.merge(location, dg.Definitions(jobs=[job])), resources, forgotten, progress, name=_JOB)
            if result.success:
                hand_over(then.current_link.resolve(), out)
    return result


def _without_landing(location: dg.Definitions) -> dg.AssetSelection:
    """Every step that makes no table of the schema raw, with all its checks: what has landed is given."""
    assets: list[dg.AssetKey] = []
    checks: list[dg.AssetCheckKey] = []
    for step in location.assets or ():
        if isinstance(step, dg.AssetsDefinition) and step.keys and not any(key.path[0] == _LANDED for key in step.keys):
            assets += step.keys
            checks += step.check_keys
    return dg.AssetSelection.assets(*assets) | dg.AssetSelection.checks(*checks)
