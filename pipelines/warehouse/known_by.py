"""A workspace as it was known by some moment: a workspace of its own, below the vault's temp folder, with the landed rows known by then.

What is not copied cannot be told by any model: deliveries that became known later are left out of the ledger and of every raw table, and
what a person decided later is taken back. The workspace itself is read only and stays as it is; the copy vanishes with the block.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.warehouse import state
from pipelines.warehouse.catalog import FIRST_PUBLISHED
from pipelines.warehouse.connection import Connection, attach, identifier, open_file, quoted
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

Progress = Callable[[str, int, int], None]

# The names by which SQL knows the files that are read.
_LANDED, _KEPT = "landed", "kept"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})")
_EXPECTED = "expected a day such as 2026-03-31, which is meant to its end, or a moment with its offset such as 2026-03-31T23:59:59Z"


def moment_of(stated: str, reporting_zone: str) -> datetime:
    """The moment that a person names, in UTC without a zone, as the ledger has its times.

    Args:
        stated: A moment with an offset, or a day: then its last microsecond in the reporting time zone.
        reporting_zone: IANA name.

    Raises:
        ClienteleError: It is neither.
    """
    text = stated.strip()
    try:
        if _DAY.fullmatch(text):
            return _in_utc(datetime.combine(date.fromisoformat(text), time.max, ZoneInfo(reporting_zone)))
        if _MOMENT.fullmatch(text):
            return _in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as fault:
        message = f"--known-by: found '{stated}', which no calendar has ({fault}); {_EXPECTED}."
        raise ClienteleError(message) from fault
    message = f"--known-by: found '{stated}'; {_EXPECTED}."
    raise ClienteleError(message)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


@contextmanager
def as_known_by(workspace: Workspace, moment: datetime, progress: Progress | None = None) -> Iterator[Workspace]:
    """Make a workspace that holds what was known by a moment: landed rows, the ledger, what had been reported, and today's policy.

    Args:
        workspace: Whose landed rows are copied; held by this process.
        moment: UTC, included.
        progress: Called with a table's name, its number and how many there are.

    Yields:
        The workspace, removed when the block ends, however it ends.

    Raises:
        ClienteleError: Nothing has landed, nothing was known by then, or the landed rows are of an older project.
    """
    if not workspace.build_file.exists():
        message = f"{workspace.build_file}: nothing has landed yet; take in the deliveries with 'clientele run' first."
        raise ClienteleError(message)
    workspace.prepare()
    with tempfile.TemporaryDirectory(dir=workspace.temp, prefix="known-by-", ignore_cleanup_errors=True) as folder:
        then = Workspace.at(folder)
        then.prepare()
        if workspace.policy_file.exists():
            shutil.copyfile(workspace.policy_file, then.policy_file)
        try:
            _copy_build(workspace, then, moment, progress)
            _copy_state(workspace, then, moment)
        except RuntimeError as fault:
            # How DuckDB's driver passes on that the person has interrupted a statement.
            if isinstance(fault.__cause__ or fault.__context__, KeyboardInterrupt):
                message = "The run was interrupted while the landed rows were copied; nothing was written."
                raise ClienteleError(message) from fault
            raise
        yield then


def _copy_build(workspace: Workspace, then: Workspace, moment: datetime, progress: Progress | None) -> None:
    """Copy the schema raw, in a file of the same name: the models know the database by it."""
    with open_file(then.build_file, then) as build:
        attach(build, workspace.build_file, _LANDED, read_only=True)
        if workspace.state_file.exists():
            attach(build, workspace.state_file, _KEPT, read_only=True)
        _refuse_other_shape(build, workspace)
        _choose(build, moment, workspace)
        _decide(build, moment)
        _copy_tables(build, moment, progress)


def _tables(build: Connection, database: str) -> dict[str, list[str]]:
    """Columns by table of the schema raw."""
    found: dict[str, list[str]] = {}
    for table, column in build.execute(
        "select table_name, column_name from duckdb_columns() where database_name = ? and schema_name = 'raw' order by all", [database]
    ).fetchall():
        found.setdefault(table, []).append(column)
    return found


def _refuse_other_shape(build: Connection, workspace: Workspace) -> None:
    """Landing brings the raw tables to what the contracts say; here nothing may be written, so they must be so already."""
    expected = {record.name: [column.name for column in record.raw_columns()] for record in load_contracts().values()}
    expected |= {table.name: [column.name for column in table.columns] for table in load_intake_tables().values()}
    found = _tables(build, _LANDED)
    lacking = [table for table, columns in expected.items() if set(columns) - set(found.get(table, ()))]
    if lacking:
        message = (
            f"{workspace.build_file}: raw.{lacking[0]} is not as this version of the project has it; "
            "run 'clientele run' once, which brings it up to date, then ask again."
        )
        raise ClienteleError(message)


def _choose(build: Connection, moment: datetime, workspace: Workspace) -> None:
    """Write the keys of the deliveries to copy.

    Beside those known by the moment, the few that landed content which one of them repeats: an older file that arrived late was not landed
    where a newer one had brought the same rows. Staging leaves out what else they say, since they were not known.
    """
    known = f"coalesce(known_at, received_at) <= {_literal(moment)}"
    build.execute(f"create temp table known as select distinct delivery_key from {_LANDED}.raw.delivery where {known}")
    entered = "status in ('landed', 'held', 'rejected')"
    row = build.execute(f"select count(*) filter ({known}), min(known_at) from {_LANDED}.raw.delivery where {entered}").fetchone()
    count, first = row or (0, None)
    if not count:
        since = f"the first delivery was known on {first:%Y-%m-%d at %H:%M:%S} UTC" if first else "nothing has landed yet"
        message = f"{workspace.root}: nothing was known by {moment:%Y-%m-%d %H:%M:%S} UTC; {since}; name a later moment."
        raise ClienteleError(message)
    # The landed rows stream past the repeated ones, which are few where deliveries append.
    lenders = " union ".join(
        f"""
        select min(landed._delivery_key) as delivery_key
        from {_LANDED}.raw.{identifier(record)} as landed
        inner join (
            select distinct record_key, content_hash from {_LANDED}.raw.repeated_row
            where record_type = {quoted(record)} and delivery_key in (select delivery_key from known)
        ) as repeated on landed._record_key = repeated.record_key and landed._content_hash = repeated.content_hash
        left join known on landed._delivery_key = known.delivery_key
        group by landed._record_key, landed._content_hash
        having count(known.delivery_key) = 0
        """
        for record in load_contracts()
    )
    build.execute(f"create temp table wanted as select delivery_key from known union select delivery_key from ({lenders})")


def _copy_tables(build: Connection, moment: datetime, progress: Progress | None) -> None:
    """Copy every table of the schema raw: what belongs to a wanted delivery, and what belongs to none."""
    build.execute("create schema raw")
    tables = _tables(build, _LANDED)
    for number, (table, columns) in enumerate(tables.items(), start=1):
        if progress is not None:
            progress(f"raw.{table}", number, len(tables))
        source = f"{_LANDED}.raw.{identifier(table)}"
        key = next((name for name in ("_delivery_key", "delivery_key") if name in columns), None)
        rows = _ledger(moment) if table == "delivery" else f"select * from {source}"
        wanted = f" where {key} in (select delivery_key from wanted)" if key else ""
        build.execute(f"create table raw.{identifier(table)} as select * from ({rows}){wanted}")


def _decide(build: Connection, moment: datetime) -> None:
    """Write the last decision of a person on each delivery that had been made by the moment."""
    build.execute("create temp table decided (delivery_key bigint, decision varchar, decided_at timestamp, reason varchar)")
    keeps = "select count(*) from duckdb_tables() where database_name = ? and table_name = 'delivery_decision'"
    if build.execute(keeps, [_KEPT]).fetchone() == (0,):
        return
    build.execute(
        f"""
        insert into decided
        select delivery_key, decision, decided_at, reason from {_KEPT}.delivery_decision
        where decided_at <= {_literal(moment)}
        qualify row_number() over (partition by delivery_key order by decision_number desc) = 1
        """
    )


def _ledger(moment: datetime) -> str:
    """SQL for the ledger as it was: what a person decided later is as it had been decided before, else as the door had left it."""
    later = f"delivery.decision is not null and delivery.decided_at > {_literal(moment)}"
    door = "case when delivery.held_reason is null then 'landed' else 'held' end"
    before = f"case decided.decision when 'released' then 'landed' when 'rejected' then 'rejected' else {door} end"
    return f"""
        select delivery.* replace (
            case when {later} then {before} else delivery.status end as status,
            case when {later} then coalesce(decided.reason, delivery.held_reason) else delivery.reason end as reason,
            case when {later} then decided.decision else delivery.decision end as decision,
            case when {later} then decided.decided_at else delivery.decided_at end as decided_at
        )
        from {_LANDED}.raw.delivery as delivery
        left join decided on delivery.delivery_key = decided.delivery_key
    """


def _copy_state(workspace: Workspace, then: Workspace, moment: datetime) -> None:
    """Copy what had been published by the moment, by the clock: marts as first reported, and the versions."""
    if not workspace.state_file.exists():
        return
    with state.open_state(then) as kept:
        attach(kept, workspace.state_file, _KEPT, read_only=True)
        reported = kept.execute(
            "select table_name from duckdb_tables() where database_name = ? and schema_name = 'as_reported' order by all", [_KEPT]
        ).fetchall()
        limit = _literal(moment)
        for (table,) in reported:
            name = f"as_reported.{identifier(table)}"
            kept.execute(f"create table state.{name} as select * from {_KEPT}.{name} where {FIRST_PUBLISHED} <= {limit}")
        versions = f"select * from {_KEPT}.publication where published_at <= {limit}"
        kept.execute(f"insert into state.publication by name {versions}")


def _literal(moment: datetime) -> str:
    return f"cast({quoted(str(moment))} as timestamp)"
