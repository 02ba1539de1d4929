"""Tables of the build into a new file, each in the order of its key and with its description, and the comparison of both afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import ClienteleError
from pipelines.warehouse import state
from pipelines.warehouse.catalog import FIRST_PUBLISHED
from pipelines.warehouse.connection import Connection, identifier, open_published, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pipelines.warehouse.catalog import TableEntry

Progress = Callable[[str, int, int], None]

# The name by which SQL knows the new file while it is written.
TARGET = "published"


@dataclass(frozen=True)
class Copy:
    """A published table and where its rows come from.

    Attributes:
        entry: What it is.
        query: SQL for its rows, over the build and the attached state.
    """

    entry: TableEntry
    query: str


def plan(build: Connection, catalog: Iterable[TableEntry], published_at: str, *, is_replay: bool) -> list[Copy]:
    """Every table of the catalogue, and after them the marts as first reported.

    Args:
        build: The build with the state attached.
        catalog: Every model to publish.
        published_at: The time of this publication, UTC.
        is_replay: See `state.reported_rows`.

    Raises:
        ClienteleError: The build lacks a table, or something in it has no description.
    """
    entries = list(catalog)
    _refuse_undescribed(build, entries)
    copies = [Copy(entry, f"select * from {_qualified(entry)}") for entry in entries]
    for mart in (entry for entry in entries if entry.is_reported):
        own = {column.name for column in mart.columns} | {FIRST_PUBLISHED}
        reported = mart.as_reported(tuple(name for name in state.reported_columns(build, mart.table_name) if name not in own))
        names = [column.name for column in reported.columns]
        copies.append(Copy(reported, state.reported_rows(build, mart.table_name, names, published_at, is_replay=is_replay)))
    return copies


def _refuse_undescribed(build: Connection, entries: Iterable[TableEntry]) -> None:
    present: dict[tuple[str, str], list[str]] = {}
    columns = (
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = current_database() order by column_index"
    )
    for schema, table, column in build.execute(columns).fetchall():
        present.setdefault((schema, table), []).append(column)
    for entry in entries:
        described = {column.name for column in entry.columns if column.description}
        bare = [name for name in present.get((entry.schema_name, entry.table_name), []) if name not in described]
        if (entry.schema_name, entry.table_name) not in present:
            message = (
                f"{entry.name}: is to be published and the build does not have it; nothing was published. Run again so that it is built."
            )
        elif not entry.description:
            message = f"{entry.name}: has no description; nothing was published. Write one in the model's YAML."
        elif bare:
            message = f"{entry.name}: the column {bare[0]} has no description; nothing was published. Write one in the model's YAML."
        else:
            continue
        raise ClienteleError(message)


def write(build: Connection, copies: Sequence[Copy], progress: Progress | None) -> dict[str, int]:
    """Write the tables; rows by `schema.table`."""
    rows: dict[str, int] = {}
    for number, copy in enumerate(copies, start=1):
        if progress is not None:
            progress(copy.entry.name, number, len(copies))
        rows[copy.entry.name] = create(build, copy.entry, copy.query)
    return rows


def create(build: Connection, entry: TableEntry, query: str) -> int:
    """Write one table in the order of its key, with a comment on it and on each column; how many rows it has."""
    name = f"{TARGET}.{_qualified(entry)}"
    order = ", ".join(map(identifier, entry.key)) or "all"
    comments = [f"comment on column {name}.{identifier(column.name)} is {quoted(column.description)}" for column in entry.columns]
    # One transaction, since each waits for the disk.
    build.execute(f"begin; create schema if not exists {TARGET}.{identifier(entry.schema_name)}")
    created = build.execute(f"create table {name} as select * from ({query}) order by {order}").fetchone()
    build.execute("; ".join([f"comment on table {name} is {quoted(entry.description)}", *comments, "commit"]))
    return int(created[0]) if created else 0


def compare(build: Connection, path: Path, copies: Iterable[Copy], rows: dict[str, int]) -> None:
    """Open the new file as a reader would and hold it against what it was made from: its tables, their rows, and every value in them.

    Args:
        build: The build with the state attached, as it was when the file was written.
        path: The new file.
        copies: What was copied into it.
        rows: The number of rows that each table of the file is to have, by `schema.table`.

    Raises:
        ClienteleError: They differ.
    """
    with open_published(path) as reader:
        found = {f"{schema}.{table}" for schema, table in reader.execute("select schema_name, table_name from duckdb_tables()").fetchall()}
        views = reader.execute("select view_name from duckdb_views() where not internal").fetchall()
        if views or found != set(rows):
            message = f"{path}: holds {len(views)} views, and {sorted(found ^ set(rows))} too many or too few; nothing was published."
            raise ClienteleError(message)
        for name, count in rows.items():
            schema, _, table = name.partition(".")
            _refuse_difference(path, name, _figures(reader, f"from {identifier(schema)}.{identifier(table)}")[:1], (count,))
        for copy in copies:
            _refuse_difference(path, copy.entry.name, _figures(reader, f"from {_qualified(copy.entry)}"), _figures(build, copy.query))


def _figures(connection: Connection, query: str) -> tuple[object, ...]:
    """Rows, and a sum over a hash of every row that does not depend on their order."""
    return connection.execute(f"select count(*), sum(hash(everything)) from ({query}) as everything").fetchone() or ()


def _refuse_difference(path: Path, name: str, copied: tuple[object, ...], built: tuple[object, ...]) -> None:
    if copied != built:
        message = (
            f"{path}: {name} is not what the build has (rows, sum over their content: {copied} against {built}); nothing was published. "
            "Check the disk, then run again."
        )
        raise ClienteleError(message)


def _qualified(entry: TableEntry) -> str:
    return f"{identifier(entry.schema_name)}.{identifier(entry.table_name)}"
