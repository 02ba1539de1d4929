"""A publication that is interrupted at any step leaves a readable version, and the next one makes up for what is missing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.warehouse import copying, describing, publish, state, versions
from pipelines.warehouse.connection import open_file
from pipelines.warehouse.workspace import CHECKOUT, Workspace
from tests.warehouse.small import change, close_march, published, rows

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

# Every step of a publication in its order; what comes before `remember` comes before the pointer has moved.
STEPS: tuple[tuple[ModuleType, str], ...] = (
    (publish, "_catch_up"),
    (publish, "_refuse_unreconciled"),
    (state, "attach_state"),
    (copying, "plan"),
    (copying, "write"),
    (describing, "describe"),
    (copying, "compare"),
    (versions, "write_manifest"),
    (versions, "point"),
    (state, "_keep"),
    (state, "back_up"),
    (versions, "prune"),
)
AFTER_THE_POINTER = {"_keep", "back_up", "prune"}
REPORTED = "select as_of, customer_key, pareto_tier, first_published_at from as_reported.segmentation_customer order by all"


class PowerCutError(BaseException):
    """Nothing in the code expects this one."""


@pytest.fixture(scope="module")
def once_published(template: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A published version, and a month that has closed since; nobody changes it."""
    workspace = copied(template, tmp_path_factory.mktemp("published"))
    published(workspace)
    close_march(workspace)
    return workspace


@pytest.mark.parametrize(("module", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_crash_at_any_step_is_harmless(
    once_published: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str
) -> None:
    workspace = copied(once_published, tmp_path)
    [(old,)] = rows(workspace, "select version from meta.publication")
    reported = rows(workspace, REPORTED)
    with monkeypatch.context() as patched:
        patched.setattr(module, step, crash)
        with pytest.raises(PowerCutError):
            published(workspace)
    [(current,)] = rows(workspace, "select max(version) from meta.publication")
    assert (current != old) is (step in AFTER_THE_POINTER)
    shown = rows(workspace, REPORTED)
    assert shown[: len(reported)] == reported

    # A restatement between the crash and the next publication must not get into what the crashed one has shown.
    change(workspace, "update mart.segmentation_customer set pareto_tier = 'B'")
    new = published(workspace)
    assert rows(workspace, "select version from meta.publication") == [
        (version,) for version in sorted({str(old), str(current), new.version})
    ]
    march = [(date(2025, 3, 31), key, "B", new.published_at) for key in (10, 30)]
    assert rows(workspace, REPORTED) == (shown if step in AFTER_THE_POINTER else [*reported, *march])
    assert not list(workspace.published.glob(".*"))
    assert {path.stem for path in workspace.state_backups.iterdir()} >= {old, new.version}


def copied(workspace: Workspace, folder: Path) -> Workspace:
    """A copy of a workspace, links and all."""
    shutil.copytree(workspace.root, folder / "workspace", symlinks=True)
    return Workspace.at(folder / "workspace")


def crash(*_: Any, **__: Any) -> None:
    raise PowerCutError


KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.warehouse import copying, describing, publish, state, versions
from pipelines.warehouse.workspace import Workspace
from tests.warehouse.small import published

module, step = sys.argv[2].split(".")
setattr(globals()[module], step, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
published(Workspace(Path(sys.argv[1])))
"""


@pytest.mark.parametrize("step", ["describing.describe", "state.back_up"])
def test_a_killed_publication_is_harmless(once_published: Workspace, tmp_path: Path, step: str) -> None:
    workspace = copied(once_published, tmp_path)
    [(old,)] = rows(workspace, "select version from meta.publication")
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    ended = subprocess.run([sys.executable, "-c", KILLED, str(workspace.root), step], env=environment, check=False, cwd=CHECKOUT)
    assert ended.returncode == -signal.SIGKILL
    [(current,)] = rows(workspace, "select max(version) from meta.publication")
    assert (current != old) is (step == "state.back_up")
    assert bool(list(workspace.published.glob(".writing-*"))) is (current == old)
    new = published(workspace)
    assert rows(workspace, "select version from meta.publication") == [
        (version,) for version in sorted({str(old), str(current), new.version})
    ]
    assert not list(workspace.published.glob(".*"))


def test_what_a_crashed_writer_left_is_not_replayed(built: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB replays a log that lies beside a new file into it without a word."""
    version = versions.next_moment(built, publish._now())
    monkeypatch.setattr(publish, "_now", lambda: version)
    left_over = built.published / f".writing-{versions.name_of(version)}"
    left_over.mkdir(parents=True)
    crash = """
import os, sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("create schema core")
connection.execute("create table core.dim_customer as select 99 as customer_key")
connection.execute("checkpoint")
connection.execute("insert into core.dim_customer values (100)")
os._exit(1)
"""
    subprocess.run([sys.executable, "-c", crash, str(left_over / "clientele.duckdb")], check=False)
    assert (left_over / "clientele.duckdb.wal").exists()
    assert published(built).version == versions.name_of(version)
    assert rows(built, "select customer_key from core.dim_customer") == [(-1,), (10,), (20,), (30,)]
    assert not list(built.published.rglob("*.wal"))


def test_the_state_survives_a_crash_of_its_writer(built: Workspace) -> None:
    """What was committed and not yet written into the file itself comes back from the file's log."""
    published(built)
    crash = """
import os, sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("insert into reported_month values ('churn_trigger', date '2025-03-31')")
os._exit(1)
"""
    subprocess.run([sys.executable, "-c", crash, str(built.state_file)], check=False)
    published(built)
    with open_file(built.state_file, built, read_only=True) as kept:
        assert kept.execute("select count(*) from reported_month where as_of = date '2025-03-31'").fetchall() == [(1,)]
    copy = max(built.state_backups.iterdir())
    with open_file(copy, built, read_only=True) as kept:
        assert kept.execute("select count(*) from reported_month where as_of = date '2025-03-31'").fetchall() == [(1,)]
