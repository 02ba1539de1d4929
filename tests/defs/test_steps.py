"""The steps around the models: when intake lets the rest be skipped, and what publication vouches for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import pytest

from pipelines.contracts.model import load_contracts
from pipelines.defs.intake import intake
from pipelines.defs.publish import publication
from pipelines.defs.resources import WorkspaceResource
from pipelines.intake.landing import LandedFeed, LandingReport
from pipelines.intake.rows import FeedCounts
from pipelines.policy import load_policy
from pipelines.quality.assessment import Assessed, Assessment
from pipelines.quality.suites import rules
from pipelines.quality.validation import Check
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.prepare()
    return workspace


def run(step: dg.AssetsDefinition, workspace: Workspace) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [step],
        resources={"clientele": WorkspaceResource(root=str(workspace.root))},
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )


def take_in(
    monkeypatch: pytest.MonkeyPatch,
    workspace: Workspace,
    *,
    made_from: str,
    published: str | None,
    lost: int = 0,
    assessed: Assessment | None = None,
) -> dg.ExecuteInProcessResult:
    """Run intake over one delivery of five rows, of which `lost` are not accounted for."""
    counts = FeedCounts(rows_in=5, rows_landed=3 - lost, rows_duplicate=1, rows_excluded=0, rows_quarantined=1, records=3)
    report = LandingReport((LandedFeed("erp", "one.csv", "invoices", "landed", counts),), (), (), (), ())
    monkeypatch.setattr("pipelines.intake.landing.land", lambda *_: report)
    assessment = assessed if assessed is not None else Assessment((), {})
    monkeypatch.setattr("pipelines.quality.assessment.assess", lambda *_: assessment)
    monkeypatch.setattr("pipelines.quality.docs.write_docs", lambda *_: workspace.root / "index.html")
    monkeypatch.setattr("pipelines.transform.inputs.build_fingerprint", lambda *_: made_from)
    monkeypatch.setattr("pipelines.warehouse.publish.published_fingerprint", lambda _: published)
    return run(intake, workspace)


def delivery(*failed: str, held: bool = False) -> Assessed:
    """One delivery of five invoices that does not meet some expectations."""
    rows = {"rows_in": 5, "rows_landed": 3, "rows_duplicate": 1, "rows_excluded": 0, "rows_quarantined": 1}
    suite = {rule.name: rule for rule in rules(load_contracts()["invoices"], load_policy())}
    checks = tuple(Check(7, "invoices", suite[name], None, name not in failed, 5, 20, 400) for name in suite)
    return Assessed(7, "invoices", "erp", "landing/one.csv", rows, held, checks)


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks of deliveries as a whole that were judged, by name."""
    return {check.check_name: check for check in result.get_asset_check_evaluations() if check.check_name != "every_row_is_accounted_for"}


def test_a_held_delivery_is_a_failed_check_that_stops_nothing(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    assessed = Assessment((delivery("row_count_is_plausible", held=True),), {"invoices": 1})
    result = take_in(monkeypatch, workspace, made_from="now", published="older", assessed=assessed)
    assert result.success
    assert made(result) == {key.to_user_string() for key in intake.keys}
    shape, drift = (checks_of(result)[name] for name in ("delivery_shape", "delivery_drift"))
    assert (shape.asset_key.to_user_string(), shape.passed, shape.severity) == ("raw/invoices", False, dg.AssetCheckSeverity.ERROR)
    assert "| landing/one.csv | d" in str(shape.metadata["not_met"].value)
    assert "| row_count_is_plausible |  | 5 | 20 to 400 |" in str(shape.metadata["not_met"].value)
    assert shape.metadata["held"].value == 1
    assert drift.passed
    assert "not_met" not in drift.metadata


def test_a_warning_is_a_failed_check_that_only_warns(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    assessed = Assessment((delivery("mean_amount_is_usual"),), {"invoices": 0})
    result = take_in(monkeypatch, workspace, made_from="now", published=None, assessed=assessed)
    assert result.success
    shape, drift = (checks_of(result)[name] for name in ("delivery_shape", "delivery_drift"))
    assert shape.passed
    assert (drift.passed, drift.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "mean_amount_is_usual" in str(drift.metadata["not_met"].value)


def test_what_is_still_held_fails_its_check_until_it_is_released(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    result = take_in(monkeypatch, workspace, made_from="now", published=None, assessed=Assessment((), {"invoices": 1, "payments": 0}))
    failed = {check.asset_key.to_user_string() for check in result.get_asset_check_evaluations() if not check.passed}
    assert failed == {"raw/invoices"}


def made(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key}


@pytest.mark.parametrize("published", [None, "older"])
def test_intake_makes_every_raw_table_anew_when_there_is_something_to_build(
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace, published: str | None
) -> None:
    result = take_in(monkeypatch, workspace, made_from="now", published=published, assessed=Assessment((delivery(),), {"invoices": 0}))
    assert result.success
    assert made(result) == {key.to_user_string() for key in intake.keys}
    (invoices,) = (event for event in result.get_asset_materialization_events() if event.asset_key == dg.AssetKey(["raw", "invoices"]))
    metadata = invoices.materialization.metadata
    assert [metadata[name].value for name in ("rows_in", "rows_landed", "rows_duplicate", "rows_quarantined", "held")] == [5, 3, 1, 1, 0]
    assert metadata["data_docs"].value == str(workspace.root / "index.html")


def test_intake_makes_nothing_when_what_stands_is_published(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    result = take_in(monkeypatch, workspace, made_from="now", published="now")
    assert result.success
    assert made(result) == set()
    assert [check.passed for check in result.get_asset_check_evaluations()] == [True]


def test_a_row_that_is_not_accounted_for_stops_the_run(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    result = take_in(monkeypatch, workspace, made_from="now", published=None, lost=1)
    assert not result.success
    assert [(check.check_name, check.passed) for check in result.get_asset_check_evaluations()] == [("every_row_is_accounted_for", False)]


@pytest.mark.parametrize(("found", "expected"), [("this", True), ("an older one", False)])
def test_publication_vouches_for_what_a_reader_opens(
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace, found: str, *, expected: bool
) -> None:
    with duckdb.connect(str(workspace.current_link)) as connection:
        connection.execute(f"create schema meta; create table meta.publication as select '{found}' as version")
    version = SimpleNamespace(version="this", path=workspace.current_link, tables={"core.dim_customer": 7}, row_count=7)
    monkeypatch.setattr("pipelines.transform.project.ensure_manifest", lambda _: None)
    monkeypatch.setattr("pipelines.transform.catalog.published_tables", lambda _: ())
    monkeypatch.setattr("pipelines.transform.inputs.build_fingerprint", lambda *_: "now")
    monkeypatch.setattr("pipelines.warehouse.publish.publish", lambda *_, known_by: version if known_by == "" else None)
    result = run(publication, workspace)
    assert made(result) == {"published"}
    assert [check.passed for check in result.get_asset_check_evaluations()] == [expected]
