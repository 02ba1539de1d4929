"""How a checked file looks: what it is, how it maps, what is missing, what would be quarantined, and the ledger's line, on one screen.

Elsewhere than on a terminal the same as plain text. Shows what it is given, in which personal values are shapes already.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Self

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipelines.checkup.masks import seen
from pipelines.display import say

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from pipelines.checkup.figures import Checkup, ColumnFigures, FaultFigures, FileFigures

# More lines than these push the rest off the screen.
_MOST_COLUMNS, _MOST_FAULTS, _MOST_NAMES = 24, 10, 12
# Cells of the mapping's first columns, on a wide screen and on one of 80 places.
_WIDE, _GAP = 100, 2
_WIDEST, _NARROWEST = (24, 34, 13, 5), (18, 16, 13, 5)
_INDENT = (0, 0, 0, 2)
_UNITS = ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB"))
_LOG_WIDTH = 120
_PATIENCE_SECONDS = 5.0
_LOG_EVERY_SECONDS = 30.0
_WORDS = {"csv": "delimited text", "excel": "Excel", "json": "JSON", "parquet": "Parquet", "fixed_width": "fixed-width text"}


def standard_error() -> Console:
    """Where a person is spoken to while the output goes into a file."""
    return Console(stderr=True, width=None if sys.stderr.isatty() else _LOG_WIDTH)


def checkup(screen: Console, found: Checkup, next_steps: Iterable[str]) -> None:
    """Show it all; the verdict is the last line.

    Args:
        screen: Where.
        found: What is to be said.
        next_steps: Commands that a person may want next.
    """
    _file(screen, found.file)
    _mapping(screen, found)
    _missing(screen, found)
    _quarantine(screen, found.faults)
    _ledger(screen, found)
    for note in found.notes:
        say(screen, f"Note: {seen(note)}", style="dim")
    for step in next_steps:
        say(screen, f"Next: {seen(step)}")
    objection = found.objection
    if objection is None:
        say(screen, "It would land whole.", style="bold green")
    else:
        say(screen, f"It would not land whole: {seen(objection)}", style="bold red")


def _heading(screen: Console, text: str) -> None:
    screen.print(Text(text, style="bold"))


def _file(screen: Console, file: FileFigures) -> None:
    _heading(screen, seen(file.path.name))
    parts = [_size(file.size), file.packing, *(file.read_as or (_WORDS[file.kind],))]
    line = ", ".join(part for part in parts if part)
    if file.rows is not None:
        line += f"; {_count(len(file.columns), 'column')}, {_count(file.rows, 'row')}"
        line += f", {file.unreadable:,} of them cannot be split into cells" if file.unreadable else ""
    screen.print(Padding(Text(line, overflow="fold"), _INDENT, expand=False))
    if not file.has_header:
        screen.print(Text("  Its first line looks like a record and not like the names of columns.", style="yellow"))


def _mapping(screen: Console, found: Checkup) -> None:
    if not found.columns:
        return
    of_type: dict[str, list[ColumnFigures]] = {}
    for item in found.columns:
        of_type.setdefault(item.record_type, []).append(item)
    shown = _shares([len(items) for items in of_type.values()], _MOST_COLUMNS)
    for (record, items), most in zip(of_type.items(), shown, strict=True):
        rows = [_cells(item) for item in items[:most]]
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
        head = (record, "read from", "as", "empty")
        left = screen.width
        for place, name in enumerate(head):
            wide = max(cell_len(cells[place]) for cells in (head, *rows))
            wide = min(wide, (_WIDEST if screen.width > _WIDE else _NARROWEST)[place])
            left -= wide + _GAP
            table.add_column(Text(name), no_wrap=True, overflow="ellipsis", width=wide, justify="right" if name == "empty" else "left")
        table.add_column("for example", no_wrap=True, overflow="ellipsis", width=max(left, _GAP))
        for cells in rows:
            table.add_row(*map(Text, cells))
        screen.print(table)
        if len(items) > most:
            screen.print(Text(f"  … and {len(items) - most} more columns of {record}", style="dim"))


def _cells(item: ColumnFigures) -> tuple[str, ...]:
    name = item.name + (" *" if item.is_required else "")
    empty = "" if item.null_share is None else f"{item.null_share:.0%}"
    return name, seen(item.reads), item.kind, empty, seen(", ".join(item.examples))


def _shares(lengths: list[int], most: int) -> list[int]:
    """How many lines of each table fit: short tables whole, long ones evenly."""
    left, shares = most, {}
    for rank, (length, place) in enumerate(sorted((length, place) for place, length in enumerate(lengths))):
        shares[place] = min(length, max(left // (len(lengths) - rank), 3))
        left -= shares[place]
    return [shares[place] for place in range(len(lengths))]


def _missing(screen: Console, found: Checkup) -> None:
    for item in found.missing[:_MOST_NAMES]:
        near = f"; is it {' or '.join(repr(seen(name)) for name in item.near)}?" if item.near else ""
        need = "missing and needed" if item.is_needed else "missing"
        text = f"'{seen(item.name)}' is {need}, read by {', '.join(item.readers)}{near}"
        screen.print(Text(text, overflow="fold", style="red" if item.is_needed else "yellow"))
    if len(found.missing) > _MOST_NAMES:
        screen.print(Text(f"… and {len(found.missing) - _MOST_NAMES} more missing", style="yellow"))
    if found.new:
        more = f" and {len(found.new) - _MOST_NAMES:,} more" if len(found.new) > _MOST_NAMES else ""
        screen.print(Text(f"New, read by nothing: {', '.join(map(seen, found.new[:_MOST_NAMES]))}{more}", overflow="fold", style="yellow"))


def _quarantine(screen: Console, faults: tuple[FaultFigures, ...]) -> None:
    if not faults:
        return
    _heading(screen, "Quarantine")
    for item in faults[:_MOST_FAULTS]:
        place = f"{item.record_type}{f'.{item.column}' if item.column else ''}"
        examples = ", ".join(f"row {number:,}" + (f" {seen(value)}" if value is not None else "") for number, value in item.examples)
        screen.print(
            Padding(Text(f"{place} breaks '{item.rule}' in {_count(item.rows, 'row')}: {examples}", overflow="fold"), _INDENT, expand=False)
        )
    if len(faults) > _MOST_FAULTS:
        screen.print(Text(f"  … and {len(faults) - _MOST_FAULTS} more rules", style="dim"))


def _ledger(screen: Console, found: Checkup) -> None:
    if not found.ledger:
        return
    _heading(screen, "The ledger would say")
    for line in found.ledger:
        parts = {
            "landed": line.rows_landed,
            "duplicate": line.rows_duplicate,
            "excluded": line.rows_excluded,
            "quarantined": line.rows_quarantined,
        }
        said = " + ".join(f"{count:,} {name}" for name, count in parts.items() if count or name in ("landed", "quarantined"))
        text = f"{line.record_type}: {line.status}, {line.rows_in:,} in = {said}; {_count(line.records, 'record')}"
        screen.print(Padding(Text(text, overflow="fold", style="" if line.status == "landed" else "yellow"), _INDENT, expand=False))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _size(size: int) -> str:
    return next((f"{size / unit:.1f} {name}" for unit, name in _UNITS if size >= unit), f"{size} bytes")


class Patience:
    """Says what is at hand where it takes longer than a few seconds: a moving line on a terminal, a line now and then elsewhere."""

    def __init__(self, screen: Console, title: str, seconds: float = _PATIENCE_SECONDS) -> None:
        self._screen, self._title, self._seconds = screen, title, seconds
        self._what = "reading the file"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Begin to wait."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Stop saying anything."""
        self._ended.set()
        self._thread.join()

    def tell(self, what: str) -> None:
        """Take in what is at hand."""
        self._what = what

    def _watch(self) -> None:
        started = time.monotonic()
        if self._ended.wait(self._seconds):
            return
        if not self._screen.is_terminal:
            while True:
                say(self._screen, f"{self._title}: {self._what}, {time.monotonic() - started:.0f} s")
                if self._ended.wait(_LOG_EVERY_SECONDS):
                    return
        with self._screen.status(self._line(started)) as status:
            while not self._ended.wait(0.5):
                status.update(self._line(started))

    def _line(self, started: float) -> Text:
        return Text(f"{self._title}: {self._what}, {time.monotonic() - started:.0f} s")
