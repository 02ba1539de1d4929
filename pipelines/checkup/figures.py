"""What is said of a checked file. All that stands here may be shown: personal values have been reduced to their shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class FileFigures:
    """What the file is.

    Attributes:
        path: Where it lies.
        size: In bytes, as delivered.
        packing: How it is compressed; empty where it is not.
        kind: What kind of file it is.
        read_as: What it was read as: encoding, delimiter, what was left out above and below the table.
        columns: The delivered columns as they may be shown; none where it could not be read.
        rows: How many records it has.
        unreadable: How many of them cannot be split into cells.
        has_header: Whether its first record looks like names of columns.
    """

    path: Path
    size: int
    packing: str
    kind: str
    read_as: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: int | None = None
    unreadable: int = 0
    has_header: bool = True


@dataclass(frozen=True)
class ColumnFigures:
    """A column of a record and what fills it.

    Attributes:
        record_type: The record type.
        name: The record's column.
        reads: The delivered column or the expression.
        kind: The type that it is read as.
        is_required: Whether a row must have it.
        null_share: Share of rows in which it is empty; None where no row could be mapped.
        examples: A few values.
    """

    record_type: str
    name: str
    reads: str
    kind: str
    is_required: bool
    null_share: float | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class MissingColumn:
    """A column that a source reads and the file lacks.

    Attributes:
        name: As the source has it.
        readers: The record columns that read it, such as `invoices.due_at`.
        is_needed: Whether the delivery is refused without it.
        near: Delivered columns that it may be.
    """

    name: str
    readers: tuple[str, ...]
    is_needed: bool
    near: tuple[str, ...]


@dataclass(frozen=True)
class FaultFigures:
    """A rule that rows break.

    Attributes:
        record_type: The record type.
        column: The record's column; None for the row as a whole.
        rule: The rule.
        rows: How many rows break it.
        examples: Row number and what was delivered (None for the row as a whole) of the first few.
    """

    record_type: str
    column: str | None
    rule: str
    rows: int
    examples: tuple[tuple[int, str | None], ...]


@dataclass(frozen=True)
class LedgerFigures:
    """The line that the ledger would have for one record type."""

    record_type: str
    status: str
    reason: str | None
    rows_in: int
    rows_landed: int
    rows_duplicate: int
    rows_excluded: int
    rows_quarantined: int
    records: int


@dataclass(frozen=True)
class Checkup:
    """All that is said of a file.

    Attributes:
        file: What it is.
        source_name: The source that it was read with.
        columns: What fills each column of each record type.
        missing: Columns that the source reads and the file lacks.
        new: Delivered columns that no feed reads.
        faults: The rules that its rows break, those of most rows first.
        ledger: What the ledger would say, a line a record type.
        notes: What else a person should know, a sentence each.
        refusal: Why it would not be taken in at all, or None.
    """

    file: FileFigures
    source_name: str
    columns: tuple[ColumnFigures, ...] = ()
    missing: tuple[MissingColumn, ...] = ()
    new: tuple[str, ...] = ()
    faults: tuple[FaultFigures, ...] = ()
    ledger: tuple[LedgerFigures, ...] = ()
    notes: tuple[str, ...] = field(default=())
    refusal: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether the same content was delivered before."""
        return bool(self.ledger) and all(line.status == "skipped" for line in self.ledger)

    @property
    def objection(self) -> str | None:
        """Why it would not land whole, in one sentence; None where it would."""
        if self.refusal is not None:
            return self.refusal
        reasons = []
        for status, why in dict.fromkeys((line.status, line.reason) for line in self.ledger if line.status != "landed"):
            who = [line.record_type for line in self.ledger if (line.status, line.reason) == (status, why)]
            reasons.append(f"{_listed(who)} would be {status} ({why})")
        broken = [f"{_rows(line.rows_quarantined)} of {line.record_type}" for line in self.ledger if line.rows_quarantined]
        if broken:
            reasons.append(f"{_listed(broken)} would go to quarantine")
        if self.missing:
            reasons.append("the file lacks " + _listed([f"'{item.name}'" for item in self.missing]))
        if not reasons and not any(line.rows_in for line in self.ledger):
            reasons.append("it holds no row")
        return f"{'; '.join(dict.fromkeys(reasons))}." if reasons else None


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
