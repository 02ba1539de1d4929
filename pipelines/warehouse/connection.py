"""Connections to DuckDB and their limits: every one in the product is opened here.

Extensions are never fetched (a miss would cost seconds and reach the network), and spilling goes to the workspace's own folder inside the vault.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.warehouse.workspace import Workspace

# DuckDB's name for an open connection, so that other rooms can name the type without importing the library.
Connection = duckdb.DuckDBPyConnection
DatabaseError = duckdb.Error
LIBRARY_VERSION = duckdb.__version__

_NO_EXTENSIONS = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def quoted(text: str) -> str:
    """A text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def open_file(path: Path, workspace: Workspace, *, read_only: bool = False) -> Iterator[Connection]:
    """Open one DuckDB file; sessions speak UTC.

    Args:
        path: The file; created when absent unless `read_only`.
        workspace: Whose temp folder takes what spills.
        read_only: Open without the right to write.
    """
    connection = duckdb.connect(str(path), read_only=read_only, config={**_NO_EXTENSIONS, "temp_directory": str(workspace.temp)})
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


@contextmanager
def open_published(path: Path) -> Iterator[Connection]:
    """Open a published version as any reader would: read only, nothing else configured."""
    connection = duckdb.connect(str(path), read_only=True, config=dict(_NO_EXTENSIONS))
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def open_sandbox(readable: Sequence[Path], temp: Path, time_zone: str) -> Iterator[Connection]:
    """Open an empty in-memory database that can read the given files and nothing else.

    Expressions written by people run here: nothing is attached, other files, COPY, ATTACH and INSTALL are refused, and the configuration is locked.

    Args:
        readable: The only files that may be read.
        temp: Folder for what spills.
        time_zone: IANA name; timestamps without an offset are read in it.
    """
    connection = duckdb.connect(":memory:", config={**_NO_EXTENSIONS, "temp_directory": str(temp)})
    try:
        connection.execute(f"set TimeZone = {quoted(time_zone)}")
        connection.execute(f"set allowed_paths = [{', '.join(quoted(str(path)) for path in readable)}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()


def transfer(source: Connection, query: str, target: Connection, table: str, batch_rows: int = 65_536) -> None:
    """Copy a query's result from one database into a temporary table of another, a batch at a time, so that memory does not grow with it."""
    reader = source.sql(query).to_arrow_reader(batch_rows)
    target.register("transferred", reader)
    try:
        target.execute(f"create or replace temp table {identifier(table)} as select * from transferred")
    finally:
        target.unregister("transferred")
