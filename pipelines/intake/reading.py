"""From a delivered file to the rows it holds: what it is, how many records it has, and the SQL by which the sandbox reads them.

A kind of file a module of the folder `formats`; each gives the same two things. What a column means belongs to `mapping`; where files come
from belongs to `deliveries`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from pipelines.intake.faults import DeliveryError

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.intake.source_file import FileFormat

# A table has fewer: what exceeds it is a delimiter that is none. DuckDB holds a piece of every column at once.
MAX_COLUMNS = 2_000
# Number of a record in its delivery, from 1.
ROW = "__row"
TEXT = "VARCHAR"

# Given each part of a content as it is read.
Hasher = Callable[[bytes], object]


@dataclass(frozen=True)
class Survey:
    """What a delivery holds, as far as it shows without reading a cell.

    Attributes:
        header: The column names, in the file's order.
        records: Number of its records: rows below the header, unreadable ones among them.
        unreadable: Records that cannot be split into cells: rule and text by ordinal (1 = the first below the header).
        is_damaged: Whether bytes did not decode and were replaced by `encodings.MARK`.
        blanks: What is taken off both ends of a cell: the kinds of blank that occur at all, since looking for each takes time.
        kinds: The cells' types in DuckDB's words, by column; none where all are text.
        is_verbatim: Whether the delivered bytes can be read as they lie, without a working copy.
        shape: How the columns lie in what the sandbox reads, in the reader's own words; empty where the header says it.
        read_as: What it was read as, for people: encoding, format, what was left out above and below the table.
    """

    header: tuple[str, ...]
    records: int
    unreadable: dict[int, tuple[str, str]] = field(default_factory=dict)
    is_damaged: bool = False
    blanks: str = ""
    kinds: tuple[str, ...] = ()
    is_verbatim: bool = False
    shape: str = ""
    read_as: tuple[str, ...] = ()

    def kind(self, column: str) -> str:
        """The type of a column's cells; columns are known whatever their letter case."""
        if not self.kinds:
            return TEXT
        return next(kind for name, kind in zip(self.header, self.kinds, strict=True) if name.casefold() == column.casefold())

    def outline(self) -> Survey:
        """The same without what was set aside, which is read again when the delivery lands."""
        return replace(self, unreadable={})


class Reader(Protocol):
    """One kind of file."""

    def survey(self, path: Path, form: FileFormat, also: Hasher | None = None) -> Survey:
        """Read a delivered file once, from end to end, and say what it holds.

        Args:
            path: The delivered file.
            form: How it is read, as its source says.
            also: Given each part of the content; by the time of any fault but an unreadable file it has had all of it.

        Raises:
            DeliveryError: It cannot be read, is empty, has two columns of one name, or cannot be split into records.
        """

    def prepare(self, path: Path, form: FileFormat, known: Survey, copy: Path) -> Survey:
        """Make `copy` what the sandbox reads: the file itself under another name, or its records without what is none.

        Args:
            path: The archived file.
            form: How it is read.
            known: What `survey` said of it, without what it set aside.
            copy: The file to make.

        Returns:
            The survey, whole.

        Raises:
            DeliveryError: As `survey`.
        """

    def relation(self, copy: Path, form: FileFormat, held: Survey) -> str:
        """SQL for the readable records in their order, a column a column of the header under its own name."""


def reader_of(form: FileFormat) -> Reader:
    """The reader for a kind of file."""
    from pipelines.intake.formats import READERS  # noqa: PLC0415  # the formats are built on this module

    return READERS[form.type]


def column_names(names: list[str], path: Path, what: str = "its header") -> tuple[str, ...]:
    """Delivered column names, checked: each has one, and no two the same.

    Args:
        names: As delivered; an empty one is named by its place.
        path: The delivered file.
        what: Where the names stand, for the message.

    Raises:
        DeliveryError: Two have one name, or one is taken.
    """
    if len(names) > MAX_COLUMNS:
        reason = f"has {len(names)} columns in {what}, where {MAX_COLUMNS} are the most that are read"
        raise DeliveryError(path, reason, "check the delimiter stated in its source, or have fewer columns delivered")
    named = tuple(name or f"column {position}" for position, name in enumerate(names, start=1))
    places = {name.casefold(): position for position, name in reversed(list(enumerate(named, start=1)))}
    for position, name in enumerate(named, start=1):
        if places[name.casefold()] != position:
            # By place and not by name: without a header line it would be somebody's data.
            reason = f"columns {places[name.casefold()]} and {position} of {what} have one name"
            raise DeliveryError(path, reason, "columns are matched by name whatever the letter case, so give each its own")
    if ROW in places:
        raise DeliveryError(path, f"a column of {what} is called '{ROW}', which is taken", "have it delivered under another name")
    return named
