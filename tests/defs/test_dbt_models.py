"""dbt's nodes and results as Dagster sees them, whichever way dbt is run."""

from __future__ import annotations

import fcntl
import threading
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from pipelines.defs.dbt_models import models, owner_name
from pipelines.defs.resources import WorkspaceResource
from pipelines.defs.run import StepProgress, run_job
from pipelines.policy import Policy
from pipelines.transform.project import ensure_manifest
from tests.transform.tiny import change, rows, tiny_project, tiny_workspace

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace

UNIQUE = "unique_fct_invoice_invoice_key"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return tiny_workspace(tmp_path)


@pytest.fixture(autouse=True)
def tiny_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Policy, "as_variables", lambda _: {"tiny.factor": 2})


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dg.AssetsDefinition:
    return models("tiny", ensure_manifest({"policy": {"tiny.factor": 2}}, tiny_project(tmp_path_factory.mktemp("dbt"))))


def materialise(assets: dg.AssetsDefinition, workspace: Workspace, selection: list[str] | None = None) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [assets],
        resources={"clientele": WorkspaceResource(root=str(workspace.root))},
        instance=dg.DagsterInstance.ephemeral(),
        selection=[dg.AssetKey(name.split("/")) for name in selection] if selection else None,
        raise_on_error=False,
    )


def made(result: dg.ExecuteInProcessResult) -> list[str]:
    return sorted(event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key)


def failure(result: dg.ExecuteInProcessResult) -> str:
    (event,) = (event for event in result.all_events if event.is_step_failure)
    told = event.step_failure_data.user_failure_data
    assert told is not None
    return str(told.description)


def test_assets_are_called_grouped_and_owned_as_the_project_says(tiny: dg.AssetsDefinition) -> None:
    specs = {spec.key.to_user_string(): spec for spec in tiny.specs}
    assert sorted(specs) == ["core/dim_customer", "core/fct_invoice", "mart/risk_customer", "staging/stg_invoices"]
    assert {name: spec.group_name for name, spec in specs.items()} == {
        "core/dim_customer": "core",
        "core/fct_invoice": "core",
        "mart/risk_customer": "marts",
        "staging/stg_invoices": "staging",
    }
    assert specs["core/fct_invoice"].owners == ["billing@example.com"]
    assert specs["core/dim_customer"].owners == ["team:customer_data"]
    assert specs["staging/stg_invoices"].description == "Delivered invoices."
    assert {dep.asset_key.to_user_string() for dep in specs["mart/risk_customer"].deps} == {"core/dim_customer", "estimates/estimate_risk"}


@pytest.mark.parametrize(
    ("owner", "expected"), [("a@b.example", "a@b.example"), ("customer data", "team:customer_data"), ("R&D", "team:R_D")]
)
def test_owners_are_written_as_dagster_wants_them(owner: str, expected: str) -> None:
    assert owner_name(owner) == expected


@pytest.mark.parametrize("how", ["in_process", "subprocess"])
def test_models_become_materialisations_and_tests_checks(
    tiny: dg.AssetsDefinition, workspace: Workspace, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTELE_DBT", how)
    result = materialise(tiny, workspace)
    assert result.success, failure(result)
    assert made(result) == ["core/dim_customer", "core/fct_invoice", "mart/risk_customer", "staging/stg_invoices"]
    evaluated = {check.check_name: (check.asset_key.to_user_string(), check.passed) for check in result.get_asset_check_evaluations()}
    assert len(evaluated) == 6
    assert evaluated[UNIQUE] == ("core/fct_invoice", True)
    assert evaluated["source_not_null_raw_invoices_amount"] == ("raw/invoices", True)
    assert rows(workspace, "select sum(amount) from core.fct_invoice") == [(70,)]


def test_a_broken_rule_fails_the_run_with_its_sentence_and_is_a_failed_check(tiny: dg.AssetsDefinition, workspace: Workspace) -> None:
    change(workspace, "insert into raw.invoices values (7, 11, 1)")
    result = materialise(tiny, workspace)
    assert not result.success
    assert failure(result).startswith(f"The test {UNIQUE} on fct_invoice failed: 1 row breaks it; ")
    assert [check.check_name for check in result.get_asset_check_evaluations() if not check.passed] == [UNIQUE]
    assert "mart/risk_customer" in made(result), "what does not stand on the failure is still built"


def test_a_broken_model_fails_the_run_with_its_sentence(tiny: dg.AssetsDefinition, workspace: Workspace) -> None:
    change(workspace, "alter table raw.invoices rename invoice_key to number")
    result = materialise(tiny, workspace)
    assert failure(result).startswith("The model staging.stg_invoices failed: Binder Error: Referenced column")
    assert made(result) == []


def test_one_asset_is_made_alone_with_its_own_checks(tiny: dg.AssetsDefinition, workspace: Workspace) -> None:
    assert materialise(tiny, workspace).success
    result = materialise(tiny, workspace, ["core/fct_invoice"])
    assert made(result) == ["core/fct_invoice"]
    assert UNIQUE in {check.check_name for check in result.get_asset_check_evaluations()}


def test_an_interrupted_run_leaves_nothing_at_work(tiny: dg.AssetsDefinition, workspace: Workspace) -> None:
    def interrupt(step: StepProgress) -> None:
        if step.state == "running" and step.finished:
            raise KeyboardInterrupt

    location = dg.Definitions(
        assets=[tiny], jobs=[dg.define_asset_job("build", selection=dg.AssetSelection.all())], resources={"clientele": WorkspaceResource()}
    )
    held = {"clientele": WorkspaceResource(root=str(workspace.root))}
    result = run_job(location, held, dg.DagsterInstance.ephemeral(), interrupt)
    assert result.failure == "The run was interrupted in the step tiny; nothing was published. Run again to go on."
    assert "dbt" not in {thread.name for thread in threading.enumerate()}
    assert rows(workspace, "select count(*) from raw.invoices") == [(3,)]


def test_a_policy_that_is_not_valid_fails_the_run_with_its_sentence(tiny: dg.AssetsDefinition, workspace: Workspace) -> None:
    workspace.policy_file.write_text("no.such: 1\n", encoding="utf-8")
    result = materialise(tiny, workspace)
    assert failure(result).startswith(f"{workspace.policy_file}, line 1: 'no.such' is not a policy")


def test_a_workspace_that_another_process_holds_is_left_alone(tiny: dg.AssetsDefinition, workspace: Workspace) -> None:
    with workspace.lock_file.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        result = materialise(tiny, workspace)
    assert not result.success
    assert made(result) == []
    (ended,) = (event for event in result.all_events if event.is_resource_init_failure)
    assert "held by another run" in str(ended.engine_event_data.error)
