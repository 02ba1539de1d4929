"""What was measured, as a table for a person and as lines for a program."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

_STEP = 1000


@dataclass(frozen=True)
class Line:
    """One line of the report; what was not measured is None.

    Attributes:
        group: What belongs together.
        what: On which data.
        who: Which of the peers, or what is worked out from them.
        fastest: Least seconds of the repetitions.
        middle: Their median.
        peak: Most bytes of memory that the process held.
        cpu: Least seconds of processors, all threads together.
        ratio: Against the peer.
        each: Milliseconds a delivery.
        target: What is asked for.
        is_met: Whether it is met.
    """

    group: str
    what: str
    who: str
    fastest: float | None = None
    middle: float | None = None
    peak: int | None = None
    cpu: float | None = None
    ratio: float | None = None
    each: float | None = None
    target: str = ""
    is_met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        met = {None: "", True: "met", False: "NOT MET"}[self.is_met]
        return (
            self.group,
            self.what,
            self.who,
            _seconds(self.fastest),
            _seconds(self.middle),
            _seconds(self.cpu),
            shown_bytes(self.peak) if self.peak else "",
            f"{self.ratio:.2f} ×" if self.ratio is not None else f"{self.each:.1f} ms" if self.each is not None else "",
            self.target,
            met,
        )


_HEAD = ("group", "data", "who", "fastest", "median", "processors", "peak memory", "figure", "target", "")


@dataclass
class Report:
    """Lines in the order in which they were measured."""

    lines: list[Line] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Enter a line."""
        self.lines.append(line)

    def show(self, screen: TextIO) -> None:
        """Print the table, with the machine that it was measured on."""
        rows = [_HEAD, *(line.cells() for line in self.lines)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
        screen.write(f"{machine()}\n\n")
        for number, row in enumerate(rows):
            screen.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
            if number == 0:
                screen.write("  ".join("─" * width for width in widths) + "\n")

    def keep(self, path: Path) -> None:
        """Write the lines as JSON."""
        content: dict[str, Any] = {"machine": machine(), "lines": [asdict(line) for line in self.lines]}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> str:
    """The class of machine: system, processors, memory; not its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {shown_bytes(memory)} memory"
    return f"{system}, Python {platform.python_version()}"


def shown_bytes(count: int) -> str:
    """Bytes in steps of a thousand."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < _STEP:
            return f"{amount:.0f} {unit}"
        amount /= _STEP
    return f"{amount:.1f} GB"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f} s"
