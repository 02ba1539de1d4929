"""The tables of `meta` that only publishing can write: the publication, what every table and column means, the policy in force."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.warehouse.catalog import COLUMN_CATALOG, FACETS, OWN_TABLES, POLICY, PUBLICATION, TABLE_CATALOG
from pipelines.warehouse.connection import LIBRARY_VERSION, Connection, identifier, quoted
from pipelines.warehouse.copying import TARGET, create

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.policy import Policy
    from pipelines.warehouse.catalog import TableEntry
    from pipelines.warehouse.publication import Publication

Row = tuple[Any, ...]

# Types of the own tables' columns that are not text.
_TYPES = {
    "published_at": "TIMESTAMP",
    "refreshed_at": "TIMESTAMP",
    "known_by": "TIMESTAMP",
    "as_of": "DATE",
    "table_count": "BIGINT",
    "row_count": "BIGINT",
}
_TEXT = "VARCHAR"


def describe(build: Connection, policy: Policy, copied: Sequence[TableEntry], publication: Publication) -> Publication:
    """Write what only publishing can know into the new file.

    Args:
        build: The build with the state and the new file attached.
        policy: For `meta.policy`.
        copied: The tables that are in the new file.
        publication: The version as far as it is known: its tables are those copied.

    Returns:
        The version with these tables as well.
    """
    entries = (*copied, *OWN_TABLES)
    policies = [tuple(entry[name] for name in ("name", "value", "unit", "why", "source")) for entry in policy.entries()]
    columns = _columns(build, entries)
    published = [*_published_before(build), _published_now(publication, len(entries))]
    own = {POLICY.name: policies, COLUMN_CATALOG.name: columns, PUBLICATION.name: published, TABLE_CATALOG.name: entries}
    publication = replace(publication, tables=publication.tables | {name: len(rows) for name, rows in own.items()})
    _fill(build, POLICY, policies)
    _fill(build, COLUMN_CATALOG, columns)
    _fill(build, PUBLICATION, published)
    _fill(build, TABLE_CATALOG, [_stated(entry, publication) for entry in entries])
    return publication


def _published_before(build: Connection) -> list[Row]:
    names = ", ".join(column.name for column in PUBLICATION.columns)
    return build.execute(f"select {names} from state.publication").fetchall()


def _published_now(publication: Publication, table_count: int) -> Row:
    return (
        publication.version,
        publication.published_at,
        publication.known_by,
        publication.as_of,
        _project_version(),
        LIBRARY_VERSION,
        publication.storage_version,
        table_count,
        publication.row_count,
    )


def _project_version() -> str:
    try:
        return version("clientele")
    except PackageNotFoundError:
        return "unknown"


def _stated(entry: TableEntry, publication: Publication) -> Row:
    """The row of `meta.table_catalog` for one table."""
    grain, owner, *facets = (entry.facets.get(name) for name in FACETS)
    rows = publication.tables[entry.name]
    return (entry.schema_name, entry.table_name, entry.description, grain, owner, rows, publication.published_at, *facets)


def _columns(build: Connection, entries: Sequence[TableEntry]) -> list[Row]:
    """The rows of `meta.column_catalog`: types of what was copied as the new file has them, of the own tables as they will be."""
    types = {
        (schema, table, column): kind
        for schema, table, column, kind in build.execute(
            f"select schema_name, table_name, column_name, data_type from duckdb_columns() where database_name = {quoted(TARGET)}"
        ).fetchall()
    }
    return [
        (
            entry.schema_name,
            entry.table_name,
            column.name,
            types.get((entry.schema_name, entry.table_name, column.name)) or _TYPES.get(column.name, _TEXT),
            column.description,
            column.unit,
            column.classification,
        )
        for entry in entries
        for column in entry.columns
    ]


def _fill(build: Connection, entry: TableEntry, rows: Sequence[Row]) -> None:
    names = [column.name for column in entry.columns]
    casts = ", ".join(f"cast({identifier(name)} as {_TYPES.get(name, _TEXT)}) as {identifier(name)}" for name in names)
    build.register("described", pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None).to_arrow())
    create(build, entry, f"select {casts} from described")
    build.unregister("described")
