"""The fingerprint of a build: equal while nothing that it is made from has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.policy import load_policy
from pipelines.transform import inputs
from pipelines.transform.inputs import build_fingerprint
from pipelines.warehouse.workspace import Workspace
from tests.transform.tiny import change

if TYPE_CHECKING:
    from pathlib import Path

LANDED = "insert into raw.delivery by name select {key} as delivery_key, 'invoices' as record_type, '{status}' as status;"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.prepare()
    tables = (
        f"create table raw.{table.name} ({', '.join(f'{column.name} {column.duckdb_type}' for column in table.columns)});"
        for table in load_intake_tables().values()
    )
    change(
        workspace, "create schema raw;" + "".join(tables) + LANDED.format(key=1, status="landed") + LANDED.format(key=2, status="landed")
    )
    return workspace


def fingerprint(workspace: Workspace, known_by: str = "") -> str:
    return build_fingerprint(workspace, load_policy(workspace.policy_file), known_by)


def test_it_is_the_same_when_nothing_has_changed(workspace: Workspace) -> None:
    before = fingerprint(workspace)
    change(workspace, "create or replace table raw.delivery as select * from raw.delivery order by delivery_key desc")
    assert fingerprint(workspace) == before


@pytest.mark.parametrize(
    "statement",
    [
        LANDED.format(key=3, status="landed"),
        "update raw.delivery set status = 'held' where delivery_key = 2",
        "update raw.delivery set decision = 'released', decided_at = timestamp '2024-01-01' where delivery_key = 2",
        "update raw.delivery set delivery_order = '2' where delivery_key = 2",
        "insert into raw.feed_fold values ('erp', 'invoices', 'amount', 'sum')",
    ],
)
def test_what_was_delivered_changes_it(workspace: Workspace, statement: str) -> None:
    before = fingerprint(workspace)
    change(workspace, statement)
    assert fingerprint(workspace) != before


@pytest.mark.parametrize("status", ["skipped", "refused"])
def test_a_delivery_that_landed_nothing_does_not(workspace: Workspace, status: str) -> None:
    before = fingerprint(workspace)
    change(workspace, LANDED.format(key=3, status=status))
    assert fingerprint(workspace) == before


def test_the_policy_changes_it(workspace: Workspace) -> None:
    before = fingerprint(workspace)
    workspace.policy_file.write_text("calendar.close_after_days: 9\n", encoding="utf-8")
    assert fingerprint(workspace) != before


def test_the_moment_of_knowing_changes_it(workspace: Workspace) -> None:
    assert fingerprint(workspace, "2024-01-01") != fingerprint(workspace)


def test_the_code_changes_it(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "code"
    code.mkdir()
    monkeypatch.setattr(inputs, "_PACKAGE", code)
    (code / "method.py").write_text("a = 1", encoding="utf-8")
    before = fingerprint(workspace)
    (code / "method.py").write_text("a = 2", encoding="utf-8")
    assert fingerprint(workspace) != before
