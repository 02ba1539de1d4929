"""What a feed reads of a database: one Parquet file in the vault, then a delivery like any file.

Nothing is remembered but what is kept. Up to where a feed has been read is computed from the newest of its files in the archive, so that it
is always what has landed, and a crash between reading and landing loses nothing: the next run reads the same again. A file holds the whole
window, overlap included, so that one comparison with the file before says whether anything is new.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from pipelines.documents import nearest
from pipelines.intake.databases.files import open_duckdb, open_sqlite
from pipelines.intake.databases.mysql import open_mysql
from pipelines.intake.databases.postgresql import open_postgresql
from pipelines.intake.databases.reading import Database, ExtractionError, text_schema
from pipelines.intake.databases.window import bound, is_news, put_in_order, reading_of
from pipelines.intake.order import time_of
from pipelines.warehouse.connection import open_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipelines.intake.databases.source import DatabasePlace, Extract, Watermark

_TELL_EVERY = 250_000
# Enough to put any number of rows in order at the speed of the disk; with more, memory would grow with the rows.
_SORTING_BYTES = 256e6


@dataclass(frozen=True)
class Kept:
    """A file that was extracted before and landed.

    Attributes:
        path: Where the archive has it; its time is the moment that it holds.
        is_rejected: Whether a person rejected it, so that what it holds is still to come.
    """

    path: Path
    is_rejected: bool = False


@dataclass(frozen=True)
class Bench:
    """Where an extraction works.

    Attributes:
        folder: A folder in the vault, for this extraction alone.
        time_zone: Of times that state no offset.
    """

    folder: Path
    time_zone: str


@contextmanager
def open_database(place: DatabasePlace, root: Path, environment: Mapping[str, str], temp: Path, time_zone: str) -> Iterator[Database]:
    """Open a database read only, as it is at one moment.

    Args:
        place: Where it is.
        root: The workspace, below which files lie.
        environment: Where connection URLs stand.
        temp: Folder for what spills.
        time_zone: Of the source.

    Raises:
        ExtractionError: It cannot be reached or opened.
    """
    if place.path is not None:
        path = (root / place.path).resolve()
        if not path.is_relative_to(root.resolve()):
            raise ExtractionError(f"the file {place.path} is a link that leads out of the workspace", "put the file itself there")
        opening = open_sqlite(path) if place.kind == "sqlite" else open_duckdb(path, temp, time_zone)
    else:
        variable = place.url_env or ""
        url = environment.get(variable, "")
        if not url:
            reason = f"the environment variable {variable}, which should hold the connection URL, is not set"
            raise ExtractionError(reason, "set it for the run; it is written nowhere")
        opening = open_postgresql(url, variable, time_zone) if place.kind == "postgresql" else open_mysql(url, variable)
    with opening as database:
        yield database


def extract(
    database: Database, extract: Extract, kept: Sequence[Kept], bench: Bench, *, is_full: bool, tell: Callable[[int], None] | None = None
) -> Path | None:
    """Read what a feed has not read yet.

    Args:
        database: Open.
        extract: What the feed reads.
        kept: What was extracted of the feed before, oldest first.
        bench: Where to work.
        is_full: Whether a row that is missing says something, so that a loss of rows alone is news.
        tell: Called with the number of rows now and then.

    Returns:
        A Parquet file whose time is the moment that it holds, or None where nothing is new.

    Raises:
        ExtractionError: It cannot be read.
    """
    query = _query(database, extract)
    columns = _checked(database, database.columns(query), extract.watermark)
    reading = _digest(database, query, extract.watermark)
    last = kept[-1] if kept else None
    base = next((item for item in reversed(kept) if not item.is_rejected), None)
    raw, made = bench.folder / "read.parquet", bench.folder / "extracted.parquet"
    readable = [raw, made, *(item.path for item in kept)]
    with open_sandbox(readable, bench.folder / "spilled", bench.time_zone, _SORTING_BYTES) as sandbox:
        narrowed = query
        if extract.watermark is not None and base is not None and reading_of(base.path) == reading:
            begin = bound(sandbox, base.path, extract.watermark, bench.time_zone)
            if begin is not None:
                column = _as_written(columns, extract.watermark.column)
                news = database.since(column, begin)
                narrowed = f"select * from (\n{query}\n) as tried where {news} or {database.identifier(column)} is null"
        _write(database, narrowed, columns, raw, tell)
        if last is not None and not is_news(sandbox, raw, last.path, columns, is_full=is_full):
            raw.unlink()
            return None
        watermark = _as_written(columns, extract.watermark.column) if extract.watermark else None
        put_in_order(sandbox, raw, made, columns, watermark, reading)
    raw.unlink()
    _date(made, database.clock, time_of(last.path.stat().st_mtime_ns) if last is not None else None)
    return made


def _query(database: Database, extract: Extract) -> str:
    """The query of a feed; of a table's name each part is quoted as it is written."""
    if extract.query is not None:
        return extract.query.strip().removesuffix(";")
    return f"select * from {'.'.join(map(database.identifier, (extract.table or '').split('.')))}"


def _as_written(columns: Sequence[str], name: str) -> str:
    """A column as the database writes it; columns are matched whatever the letter case."""
    return next(column for column in columns if column.casefold() == name.casefold())


def _checked(database: Database, columns: tuple[str, ...], watermark: Watermark | None) -> tuple[str, ...]:
    """The columns, each of a name of its own and the watermark's among them."""
    folded = [name.casefold() for name in columns]
    for position, name in enumerate(folded):
        if folded.index(name) != position:
            reason = f"columns {folded.index(name) + 1} and {position + 1} of what is read of {database.name} have one name"
            raise ExtractionError(reason, "give each its own by 'as', in a query")
    if watermark is not None and watermark.column.casefold() not in folded:
        meant = nearest(watermark.column, columns).rstrip("?")
        reason = f"the watermark column '{watermark.column}' is not among the columns that are read of {database.name}{meant}"
        raise ExtractionError(reason, "correct it in the source")
    return columns


def _digest(database: Database, query: str, watermark: Watermark | None) -> str:
    """What was read, in short: with another query or watermark everything is read again."""
    column = watermark.column.casefold() if watermark is not None else ""
    return hashlib.blake2b(f"{type(database).__name__}\n{query}\n{column}".encode(), digest_size=16).hexdigest()


def _write(database: Database, query: str, columns: tuple[str, ...], target: Path, tell: Callable[[int], None] | None) -> None:
    """Write the rows as they come."""
    rows = told = 0
    with pq.ParquetWriter(target, text_schema(columns), compression="zstd") as writer:
        target.chmod(0o600)
        for batch in database.batches(query, columns):
            writer.write_batch(batch)
            rows += batch.num_rows
            if tell is not None and rows - told >= _TELL_EVERY:
                tell(rows)
                told = rows


def _date(made: Path, clock: datetime, last: datetime | None) -> None:
    """Give the file the moment that it holds; what is read later is newer, also from a server whose clock was put back."""
    moment = clock if last is None else max(clock, last + timedelta(microseconds=1))
    nanoseconds = (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1) * 1000
    os.utime(made, ns=(nanoseconds, nanoseconds))
