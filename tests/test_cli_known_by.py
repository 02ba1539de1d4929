"""`clientele run --known-by MOMENT --out FILE`: how it is asked and how it answers."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pipelines import cli
from pipelines.defs.known_by import run_known_by
from pipelines.errors import ClienteleError
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOMENT = "2026-03-31T23:59:59Z"


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called from a folder that is not the checkout, with nothing set."""
    for name in ("CLIENTELE_WORKSPACE", "DAGSTER_HOME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """In place of the run: what was asked for, and what it answers."""
    seen = SimpleNamespace(calls=[], closed=[], result={}, fault=None)

    def run(workspace: Workspace, known_by: str, out: Path, progress: Callable[[Any], None], *, overwrite: bool) -> SimpleNamespace:
        seen.calls.append((workspace, known_by, out, overwrite))
        progress(SimpleNamespace(step="core", state="done", finished=1, planned=1, seconds=0.5, detail=""))
        if seen.fault is not None:
            raise seen.fault
        return SimpleNamespace(**{"success": True, "is_new": True, "seconds": 1.0, "failure": "", "detail": "", **seen.result})

    module = ModuleType("pipelines.defs.known_by")
    module.run_known_by = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pipelines.defs.known_by", module)
    monkeypatch.setattr("pipelines.display.closing_known_by", lambda _, *told: seen.closed.append(told))
    return seen


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["clientele", "run", "-w", "shop", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    code = ended.value.code
    assert isinstance(code, int | None)
    return code or 0


@pytest.mark.parametrize("more", [(), ("--overwrite",)])
def test_the_file_lies_in_the_callers_folder(
    asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, more: tuple[str, ...]
) -> None:
    report = tmp_path / "shop" / "last-failure.log"
    report.write_text("of the run before")
    assert call(monkeypatch, "--known-by", MOMENT, "--out", "march.duckdb", *more) == 0
    place = Workspace(tmp_path / "shop")
    assert asked.calls == [(place, MOMENT, tmp_path / "march.duckdb", bool(more))]
    assert asked.closed == [(tmp_path / "march.duckdb", MOMENT, place.current_link, 1.0)]
    assert capsys.readouterr().out.startswith("✓ core")
    assert report.read_text() == "of the run before"


@pytest.mark.parametrize("arguments", [("--known-by", MOMENT), ("--out", "march.duckdb")])
def test_moment_and_file_go_together(
    asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert call(monkeypatch, *arguments) == 1
    assert capsys.readouterr().err.startswith("--known-by and --out go together")
    assert asked.calls == []


def test_no_sample_is_written_for_it(asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert call(monkeypatch, "--known-by", MOMENT, "--out", "march.duckdb", "--sample-when-empty") == 0
    assert list((tmp_path / "shop").iterdir()) == []
    assert len(asked.calls) == 1


@pytest.mark.parametrize(
    ("result", "fault", "said"),
    [
        ({"success": False, "failure": "The model core.x failed; mend it."}, None, "The model core.x failed; mend it.\n"),
        ({}, KeyboardInterrupt(), "The run was interrupted; nothing was written.\n"),
        ({}, ClienteleError("--out: x is there already."), "--out: x is there already.\n"),
    ],
)
def test_what_went_wrong_is_one_sentence(
    asked: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    result: dict[str, object],
    fault: BaseException | None,
    said: str,
) -> None:
    asked.result, asked.fault = result, fault
    assert call(monkeypatch, "--known-by", MOMENT, "--out", "march.duckdb") == 1
    assert capsys.readouterr().err == said
    assert asked.closed == []


def test_a_place_or_a_moment_that_cannot_be_is_told_before_anything_begins(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "shop")
    with pytest.raises(ClienteleError, match=r"lies in .*published, which the workspace keeps for itself"):
        run_known_by(workspace, MOMENT, workspace.published / "march.duckdb")
    with pytest.raises(ClienteleError, match="--known-by: found 'March'"):
        run_known_by(workspace, "March", tmp_path / "march.duckdb")
    with pytest.raises(ClienteleError, match="nothing has landed yet"):
        run_known_by(workspace, MOMENT, tmp_path / "march.duckdb")
    assert [path.name for path in workspace.root.iterdir()] == [".lock"]
