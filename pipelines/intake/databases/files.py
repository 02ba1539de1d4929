"""Files of SQLite and of DuckDB as sources, opened read only where they lie; the moment that is read is the file's own time."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.intake.databases.reading import Database, ExtractionError, bytes_as_text, fetched
from pipelines.intake.order import time_of
from pipelines.warehouse.connection import Connection, DatabaseError, identifier
from pipelines.warehouse.foreign import open_foreign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

_ROWS = 10_000


class SQLite(Database):
    """An open read transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.name = f"the SQLite file {path.name}"
        self.clock = _time_of(path, f"{path}-wal")
        self._connection = connection

    def identifier(self, name: str) -> str:
        """A name as a quoted identifier."""
        return identifier(name)

    def columns(self, query: str) -> tuple[str, ...]:
        """The columns of a query."""
        with self._speaking():
            cursor = self._connection.execute(f"select * from (\n{query}\n) as delivered limit 0")
            return tuple(column[0] for column in cursor.description)

    def batches(self, query: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        """The rows of a query, each cell as text."""
        with self._speaking():
            cursor = self._connection.execute(f"select * from (\n{query}\n) as delivered")
            yield from fetched(cursor.fetchmany, columns, [_as_text] * len(columns))

    def since(self, column: str, bound: datetime | int | str) -> str:
        """SQL that is true of the rows from a bound on.

        SQLite has no type for time: it compares texts, and theirs may have a T, a zone or none of them. Every form begins with the day.
        """
        if isinstance(bound, datetime):
            bound = bound.date().isoformat()
        return super().since(column, bound)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as fault:
            if "decode" in str(fault):
                reason = f"{self.name} holds text that is not UTF-8"
                raise ExtractionError(reason, "have it written as UTF-8") from None
            raise ExtractionError(f"{self.name} says: {fault}", "correct the table or the query") from None
        except sqlite3.Error as fault:
            raise ExtractionError(f"{self.name} cannot be read ({fault})", "check that it is whole, and a SQLite file") from None


class DuckDB(Database):
    """An open file."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self.name = f"the DuckDB file {path.name}"
        self.clock = _time_of(path, f"{path}.wal")
        self._connection = connection

    def identifier(self, name: str) -> str:
        """A name as a quoted identifier."""
        return identifier(name)

    def columns(self, query: str) -> tuple[str, ...]:
        """The columns of a query."""
        with self._speaking():
            cursor = self._connection.execute(f"select * from (\n{query}\n) as delivered limit 0")
            return tuple(column[0] for column in cursor.description or ())

    def batches(self, query: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        """The rows of a query, each cell as text."""
        cells = ", ".join(f"cast({identifier(name)} as varchar) as {identifier(name)}" for name in columns)
        with self._speaking():
            yield from self._connection.sql(f"select {cells} from (\n{query}\n) as delivered").to_arrow_reader(_ROWS)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as fault:
            # A binder's and a parser's words are about the query; a conversion's may quote a value.
            words = str(fault).splitlines()[0] if type(fault).__name__ in _ABOUT_THE_QUERY else type(fault).__name__
            raise ExtractionError(f"{self.name} says: {words}", "correct the table or the query") from None


_ABOUT_THE_QUERY = ("BinderException", "CatalogException", "ParserException", "PermissionException")


@contextmanager
def open_sqlite(path: Path) -> Iterator[Database]:
    """Open a SQLite file read only, in one transaction.

    Raises:
        ExtractionError: There is no such file, or it is not one of SQLite.
    """
    _require(path)
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as fault:
        raise ExtractionError(f"the SQLite file {path.name} cannot be opened ({fault})", "check its permissions") from None
    try:
        connection.execute("pragma trusted_schema = off")
        connection.execute("begin")
        database = SQLite(connection, path)
        # Nothing is read before the first query: this one is where a file of another kind shows.
        database.columns("select 1 as a from sqlite_master")
        yield database
    finally:
        connection.close()


@contextmanager
def open_duckdb(path: Path, temp: Path, time_zone: str) -> Iterator[Database]:
    """Open a DuckDB file read only.

    Raises:
        ExtractionError: There is no such file, another program writes to it, or it is not one of DuckDB.
    """
    _require(path)
    with ExitStack() as opened:
        try:
            connection = opened.enter_context(open_foreign(path, temp, time_zone))
        except DatabaseError as fault:
            is_held = "lock" in str(fault)
            reason = "another program has it open for writing" if is_held else "it is not a DuckDB file that this version reads"
            advice = "close it there, or deliver a copy" if is_held else "check the path, and which DuckDB wrote it"
            raise ExtractionError(f"the DuckDB file {path.name} cannot be opened: {reason}", advice) from None
        yield DuckDB(connection, path)


def _as_text(cell: Any) -> str:
    """A value of SQLite as text; the shortest that reads back as the same number."""
    if isinstance(cell, str):
        return cell
    return bytes_as_text(cell) if isinstance(cell, bytes) else repr(cell)


def _time_of(path: Path, log: str) -> datetime:
    """When the file or its log was last written."""
    times = [file.stat().st_mtime_ns for file in (path, path.with_name(log.rpartition("/")[2])) if file.exists()]
    return time_of(max(times))


def _require(path: Path) -> None:
    if not path.is_file():
        raise ExtractionError(f"there is no file {path.name} at the path of the database", "put it there, or correct 'path'")
