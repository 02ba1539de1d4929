"""Landing: every pending delivery inspected first, then landed one by one, each whole or not at all.

The order of writing is what makes a crash harmless: the vault first (personal columns, quarantined rows, keys), then the build file in one transaction
(landed rows and their ledger). What the vault holds of a delivery that the ledger does not know is removed when that delivery comes again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipelines.contracts.model import RecordType, load_contracts
from pipelines.contracts.render import raw_table_ddl, vault_table_ddl
from pipelines.errors import ClienteleError
from pipelines.intake import ledger
from pipelines.intake.deliveries import Delivery, pending
from pipelines.intake.mapping import Mapping, bind
from pipelines.intake.reading import load_rows, read_header, working_copy
from pipelines.intake.rows import FeedCounts, collect, judge
from pipelines.intake.sources import MappedFeed, Source, load_sources
from pipelines.intake.storing import store_personal, store_rows, store_totals
from pipelines.warehouse.connection import Connection, DatabaseError, identifier, open_sandbox
from pipelines.warehouse.lock import hold
from pipelines.warehouse.secrets import Secret, load_secret
from pipelines.warehouse.vault import open_with_vault

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.policy import Policy
    from pipelines.warehouse.workspace import Workspace

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class LandedFeed:
    """What became of one delivery as one record type."""

    source_name: str
    file_name: str
    record_type: str
    status: str
    counts: FeedCounts


@dataclass(frozen=True)
class LandingReport:
    """What a landing did.

    Attributes:
        feeds: A line for each delivery and record type that was taken in.
        skipped: Files whose content was known already.
        absent_columns: File, record type and column for optional columns that a delivery lacks.
    """

    feeds: tuple[LandedFeed, ...]
    skipped: tuple[str, ...]
    absent_columns: tuple[tuple[str, str, str], ...]

    @property
    def balances(self) -> bool:
        """Whether every delivered row is accounted for. Landing refuses what does not balance, so that False here is a fault of the intake."""
        return all(feed.counts.balances for feed in self.feeds)

    @property
    def is_new(self) -> bool:
        """Whether anything was taken in."""
        return bool(self.feeds)


def land(workspace: Workspace, policy: Policy, progress: Progress | None = None) -> LandingReport:
    """Take in every delivery that waits.

    All pending deliveries are inspected before the first is landed, so that a file that cannot be taken leaves the landed rows as they were.

    Args:
        workspace: Where deliveries, vault and build file are.
        policy: For the reporting time zone and the loss that a full delivery may show.
        progress: Called with a file's name, its number and how many there are.

    Raises:
        ClienteleError: Something is wrong with a source, a delivery or the workspace; the ledger then says `refused` for the deliveries at fault.
    """
    contracts = load_contracts()
    sources = load_sources(workspace, contracts)
    if not sources:
        message = f"{workspace.sources}: no source is defined; write one YAML file for each system that delivers, or make sample data with 'clientele sample'."
        raise ClienteleError(message)
    workspace.prepare()
    secret = load_secret(workspace)
    with hold(workspace), open_with_vault(workspace) as build:
        _create_tables(build, contracts)
        waiting, faults = pending(workspace, sources, ledger.known_deliveries(build), secret)
        checked: set[tuple[str, tuple[str, ...]]] = set()
        plans = [(delivery, _plan(workspace, delivery, faults, build, checked)) for delivery in waiting]
        if faults:
            raise _refusal(faults)
        ledger.replace_folds(build, sources)
        feeds: list[LandedFeed] = []
        skipped: list[str] = []
        for number, (delivery, mappings) in enumerate(plans, start=1):
            if progress is not None:
                progress(delivery.file_name, number, len(plans))
            if delivery.repeats:
                ledger.record_status(build, delivery, "skipped", "the same content was delivered before")
                skipped.append(delivery.file_name)
            else:
                feeds.extend(_land_one(workspace, build, delivery, mappings, policy, secret))
    absent = tuple((d.file_name, m.feed.record.name, column) for d, mappings in plans for m in mappings for column in m.absent)
    return LandingReport(tuple(feeds), tuple(skipped), absent)


def _create_tables(build: Connection, contracts: dict[str, RecordType]) -> None:
    ledger.create_tables(build)
    build.execute("create schema if not exists vault.personal")
    for record in contracts.values():
        build.execute(raw_table_ddl(record))
        build.execute(vault_table_ddl(record, "vault.personal"))


def _plan(
    workspace: Workspace, delivery: Delivery, faults: list[ClienteleError], build: Connection, checked: set[tuple[str, tuple[str, ...]]]
) -> list[Mapping]:
    """Bind a delivery's feeds to its header and have DuckDB check every expression, once a source and header; a fault is entered and collected."""
    if delivery.repeats:
        return []
    try:
        header = read_header(delivery.path, delivery.source.format)
        mappings = [bind(delivery.source, feed, header, delivery.file_name) for feed in delivery.source.feeds]
        if (delivery.source.name, header) not in checked:
            _check_expressions(workspace, delivery.source, mappings, header)
            checked.add((delivery.source.name, header))
    except ClienteleError as fault:
        faults.append(fault)
        ledger.record_status(build, delivery, "refused", str(fault))
        return []
    return mappings


def _check_expressions(workspace: Workspace, source: Source, mappings: list[Mapping], header: tuple[str, ...]) -> None:
    """Have each mapping run over no row, so that an unknown type or a wrong argument shows before anything is landed."""
    columns = ", ".join(f"cast(null as varchar) as {identifier(name)}" for name in header)
    with open_sandbox([], workspace.temp, source.time_zone) as sandbox:
        sandbox.execute(f"create table delivered as select cast(1 as bigint) as __row, {columns} limit 0")
        for mapping in mappings:
            try:
                sandbox.execute(mapping.create_mapped)
            except DatabaseError as fault:
                reason = str(fault).splitlines()[0]
                message = f"{source.path}: an expression of the feed {mapping.feed.record.name} cannot be computed ({reason}); correct it."
                raise ClienteleError(message) from fault


def _refusal(faults: list[ClienteleError]) -> ClienteleError:
    if len(faults) == 1:
        return faults[0]
    rest = "\n".join(f"  {fault}" for fault in faults[1:])
    return ClienteleError(f"{faults[0]}\n{len(faults) - 1} more deliveries cannot be taken:\n{rest}")


def _land_one(
    workspace: Workspace, build: Connection, delivery: Delivery, mappings: list[Mapping], policy: Policy, secret: Secret
) -> list[LandedFeed]:
    """Read, map, judge and store one delivery."""
    source = delivery.source
    work = workspace.temp / f"{delivery.delivery_key}.csv"
    try:
        copy = working_copy(delivery.archived(workspace), source.format, work)
        with open_sandbox([work], workspace.temp, source.time_zone) as sandbox:
            try:
                load_rows(sandbox, copy, source.format)
            except ClienteleError as fault:
                ledger.record_status(build, delivery, "refused", str(fault))
                message = f"{delivery.path}: {fault}"
                raise ClienteleError(message) from fault
            batches = [collect(sandbox, build, mapping, copy) for mapping in mappings]
    finally:
        work.unlink(missing_ok=True)
    for batch in batches:
        judge(build, batch, delivery, secret)
    known_at = delivery.known_at or _latest_event(build, [batch.table for batch in batches]) or delivery.received_at
    delivery = replace(delivery, known_at=known_at)
    landed: list[LandedFeed] = []
    for batch in batches:
        store_personal(build, batch, delivery)
    build.execute("begin")
    try:
        build.execute("delete from raw.delivery where delivery_key = ?", [delivery.delivery_key])
        for batch in batches:
            counts = store_rows(build, batch, delivery, secret)
            if not counts.balances:
                message = f"{delivery.path}: the rows of {batch.record.name} do not balance ({counts}); this is a fault of the intake, please report it."
                raise ClienteleError(message)
            status, reason = _standing(build, source, batch.mapping.feed, counts, policy)
            ledger.enter(build, delivery, batch.mapping.feed, status, reason, counts.as_columns())
            store_totals(build, batch, delivery, policy.text("reporting.time_zone"))
            landed.append(LandedFeed(source.name, delivery.file_name, batch.record.name, status, counts))
        build.execute("commit")
    except BaseException:
        build.execute("rollback")
        raise
    return landed


def _latest_event(build: Connection, tables: list[str]) -> datetime | None:
    """The latest event time among the rows about to land."""
    union = " union all ".join(f"select max(__event_at) as latest from {table} where disposition = 'landed'" for table in tables)
    row: Any = build.execute(f"select max(latest) from ({union})").fetchone()
    return row[0] if row else None


def _standing(build: Connection, source: Source, feed: MappedFeed, counts: FeedCounts, policy: Policy) -> tuple[str, str | None]:
    """Whether the delivery counts now. A full one that has lost too many records is held, so that nobody is ended by an empty file."""
    if source.mode != "full":
        return "landed", None
    allowed = source.max_loss_share if source.max_loss_share is not None else policy.number("intake.max_loss_share")
    row = build.execute(
        """
        select max_by(records, delivery_order) from raw.delivery
        where source_name = ? and record_type = ? and status = 'landed' and mode = 'full'
        """,
        [source.name, feed.record.name],
    ).fetchone()
    before = row[0] if row and row[0] is not None else 0
    if counts.records < before * (1 - allowed):
        return "held", f"{counts.records} records against {before} in the delivery before; more than a share of {allowed:g} is lost"
    return "landed", None
