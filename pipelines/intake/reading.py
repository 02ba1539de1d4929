"""From a delivered file to the rows it holds: one UTF-8 working copy, its header, and an independent count of its records.

The count does not come from the CSV reader: it follows the quotes through the bytes, so that a reader that swallows rows is found out. What a column means
belongs to `mapping`; where files come from belongs to `deliveries`.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from pipelines.errors import ClienteleError
from pipelines.warehouse.connection import Connection, identifier, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.intake.sources import FileFormat

_CHUNK_BYTES = 1 << 22
_CHUNK_CHARACTERS = 1 << 21
# One record may be this long before it is refused as unreadable: far above any honest row, far below what would exhaust memory.
_MAX_RECORD_BYTES = 1 << 24
_NEWLINE, _REPLACEMENT = 10, "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class WorkingCopy:
    """A delivery as UTF-8 text with newlines as line ends.

    Attributes:
        path: The copy.
        header: The column names, in the file's order.
        records: Number of records below the header, blank ones not counted.
        blanks: Ordinals (1 = the header) of blank records, ascending.
        is_damaged: Whether bytes did not decode and were replaced by U+FFFD.
    """

    path: Path
    header: tuple[str, ...]
    records: int
    blanks: tuple[int, ...]
    is_damaged: bool


@contextmanager
def open_bytes(path: Path, form: FileFormat) -> Iterator[BinaryIO]:
    """Open a delivered file, decompressed.

    Raises:
        ClienteleError: It cannot be opened, or what it holds is not what its compression says (also when that shows while reading).
    """
    packed = form.compression == "gzip" or (form.compression == "auto" and path.suffix == ".gz")
    try:
        with path.open("rb") as file:
            if packed:
                with gzip.open(file, "rb") as unpacked:
                    yield unpacked  # type: ignore[misc]  # GzipFile reads bytes like any binary stream
            else:
                yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
        message = f"{path}: is not a whole gzip file ({fault}); have it delivered again, or state 'compression: none' in its source."
        raise ClienteleError(message) from fault
    except OSError as fault:
        message = f"{path}: cannot be read ({fault.strerror or fault}); check that the file is whole and may be read."
        raise ClienteleError(message) from fault


def feed_bytes(path: Path, form: FileFormat, consume: Callable[[bytes], object]) -> None:
    """Pass the decompressed bytes of a file on, a chunk at a time."""
    with open_bytes(path, form) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            consume(chunk)


def read_header(path: Path, form: FileFormat) -> tuple[str, ...]:
    """The column names of a delivered file.

    Raises:
        ClienteleError: The file is empty, or two columns have one name (letter case does not tell them apart).
    """
    with open_bytes(path, form) as stream:
        text = io.TextIOWrapper(stream, encoding=_codec(form), errors="replace", newline=None)
        rows = csv.reader(text, **_dialect(form))
        try:
            names = next((row for row in rows if row), None)
        except csv.Error as fault:
            message = f"{path}: the header cannot be read ({fault}); check the delimiter and the quote stated in its source."
            raise ClienteleError(message) from fault
        finally:
            text.detach()
    if names is None:
        message = f"{path}: the file is empty; expected a header line with column names; have it delivered again."
        raise ClienteleError(message)
    header = tuple(name.strip() or f"column {position}" for position, name in enumerate(names, start=1))
    folded = [name.casefold() for name in header]
    for name in header:
        if folded.count(name.casefold()) > 1:
            message = f"{path}: the column '{name}' stands twice in the header; columns are matched by name, so each needs its own."
            raise ClienteleError(message)
    return header


def working_copy(path: Path, form: FileFormat, target: Path) -> WorkingCopy:
    """Write a delivery as UTF-8 text to `target` and count its records on the way.

    Args:
        path: The delivered file.
        form: How it is encoded, compressed and quoted.
        target: Where the copy goes; overwritten.
    """
    header = read_header(path, form)
    counter = _RecordCounter(form.quote)
    damage = _Damage()
    codecs.register_error(damage.name, damage.replace)
    with open_bytes(path, form) as stream, target.open("wb") as copy:
        text = io.TextIOWrapper(stream, encoding=_codec(form), errors=damage.name, newline=None)
        while characters := text.read(_CHUNK_CHARACTERS):
            chunk = characters.encode("utf-8", errors="replace")
            counter.feed(chunk)
            copy.write(chunk)
        text.detach()
    records, blanks = counter.finish()
    leading = sum(1 for position, ordinal in enumerate(blanks, start=1) if ordinal == position)
    return WorkingCopy(path=target, header=header, records=max(records - 1, 0), blanks=blanks[leading:], is_damaged=damage.seen)


def load_rows(sandbox: Connection, copy: WorkingCopy, form: FileFormat) -> None:
    """Read a working copy into the sandbox: table `delivered` (`__row`, then every column as text, blank as null) and table `unreadable` (`__row`, text, rule).

    `__row` is the record's ordinal below the header, blank records not counted; both tables together hold every one of them once.

    Raises:
        ClienteleError: The reader and the independent count disagree.
    """
    columns = ", ".join(f"{quoted(name)}: 'varchar'" for name in copy.header)
    sandbox.execute(
        f"""
        create table scanned as
        select * from read_csv({quoted(str(copy.path))}, auto_detect = false, header = true, delim = {quoted(form.delimiter)}, quote = {quoted(form.quote)},
            escape = {quoted(form.quote)}, columns = {{{columns}}}, nullstr = '', strict_mode = true, null_padding = false, store_rejects = true,
            max_line_size = {_MAX_RECORD_BYTES})
        """
    )
    faults = sandbox.execute("select line, min(error_type), min(csv_line) from reject_errors group by line order by line").fetchall()
    accepted = sandbox.execute("select count(*) from scanned").fetchone()
    read = (accepted[0] if accepted else 0) + len(faults)
    if read != copy.records:
        message = (
            f"the file holds {copy.records} records by its line ends and quotes, but {read} were read; "
            "a quote is probably open or stands for itself: state the right 'quote' in the source ('' when quotes have no meaning)."
        )
        raise ClienteleError(message)
    blanks = np.array(copy.blanks, dtype=np.int64)
    ordinals = [line - 1 - int(np.searchsorted(blanks, line)) for line, _, _ in faults]
    sandbox.execute("create table unreadable (__row bigint, row_text varchar, rule varchar)")
    sandbox.execute("create table shift (first_rank bigint, offset_rows bigint)")
    if faults:
        sandbox.executemany(
            "insert into unreadable values (?, ?, ?)",
            [(o, t.strip("\n"), r.lower().replace(" ", "_")) for o, (_, r, t) in zip(ordinals, faults, strict=True)],
        )
        sandbox.executemany(
            "insert into shift values (?, ?)", [(ordinal - index + 1, index) for index, ordinal in enumerate(ordinals, start=1)]
        )
    cells = ", ".join(f"nullif(trim({identifier(name)}), '') as {identifier(name)}" for name in copy.header)
    position = "scanned.rowid + 1"
    if faults:
        # The reader leaves out what it rejects: each row's ordinal is its rank plus the rejected rows before it.
        position += " + coalesce((select max(offset_rows) from shift where first_rank <= scanned.rowid + 1), 0)"
    sandbox.execute(f"create view delivered as select {position} as __row, {cells} from scanned")


def damaged_rows_condition(header: tuple[str, ...]) -> str:
    """SQL that is true for a row in which some byte did not decode."""
    return " or ".join(f"contains({identifier(name)}, {quoted(_REPLACEMENT)})" for name in header)


class _RecordCounter:
    """Counts records through chunks of bytes: a record ends at a newline outside quotes; an empty one is blank."""

    def __init__(self, quote: str) -> None:
        self._quote = ord(quote) if quote else None
        self._inside = 0
        self._length = 0
        self._ordinal = 0
        self._blanks: list[int] = []

    def feed(self, chunk: bytes) -> None:
        data = np.frombuffer(chunk, dtype=np.uint8)
        ends = data == _NEWLINE
        if self._quote is not None and (self._inside or self._quote in chunk):
            inside = (np.cumsum(data == self._quote, dtype=np.int64) + self._inside) & 1
            ends &= inside == 0
            self._inside = int(inside[-1])
        positions = np.flatnonzero(ends)
        if not len(positions):
            self._length += len(data)
            return
        lengths = np.diff(positions, prepend=-1) - 1
        lengths[0] += self._length
        self._blanks.extend((np.flatnonzero(lengths == 0) + self._ordinal + 1).tolist())
        self._ordinal += len(positions)
        self._length = len(data) - int(positions[-1]) - 1

    def finish(self) -> tuple[int, tuple[int, ...]]:
        """Number of records that are not blank, and the ordinals of the blank ones."""
        total = self._ordinal + (1 if self._length else 0)
        return total - len(self._blanks), tuple(self._blanks)


class _Damage:
    """A decoding error handler that puts U+FFFD and remembers that it had to."""

    def __init__(self) -> None:
        self.name = f"clientele-{id(self)}"
        self.seen = False

    def replace(self, fault: UnicodeError) -> tuple[str, int]:
        if not isinstance(fault, UnicodeDecodeError):
            raise fault
        self.seen = True
        return _REPLACEMENT, fault.end


def _codec(form: FileFormat) -> str:
    """Python's codec; UTF-8 with or without a byte order mark is one."""
    return "utf-8-sig" if form.encoding == "utf-8" else form.encoding


def _dialect(form: FileFormat) -> dict[str, object]:
    quoting = csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE
    return {"delimiter": form.delimiter, "quotechar": form.quote or None, "quoting": quoting, "strict": True}
