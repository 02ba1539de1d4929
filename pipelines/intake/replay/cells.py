"""The file from which the workbench reads mended cells: CSV of texts or, where the source delivers typed columns, Parquet."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.intake.faults import DeliveryError
from pipelines.intake.reading import TEXT, reader_of
from pipelines.warehouse.connection import identifier, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.intake.replay.storing import Part
    from pipelines.intake.sources import Source
    from pipelines.warehouse.connection import Connection


def typed_columns(archive: Path, source: Source, delivery_key: int, file_name: str) -> dict[str, str]:
    """The types of a delivery's columns, by name in small letters, from its archived file; none where all cells are text.

    Args:
        archive: The archive.
        source: The source as it is today.
        delivery_key: The delivery.
        file_name: What it was called.
    """
    path = archive / f"{delivery_key}{''.join(Path(file_name).suffixes)}"
    if source.format.type != "parquet" or not path.exists():
        return {}
    try:
        held = reader_of(source.format).survey(path, source.format)
    except DeliveryError:
        return {}
    return {name.casefold(): kind for name, kind in zip(held.header, held.kinds, strict=True) if kind != TEXT}


def write_cells(build: Connection, target: Path, part: Part) -> Path:
    """Write the cells of a part in the order of its rows; the file, whose name says what it is."""
    rows = [part.rows[number] for number in sorted(part.rows)]
    if not part.kinds:
        path = target.with_suffix(".csv")
        write_rows(path, part.header, [list(row.values()) for row in rows])
        return path
    path = target.with_suffix(".parquet")
    _register(build, part)
    cells = ", ".join(f"{_cast(part, place)} as {identifier(name)}" for place, name in enumerate(part.header))
    build.execute(f"copy (select {cells} from cells order by number) to {quoted(str(path))} (format parquet)")
    build.unregister("cells")
    path.chmod(0o600)
    return path


def cells_of_no_type(build: Connection, part: Part) -> list[tuple[int, str]]:
    """Row and column of the cells that are not of their column's type: they would be taken for empty ones."""
    if not part.kinds:
        return []
    _register(build, part)
    failed = " union all ".join(
        f"select number, {quoted(name)} from cells where nullif(trim(c{place}), '') is not null and {_cast(part, place)} is null"
        for place, name in enumerate(part.header)
    )
    found: list[tuple[int, str]] = build.execute(f"{failed} order by 1").fetchall()
    build.unregister("cells")
    return found


def _register(build: Connection, part: Part) -> None:
    numbers = sorted(part.rows)
    columns = {
        f"c{place}": pa.array([part.rows[number][name] for number in numbers], pa.string()) for place, name in enumerate(part.header)
    }
    build.register("cells", pa.table({"number": pa.array(numbers, pa.int64()), **columns}))


def _cast(part: Part, place: int) -> str:
    kind = part.kinds.get(part.header[place].casefold(), TEXT)
    return f"c{place}" if kind == TEXT else f"try_cast(nullif(trim(c{place}), '') as {kind})"


def write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    """Write cells as CSV, all in quotes: a row of one blank cell is a row all the same."""
    with path.open("w", encoding="utf-8", newline="") as file:
        path.chmod(0o600)
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([cell or "" for cell in row] for row in rows)
