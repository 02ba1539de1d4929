"""A file taken in for trial, and what is to be said of it read from there: what it says is what a run does, since it is what a run does."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.checkup.figures import Checkup, ColumnFigures, FaultFigures, FileFigures, LedgerFigures
from pipelines.checkup.masks import is_datum, names_records, shown
from pipelines.checkup.matching import missing_columns
from pipelines.checkup.scratch import Scratch, open_scratch
from pipelines.checkup.sniffing import packing_of
from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.intake.checking import is_demanded
from pipelines.intake.deliveries import inspect
from pipelines.intake.keys import check_hashes
from pipelines.intake.landing import Door, land_one
from pipelines.intake.mapping import BROKEN
from pipelines.intake.masking import Masking
from pipelines.intake.planning import plan
from pipelines.intake.replaying import Recall
from pipelines.intake.rows import Batch
from pipelines.intake.sources import load_sources
from pipelines.intake.tables import make_tables
from pipelines.intake.workbench import open_workbench
from pipelines.quality.assessment import assess
from pipelines.warehouse.connection import identifier, open_file
from pipelines.warehouse.vault import open_with_vault

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.contracts.record_type import Property
    from pipelines.intake.deliveries import Delivery
    from pipelines.intake.mapping import Mapping
    from pipelines.intake.sources import MappedFeed, Source
    from pipelines.policy import Policy
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.workspace import Workspace

_EXAMPLES = 3
# Among so many rows examples are looked for.
_LOOKED_AT = 2_000


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
        if delivery is None:  # pragma: no cover  # only for what has been seen, and nothing has
            message = f"{path}: was passed over; this is a fault of the check, please report it."
            raise ClienteleError(message)
        notes = [*_place_notes(workspace, source, path), *scratch.notes]
        about = _about(delivery)
        if delivery.fault is not None or delivery.survey is None:
            return Checkup(about, source.name, notes=tuple(notes), refusal=str(delivery.fault).rstrip("."))
        header = delivery.survey.header
        missing = missing_columns(source, header if about.has_header else (), load_contracts())
        planned = tuple(_unfilled(feed, item.name) for feed in source.feeds for item in feed.record.properties if item.name in feed.columns)
        # A copy, as a run archives one: what is tried can do nothing to the file itself.
        shutil.copyfile(path, delivery.archived(scratch.workspace))
        try:
            told = _landed(scratch, delivery, policy, tell)
        except ClienteleError as fault:
            # The words of the fault may quote names of columns, which are somebody's data where the header is a record.
            why = str(fault).rstrip(".") if about.has_header else f"{path}: its first line looks like a record, and needed columns are missing"
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
    has_header = form.type == "fixed_width" or names_records(held.header)
    names = tuple(shown(name, is_personal=name.casefold() not in known and (is_datum(name) or not has_header)) for name in held.header)
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
        columns = tuple(figures for mapping in mappings for figures in _columns(build, mapping, masking))
        faults = _faults(build, delivery, masking)
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


def _unfilled(feed: MappedFeed, name: str) -> ColumnFigures:
    item = feed.record.property(name)
    return ColumnFigures(feed.record.name, name, _words(feed, name), _kind(item), is_demanded(item))


def _kind(item: Property) -> str:
    return "timestamp UTC" if item.logical_type == "timestamp" else item.duckdb_type.lower()


def _words(feed: MappedFeed, name: str) -> str:
    expression = feed.columns[name]
    return expression.columns[0] if expression.is_column else " ".join(expression.sql.split())


def _columns(build: Connection, mapping: Mapping, masking: Masking) -> list[ColumnFigures]:
    """Share of empty values and a few examples of each mapped column, over the rows that belong to the feed."""
    batch, feed = Batch(mapping, 0, 0), mapping.feed
    names = ", ".join(map(identifier, mapping.columns))
    rows = f"(select {names} from {batch.rows} union all select {names} from {batch.others} where __state = {BROKEN})"
    counted = build.execute(
        f"select count(*), {', '.join(f'count({identifier(name)})' for name in mapping.columns)} from {rows}"
    ).fetchone()
    total, *filled = counted or (0,)
    sample = build.execute(f"select * from {rows} limit {_LOOKED_AT}").fetchall()
    found = []
    for place, name in enumerate(mapping.columns):
        values = list(dict.fromkeys(row[place] for row in sample if row[place] is not None))[:_EXAMPLES]
        is_personal = masking.hides_value_of(feed.record.name, name) and bool(feed.columns[name].columns)
        item = feed.record.property(name)
        found.append(
            ColumnFigures(
                record_type=feed.record.name,
                name=name,
                reads=_words(feed, name),
                kind=_kind(item),
                is_required=is_demanded(item),
                null_share=1 - filled[place] / total if total else None,
                examples=tuple(shown(value, is_personal=is_personal) for value in values),
            )
        )
    return found


def _faults(build: Connection, delivery: Delivery, masking: Masking) -> tuple[FaultFigures, ...]:
    rows = build.execute(
        f"""
        select record_type, column_name, rule, count(*), min_by(struct_pack(n := row_number, v := raw_value), row_number, {_EXAMPLES})
        from vault.quarantine
        where delivery_key = {delivery.delivery_key}
        group by record_type, column_name, rule
        order by count(*) desc, record_type, column_name, rule
        """
    ).fetchall()
    return tuple(
        FaultFigures(
            record,
            column,
            rule,
            count,
            tuple((one["n"], _raw(one["v"], is_personal=masking.hides_value_of(record, column))) for one in examples),
        )
        for record, column, rule, count, examples in rows
    )


def _raw(value: str | None, *, is_personal: bool) -> str | None:
    return None if value is None else shown(value, is_personal=is_personal)


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
