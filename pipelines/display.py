"""How a run looks: steps while it works, a short table when it ends. Shows what it is given; computes no figure.

A terminal gets moving bars; anything else (a file, a pipe, a build server) gets a line for each thing that has happened. What is shown
may hold brackets, which rich would take for its markup: hence `Text` and `markup=False` throughout.
"""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipelines.policy import Policy, load_policy
from pipelines.quality.sentences import held_and_warned
from pipelines.summary import Summary, summarise

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from pipelines.defs.run import StepProgress
    from pipelines.warehouse.workspace import Workspace

_SIGNS = {"waiting": " ", "running": "…", "done": "✓", "skipped": "–", "failed": "✗"}
_ENDED = ("done", "skipped", "failed")
_BAR_WIDTH = 24
# Elsewhere than on a terminal nobody says how wide a line may be.
_LOG_WIDTH = 120
_LOG_EVERY_SECONDS = 10.0


def standard_output() -> Console:
    """The person's screen, or the file or pipe in its place."""
    return Console(width=None if sys.stdout.isatty() else _LOG_WIDTH)


def say(screen: Console, sentence: str, style: str | None = None) -> None:
    """Print one sentence as it is: nothing in it is markup, and no line is broken, so that paths can be copied."""
    screen.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)


class Bar:
    """One bar for work that counts its parts."""

    def __init__(self, screen: Console, title: str) -> None:
        self._screen = screen
        self._title = title
        self._bar = Progress(
            TextColumn("{task.fields[title]:<24}", markup=False),
            BarColumn(bar_width=_BAR_WIDTH),
            TextColumn("{task.completed}/{task.total}  {task.description}", markup=False),
            TimeElapsedColumn(),
            console=screen,
        )
        self._task = self._bar.add_task("", title=title, total=None)

    def __enter__(self) -> Self:
        """Start drawing."""
        if self._screen.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Stop drawing."""
        task = self._bar.tasks[self._task]
        if self._screen.is_terminal:
            self._bar.stop()
        elif fault is None:
            parts = f"{task.completed:>3.0f}/{task.total or 0:<3.0f}"
            say(self._screen, f"{_SIGNS['done']} {self._title:<24} {parts} {task.elapsed or 0:6.1f} s")

    def tell(self, what: str, number: int, total: int) -> None:
        """Show what is at hand."""
        self._bar.update(self._task, description=what, completed=number, total=total)


class Steps:
    """The steps of a run: a bar each on a terminal; elsewhere a line when one begins, when one ends, and now and then in between."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._bars = Progress(
            TextColumn("{task.fields[sign]} {task.fields[step]:<24}", markup=False),
            BarColumn(bar_width=_BAR_WIDTH),
            TextColumn("{task.completed:>3.0f}/{task.total:<3.0f}"),
            TimeElapsedColumn(),
            TextColumn("{task.description}", style="dim", markup=False),
            console=screen,
        )
        self._tasks: dict[str, TaskID] = {}
        # What the last line about a step said: its state, and after how many seconds.
        self._said: dict[str, tuple[str, float]] = {}

    def __enter__(self) -> Self:
        """Start drawing."""
        if self._screen.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Stop drawing."""
        if self._screen.is_terminal:
            self._bars.stop()

    def tell(self, step: StepProgress) -> None:
        """Show how far a step is."""
        if self._screen.is_terminal:
            self._draw(step)
        else:
            self._log(step)

    def _draw(self, step: StepProgress) -> None:
        if step.step not in self._tasks:
            self._tasks[step.step] = self._bars.add_task("", start=False, total=step.planned or 1, sign=" ", step=step.step)
        task = self._tasks[step.step]
        if step.state == "running" and not self._bars.tasks[task].started:
            self._bars.start_task(task)
        said = step.state if step.state in ("skipped", "failed") else step.detail if step.state == "running" else ""
        done = (step.planned or 1) if step.state == "done" else step.finished
        self._bars.update(task, completed=done, sign=_SIGNS[step.state], description=said)
        if step.state in _ENDED:
            self._bars.stop_task(task)

    def _log(self, step: StepProgress) -> None:
        state, seconds = self._said.get(step.step, ("waiting", 0.0))
        if step.state == state and (state != "running" or step.seconds < seconds + _LOG_EVERY_SECONDS):
            return
        self._said[step.step] = step.state, step.seconds
        what = step.detail if step.state == "running" and step.detail else step.state
        say(self._screen, f"{_SIGNS[step.state]} {step.step:<24} {step.finished:>3}/{step.planned:<3} {step.seconds:6.1f} s  {what}")


def closing(screen: Console, workspace: Workspace, is_new: bool, seconds: float) -> None:
    """The end of a run: the summary of what is published, or that nothing was new."""
    path = workspace.current_link
    if not is_new:
        say(screen, f"\nNothing new: no delivery waits, and {path} is what they give ({seconds:.0f} s).")
        _say_how_to_open(screen, path)
        return
    summary = summarise(path)
    screen.print()
    screen.print(_intake_table(summary))
    _say_held(screen, summary)
    for sentence in held_and_warned(workspace, load_policy(workspace.policy_file)):
        say(screen, f"  {sentence}", style="yellow")
    screen.print(_published_table(summary, screen.width))
    screen.print(_headline_table(summary))
    say(screen, f"Published {path.resolve()} in {seconds:.0f} s")
    _say_how_to_open(screen, path)


def closing_known_by(screen: Console, path: Path, known_by: str, current: Path, seconds: float) -> None:
    """The end of a run for an earlier moment, as the person named it: the summary of its file, and where today's answer stands."""
    summary = summarise(path)
    screen.print()
    screen.print(_intake_table(summary))
    _say_held(screen, summary)
    screen.print(_headline_table(summary))
    say(screen, f"Wrote {path} in {seconds:.0f} s: what was known by {known_by}; nothing else has changed")
    _say_how_to_open(screen, path)
    if current.exists():
        say(screen, f"As known today:  {current}")


def _say_held(screen: Console, summary: Summary) -> None:
    if summary.held:
        count = "1 delivery is" if summary.held == 1 else f"{summary.held:,} deliveries are"
        say(screen, f"  {count} held; 'clientele deliveries --status held' says why.\n", style="yellow")


def _say_how_to_open(screen: Console, path: Path) -> None:
    code = f"import duckdb; duckdb.connect({str(path)!r}, read_only=True).sql('from mart.segmentation_customer').show()"
    # Double quotes read better; where the shell would look inside them, single ones keep it out.
    quoted = shlex.quote(code) if set(code) & set('"$`\\!') else f'"{code}"'
    say(screen, f"Open it:  {shlex.quote(sys.executable)} -c {quoted}")
    say(screen, f"     or:  {shlex.join(['duckdb', '-readonly', str(path)])}")


def _intake_table(summary: Summary) -> Table:
    table = Table(title="Delivered", box=SIMPLE_HEAD, title_justify="left")
    for name in ("record type", "deliveries", "landed", "duplicate", "excluded", "quarantined"):
        table.add_column(name, justify="left" if name == "record type" else "right", overflow="fold")
    for line in summary.intake:
        counts = (line.deliveries, line.landed, line.duplicate, line.excluded, line.quarantined)
        table.add_row(Text(line.record_type), *(f"{count:,}" for count in counts))
    return table


def _published_table(summary: Summary, width: int) -> Table:
    """Tables and rows, side by side where the screen has room for two."""
    table = Table(title="Published", box=SIMPLE_HEAD, title_justify="left")
    cells = [(name, f"{rows:,}") for name, rows in sorted(summary.tables.items())]
    # Each cell has a space on either side, and there is one between columns.
    one_side = sum(max((len(cell[part]) for cell in cells), default=0) + 3 for part in (0, 1))
    sides = 2 if 2 * one_side <= width else 1
    for _ in range(sides):
        table.add_column("table", overflow="fold")
        table.add_column("rows", justify="right", overflow="fold")
    height = -(-len(cells) // sides)
    for line in range(height):
        shown = [cells[position] for position in range(line, len(cells), height)]
        table.add_row(*(Text(cell) for pair in shown for cell in pair))
    return table


def _headline_table(summary: Summary) -> Table:
    title = f"As of {summary.as_of:%d %B %Y}" if summary.as_of else "No month is closed yet"
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", show_header=False)
    table.add_column(style="bold", overflow="fold")
    table.add_column(justify="right", overflow="fold")
    table.add_column(style="dim", overflow="fold")
    for line in summary.headlines:
        table.add_row(Text(line.name), Text(line.figure), Text(line.detail))
    return table


def policies(screen: Console, policy: Policy) -> None:
    """Every policy with its value, unit and reason; those that the workspace sets stand out.

    Elsewhere than on a terminal a line each, its parts between tabs.
    """
    names = ("name", "value", "unit", "why")
    if not screen.is_terminal:
        rows = [(*(str(entry[name]) for name in names), "workspace" if entry["is_overridden"] else "project") for entry in policy.entries()]
        # Not by rich, which makes spaces of tabs.
        screen.file.writelines("\t".join(row) + "\n" for row in [(*names, "set in"), *rows])
        return
    table = Table(box=SIMPLE_HEAD)
    for name in names:
        table.add_column(name, overflow="fold")
    for entry in policy.entries():
        table.add_row(*(Text(str(entry[name])) for name in names), style="bold" if entry["is_overridden"] else None)
    screen.print(table)
