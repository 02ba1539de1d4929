"""Files that grow chunk by chunk: text, Parquet, Excel. What stands in them is decided elsewhere.

Text is written behind what is there, so that no file stays open. A Parquet file stays open until it is finished, with a row group a chunk.
The rows of a workbook are kept until then.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final, Protocol

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

from pipelines.sample.deliveries.form import Form

_USUAL_SHEET: Final = "Sheet1"
_DAY, _TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
_LONGEST_NUMBER: Final = 10**15  # a workbook has floating point alone; what is longer would lose digits


class GrowingFile(Protocol):
    """A file that is being written."""

    def append(self, rows: pl.DataFrame) -> None:
        """Put rows behind those that are there. All have the same columns; without rows there is a header alone."""

    def finish(self, trailer: pl.DataFrame | None) -> None:
        """Put a last row behind them, if any, and complete the file."""


@dataclass(frozen=True)
class Piece:
    """A part of a text file: its rows are read without the others.

    Attributes:
        first: Number of its first row, from 1.
        rows: How many rows.
        start: Where it begins in the file.
        size: Its bytes as they stand there.
    """

    first: int
    rows: int
    start: int
    size: int


class TextFile:
    """Csv or JSON lines.

    Attributes:
        path: Where it is written.
        form: How.
        pieces: What was appended.
    """

    def __init__(self, path: Path, form: Form) -> None:
        self.path, self.form = path, form
        self.pieces: list[Piece] = []
        self._size = 0
        self._rows = 0

    def append(self, rows: pl.DataFrame) -> None:
        """As `GrowingFile.append`."""
        if not self._size:
            self._write(self.form.mark + (self.form.text(rows.clear(), has_header=True) if self.form.kind == "csv" else b""))
        if len(rows):
            start = self._size
            self._write(self.form.text(rows, has_header=False))
            self.pieces.append(Piece(self._rows + 1, len(rows), start, self._size - start))
            self._rows += len(rows)

    def finish(self, trailer: pl.DataFrame | None) -> None:
        """As `GrowingFile.finish`."""
        if trailer is not None:
            self._write(self.form.text(trailer, has_header=False))

    def _write(self, content: bytes) -> None:
        if not content:
            return
        packed = self.form.packed(content)
        with self.path.open("ab") as file:
            file.write(packed)
        self._size += len(packed)


class ParquetFile:
    """Parquet, a row group a chunk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._schema: pa.Schema | None = None

    def append(self, rows: pl.DataFrame) -> None:
        """As `GrowingFile.append`."""
        table = rows.to_arrow()
        if self._writer is None:
            self._schema = table.schema
            # The Arrow schema in the file's metadata would say which library made the columns.
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd", store_schema=False)
        if len(rows):
            self._writer.write_table(table.cast(self._schema), row_group_size=len(rows))

    def finish(self, trailer: pl.DataFrame | None) -> None:  # noqa: ARG002  # no Parquet file has one, which `Feed` checks
        """As `GrowingFile.finish`."""
        if self._writer is not None:
            self._writer.close()


class ExcelFile:
    """A workbook of one sheet."""

    def __init__(self, path: Path, form: Form, created: datetime) -> None:
        self._path, self._created = path, created
        self._sheet = form.sheet or _USUAL_SHEET
        self._parts: list[pl.DataFrame] = []

    def append(self, rows: pl.DataFrame) -> None:
        """As `GrowingFile.append`."""
        self._parts.append(rows)

    def finish(self, trailer: pl.DataFrame | None) -> None:
        """As `GrowingFile.finish`."""
        rows = pl.concat([*self._parts, *([trailer] if trailer is not None else [])])
        with xlsxwriter.Workbook(self._path, {"in_memory": True}) as book:
            book.set_properties({"created": self._created})
            sheet = book.add_worksheet(self._sheet)
            day, time = book.add_format({"num_format": _DAY}), book.add_format({"num_format": _TIME})
            for place, name in enumerate(rows.columns):
                sheet.write_string(0, place, name)
            for number, row in enumerate(rows.iter_rows(), start=1):
                for place, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(number, place, cell, time)
                    elif isinstance(cell, date):
                        sheet.write_datetime(number, place, cell, day)
                    elif isinstance(cell, bool):
                        sheet.write_boolean(number, place, cell)
                    elif isinstance(cell, str) or (isinstance(cell, int) and abs(cell) >= _LONGEST_NUMBER):
                        sheet.write_string(number, place, str(cell))
                    elif cell is not None:
                        sheet.write_number(number, place, cell)


def growing_file(path: Path, form: Form, created: datetime) -> TextFile | ParquetFile | ExcelFile:
    """A file of that form.

    Args:
        path: Where it is written; the folder exists.
        form: How.
        created: What a workbook says of when it was made.
    """
    if form.kind == "parquet":
        return ParquetFile(path)
    return ExcelFile(path, form, created) if form.kind == "excel" else TextFile(path, form)
