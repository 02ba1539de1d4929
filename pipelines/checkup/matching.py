"""Which record type a file looks like, and which delivered column is which of its columns: by their names, and by what stands in them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.checkup.figures import MissingColumn
from pipelines.checkup.names import NEAR, meant, meant_value, told_by_file
from pipelines.intake.checking import is_demanded
from pipelines.intake.sources import SYSTEM_COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelines.checkup.cells import Cells
    from pipelines.contracts.record_type import Property, RecordType
    from pipelines.intake.sources import Source

# What a type's score is made of: its required columns, the delivered columns that it takes, the file's name.
_REQUIRED, _TAKEN, _NAMED = 2.0, 1.0, 0.12
# Taken off where the key is the same in many rows.
_REPEATED = 0.8
# A column of another type than its values.
_UNFIT, _MOSTLY = 0.0, 0.5
# Two types this near to each other are both said.
_CLOSE = 0.3


@dataclass(frozen=True)
class Match:
    """A record type and the delivered columns that fill it.

    Attributes:
        record: The record type.
        columns: Column of the record to delivered column.
        lacking: Required columns that found none.
        score: How well it fits; comparable between types of one file.
    """

    record: RecordType
    columns: dict[str, str]
    lacking: tuple[str, ...]
    score: float

    @property
    def why(self) -> str:
        """In words, for a person."""
        lack = f", nothing found for {' and '.join(self.lacking)}" if self.lacking else ""
        return f"{len(self.columns)} columns match{lack}"


def matches(contracts: Mapping[str, RecordType], cells: Mapping[str, Cells], stem: str) -> list[Match]:
    """Every record type with what fills it, the likeliest first.

    Args:
        contracts: Every record type by name.
        cells: What stands in each delivered column.
        stem: The file's name without its endings.
    """
    found = [match(record, cells, stem) for record in contracts.values()]
    return sorted(found, key=lambda one: (-one.score, one.record.name))


def is_close(first: Match, second: Match) -> bool:
    """Whether a person should decide between two types."""
    return first.score - second.score < _CLOSE and not second.lacking


def match(record: RecordType, cells: Mapping[str, Cells], stem: str) -> Match:
    """Give each column of a record the delivered column that most surely means it; none is given twice."""
    scored = sorted(
        (
            (-sureness * _fit(item, cells[name]), place, order, item.name, name)
            for order, item in enumerate(record.properties)
            for place, name in enumerate(cells)
            if (sureness := meant(record, item.name, name))
        ),
    )
    columns: dict[str, str] = {}
    total = 0.0
    for score, _, _, column, name in scored:
        if score < 0 and column not in columns and name not in columns.values():
            columns[column] = name
            total -= score
    demanded = [item.name for item in record.properties if is_demanded(item) and item is not record.sequence]
    lacking = tuple(name for name in demanded if name not in columns)
    if record.one_of and not set(record.one_of) & set(columns):
        lacking = (*lacking, record.one_of[0])
    if {"quantity", "unit_price"} <= set(columns):
        # Of lines an amount can be worked out.
        lacking = tuple(name for name in lacking if name != "amount")
    there = 1 - len(lacking) / max(len(demanded), 1)
    score = _REQUIRED * there + _TAKEN * total / max(len(cells), 1) + _NAMED * told_by_file(record.name, stem)
    if len(record.key) == 1 and record.key[0].name in columns:
        # A number that returns in many rows is none of their own.
        key = cells[columns[record.key[0].name]]
        score -= _REPEATED * (1 - len(key.distinct) / max(len(key.values), 1))
    return Match(record, {item.name: columns[item.name] for item in record.properties if item.name in columns}, lacking, score)


def _fit(item: Property, cells: Cells) -> float:
    """How well a column's values are of the type: 1 where all are, or nothing is known."""
    if not cells.values:
        return 0.9
    if item.logical_type in ("number", "integer"):
        share = cells.share_of_numbers
    elif item.logical_type in ("date", "timestamp"):
        share = cells.share_of_times
    elif item.logical_type == "boolean":
        share = sum(meant_value("yes_no", value, ("true", "false")) is not None for value in cells.distinct) / len(cells.distinct)
    elif item.valid_values:
        known = sum(meant_value(item.name, value, item.valid_values) is not None for value in cells.distinct)
        # A list of its own may still be translated by a person; anything goes for a text of many values, which it is not.
        return max(known / len(cells.distinct), 0.6) if cells.is_list else 0.3
    else:
        return 1.0 if item.key_position is None or not cells.is_time_only else 0.6
    return share if share > _MOSTLY else _UNFIT


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
