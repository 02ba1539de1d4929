"""Where the table of a delimited text or a sheet begins and ends: delimiter, quote, titles above the header, a totals line below."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.checkup.masks import is_datum

if TYPE_CHECKING:
    from collections.abc import Sequence

_DELIMITERS = (",", ";", "\t", "|", "^", "~")
_LOOKED_AT = 3_000
_MOST_TITLES = 30
_END_CHARACTERS = 1 << 16
_TOTALS = ("total", "totals", "grand total", "sum", "subtotal", "summe", "gesamt", "合计", "总计", "小计", "共计", "總計", "合計")
# Below this share of records with one number of fields it is no table.
_ALIKE = 0.5
# A last row of which more is filled is a record and no totals.
_FULL = 2 / 3


@dataclass(frozen=True)
class Table:
    """How a table lies in its file.

    Attributes:
        delimiter: Between fields; empty for a sheet.
        quote: Around fields.
        title_lines: Lines above the header.
        comment: What a line that is no record begins with, or None.
        header: The names of the columns.
        rows: Its records, of the beginning and the end of the file.
        totals: What the totals line below begins with, or empty.
        total_cell: The place and the word of a cell that says of the last row that it is the totals, where it is not the first cell.
    """

    delimiter: str
    quote: str
    title_lines: int
    comment: str | None
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: str = ""
    total_cell: tuple[int, str] | None = None


def table_of_text(head: str, tail: str) -> Table | None:
    """The table in a text; None where no delimiter parts its lines alike.

    Args:
        head: The beginning of the text, with newlines as line ends.
        tail: Its end, where the head is not all of it.
    """
    quote = "'" if '"' not in head and len(re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\n])", head, re.MULTILINE)) > 1 else '"'
    comment = "#" if len(re.findall(r"^#", head, re.MULTILINE)) > 0 and not head.lstrip("\n").split("\n", 1)[0].count("#") > 1 else None
    found = [_parted(head, delimiter, quote, comment) for delimiter in _DELIMITERS if delimiter in head]
    scored = [(score, table) for score, table in found if table is not None]
    table = max(scored, key=lambda item: item[0])[1] if scored else _one_column(head, quote)
    if table is None:
        return None
    if not tail and len(table.rows) >= _LOOKED_AT - _MOST_TITLES:
        # What lies beyond the records that were looked at: its end shows days and totals that the beginning does not.
        rest = head[-_END_CHARACTERS:]
        tail = rest[rest.find("\n") + 1 :]
    last = _records(tail, table.delimiter, quote, comment, _END_CHARACTERS) if tail else []
    return _with_end(table, [cells for _, cells in last])


def table_of_rows(rows: Sequence[Sequence[str]]) -> Table | None:
    """The table in the rows of a sheet."""
    filled = [(place, [cell for cell in row if cell.strip()]) for place, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if not filled:
        return None
    usual = Counter(len(cells) for _, cells in filled[:_LOOKED_AT]).most_common(1)[0][0]
    start = next((place for place, cells in filled if len(cells) >= max(2, usual) and not any(map(is_datum, cells))), filled[0][0])
    width = len(rows[start])
    body = [tuple([*row, *[""] * width][:width]) for row in rows[start + 1 :] if any(cell.strip() for cell in row)]
    return _with_end(Table("", "", start, None, tuple(cell.strip() for cell in rows[start]), tuple(body)), [])


def _records(text: str, delimiter: str, quote: str, comment: str | None, most: int) -> list[tuple[int, tuple[str, ...]]]:
    """The first records of a text, each with the number of lines that stand above it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote, skipinitialspace=True)
    found, above = [], 0
    try:
        for cells in reader:
            if cells and any(cells) and not (comment is not None and cells[0].startswith(comment)):
                found.append((above, tuple(cells)))
            above = reader.line_num
            if len(found) >= most:
                break
    except csv.Error:
        return found
    return found


def _parted(text: str, delimiter: str, quote: str, comment: str | None) -> tuple[float, Table | None]:
    """A text parted by one delimiter, and how much like a table that looks."""
    records = _records(text, delimiter, quote, comment, _LOOKED_AT)
    counts = Counter(len(cells) for _, cells in records)
    if not counts:
        return 0.0, None
    # A totals or title line has its own number; of two that are as frequent the wider one is the table.
    usual = max(counts, key=lambda width: (counts[width] * (width > 1), width))
    share = counts[usual] / len(records)
    if usual == 1 or (share < _ALIKE and len(records) > _MOST_TITLES):
        return 0.0, None
    # A header may lack the last names or have one too many; what stands above is shorter.
    start = next((place for place, (_, cells) in enumerate(records[:_MOST_TITLES]) if len(cells) >= usual), None)
    if start is None:
        return 0.0, None
    header = tuple(cell.strip() for cell in records[start][1])
    above = text.split("\n", records[start][0])[: records[start][0]]
    # Blank lines and comments are no records anyway.
    titles = len(above) if any(line.strip() and not (comment and line.startswith(comment)) for line in above) else 0
    quality = sum(bool(cell) and not is_datum(cell) for cell in header) / len(header)
    rows = tuple(cells for _, cells in records[start + 1 :])
    return share * math.log2(usual + 1) * quality, Table(delimiter, quote, titles, comment, header, rows)


def _one_column(text: str, quote: str) -> Table | None:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) <= 1 or any(re.search(r"\S\s{2,}\S", line) for line in lines[:10]):
        return None
    return Table(",", quote, 0, None, (lines[0].strip(quote),), tuple((line.strip(quote),) for line in lines[1:_LOOKED_AT]))


def _with_end(table: Table, last: list[tuple[str, ...]]) -> Table:
    """The same with the rows at the end of the file, and without the totals below."""
    rows = [*table.rows, *(cells for cells in last if len(cells) == len(table.header))]
    end = (last or rows)[-1] if last or rows else ()
    first = next((cell.strip() for cell in end if cell.strip()), "")
    said = next((word for word in sorted(_TOTALS, key=len, reverse=True) if first.casefold().startswith(word)), "")
    totals = first[: len(said)] if said else ""
    if totals and rows and rows[-1] == end:
        rows = rows[:-1]
    total_cell = _total_cell(rows) if not totals else None
    return replace(table, rows=tuple(rows[:-1] if total_cell is not None else rows), totals=totals, total_cell=total_cell)


def _total_cell(rows: Sequence[tuple[str, ...]]) -> tuple[int, str] | None:
    """Where the last row, mostly empty, says that it holds the totals, as no other row does."""
    if not rows or sum(bool(cell.strip()) for cell in rows[-1]) > len(rows[-1]) * _FULL:
        return None
    said = [(place, cell.strip()) for place, cell in enumerate(rows[-1]) if cell.strip().casefold() in _TOTALS]
    if len(said) != 1 or any(row[said[0][0] : said[0][0] + 1] == (said[0][1],) for row in rows[:-1]):
        return None
    return said[0]
