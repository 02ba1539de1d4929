"""The tables that landing writes, made from the contracts where they are missing and widened where a contract has gained a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.render import intake_table_ddl, raw_table_ddl, vault_table_ddl
from pipelines.errors import ClienteleError
from pipelines.warehouse.connection import Connection, DatabaseError, identifier

if TYPE_CHECKING:
    from pipelines.contracts.record_type import RawColumn, RecordType
    from pipelines.warehouse.workspace import Workspace

_PERSONAL = "vault.personal"


def make_tables(build: Connection, workspace: Workspace, contracts: dict[str, RecordType]) -> None:
    """Bring the tables of schema `raw` and of the vault's schema `personal` to what the contracts say.

    Nothing is written when they are so already: most runs find them made, and a run with nothing new leaves both files as they were.

    Raises:
        ClienteleError: A table holds a column of another type, and its values do not fit the new one.
    """
    wanted: dict[str, dict[str, tuple[str, list[RawColumn]]]] = {"raw": {}, _PERSONAL: {}}
    for table in load_intake_tables().values():
        wanted["raw"][table.name] = intake_table_ddl(table), list(table.columns)
    for record in contracts.values():
        wanted["raw"][record.name] = raw_table_ddl(record), record.raw_columns()
        if record.vault_columns():
            wanted[_PERSONAL][record.name] = vault_table_ddl(record, _PERSONAL), record.vault_columns()
    present = _present(build)
    for schema in ("raw", _PERSONAL):
        # One transaction a file: each comment on a column would be one of its own.
        build.execute("begin")
        try:
            _bring_up(build, workspace, schema, wanted[schema], present)
        except BaseException:
            build.execute("rollback")
            raise
        build.execute("commit")


def _bring_up(
    build: Connection,
    workspace: Workspace,
    schema: str,
    wanted: dict[str, tuple[str, list[RawColumn]]],
    present: dict[tuple[str, str], dict[str, str]],
) -> None:
    """Make and widen the tables of one schema."""
    if any((schema, name) not in present for name in wanted):
        build.execute(f"create schema if not exists {schema}")
    for name, (ddl, columns) in wanted.items():
        held = present.get((schema, name))
        if held is None:
            build.execute(ddl)
        elif held != {column.name: column.duckdb_type for column in columns}:
            _widen(build, workspace, f"{schema}.{identifier(name)}", held, columns)


def _present(build: Connection) -> dict[tuple[str, str], dict[str, str]]:
    """The tables that are there: column to type, by schema (the vault's as `vault.<schema>`) and name."""
    present: dict[tuple[str, str], dict[str, str]] = {}
    query = (
        "select database_name, schema_name, table_name, column_name, replace(data_type, ', ', ',') from duckdb_columns() where not internal"
    )
    for database, schema, table, column, kind in build.execute(query).fetchall():
        place = f"vault.{schema}" if database == "vault" else schema
        present.setdefault((place, table), {})[column] = kind
    return present


def _widen(build: Connection, workspace: Workspace, table: str, held: dict[str, str], columns: list[RawColumn]) -> None:
    """Add columns that are new, null in rows that have landed, and change types; a column that no contract has any more may be empty."""
    for column in columns:
        name = identifier(column.name)
        if column.name not in held:
            build.execute(f"alter table {table} add column {name} {column.duckdb_type}")
        elif held[column.name] != column.duckdb_type:
            try:
                build.execute(f"alter table {table} alter column {name} set data type {column.duckdb_type}")
            except DatabaseError as fault:
                found = f"{workspace.build_file}: {table} holds values of {column.name} that are no {column.duckdb_type}"
                message = f"{found} ({str(fault).splitlines()[0]}); go back to the version of the contracts that they landed with."
                raise ClienteleError(message) from fault
    for name in held.keys() - {column.name for column in columns}:
        build.execute(f"alter table {table} alter column {identifier(name)} drop not null")
