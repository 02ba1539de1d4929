"""From a delivered file to the rows it holds: one UTF-8 working copy, its header, and its records as tables of the sandbox.

Bytes become text in `unpacking`; where records end is decided in `records`; what a column means belongs to `mapping`; where files come from
belongs to `deliveries`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.intake.faults import DeliveryError
from pipelines.intake.records import MAX_RECORD_BYTES, RecordSplitter
from pipelines.intake.unpacking import MARK, text_of
from pipelines.warehouse.connection import Connection, identifier, quoted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.intake.source_file import FileFormat

# Number of a record, in the sandbox's tables.
ROW = "__row"
_CHECK_QUOTES = "check the delimiter and the quote stated in its source ('' where quotes have no meaning)"
# Taken off both ends of a cell beside spaces: what people type for one, and the byte order mark that joined files have in their middle.
_RARE_BLANKS = "\t\n\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}\N{ZERO WIDTH NO-BREAK SPACE}"


@dataclass(frozen=True)
class Survey:
    """What a delivery holds, as far as it shows without reading a cell.

    Attributes:
        header: The column names, in the file's order.
        records: Number of records below the header, blank ones not counted.
        broken: Records with broken quotes, as text, by their ordinal (1 = the first below the header).
        is_damaged: Whether bytes did not decode and were replaced by `MARK`.
        blanks: What is taken off both ends of a cell: the kinds of blank that occur at all, since looking for each takes time.
    """

    header: tuple[str, ...]
    records: int
    broken: dict[int, str]
    is_damaged: bool
    blanks: str


def survey(path: Path, form: FileFormat, also: Callable[[bytes], object] | None = None) -> Survey:
    """Read a delivered file once, from end to end, and say what it holds.

    Args:
        path: The delivered file.
        form: How it is encoded, compressed and quoted.
        also: Given each part of the decompressed bytes; by the time of any fault but an unreadable file it has had all of them.

    Raises:
        DeliveryError: The file cannot be read, is empty, has two columns of one name, or cannot be split into records.
    """
    return _split(path, form, also, lambda _: 0)


def working_copy(path: Path, form: FileFormat, target: Path) -> Survey:
    """Write the records of a delivered file to `target`: UTF-8, newlines as line ends, without the header, blank and broken ones.

    Raises:
        DeliveryError: As `survey`.
    """
    with target.open("wb") as copy:
        return _split(path, form, None, copy.write)


def load_rows(sandbox: Connection, copy: Path, held: Survey, form: FileFormat, path: Path) -> None:
    """Read a working copy into the sandbox.

    Makes view `delivered` (`__row`, then every column as text, blank as null) and table `unreadable` (`__row`, `row_text`, `rule`). `__row`
    is the record's ordinal below the header; both together hold every record once.

    Args:
        sandbox: A connection that may read the copy.
        copy: Written by `working_copy`.
        held: What `working_copy` said of it.
        form: How the delivered file is quoted.
        path: The delivered file, for the message.

    Raises:
        DeliveryError: The reader and the count by `records` disagree.
    """
    # Columns are numbered here: a delivered name such as `rowid` would hide DuckDB's own.
    cells = [f"c{position}" for position in range(len(held.header))]
    kinds = ", ".join(f"'{cell}': 'varchar'" for cell in cells)
    ends = f", {quoted(held.blanks)}" if held.blanks != " " else ""
    trimmed = ", ".join(f"nullif(trim({cell}{ends}), '') as {cell}" for cell in cells)
    sandbox.execute(
        f"""
        create table scanned as
        select {trimmed}
        from read_csv(
            {quoted(str(copy))}, auto_detect = false, header = false, delim = {quoted(form.delimiter)}, quote = {quoted(form.quote)},
            escape = {quoted(form.quote)}, columns = {{{kinds}}}, nullstr = '', strict_mode = true, null_padding = false,
            store_rejects = true, max_line_size = {MAX_RECORD_BYTES}
        )
        """
    )
    counted = sandbox.execute("select (select count(*) from scanned), (select count(distinct line) from reject_errors)").fetchone()
    accepted, rejected = counted or (0, 0)
    if accepted + rejected + len(held.broken) != held.records:
        reason = f"holds {held.records} records by its line ends and quotes, but {accepted + rejected + len(held.broken)} were read"
        raise DeliveryError(path, reason, _CHECK_QUOTES)
    names = ", ".join(f"{cell} as {identifier(name)}" for cell, name in zip(cells, held.header, strict=True))
    if rejected or held.broken:
        _number_unreadable(sandbox, held)
        # Each accepted row comes after all the unreadable ones that stand before it.
        sandbox.execute(
            f"""
            create view delivered as
            select scanned.rowid + 1 + coalesce(gaps.skipped, 0) as {ROW}, {names}
            from scanned
            asof left join ({_gaps("unreadable", ROW)}) as gaps on scanned.rowid + 1 >= gaps.first_rank
            """
        )
    else:
        sandbox.execute(f"create table unreadable ({ROW} bigint, row_text varchar, rule varchar)")
        sandbox.execute(f"create view delivered as select rowid + 1 as {ROW}, {names} from scanned")


def _number_unreadable(sandbox: Connection, held: Survey) -> None:
    """Make table `unreadable` of what the reader rejected (by its line in the working copy) and of what was never given to it."""
    ordinals, texts = pa.array(list(held.broken), pa.int64()), pa.array(list(held.broken.values()), pa.string())
    sandbox.register("set_aside", pa.table({ROW: ordinals, "row_text": texts}))
    sandbox.execute(f"create table broken as select {ROW}, row_text, 'broken_quotes' as rule from set_aside")
    sandbox.unregister("set_aside")
    sandbox.execute(
        f"""
        create table unreadable as
        with
            rejected as (
                select line, min(csv_line) as row_text, lower(replace(cast(min(error_type) as varchar), ' ', '_')) as rule
                from reject_errors
                group by line
            )
        select rejected.line + coalesce(gaps.skipped, 0) as {ROW}, rejected.row_text, rejected.rule
        from rejected
        asof left join ({_gaps("broken", ROW)}) as gaps on rejected.line >= gaps.first_rank
        union all
        select {ROW}, row_text, rule from broken
        """
    )


def _gaps(table: str, column: str) -> str:
    """SQL for steps from the ordinals of left-out records: from `first_rank` on, `skipped` of them stand before the record of a rank."""
    ranked = f"select {column}, row_number() over (order by {column}) as skipped from {table}"
    return f"select {column} - skipped + 1 as first_rank, max(skipped) as skipped from ({ranked}) as ranked group by first_rank"


def _split(path: Path, form: FileFormat, also: Callable[[bytes], object] | None, write: Callable[[bytes], object]) -> Survey:
    splitter = RecordSplitter(form.delimiter, form.quote)
    sought = {sign: sign.encode() for sign in (MARK, *_RARE_BLANKS) if sign not in (form.delimiter, "\n")}
    met: set[str] = set()
    for chunk in text_of(path, form, also):
        met.update(sign for sign, code in sought.items() if sign not in met and code in chunk)
        write(splitter.feed(chunk))
    write(splitter.finish())
    if splitter.fault is not None:
        raise DeliveryError(path, splitter.fault, _CHECK_QUOTES)
    if splitter.header is None:
        raise DeliveryError(path, "the file is empty where a header line with column names was expected", "have it delivered again")
    broken = {ordinal: text.decode() for ordinal, text in splitter.broken.items()}
    blanks = " " + "".join(sorted(met - {MARK})) + ("\n" if splitter.spans_lines else "")
    return Survey(_column_names(splitter.header.decode(), form, path), splitter.records, broken, MARK in met, blanks)


def _column_names(header: str, form: FileFormat, path: Path) -> tuple[str, ...]:
    lines = io.StringIO(header, newline="")
    try:
        if form.quote:
            cells = next(csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, skipinitialspace=True))
        else:
            cells = next(csv.reader(lines, delimiter=form.delimiter, quoting=csv.QUOTE_NONE))
    except csv.Error as fault:
        raise DeliveryError(
            path, f"its first line is no header ({fault})", "check that it is a CSV file, and its format in the source"
        ) from fault
    names = tuple(name.strip(" " + _RARE_BLANKS) or f"column {position}" for position, name in enumerate(cells, start=1))
    places = {name.casefold(): position for position, name in reversed(list(enumerate(names, start=1)))}
    for position, name in enumerate(names, start=1):
        if places[name.casefold()] != position:
            # By place and not by name: without a header line it would be somebody's data.
            reason = f"columns {places[name.casefold()]} and {position} of its header have one name"
            raise DeliveryError(path, reason, "columns are matched by name whatever the letter case, so give each its own")
    if ROW in places:
        raise DeliveryError(path, f"a column of its header is called '{ROW}', which is taken", "have it delivered under another name")
    return names
