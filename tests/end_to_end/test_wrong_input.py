"""Wrong input of every kind: one plain sentence, a non-zero exit, and the published file and the landed rows as they were."""

from __future__ import annotations

import fcntl
import gzip
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from pipelines.warehouse.connection import open_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace
    from tests.end_to_end.conftest import Command

RECORDS = ("customers", "accounts", "products", "invoices", "invoice_lines", "payments", "contacts", "complaints")
NAME, MISSPELT = "账单编号".encode("gb18030"), "账单编码".encode("gb18030")


def landed(workspace: Workspace) -> dict[str, tuple[int, int]]:
    """Rows of each raw table, and a sum over what they say."""
    with open_file(workspace.build_file, workspace, read_only=True) as build:
        query = "select count(*), coalesce(bit_xor(_content_hash), 0) from raw.{}"
        return {record: build.execute(query.format(record)).fetchone() or (0, 0) for record in RECORDS}


def invoice_source(workspace: Workspace) -> str:
    """The path of the source that delivers invoices, below the workspace."""
    found = [path for path in sorted(workspace.sources.glob("*.yml")) if "\n  invoices:" in path.read_text(encoding="utf-8")]
    return found[0].relative_to(workspace.root).as_posix()


def newest_invoices(workspace: Workspace) -> str:
    """The last delivered file of invoices."""
    return max(path.relative_to(workspace.root).as_posix() for path in workspace.landing.rglob("invoices_*.csv.gz"))


def next_delivery(workspace: Workspace) -> str:
    """The name of a file of invoices still to come."""
    return newest_invoices(workspace).replace("2026-", "2027-")


def missing_folder(workspace: Workspace) -> tuple[str, ...]:
    shutil.rmtree((workspace.root / newest_invoices(workspace)).parent)
    return ("sources/billing_", "line", "landing/billing does not exist")


def unreadable_file(workspace: Workspace) -> tuple[str, ...]:
    whole = (workspace.root / newest_invoices(workspace)).read_bytes()
    (workspace.root / next_delivery(workspace)).write_bytes(whole[: len(whole) // 2])
    return (next_delivery(workspace), "gzip", "delivered again")


def missing_column(workspace: Workspace) -> tuple[str, ...]:
    header, _, rest = gzip.decompress((workspace.root / newest_invoices(workspace)).read_bytes()).partition(b"\n")
    spoiled = header.replace(NAME, MISSPELT) + b"\n" + rest
    (workspace.root / next_delivery(workspace)).write_bytes(gzip.compress(spoiled))
    return (next_delivery(workspace), "'账单编号'", "missing", "'账单编码'")


def broken_yaml(workspace: Workspace) -> tuple[str, ...]:
    path = workspace.root / invoice_source(workspace)
    path.write_text(path.read_text(encoding="utf-8").replace("feeds:", "feeds: ["), encoding="utf-8")
    return (invoice_source(workspace), "line", "not YAML")


def not_an_expression(workspace: Workspace) -> tuple[str, ...]:
    path = workspace.root / invoice_source(workspace)
    lines = [
        line if not line.strip().startswith("amount:") else line.split("amount:")[0] + "amount: (select max(secret) from vault)"
        for line in path.read_text(encoding="utf-8").splitlines()
        if "fold:" not in line
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return (invoice_source(workspace), "line", "not an expression", "subquery")


def policy_out_of_range(workspace: Workspace) -> tuple[str, ...]:
    workspace.policy_file.write_text("# ours\nsegmentation.pareto_a_share: 1.7\n", encoding="utf-8")
    return ("policy.yml", "line 2", "segmentation.pareto_a_share", "1.7")


def unknown_policy(workspace: Workspace) -> tuple[str, ...]:
    workspace.policy_file.write_text("segmentation.pareto_share: 0.8\n", encoding="utf-8")
    return ("policy.yml", "line 1", "segmentation.pareto_share", "segmentation.pareto_a_share")


CASES = (missing_folder, unreadable_file, missing_column, broken_yaml, not_an_expression, policy_out_of_range, unknown_policy)


@pytest.mark.parametrize("spoil", CASES, ids=lambda case: case.__name__)
def test_wrong_input_changes_nothing(spoil: Callable[[Workspace], tuple[str, ...]], copied: Workspace, clientele: Command) -> None:
    before, version = landed(copied), (copied.published / "current").readlink()
    expected = spoil(copied)
    run = clientele("run", "--workspace", str(copied.root))
    assert run.returncode != 0
    sentence = run.stderr.strip().splitlines()[0]
    for part in expected:
        assert part in sentence, run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert landed(copied) == before
    assert (copied.published / "current").readlink() == version
    assert copied.current_link.exists()


def test_a_workspace_that_another_run_holds(copied: Workspace, clientele: Command) -> None:
    before = landed(copied)
    descriptor = os.open(copied.lock_file, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        run = clientele("run", "--workspace", str(copied.root))
    finally:
        os.close(descriptor)
    assert run.returncode != 0
    assert str(copied.root) in run.stderr
    assert "held by another run" in run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert landed(copied) == before


def test_an_empty_workspace_says_what_to_do(tmp_path: Path, clientele: Command) -> None:
    (tmp_path / "empty").mkdir()
    run = clientele("run", "--workspace", str(tmp_path / "empty"))
    assert run.returncode != 0
    assert "no source is defined" in run.stderr
    assert "clientele sample" in run.stderr


def test_a_mended_delivery_lands(copied: Workspace, clientele: Command) -> None:
    missing_column(copied)
    assert clientele("run", "--workspace", str(copied.root)).returncode != 0
    spoiled = copied.root / next_delivery(copied)
    mended = gzip.decompress(spoiled.read_bytes()).replace(MISSPELT, NAME, 1)
    spoiled.write_bytes(gzip.compress(mended))
    run = clientele("run", "--workspace", str(copied.root))
    assert run.returncode == 0, run.stderr
