"""DuckDB files of other people, as sources: read only, and nothing else within reach of the query that reads them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from pipelines.warehouse.connection import Connection, quoted
from pipelines.warehouse.limits import SANDBOX_SHARE, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A query over somebody else's file spills beyond this, so that reading it leaves room for the rest.
_MEMORY_BYTES = 1e9


@contextmanager
def open_foreign(path: Path, temp: Path, time_zone: str) -> Iterator[Connection]:
    """Open a DuckDB file read only; other files, ATTACH and INSTALL are refused, and the configuration is locked.

    Args:
        path: The file.
        temp: Folder for what spills.
        time_zone: IANA name; times with an offset are written in it.

    Raises:
        DatabaseError: It cannot be opened: another program writes to it, or it is not a DuckDB file.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_external_access": "false",
        "temp_directory": str(temp),
    }
    connection = duckdb.connect(str(path), read_only=True, config=config)
    try:
        for name, value in settings(SANDBOX_SHARE, temp, _MEMORY_BYTES).items():
            connection.execute(f"set {name} = {quoted(value)}")
        connection.execute(f"set TimeZone = {quoted(time_zone)}")
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()
