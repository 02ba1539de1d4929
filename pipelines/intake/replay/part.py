"""Landing the mended rows of one delivery: read and judged as its own rows were, beside those of it that have landed.

A replay is a delivery of its own in the ledger that mends another. It delivers nothing new but takes rows out of quarantine: what it lands
stands against as many quarantined rows below zero, so that sums over the ledger stay what was delivered. Rows keep their place in the
delivery that they came with.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.intake.deliveries import Delivery
from pipelines.intake.mapping import EXCLUDED, bind
from pipelines.intake.quarantine.inventory import cells_of
from pipelines.intake.reading import ROW, Survey, reader_of
from pipelines.intake.replay.cells import cells_of_no_type, typed_columns, write_cells
from pipelines.intake.replay.judging import Wrong, set_wrong_apart, settle_in_family
from pipelines.intake.replay.storing import Cells, Part, enter_replay, keep
from pipelines.intake.rules import TYPE
from pipelines.intake.storing import store_personal
from pipelines.warehouse.connection import quoted

if TYPE_CHECKING:
    from pipelines.intake.rows import Batch
    from pipelines.intake.sources import MappedFeed, Source
    from pipelines.intake.workbench import Workbench
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.secrets import Secret

_KEY_BYTES, _UNUSED_BITS = 8, 1


@dataclass
class PartOutcome:
    """What became of the mended rows of one delivery.

    Attributes:
        counts: Rows by record type and disposition (landed, duplicate or excluded).
        wrong: What is still wrong with the others.
    """

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)


@dataclass(frozen=True)
class _Replay(Delivery):
    """A replay on its way through the workbench, which reads a file of its own."""

    lies_at: Path = Path()

    def archived(self, _: object) -> Path:
        """The file to read."""
        return self.lies_at


def waiting_rows(build: Connection, delivery_key: int) -> dict[str, set[int]]:
    """The places of a delivery's rows that wait in quarantine, by record type."""
    waiting: dict[str, set[int]] = {}
    for record, number in build.execute(
        """
        select distinct record_type, row_number from vault.quarantine
        where delivery_key = $key and (record_type, row_number) not in (
            select (record_type, row_number) from raw.replayed_row where mended_delivery_key = $key
        )
        """,
        {"key": delivery_key},
    ).fetchall():
        waiting.setdefault(record, set()).add(number)
    return waiting


def land_part(
    bench: Workbench, build: Connection, source: Source, part: Part, reporting_zone: str, secret: Secret, archived_as: int | None = None
) -> PartOutcome:
    """Land what can be landed of some mended rows; the rest stays in quarantine.

    Args:
        bench: The workbench of the source.
        build: The build connection, with the vault.
        source: The source as it is today.
        part: The rows.
        reporting_zone: Of business months.
        secret: For the salts of hashes.
        archived_as: The key of the replay, where the archive has it already.

    Raises:
        DeliveryError: The rows lack a column, or an expression cannot be computed over them.
    """
    waiting = waiting_rows(build, part.mended.delivery_key)
    wanted = {record: numbers & part.rows.keys() for record, numbers in waiting.items() if record in part.mended.lines}
    feeds = [feed for feed in source.feeds if wanted.get(feed.record.name)]
    if not feeds:
        return PartOutcome()
    mended = part.mended
    part = replace(part, kinds=typed_columns(bench.workspace.archive, source, mended.delivery_key, mended.file_name))
    wrong = _cells_of_no_type(build, part, feeds, wanted)
    plain = _plain(source, is_typed=bool(part.kinds))
    build.execute(_MAKE_ORIGINALS)
    if originals := _originals(build, part):
        _collect_originals(build, _read(bench, build, plain, feeds, replace(part, rows=originals), secret), originals)
    batches = _read(bench, build, plain, feeds, part, secret)
    for batch in batches:
        _number(build, batch, sorted(part.rows), wanted[batch.record.name])
        settle_in_family(build, batch, plain, part.mended.delivery_key, secret)
        wrong += set_wrong_apart(build, batch)
    leaving = {batch.record.name: _dispositions(build, batch) for batch in batches}
    kept = {number for dispositions in leaving.values() for number in dispositions}
    if kept:
        left = replace(part, rows={number: cells for number, cells in part.rows.items() if number in kept})
        delivery = _delivery(bench, build, plain, left, secret, archived_as)
        if archived_as is None:
            keep(bench.workspace.archive, build, left, delivery)
        store_personal(build, batches, delivery, secret)
        enter_replay(build, batches, delivery, source, left, leaving, reporting_zone, secret)
    counts = Counter((record, disposition) for record, dispositions in leaving.items() for disposition in dispositions.values())
    return PartOutcome(dict(counts), wrong)


def _read(bench: Workbench, build: Connection, plain: Source, feeds: list[MappedFeed], part: Part, secret: Secret) -> list[Batch]:
    """The rows as the record types wanted, judged by themselves, in temporary tables of the build connection."""
    delivery = _delivery(bench, build, plain, part, secret)
    mappings = [bind(plain, feed, delivery.survey or Survey(part.header, len(part.rows)), part.path) for feed in feeds]
    return bench.read(build, delivery, mappings, secret)


def _cells_of_no_type(build: Connection, part: Part, feeds: list[MappedFeed], wanted: dict[str, set[int]]) -> list[Wrong]:
    """What is wrong with rows that have a cell of another type than its column; they are taken out of those wanted."""
    wrong: list[Wrong] = []
    for number, delivered in cells_of_no_type(build, part):
        for feed in feeds:
            if number in wanted[feed.record.name]:
                reads = (name for name, item in feed.columns.items() if delivered.casefold() in map(str.casefold, item.columns))
                wrong.append(Wrong(feed.record.name, number, next(reads, None), TYPE))
    for item in wrong:
        wanted[item.record_type].discard(item.row_number)
    return wrong


def _plain(source: Source, *, is_typed: bool) -> Source:
    """The source as it would read the same cells from a file of our own."""
    kind = "parquet" if is_typed else "csv"
    plain = {"type": kind, "encoding": "utf-8", "delimiter": ",", "quote": '"', "compression": "none"}
    whole: dict[str, object] = {"title_lines": 0, "comment": None, "totals": (), "sheet": None, "fields": {}}
    return replace(source, format=source.format.model_copy(update={**plain, **whole}), mode="append", on_new_column="report")


def _key(part: Part, secret: Secret) -> int:
    """The key of a replay: the same for the same rows of the same delivery."""
    digest = secret.digest("delivery")
    digest.update(
        repr(("replay", part.mended.delivery_key, sorted((number, *cells.items()) for number, cells in part.rows.items()))).encode()
    )
    return int.from_bytes(digest.digest()[:_KEY_BYTES], "big") >> _UNUSED_BITS


def _delivery(bench: Workbench, build: Connection, plain: Source, part: Part, secret: Secret, archived_as: int | None = None) -> _Replay:
    """The replay as a delivery, with its cells in a file that the workbench reads."""
    path = write_cells(build, bench.copy.with_name("mended"), part)
    key = _key(part, secret) if archived_as is None else archived_as
    return _Replay(
        source=plain,
        path=part.path,
        file_name=part.file_name,
        file_size=path.stat().st_size,
        received_at=part.received_at,
        content_key=key,
        delivery_key=key,
        delivery_order=part.mended.delivery_order,
        known_at=part.known_at,
        survey=reader_of(plain.format).survey(path, plain.format).outline(),
        lies_at=path,
    )


_MAKE_ORIGINALS = """
create or replace temp table originals (
    record_type varchar, row_number bigint, event_at timestamp, currency varchar, amount decimal(18, 4)
)
"""


def _originals(build: Connection, part: Part) -> dict[int, Cells]:
    """The rows as they were delivered, for the totals under which the ledger has them; those that had no cells are left out."""
    rows = build.execute(
        """
        select row_number, any_value(row_text), list(column_name), list(rule)
        from vault.quarantine where delivery_key = ? group by row_number
        """,
        [part.mended.delivery_key],
    ).fetchall()
    folded = {name.casefold(): name for name in part.header}
    found: dict[int, Cells] = {}
    for number, text, columns, rules in rows:
        cells = cells_of(text, zip(columns, rules, strict=True)) if number in part.rows else None
        if cells is not None:
            given = {folded[name.casefold()]: value for name, value in cells.items() if name.casefold() in folded}
            found[number] = {name: given.get(name) for name in part.header}
    return found


def _collect_originals(build: Connection, batches: list[Batch], originals: dict[int, Cells]) -> None:
    """Fill table `originals`: time, currency and amount of each row as it was delivered, as far as they could be read."""
    places = f"[{', '.join(map(str, sorted(originals)))}]"
    for batch in batches:
        amount = batch.value(batch.record.amount.name) if batch.record.amount is not None else "null"
        told = f"{places}[{ROW}], {batch.event_at}, {batch.value('currency')}, {amount}"
        for table in (batch.rows, batch.others):
            build.execute(f"insert into originals select {quoted(batch.record.name)}, {told} from {table}")


def _number(build: Connection, batch: Batch, places: list[int], wanted: set[int]) -> None:
    """Give the rows their places in the mended delivery, and take out those that do not wait as this record type."""
    listed = f"[{', '.join(map(str, places))}]"
    kept = f"[{', '.join(map(str, sorted(wanted)))}]"
    for table in (batch.rows, batch.settled, batch.others, batch.broken):
        build.execute(f"update {table} set {ROW} = {listed}[{ROW}]")
        build.execute(f"delete from {table} where not list_contains({kept}, {ROW})")


def _dispositions(build: Connection, batch: Batch) -> dict[int, str]:
    """What becomes of each row that leaves the quarantine."""
    return dict(
        build.execute(
            f"""
            select {ROW}, coalesce(settled.disposition, 'landed')
            from {batch.rows} left join (select distinct {ROW}, disposition from {batch.settled}) as settled using ({ROW})
            union all
            select {ROW}, 'excluded' from {batch.others} where __state = {EXCLUDED}
            """
        ).fetchall()
    )
