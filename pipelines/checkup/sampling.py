"""The first and last records of a file that no source describes, and how it seems to be written."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from python_calamine import CalamineError, CalamineWorkbook

from pipelines.checkup.sniffing import Sniffed, sniff
from pipelines.checkup.tables import Table, table_of_rows, table_of_text
from pipelines.errors import ClienteleError
from pipelines.intake.reading import reader_of
from pipelines.intake.source_file import FileFormat
from pipelines.warehouse.connection import open_sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROWS = 3_000


@dataclass(frozen=True)
class Sample:
    """What was seen of a file.

    Attributes:
        header: The names of its columns.
        rows: Records of its beginning and its end, as text.
        form: The keys of its format, as a source would state them.
        doubts: What is a guess, a sentence each.
        total: The column and the word by which a row of totals is known, or None.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    form: dict[str, object]
    doubts: tuple[str, ...] = ()
    total: tuple[str, str] | None = None


def sample(path: Path) -> Sample:
    """Look at a file.

    Raises:
        ClienteleError: It is of a kind that nobody reads here, or no table is found in it.
    """
    found = sniff(path)
    if found.kind == "excel":
        return _of_sheet(path)
    if found.kind != "csv":
        return _of_objects(path, found)
    table = table_of_text(found.head, found.tail)
    if table is None:
        message = (
            f"{path}: no delimiter parts its lines into equally many fields; "
            "if its fields stand at fixed places, describe them with 'format: {type: fixed_width, fields: …}'."
        )
        raise ClienteleError(message)
    form: dict[str, object] = {"type": "csv"}
    doubts = []
    if found.encoding != "auto":
        form["encoding"] = found.encoding
    if found.is_guessed:
        other = f" (it reads as {' and '.join(found.others)} too)" if found.others else ""
        doubts.append(f"The text is not UTF-8; {found.encoding} is a guess{other}: look whether names and places are right")
    form["delimiter"] = table.delimiter
    return _as_sample(table, form | ({"quote": table.quote} if table.quote != '"' else {}), doubts)


def _as_sample(table: Table, form: dict[str, object], doubts: Sequence[str] = ()) -> Sample:
    said = {"title_lines": table.title_lines, "comment": table.comment, "totals": [table.totals] if table.totals else None}
    width = len(table.header)
    rows = tuple(row[:width] for row in table.rows if len(row) >= width)
    header = tuple(name or f"column {place}" for place, name in enumerate(table.header, start=1))
    total = (header[table.total_cell[0]], table.total_cell[1]) if table.total_cell is not None else None
    stated = form | {key: value for key, value in said.items() if value}
    return Sample(header, rows[:_ROWS] + rows[_ROWS:][-_ROWS:], stated, tuple(doubts), total)


def _of_sheet(path: Path) -> Sample:
    try:
        with CalamineWorkbook.from_path(path) as book:
            names = book.sheet_names
            sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names}
    except (CalamineError, OSError, ValueError) as fault:
        message = f"{path}: is not a whole Excel workbook without a password; have it delivered again."
        raise ClienteleError(message) from fault
    # The one with the most cells is the table; others hold notes and lists.
    name = max(names, key=lambda one: sum(cell not in ("", None) for row in sheets[one][:_ROWS] for cell in row), default=None)
    table = table_of_rows([[_cell(cell) for cell in row] for row in sheets[name]]) if name is not None else None
    if table is None:
        message = f"{path}: its sheets are empty where a table was expected; have it delivered again."
        raise ClienteleError(message)
    others = [other for other in names if other != name]
    doubts = [f"The sheet '{name}' was taken; it has {' and '.join(repr(other) for other in others)} beside it"] if others else []
    return _as_sample(table, {"type": "excel"} | ({"sheet": name} if name != names[0] else {}), doubts)


def _cell(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)


def _of_objects(path: Path, found: Sniffed) -> Sample:
    """What readers of typed files give, which need no description."""
    stated: dict[str, object] = {"type": found.kind}
    if found.kind == "json" and found.encoding != "auto":
        stated["encoding"] = found.encoding
    form = FileFormat.model_validate(stated)
    reader = reader_of(form)
    with TemporaryDirectory(prefix="clientele-check-") as folder:
        link, copy = Path(folder) / f"delivered{''.join(path.suffixes)}", Path(folder) / "records"
        shutil.copyfile(path, link)
        held = reader.survey(path, form)
        held = reader.prepare(link, form, held.outline(), copy)
        with open_sandbox([copy], Path(folder), "UTC") as sandbox:
            rows = sandbox.execute(f"select * from ({reader.relation(copy, form, held)}) limit {_ROWS}").fetchall()
    texts = tuple(tuple("" if cell is None else _cell(cell) for cell in row) for row in rows)
    return Sample(held.header, texts, stated)
