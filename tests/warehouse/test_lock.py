"""One writer at a time."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError
from pipelines.warehouse.lock import hold
from pipelines.warehouse.workspace import CHECKOUT, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDER = """
import sys
from pathlib import Path
from pipelines.warehouse.lock import hold
from pipelines.warehouse.workspace import Workspace

with hold(Workspace(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""
ASKER = HOLDER.replace('print("held", flush=True)', "sys.exit(0)")


@contextmanager
def holder(workspace: Workspace) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the workspace until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(workspace.root)], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def is_free_for_others(workspace: Workspace) -> bool:
    asked = subprocess.run([sys.executable, "-c", ASKER, str(workspace.root)], cwd=CHECKOUT, check=False, stderr=subprocess.PIPE, text=True)
    assert asked.returncode == 0 or "held by another run" in asked.stderr
    return asked.returncode == 0


def test_another_process_is_refused_with_a_sentence_until_the_holder_ends(workspace: Workspace) -> None:
    with holder(workspace) as process:
        told = (
            rf"^{re.escape(str(workspace.root))}: the workspace is held by another run \(process {process.pid}\); wait until .*run again\.$"
        )
        with pytest.raises(ClienteleError, match=told), hold(workspace):
            pass
        process.communicate("")
    with hold(workspace):
        pass


def test_a_killed_holder_holds_no_more(workspace: Workspace) -> None:
    with holder(workspace) as process:
        process.kill()
    with hold(workspace):
        assert workspace.lock_file.read_text() != str(process.pid)


def test_nested_holds_are_one_that_ends_with_the_last(workspace: Workspace) -> None:
    with hold(workspace):
        with hold(workspace):
            pass
        assert not is_free_for_others(workspace)
    assert is_free_for_others(workspace)


def test_an_outer_hold_may_end_first(workspace: Workspace) -> None:
    """Generators that are closed late let go in another order than they took hold."""
    outer, inner = hold(workspace), hold(workspace)
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    assert not is_free_for_others(workspace)
    inner.__exit__(None, None, None)
    with holder(workspace):
        pass


def test_a_failure_lets_go(workspace: Workspace) -> None:
    with pytest.raises(KeyError), hold(workspace):
        raise KeyError
    with holder(workspace):
        pass


def test_one_workspace_does_not_hold_another(workspace: Workspace, tmp_path: Path) -> None:
    with hold(workspace), holder(Workspace.at(tmp_path / "other")):
        pass


def test_what_a_killed_run_left_to_spill_is_removed(workspace: Workspace) -> None:
    workspace.prepare()
    (workspace.temp / "duckdb_temp_storage_DEFAULT-0.tmp").write_text("names and addresses")
    (workspace.temp / "folder").mkdir()
    with hold(workspace):
        assert list(workspace.temp.iterdir()) == []
        (workspace.temp / "mine").write_text("")
        with hold(workspace):
            assert (workspace.temp / "mine").exists()


def test_a_folder_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ClienteleError, match=r"file: the workspace cannot be written \(File exists\); check that"),
        hold(Workspace.at(tmp_path / "file")),
    ):
        pass


def test_refusal_does_not_wait(workspace: Workspace) -> None:
    with holder(workspace):
        began = time.monotonic()
        with pytest.raises(ClienteleError), hold(workspace):
            pass
        assert time.monotonic() - began < 2
