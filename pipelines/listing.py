"""How deliveries and quarantined rows look when they are listed: a table where the screen has room for it, a few lines each where not.

Elsewhere than on a terminal a line each, its parts between tabs. Shows what it is given; what may be seen was decided before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipelines.display import say
from pipelines.intake.quarantine.masking import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from rich.console import Console

    from pipelines.intake.inventory import Reading, TakenDelivery
    from pipelines.intake.quarantine.inventory import Fault, FaultCount, QuarantinedRow
    from pipelines.intake.quarantine.masking import Masking
    from pipelines.intake.replay.replaying import ReplayReport

_STYLES = {"held": "yellow", "rejected": "red", "refused": "red", "skipped": "dim"}
_COUNTS = ("in", "landed", "duplicate", "excluded", "quarantined")
# What would break a line, or draw on the screen of whoever looks at it.
_UNSEEN = dict.fromkeys((*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}")
_UNSEEN |= {ord("\t"): " ", ord("\n"): "⏎", ord("\r"): "⏎"}
_LONGEST_SHOWN = 500


def deliveries(screen: Console, listed: Sequence[TakenDelivery], workspace_option: str = "") -> None:
    """Deliveries with what became of them, a line a record type; then what a person can do about those that are held.

    Args:
        screen: Where.
        listed: The deliveries.
        workspace_option: What a command needs to find their workspace.
    """
    head = ("delivery", "source", "file", "record type", "known at", *_COUNTS, "status")
    rows = [(item, reading, _delivery_cells(item, reading)) for item in listed for reading in item.readings]
    if not screen.is_terminal:
        _tabbed(screen, (*head, "reason"), ((*cells, reading.reason or "") for _, reading, cells in rows))
        return
    table = Table(box=SIMPLE_HEAD)
    for name in head:
        table.add_column(name, justify="right" if name in _COUNTS else "left", no_wrap=True)
    for _, reading, cells in rows:
        table.add_row(*map(Text, cells), style=_STYLES.get(reading.status))
    if _fits(screen, table):
        screen.print(table)
    else:
        for item in listed:
            _delivery_block(screen, item)
    for item in listed:
        _explain(screen, item, workspace_option)


def _delivery_cells(item: TakenDelivery, reading: Reading) -> tuple[str, ...]:
    counts = (f"{count:,}" for count in reading.counts.values())
    return item.code, item.source_name, _seen(item.file_name), reading.record_type, _day(item.known_at), *counts, reading.status


def _delivery_block(screen: Console, item: TakenDelivery) -> None:
    """A delivery on a narrow screen."""
    screen.print(Text(f"{item.code}  {item.source_name}  known {_day(item.known_at)}", style="bold"))
    screen.print(Padding(Text(_seen(item.file_name), overflow="fold"), (0, 0, 0, 2)))
    for reading in item.readings:
        parts = " + ".join(f"{count:,} {name}" for name, count in reading.counts.items() if name != "in" and count)
        text = f"{reading.record_type}: {reading.status}, {reading.rows_in:,} in{f' = {parts}' if parts else ''}"
        screen.print(Padding(Text(text, overflow="fold", style=_STYLES.get(reading.status, "")), (0, 0, 0, 2)))


def _explain(screen: Console, item: TakenDelivery, workspace_option: str) -> None:
    """Why a delivery is held, and what decides it."""
    reasons = [reading.reason for reading in item.readings if reading.status == "held" and reading.reason]
    if item.mends is not None or not reasons:
        return
    say(screen, f"{item.code} is held: {'; '.join(dict.fromkeys(map(_seen, reasons)))}.", style="yellow")
    for verb in ("release", "reject"):
        say(screen, f'  clientele {verb} {item.code} --reason "…"{workspace_option}')


def fault_counts(screen: Console, counts: Sequence[FaultCount]) -> None:
    """How many rows of each delivery break which rule."""
    head = ("delivery", "file", "record type", "column", "rule", "open", "replayed", "status")
    rows = [_fault_cells(count) for count in counts]
    if not screen.is_terminal:
        _tabbed(screen, head, rows)
        return
    table = Table(box=SIMPLE_HEAD)
    for name in head:
        table.add_column(name, justify="right" if name in ("open", "replayed") else "left", no_wrap=True)
    for cells in rows:
        table.add_row(*map(Text, cells))
    if _fits(screen, table):
        screen.print(table)
        return
    last = ""
    for code, file, record, column, rule, waiting, replayed, status in rows:
        if code != last:
            screen.print(Text(f"{code}  {status}", style="bold"))
            screen.print(Padding(Text(file, overflow="fold"), (0, 0, 0, 2)))
            last = code
        text = f"{record}{f'.{column}' if column else ''}: {rule}, {waiting} open" + (f", {replayed} replayed" if replayed != "0" else "")
        screen.print(Padding(Text(text, overflow="fold"), (0, 0, 0, 2)))


def _fault_cells(count: FaultCount) -> tuple[str, ...]:
    status = " and ".join(sorted(reading.status for reading in count.delivery.readings if reading.record_type == count.record_type))
    place = (count.delivery.code, _seen(count.delivery.file_name), count.record_type, count.column_name or "", count.rule)
    return (*place, f"{count.open_rows:,}", f"{count.replayed_rows:,}", status)


def quarantined_rows(screen: Console, rows: Iterable[QuarantinedRow], masking: Masking | None) -> None:
    """Rows with what is wrong with each, and as they were delivered.

    Args:
        screen: Where.
        rows: The rows of one source.
        masking: What may be seen of them; None for everything.
    """
    if not screen.is_terminal:
        head = ("delivery", "row", "record type", "column", "rule", "value", "as delivered")
        _tabbed(screen, head, (cells for row in rows for cells in _row_cells(row, masking)))
        return
    for row in rows:
        screen.print(Text(f"Row {row.row_number:,} of {row.delivery.code}", style="bold"), Text(_seen(row.delivery.file_name), style="dim"))
        for fault in row.faults:
            value = _raw_value(fault, masking)
            column = f".{fault.column_name}" if fault.column_name else ""
            text = f"{fault.record_type}{column} breaks '{fault.rule}'{f': {value}' if value else ''}"
            screen.print(Padding(Text(text, overflow="fold"), (0, 0, 0, 2)))
        screen.print(Padding(Text(_as_delivered(row, masking), overflow="fold", style="dim"), (0, 0, 1, 2)))


def replayed(screen: Console, report: ReplayReport) -> None:
    """What a replay did, and what is still wrong, by the lines of its file."""
    for (code, record, disposition), count in report.counts.items():
        say(screen, f"{code}: {_rows(count)} of {record} {_OUTCOMES[disposition]}.")
    if report.replayed_before:
        say(screen, f"{_rows(report.replayed_before)} had left the quarantine before and stayed as they were.")
    if not report.counts and not report.wrong and not report.replayed_before:
        say(screen, "The file holds no mended row.")
    for item in report.wrong[:_WRONG_SHOWN]:
        place = f"{item.record_type}{f'.{item.column_name}' if item.column_name else ''}"
        say(screen, f"line {item.line}: {place} still breaks '{item.rule}'.", style="yellow")
    if len(report.wrong) > _WRONG_SHOWN:
        say(screen, f"… and {len(report.wrong) - _WRONG_SHOWN:,} more.", style="yellow")


_OUTCOMES = {
    "landed": "landed",
    "duplicate": "left the quarantine as a duplicate of what has landed",
    "excluded": "left the quarantine, since the source leaves such rows out",
}
_WRONG_SHOWN = 20


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _row_cells(row: QuarantinedRow, masking: Masking | None) -> Iterable[tuple[str, ...]]:
    for fault in row.faults:
        place = (row.delivery.code, str(row.row_number), fault.record_type, fault.column_name or "", fault.rule)
        yield (*place, _raw_value(fault, masking), _as_delivered(row, masking))


def _raw_value(fault: Fault, masking: Masking | None) -> str:
    if fault.raw_value is None:
        return ""
    is_hidden = masking is not None and masking.hides_value_of(fault.record_type, fault.column_name)
    return MASK if is_hidden else _shortened(fault.raw_value)


def _as_delivered(row: QuarantinedRow, masking: Masking | None) -> str:
    cells = row.cells
    if cells is None:
        return _shortened(row.row_text) if masking is None else MASK
    shown = {name: value if masking is None else masking.cell(name, value) for name, value in cells.items()}
    return "  ".join(f"{_seen(name)}={_shortened(value or '')}" for name, value in shown.items())


def _shortened(text: str) -> str:
    return _seen(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…")


def _seen(text: str) -> str:
    """Delivered text without what would move the cursor or turn the direction of writing."""
    return text.translate(_UNSEEN)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment is not None else "not known"


def _fits(screen: Console, table: Table) -> bool:
    return Measurement.get(screen, screen.options.update(max_width=10_000), table).maximum <= screen.width


def _tabbed(screen: Console, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    # Not by rich, which makes spaces of tabs.
    screen.file.writelines("\t".join(row) + "\n" for row in [head, *(tuple(map(_seen, row)) for row in rows)])
