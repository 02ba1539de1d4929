"""How a checked file looks on a screen of 80 places, and in a pipe."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from pipelines.checkup import screen
from pipelines.checkup.figures import Checkup, ColumnFigures, FaultFigures, FileFigures, LedgerFigures, MissingColumn

FILE = FileFigures(Path("账单[bold]_2024.csv"), 5 << 20, "gzip", "csv", ("gb18030", "fields parted by ';'"), ("a", "b"), 1200, 3)
COLUMNS = tuple(
    ColumnFigures("invoices", f"column_{number:02}", "出账日期" * 8, "decimal(18,4)", number == 0, 0.25, ("王国庆" * 6, "x", "y"))
    for number in range(30)
)
FAULTS = tuple(
    FaultFigures("invoices", "issued_at", f"rule_{number}", 100 - number, ((1, "3月\x1b[31m"), (2, None))) for number in range(14)
)
LINE = LedgerFigures("invoices", "landed", None, 1200, 1100, 0, 40, 60, 1100)
MISSING = MissingColumn("DueDate", ("invoices.due_at",), is_needed=False, near=("到期日",))
FOUND = Checkup(FILE, "billing", COLUMNS, (MISSING,), tuple(f"new{number}" for number in range(20)), FAULTS, (LINE,), ("A note.",))


def shown(found: Checkup, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    screen.checkup(console, found, ["clientele run"])
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_one_screen(width: int) -> None:
    lines = shown(FOUND, width).splitlines()
    assert len(lines) <= 55
    # Notes, commands and the verdict are whole lines, so that they can be copied.
    assert max(map(cell_len, lines[:-3])) <= width
    text = " ".join(" ".join(lines).split())
    assert "\x1b" not in text
    assert "… and 6 more columns of invoices" in text
    assert "… and 4 more rules" in text
    assert "and 8 more" in text
    assert "'DueDate' is missing, read by invoices.due_at; is it '到期日'?" in text
    assert "invoices: landed, 1,200 in = 1,100 landed + 40 excluded + 60 quarantined; 1,100 records" in text
    assert lines[-1] == "It would not land whole: 60 rows of invoices would go to quarantine; the file lacks 'DueDate'."


def test_the_columns_of_the_mapping_stand_below_each_other() -> None:
    lines = [line for line in shown(FOUND, 80).splitlines() if line.startswith("column_")]
    places = {cell_len(line.split("decimal", 1)[0]) for line in lines}
    assert len(places) == 1
    assert {line.split()[1] for line in lines[:1]} == {"*"}


def test_what_lands_whole_is_said_last() -> None:
    whole = Checkup(FILE, "billing", COLUMNS[:2], ledger=(LedgerFigures("invoices", "landed", None, 2, 2, 0, 0, 0, 2),))
    assert shown(whole, 80).splitlines()[-1] == "It would land whole."


@pytest.mark.parametrize(
    ("found", "objection"),
    [
        (Checkup(FILE, "s", refusal="x.csv: is empty"), "x.csv: is empty"),
        (Checkup(FILE, "s", ledger=(LedgerFigures("invoices", "landed", None, 0, 0, 0, 0, 0, 0),)), "it holds no row."),
        (
            Checkup(FILE, "s", ledger=tuple(LedgerFigures(name, "held", "too few", 2, 2, 0, 0, 0, 2) for name in ("a", "b", "c"))),
            "a, b and c would be held (too few).",
        ),
    ],
)
def test_why_it_would_not_land_whole(found: Checkup, objection: str) -> None:
    assert found.objection == objection


def test_one_who_waits_is_told_what_is_at_hand() -> None:
    written = threading.Event()

    class Told(io.StringIO):
        def write(self, text: str) -> int:
            written.set()
            return super().write(text)

    console = Console(file=Told(), width=80)
    with screen.Patience(console, "big.csv", seconds=0.0) as patience:
        assert written.wait(30)
        patience.tell("mapping")
    assert isinstance(console.file, io.StringIO)
    assert "big.csv: reading the file, 0 s" in console.file.getvalue()


def test_what_is_quick_says_nothing() -> None:
    console = Console(file=io.StringIO(), width=80)
    with screen.Patience(console, "small.csv", seconds=3600.0):
        pass
    assert isinstance(console.file, io.StringIO)
    assert not console.file.getvalue()
