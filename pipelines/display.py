"""How a run looks in a terminal: steps while it works, a short table when it ends. Shows what it is given; computes no figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.box import SIMPLE_HEAD
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.summary import Summary, summarise

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from rich.console import Console

    from pipelines.defs.run import StepProgress
    from pipelines.policy import Policy
    from pipelines.warehouse.workspace import Workspace

_SIGNS = {"waiting": " ", "running": "…", "done": "✓", "skipped": "–", "failed": "✗"}


class Bar:
    """One bar for work that counts its parts."""

    def __init__(self, screen: Console, title: str) -> None:
        self._bar = Progress(
            TextColumn("{task.fields[title]:<24}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed}/{task.total}  {task.description}"),
            TimeElapsedColumn(),
            console=screen,
        )
        self._task = self._bar.add_task("", title=title, total=None)

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Stop drawing."""
        self._bar.stop()

    def tell(self, what: str, number: int, total: int) -> None:
        """Show what is at hand."""
        self._bar.update(self._task, description=what, completed=number, total=total)


class Steps:
    """The steps of a run: a bar each on a terminal, a line each time one ends elsewhere."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._bars = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.fields[sign]} {task.fields[step]:<24}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:>3.0f}/{task.total:<3.0f}"),
            TimeElapsedColumn(),
            TextColumn("{task.description}", style="dim"),
            console=screen,
        )
        self._tasks: dict[str, TaskID] = {}
        self._is_live = screen.is_terminal

    def __enter__(self) -> Self:
        """Start drawing."""
        if self._is_live:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Stop drawing."""
        if self._is_live:
            self._bars.stop()

    def tell(self, step: StepProgress) -> None:
        """Show how far a step is."""
        if not self._is_live:
            if step.state in ("done", "skipped", "failed"):
                line = f"{_SIGNS[step.state]} {step.step:<24} {step.finished:>3}/{step.planned:<3} {step.seconds:6.1f} s  {step.state}"
                self._screen.print(line, highlight=False)
            return
        if step.step not in self._tasks:
            self._tasks[step.step] = self._bars.add_task("", start=False, total=step.planned or 1, sign=" ", step=step.step)
        task = self._tasks[step.step]
        if step.state == "running" and not self._bars.tasks[task].started:
            self._bars.start_task(task)
        ended = step.state in ("done", "skipped", "failed")
        finished = (step.planned or 1) if step.state == "done" else step.finished
        self._bars.update(
            task,
            completed=finished,
            sign=_SIGNS[step.state],
            description=step.state if ended and step.state != "done" else "" if ended else step.detail,
        )
        if ended:
            self._bars.stop_task(task)


def closing(screen: Console, workspace: Workspace, is_new: bool, seconds: float) -> None:
    """The end of a run: the summary of what is published, or that nothing was new."""
    path = workspace.current_link
    if not is_new:
        screen.print(f"\nNothing new: no delivery waits, and {path} is what they give ({seconds:.0f} s).", highlight=False, soft_wrap=True)
        screen.print(_opening(path), highlight=False, soft_wrap=True)
        return
    summary = summarise(path)
    screen.print()
    screen.print(_intake_table(summary))
    screen.print(_published_table(summary))
    screen.print(_headline_table(summary))
    screen.print(f"Published {path.resolve()} in {seconds:.0f} s", highlight=False, soft_wrap=True)
    screen.print(_opening(path), highlight=False, soft_wrap=True)


def _opening(path: Path) -> str:
    return f"Open it:  duckdb -readonly {path}"


def _intake_table(summary: Summary) -> Table:
    table = Table(title="Delivered", box=SIMPLE_HEAD, title_justify="left")
    for name in ("record type", "deliveries", "landed", "duplicate", "excluded", "quarantined"):
        table.add_column(name, justify="left" if name == "record type" else "right")
    for line in summary.intake:
        table.add_row(
            line.record_type, *(f"{count:,}" for count in (line.deliveries, line.landed, line.duplicate, line.excluded, line.quarantined))
        )
    return table


def _published_table(summary: Summary) -> Table:
    table = Table(title="Published", box=SIMPLE_HEAD, title_justify="left")
    names = sorted(summary.tables)
    for _ in range(2):
        table.add_column("table")
        table.add_column("rows", justify="right")
    half = (len(names) + 1) // 2
    for left in range(half):
        cells = []
        for position in (left, left + half):
            cells += [names[position], f"{summary.tables[names[position]]:,}"] if position < len(names) else ["", ""]
        table.add_row(*cells)
    return table


def _headline_table(summary: Summary) -> Table:
    title = f"As of {summary.as_of:%d %B %Y}" if summary.as_of else "No month is closed yet"
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(style="dim")
    for line in summary.headlines:
        table.add_row(line.name, line.figure, line.detail)
    return table


def policies(screen: Console, policy: Policy) -> None:
    """Every policy with its value, unit and reason."""
    table = Table(box=SIMPLE_HEAD)
    for name in ("name", "value", "unit", "why"):
        table.add_column(name, overflow="fold")
    for entry in policy.entries():
        table.add_row(
            str(entry["name"]), str(entry["value"]), str(entry["unit"]), str(entry["why"]), style="bold" if entry["is_overridden"] else None
        )
    screen.print(table)
