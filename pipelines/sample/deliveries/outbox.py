"""Where the systems put their rows, chunk by chunk, and from which the files leave when all is told.

Until then they lie in a hidden folder. Each is dated to the morning of its delivery.
"""

import os
import shutil
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import stream
from pipelines.sample.deliveries.dirt import MONTH, NOTES, Spoilt, spoil
from pipelines.sample.deliveries.feed import Feed
from pipelines.sample.deliveries.files import ExcelFile, ParquetFile, TextFile, growing_file
from pipelines.sample.deliveries.rates import CUT_ROW, Rates
from pipelines.sample.deliveries.trailers import Totals
from pipelines.sample.deliveries.whole_files import cut_off, new_column, struck_months, with_new_column
from pipelines.sample.timeline import SECONDS_A_DAY, UTC_OFFSET_HOURS, Timeline

LOG: Final = {"source": pl.String, "path": pl.String, **NOTES}
_DELIVERED_AT: Final = 6 * 3_600 + 30 * 60  # local time
_UNFINISHED: Final = ".unfinished"


@dataclass(frozen=True)
class Sent:
    """What was delivered.

    Attributes:
        files: How many files.
        rows: Delivered rows by source, without headers and control totals; those of files that came twice count twice.
        dirt: What went wrong: source, path below landing, row (from 1, without the header; null of a whole file), kind, column, was (what
            should stand there; of a late row its own month).
        counts: How often each kind of dirt.
    """

    files: int
    rows: dict[str, int]
    dirt: pl.DataFrame
    counts: dict[str, int]


@dataclass
class _File:
    """One file that is being written."""

    growing: TextFile | ParquetFile | ExcelFile
    columns: pl.DataFrame
    totals: Totals | None
    rows: int = 0
    notes: list[pl.DataFrame] = field(default_factory=list)


@dataclass
class _Shelf:
    """What is known of one feed: the month in which each kind of file dirt strikes, and its files by month."""

    feed: Feed
    struck: dict[str, int]
    schema: pl.Schema | None = None
    files: dict[int, _File] = field(default_factory=dict)

    def strikes(self, kind: str, month: int) -> bool:
        """Whether a kind of file dirt strikes in a month."""
        return self.struck.get(kind) == month


class Outbox:
    """Takes the rows of each feed and writes its monthly files."""

    def __init__(self, landing: Path, timeline: Timeline, seed: int, rates: Rates) -> None:
        """Begin.

        Args:
            landing: The folder that deliveries are put below; what an earlier run has left unfinished there is removed.
            timeline: The months.
            seed: Decides what is spoilt.
            rates: How often.
        """
        self._landing, self._timeline, self._seed, self._rates = landing, timeline, seed, rates
        self._unfinished = landing / _UNFINISHED
        self._shelves: dict[str, _Shelf] = {}
        self._months = [str(timeline.month(index)) for index in range(timeline.count)]
        self._sent: list[tuple[str, str, int]] = []
        self._log: list[pl.DataFrame] = []
        shutil.rmtree(self._unfinished, ignore_errors=True)

    def put(self, feed: Feed, rows: pl.DataFrame, chunk: int = 0) -> None:
        """Append the rows of one chunk to the files of a feed. A month without any row has no file.

        Args:
            feed: What kind of file it is.
            rows: As they are to be written (for csv: text), with the month of each in `delivered`. Rows outside the timeline and columns
                that begin with `_` are not delivered.
            chunk: Number of the chunk, once a feed.

        Raises:
            ValueError: A column is missing or differs from the earlier chunks', or a csv has one that is not text.
        """
        shelf = self._shelves.setdefault(feed.path, _Shelf(feed, self._struck(feed)))
        told = _told(rows, feed, self._timeline.count)
        columns = told.drop(MONTH)
        if shelf.feed != feed or columns.schema != (shelf.schema or columns.schema):
            message = f"{feed.path}: chunk {chunk} differs from the first one in its feed or its columns: {columns.schema}"
            raise ValueError(message)
        shelf.schema = columns.schema
        empty = shelf.struck.get("empty")
        if empty is not None and (told[MONTH] == empty).any():
            self._file(shelf, empty, columns.clear())
            told = told.filter(pl.col(MONTH) != empty)
        spoilt = spoil(self._stream(feed, chunk + 1), told, feed, self._rates, self._months)
        for month in range(self._timeline.count):
            self._append(shelf, month, spoilt)

    def _append(self, shelf: _Shelf, month: int, spoilt: Spoilt) -> None:
        rows = spoilt.of_month(month)
        if not len(rows):
            return
        file = self._file(shelf, month, rows.clear())
        notes = spoilt.notes.get(month)
        if file.totals is not None:
            file.totals.add(rows, notes)
        if notes is not None:
            file.notes.append(notes.with_columns(pl.col("row") + file.rows))
        file.growing.append(_as_delivered(shelf, month, rows))
        file.rows += len(rows)

    def _file(self, shelf: _Shelf, month: int, columns: pl.DataFrame) -> _File:
        """The file of a month, begun with its header where it is new."""
        if month not in shelf.files:
            path = self._unfinished / self._place(shelf.feed, month)
            path.parent.mkdir(parents=True, exist_ok=True)
            created = datetime.fromisoformat(str(self._timeline.delivery_date(month, shelf.feed.day)))
            columns = _as_delivered(shelf, month, columns)
            trailer = shelf.feed.trailer
            file = _File(growing_file(path, shelf.feed.form, created), columns, Totals(trailer) if trailer is not None else None)
            file.growing.append(columns)
            shelf.files[month] = file
        return shelf.files[month]

    def close(self) -> Sent:
        """Complete all files, do to whole files what happens to them, date them and let them go."""
        for _, shelf in sorted(self._shelves.items()):
            for month, file in sorted(shelf.files.items()):
                self._finish(shelf, month, file)
        shutil.rmtree(self._unfinished, ignore_errors=True)
        log = pl.concat([pl.DataFrame(schema=LOG), *self._log])
        by_source = Counter[str]()
        for source, _, count in self._sent:
            by_source[source] += count
        counts = dict(log.group_by("kind").len().sort("kind").iter_rows())
        return Sent(len(self._sent), dict(sorted(by_source.items())), log, counts)

    def _finish(self, shelf: _Shelf, month: int, file: _File) -> None:
        trailer = file.totals.row(file.columns) if file.totals is not None and file.rows else None
        file.growing.finish(trailer)
        feed, written = shelf.feed, self._unfinished / self._place(shelf.feed, month)
        notes = pl.concat([pl.DataFrame(schema=NOTES), *file.notes])
        for kind in ("empty", "reordered"):
            if shelf.strikes(kind, month):
                self._note(feed, month, 0, _whole(kind))
        if month == min((known for known in shelf.files if known >= shelf.struck.get("new_column", self._timeline.count)), default=-1):
            self._note(feed, month, 0, _whole("new_column", new_column(pl.DataFrame(schema=shelf.schema))[0]))
        cut = None
        if shelf.strikes("truncated", month) and isinstance(file.growing, TextFile):
            cut = cut_off(file.growing, frozenset(notes["row"].to_list()))
        if shelf.strikes("repeated_file", month):
            again = self._staged(feed, month, 1)
            shutil.copyfile(written, again)
            self._note(feed, month, 1, _whole("repeated_file"))
            self._deliver(feed, month, 1, file.rows)
        if cut is not None:
            # The whole one comes on the day after, under that day's name.
            written.replace(self._staged(feed, month, 1))
            written.write_bytes(cut.content)
            self._note(feed, month, 0, _whole("truncated"))
            self._note(feed, month, 0, notes.filter(pl.col("row") < cut.row))
            self._note(feed, month, 0, _whole(CUT_ROW).with_columns(pl.lit(cut.row, dtype=pl.Int64).alias("row")))
            self._deliver(feed, month, 0, cut.row)
        late = int(cut is not None)
        self._note(feed, month, late, notes)
        self._deliver(feed, month, late, file.rows)

    def _deliver(self, feed: Feed, month: int, later: int, rows: int) -> None:
        """Date a complete file to the morning of its delivery, `later` days after the usual one, and move it to where it belongs."""
        day = self._timeline.delivery_date(month, feed.day + later)
        seconds = int(day.astype(np.int64)) * SECONDS_A_DAY + _DELIVERED_AT - UTC_OFFSET_HOURS * 3_600
        staged, place = self._staged(feed, month, later), self._place(feed, month, later)
        os.utime(staged, (seconds, seconds))
        target = self._landing / place
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)
        self._sent.append((feed.source, place, rows))

    def _note(self, feed: Feed, month: int, later: int, notes: pl.DataFrame) -> None:
        self._log.append(notes.select(pl.lit(feed.source).alias("source"), pl.lit(self._place(feed, month, later)).alias("path"), *NOTES))

    def _staged(self, feed: Feed, month: int, later: int) -> Path:
        return self._unfinished / self._place(feed, month, later)

    def _place(self, feed: Feed, month: int, later: int = 0) -> str:
        return feed.path.format(day=self._timeline.delivery_date(month, feed.day + later))

    def _struck(self, feed: Feed) -> dict[str, int]:
        return struck_months(self._stream(feed, 0), feed, self._timeline.count, self._rates)

    def _stream(self, feed: Feed, part: int) -> np.random.Generator:
        """Draws of one feed alone: the lower half of the number is the feed's, the upper one the part's."""
        return stream(self._seed, "dirt", (part << 32) + zlib.crc32(f"{feed.source} {feed.path}".encode()))


def _told(rows: pl.DataFrame, feed: Feed, count: int) -> pl.DataFrame:
    """What is delivered of the rows, with their months."""
    kept = rows.select(name for name in rows.columns if not name.startswith("_"))
    if missing := sorted((feed.named | {MONTH}) - set(kept.columns)):
        message = f"{feed.path}: the rows have no column {', '.join(missing)}"
        raise ValueError(message)
    if feed.form.kind == "csv":
        kept = kept.with_columns(pl.col(name).cast(pl.String) for name, kind in kept.schema.items() if kind == pl.Null)
        if other := [name for name, kind in kept.schema.items() if kind != pl.String and name != MONTH]:
            message = f"{feed.path}: the rows of a csv are text, but {', '.join(other)} is not"
            raise ValueError(message)
    return kept.with_columns(pl.col(MONTH).cast(pl.Int64)).filter(pl.col(MONTH).is_between(0, count - 1))


def _as_delivered(shelf: _Shelf, month: int, rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of a month's file in their order."""
    if month >= shelf.struck.get("new_column", month + 1):
        rows = with_new_column(rows)
    return rows.select(reversed(rows.columns)) if shelf.strikes("reordered", month) else rows


def _whole(kind: str, column: str | None = None) -> pl.DataFrame:
    return pl.DataFrame({"row": [None], "kind": [kind], "column": [column], "was": [None]}, schema=NOTES)
