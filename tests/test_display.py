"""How a run looks, on a terminal and elsewhere."""

from __future__ import annotations

import io
import re
import shlex
import sys
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from rich.cells import cell_len
from rich.console import Console

from pipelines import display
from pipelines.policy import load_policy
from pipelines.summary import Headline, Intake, Summary
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.defs.run import StepProgress

SUMMARY = Summary(
    as_of=date(2025, 2, 28),
    intake=(Intake("invoices", 18, 7_952_113, 41, 0, 7), Intake("投诉[/bold]", 2, 3, 0, 0, 0)),
    held=2,
    tables={"core.dim_customer": 501, "core.fct_customer_month": 24_000_000, "mart.segmentation_customer": 8_221},
    headlines=(Headline("Customers active", "12 [sic]", "67% of 18 ever billed"), Headline("客户流失", "3", "高风险")),
)


def elsewhere(width: int = 120) -> Console:
    return Console(file=io.StringIO(), width=width)


def terminal(width: int = 100) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None, legacy_windows=False)


def shown(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


@pytest.fixture
def step() -> SimpleNamespace:
    """A step's progress, as the definitions tell of it."""
    return SimpleNamespace(step="intake", state="waiting", finished=0, planned=15, seconds=0.0, detail="")


def tell(steps: display.Steps, progress: SimpleNamespace, **changes: object) -> None:
    steps.tell(cast("StepProgress", SimpleNamespace(**{**vars(progress), **changes})))


def test_elsewhere_a_step_has_a_line_when_it_begins_and_when_it_ends(step: SimpleNamespace) -> None:
    screen = elsewhere()
    with display.Steps(screen) as steps:
        tell(steps, step)
        tell(steps, step, state="running")
        for second in range(1, 10):
            tell(steps, step, state="running", seconds=second, detail="landing/账单[1].csv", finished=second)
        tell(steps, step, state="done", seconds=9.5, finished=15)
        tell(steps, step, state="done", seconds=9.5, finished=15)
    assert shown(screen).splitlines() == [
        "… intake                     0/15     0.0 s  running",
        "✓ intake                    15/15     9.5 s  done",
    ]


def test_elsewhere_a_long_step_is_heard_of_now_and_then(step: SimpleNamespace) -> None:
    screen = elsewhere()
    with display.Steps(screen) as steps:
        for second in range(26):
            tell(steps, step, state="running", seconds=second, detail=f"账单[{second}].csv", finished=second)
        tell(steps, step, state="failed", seconds=25.5, finished=9)
    assert shown(screen).splitlines() == [
        "… intake                     0/15     0.0 s  账单[0].csv",
        "… intake                    10/15    10.0 s  账单[10].csv",
        "… intake                    20/15    20.0 s  账单[20].csv",
        "✗ intake                     9/15    25.5 s  failed",
    ]


def test_elsewhere_nothing_moves_and_nothing_is_coloured(step: SimpleNamespace) -> None:
    screen = elsewhere()
    with display.Steps(screen) as steps, display.Bar(screen, "sample") as bar:
        tell(steps, step, state="skipped")
        bar.tell("invoices", 3, 8)
        bar.tell("contacts", 8, 8)
    assert "\x1b" not in shown(screen)
    assert re.fullmatch(r"– intake +0/15 +0\.0 s  skipped\n✓ sample +8/8 +0\.\d s\n", shown(screen))


def test_elsewhere_work_that_failed_is_not_said_to_be_done() -> None:
    screen = elsewhere()
    with pytest.raises(KeyError), display.Bar(screen, "sample"):
        raise KeyError
    assert shown(screen) == ""


def test_a_terminal_shows_bars(step: SimpleNamespace) -> None:
    screen = terminal()
    with display.Steps(screen) as steps:
        tell(steps, step)
        tell(steps, step, step="core", planned=0)
        tell(steps, step, state="running", detail="landing/账单[/red].csv", finished=3)
        steps._bars.refresh()
        assert "landing/账单[/red].csv" in shown(screen)
        tell(steps, step, state="done", finished=3)
        tell(steps, step, step="core", planned=0, state="skipped")
    plain = re.sub(r"\x1b\[\??\d+[A-Za-z]", "", shown(screen))
    done, skipped = [line for line in plain.splitlines() if line][-2:]
    assert re.match(r"✓ intake +━+ +15/15 ", done)
    assert re.match(r"– core .* skipped", skipped)


def test_a_terminal_shows_the_part_at_hand() -> None:
    screen = terminal()
    with display.Bar(screen, "sample") as bar:
        bar.tell("invoices[/red]", 3, 8)
    assert re.search(r"sample +━+.* 3/8  invoices\[/red\]", shown(screen))


def close(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, screen: Console, summary: Summary = SUMMARY, *, is_new: bool = True) -> str:
    monkeypatch.setattr(display, "summarise", lambda _: summary)
    monkeypatch.setattr(sys, "executable", "/venv/bin/python")
    display.closing(screen, Workspace.at(tmp_path / "工作区"), is_new, 12.4)
    return shown(screen)


def test_the_closing_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = close(monkeypatch, tmp_path, elsewhere())
    words = [" ".join(line.split()) for line in text.splitlines()]
    for line in (
        "record type deliveries landed duplicate excluded quarantined",
        "invoices 18 7,952,113 41 0 7",
        "投诉[/bold] 2 3 0 0 0",
        "2 deliveries are held; 'clientele deliveries --status held' says why.",
        "core.dim_customer 501 mart.segmentation_customer 8,221",
        "core.fct_customer_month 24,000,000",
        "As of 28 February 2025",
        "Customers active 12 [sic] 67% of 18 ever billed",
        "客户流失 3 高风险",
    ):
        assert line in words
    path = tmp_path / "工作区" / "published" / "current.duckdb"
    code = f"import duckdb; duckdb.connect('{path}', read_only=True).sql('from mart.segmentation_customer').show()"
    assert text.splitlines()[-3:] == [
        f"Published {path} in 12 s",
        f'Open it:  /venv/bin/python -c "{code}"',
        f"     or:  duckdb -readonly '{path}'",
    ]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_is_cut_off_on_a_narrow_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, width: int) -> None:
    text = close(monkeypatch, tmp_path, terminal(width))
    assert "…" not in text
    for name in SUMMARY.tables:
        assert name in text
    tables = text.split("Published /")[0].splitlines()
    assert max(cell_len(line) for line in tables) <= max(width, 75)


def test_columns_stay_in_line_with_wide_letters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = close(monkeypatch, tmp_path, elsewhere()).splitlines()
    figures = [line for line in lines if "Customers active" in line or "客户流失" in line]
    ends = {cell_len(re.split(r"(?<=\])|(?<= 3)", line)[0]) for line in figures}
    assert len(figures) == 2
    assert len(ends) == 1


def test_one_held_delivery_and_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "1 delivery is held" in close(monkeypatch, tmp_path, elsewhere(), replace(SUMMARY, held=1))
    assert " held " not in close(monkeypatch, tmp_path, elsewhere(), replace(SUMMARY, held=0))


def test_nothing_closed_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = close(monkeypatch, tmp_path, elsewhere(), Summary(None, (), 0, {}, ()))
    assert "No month is closed yet" in text


def test_nothing_new(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = close(monkeypatch, tmp_path, elsewhere(), is_new=False)
    path = tmp_path / "工作区" / "published" / "current.duckdb"
    assert text.startswith(f"\nNothing new: no delivery waits, and {path} is what they give (12 s).\nOpen it:  ")
    assert "Delivered" not in text


def test_the_closing_of_an_earlier_moment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(display, "summarise", lambda path: SUMMARY if path == tmp_path / "march [1].duckdb" else None)
    current = tmp_path / "current.duckdb"
    for is_there in (False, True):
        screen = elsewhere()
        display.closing_known_by(screen, tmp_path / "march [1].duckdb", "2025-03-31", current, 7.2)
        lines = shown(screen).splitlines()
        assert "  2 deliveries are held; 'clientele deliveries --status held' says why." in lines
        assert "As of 28 February 2025" in [line.strip() for line in lines]
        wrote = lines.index(f"Wrote {tmp_path}/march [1].duckdb in 7 s: what was known by 2025-03-31; nothing else has changed")
        assert lines[wrote + 2] == f"     or:  duckdb -readonly '{tmp_path}/march [1].duckdb'"
        assert lines[wrote + 3 :] == ([f"As known today:  {current}"] if is_there else [])
        current.touch()


@pytest.mark.parametrize("folder", ["it's", 'a "b" $HOME `x`'])
def test_the_command_to_open_it_survives_the_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str) -> None:
    screen = elsewhere()
    monkeypatch.setattr(display, "summarise", lambda _: SUMMARY)
    workspace = Workspace.at(tmp_path / folder)
    display.closing(screen, workspace, False, 1)
    python, duckdb = shown(screen).splitlines()[-2:]
    assert shlex.split(duckdb.removeprefix("     or:  ")) == ["duckdb", "-readonly", str(workspace.current_link)]
    assert repr(str(workspace.current_link)) in shlex.split(python.removeprefix("Open it:  "))[2]


def test_policies_elsewhere_are_a_line_each(tmp_path: Path) -> None:
    own = tmp_path / "policy.yml"
    own.write_text("reporting.currency: EUR\n", encoding="utf-8")
    screen = elsewhere(40)
    display.policies(screen, load_policy(own))
    lines = [line.split("\t") for line in shown(screen).splitlines()]
    assert lines[0] == ["name", "value", "unit", "why", "set in"]
    assert len(lines) == 1 + len(load_policy().entries())
    assert {len(line) for line in lines} == {5}
    found = {line[0]: line for line in lines}
    assert found["reporting.currency"][1:3] == ["EUR", "ISO 4217 code"]
    assert found["reporting.currency"][4] == "workspace"
    assert found["reporting.time_zone"][4] == "project"
    assert found["churn.rhythm_ratio_bins"][1] == "[0.5, 1.0, 1.5, 2.0, 3.0, 5.0]"


def test_policies_on_a_terminal_are_a_table() -> None:
    screen = terminal(200)
    display.policies(screen, load_policy())
    assert re.search(r"churn\.rhythm_ratio_bins +\[0\.5, 1\.0, 1\.5, 2\.0, 3\.0, 5\.0\]", shown(screen))
    assert re.search(r"publish\.natural_ids +\[\] ", shown(screen))
