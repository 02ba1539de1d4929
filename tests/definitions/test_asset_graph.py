"""The asset graph: what Dagster is told holds together, and is what the text file beside this test says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.model import load_contracts
from pipelines.defs.graph import render_graph
from pipelines.defs.loading import load
from pipelines.policy import load_policy
from pipelines.transform.project import ensure_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

GROUPS = {"intake", "staging", "intermediate", "core", "features", "estimates", "marts", "meta", "publish"}


@pytest.fixture(scope="module")
def location() -> dg.Definitions:
    return load()


@pytest.fixture(scope="module")
def steps(location: dg.Definitions) -> dict[str, dg.AssetsDefinition]:
    return {asset.op.name: asset for asset in location.assets or () if isinstance(asset, dg.AssetsDefinition)}


@pytest.fixture(scope="module")
def specs(steps: dict[str, dg.AssetsDefinition]) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for made in steps.values() for spec in made.specs}


@pytest.fixture(scope="module")
def manifest() -> Mapping[str, Any]:
    return ensure_manifest({"policy": load_policy().as_variables()}).manifest()


def test_the_graph_is_what_the_text_says(location: dg.Definitions) -> None:
    written = Path(__file__).with_name("asset_graph.txt").read_text(encoding="utf-8")
    assert render_graph(location) == written, "the asset graph has changed: look at the change, then `make render`"


def test_every_dependency_is_made(specs: dict[str, dg.AssetSpec]) -> None:
    dangling = {f"{name} <- {dep.asset_key.to_user_string()}" for name, spec in specs.items() for dep in spec.deps} - {
        f"{name} <- {made}" for name in specs for made in specs
    }
    assert not dangling


def test_every_table_is_an_asset(specs: dict[str, dg.AssetSpec], manifest: Mapping[str, Any]) -> None:
    models = {f"{node['schema']}.{node['name']}" for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    sources = {f"{source['schema']}.{source['name']}" for source in manifest["sources"].values()}
    landed = {f"raw.{name}" for name in (*load_contracts(), *load_intake_tables())}
    assert len(models) > 40, "the models have gone missing, not the assets"
    assert {name.replace("/", ".") for name in specs} == models | sources | landed | {"published"}


def test_every_data_test_is_a_check(steps: dict[str, dg.AssetsDefinition], manifest: Mapping[str, Any]) -> None:
    """A test of several models without `meta.dagster.ref` would only be observed, and pass in silence when it is not run."""
    tests = sorted(node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test")
    checks = sorted(check.name for step in ("core", "marts") for check in steps[step].check_specs)
    assert checks == tests


def test_few_steps_in_the_order_of_the_walk(location: dg.Definitions) -> None:
    job = location.resolve_job_def("build")
    order = [node.name for node in job.nodes_in_topological_order]
    assert order[:2] == ["intake", "core"]
    assert sorted(order[2:5]) == ["estimate_churn", "estimate_loyalty", "estimate_segmentation"]
    assert order[5:] == ["marts", "publication"]


def test_the_job_makes_every_asset(location: dg.Definitions, specs: dict[str, dg.AssetSpec]) -> None:
    job = location.resolve_job_def("build")
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == set(specs)


def test_everything_has_a_group_an_owner_and_a_description(specs: dict[str, dg.AssetSpec]) -> None:
    lacking = [name for name, spec in specs.items() if spec.group_name not in GROUPS or not spec.owners or not spec.description]
    assert not lacking


def test_marts_read_no_raw_or_staging_table(specs: dict[str, dg.AssetSpec]) -> None:
    found = [
        f"{name} <- {dep.asset_key.to_user_string()}"
        for name, spec in specs.items()
        if spec.group_name == "marts"
        for dep in spec.deps
        if dep.asset_key.path[0] in {"raw", "staging"}
    ]
    assert not found
