"""The rows of one delivery as one record type: mapped in the sandbox and streamed out of it, good ones apart from broken ones.

What becomes of the rows that keep to the contract is decided in `judging`; writing the outcome belongs to `storing`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.intake.faults import DeliveryError
from pipelines.intake.mapping import BROKEN, EXCLUDED, LANDS, Mapping
from pipelines.intake.reading import ROW, Survey
from pipelines.warehouse.connection import Connection, identifier, transfer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.contracts.model import RecordType

_BATCH_ROWS = 65_536


@dataclass(frozen=True)
class FeedCounts:
    """The balance of one delivery and record type, in rows."""

    rows_in: int
    rows_landed: int
    rows_duplicate: int
    rows_excluded: int
    rows_quarantined: int
    records: int

    @property
    def balances(self) -> bool:
        """Whether every delivered row is accounted for once."""
        return self.rows_in == self.rows_landed + self.rows_duplicate + self.rows_excluded + self.rows_quarantined

    def as_columns(self) -> dict[str, int]:
        """The counts by the ledger's column names."""
        return dict(vars(self))


@dataclass(frozen=True)
class Batch:
    """One delivery's rows as one record type, in temporary tables of the build connection.

    Attributes:
        mapping: The bound feed.
        rows_in: Records of the file, counted independently of the reader.
        unreadable: How many of them cannot be split into cells.
        kept: Rows of table `rows`.
        excluded: Rows of table `others` that the feed's `where` leaves out.
        failed: Rows of table `others` that break a rule.
        settled_rows: Lines of table `settled`.
    """

    mapping: Mapping
    rows_in: int
    unreadable: int
    kept: int = 0
    excluded: int = 0
    failed: int = 0
    settled_rows: int = 0

    @property
    def record(self) -> RecordType:
        """The record type."""
        return self.mapping.feed.record

    @property
    def rows(self) -> str:
        """Rows that keep to the contract: `__row`, `source_system`, the record's columns, `__record_key`, `__content_hash`."""
        return f"rows_{self.record.name}"

    @property
    def settled(self) -> str:
        """Of those the few that do not land: `__row`, `disposition` (duplicate or quarantined), `column_name`, `rule`."""
        return f"settled_{self.record.name}"

    @property
    def has_quarantine(self) -> bool:
        """Whether any row may be quarantined."""
        return bool(self.unreadable or self.failed or self.settled_rows)

    @property
    def landed(self) -> str:
        """SQL for the rows that land."""
        if not self.settled_rows:
            return self.rows
        return f"(select * from {self.rows} where {ROW} not in (select {ROW} from {self.settled}))"

    @property
    def others(self) -> str:
        """Rows that do not land by themselves: as `rows` without the hashes, with `__state`."""
        return f"others_{self.record.name}"

    @property
    def broken(self) -> str:
        """Quarantined rows: `__row`, `column_name`, `rule`, `raw_value`, `row_text`, a line for each rule that is broken."""
        return f"broken_{self.record.name}"

    def value(self, name: str, otherwise: str = "null") -> str:
        """SQL for a column of the record: itself where the feed maps it."""
        return identifier(name) if name in self.mapping.columns else otherwise

    @property
    def event_at(self) -> str:
        """SQL for the record's own time."""
        time = self.record.event_time
        return f"cast({self.value(time.name)} as timestamp)" if time is not None else "cast(null as timestamp)"


def collect(
    sandbox: Connection, build: Connection, mapping: Mapping, held: Survey, hashes: dict[str, str], aside: Path, path: Path
) -> Batch:
    """Map the sandbox's `delivered` rows and stream the outcome into temporary tables of the build connection.

    Args:
        sandbox: Where view `delivered` is.
        build: The build connection.
        mapping: The bound feed.
        held: What the delivery holds.
        hashes: Column to SQL over the mapped row, computed on the way.
        aside: A file to be made for what does not land, so that memory does not grow with it.
        path: The delivered file, for the message.

    Raises:
        DeliveryError: The reader gives another number of rows than were counted.
    """
    batch = Batch(mapping, held.records, len(held.unreadable))
    reader = sandbox.sql(mapping.query).to_arrow_reader(_BATCH_ROWS)
    stream = _Stream(reader, held, aside)
    added = "".join(f", {sql} as {name}" for name, sql in hashes.items())
    try:
        build.register("mapped", pa.RecordBatchReader.from_batches(stream.schema, stream.landing()))
        build.execute(f"create or replace temp table {batch.rows} as select i.*{added} from mapped as i")
        build.unregister("mapped")
        if stream.count + len(held.unreadable) != held.records:
            reason = f"holds {held.records} records by its line ends and quotes, but {stream.count + len(held.unreadable)} were read"
            raise DeliveryError(path, reason, "check the delimiter and the quote stated in its source ('' where quotes have no meaning)")
        batch = replace(batch, kept=stream.count - stream.others, excluded=stream.excluded, failed=stream.others - stream.excluded)
        _collect_others(sandbox, build, batch, stream, held)
    finally:
        stream.close()
        aside.unlink(missing_ok=True)
    return batch


def _collect_others(sandbox: Connection, build: Connection, batch: Batch, stream: _Stream, held: Survey) -> None:
    """Bring over what does not land. Most deliveries have little of it: then its tables are made empty."""
    texts = "column_name varchar, rule varchar, raw_value varchar, row_text varchar"
    build.execute(f"create or replace temp table {batch.broken} ({ROW} bigint, {texts})")
    if not stream.others:
        build.execute(
            f"""
            create or replace temp table {batch.others} as
            select * exclude (__record_key, __content_hash), cast(0 as utinyint) as __state from {batch.rows} limit 0
            """
        )
    else:
        build.register("set_aside", stream.set_aside())
        build.execute(f"create or replace temp table {batch.others} as select * from set_aside")
        build.unregister("set_aside")
        # Both are in the order of delivery, so that the broken row of a rank is the same in both.
        transfer(sandbox, batch.mapping.faults_query, build, "faults")
        build.execute(
            f"""
            insert into {batch.broken}
            with
                ranked as (select {ROW}, row_number() over (order by {ROW}) as rank from {batch.others} where __state = {BROKEN}),
                said as (select unnest(__faults) as fault, __text, rowid + 1 as rank from faults)
            select {ROW}, fault.column_name, fault.rule, fault.raw_value, __text from said join ranked using (rank)
            """
        )
    if held.unreadable:
        ordinals, told = list(held.unreadable), list(held.unreadable.values())
        unreadable = {ROW: pa.array(ordinals, pa.int64()), "rule": [rule for rule, _ in told], "row_text": [text for _, text in told]}
        build.register("unreadable", pa.table(unreadable))
        build.execute(f"insert into {batch.broken} select {ROW}, null, rule, null, row_text from unreadable")
        build.unregister("unreadable")


class _Stream:
    """Mapped rows on their way out of the sandbox: numbered, and those that do not land taken out.

    Attributes:
        schema: Of the rows that go on.
        count: How many rows have come.
        others: How many of them were taken out.
        excluded: How many of those the feed's `where` leaves out.
    """

    def __init__(self, reader: pa.RecordBatchReader, held: Survey, aside: Path) -> None:
        self._reader, self._aside = reader, aside
        self._told_schema = pa.schema([pa.field(ROW, pa.int64()), *reader.schema])
        self.schema = pa.schema([item for item in self._told_schema if item.name != "__state"])
        self.count = self.others = self.excluded = 0
        self._file: pa.OSFile | None = None
        self._writer: pa.RecordBatchStreamWriter | None = None
        # How many unreadable records stand before the one of a rank among the readable.
        self._gaps = np.array(sorted(held.unreadable), dtype=np.int64) - np.arange(1, len(held.unreadable) + 1)

    def landing(self) -> Iterator[pa.RecordBatch]:
        """The rows that keep to the contract."""
        for batch in self._reader:
            ranks = np.arange(self.count + 1, self.count + 1 + len(batch))
            self.count += len(batch)
            ordinals = pa.array(ranks + np.searchsorted(self._gaps, ranks - 1, side="right") if len(self._gaps) else ranks)
            numbered = pa.RecordBatch.from_arrays([ordinals, *batch.columns], schema=self._told_schema)
            if pc.max(batch.column("__state")).as_py() != LANDS:
                lands = pc.equal(batch.column("__state"), LANDS)
                self._put_aside(numbered.filter(pc.invert(lands)))
                numbered = numbered.filter(lands)
            if len(numbered):
                yield numbered.select(self.schema.names)

    def _put_aside(self, rows: pa.RecordBatch) -> None:
        self.others += len(rows)
        self.excluded += pc.sum(pc.equal(rows.column("__state"), EXCLUDED)).as_py() or 0
        if self._writer is None:
            self._file = pa.OSFile(str(self._aside), "wb")
            self._writer = pa.ipc.new_stream(self._file, self._told_schema)
        self._writer.write_batch(rows)

    def set_aside(self) -> pa.RecordBatchReader:
        """The rows that were taken out."""
        self.close()
        self._file = pa.OSFile(str(self._aside), "rb")
        return pa.ipc.open_stream(self._file)

    def close(self) -> None:
        """Close the file; it is not read or written any more."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._file is not None:
            self._file.close()
            self._file = None
