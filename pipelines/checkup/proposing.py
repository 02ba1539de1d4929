"""A source proposed for a file that none describes: how it is read, which record type it looks like, and which column is which."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.checkup.cells import Cells, numbers_of
from pipelines.checkup.expressions import named
from pipelines.checkup.feeds import FeedProposal, folded_feeds, main_feed, without_total
from pipelines.checkup.masks import names_records
from pipelines.checkup.matching import Match, is_close, is_doubtful, match, matches
from pipelines.checkup.sampling import Sample, sample
from pipelines.documents import nearest
from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipelines.contracts.record_type import RecordType

# Dates in a file's name: pattern, format (None for a month, which is no day).
_DATED = (
    (r"(\d{4}-\d{2}-\d{2})", "%Y-%m-%d"),
    (r"(\d{4}_\d{2}_\d{2})", "%Y_%m_%d"),
    (r"(\d{4}\.\d{2}\.\d{2})", "%Y.%m.%d"),
    (r"(?<!\d)(\d{8})(?!\d)", "%Y%m%d"),
    (r"(\d{4}-\d{2})(?!\d)", None),
    (r"(\d{4}_\d{2})(?!\d)", None),
    (r"(?<!\d)((?:19|20)\d{2}(?:0[1-9]|1[0-2]))(?!\d)", None),
)
# No record type has a tenth of so many.
_MOST_COLUMNS = 400
_NAMED_OTHERS = 2


@dataclass(frozen=True)
class Proposal:
    """What a source could say.

    Attributes:
        path: The file.
        sample: What was seen of it.
        form: The keys of its format that differ from what is usual.
        best: The record type that it looks like.
        second: Another that is nearly as likely, or None.
        feeds: Feeds to read it by.
        unmapped: Delivered columns that nothing was found for.
        dated: Pattern and format of the date in its name, or None.
        doubts: What a person has to confirm, a sentence each.
    """

    path: Path
    sample: Sample
    form: dict[str, object]
    best: Match
    second: Match | None
    feeds: tuple[FeedProposal, ...]
    unmapped: tuple[str, ...]
    dated: tuple[str, str | None] | None
    doubts: tuple[str, ...]

    @property
    def lacking(self) -> tuple[str, ...]:
        """Required columns that found none; with one of them the source does not load."""
        return tuple(f"{feed.record.name}.{name}" for feed in self.feeds for name in feed.lacking)


def propose(path: Path, contracts: Mapping[str, RecordType], record: str | None = None) -> Proposal:
    """Propose a source.

    Args:
        path: The file.
        contracts: Every record type by name.
        record: The record type that it is; None to look for it.

    Raises:
        ClienteleError: It is no table, its first line is no header, or there is no such record type.
    """
    if record is not None and record not in contracts:
        message = f"There is no record type '{record}'{nearest(record, contracts)}."
        raise ClienteleError(message)
    seen = sample(path)
    if not names_records(seen.header):
        message = f"{path}: its first line looks like a record and not like the names of columns; put a line with their names above it."
        raise ClienteleError(message)
    cells = {
        name: Cells(tuple(text for row in seen.rows if (text := row[place].strip())), len(seen.rows))
        for place, name in enumerate(seen.header[:_MOST_COLUMNS])
    }
    ranked = [match(contracts[record], cells, path.stem)] if record is not None else matches(contracts, cells, path.stem)
    best = ranked[0]
    second = ranked[1] if len(ranked) > 1 and is_close(best, ranked[1]) else None
    if not best.columns:
        near = "; give its record type with --record" if record is None else ""
        message = f"{path}: none of its {len(cells)} columns looks like one of {'any record type' if record is None else record}{near}."
        raise ClienteleError(message)
    form, doubts = dict(seen.form), list(seen.doubts)
    if len(seen.header) > _MOST_COLUMNS:
        doubts.append(f"Of its {len(seen.header):,} columns the first {_MOST_COLUMNS} were looked at")
    _state_numbers(form, best, cells, doubts)
    _state_times(form, best, cells, doubts)
    main = main_feed(best, cells, form)
    feeds = (main, *folded_feeds(main, contracts, cells, form, path.stem)) if best.record.name == "invoice_lines" else (main,)
    if seen.total is not None:
        feeds = tuple(without_total(feed, *seen.total) for feed in feeds)
        doubts.append(f"A last row with '{seen.total[1]}' in '{seen.total[0]}' was taken for the file's totals")
    read = {name for feed in feeds for sql in feed.expressions for name in cells if named(name) in _tokens(sql)}
    if second is not None:
        doubts.append(
            f"It looks like {best.record.name} ({best.why}), and nearly as much like {second.record.name} ({second.why}); "
            f"--record {second.record.name} takes the other"
        )
    elif record is None and is_doubtful(best, len(cells)):
        others = [one.record.name for one in ranked[1:] if one.columns][:_NAMED_OTHERS]
        doubts.append(
            f"Only {len(best.columns)} of its {len(cells)} columns say that it is {best.record.name}; if it is something else, "
            f"{'such as ' + ' or '.join(others) + ', ' if others else ''}name it with --record, and if it is no record type, leave it out"
        )
    return Proposal(
        path, seen, form, best, second, feeds, tuple(name for name in cells if name not in read), _dated(path.name), tuple(doubts)
    )


def _tokens(sql: str) -> set[str]:
    return set(re.findall(r'"(?:[^"]|"")*"|\w+', re.sub(r"'(?:[^']|'')*'", "", sql)))


def _dated(name: str) -> tuple[str, str | None] | None:
    for pattern, form in _DATED:
        found = re.search(pattern, name)
        if found is None:
            continue
        try:
            if form is not None:
                datetime.strptime(found[1], form)
        except ValueError:
            continue
        return pattern, form
    return None


def _of_types(best: Match, cells: Mapping[str, Cells], *kinds: str) -> list[Cells]:
    return [cells[name] for column, name in best.columns.items() if best.record.property(column).logical_type in kinds]


def _state_numbers(form: dict[str, object], best: Match, cells: Mapping[str, Cells], doubts: list[str]) -> None:
    numbers, is_open = numbers_of([one for one in _of_types(best, cells, "number", "integer") if not one.has_signs])
    if numbers.decimal != ".":
        form["decimal"] = numbers.decimal
    if numbers.thousands:
        form["thousands"] = numbers.thousands
    if is_open:
        doubts.append("Numbers such as 1,234 may be a thousand or one and a fraction: 'thousands: \",\"' or 'decimal: \",\"'")


def _state_times(form: dict[str, object], best: Match, cells: Mapping[str, Cells], doubts: list[str]) -> None:
    """State the format that most of the columns of a type have, where it is not one that is read anyway."""
    for kind, key in (("date", "date_formats"), ("timestamp", "timestamp_formats")):
        found = Counter(one.time_formats[0] for one in _of_types(best, cells, kind) if one.time_formats and not one.is_iso)
        if found:
            form[key] = [found.most_common(1)[0][0]]
    columns = [name for column, name in best.columns.items() if best.record.property(column).logical_type in ("date", "timestamp")]
    for name in columns:
        formats = cells[name].time_formats
        if len({one.replace("%d", "%m") for one in formats}) < len(formats):
            doubts.append(f"In '{name}' day and month cannot be told apart: {formats[0]} was taken")
