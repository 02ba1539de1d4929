"""How dbt's nodes and results look to Dagster.

Everything that leans on inner parts of dagster-dbt stands here. The versions are pinned in pyproject.toml, and
tests/defs/test_dbt_models.py runs both ways of running dbt.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, dbt_assets
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from pipelines.defs.resources import WorkspaceResource, plain_failure
from pipelines.transform.project import ParsedProject, build_file_named, ensure_manifest
from pipelines.transform.runner import build

# `subprocess` runs dbt the way dagster-dbt ships, should an upgrade break the way in process. It costs the start of a Python and of dbt
# for every op.
_HOW_VARIABLE = "CLIENTELE_DBT"
_NOT_IN_A_TEAM_NAME = re.compile(r"[^A-Za-z0-9_]+")

DbtEvent = dg.Output[Any] | dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckResult | dg.AssetCheckEvaluation


class Translator(DagsterDbtTranslator):
    """Says for every dbt node how its asset is called, grouped and owned."""

    def __init__(self) -> None:
        """Tests on sources are checks of the assets that write them."""
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Schema and name: an asset is called as its table is."""
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The first folder below `models/`."""
        path: Sequence[str] = dbt_resource_props["fqn"]
        return path[1] if dbt_resource_props["resource_type"] == "model" else None

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The model's own description; its SQL is in the repository."""
        return str(dbt_resource_props.get("description") or "")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """`owner` in the model's meta: an address as it is, any other name as a team."""
        owner = (dbt_resource_props.get("config", {}).get("meta") or {}).get("owner")
        return [owner_name(str(owner))] if owner else None


def owner_name(owner: str) -> str:
    """An owner as Dagster wants it: an email address, or `team:` and letters, digits and underscores."""
    return owner if "@" in owner else "team:" + _NOT_IN_A_TEAM_NAME.sub("_", owner).strip("_")


def models(name: str, parsed: ParsedProject, *, select: str = "fqn:*", exclude: str = "") -> dg.AssetsDefinition:
    """One op that builds the selected dbt models and tests.

    Models become assets and data tests their checks. While dbt works each is reported as soon as it has finished; when one fails, the op
    fails with the sentence that says which and why, after everything that does not stand on it was built.

    Args:
        name: The op's name.
        parsed: The dbt project as parsed for the graph. A run in a workspace with another policy parses it again for itself.
        select: What to build, in dbt's words.
        exclude: What to leave out of it, in dbt's words.
    """
    manifest, translator = parsed.manifest(), Translator()

    @dbt_assets(name=name, manifest=manifest, select=select, exclude=exclude, dagster_dbt_translator=translator)
    def run_dbt(context: dg.AssetExecutionContext, clientele: WorkspaceResource) -> Iterator[DbtEvent]:
        with plain_failure():
            variables: dict[str, object] = {"policy": clientele.policy.as_variables()}
            now = ensure_manifest(variables, parsed.source)
            if clientele.known_by:
                variables["known_by"] = clientele.known_by
            if os.environ.get(_HOW_VARIABLE) == "subprocess":
                yield from _in_subprocess(context, clientele, now, variables)
                return
            results = build(
                now,
                build_file=clientele.workspace.build_file,
                artefacts=_artefacts(clientele),
                variables=variables,
                selection=_selection(context, manifest, translator),
            )
            for result in results:
                yield from DbtCoreCliEventMessage(result, {}).to_default_asset_events(manifest, translator, context)

    return run_dbt


def _artefacts(clientele: WorkspaceResource) -> Path:
    """Compiled SQL and dbt's log lie beside the file that they made."""
    return clientele.workspace.build_file.parent / "dbt"


def _selection(context: dg.AssetExecutionContext, manifest: Mapping[str, Any], translator: DagsterDbtTranslator) -> list[str]:
    """dbt's arguments for what the step was asked for, which may be a few of its assets."""
    asked = get_updated_cli_invocation_params_for_context(context, manifest, translator)
    tests = ["--indirect-selection", asked.indirect_selection] if asked.indirect_selection else []
    return [*asked.selection_args, *tests]


def _in_subprocess(
    context: dg.AssetExecutionContext, clientele: WorkspaceResource, parsed: ParsedProject, variables: Mapping[str, object]
) -> Iterator[DbtEvent]:
    dbt = DbtCliResource(
        project_dir=str(parsed.source), profiles_dir=str(parsed.source), dbt_executable=str(Path(sys.executable).with_name("dbt"))
    )
    command = ["build", "--vars", json.dumps(variables), "--exclude-resource-type", "unit_test"]
    with build_file_named(clientele.workspace.build_file):
        yield from dbt.cli(command, context=context, target_path=_artefacts(clientele)).stream()
