"""CSV and its relatives: text with a header line and a delimiter between the fields.

What is UTF-8 with plain line ends and nothing to leave out is read as it was delivered; everything else as a working copy.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from typing import TYPE_CHECKING

import numpy as np

from pipelines.intake.faults import DeliveryError
from pipelines.intake.formats.beside import beside
from pipelines.intake.formats.encodings import MARK
from pipelines.intake.formats.layout import Layout
from pipelines.intake.formats.records import BUFFER_BYTES, MAX_RECORD_BYTES, RecordSplitter
from pipelines.intake.formats.unpacking import Text
from pipelines.intake.reading import Survey, column_names
from pipelines.warehouse.connection import identifier, quoted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from pipelines.intake.reading import Hasher
    from pipelines.intake.source_file import FileFormat

_CHECK_QUOTES = "check the delimiter and the quote stated in its source ('' where quotes have no meaning)"
# Taken off both ends of a cell beside spaces: what people type for one, and the byte order mark that joined files have in their middle.
RARE_BLANKS = "\t\n\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}\N{ZERO WIDTH NO-BREAK SPACE}"

_SPACE = ord(" ")


class DelimitedText:
    """Reads delimited text."""

    def survey(self, path: Path, form: FileFormat, also: Hasher | None = None) -> Survey:
        """As `Reader.survey`."""
        return _split(path, form, also, lambda _: 0)

    def prepare(self, path: Path, form: FileFormat, known: Survey, copy: Path) -> Survey:
        """As `Reader.prepare`."""
        if known.is_verbatim:
            link(path, copy)
            return known
        with copy.open("wb") as target:
            return _split(path, form, None, target.write)

    def relation(self, copy: Path, form: FileFormat, held: Survey) -> str:
        """As `Reader.relation`."""
        return fields(copy, held, form.delimiter, form.quote, skip=int(held.is_verbatim))


def fields(copy: Path, held: Survey, delimiter: str, quote: str, skip: int = 0) -> str:
    """SQL for the fields of a delimited text, blanks around them taken off."""
    # Columns are numbered for the reader: a delivered name such as `rowid` would hide DuckDB's own.
    cells = [f"c{position}" for position in range(len(held.header))]
    kinds = ", ".join(f"'{cell}': 'varchar'" for cell in cells)
    names = ", ".join(f"{trimmed(cell, held)} as {identifier(name)}" for cell, name in zip(cells, held.header, strict=True))
    return f"""
        select {names}
        from read_csv(
            {quoted(str(copy))}, auto_detect = false, header = false, skip = {skip}, delim = {quoted(delimiter)},
            quote = {quoted(quote)}, escape = {quoted(quote)}, columns = {{{kinds}}}, nullstr = '', strict_mode = true,
            null_padding = false, max_line_size = {MAX_RECORD_BYTES}, buffer_size = {BUFFER_BYTES}
        )
    """


def link(path: Path, copy: Path) -> None:
    """Give a file a second name; where the disk has none to give, a copy."""
    try:
        os.link(path, copy)
    except OSError:
        shutil.copyfile(path, copy)


def refuse_doubt(text: Text, records: int, path: Path) -> None:
    """Refuse a text that was read as UTF-8 for want of a statement, and seems to be none.

    Raises:
        DeliveryError: With the encodings that decode it.
    """
    doubt = text.doubt.finding(records) if text.doubt is not None else None
    if doubt is not None:
        raise DeliveryError(path, doubt, "state its encoding in the format of its source; 'utf-8' sets damaged rows aside")


def trimmed(cell: str, held: Survey) -> str:
    """SQL for a cell without the blanks around it, null where nothing is left."""
    if not held.blanks:
        return cell
    ends = f", {quoted(held.blanks)}" if held.blanks != " " else ""
    # Most cells have no blank at either end, which is found out in a fifth of the time: trimming goes through each character.
    begins_well = f"unicode({cell}) > 32" + (f" and length({cell}) = strlen({cell})" if ends else "")
    ends_well = "".join(f" and not suffix({cell}, {quoted(sign)})" for sign in held.blanks if sign.isascii())
    return f"case when {begins_well}{ends_well} then {cell} else nullif(trim({cell}{ends}), '') end"


class Signs:
    """Which rare signs a text holds: the mark of damaged bytes, and blanks that are to be taken off."""

    def __init__(self, delimiter: str, quote: str) -> None:
        self._sought = {sign: sign.encode() for sign in (MARK, *RARE_BLANKS) if sign not in (delimiter, "\n")}
        # Beside which a space stands at the end of a cell.
        self._borders = np.zeros(256, dtype=bool)
        self._borders[[ord(sign) for sign in ("\n", delimiter, quote) if sign]] = True
        self._met: set[str] = set()
        self._last = b"\n"

    def look(self, chunk: bytes) -> None:
        """Take in a part of the text."""
        if " " not in self._met and self._has_outer_space(chunk):
            self._met.add(" ")
        self._last = chunk[-1:] or self._last
        is_ascii, data = chunk.isascii(), np.frombuffer(chunk, dtype=np.uint8)
        for sign, code in self._sought.items():
            if sign not in self._met and not (is_ascii and len(code) > 1) and _holds(data, code):
                self._met.add(sign)

    def _has_outer_space(self, chunk: bytes) -> bool:
        # What the next part begins with is not known: a space at the very end counts as an outer one when that part is looked at.
        data = np.frombuffer(self._last + chunk, dtype=np.uint8)
        spaces = np.flatnonzero(data == _SPACE)
        before, after = data[spaces[spaces > 0] - 1], data[spaces[spaces < len(data) - 1] + 1]
        return bool(self._borders[before].any() or self._borders[after].any())

    @property
    def is_damaged(self) -> bool:
        """Whether bytes did not decode."""
        return MARK in self._met

    def blanks(self, *, spans_lines: bool) -> str:
        """What is to be taken off both ends of a cell."""
        if self._last == b" ":
            self._met.add(" ")
        met = self._met - {MARK} | ({"\n"} if spans_lines else set())
        return " " + "".join(sorted(met - {" "})) if met else ""


def _holds(data: NDArray[np.uint8], code: bytes) -> bool:
    """Whether a text holds a sign; numpy looks for it without keeping other threads waiting, which `in` does."""
    places = np.flatnonzero(data[: len(data) - len(code) + 1] == code[0])
    for offset, byte in enumerate(code[1:], start=1):
        places = places[data[places + offset] == byte]
    return bool(len(places))


def _split(path: Path, form: FileFormat, also: Hasher | None, write: Callable[[bytes], object]) -> Survey:
    splitter = RecordSplitter(Layout(form.delimiter, form.quote, title_lines=form.title_lines, comment=form.comment, totals=form.totals))
    signs = Signs(form.delimiter, form.quote)
    with beside() as other:
        text = Text(path, form, (lambda chunk: other.do(also, chunk)) if also is not None else None)
        for part in text.parts():
            other.do(signs.look, part)
            write(splitter.feed(part))
        write(splitter.finish())
        other.done()
    refuse_doubt(text, splitter.records, path)
    if splitter.fault is not None:
        raise DeliveryError(path, splitter.fault, _CHECK_QUOTES)
    if splitter.header is None:
        raise DeliveryError(path, "the file is empty where a header line with column names was expected", "have it delivered again")
    return Survey(
        header=_header(splitter.header.decode(), form, path),
        records=splitter.records,
        unreadable={ordinal: (rule, record.decode()) for ordinal, (rule, record) in splitter.broken.items()},
        is_damaged=signs.is_damaged,
        blanks=signs.blanks(spans_lines=splitter.spans_lines),
        is_verbatim=text.is_verbatim and not (splitter.has_gaps or form.title_lines or signs.is_damaged) and b"\n" not in splitter.header,
        read_as=_read_as(text.codec, form, splitter),
    )


def _read_as(codec: str, form: FileFormat, splitter: RecordSplitter) -> tuple[str, ...]:
    said = [codec.removesuffix("-sig"), "fields parted by " + {"\t": "tabs"}.get(form.delimiter, f"'{form.delimiter}'")]
    said += [f"{form.title_lines} lines above the header"] if form.title_lines else []
    said += ["a totals line below"] if splitter.totals is not None else []
    return tuple(said)


def _header(line: str, form: FileFormat, path: Path) -> tuple[str, ...]:
    lines = io.StringIO(line, newline="")
    try:
        if form.quote:
            cells = next(csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, skipinitialspace=True))
        else:
            cells = next(csv.reader(lines, delimiter=form.delimiter, quoting=csv.QUOTE_NONE))
    except csv.Error as fault:
        advice = "check that it is a CSV file, and its format in the source"
        raise DeliveryError(path, f"its first line is no header ({fault})", advice) from fault
    return column_names([name.strip(" " + RARE_BLANKS) for name in cells], path)
