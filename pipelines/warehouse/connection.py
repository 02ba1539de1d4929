"""Connections to DuckDB: every one in the product is opened here.

Extensions are never fetched (a miss would cost seconds and reach the network), what spills goes to the workspace's own folder inside
the vault, and how much of the machine may be used is decided in `limits`.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from pipelines.errors import ClienteleError
from pipelines.warehouse.limits import BUILD_SHARE, SANDBOX_SHARE, settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace

# DuckDB's name for an open connection, so that other rooms can name the type without importing the library.
Connection = duckdb.DuckDBPyConnection
DatabaseError = duckdb.Error
ColumnType = duckdb.sqltypes.DuckDBPyType
LIBRARY_VERSION = duckdb.__version__

_READ_AHEAD = "32MB"
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

    Raises:
        ClienteleError: Another program has the file open, or it is not a DuckDB file.
    """
    connection = _connect(path, read_only=read_only, config={"temp_directory": str(workspace.temp)})
    try:
        _limit(connection, BUILD_SHARE, workspace.temp)
        connection.execute("set TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


@contextmanager
def open_published(path: Path) -> Iterator[Connection]:
    """Open a published version as any reader would: read only, nothing else configured.

    Raises:
        ClienteleError: There is no such file, or it is not a DuckDB file.
    """
    connection = _connect(path, read_only=True, config={})
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def open_sandbox(readable: Sequence[Path], temp: Path, time_zone: str, most_memory: float = math.inf) -> Iterator[Connection]:
    """Open an empty in-memory database that reaches the given files and its spill folder, and nothing else.

    Expressions written by people run here: nothing is attached, any other file, ATTACH and INSTALL are refused, and the configuration is
    locked. DuckDB knows no files to read only: a COPY could write over those given, so they are copies, in a folder of their own.

    Args:
        readable: The only files within reach.
        temp: Folder for what spills.
        time_zone: IANA name; timestamps without an offset are read in it.
        most_memory: Bytes that are enough for what is done there; the rest spills.
    """
    connection = duckdb.connect(":memory:", config={**_NO_EXTENSIONS, "temp_directory": str(temp)})
    try:
        _limit(connection, SANDBOX_SHARE, temp, most_memory)
        connection.execute(f"set TimeZone = {quoted(time_zone)}")
        connection.execute(f"set allowed_paths = [{', '.join(quoted(str(path)) for path in readable)}]")
        # The optimiser hoists an expression that stands twice out of `try(...)`, where its error would end the query instead of the row,
        # and makes a join of a long IN list, whose rows come out of order when several threads read.
        connection.execute("set disabled_optimizers = 'common_subexpressions,in_clause'")
        # How far the sandbox reads ahead of whoever takes its rows: at DuckDB's own megabyte all but one of its threads wait.
        connection.execute(f"set streaming_buffer_size = '{_READ_AHEAD}'")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()


def attach(connection: Connection, path: Path, name: str, *, read_only: bool = False, storage_version: str | None = None) -> None:
    """Attach a second file to a connection.

    Args:
        connection: An open connection.
        path: The file; created when absent unless `read_only`.
        name: What SQL calls it.
        read_only: Attach without the right to write.
        storage_version: For a new file, the oldest DuckDB that shall open it; DuckDB's default when None.

    Raises:
        ClienteleError: Another program has the file open, or it is not a DuckDB file.
    """
    options = ["read_only"] if read_only else []
    options += [f"storage_version {quoted(storage_version)}"] if storage_version else []
    try:
        connection.execute(f"attach {quoted(str(path))} as {identifier(name)}" + (f" ({', '.join(options)})" if options else ""))
    except duckdb.IOException as fault:
        raise _refusal(path, fault) from fault


def transfer(source: Connection, query: str, target: Connection, table: str, batch_rows: int = 65_536) -> None:
    """Copy a query's result from one database into a temporary table of another.

    The rows go over a batch at a time, so that memory does not grow with them.
    """
    reader = source.sql(query).to_arrow_reader(batch_rows)
    target.register("transferred", reader)
    try:
        target.execute(f"create or replace temp table {identifier(table)} as select * from transferred")
    finally:
        target.unregister("transferred")


def _connect(path: Path, *, read_only: bool, config: dict[str, str]) -> Connection:
    try:
        return duckdb.connect(str(path), read_only=read_only, config={**_NO_EXTENSIONS, **config})
    except duckdb.IOException as fault:
        raise _refusal(path, fault) from fault


def _limit(connection: Connection, share: float, folder: Path, most_memory: float = math.inf) -> None:
    # Not part of the configuration given at connecting: free space changes, and a process may open a file again only with an equal
    # configuration.
    for name, value in settings(share, folder, most_memory).items():
        connection.execute(f"set {name} = {quoted(value)}")


def _refusal(path: Path, fault: duckdb.IOException) -> ClienteleError:
    reason = str(fault).splitlines()[0].removeprefix("IO Error: ")
    if "Could not set lock" in reason:
        holder = reason.partition("Conflicting lock is held in ")[2].partition(". See also")[0] or "which one is not known"
        return ClienteleError(f"{path}: another program has the file open, {holder}; close it there, then run again.")
    if not path.exists():
        return ClienteleError(f"{path}: there is no such file, and none can be made ({reason}); check the path and its permissions.")
    return ClienteleError(f"{path}: DuckDB cannot open it ({reason}); put back a whole file from your backup.")
