"""Databases as sources: opened read only at one moment, and read as text a batch at a time.

Text, because every cell of a delivery is text until its contract types it: so decimals, times with their offset and dates that no calendar
has arrive as the database writes them. Each kind of database has a module of its own; what is read of one stands in
`database_extraction`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

# Rows are fetched so many at a time that a batch has about this size, whatever one row holds.
_BATCH_BYTES = 1 << 23
_FIRST_ROWS, _MOST_ROWS = 100, 20_000


class ExtractionError(Exception):
    """What keeps a database from being read, in words that hold neither credentials nor data.

    Attributes:
        reason: What is wrong.
        advice: What to do.
    """

    def __init__(self, reason: str, advice: str) -> None:
        """Take both parts of the sentence."""
        super().__init__(f"{reason}; {advice}")
        self.reason, self.advice = reason, advice


class Database(ABC):
    """An open database.

    Attributes:
        name: For messages: its name and host, or its file.
        clock: The moment that is read, by its own clock, UTC.
    """

    name: str
    clock: datetime

    @abstractmethod
    def identifier(self, name: str) -> str:
        """A name as a quoted identifier."""

    @abstractmethod
    def columns(self, query: str) -> tuple[str, ...]:
        """The columns of a query.

        Raises:
            ExtractionError: It cannot be run.
        """

    @abstractmethod
    def batches(self, query: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        """The rows of a query, each cell as text.

        Args:
            query: One select.
            columns: What `columns` said of it.

        Raises:
            ExtractionError: It cannot be run, or the connection is lost.
        """

    def since(self, column: str, bound: datetime | int | str) -> str:
        """SQL that is true of the rows from a bound on, the bound included.

        Args:
            column: The watermark's column.
            bound: A time with an offset, a time without one, a day as text, or a number.
        """
        literal = str(bound) if isinstance(bound, int) else "'" + (bound if isinstance(bound, str) else bound.isoformat(" ")) + "'"
        return f"{self.identifier(column)} >= {literal}"


def text_schema(columns: Sequence[str]) -> pa.Schema:
    """Every column as text."""
    return pa.schema([(name, pa.string()) for name in columns])


def fetched(
    fetch: Callable[[int], Sequence[Sequence[Any]]], columns: Sequence[str], converts: Sequence[Callable[[Any], str | None] | None]
) -> Iterator[pa.RecordBatch]:
    """Rows from a driver's cursor as batches of about one size, so that memory grows neither with the rows nor with what one holds.

    Args:
        fetch: Gives up to so many further rows; none at the end.
        columns: Their names.
        converts: How each column's cells become text.
    """
    schema, wanted = text_schema(columns), _FIRST_ROWS
    while rows := fetch(wanted):
        cells = [
            pa.array(column if convert is None else [cell if cell is None else convert(cell) for cell in column], pa.string())
            for column, convert in zip(zip(*rows, strict=True), converts, strict=True)
        ]
        batch = pa.record_batch(cells, schema=schema)
        yield batch
        wanted = max(1, min(_MOST_ROWS, 10 * len(rows), len(rows) * _BATCH_BYTES // max(batch.nbytes, 1)))


def bytes_as_text(cell: bytes) -> str:
    r"""Bytes that are no text, in hexadecimal after `\x`."""
    return f"\\x{cell.hex()}"
