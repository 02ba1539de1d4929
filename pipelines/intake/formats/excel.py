"""Excel: one sheet as a table, each cell as the text that a person would export: 12 for 12.0, dates and times in ISO 8601.

Formulas arrive as the values that were saved with them, and as nothing where that is an error such as #N/A. Of merged cells the first has
the value and the others are empty.
"""

from __future__ import annotations

import csv
import difflib
import io
import zipfile
from datetime import date, datetime, time
from typing import TYPE_CHECKING, TextIO

from python_calamine import CalamineError, CalamineWorkbook

from pipelines.intake.faults import DeliveryError
from pipelines.intake.formats.delimited import RARE_BLANKS, fields
from pipelines.intake.formats.unpacking import CHUNK_BYTES
from pipelines.intake.reading import Survey, column_names
from pipelines.intake.rules import MORE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.intake.reading import Hasher
    from pipelines.intake.source_file import FileFormat

# A sheet is held in memory while it is read, about as large as its unpacked XML: a full one (a million rows of 20 columns) has about this.
MAX_UNPACKED_BYTES = 1 << 30
# Up to here every whole number is one that a floating point holds.
_WHOLE_NUMBERS = 1e15
_BLANKS = " " + RARE_BLANKS


class Excel:
    """Reads a sheet of a workbook."""

    def survey(self, path: Path, form: FileFormat, also: Hasher | None = None) -> Survey:
        """As `Reader.survey`."""
        _look(path, also)
        return _read(path, form, io.StringIO(), is_written=False)

    def prepare(self, path: Path, form: FileFormat, known: Survey, copy: Path) -> Survey:  # noqa: ARG002  # asked for by `Reader`
        """As `Reader.prepare`."""
        with copy.open("w", encoding="utf-8", newline="") as target:
            return _read(path, form, target, is_written=True)

    def relation(self, copy: Path, form: FileFormat, held: Survey) -> str:  # noqa: ARG002  # asked for by `Reader`
        """As `Reader.relation`."""
        return fields(copy, held, ",", '"')


def _look(path: Path, also: Hasher | None) -> None:
    """Hand on all bytes, and see how much they unpack to: what the archive says of itself may be wrong."""
    try:
        with path.open("rb") as file:
            while part := file.read(CHUNK_BYTES):
                if also is not None:
                    also(part)
        if not zipfile.is_zipfile(path):
            return
        size = 0
        with zipfile.ZipFile(path) as archive:
            for item in archive.infolist():
                with archive.open(item) as member:
                    while part := member.read(CHUNK_BYTES):
                        size += len(part)
                        if size > MAX_UNPACKED_BYTES:
                            reason = f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB"
                            raise DeliveryError(path, reason, "have it delivered as CSV or Parquet, or in parts")
    except OSError as fault:
        raise DeliveryError(path, f"cannot be read ({fault.strerror})", "check that the file is whole and may be read") from fault
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as fault:
        raise _damaged(path, fault) from fault


def _damaged(path: Path, fault: Exception) -> DeliveryError:
    return DeliveryError(path, "is not a whole Excel workbook without a password", "have it delivered again", f" ({fault})")


def _rows(path: Path, form: FileFormat) -> Iterator[list[str]]:
    """The rows below the title lines, as text."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            names = book.sheet_names
            if form.sheet is not None and form.sheet not in names:
                near = difflib.get_close_matches(form.sheet, names, n=3, cutoff=0.3) or names[:3]
                found = "; it has " + " and ".join(f"'{name}'" for name in near)
                raise DeliveryError(path, f"has no sheet '{form.sheet}'", "correct 'sheet' in the format of its source", found)
            sheet = book.get_sheet_by_name(form.sheet if form.sheet is not None else names[0])
            for place, row in enumerate(sheet.iter_rows()):
                if place >= form.title_lines:
                    yield [_text(cell) for cell in row]
    except (CalamineError, OSError, ValueError, IndexError) as fault:
        raise _damaged(path, fault) from fault


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _WHOLE_NUMBERS else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)


def _read(path: Path, form: FileFormat, target: TextIO, *, is_written: bool) -> Survey:
    table = _Table(csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow if is_written else None)
    waiting: list[str] | None = None
    for row in _rows(path, form):
        if (form.comment is not None and row[0].startswith(form.comment)) or not any(map(_is_filled, row)):
            continue
        # The last row stays back: it may be the totals.
        if waiting is not None:
            table.take(waiting)
        waiting = row
    has_totals = bool(table.header and waiting and form.totals and next(filter(_is_filled, waiting)).strip().startswith(form.totals))
    if waiting is not None and not has_totals:
        table.take(waiting)
    if not table.header:
        raise DeliveryError(path, "the sheet is empty where a header row with column names was expected", "have it delivered again")
    return Survey(
        header=column_names([name.strip(_BLANKS) for name in table.header], path),
        records=table.records,
        unreadable=table.unreadable,
        blanks=_BLANKS,
        read_as=(
            "Excel",
            "its first sheet" if form.sheet is None else f"sheet '{form.sheet}'",
            *([f"{form.title_lines} rows above the header"] if form.title_lines else []),
            *(["a totals row below"] if has_totals else []),
        ),
    )


def _is_filled(cell: str) -> bool:
    return bool(cell.strip(_BLANKS))


class _Table:
    """The filled rows of a sheet: the first is the header, the others are records."""

    def __init__(self, write: Callable[[list[str]], object] | None) -> None:
        self.header: list[str] = []
        self.records = 0
        self.unreadable: dict[int, tuple[str, str]] = {}
        self._write = write

    def take(self, row: list[str]) -> None:
        """Take the next row; one that is filled beyond the header is unreadable."""
        if not self.header:
            self.header = row[: max(place for place, cell in enumerate(row, start=1) if _is_filled(cell))]
            return
        self.records += 1
        if any(map(_is_filled, row[len(self.header) :])):
            self.unreadable[self.records] = MORE_FIELDS, " | ".join(row)
        elif self._write is not None:
            self._write([*row, *[""] * len(self.header)][: len(self.header)])
