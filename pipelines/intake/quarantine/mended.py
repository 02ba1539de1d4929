"""The file of exported rows as it comes back mended, maybe from a spreadsheet that has saved it in a way of its own."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.errors import ClienteleError
from pipelines.intake.quarantine.exporting import DELIVERY, RECORD_TYPE, REFERENCES, ROW_NUMBER, ROW_TEXT
from pipelines.intake.quarantine.spreadsheet_cells import restored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DELIMITERS = ",;\t"
# The csv module stops at cells of 128 KB; a record may be as long as `records` lets it be.
_LONGEST_CELL = 1 << 25


@dataclass(frozen=True)
class MendedLine:
    """A line of a mended file.

    Attributes:
        line: Its number in the file, for messages.
        delivery: Code of the delivery.
        record_types: What the row shall land as.
        row_number: The row's place in the delivery.
        cells: The delivered columns; None where blank.
    """

    line: int
    delivery: str
    record_types: tuple[str, ...]
    row_number: int
    cells: dict[str, str | None]


def read_mended(path: Path) -> list[MendedLine]:
    """Read a mended file; lines whose delivered columns are all blank are left out, as rows that nobody has mended.

    Raises:
        ClienteleError: It cannot be read, or is not a file that `export` has written.
    """
    try:
        text = _decoded(path)
    except OSError as fault:
        message = (
            f"{path}: cannot be read ({fault.strerror}); give the file that 'clientele quarantine export' wrote, with its rows mended."
        )
        raise ClienteleError(message) from fault
    first = text.partition("\n")[0]
    delimiter = next((sign for sign in _DELIMITERS if f"{DELIVERY}{sign}" in first.replace('"', "")), ",")
    longest = csv.field_size_limit(_LONGEST_CELL)
    try:
        return list(_lines(path, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)))
    except csv.Error as fault:
        message = f"{path}: is not a CSV file ({fault}); save it as CSV again."
        raise ClienteleError(message) from fault
    finally:
        csv.field_size_limit(longest)


def _decoded(path: Path) -> str:
    """The file's text: UTF-8 or, by its mark, UTF-16, as spreadsheets save it."""
    content = path.read_bytes()
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        message = f"{path}, line {line}: is not UTF-8; save it as 'CSV UTF-8'."
        raise ClienteleError(message) from fault


def _lines(path: Path, reader: Any) -> Iterator[MendedLine]:
    header = [restored(name.strip()) for name in next(reader, [])]
    lacking = [name for name in (DELIVERY, RECORD_TYPE, ROW_NUMBER) if name not in header]
    if lacking:
        message = f"{path}: its first line lacks the column '{lacking[0]}'; give a file that 'clientele quarantine export' wrote."
        raise ClienteleError(message)
    places = {name: header.index(name) for name in (DELIVERY, RECORD_TYPE, ROW_NUMBER)}
    own = {header.index(name) for name in REFERENCES if name in header} | ({len(header) - 1} if header[-1] == ROW_TEXT else set())
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        at = f"{path}, line {reader.line_num}"
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            message = f"{at}: has {len(cells)} cells where the first line has {len(header)}; take out what is too much."
            raise ClienteleError(message)
        given = [*cells, *([""] * (len(header) - len(cells)))]
        number = given[places[ROW_NUMBER]].strip()
        if not number.isdecimal():
            message = f"{at}: '{number}' is not a row number; leave the columns that begin with an underscore as they were exported."
            raise ClienteleError(message)
        line = MendedLine(
            line=reader.line_num,
            delivery=given[places[DELIVERY]].strip(),
            record_types=tuple(given[places[RECORD_TYPE]].split()),
            row_number=int(number),
            cells={name: restored(given[place]) or None for place, name in enumerate(header) if place not in own},
        )
        if any(value is not None and value.strip() for value in line.cells.values()):
            yield line
