"""The state file: what cannot be rebuilt from landed rows. Today: marts as first reported, and the versions published.

It holds no personal data. Every write is one transaction, and a copy is kept at every publication.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.warehouse.connection import Connection, identifier, quoted
from pipelines.warehouse.workspace import Workspace

_TABLES = """
create schema if not exists state.as_reported;
create table if not exists state.reported_month (table_name varchar, as_of date, first_published_at timestamp);
create table if not exists state.publication (
    version varchar primary key, published_at timestamp, known_by timestamp, as_of date, project_version varchar, duckdb_version varchar,
    storage_version varchar, table_count bigint, row_count bigint, fingerprint varchar
);
"""


def attach_state(connection: Connection, workspace: Workspace) -> None:
    """Attach the state file as `state`, with its tables."""
    connection.execute(f"attach {quoted(str(workspace.state_file))} as state")
    connection.execute(_TABLES)


def reported_tables(connection: Connection) -> set[str]:
    """The marts that have been reported before."""
    rows = connection.execute("select table_name from duckdb_tables() where database_name = 'state' and schema_name = 'as_reported'").fetchall()
    return {row[0] for row in rows}


def unreported_rows(table: str, published_at: str) -> str:
    """SQL for the rows of a mart whose month has never been published, with the time at which it now is."""
    return (
        f"select *, cast({quoted(published_at)} as timestamp) as first_published_at from mart.{identifier(table)} "
        f"where as_of not in (select as_of from state.reported_month where table_name = {quoted(table)})"
    )


def keep_reported(connection: Connection, table: str, published_at: str, is_known: bool) -> None:
    """Keep a mart's newly published months for ever, inside the caller's transaction; columns that the mart has gained are added."""
    name = f"state.as_reported.{identifier(table)}"
    rows = unreported_rows(table, published_at)
    if not is_known:
        connection.execute(f"create table {name} as {rows}")
    else:
        present = {row[0] for row in connection.execute(f"describe {name}").fetchall()}
        for column, kind in [row[:2] for row in connection.execute(f"describe {rows}").fetchall()]:
            if column not in present:
                connection.execute(f"alter table {name} add column {identifier(column)} {kind}")
        connection.execute(f"insert into {name} by name {rows}")
    connection.execute(
        f"""
        insert into state.reported_month
        select distinct {quoted(table)}, as_of, cast({quoted(published_at)} as timestamp)
        from core.fct_customer_month
        where as_of not in (select as_of from state.reported_month where table_name = {quoted(table)})
        """
    )


def back_up(workspace: Workspace, version: str, keep: int) -> Path:
    """Copy the state file beside itself under the version's name; the oldest copies go."""
    folder = workspace.root / "state-backups"
    folder.mkdir(exist_ok=True)
    target = folder / f"{version}.duckdb"
    shutil.copyfile(workspace.state_file, target)
    for old in sorted(folder.glob("*.duckdb"))[:-keep]:
        old.unlink()
    return target
