"""One file that a system delivers, and how it is written.

The bytes depend on the content alone: no clock, no file name in the gzip header, line ends always one line feed. The file's
modification time is the morning of the day on which it is delivered.
"""

import gzip
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.timeline import SECONDS_A_DAY, UTC_OFFSET_HOURS

NOTE: Final = "note"  # what is remarkable about a row: kept with the truth, never delivered
WAS: Final = "was"  # what stood in the place that was spoilt
_DELIVERED_AT: Final = 6 * 3_600 + 30 * 60


@dataclass(frozen=True)
class Form:
    """How a system writes its files."""

    delimiter: str = ","
    encoding: str = "utf-8"
    is_compressed: bool = False


@dataclass(frozen=True)
class Delivery:
    """One file.

    Attributes:
        source: Name of the source that it belongs to.
        path: Where it lies below the landing folder.
        day: The day on which it is delivered.
        frame: Its rows; every column is text and bears the name that the system gives it. NOTE and WAS are not delivered.
        form: How it is written.
        trailer: Rows that the system puts after the last one; None for most files.
    """

    source: str
    path: str
    day: np.datetime64
    frame: pl.DataFrame
    form: Form
    trailer: pl.DataFrame | None = None

    def content(self) -> bytes:
        """The bytes of the file."""
        rows = self.frame.drop(NOTE, WAS, strict=False)
        if self.trailer is not None:
            rows = pl.concat([rows, self.trailer], how="diagonal")
        text = rows.write_csv(separator=self.form.delimiter, line_terminator="\n")
        content = text.encode(self.form.encoding)
        if not self.form.is_compressed:
            return content
        packed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as stream:
            stream.write(content)
        return packed.getvalue()

    def write(self, landing: Path) -> None:
        """Write the file below `landing`, whole or not at all."""
        write_dated(landing / self.path, self.content(), self.day)


def write_dated(path: Path, content: bytes, day: np.datetime64) -> None:
    """Write a file, whole or not at all, and date it to the morning of `day` in the time zone of the business."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    seconds = int(day.astype("datetime64[D]").astype(np.int64)) * SECONDS_A_DAY + _DELIVERED_AT - UTC_OFFSET_HOURS * 3_600
    os.utime(unfinished, (seconds, seconds))
    unfinished.replace(path)


def decimal(fen: str | pl.Expr, mark: str = ".") -> pl.Expr:
    """Whole fen as text in yuan with two decimals; null stays null."""
    amount = pl.col(fen) if isinstance(fen, str) else fen
    sign = pl.when(amount < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    yuan, rest = (amount.abs() // 100).cast(pl.String), (amount.abs() % 100).cast(pl.String).str.zfill(2)
    return pl.concat_str(sign, yuan, pl.lit(mark), rest).alias(amount.meta.output_name())


def chosen(labels: Sequence[str | None], place: pl.Series) -> pl.Series:
    """The label at each place."""
    return pl.Series(labels, dtype=pl.String).gather(place)


def stamp(time: str, pattern: str = "%Y-%m-%d %H:%M:%S") -> pl.Expr:
    """A column of times as text; null stays null."""
    return pl.col(time).dt.strftime(pattern)
