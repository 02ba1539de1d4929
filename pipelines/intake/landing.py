"""Landing: every pending delivery inspected first, then landed one by one, each whole or not at all.

The order of writing is what makes a crash harmless: the vault first (keys, personal columns, quarantined rows), then the build file in one
transaction (landed rows and their ledger). What the vault holds of a delivery that the ledger does not know is replaced when that delivery
comes again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count, groupby
from typing import TYPE_CHECKING

from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.intake import ledger
from pipelines.intake.databases.deliveries import forget_unread, read_databases
from pipelines.intake.decisions import decided
from pipelines.intake.deliveries import Delivery, pending
from pipelines.intake.faults import DeliveryError
from pipelines.intake.keys import check_hashes
from pipelines.intake.planning import plan
from pipelines.intake.reading import ROW
from pipelines.intake.replay.replaying import Recall
from pipelines.intake.settling import Settling
from pipelines.intake.sources import MappedFeed, load_sources
from pipelines.intake.storing import store_personal, store_rows, store_totals
from pipelines.intake.tables import make_tables
from pipelines.intake.workbench import Workbench, open_workbench
from pipelines.warehouse.lock import hold
from pipelines.warehouse.secrets import Secret, load_secret
from pipelines.warehouse.vault import open_with_vault

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.intake.decisions import Decision
    from pipelines.intake.mapping import Mapping
    from pipelines.intake.rows import Batch, FeedCounts
    from pipelines.policy import Policy
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.workspace import Workspace

Progress = Callable[[str, int, int], None]

# The build file folds its log into itself when it closes and whenever the log has grown to this; each time costs as much as a delivery.
_LOG_LIMIT = "64MB"


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
        unread_columns: File and column for delivered columns that no feed of their source reads.
        changes: What newer contracts changed in an older workspace, a sentence each.
        unsettled: What was left alone since it may still be written, a sentence each.
    """

    feeds: tuple[LandedFeed, ...]
    skipped: tuple[str, ...]
    absent_columns: tuple[tuple[str, str, str], ...]
    unread_columns: tuple[tuple[str, str], ...]
    changes: tuple[str, ...]
    unsettled: tuple[str, ...] = ()

    @property
    def balances(self) -> bool:
        """Whether every delivered row is accounted for; landing refuses what does not balance, so that False is a fault of the intake."""
        return all(feed.counts.balances for feed in self.feeds)

    @property
    def is_new(self) -> bool:
        """Whether anything was taken in."""
        return bool(self.feeds)


def land(workspace: Workspace, policy: Policy, progress: Progress | None = None) -> LandingReport:
    """Take in every delivery that waits.

    All pending deliveries are inspected before the first is landed, so that a file that cannot be taken in leaves the landed rows as they
    were.

    Args:
        workspace: Where deliveries, vault and build file are.
        policy: For the reporting time zone and the loss that a full delivery may show.
        progress: Called with a file's name, its number and how many there are.

    Raises:
        ClienteleError: Something is wrong with a source, a delivery or the workspace; for deliveries at fault the ledger says `refused`.
    """
    contracts = load_contracts()
    sources = load_sources(workspace, contracts)
    if not sources:
        message = (
            f"{workspace.sources}: no source is defined; "
            "write one YAML file for each system that delivers, or make sample data with 'clientele sample'."
        )
        raise ClienteleError(message)
    workspace.prepare()
    secret = load_secret(workspace)
    with hold(workspace), open_with_vault(workspace) as build:
        build.execute(f"set checkpoint_threshold = '{_LOG_LIMIT}'")
        changes = make_tables(build, workspace, contracts)
        check_hashes(build, workspace)
        decisions = decided(workspace)
        ledger.apply_decisions(build, decisions)
        known = ledger.known_deliveries(build)
        archived = ledger.archived_deliveries(build)
        settling = Settling(policy.number("intake.settle_seconds"))
        with read_databases(workspace, sources, archived, decisions, progress) as extracted:
            forget_unread(build, sources)
            waiting = pending(workspace, sources, known, secret, archived, extracted, settling)
        if not (known or waiting or settling.left):
            places = ", ".join(source.location for source in sources)
            message = f"{workspace.root}: nothing was delivered yet; no file lies at {places}; put the files there, or correct 'location'."
            raise ClienteleError(message)
        plans = plan(workspace, build, waiting)
        ledger.replace_folds(build, sources)
        door = Door(workspace, build, policy, secret, decisions, Recall(workspace, build, sources, policy, secret))
        return replace(_land_planned(door, plans, progress), changes=tuple(changes), unsettled=tuple(settling.left))


@dataclass(frozen=True)
class Door:
    """What every landing stands on: where, under which policy and secret, and what people have decided."""

    workspace: Workspace
    build: Connection
    policy: Policy
    secret: Secret
    decisions: dict[int, Decision]
    recall: Recall


def _land_planned(door: Door, plans: list[tuple[Delivery, list[Mapping]]], progress: Progress | None) -> LandingReport:
    """Land each delivery in turn."""
    feeds: list[LandedFeed] = []
    skipped: list[str] = []
    numbers = count(1)
    for _, of_source in groupby(plans, key=lambda item: item[0].source.name):
        planned = list(of_source)
        with open_workbench(door.workspace, planned[0][0].source) as bench:
            for delivery, mappings in planned:
                door.recall.before(bench, delivery.source.name, delivery.received_at)
                if progress is not None:
                    progress(delivery.file_name, next(numbers), len(plans))
                if delivery.repeats:
                    ledger.record_status(door.build, delivery, "skipped", "the same content was delivered before")
                    skipped.append(delivery.file_name)
                else:
                    feeds.extend(land_one(door, bench, delivery, mappings))
    door.recall.rest()
    absent = tuple((d.file_name, m.feed.record.name, column) for d, mappings in plans for m in mappings for column in m.absent)
    unread = tuple((d.file_name, column) for d, mappings in plans for column in (mappings[0].unread if mappings else ()))
    return LandingReport(tuple(feeds), tuple(skipped), absent, unread, ())


def land_one(door: Door, bench: Workbench, delivery: Delivery, mappings: list[Mapping]) -> list[LandedFeed]:
    """Read, map, judge and store one delivery, whole or not at all.

    Raises:
        DeliveryError: It cannot be read; the ledger says `refused`.
        ClienteleError: Its rows do not balance.
    """
    build, secret = door.build, door.secret
    try:
        batches = bench.read(build, delivery, mappings, secret)
    except DeliveryError as fault:
        ledger.record_status(build, delivery, "refused", fault.reason)
        raise
    known_at = delivery.known_at or _latest_event(build, batches) or delivery.received_at
    delivery = replace(delivery, known_at=known_at)
    store_personal(build, batches, delivery, secret)
    landed: list[LandedFeed] = []
    build.execute("begin")
    try:
        ledger.forget_refusal(build, delivery)
        for batch in batches:
            counts = store_rows(build, batch, delivery, secret)
            if not counts.balances:
                found = f"{delivery.path}: the rows of {batch.record.name} do not balance ({counts})"
                message = f"{found}; this is a fault of the intake, please report it."
                raise ClienteleError(message)
            status, reason = _standing(build, delivery, batch.mapping.feed, counts, door.policy)
            ledger.enter(build, delivery, batch.mapping.feed, status, reason, counts.as_columns())
            store_totals(build, batch, delivery, door.policy.text("reporting.time_zone"))
            landed.append(LandedFeed(delivery.source.name, delivery.file_name, batch.record.name, status, counts))
        decision = door.decisions.get(delivery.delivery_key)
        if decision is not None:
            ledger.apply_decisions(build, {delivery.delivery_key: decision})
            landed = [replace(feed, status=decision.status) for feed in landed]
        build.execute("commit")
    except BaseException:
        build.execute("rollback")
        raise
    return landed


def _latest_event(build: Connection, batches: list[Batch]) -> datetime | None:
    """The latest event time among the rows that say something: those about to land, and those that repeat what has landed."""
    union = " union all ".join(
        f"select max({batch.event_at}) as latest from {batch.rows} "
        f"where {ROW} not in (select {ROW} from {batch.settled} where disposition = 'quarantined')"
        for batch in batches
    )
    row = build.execute(f"select max(latest) from ({union})").fetchone()
    latest: datetime | None = row[0] if row else None
    return latest


def _standing(build: Connection, delivery: Delivery, feed: MappedFeed, counts: FeedCounts, policy: Policy) -> tuple[str, str | None]:
    """Whether the delivery counts now.

    A full one that is empty, or has lost too many of the records of the one before it in the order, is held, so that nobody is ended by a
    file that was cut off.
    """
    source = delivery.source
    if source.mode != "full":
        return "landed", None
    row = build.execute(
        """
        select max_by(records, delivery_order) from raw.delivery
        where source_name = ? and record_type = ? and status = 'landed' and mode = 'full' and delivery_order < ?
        """,
        [source.name, feed.record.name, delivery.delivery_order],
    ).fetchone()
    before = row[0] if row and row[0] is not None else 0
    if counts.records == 0:
        return "held", f"no record against {before} in the delivery before; an empty delivery ends nobody until it is released"
    allowed = source.max_loss_share if source.max_loss_share is not None else policy.number("intake.max_loss_share")
    if counts.records < before * (1 - allowed):
        return "held", f"{counts.records} records against {before} in the delivery before; more than a share of {allowed:g} is lost"
    return "landed", None
