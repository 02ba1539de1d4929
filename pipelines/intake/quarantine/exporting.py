"""The file in which quarantined rows go out to be mended: CSV that a spreadsheet opens, a line a row. `mended` reads what comes back.

It begins with columns that say which row a line is; then come the delivered columns. Rows whose fields could not be told apart have their
text in a last column, and are mended by filling in the delivered ones.
"""

from __future__ import annotations

import csv
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import ClienteleError
from pipelines.intake.delivery_codes import whole_code
from pipelines.intake.faults import DeliveryError
from pipelines.intake.quarantine.spreadsheet_cells import neutralised
from pipelines.intake.reading import reader_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pipelines.intake.inventory import TakenDelivery
    from pipelines.intake.quarantine.inventory import QuarantinedRow
    from pipelines.intake.sources import Source
    from pipelines.warehouse.workspace import Workspace

DELIVERY, RECORD_TYPE, ROW_NUMBER, FAULTS, ROW_TEXT = "_delivery", "_record_type", "_row_number", "_faults", "_row_text"
REFERENCES = (DELIVERY, RECORD_TYPE, ROW_NUMBER, FAULTS)
_OWNER_ONLY = 0o600


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written.

    Attributes:
        path: Where it lies.
        source_name: The source whose rows it holds.
        rows: How many.
        with_text: How many of them have only their text.
    """

    path: Path
    source_name: str
    rows: int
    with_text: int


@dataclass
class _Sheet:
    """The rows of one source that have the same columns."""

    source_name: str
    header: tuple[str, ...]
    rows: int = 0
    with_text: int = 0

    @property
    def columns(self) -> list[str]:
        return [*REFERENCES, *self.header, *([ROW_TEXT] if self.with_text else [])]


def export(
    rows: Callable[[], Iterator[QuarantinedRow]], out: Path, header_of: Callable[[TakenDelivery], tuple[str, ...]]
) -> list[ExportedFile]:
    """Write quarantined rows to a file or, where they have different columns, to several files of a folder.

    Args:
        rows: Gives the rows; called twice, so that they need not be held in memory.
        out: A file ending in .csv, or a folder, which is made where it is missing.
        header_of: Gives the columns of a delivery none of whose quarantined rows has them.

    Returns:
        The files written; empty when no row waits.

    Raises:
        ClienteleError: The rows have different columns and `out` is a file, something lies there already, or it cannot be written.
    """
    sheets, of_delivery = _sheets(rows(), header_of)
    paths = _paths(list(sheets.values()), out)
    if not paths:
        return []
    try:
        if not _is_file(out):
            out.mkdir(mode=0o700, exist_ok=True)
        _write(rows(), sheets, of_delivery, dict(zip(sheets, paths, strict=True)))
    except FileExistsError as fault:
        message = f"{fault.filename}: lies there already; give another name, so that nobody's work is written over."
        raise ClienteleError(message) from fault
    except OSError as fault:
        message = f"{fault.filename}: cannot be written ({fault.strerror}); check the folder, or give another one."
        raise ClienteleError(message) from fault
    return [ExportedFile(path, sheet.source_name, sheet.rows, sheet.with_text) for path, sheet in zip(paths, sheets.values(), strict=True)]


def header_reader(workspace: Workspace, sources: Mapping[str, Source]) -> Callable[[TakenDelivery], tuple[str, ...]]:
    """A way to learn the columns of a delivery from its archived file; none where it is not there, or cannot be read any more."""

    def header_of(delivery: TakenDelivery) -> tuple[str, ...]:
        source = sources.get(delivery.source_name)
        path = workspace.archive / f"{delivery.delivery_key}{''.join(Path(delivery.file_name).suffixes)}"
        if source is None or not path.exists():
            return ()
        try:
            return reader_of(source.format).survey(path, source.format).header
        except DeliveryError:
            return ()

    return header_of


_SheetKey = tuple[str, frozenset[str]]


def _sheets(
    rows: Iterable[QuarantinedRow], header_of: Callable[[TakenDelivery], tuple[str, ...]]
) -> tuple[dict[_SheetKey, _Sheet], dict[int, _SheetKey]]:
    """The sheets that the rows make, and the one of each delivery."""
    counted: dict[int, tuple[TakenDelivery, tuple[str, ...] | None, int, int]] = {}
    for row in rows:
        cells = row.cells
        _, header, count, texts = counted.get(row.delivery.delivery_key, (row.delivery, None, 0, 0))
        header = header if cells is None else tuple(cells)
        counted[row.delivery.delivery_key] = row.delivery, header, count + 1, texts + (cells is None)
    sheets: dict[_SheetKey, _Sheet] = {}
    of_delivery: dict[int, _SheetKey] = {}
    for delivery_key, (delivery, found, count, texts) in counted.items():
        header = header_of(delivery) if found is None else found
        key = delivery.source_name, frozenset(name.casefold() for name in header)
        sheet = sheets.setdefault(key, _Sheet(delivery.source_name, header))
        sheet.rows += count
        sheet.with_text += texts
        of_delivery[delivery_key] = key
    return sheets, of_delivery


def _is_file(out: Path) -> bool:
    return out.suffix.lower() == ".csv" and not out.is_dir()


def _paths(sheets: list[_Sheet], out: Path) -> list[Path]:
    """Where each sheet goes."""
    if _is_file(out):
        if len(sheets) > 1:
            places = ", ".join(dict.fromkeys(sheet.source_name for sheet in sheets))
            message = (
                f"{out}: the rows have {len(sheets)} different headers (sources: {places}), and a file has one; "
                f"choose with --source or --delivery, or give a folder, such as --out {out.with_suffix('')}."
            )
            raise ClienteleError(message)
        return [out] * len(sheets)
    names: list[str] = []
    for sheet in sheets:
        number = sum(other.source_name == sheet.source_name for other in sheets[: len(names)]) + 1
        names.append(f"{sheet.source_name}.csv" if number == 1 else f"{sheet.source_name}_{number}.csv")
    return [out / name for name in names]


def _write(
    rows: Iterable[QuarantinedRow], sheets: dict[_SheetKey, _Sheet], of_delivery: dict[int, _SheetKey], paths: dict[_SheetKey, Path]
) -> None:
    """Write every sheet, or none: what was begun is removed when one cannot be ended."""
    made: list[Path] = []
    try:
        with ExitStack() as files:
            writers: dict[_SheetKey, Any] = {}
            for key, sheet in sheets.items():
                descriptor = os.open(paths[key], os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
                made.append(paths[key])
                # With the mark, since Excel takes a file without it for one in the local encoding.
                file = files.enter_context(os.fdopen(descriptor, "w", encoding="utf-8-sig", newline=""))
                writers[key] = csv.writer(file)
                writers[key].writerow(map(neutralised, sheet.columns))
            for row in rows:
                key = of_delivery[row.delivery.delivery_key]
                writers[key].writerow(map(neutralised, _line(row, sheets[key])))
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _line(row: QuarantinedRow, sheet: _Sheet) -> list[str]:
    faults = "; ".join(f"{fault.record_type}{f'.{fault.column_name}' if fault.column_name else ''}: {fault.rule}" for fault in row.faults)
    cells = {name.casefold(): value for name, value in (row.cells or {}).items()}
    reference = [whole_code(row.delivery.delivery_key), " ".join(row.record_types), str(row.row_number), faults]
    text = [row.row_text if row.cells is None else ""] if sheet.with_text else []
    return [*reference, *(cells.get(name.casefold()) or "" for name in sheet.header), *text]
