"""Which record type a file looks like, and which delivered column is which of its columns: by their names, and by what stands in them."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.checkup.figures import MissingColumn
from pipelines.checkup.fitting import fit, is_left_for, told_by_values
from pipelines.checkup.names import NEAR, meant, told_by_file
from pipelines.intake.checking import is_demanded
from pipelines.intake.sources import SYSTEM_COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelines.checkup.cells import Cells
    from pipelines.contracts.record_type import Property, RecordType
    from pipelines.intake.sources import Source

# What a type's score is made of: its required columns, the delivered columns that it takes, the file's name.
_REQUIRED, _TAKEN, _NAMED = 2.0, 2.0, 0.12
# What a required column counts that was found by what was left over, and not by its name.
_LEFT_OVER = 0.5
# Taken off where the key is the same in many rows.
_REPEATED = 0.8
# Of a file of which less is understood anything can be said.
_UNDERSTOOD = 1 / 3
# Two types this near to each other are both said.
_CLOSE = 0.4


@dataclass(frozen=True)
class Match:
    """A record type and the delivered columns that fill it.

    Attributes:
        record: The record type.
        columns: Column of the record to delivered column.
        lacking: Required columns that found none.
        score: How well it fits; comparable between types of one file.
        guessed: Columns that were given what was left over.
    """

    record: RecordType
    columns: dict[str, str]
    lacking: tuple[str, ...]
    score: float
    guessed: frozenset[str] = frozenset()

    @property
    def why(self) -> str:
        """In words, for a person."""
        lack = f", nothing found for {' and '.join(self.lacking)}" if self.lacking else ""
        found = len(self.columns) - len(self.guessed)
        return f"{found} column{' matches' if found == 1 else 's match'}{lack}"


def matches(contracts: Mapping[str, RecordType], cells: Mapping[str, Cells], stem: str) -> list[Match]:
    """Every record type with what fills it, the likeliest first.

    Args:
        contracts: Every record type by name.
        cells: What stands in each delivered column.
        stem: The file's name without its endings.
    """
    found = [match(record, cells, stem) for record in contracts.values()]
    return sorted(found, key=lambda one: (-one.score, one.record.name))


def is_doubtful(first: Match, count: int) -> bool:
    """Whether so few of a file's columns tell the type that it may well be another.

    Args:
        first: The likeliest type.
        count: How many columns the file has.
    """
    return len(first.columns) - len(first.guessed) < _UNDERSTOOD * count


def is_close(first: Match, second: Match) -> bool:
    """Whether a person should decide between two types."""
    return first.score - second.score < _CLOSE and not second.lacking


def match(record: RecordType, cells: Mapping[str, Cells], stem: str) -> Match:
    """Give each column of a record the delivered column that most surely means it; none is given twice."""
    scored = sorted(
        (
            (-sureness * fit(item, cells[name]), place, order, item.name, name)
            for order, item in enumerate(record.properties)
            for place, name in enumerate(cells)
            if (sureness := meant(record, item.name, name) or told_by_values(item, cells[name]))
        ),
    )
    columns: dict[str, str] = {}
    total = 0.0
    for score, _, _, column, name in scored:
        if score < 0 and column not in columns and name not in columns.values():
            columns[column] = name
            total -= score
    demanded = [item for item in record.properties if is_demanded(item) and item is not record.sequence]
    has_lines = {"quantity", "unit_price"} <= set(columns)
    guessed = _left_over(
        [item for item in demanded if item.name not in columns and not (item.name == "amount" and has_lines)], columns, cells
    )
    columns |= guessed
    lacking = tuple(item.name for item in demanded if item.name not in columns)
    if record.one_of and not set(record.one_of) & set(columns):
        lacking = (*lacking, record.one_of[0])
    if has_lines:
        # Of lines an amount can be worked out.
        lacking = tuple(name for name in lacking if name != "amount")
    # A type that needs little is not told by it: nearly every record has the number of a customer.
    there = (len(demanded) - len(lacking) - _LEFT_OVER * len(guessed)) / (len(demanded) + 1)
    score = _REQUIRED * there + _TAKEN * total / max(len(cells), 1) + _NAMED * told_by_file(record.name, stem)
    if len(record.key) == 1 and record.key[0].name in columns:
        # A number that returns in many rows is none of their own.
        key = cells[columns[record.key[0].name]]
        score -= _REPEATED * (1 - len(key.distinct) / max(len(key.values), 1))
    in_order = {item.name: columns[item.name] for item in record.properties if item.name in columns}
    return Match(record, in_order, lacking, score, frozenset(guessed))


def _left_over(lacking: Sequence[Property], columns: Mapping[str, str], cells: Mapping[str, Cells]) -> dict[str, str]:
    """Needed columns that no name tells, where one delivered column alone can be it and it can be no other of them."""
    free = [name for name in cells if name not in columns.values()]
    can_be = {item.name: [name for name in free if is_left_for(item, cells[name])] for item in lacking}
    wanted = Counter(name for names in can_be.values() for name in names)
    return {column: names[0] for column, names in can_be.items() if len(names) == 1 and wanted[names[0]] == 1}


def missing_columns(source: Source, header: Sequence[str], contracts: Mapping[str, RecordType]) -> tuple[MissingColumn, ...]:
    """The columns that a source reads and a header lacks, those without which it is refused first."""
    present = {name.casefold() for name in header}
    readers: dict[str, list[tuple[str, str, bool]]] = {}
    for feed in source.feeds:
        for name, expression in feed.columns.items():
            needed = name == SYSTEM_COLUMN or is_demanded(feed.record.property(name))
            for column in expression.columns:
                readers.setdefault(column, []).append((feed.record.name, name, needed))
        for column in feed.where.columns if feed.where is not None else ():
            readers.setdefault(column, []).append((feed.record.name, "where", True))
    unread = [name for name in header if name.casefold() not in {column.casefold() for column in readers}]
    missing = [
        MissingColumn(
            name=column,
            readers=tuple(f"{record}.{name}" for record, name, _ in reading),
            is_needed=any(needed for _, _, needed in reading),
            near=_near(column, reading, header, unread, contracts),
        )
        for column, reading in readers.items()
        if column.casefold() not in present
    ]
    return tuple(sorted(missing, key=lambda item: not item.is_needed))


def _near(
    column: str, reading: Iterable[tuple[str, str, bool]], header: Sequence[str], unread: Sequence[str], contracts: Mapping[str, RecordType]
) -> tuple[str, ...]:
    """Delivered columns that are spelled nearly so, or are usual names of what is read; those that nobody reads come first."""
    folded = {name.casefold(): name for name in [*header, *unread]}
    spelled = [folded[name] for name in difflib.get_close_matches(column.casefold(), list(folded), n=3, cutoff=0.7)]
    alike = [
        name
        for name in unread
        if any(target not in ("where", SYSTEM_COLUMN) and meant(contracts[record], target, name) >= NEAR for record, target, _ in reading)
    ]
    return tuple(dict.fromkeys([name for name in [*alike, *spelled] if name in unread] + spelled))[:3]
