"""What goes wrong with whole files, and in which month: other column orders, a new column, nothing in it, cut off, delivered twice."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.deliveries.feed import Feed
from pipelines.sample.deliveries.files import TextFile
from pipelines.sample.deliveries.rates import Rates

_ONCE: Final = ("empty", "truncated", "repeated_file", "reordered")  # the first three never meet in one month
_LEFT_SHARE: Final = 0.7  # of the rows of a truncated file
_QUIET_MONTHS: Final = 2  # at either end of the sample
_NEW_COLUMN: Final = {True: ("备注2", "无"), False: ("extra_flag", "N")}  # whether the other columns' names are Chinese


def struck_months(rng: np.random.Generator, feed: Feed, count: int, rates: Rates) -> dict[str, int]:
    """The month in which each kind of file dirt strikes, or from which a new column is there.

    Args:
        rng: Decides which.
        feed: Says what may happen.
        count: Number of months, at least 3.
        rates: Says what does happen.
    """
    happens = [kind for kind in _ONCE if kind in feed.file_dirt and rates[kind] > 0]
    inner = np.arange(_QUIET_MONTHS, count - _QUIET_MONTHS)
    drawn = inner[np.argsort(rng.random(len(inner)), kind="stable")].tolist()
    # A very short sample has no quiet months to spare: then the next to last comes before the first, and the last is the last resort.
    places = list(dict.fromkeys([*drawn, 1, count - 2, 0, count - 1]))
    struck = {kind: places[number % len(places)] for number, kind in enumerate(happens)}
    return struck | ({"new_column": count // 2} if "new_column" in feed.file_dirt and rates["new_column"] > 0 else {})


def with_new_column(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with a further column that nobody has told of."""
    name, value = new_column(rows)
    return rows.with_columns(pl.lit(value).alias(name))


def new_column(rows: pl.DataFrame) -> tuple[str, str]:
    """Name of the further column, and what stands in it."""
    return _NEW_COLUMN[not all(name.isascii() for name in rows.columns)]


@dataclass(frozen=True)
class Cut:
    """A text file that ends too early.

    Attributes:
        content: What is left of it.
        row: Number of its last row, which is not whole.
    """

    content: bytes
    row: int


def cut_off(file: TextFile, noted: frozenset[int]) -> Cut | None:
    """Cut a text file off within a row, after about seven tenths of its rows.

    Args:
        file: A finished file.
        noted: The rows with dirt of their own; none of them is cut.

    Returns:
        None where no row can be cut so that it is unreadable by itself: in a file of too few rows.
    """
    aim = int(sum(piece.rows for piece in file.pieces) * _LEFT_SHARE) + 1
    piece = next((piece for piece in file.pieces if piece.first + piece.rows > aim), None)
    if piece is None or aim < 2:
        return None
    with file.path.open("rb") as opened:
        before = opened.read(piece.start)
        text = file.form.read_text(opened.read(piece.size))
    lines = _records(text) if file.form.kind == "csv" else text.splitlines(keepends=True)
    for row in sorted(range(piece.first, piece.first + piece.rows), key=lambda row: (row < aim, abs(row - aim))):
        number = row - piece.first
        length = _left_of(lines[number], file.form.delimiter) if file.form.kind == "csv" else len(lines[number]) // 2
        if length and row > 1 and row not in noted:
            left = "".join(lines[:number]) + lines[number][:length]
            return Cut(before + file.form.packed_text(left), row)
    return None


def _records(text: str) -> list[str]:
    """The rows of a csv with their line ends; a quoted cell may hold some."""
    records: list[str] = []
    is_open = False
    for line in text.split("\n")[:-1]:
        if is_open:
            records[-1] += line + "\n"
        else:
            records.append(line + "\n")
        is_open ^= line.count('"') % 2 == 1
    return records


def _left_of(line: str, delimiter: str) -> int:
    """How much of a row is left: some of its cells, and no quote that would be open; 0 where that cannot be."""
    safe = line[: line.rfind(delimiter)] if delimiter in line else ""
    return len(safe.split('"')[0]) // 2
