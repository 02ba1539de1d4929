"""Where one record of a delivered text ends and the next begins: decided apart from the reader, so that a loss of rows is found out.

A record ends at a newline outside quotes. A quote opens a field only where the field begins (one space before it is forgiven) and stands
for itself anywhere else, as DuckDB reads it. What follows a closing quote must be the next field: a record in which something else follows
is set aside, since DuckDB makes rows of its own from some of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Longer than any honest record: what exceeds it is a quote left open, or no text at all. DuckDB is told the same limit.
MAX_RECORD_BYTES = 1 << 24
# More records than this with broken quotes say that the source states the wrong quote.
_MAX_BROKEN = 100_000
_NEWLINE = ord("\n")


class RecordSplitter:
    """Splits UTF-8 text, handed over in chunks, into records.

    Attributes:
        header: The first record, without its newline; None until it has been seen whole.
        records: Number of records after the header, blank ones not counted.
        broken: Records whose quotes are broken, by their ordinal (1 = the first after the header).
        spans_lines: Whether some cell holds a newline.
        fault: What keeps the text from being split, or None.
    """

    def __init__(self, delimiter: str, quote: str) -> None:
        self.header: bytes | None = None
        self.records = 0
        self.broken: dict[int, bytes] = {}
        self.spans_lines = False
        self.fault: str | None = None
        self._quote = quote.encode()
        self._before = tuple(map(ord, (delimiter, "\n", quote))) if quote else ()
        # Without a quote neither is ever looked for.
        sign, between = re.escape(quote.encode() or b'"'), re.escape(delimiter.encode())
        self._quoted_field = re.compile(rb"(?:\A|(?<=[\nD])) ?Q[^Q]*(?:QQ[^Q]*)*(Q|\Z)".replace(b"D", between).replace(b"Q", sign))
        self._field_end = re.compile(rb" *(?:[\nD]|\Z)".replace(b"D", between))
        self._tail = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next part of the text.

        Args:
            chunk: UTF-8 text with newlines as line ends.

        Returns:
            The records completed by it, each with its newline, without the header, blank and broken ones.
        """
        if self.fault is not None:
            return b""
        text = self._tail + chunk if self._tail else chunk
        data = np.frombuffer(text, dtype=np.uint8)
        ends, broken, _ = self._ends(text, data)
        length = int(ends[-1]) + 1 if len(ends) else 0
        self._tail = text[length:]
        if len(self._tail) > MAX_RECORD_BYTES:
            self._refuse()
            return b""
        return self._completed(text[:length], data[:length], ends, broken)

    def finish(self) -> bytes:
        """Take the end of the text: what is left is a record without a newline.

        Returns:
            That record with a newline, or nothing.
        """
        if self.fault is not None or not self._tail:
            return b""
        text = self._tail + b"\n"
        data = np.frombuffer(text, dtype=np.uint8)
        ends, broken, is_open = self._ends(text, data)
        if is_open:
            self._refuse()
            return b""
        return self._completed(text, data, ends, broken)

    def _refuse(self) -> None:
        place = f"in record {self.records + 1}" if self.header is not None else "in the header"
        self.fault = f"a quote is opened {place} and not closed" if self._quote and self._quote in self._tail else f"no line ends {place}"

    def _ends(self, text: bytes, data: NDArray[np.uint8]) -> tuple[NDArray[np.int64], list[int], bool]:
        """Split a text that begins where a record does.

        Returns:
            Positions of the newlines that end a record, a position in each broken record, and whether the text ends inside quotes.
        """
        newlines = data == _NEWLINE
        if not self._quote or self._quote not in text:
            return np.flatnonzero(newlines), [], False
        quotes = np.flatnonzero(data == self._quote[0])
        opening, closing = quotes[::2], quotes[1::2]
        around = np.concatenate((data[opening[opening > 0] - 1], data[closing[closing < len(data) - 1] + 1]))
        if np.isin(around, self._before).all():
            # Every other quote opens, where a field begins or as the second of a doubled one, and the rest close: then counting is enough.
            inside = np.zeros(len(data), dtype=np.int8)
            inside[quotes] = 1
            newlines &= (np.cumsum(inside, dtype=np.int32) & 1) == 0
            return np.flatnonzero(newlines), [], len(quotes) % 2 == 1
        return self._ends_by_field(text, newlines)

    def _ends_by_field(self, text: bytes, newlines: NDArray[np.bool_]) -> tuple[NDArray[np.int64], list[int], bool]:
        """The same, one quoted field after the other."""
        broken: list[int] = []
        position = 0
        while field := self._quoted_field.search(text, position):
            position = field.end()
            newlines[field.start() : position] = False
            if not field[1]:
                return np.flatnonzero(newlines), broken, True
            if self._field_end.match(text, position) is None:
                # Its quotes say nothing any more: the record ends with the line, so that one stray quote does not take others with it.
                broken.append(field.start())
                position = text.find(b"\n", position)
                if position < 0:
                    break
        return np.flatnonzero(newlines), broken, False

    def _completed(self, text: bytes, data: NDArray[np.uint8], ends: NDArray[np.int64], broken: list[int]) -> bytes:
        """Count whole records; leave out blank and broken ones and, once, the header."""
        starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1))[: len(ends)]
        filled = ends > starts
        kept = filled.copy()
        ordinals = np.cumsum(filled) + self.records
        if self.header is None and filled.any():
            first = int(np.argmax(filled))
            self.header = text[starts[first] : ends[first]]
            kept[first] = False
            ordinals -= 1
        for index in np.searchsorted(ends, broken):
            if index < len(ends) and ordinals[index] > 0:
                kept[index] = False
                self.broken[int(ordinals[index])] = text[starts[index] : ends[index]]
        if len(ends):
            self.records = int(ordinals[-1])
            self.spans_lines = self.spans_lines or text.count(b"\n") > len(ends)
        if len(self.broken) > _MAX_BROKEN:
            self.fault = f"quotes are broken in {len(self.broken)} of the first {self.records} records"
        if kept.all():
            return text
        return data[np.repeat(kept, ends + 1 - starts)].tobytes()
