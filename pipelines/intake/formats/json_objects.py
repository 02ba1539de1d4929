"""JSON: an object a line, or one array of objects. The keys are the columns; those of an object within an object follow it after a point.

A line that is no object, or has a key twice, is unreadable by itself. Arrays stay JSON text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipelines.intake.faults import DeliveryError
from pipelines.intake.formats.delimited import RARE_BLANKS, link, refuse_doubt, trimmed
from pipelines.intake.formats.encodings import MARK
from pipelines.intake.formats.json_keys import Keys, Shapes
from pipelines.intake.formats.json_text import ArrayLines, has_fractions, has_outer_blanks, with_exact_numbers
from pipelines.intake.formats.records import MAX_RECORD_BYTES
from pipelines.intake.formats.unpacking import Text
from pipelines.intake.reading import Survey, column_names
from pipelines.intake.rules import NOT_JSON
from pipelines.warehouse.connection import identifier, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.intake.reading import Hasher
    from pipelines.intake.source_file import FileFormat

_ADVICE = "have it delivered again as one object a line or one array of objects"
_HEAD_BYTES = 64
# Begins the shape of a file whose every line is an object. Blank lines make DuckDB stumble where they fall between two of its threads.
_FLAWLESS = "flawless "
_ESCAPED_BLANK = re.compile(rb"\\(?:[nt]|u(?:00[aA]0|3000|[fF][eE][fF][fF]|0020|0009|000[aA]))")
# More lines than this that are none say that it is another kind of file.
_MAX_BROKEN = 100_000
_NEWLINE = ord("\n")
# A part of the text that is looked at together: small ones would cost more in calls than in reading.
_PART_BYTES = 1 << 23


class JsonObjects:
    """Reads JSON lines and arrays."""

    def survey(self, path: Path, form: FileFormat, also: Hasher | None = None) -> Survey:
        """As `Reader.survey`."""
        return _Pass(path, form, None).run(also)

    def prepare(self, path: Path, form: FileFormat, known: Survey, copy: Path) -> Survey:
        """As `Reader.prepare`."""
        if known.is_verbatim:
            link(path, copy)
            return known
        with copy.open("wb") as target:
            if not known.shape.startswith(_FLAWLESS):
                return _Pass(path, form, target.write).run(None)
            # Every line is an object with known keys: there is nothing left to find out.
            for lines in _parts(Text(path, form), path):
                target.write(with_exact_numbers(lines))
        return known

    def relation(self, copy: Path, form: FileFormat, held: Survey) -> str:  # noqa: ARG002  # asked for by `Reader`
        """As `Reader.relation`."""
        keys = Keys.read(held.shape.removeprefix(_FLAWLESS))
        kinds = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in keys.kinds())
        cells = ", ".join(f"{trimmed(cell, held)} as {identifier(name)}" for name, cell in zip(held.header, keys.cells(), strict=True))
        return f"""
            select {cells}
            from read_json(
                {quoted(str(copy))}, format = 'newline_delimited', records = 'true', columns = {{{kinds}}},
                maximum_object_size = {MAX_RECORD_BYTES}, compression = 'uncompressed', hive_partitioning = false
            )
        """


def _parts(text: Text, path: Path) -> Iterator[bytes]:
    """The text as whole lines, an element of an array a line; blank ones among them.

    Raises:
        DeliveryError: Once all of it is read: a line has no end, or an array is cut off.
    """
    array, has_begun, tail, records, fault = None, False, b"", 0, None
    for part in text.parts():
        if not has_begun and part.strip():
            has_begun, array = True, ArrayLines() if part.lstrip().startswith(b"[") else None
        if fault is None:
            tail += array.feed(part) if array is not None else part
            fault = array.fault if array is not None else None
        if len(tail) >= _PART_BYTES and fault is None:
            cut = tail.rfind(b"\n") + 1
            if cut:
                yield tail[:cut]
                records += tail.count(b"\n", 0, cut)
            tail = tail[cut:]
            if len(tail) > MAX_RECORD_BYTES:
                fault, tail = f"no line ends in record {records + 1}", b""
    if fault is None and tail:
        yield tail if tail.endswith(b"\n") else tail + b"\n"
    if array is not None and fault is None:
        array.finish()
        fault = array.fault
    if fault is not None:
        raise DeliveryError(path, fault, _ADVICE)


class _Pass:
    """One reading of a file from end to end."""

    def __init__(self, path: Path, form: FileFormat, write: Callable[[bytes], object] | None) -> None:
        self._path, self._form, self._write = path, form, write
        self._records = 0
        self._unreadable: dict[int, tuple[str, str]] = {}
        self._is_changed = False
        self._has_blank_lines = False
        self._sought = {sign: sign.encode() for sign in (MARK, *RARE_BLANKS) if sign != "\n"}
        self._met: set[str] = set()
        self._fault: str | None = None

    def run(self, also: Hasher | None) -> Survey:
        """Read it."""
        text = Text(self._path, self._form, also)
        with Shapes() as shapes:
            try:
                for lines in _parts(text, self._path):
                    if self._fault is None:
                        self._take(lines, shapes)
            except DeliveryError:
                # Of two faults the encoding comes first: it may be the cause of the other.
                refuse_doubt(text, self._records, self._path)
                raise
            return self._said(text, shapes)

    def _take(self, lines: bytes, shapes: Shapes) -> None:
        """Take in whole lines."""
        data = np.frombuffer(lines, dtype=np.uint8)
        ends = np.flatnonzero(data == _NEWLINE)
        starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1))
        firsts = data[starts].copy()
        for index in np.flatnonzero((firsts == ord(" ")) | (firsts == ord("\t"))).tolist():
            firsts[index] = (lines[starts[index] : ends[index]].lstrip(b" \t") or b"\n")[0]
        records = np.flatnonzero(firsts != _NEWLINE)
        objects = np.flatnonzero(firsts == ord("{"))
        self._has_blank_lines = self._has_blank_lines or len(records) < len(ends)
        offsets = pa.py_buffer(np.append(starts, len(lines)).astype(np.int32).tobytes())
        whole = pa.StringArray.from_buffers(len(ends), offsets, pa.py_buffer(lines))
        # A brace in a text may pass for an object: then more is looked at than was needed.
        may_nest = lines.count(b"{") > len(objects)
        broken = shapes.take(whole if len(objects) == len(ends) else whole.take(pa.array(objects)), may_nest=may_nest)
        kept = np.zeros(len(ends), dtype=bool)
        kept[np.delete(objects, broken)] = True
        ordinals = self._records + 1 + np.arange(len(records))
        for index, ordinal in zip(records.tolist(), ordinals.tolist(), strict=True) if kept.sum() < len(records) else ():
            if not kept[index]:
                self._unreadable[ordinal] = NOT_JSON, lines[starts[index] : ends[index]].decode().strip()
        self._records += len(records)
        if len(self._unreadable) > _MAX_BROKEN:
            self._fault = f"{len(self._unreadable)} of its first {self._records} lines are no JSON objects"
        self._fault = self._fault or shapes.fault
        if self._fault is None:
            self._keep(lines if kept.all() else data[np.repeat(kept, ends + 1 - starts)].tobytes())

    def _keep(self, lines: bytes) -> None:
        self._met |= set(RARE_BLANKS) if b"\\" in lines and _ESCAPED_BLANK.search(lines) else set()
        is_ascii = lines.isascii()
        self._met |= {sign for sign, code in self._sought.items() if not (is_ascii and len(code) > 1) and code in lines}
        self._met |= {" "} if " " not in self._met and has_outer_blanks(lines) else set()
        if self._write is not None:
            self._write(with_exact_numbers(lines))
        else:
            self._is_changed = self._is_changed or has_fractions(lines)

    def _said(self, text: Text, shapes: Shapes) -> Survey:
        refuse_doubt(text, self._records, self._path)
        if self._fault is not None:
            raise DeliveryError(self._path, self._fault, _ADVICE)
        if not shapes.keys.keys:
            found = "none of its lines is a JSON object" if self._records else "it holds no object, whose keys would be its columns"
            raise DeliveryError(self._path, found, "have it delivered again, or correct the format in its source")
        with self._path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        # What is read as it lies begins with an object, at once.
        is_plain = text.is_verbatim and head.lstrip()[:1] == b"{"
        is_flawless = not (self._unreadable or self._has_blank_lines or MARK in self._met)
        return Survey(
            header=column_names(shapes.keys.columns(), self._path, "its keys"),
            records=self._records,
            unreadable=self._unreadable,
            is_damaged=MARK in self._met,
            blanks=" " + "".join(sorted(self._met - {MARK, " "})) if self._met - {MARK} else "",
            is_verbatim=is_plain and is_flawless and not self._is_changed,
            read_as=(text.codec.removesuffix("-sig"), "JSON objects"),
            shape=(_FLAWLESS if is_flawless else "") + shapes.keys.written(),
        )
