"""A file taken in for trial, and what is to be said of it read from there: what it says is what a run does, since it is what a run does."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.checkup.figures import Checkup, ColumnFigures, FaultFigures, FileFigures, LedgerFigures
from pipelines.checkup.masks import names_records, shown
from pipelines.checkup.matching import missing_columns
from pipelines.checkup.outcome import broken_rules, mapped_columns, unfilled
from pipelines.checkup.scratch import Scratch, open_scratch
from pipelines.checkup.sniffing import packing_of
from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.intake.deliveries import inspect
from pipelines.intake.keys import check_hashes
from pipelines.intake.landing import Door, land_one
from pipelines.intake.planning import plan
from pipelines.intake.quarantine.masking import Masking
from pipelines.intake.replay.replaying import Recall
from pipelines.intake.rows import Batch
from pipelines.intake.sources import load_sources
from pipelines.intake.tables import make_tables
from pipelines.intake.workbench import open_workbench
from pipelines.quality.assessment import assess
from pipelines.warehouse.connection import open_file
from pipelines.warehouse.vault import open_with_vault

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.intake.deliveries import Delivery
    from pipelines.intake.sources import Source
    from pipelines.policy import Policy
    from pipelines.warehouse.workspace import Workspace


def rehearse(workspace: Workspace, source: Source, path: Path, policy: Policy, tell: Callable[[str], object] = str) -> Checkup:
    """Say what a run would make of a file.

    Args:
        workspace: Where it would be taken in; only read, and may be empty.
        source: As which it is read.
        path: The file, anywhere on the disk.
        policy: As for a run.
        tell: Called with what is at hand.

    Raises:
        ClienteleError: The file cannot be looked at for a reason that lies in no delivery.
    """
    with open_scratch(workspace) as scratch:
        tell("reading the file")
        name = _name_in(workspace, source, path)
        delivery = inspect(scratch.workspace, source, path, scratch.secret, set(), name)
        # Only what has been seen before is passed over, and here nothing has.
        if delivery is None:
            message = f"{path}: was passed over; this is a fault of the check, please report it."
            raise ClienteleError(message)
        notes = [*_place_notes(workspace, source, path), *scratch.notes]
        about = _about(delivery)
        if delivery.fault is not None or delivery.survey is None:
            return Checkup(about, source.name, notes=tuple(notes), refusal=str(delivery.fault).rstrip("."))
        header = delivery.survey.header
        missing = missing_columns(source, header if about.has_header else (), load_contracts())
        planned = tuple(unfilled(feed, item.name) for feed in source.feeds for item in feed.record.properties if item.name in feed.columns)
        # A copy, as a run archives one: what is tried can do nothing to the file itself.
        try:
            shutil.copyfile(path, delivery.archived(scratch.workspace))
        except OSError as fault:
            message = f"{path}: cannot be copied to {scratch.workspace.root} ({fault.strerror}); name a folder with more room in TMPDIR."
            raise ClienteleError(message) from fault
        try:
            told = _landed(scratch, delivery, policy, tell)
        except ClienteleError as fault:
            # The words of the fault may quote names of columns, which are somebody's data where the header is a record.
            why = (
                str(fault).rstrip(".")
                if about.has_header
                else f"{path}: its first line looks like a record, and needed columns are missing"
            )
            return Checkup(about, source.name, planned, missing, _new(source, header, about), notes=tuple(notes), refusal=why)
        columns, faults, ledger = told
        return Checkup(
            about,
            source.name,
            columns,
            missing,
            _new(source, header, about),
            faults,
            ledger,
            tuple(dict.fromkeys([*notes, *scratch.notes])),
        )


def _name_in(workspace: Workspace, source: Source, path: Path) -> Path:
    """The file's path below the workspace; of one that lies elsewhere, where it would lie."""
    real = path.resolve()
    if real.is_relative_to(workspace.root):
        return real.relative_to(workspace.root)
    folder = Path(source.location).parent
    return Path(path.name) if any(sign in str(folder) for sign in "*?[") else folder / path.name


def _place_notes(workspace: Workspace, source: Source, path: Path) -> list[str]:
    """What keeps a run from finding the file where it lies, or under its name."""
    if workspace.root.is_dir() and path.resolve() in {found.resolve() for found in workspace.root.glob(source.location)}:
        return []
    if not Path(path.name).match(Path(source.location).name):
        return [f"A run would not find it under this name: the source reads {source.location}."]
    return [f"A run reads {source.location} of the workspace; put the file there."]


def _about(delivery: Delivery) -> FileFigures:
    form, held = delivery.source.format, delivery.survey
    about = FileFigures(delivery.path, delivery.file_size, packing_of(delivery.path) if form.type != "excel" else "", form.type)
    if held is None:
        return about
    known = {column.casefold() for feed in delivery.source.feeds for item in feed.columns.values() for column in item.columns}
    # Where a column that the source knows is there, the others are names of columns too, whatever they look like.
    has_header = form.type == "fixed_width" or names_records(held.header) or any(name.casefold() in known for name in held.header)
    names = tuple(shown(name, is_personal=not has_header) for name in held.header)
    return FileFigures(
        about.path, about.size, about.packing, about.kind, held.read_as, names, held.records, len(held.unreadable), has_header
    )


def _new(source: Source, header: tuple[str, ...], about: FileFigures) -> tuple[str, ...]:
    known = {column.casefold() for feed in source.feeds for item in feed.columns.values() for column in item.columns}
    known |= {column.casefold() for feed in source.feeds if feed.where is not None for column in feed.where.columns}
    return tuple(as_shown for name, as_shown in zip(header, about.columns, strict=True) if name.casefold() not in known)


def _landed(
    scratch: Scratch, delivery: Delivery, policy: Policy, tell: Callable[[str], object]
) -> tuple[tuple[ColumnFigures, ...], tuple[FaultFigures, ...], tuple[LedgerFigures, ...]]:
    workspace, contracts = scratch.workspace, load_contracts()
    masking = Masking.of(delivery.source)
    with open_with_vault(workspace) as build:
        make_tables(build, workspace, contracts)
        check_hashes(build, workspace)
        is_compared = scratch.remember(build, delivery)
        (_, mappings), *_ = plan(workspace, build, [delivery])
        decisions = scratch.decisions(delivery.delivery_key)
        recall = Recall(workspace, build, load_sources(workspace, contracts), policy, scratch.secret)
        door = Door(workspace, build, policy, scratch.secret, decisions, recall)
        tell("mapping and judging its rows")
        with open_workbench(workspace, delivery.source) as bench:
            land_one(door, bench, delivery, mappings)
        columns = tuple(figures for mapping in mappings for figures in mapped_columns(build, mapping, masking))
        faults = broken_rules(build, delivery.delivery_key, masking)
        before = scratch.repeated(build, delivery) if is_compared else None
        if is_compared:
            tell("comparing with what has landed")
            for mapping in mappings:
                scratch.take_out_landed(build, Batch(mapping, 0, 0), delivery)
            build.execute("detach landed")
    if not decisions:
        tell("judging it as a whole")
        unread = [(delivery.file_name, column) for column in mappings[0].unread]
        assess(workspace, policy, unread=unread)
    return columns, faults, _ledger(scratch, delivery, before)


def _ledger(scratch: Scratch, delivery: Delivery, before: str | None) -> tuple[LedgerFigures, ...]:
    with open_file(scratch.workspace.build_file, scratch.workspace, read_only=True) as build:
        rows = build.execute(
            f"""
            select
                record_type, status, reason, rows_in, rows_landed, rows_duplicate, rows_excluded, rows_quarantined, records
            from raw.delivery where delivery_key = {delivery.delivery_key}
            """
        ).fetchall()
    places = {feed.record.name: place for place, feed in enumerate(delivery.source.feeds)}
    lines = [LedgerFigures(*row) for row in sorted(rows, key=lambda row: places[row[0]])]
    if before is None:
        return tuple(lines)
    reason = f"the same content was delivered before, as {before}"
    return tuple(LedgerFigures(line.record_type, "skipped", reason, 0, 0, 0, 0, 0, 0) for line in lines)
