"""Fixed width: each field of a line stands at a stated place, counted in characters or, as mainframes do, in bytes of its encoding.

The sandbox gets the lines whole, and cuts them. Where bytes are counted, a filler stands behind each character for the bytes that it has
beyond the first, so that places are the same in both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from pipelines.intake.faults import DeliveryError
from pipelines.intake.formats.delimited import Signs, refuse_doubt, trimmed
from pipelines.intake.formats.encodings import MARK
from pipelines.intake.formats.layout import Layout
from pipelines.intake.formats.records import MAX_RECORD_BYTES, RecordSplitter
from pipelines.intake.formats.unpacking import Text
from pipelines.intake.reading import Survey, column_names
from pipelines.intake.rules import ENCODING, FEWER_FIELDS, MORE_FIELDS
from pipelines.warehouse.connection import identifier, quoted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.intake.reading import Hasher
    from pipelines.intake.source_file import FileFormat

# Two signs that Unicode keeps for a program's own use and that are never text: where a delivery has them all the same, a byte is damaged.
_FILLER, _NO_DELIMITER = "\ufdd2", "\ufdd1"
# More lines than this of another length say that the source states the wrong places.
_MAX_BROKEN = 100_000


class FixedWidth:
    """Reads lines of fields of fixed width."""

    def survey(self, path: Path, form: FileFormat, also: Hasher | None = None) -> Survey:
        """As `Reader.survey`."""
        return _Pass(path, form).run(also, lambda _: 0)

    def prepare(self, path: Path, form: FileFormat, known: Survey, copy: Path) -> Survey:  # noqa: ARG002  # asked for by `Reader`
        """As `Reader.prepare`."""
        with copy.open("wb") as target:
            return _Pass(path, form).run(None, target.write)

    def relation(self, copy: Path, form: FileFormat, held: Survey) -> str:
        """As `Reader.relation`."""
        places, cells = [], []
        for number, (name, place) in enumerate(zip(held.header, form.fields.values(), strict=True)):
            cut = f"substring(line, {place.start}, {place.width})"
            places.append((f"replace({cut}, {quoted(_FILLER)}, '')" if held.shape == _FILLER else cut) + f" as c{number}")
            cells.append(f"{trimmed(f'c{number}', held)} as {identifier(name)}")
        return f"""
            select {", ".join(cells)}
            from (select {", ".join(places)}
            from read_csv(
                {quoted(str(copy))}, auto_detect = false, header = false, delim = {quoted(_NO_DELIMITER)}, quote = '', escape = '',
                columns = {{'line': 'varchar'}}, nullstr = '', max_line_size = {MAX_RECORD_BYTES}
            ))
        """


class _Pass:
    """One reading of a file from end to end."""

    def __init__(self, path: Path, form: FileFormat) -> None:
        self._path, self._form = path, form
        self._width = max(place.start + place.width - 1 for place in form.fields.values())
        self._unreadable: dict[int, tuple[str, str]] = {}
        self._has_fillers = False
        # A character whose bytes are shared out between two fields: the places are not those of this line.
        inner = sorted({place.start - 1 for place in form.fields.values()} - {0})
        self._cut = re.compile("|".join(f".{{{begin}}}{_FILLER}" for begin in inner) or "(?!)")

    def run(self, also: Hasher | None, write: Callable[[bytes], object]) -> Survey:
        """Read it."""
        form = self._form
        splitter = RecordSplitter(Layout("", "", has_header=False, title_lines=form.title_lines, comment=form.comment, totals=form.totals))
        text, signs, seen, codec_fault = Text(self._path, form, also), Signs(" ", ""), 0, False
        for part in text.parts():
            if text.codec.startswith("utf-16") and form.measured_in == "bytes":
                codec_fault = True
                continue
            signs.look(part)
            lines = splitter.feed(part)
            write(self._taken(lines, seen, text.codec))
            seen = splitter.records
        if codec_fault:
            raise DeliveryError(self._path, "is UTF-16, whose lines are not measured in bytes", "state 'measured_in: characters'")
        write(self._taken(splitter.finish(), seen, text.codec))
        refuse_doubt(text, splitter.records, self._path)
        if splitter.fault is not None or len(self._unreadable) > _MAX_BROKEN:
            fault = splitter.fault or f"{len(self._unreadable)} of its {splitter.records} lines have another length than its fields"
            raise DeliveryError(self._path, fault, "check the places of the fields in its source")
        return Survey(
            header=column_names(list(form.fields), self._path, "its fields"),
            records=splitter.records,
            unreadable=self._unreadable,
            is_damaged=signs.is_damaged,
            blanks=signs.blanks(spans_lines=False) or " ",
            read_as=(
                text.codec.removesuffix("-sig"),
                f"fields by their place in {form.measured_in}",
                *([f"{form.title_lines} lines above"] if form.title_lines else []),
                *(["a totals line below"] if splitter.totals is not None else []),
            ),
            shape=_FILLER if self._has_fillers else "",
        )

    def _taken(self, lines: bytes, before: int, codec: str) -> bytes:
        """Whole lines as they are cut: those of another length left out, each of the others as long as its fields."""
        if not lines:
            return b""
        if lines.isascii():
            data = np.frombuffer(lines, dtype=np.uint8)
            ends = np.flatnonzero(data == ord("\n"))
            if (np.diff(ends, prepend=-1) - 1 == self._width).all():
                return lines
        # The splitter leaves nothing out but comments and blank lines, which have no number: its lines are numbered one by one.
        kept = []
        for ordinal, line in enumerate(lines.decode().split("\n")[:-1], start=before + 1):
            placed = line if line.isascii() or self._form.measured_in == "characters" else self._filled(line, codec)
            rule = self._rule(placed)
            if rule is None:
                kept.append(placed[: self._width] + "\n")
            else:
                self._unreadable[ordinal] = rule, line
        return "".join(kept).encode()

    def _rule(self, line: str) -> str | None:
        if len(line) < self._width and self._form.padding == "kept":
            return FEWER_FIELDS
        if len(line) > self._width and line[self._width :].strip(" " + _FILLER):
            return MORE_FIELDS
        return ENCODING if _NO_DELIMITER in line or (self._has_fillers and self._cut.match(line)) else None

    def _filled(self, line: str, codec: str) -> str:
        """A line with a filler for each byte that a character has beyond its first."""
        self._has_fillers = True
        name = {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(codec, codec)
        # What did not decode was one byte.
        return "".join(
            sign if sign.isascii() or sign == MARK else sign + _FILLER * (len(sign.encode(name)) - 1)
            for sign in line.replace(_FILLER, MARK)
        )
