"""Where one record of a delivered text ends and the next begins: decided apart from the reader, so that a loss of rows is found out.

A record ends at a newline outside quotes. A quote opens a field only where the field begins (one space before it is forgiven) and stands
for itself anywhere else, as DuckDB reads it. What follows a closing quote must be the next field: a record in which something else follows
is set aside, since DuckDB makes rows of its own from some of them. So is a record with more or fewer fields than the header.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from pipelines.intake.formats.layout import Layout, Split
from pipelines.intake.rules import BROKEN_QUOTES, FEWER_FIELDS, MORE_FIELDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Longer than any honest record: what exceeds it is a quote left open, or no text at all. DuckDB is told the same limit.
MAX_RECORD_BYTES = 1 << 22
# How much of a file a thread of the reader takes at a time; by its own rule DuckDB would take sixteen of the longest records.
BUFFER_BYTES = 2 * MAX_RECORD_BYTES
# More records than this with broken quotes or fields say that the source states the wrong quote or delimiter.
_MAX_BROKEN = 100_000
_NEWLINE = ord("\n")


class RecordSplitter:
    """Splits UTF-8 text, handed over in chunks, into records.

    Attributes:
        header: The first record, without its newline; None until it has been seen whole, and where the layout has none.
        records: Number of records after the header; blank lines, comments and a totals line are none.
        broken: Records that cannot be split into as many fields as the header has: rule and text by ordinal (from 1).
        spans_lines: Whether some cell holds a newline.
        has_gaps: Whether anything below the header was left out.
        totals: The totals line that was left out, or None.
        fault: What keeps the text from being split, or None.
    """

    def __init__(self, layout: Layout) -> None:
        self.header: bytes | None = None
        self.records = 0
        self.broken: dict[int, tuple[str, bytes]] = {}
        self.spans_lines = False
        self.has_gaps = False
        self.totals: bytes | None = None
        self.fault: str | None = None
        self._layout = layout
        self._awaits_header = layout.has_header
        self._titles = layout.title_lines
        self._quote = layout.quote.encode()
        self._delimiter = layout.delimiter.encode()
        self._comment = layout.comment.encode() if layout.comment is not None else None
        self._before = tuple(map(ord, (layout.delimiter or "\n", "\n", layout.quote))) if layout.quote else ()
        # Without a quote neither is ever looked for, but for the comments.
        sign, between = re.escape(self._quote or b'"'), re.escape(self._delimiter or b"\n")
        quoted = rb"(?:\A|(?<=[\nD])) ?Q[^Q]*(?:QQ[^Q]*)*(Q|\Z)".replace(b"D", between).replace(b"Q", sign)
        remark = rb"(?P<remark>(?:\A|(?<=\n))" + re.escape(self._comment) + rb"[^\n]*)" if self._comment is not None else None
        if remark is not None:
            quoted = remark + b"|" + quoted if self._quote else remark
        self._quoted_field = re.compile(quoted)
        self._field_end = re.compile(rb" *(?:[\nD]|\Z)".replace(b"D", between))
        self._fields = 0
        self._tail = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next part of the text.

        Args:
            chunk: UTF-8 text with newlines as line ends.

        Returns:
            The records completed by it, each with its newline, without the header and all that is no record or broken.
        """
        if self.fault is not None:
            return b""
        text = self._tail + chunk if self._tail else chunk
        text = self._below_titles(text) if self._titles else text
        data = np.frombuffer(text, dtype=np.uint8)
        found = self._found(text, data)
        length = self._settled_length(found.ends)
        self._tail = text[length:]
        completed = self._completed(text[:length], data[:length], found.until(length))
        if len(self._tail) > MAX_RECORD_BYTES:
            self._refuse()
        return completed

    def finish(self) -> bytes:
        """Take the end of the text: what is left is a record without a newline, and a totals line.

        Returns:
            What is left of records, with a newline each, or nothing.
        """
        if self.fault is not None or not self._tail:
            return b""
        text = self._tail if self._tail.endswith(b"\n") else self._tail + b"\n"
        data = np.frombuffer(text, dtype=np.uint8)
        found = self._found(text, data)
        if found.is_open:
            self._refuse()
            return b""
        last = _last_filled(found.ends) if self._layout.totals else None
        if last is not None and self._is_totals(text[slice(*last)]) and (self.header is not None or not self._layout.has_header):
            self.totals, self.has_gaps = text[slice(*last)], True
            return self._completed(text[: last[0]], data[: last[0]], found.until(last[0]))
        return self._completed(text, data, found)

    def _below_titles(self, text: bytes) -> bytes:
        while self._titles and (end := text.find(b"\n")) >= 0:
            self._titles -= 1
            text = text[end + 1 :]
        return text

    def _refuse(self) -> None:
        place = f"in record {self.records + 1}" if self.header is not None or not self._layout.has_header else "in the header"
        self.fault = f"a quote is opened {place} and not closed" if self._quote and self._quote in self._tail else f"no line ends {place}"

    def _settled_length(self, ends: NDArray[np.int64]) -> int:
        """How much of the text is settled: all whole records, but the last one stays back where it may turn out to be the totals."""
        if not len(ends):
            return 0
        if not self._layout.totals:
            return int(ends[-1]) + 1
        filled = np.flatnonzero(np.diff(ends, prepend=-1) > 1)
        return int(ends[filled[-1] - 1]) + 1 if len(filled) and filled[-1] > 0 else 0

    def _is_totals(self, record: bytes) -> bool:
        cells = record.decode().split(self._layout.delimiter) if self._layout.delimiter else [record.decode()]
        first = next((cell.strip().strip(self._layout.quote or None).strip() for cell in cells if cell.strip()), "")
        return first.startswith(self._layout.totals)

    def _found(self, text: bytes, data: NDArray[np.uint8]) -> Split:
        """Split a text that begins where a record does."""
        newlines = data == _NEWLINE
        delimiters = data == self._delimiter[0] if self._delimiter else np.zeros(0, dtype=bool)
        if self._comment is not None and self._comment in text:
            return self._found_by_field(text, newlines, delimiters)
        if not self._quote or self._quote not in text:
            return Split(np.flatnonzero(newlines), delimiters)
        quotes = np.flatnonzero(data == self._quote[0])
        opening, closing = quotes[::2], quotes[1::2]
        around = np.concatenate((data[opening[opening > 0] - 1], data[closing[closing < len(data) - 1] + 1]))
        if np.isin(around, self._before).all():
            # Every other quote opens, where a field begins or as the second of a doubled one, and the rest close: then counting is enough.
            inside = np.zeros(len(data), dtype=np.int8)
            inside[quotes] = 1
            outside = (np.cumsum(inside, dtype=np.int32) & 1) == 0
            if self._delimiter:
                delimiters &= outside
            return Split(np.flatnonzero(newlines & outside), delimiters, is_open=len(quotes) % 2 == 1)
        return self._found_by_field(text, newlines, delimiters)

    def _found_by_field(self, text: bytes, newlines: NDArray[np.bool_], delimiters: NDArray[np.bool_]) -> Split:
        """The same, one quoted field after the other."""
        broken: list[int] = []
        position = 0
        while field := self._quoted_field.search(text, position):
            position = field.end()
            newlines[field.start() : position] = False
            delimiters[field.start() : position] = False
            if self._comment is not None and field["remark"] is not None:
                continue
            if not field[field.re.groups]:
                return Split(np.flatnonzero(newlines), delimiters, tuple(broken), is_open=True)
            if self._field_end.match(text, position) is None:
                # Its quotes say nothing any more: the record ends with the line, so that one stray quote does not take others with it.
                broken.append(field.start())
                position = text.find(b"\n", position)
                if position < 0:
                    break
        return Split(np.flatnonzero(newlines), delimiters, tuple(broken))

    def _completed(self, text: bytes, data: NDArray[np.uint8], found: Split) -> bytes:
        """Count whole records; leave out what is none, what is broken and, once, the header."""
        ends = found.ends
        starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1))[: len(ends)]
        kept = ends > starts
        if self._comment is not None and self._comment in text:
            kept &= np.fromiter((not text.startswith(self._comment, start) for start in starts), dtype=bool, count=len(starts))
        ordinals = np.cumsum(kept) + self.records
        first = int(np.argmax(kept)) if self._awaits_header and kept.any() else None
        if first is not None:
            self.header = text[starts[first] : ends[first]]
            ordinals -= 1
        self._set_aside(text, starts, found, kept, ordinals, first)
        if first is not None:
            kept[first] = False
        if len(ends):
            self.records = int(ordinals[-1])
            self.spans_lines = self.spans_lines or text.count(b"\n") > len(ends)
        if kept.all():
            return text
        self.has_gaps = self.has_gaps or not kept[0 if first is None else first + 1 :].all() or bool(first)
        return data[np.repeat(kept, ends + 1 - starts)].tobytes()

    def _set_aside(
        self,
        text: bytes,
        starts: NDArray[np.int64],
        found: Split,
        kept: NDArray[np.bool_],
        ordinals: NDArray[np.int64],
        header: int | None,
    ) -> None:
        """Leave out the records with broken quotes and those with more or fewer fields than the header."""
        ends, rules = found.ends, dict.fromkeys(np.searchsorted(found.ends, found.broken).tolist(), BROKEN_QUOTES)
        if self._delimiter and len(ends):
            counts = np.add.reduceat(found.delimiters.view(np.uint8), starts, dtype=np.uint32) + 1
            if header is not None:
                self._fields = int(counts[header])
            counts -= self._trailing(ends, counts, found)
            for index in np.flatnonzero(kept & (counts != self._fields)).tolist():
                rules.setdefault(index, FEWER_FIELDS if counts[index] < self._fields else MORE_FIELDS)
        for index, rule in sorted(rules.items()):
            if index < len(ends) and kept[index] and index != header and (header is not None or not self._awaits_header):
                kept[index] = False
                self.broken[int(ordinals[index])] = rule, text[starts[index] : ends[index]]
        self._awaits_header = self._awaits_header and header is None
        if len(self.broken) > _MAX_BROKEN:
            self.fault = f"{len(self.broken)} of its first {int(ordinals[-1])} records have broken quotes or another number of fields"

    def _trailing(self, ends: NDArray[np.int64], counts: NDArray[np.uint32], found: Split) -> NDArray[np.uint32]:
        """How many empty fields too many each record ends with: spreadsheets write them, and DuckDB forgives them."""
        forgiven = np.zeros_like(counts)
        over, place = np.flatnonzero(counts > self._fields), 1
        while len(over):
            over = over[found.delimiters[ends[over] - place]]
            forgiven[over] += 1
            over, place = over[counts[over] - forgiven[over] > self._fields], place + 1
        return forgiven


def _last_filled(ends: NDArray[np.int64]) -> tuple[int, int] | None:
    """Where the last record stands that is not blank."""
    starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1))
    filled = np.flatnonzero(ends > starts)
    return (int(starts[filled[-1]]), int(ends[filled[-1]])) if len(filled) else None
