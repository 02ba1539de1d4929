"""The state file: what cannot be rebuilt from landed rows: marts as first reported, the versions published, people's decisions.

It holds no data of customers. A published version carries all that the state has to remember of it, so the pointer moves first and the
state follows in one transaction; when a crash comes between, the next publication makes up for it. A copy of the file is kept at every
publication.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.warehouse.catalog import FIRST_PUBLISHED
from pipelines.warehouse.connection import Connection, attach, identifier, open_file, quoted
from pipelines.warehouse.versions import DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace

# The name by which SQL knows the file, opened by itself or attached.
_STATE = "state"
_TABLES = f"""
create schema if not exists {_STATE}.as_reported;
create table if not exists {_STATE}.reported_month (table_name varchar, as_of date, primary key (table_name, as_of));
create table if not exists {_STATE}.publication (
    version varchar primary key, published_at timestamp, known_by timestamp, as_of date, project_version varchar, duckdb_version varchar,
    storage_version varchar, table_count bigint, row_count bigint
);
create table if not exists {_STATE}.delivery_decision (
    decision_number bigint primary key, delivery_key bigint, decision varchar, decided_at timestamp, decided_by varchar, reason varchar
);
"""


@contextmanager
def open_state(workspace: Workspace) -> Iterator[Connection]:
    """Open the state file by itself, as `state`, with its tables.

    Raises:
        ClienteleError: Another program has it open, or it is not a DuckDB file.
    """
    with open_file(workspace.state_file, workspace) as connection:
        connection.execute(_TABLES)
        yield connection


def attach_state(connection: Connection, workspace: Workspace) -> None:
    """Attach the state file as `state`, with its tables.

    Raises:
        ClienteleError: Another program has it open, or it is not a DuckDB file.
    """
    attach(connection, workspace.state_file, _STATE)
    connection.execute(_TABLES)


def reported_columns(connection: Connection, table: str) -> dict[str, str]:
    """Type by name of the columns that a mart was ever reported with; empty when it never was."""
    return _columns(connection, _STATE, table)


def reported_rows(connection: Connection, table: str, columns: list[str], published_at: str, *, is_replay: bool) -> str:
    """SQL for a mart as reported: months reported before as they were then, and each other month as the build has it now.

    Args:
        connection: The build with the state attached.
        table: The mart.
        columns: The columns wanted; those that only one side has are null on the other.
        published_at: The time of this publication, UTC.
        is_replay: A build limited to what was known at some time reports nothing for the first time.
    """
    reported = f"select as_of from {_STATE}.reported_month where table_name = {quoted(table)}"
    is_new = "false" if is_replay else f"as_of not in ({reported})"
    stamp = f"cast({quoted(published_at)} as timestamp) as {FIRST_PUBLISHED}"
    fresh = f"select *, {stamp} from mart.{identifier(table)} where {is_new}"
    kept = f"select * from {_STATE}.as_reported.{identifier(table)} union all by name " if reported_columns(connection, table) else ""
    return f"select {', '.join(map(identifier, columns))} from ({kept}{fresh})"


def remember(workspace: Workspace, version: str) -> None:
    """Keep for ever what a published version reports for the first time, and the version itself; what is kept already stays as it is.

    Raises:
        ClienteleError: The state file or the version cannot be opened.
    """
    with open_state(workspace) as connection:
        if connection.execute(f"select 1 from {_STATE}.publication where version = ?", [version]).fetchone():
            return
        attach(connection, workspace.published / version / DATABASE, "published", read_only=True)
        tables = [name for (name,) in connection.execute(_REPORTED_TABLES).fetchall()]
        connection.execute("begin")
        for table in tables:
            _keep(connection, table)
        if tables:
            # A month in which a mart has no row is reported too: as one without.
            months = " union ".join(f"select as_of from published.as_reported.{identifier(table)}" for table in tables)
            listed = ", ".join(quoted(table) for table in tables)
            connection.execute(f"insert or ignore into {_STATE}.reported_month select unnest([{listed}]), as_of from ({months})")
        connection.execute(f"insert or ignore into {_STATE}.publication by name select * from published.meta.publication")
        connection.execute("commit")
        # Closing would do it too, but keep it to itself when it cannot, and the copy that follows would lack what it left in the log.
        connection.execute(f"checkpoint {_STATE}")


_REPORTED_TABLES = """
select table_name from duckdb_tables() where database_name = 'published' and schema_name = 'as_reported' order by table_name
"""


def _keep(connection: Connection, table: str) -> None:
    """Keep a mart's newly reported months, inside the caller's transaction; the kept table takes on the mart's new columns and types."""
    name, source = f"{_STATE}.as_reported.{identifier(table)}", f"published.as_reported.{identifier(table)}"
    kept = reported_columns(connection, table)
    if not kept:
        connection.execute(f"create table {name} as select * from {source}")
        return
    for column, kind in _columns(connection, "published", table).items():
        if column not in kept:
            connection.execute(f"alter table {name} add column {identifier(column)} {kind}")
        elif kept[column] != kind:
            connection.execute(f"alter table {name} alter column {identifier(column)} set data type {kind}")
    connection.execute(
        f"insert into {name} by name select * from {source} "
        f"where as_of not in (select as_of from {_STATE}.reported_month where table_name = {quoted(table)})"
    )


def _columns(connection: Connection, database: str, table: str) -> dict[str, str]:
    rows = connection.execute(
        """
        select column_name, data_type from duckdb_columns()
        where database_name = ? and schema_name = 'as_reported' and table_name = ? order by column_index
        """,
        [database, table],
    ).fetchall()
    return dict(rows)


def back_up(workspace: Workspace, version: str, keep: int) -> Path:
    """Copy the closed state file under a version's name; only the `keep` newest copies stay."""
    folder = workspace.state_backups
    folder.mkdir(exist_ok=True)
    target = folder / f"{version}.duckdb"
    unfinished = folder / f".{version}"
    shutil.copyfile(workspace.state_file, unfinished)
    unfinished.rename(target)
    for old in sorted(folder.glob("*.duckdb"))[:-keep]:
        old.unlink()
    return target
