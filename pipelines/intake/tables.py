"""The tables that landing writes, made from the contracts where they are missing and brought up where a contract has changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.render import intake_table_ddl, raw_table_ddl, vault_table_ddl
from pipelines.errors import ClienteleError
from pipelines.intake.contract_changes import Change, anew, check_privacy, check_versions, remember, standing, text, wanted
from pipelines.warehouse.connection import Connection, identifier

if TYPE_CHECKING:
    from pipelines.contracts.record_type import RawColumn, RecordType
    from pipelines.warehouse.workspace import Workspace

_RAW, _PERSONAL = "raw", "vault.personal"


@dataclass(frozen=True)
class _Table:
    """A table as the contracts want it; `record` is None for one of intake's own."""

    schema: str
    name: str
    ddl: str
    columns: list[RawColumn]
    record: RecordType | None = None

    @property
    def place(self) -> str:
        return f"{self.schema}.{identifier(self.name)}"


@dataclass(frozen=True)
class _Held:
    """A column as it stands."""

    kind: str
    is_nullable: bool


@dataclass(frozen=True)
class _Plan:
    """What is to be done: statements by schema, and what to say of it."""

    statements: dict[str, list[str]] = field(default_factory=lambda: {_PERSONAL: [], _RAW: []})
    changes: list[Change] = field(default_factory=list)


def make_tables(build: Connection, workspace: Workspace, contracts: dict[str, RecordType]) -> list[str]:
    """Bring the tables of schema `raw` and of the vault's schema `personal` to what the contracts say.

    Nothing is written when they are so already: most runs find them made, and a run with nothing new leaves both files as they were. All
    is judged before anything is written, so that a workspace that is refused stays as it was.

    Returns:
        What newer contracts changed in an older workspace, a sentence each; kept in `raw.contract_change` as well.

    Raises:
        ClienteleError: The workspace was made with newer contracts, or landed rows cannot be brought up to these.
    """
    present = _present(build)
    held = standing(build, set(present), contracts)
    check_versions(workspace, contracts, held)
    is_new = not any(schema == _RAW for schema, _ in present)
    plan = _Plan()
    for name, record in contracts.items():
        if name in held and text(held[name].version) != text(record.version):
            plan.changes.append(Change(name, "version_changed", was=text(held[name].version), now=text(record.version)))
        elif name not in held and not is_new:
            plan.changes.append(Change(name, "record_type_added", now=text(record.version)))
    for table in _wanted(contracts):
        _plan_table(build, workspace, table, present, plan)
    is_remembered = (_RAW, "contract_version") in present and all(held.get(name) == wanted(record) for name, record in contracts.items())
    # One transaction a file: each comment on a column would be one of its own. The vault first, as landing writes.
    for schema, statements in plan.statements.items():
        if statements or (schema == _RAW and not is_remembered):
            build.execute("begin")
            try:
                build.execute(f"create schema if not exists {schema}")
                for statement in statements:
                    build.execute(statement)
                if schema == _RAW:
                    remember(build, contracts, held, plan.changes)
            except BaseException:
                build.execute("rollback")
                raise
            build.execute("commit")
    return [change.sentence for change in plan.changes]


def _wanted(contracts: dict[str, RecordType]) -> list[_Table]:
    """Every table that is to be there."""
    tables = [_Table(_RAW, table.name, intake_table_ddl(table), list(table.columns)) for table in load_intake_tables().values()]
    for record in contracts.values():
        tables.append(_Table(_RAW, record.name, raw_table_ddl(record), record.raw_columns(), record))
        if record.vault_columns():
            tables.append(_Table(_PERSONAL, record.name, vault_table_ddl(record, _PERSONAL), record.vault_columns(), record))
    return tables


def _present(build: Connection) -> dict[tuple[str, str], dict[str, _Held]]:
    """The tables that are there: column to what it is, by schema (the vault's as `vault.<schema>`) and name."""
    present: dict[tuple[str, str], dict[str, _Held]] = {}
    query = """
        select database_name, schema_name, table_name, column_name, replace(data_type, ', ', ','), is_nullable
        from duckdb_columns()
        where not internal
    """
    for database, schema, table, column, kind, is_nullable in build.execute(query).fetchall():
        place = f"vault.{schema}" if database == "vault" else schema
        present.setdefault((place, table), {})[column] = _Held(kind, is_nullable)
    return present


def _plan_table(
    build: Connection, workspace: Workspace, table: _Table, present: dict[tuple[str, str], dict[str, _Held]], plan: _Plan
) -> None:
    """Add to the plan what brings one table up to its contract."""
    held = present.get((table.schema, table.name))
    steps = plan.statements[table.schema]
    is_fresh = (_RAW, table.name) not in present
    if held is None:
        steps.append(table.ddl)
        if table.schema == _PERSONAL and not is_fresh:
            plan.changes.extend(Change(table.name, "column_added", column.name) for column in table.columns if not column.is_required)
        return
    if table.record is not None and table.schema == _RAW:
        check_privacy(workspace, table.record, set(held))
    changes: list[Change] = []
    for column in table.columns:
        was = held.get(column.name)
        if was is None:
            steps.append(f"alter table {table.place} add column {identifier(column.name)} {column.duckdb_type}")
            changes.append(Change(table.name, "column_added", column.name))
            continue
        if was.kind != column.duckdb_type:
            steps += _convert(build, workspace, table, column, was.kind, is_fresh=is_fresh)
            changes.append(Change(table.name, "type_changed", column.name, was.kind, column.duckdb_type))
        if not was.is_nullable and not column.is_required:
            steps.append(_drop_not_null(table, column.name))
            changes.append(Change(table.name, "may_be_empty", column.name))
    gone = sorted(held.keys() - {column.name for column in table.columns})
    left = [name for name in gone if not held[name].is_nullable]
    steps += [_drop_not_null(table, name) for name in left]
    changes += [Change(table.name, "column_left", name) for name in left]
    if table.record is not None and not is_fresh:
        plan.changes.extend(changes)


def _convert(build: Connection, workspace: Workspace, table: _Table, column: RawColumn, old: str, *, is_fresh: bool) -> list[str]:
    """Statements that give a column its new type.

    Raises:
        ClienteleError: A value does not fit it.
    """
    name, new = identifier(column.name), column.duckdb_type
    if _fits(build, table.place, name, old, new):
        return [f"alter table {table.place} alter column {name} set data type {new}"]
    if is_fresh:
        # The build file is made anew, and with it what the vault holds of each delivery: nothing of the old column is read again.
        return [f"alter table {table.place} drop column {name}", f"alter table {table.place} add column {name} {new}"]
    found = f"{workspace.build_file}: {table.place} holds values of {column.name} that are no {new}"
    message = f"{found} (they are {old}); {anew(workspace)}"
    raise ClienteleError(message)


def _drop_not_null(table: _Table, column: str) -> str:
    return f"alter table {table.place} alter column {identifier(column)} drop not null"


def _fits(build: Connection, place: str, name: str, old: str, new: str) -> bool:
    """Whether each value can be had in the new type and got back from it: 12.5 is no BIGINT, '01' neither."""
    there = f"try_cast({name} as {new})"
    query = f"select count(*) from {place} where {name} is not null and try_cast({there} as {old}) is distinct from {name}"
    row = build.execute(query).fetchone()
    return row is not None and row[0] == 0
