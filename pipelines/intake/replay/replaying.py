"""Replaying: mended rows come back from the file in which they went out, and land with the delivery that they came with.

A row that lands leaves the quarantine; one that is still wrong stays in it as it was delivered. The same file again changes nothing.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.intake.faults import DeliveryError
from pipelines.intake.inventory import TakenDelivery, found, taken
from pipelines.intake.order import time_of
from pipelines.intake.quarantine.mended import MendedLine, read_mended
from pipelines.intake.replay.part import PartOutcome, land_part, waiting_rows
from pipelines.intake.replay.storing import NUMBER, Mended, Part, archived_replay, enter_unlanded
from pipelines.intake.sources import Source, load_sources
from pipelines.intake.tables import make_tables
from pipelines.intake.workbench import Workbench, open_workbench
from pipelines.warehouse.lock import hold
from pipelines.warehouse.secrets import load_secret
from pipelines.warehouse.vault import open_with_vault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from pipelines.policy import Policy
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.secrets import Secret
    from pipelines.warehouse.workspace import Workspace


@dataclass(frozen=True)
class StillWrong:
    """A row of the file that stays in quarantine, with a rule that it breaks."""

    line: int
    record_type: str
    column_name: str | None
    rule: str


@dataclass
class ReplayReport:
    """What a replay did.

    Attributes:
        counts: Rows by delivery, record type and disposition (landed, duplicate or excluded).
        wrong: What is still wrong, in the order of the file.
        replayed_before: Lines whose rows had left the quarantine before.
    """

    counts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    wrong: list[StillWrong] = field(default_factory=list)
    replayed_before: int = 0

    @property
    def is_new(self) -> bool:
        """Whether any row has left the quarantine."""
        return bool(self.counts)


def replay(workspace: Workspace, policy: Policy, path: Path) -> ReplayReport:
    """Land the mended rows of a file.

    Args:
        workspace: Whose quarantine they are in.
        policy: For the reporting time zone.
        path: The file that `quarantine export` wrote, mended.

    Raises:
        ClienteleError: A line names no quarantined row, or its delivery was rejected or its source is gone; nothing has changed then.
    """
    contracts = load_contracts()
    sources = {source.name: source for source in load_sources(workspace, contracts)}
    lines = read_mended(path)
    received = time_of(path.stat().st_mtime_ns)
    if not workspace.build_file.exists():
        message = f"{workspace.root}: nothing has been taken in yet; run 'clientele run' first."
        raise ClienteleError(message)
    workspace.prepare()
    secret, report = load_secret(workspace), ReplayReport()
    with hold(workspace), open_with_vault(workspace) as build:
        make_tables(build, workspace, contracts)
        parts = _parts(build, path, lines, received, sources, report)
        by_source: dict[str, list[tuple[TakenDelivery, Part, dict[int, int]]]] = defaultdict(list)
        for item in parts:
            by_source[item[0].source_name].append(item)
        for name, of_source in by_source.items():
            with open_workbench(workspace, sources[name]) as bench:
                for delivery, part, line_of in of_source:
                    outcome = land_part(bench, build, sources[name], part, policy.text("reporting.time_zone"), secret)
                    _add(report, delivery, outcome, line_of)
    report.wrong.sort(key=lambda item: (item.line, item.record_type, item.column_name or "", item.rule))
    return report


def _add(report: ReplayReport, delivery: TakenDelivery, outcome: PartOutcome, line_of: dict[int, int]) -> None:
    for (record, disposition), count in outcome.counts.items():
        report.counts[delivery.code, record, disposition] = count
    report.wrong += [StillWrong(line_of[item.row_number], item.record_type, item.column_name, item.rule) for item in outcome.wrong]


def _parts(
    build: Connection,
    path: Path,
    lines: list[MendedLine],
    received: datetime,
    sources: dict[str, Source],
    report: ReplayReport,
) -> list[tuple[TakenDelivery, Part, dict[int, int]]]:
    """The file's rows by the delivery that they mend, each checked; with the line of each row."""
    known = taken(build)
    deliveries: dict[str, TakenDelivery] = {}
    rows: dict[int, dict[int, MendedLine]] = defaultdict(dict)
    waiting: dict[int, set[int]] = {}
    for line in lines:
        at = f"{path}, line {line.line}"
        if line.delivery not in deliveries:
            deliveries[line.delivery] = _mendable(known, line.delivery, at, sources)
        key = deliveries[line.delivery].delivery_key
        if key not in waiting:
            waiting[key] = set().union(*waiting_rows(build, key).values())
        if line.row_number in rows[key]:
            first = rows[key][line.row_number].line
            message = f"{at}: is row {line.row_number} of {line.delivery} once more, after line {first}; keep one of them."
            raise ClienteleError(message)
        if line.row_number in waiting[key]:
            rows[key][line.row_number] = line
            continue
        replayed = build.execute(
            "select 1 from raw.replayed_row where mended_delivery_key = ? and row_number = ?", [key, line.row_number]
        ).fetchone()
        if not replayed:
            message = (
                f"{at}: row {line.row_number} of {line.delivery} is not in quarantine; "
                "leave the columns that begin with an underscore as they were exported."
            )
            raise ClienteleError(message)
        report.replayed_before += 1
    by_key = {item.delivery_key: item for item in deliveries.values()}
    parts = []
    for key, of_delivery in rows.items():
        mended = Mended.of(build, key)
        if of_delivery and mended is not None:
            cells = {number: line.cells for number, line in of_delivery.items()}
            part = Part(mended, cells, path, f"replay/{path.name}", received)
            parts.append((by_key[key], part, {number: line.line for number, line in of_delivery.items()}))
    return parts


def _mendable(known: list[TakenDelivery], code: str, at: str, sources: dict[str, Source]) -> TakenDelivery:
    try:
        delivery = found(known, code)
    except ClienteleError as fault:
        message = f"{at}: {fault}"
        raise ClienteleError(message) from fault
    if "rejected" in delivery.statuses:
        message = f"{at}: the delivery {delivery.code} was rejected, and its rows with it; 'clientele release {delivery.code}' first."
        raise ClienteleError(message)
    if delivery.source_name not in sources:
        message = f"{at}: the source '{delivery.source_name}' of the delivery {delivery.code} is gone; put its file back into sources."
        raise ClienteleError(message)
    return delivery


class Recall:
    """The replays that the archive keeps and the ledger does not know, landed again where the build file was made anew.

    Each lands after the delivery that it mends, and after the deliveries of its source that had been received before it.
    """

    def __init__(self, workspace: Workspace, build: Connection, sources: Iterable[Source], policy: Policy, secret: Secret) -> None:
        self._workspace, self._build, self._secret = workspace, build, secret
        self._zone = policy.text("reporting.time_zone")
        self._sources = {source.name: source for source in sources}
        rows = build.execute(
            """
            select delivery_key, mends_delivery_key, source_name, file_name, received_at from vault.archived_replay
            where delivery_key not in (select delivery_key from raw.delivery where status <> 'refused')
            order by received_at, delivery_key
            """
        ).fetchall()
        self._waiting = [_Archived(*row) for row in rows if row[2] in self._sources]

    def before(self, bench: Workbench, source_name: str, received_at: datetime) -> None:
        """Land the replays of a source that came before a delivery of it, on the workbench that is open."""
        self._land(bench, [item for item in self._waiting if item.source_name == source_name and item.received_at < received_at])

    def rest(self) -> None:
        """Land the others."""
        for name in dict.fromkeys(item.source_name for item in self._waiting):
            with open_workbench(self._workspace, self._sources[name]) as bench:
                self._land(bench, [item for item in self._waiting if item.source_name == name])

    def _land(self, bench: Workbench, replays: list[_Archived]) -> None:
        for item in replays:
            mended = Mended.of(self._build, item.mends_delivery_key)
            path = archived_replay(self._workspace.archive, item.delivery_key)
            if mended is None or not path.exists():
                continue
            self._waiting.remove(item)
            part = Part(mended, _archived_rows(path), path, item.file_name, item.received_at)
            source = self._sources[item.source_name]
            try:
                outcome = land_part(bench, self._build, source, part, self._zone, self._secret, item.delivery_key)
            except DeliveryError as fault:
                enter_unlanded(self._build, source, part, item.delivery_key, "refused", fault.reason)
                continue
            if not outcome.counts:
                # A source that was mended lands at once what had to be replayed.
                enter_unlanded(self._build, source, part, item.delivery_key, "skipped", "none of its rows waits in quarantine, or can land")


@dataclass(frozen=True)
class _Archived:
    """A replay that the archive keeps."""

    delivery_key: int
    mends_delivery_key: int
    source_name: str
    file_name: str
    received_at: datetime


def _archived_rows(path: Path) -> dict[int, dict[str, str | None]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        place = header.index(NUMBER)
        return {
            int(cells[place]): {name: cell or None for name, cell in zip(header[place + 1 :], cells[place + 1 :], strict=True)}
            for cells in reader
        }
