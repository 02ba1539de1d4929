"""Publishing: the public schemas become a new immutable file, which is checked before the pointer moves to it.

Readers open `current.duckdb`, which leads through the link `current` to a version's folder; moving that one link moves the database and its manifest
together. A reader that has a version open keeps it, since a removed file lives until it is closed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from pipelines.errors import ClienteleError
from pipelines.policy import Policy
from pipelines.warehouse import state
from pipelines.warehouse.catalog import FACETS, OWN_TABLES, TableEntry
from pipelines.warehouse.connection import LIBRARY_VERSION, Connection, identifier, open_file, open_published, quoted
from pipelines.warehouse.lock import hold
from pipelines.warehouse.workspace import Workspace

DATABASE, MANIFEST = "clientele.duckdb", "manifest.json"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Publication:
    """One published version.

    Attributes:
        version: Its name, its time in UTC.
        path: Its database file.
        tables: Rows by `schema.table`.
        fingerprint: Of everything that it was built from.
    """

    version: str
    path: Path
    published_at: datetime
    known_by: datetime | None
    as_of: date | None
    storage_version: str
    tables: dict[str, int]
    fingerprint: str

    @property
    def row_count(self) -> int:
        """Rows of data, `meta` not counted."""
        return sum(rows for name, rows in self.tables.items() if not name.startswith("meta."))


def published_fingerprint(workspace: Workspace) -> str | None:
    """The fingerprint of the current version; None when nothing is published."""
    try:
        manifest = json.loads(workspace.current_manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return str(manifest["fingerprint"]) if workspace.current_link.exists() else None


def publish(workspace: Workspace, policy: Policy, catalog: Sequence[TableEntry], fingerprint: str, progress: Progress | None = None) -> Publication:
    """Write, check and point to a new version.

    Args:
        workspace: Whose build is published.
        policy: For the storage format, the number of versions kept and `meta.policy`.
        catalog: Every model to publish.
        fingerprint: Of what the build was made from, so that a later run can tell whether anything is new.
        progress: Called with a table's name, its number and how many there are.

    Raises:
        ClienteleError: The build does not reconcile, or the copy is not equal to it; the current version stays.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    version = now.strftime("%Y%m%dT%H%M%S_%fZ")
    folder = workspace.published / version
    writing = workspace.published / f".writing-{version}"
    with hold(workspace):
        for left_over in workspace.published.glob(".writing-*"):
            shutil.rmtree(left_over)
        writing.mkdir(parents=True)
        try:
            with open_file(workspace.build_file, workspace) as build:
                _refuse_unreconciled(build)
                state.attach_state(build, workspace)
                storage = policy.text("publish.storage_version")
                build.execute(f"attach {quoted(str(writing / DATABASE))} as published (storage_version {quoted(storage)})")
                tables = _copy(build, catalog, now, progress)
                publication = Publication(version, folder / DATABASE, now, _known_by(build), _as_of(build, catalog), storage, tables, fingerprint)
                publication = _describe(build, policy, catalog, publication)
                build.execute("detach published")
                _check(build, writing / DATABASE, tables, catalog)
                (writing / MANIFEST).write_text(_manifest(publication), encoding="utf-8")
                _remember(build, catalog, publication)
        except BaseException:
            shutil.rmtree(writing, ignore_errors=True)
            raise
        writing.rename(folder)
        _point(workspace, folder)
        keep = policy.integer("publish.keep_versions")
        state.back_up(workspace, version, keep)
        _prune(workspace, keep)
    return publication


def _refuse_unreconciled(build: Connection) -> None:
    found = build.execute(
        "select fact, source_name, measure, month, unexplained from meta.reconciliation where unexplained <> 0 order by abs(unexplained) desc limit 1"
    ).fetchone()
    if found:
        fact, source, measure, month, amount = found
        message = (
            f"meta.reconciliation: {measure} of {fact} from {source} in {month} differ from what was delivered by {amount} without a cause; "
            "nothing was published. Compare raw and core for that month, then run again."
        )
        raise ClienteleError(message)


def _copy(build: Connection, catalog: Sequence[TableEntry], now: datetime, progress: Progress | None) -> dict[str, int]:
    """Copy every table in the order of its key, and the marts as first reported."""
    tables: dict[str, int] = {}
    for number, entry in enumerate(catalog, start=1):
        if progress is not None:
            progress(f"{entry.schema_name}.{entry.table_name}", number, len(catalog))
        source = f"{identifier(entry.schema_name)}.{identifier(entry.table_name)}"
        order = ", ".join(identifier(column) for column in entry.key) or "all"
        tables[f"{entry.schema_name}.{entry.table_name}"] = _create(build, entry, f"select * from {source}", order)
    known = state.reported_tables(build)
    for entry in _reported(catalog):
        rows = state.unreported_rows(entry.table_name, str(now))
        if entry.table_name in known:
            rows = f"select * from state.as_reported.{identifier(entry.table_name)} union all by name {rows}"
        reported = TableEntry("as_reported", entry.table_name, f"As first published. {entry.description}", entry.key, entry.facets, entry.columns)
        order = ", ".join(identifier(column) for column in entry.key) or "all"
        tables[f"as_reported.{entry.table_name}"] = _create(build, reported, rows, order)
    return tables


def _reported(catalog: Sequence[TableEntry]) -> list[TableEntry]:
    """The marts that say something for a month's end."""
    return [entry for entry in catalog if entry.schema_name == "mart" and any(column.name == "as_of" for column in entry.columns)]


def _create(build: Connection, entry: TableEntry, query: str, order: str) -> int:
    name = f"published.{identifier(entry.schema_name)}.{identifier(entry.table_name)}"
    build.execute(f"create schema if not exists published.{identifier(entry.schema_name)}")
    build.execute(f"create table {name} as select * from ({query}) order by {order}")
    build.execute(f"comment on table {name} is {quoted(entry.description)}")
    present = {row[0] for row in build.execute(f"describe {name}").fetchall()}
    for column in entry.columns:
        if column.name in present:
            build.execute(f"comment on column {name}.{identifier(column.name)} is {quoted(column.description)}")
    if "first_published_at" in present:
        build.execute(f"comment on column {name}.first_published_at is 'When the month was first published, UTC.'")
    return _one(build, f"select count(*) from {name}")


def _describe(build: Connection, policy: Policy, catalog: Sequence[TableEntry], publication: Publication) -> Publication:
    """Write the tables that only publishing can know."""
    tables = {**publication.tables, **{f"meta.{entry.table_name}": 0 for entry in OWN_TABLES}}
    stated = {"version", "published_at", "known_by", "as_of", "storage_version"}
    values = {key: value for key, value in asdict(publication).items() if key in stated}
    values |= {"project_version": installed_version("clientele"), "duckdb_version": LIBRARY_VERSION}
    values |= {"table_count": len(tables), "row_count": publication.row_count}
    columns = [column.name for column in OWN_TABLES[0].columns]
    typed = {"published_at": "timestamp", "known_by": "timestamp", "as_of": "date", "table_count": "bigint", "row_count": "bigint"}
    this = ", ".join(f"cast({_literal(values[name])} as {typed.get(name, 'varchar')}) as {name}" for name in columns)
    _create(build, OWN_TABLES[0], f"select {', '.join(columns)} from state.publication union all select {this}", "version")
    rows = [
        (e.schema_name, e.table_name, e.description, tables[f"{e.schema_name}.{e.table_name}"], publication.published_at, {f: e.facets.get(f) for f in FACETS})
        for e in (*catalog, *OWN_TABLES)
    ]
    listed = [(s, t, d, f["grain"], f["owner"], n, at, *(f[name] for name in FACETS[2:])) for s, t, d, n, at, f in rows]
    _fill(build, OWN_TABLES[1], listed, {"row_count": "bigint", "refreshed_at": "timestamp"})
    _fill(build, OWN_TABLES[3], [(e["name"], e["value"], e["unit"], e["why"], e["source"]) for e in policy.entries()], {})
    meanings = {(e.schema_name, e.table_name, c.name): c for e in (*catalog, *OWN_TABLES) for c in e.columns}
    _fill(build, OWN_TABLES[2], [], {})
    present = build.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() where database_name = 'published' and schema_name <> 'as_reported' "
        "order by schema_name, table_name, column_index"
    ).fetchall()
    described = [(*row, c.description, c.unit, c.classification) for row in present if (c := meanings.get(row[:3])) is not None]
    build.execute("drop table published.meta.column_catalog")
    _fill(build, OWN_TABLES[2], described, {})
    for entry in OWN_TABLES:
        tables[f"meta.{entry.table_name}"] = _one(build, f"select count(*) from published.meta.{entry.table_name}")
    return Publication(**{**vars(publication), "tables": tables})


def _fill(build: Connection, entry: TableEntry, rows: list[tuple[Any, ...]], types: dict[str, str]) -> None:
    names = [column.name for column in entry.columns]
    empty = ", ".join(f"cast(null as {types.get(name, 'varchar')}) as {identifier(name)}" for name in names)
    _create(build, entry, f"select {empty} limit 0", "all")
    if rows:
        build.executemany(f"insert into published.meta.{entry.table_name} values ({', '.join('?' * len(names))})", rows)


def _check(build: Connection, path: Path, tables: dict[str, int], catalog: Sequence[TableEntry]) -> None:
    """Open the new file as a reader would and hold it against the build: tables, rows, and the sum of every decimal column."""
    with open_published(path) as reader:
        views = _one(reader, "select count(*) from duckdb_views() where not internal")
        found = {f"{s}.{t}" for s, t in reader.execute("select schema_name, table_name from duckdb_tables()").fetchall()}
        if views or found != set(tables):
            message = f"{path}: the copy holds {sorted(found ^ set(tables))} and {views} views that it should not; nothing was published."
            raise ClienteleError(message)
        for entry in catalog:
            name = f"{identifier(entry.schema_name)}.{identifier(entry.table_name)}"
            decimals = [row[0] for row in reader.execute(f"describe {name}").fetchall() if row[1].startswith("DECIMAL")]
            figures = ", ".join(["count(*)", *(f"sum({identifier(column)})" for column in decimals)])
            copied, built = reader.execute(f"select {figures} from {name}").fetchone(), build.execute(f"select {figures} from {name}").fetchone()
            if copied != built:
                message = f"{path}: {name} has {copied} where the build has {built}; nothing was published. Check the disk, then run again."
                raise ClienteleError(message)


def _remember(build: Connection, catalog: Sequence[TableEntry], publication: Publication) -> None:
    """Keep the months reported for the first time and the publication, in one transaction of the state file."""
    known = state.reported_tables(build)
    build.execute("begin")
    for entry in _reported(catalog):
        state.keep_reported(build, entry.table_name, str(publication.published_at), entry.table_name in known)
    build.execute(
        "insert into state.publication values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            publication.version, publication.published_at, publication.known_by, publication.as_of, installed_version("clientele"), LIBRARY_VERSION,
            publication.storage_version, len(publication.tables), publication.row_count, publication.fingerprint,
        ],
    )  # fmt: skip
    build.execute("commit")


def _point(workspace: Workspace, folder: Path) -> None:
    """Move the pointer in one step; the two links through it are made once and stay."""
    moving = workspace.published / ".current"
    moving.unlink(missing_ok=True)
    moving.symlink_to(folder.name)
    os.replace(moving, workspace.published / "current")
    for link, name in ((workspace.current_link, DATABASE), (workspace.current_manifest, MANIFEST)):
        if not link.is_symlink():
            link.unlink(missing_ok=True)
            link.symlink_to(Path("current") / name)


def _prune(workspace: Workspace, keep: int) -> None:
    """Remove all but the newest versions."""
    versions = sorted(path for path in workspace.published.iterdir() if path.is_dir() and not path.is_symlink() and not path.name.startswith("."))
    for old in versions[:-keep]:
        shutil.rmtree(old)


def _manifest(publication: Publication) -> str:
    content = {
        "version": publication.version,
        "database": DATABASE,
        "published_at": publication.published_at.isoformat() + "Z",
        "known_by": publication.known_by.isoformat() + "Z" if publication.known_by else None,
        "as_of": publication.as_of.isoformat() if publication.as_of else None,
        "duckdb_version": LIBRARY_VERSION,
        "storage_version": publication.storage_version,
        "fingerprint": publication.fingerprint,
        "tables": publication.tables,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _known_by(build: Connection) -> datetime | None:
    known: datetime | None = _one(build, "select max(known_at) from meta.delivery_ledger where status = 'landed'")
    return known


def _as_of(build: Connection, catalog: Sequence[TableEntry]) -> date | None:
    ends = [_one(build, f"select max(as_of) from mart.{identifier(entry.table_name)}") for entry in _reported(catalog)]
    return max((end for end in ends if end is not None), default=None)


def _literal(value: object) -> str:
    return "null" if value is None else str(value) if isinstance(value, int) else quoted(str(value))


def _one(connection: Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None
