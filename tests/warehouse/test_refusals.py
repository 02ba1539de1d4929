"""When nothing is published, and that everything then stays as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import ClienteleError
from pipelines.warehouse import describing
from tests.warehouse.small import CATALOG, change, published, rows

if TYPE_CHECKING:
    from pipelines.warehouse.workspace import Workspace


def test_a_build_that_does_not_reconcile_is_refused(built: Workspace) -> None:
    before = published(built)
    everything = snapshot(built)
    change(built, "update meta.reconciliation set unexplained = -12.5")
    with pytest.raises(ClienteleError, match=r"amount of fct_invoice from billing in February 2025 differ .* by -12.5000 without a cause"):
        published(built)
    assert snapshot(built) == everything
    assert rows(built, "select max(version) from meta.publication") == [(before.version,)]


def test_a_difference_that_cannot_be_told_is_refused(built: Workspace) -> None:
    change(built, "update meta.reconciliation set unexplained = null, month = null")
    with pytest.raises(ClienteleError, match="no readable month"):
        published(built)
    assert not built.current_link.exists()
    assert not built.state_file.exists()


@pytest.mark.parametrize(
    ("tampering", "named"),
    [
        ("delete from published.core.dim_customer where customer_key = 20", "core.dim_customer"),
        ("update published.mart.churn_risk_customer set probability = 0.91 where probability = 0.9", "mart.churn_risk_customer"),
        (
            "update published.as_reported.segmentation_customer set pareto_tier = 'B' where customer_key = 20",
            "as_reported.segmentation_customer",
        ),
        ("delete from published.meta.policy where name = 'reporting.currency'", "meta.policy"),
        ("create table published.core.extra as select 1", "core.extra"),
        ("drop table published.core.dim_customer", "core.dim_customer"),
        ("create view published.core.seen as select 1", "1 views"),
    ],
)
def test_a_copy_that_differs_is_refused(built: Workspace, monkeypatch: pytest.MonkeyPatch, tampering: str, named: str) -> None:
    published(built)
    everything = snapshot(built)
    honest = describing.describe

    def tampered(build: Any, *given: Any) -> Any:
        publication = honest(build, *given)
        build.execute(tampering)
        return publication

    monkeypatch.setattr(describing, "describe", tampered)
    with pytest.raises(ClienteleError, match="nothing was published") as refusal:
        published(built)
    assert named in str(refusal.value)
    assert snapshot(built) == everything


def test_what_has_no_description_is_refused(built: Workspace) -> None:
    bare = [replace(entry, columns=entry.columns[:-1]) if entry.table_name == "dim_customer" else entry for entry in CATALOG]
    with pytest.raises(ClienteleError, match=r"core\.dim_customer: the column region has no description"):
        published(built, catalog=bare)
    bare = [replace(entry, description="") if entry.table_name == "dim_customer" else entry for entry in CATALOG]
    with pytest.raises(ClienteleError, match=r"core\.dim_customer: has no description"):
        published(built, catalog=bare)


def test_what_was_not_built_is_refused(built: Workspace) -> None:
    change(built, "drop table mart.value_movement")
    with pytest.raises(ClienteleError, match=r"mart\.value_movement: is to be published and the build does not have it"):
        published(built)


def snapshot(workspace: Workspace) -> dict[str, Any]:
    """Everything published and everything that the state remembers, byte by byte."""
    folders = (workspace.published, workspace.state_backups)
    files = [path for folder in folders for path in sorted(folder.rglob("*"))] + [workspace.state_file]
    return {path.as_posix(): path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None for path in files}
