"""The steps around the models: when intake lets the rest be skipped, and what publication vouches for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import pytest

from pipelines.defs.intake import intake
from pipelines.defs.publish import publication
from pipelines.defs.resources import WorkspaceResource
from pipelines.intake.landing import LandedFeed, LandingReport
from pipelines.intake.rows import FeedCounts
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
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace, *, made_from: str, published: str | None, lost: int = 0
) -> dg.ExecuteInProcessResult:
    """Run intake over one delivery of five rows, of which `lost` are not accounted for."""
    counts = FeedCounts(rows_in=5, rows_landed=3 - lost, rows_duplicate=1, rows_excluded=0, rows_quarantined=1, records=3)
    report = LandingReport((LandedFeed("erp", "one.csv", "invoices", "landed", counts),), (), ())
    monkeypatch.setattr("pipelines.intake.landing.land", lambda *_: report)
    monkeypatch.setattr("pipelines.transform.inputs.build_fingerprint", lambda *_: made_from)
    monkeypatch.setattr("pipelines.warehouse.publish.published_fingerprint", lambda _: published)
    return run(intake, workspace)


def made(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key}


@pytest.mark.parametrize("published", [None, "older"])
def test_intake_makes_every_raw_table_anew_when_there_is_something_to_build(
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace, published: str | None
) -> None:
    result = take_in(monkeypatch, workspace, made_from="now", published=published)
    assert result.success
    assert made(result) == {key.to_user_string() for key in intake.keys}
    (invoices,) = (event for event in result.get_asset_materialization_events() if event.asset_key == dg.AssetKey(["raw", "invoices"]))
    assert invoices.materialization.metadata["rows_landed"].value == 3


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
