"""The rows of one delivery as one record type: mapped in the sandbox and brought out of it, good ones apart from broken ones.

What becomes of the rows that keep to the contract is decided in `judging`; writing the outcome belongs to `storing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.intake.mapping import RULES, Mapping
from pipelines.intake.reading import ROW, Survey
from pipelines.intake.unpacking import MARK
from pipelines.warehouse.connection import Connection, identifier, quoted, transfer

if TYPE_CHECKING:
    from pipelines.contracts.model import RecordType


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
    """

    mapping: Mapping
    rows_in: int

    @property
    def record(self) -> RecordType:
        """The record type."""
        return self.mapping.feed.record

    @property
    def rows(self) -> str:
        """Rows that keep to the contract: `__row`, `__event_at`, `source_system`, the record's columns; `judging` adds to them."""
        return f"rows_{self.record.name}"

    @property
    def broken(self) -> str:
        """Rows that do not: `__row`, `column_name`, `rule`, `raw_value`, `row_text`, a line for each column at fault."""
        return f"broken_{self.record.name}"

    @property
    def broken_keys(self) -> str:
        """Their keys as far as they can be read, for the records that lose a row: `source_system` and the key's columns."""
        return f"broken_keys_{self.record.name}"

    @property
    def left_out(self) -> str:
        """Counts of rows excluded or broken: `disposition`, `__event_at`, `currency`, `row_count`, `amount`."""
        return f"left_out_{self.record.name}"

    def value(self, name: str, otherwise: str = "null") -> str:
        """SQL for a column of the record: itself where the feed maps it."""
        return identifier(name) if name in self.mapping.columns else otherwise


def collect(sandbox: Connection, build: Connection, mapping: Mapping, held: Survey) -> Batch:
    """Map the sandbox's `delivered` rows and bring the outcome into temporary tables of the build connection.

    Args:
        sandbox: Where `load_rows` has put the delivery.
        build: The build connection.
        mapping: The bound feed.
        held: What the delivery holds.
    """
    batch = Batch(mapping, held.records)
    sandbox.execute(mapping.create_mapped)
    if held.is_damaged:
        damaged = " or ".join(f"contains({identifier(name)}, {quoted(MARK)})" for name in held.header)
        rows = f"select {ROW} from delivered where {damaged}"
        sandbox.execute(f"update {mapping.table} set __bad = true, __excluded = false where {ROW} in ({rows})")
    values = ", ".join(map(identifier, mapping.columns))
    kept = f"select {ROW}, __event_at, source_system, {values} from {mapping.table} where not __excluded and not __bad"
    transfer(sandbox, kept, build, batch.rows)
    _collect_left_out(sandbox, build, batch, held)
    return batch


def _collect_left_out(sandbox: Connection, build: Connection, batch: Batch, held: Survey) -> None:
    """Bring over what does not land. Most deliveries have little of it: then its tables are made without asking for it."""
    mapping, record = batch.mapping, batch.record
    found = sandbox.execute(
        f"select count_if(__bad), count_if(__excluded), (select count(*) from unreadable) from {mapping.table}"
    ).fetchone()
    broken, excluded, unreadable = found or (0, 0, 0)
    keys = ", ".join(identifier(key.name) for key in record.key if key.name in mapping.columns)
    if broken or unreadable:
        transfer(sandbox, _broken_rows(mapping, held), build, batch.broken)
        transfer(sandbox, f"select source_system, {keys} from {mapping.table} where __bad", build, batch.broken_keys)
    else:
        texts = "column_name varchar, rule varchar, raw_value varchar, row_text varchar"
        build.execute(f"create or replace temp table {batch.broken} ({ROW} bigint, {texts})")
        build.execute(f"create or replace temp table {batch.broken_keys} as select source_system, {keys} from {batch.rows} limit 0")
    if broken or unreadable or excluded:
        transfer(sandbox, _left_out(batch), build, batch.left_out)
    else:
        counts = "disposition varchar, __event_at timestamp, currency varchar, row_count bigint, amount decimal(18, 4)"
        build.execute(f"create or replace temp table {batch.left_out} ({counts})")


def _left_out(batch: Batch) -> str:
    """SQL that counts the rows that are excluded or broken by the time, currency and disposition under which the ledger adds them up."""
    amount = batch.value(batch.record.amount.name) if batch.record.amount is not None else "null"
    return f"""
        select
            case when __excluded then 'excluded' else 'quarantined' end as disposition, __event_at,
            cast({batch.value("currency")} as varchar) as currency, count(*) as row_count, cast(sum({amount}) as decimal(18, 4)) as amount
        from {batch.mapping.table}
        where __excluded or __bad
        group by all
        union all
        select 'quarantined', null, null, count(*), null from unreadable having count(*) > 0
    """


def row_text(header: tuple[str, ...]) -> str:
    """SQL for a delivered row as JSON; bytes that did not decode show as U+FFFD."""
    cells = ", ".join(f"{quoted(name)}, {identifier(name)}" for name in header)
    return f"replace(cast(json_object({cells}) as varchar), {quoted(MARK)}, '\N{REPLACEMENT CHARACTER}')"


def _broken_rows(mapping: Mapping, held: Survey) -> str:
    """SQL for the rows that cannot land, as text, a line for each column at fault and one for a fault of the row as a whole."""
    names = "[" + ", ".join(map(quoted, RULES)) + "]"
    faults = [
        f"case when {flag} > 0 then struct_pack(c := {quoted(column)}, rule := {names}[{flag} + 1], raw := {_raw_value(reads)}) end"
        for column in mapping.columns
        for flag, reads in [(identifier("__rule_" + column), mapping.reads[column])]
    ]
    # What did not decode says nothing about the rules; a row without a broken rule is here because its `where` could not be computed.
    is_damaged = " or ".join(f"contains({identifier(name)}, {quoted(MARK)})" for name in held.header) if held.is_damaged else "false"
    whole = "struct_pack(c := cast(null as varchar), rule := {}, raw := cast(null as varchar))"
    found = f"list_filter([{', '.join(faults)}], lambda fault: fault is not null)"
    # The record's columns carry the names of delivered ones where a system calls them so: only flags are taken from the mapped rows.
    flags = ", ".join(identifier("__rule_" + column) for column in mapping.columns)
    return f"""
        with
            bad as (select {ROW}, {flags} from {mapping.table} where __bad),
            found as (
                select
                    {ROW}, {row_text(held.header)} as row_text,
                    case when {is_damaged} then [{whole.format("'encoding'")}] else {found} end as faults
                from bad
                join delivered using ({ROW})
            ),
            named as (
                select {ROW}, row_text, unnest(case when len(faults) = 0 then [{whole.format("'where'")}] else faults end) as fault
                from found
            )
        select {ROW}, fault.c as column_name, fault.rule as rule, fault.raw as raw_value, row_text from named
        union all
        select {ROW}, null, rule, null, row_text from unreadable
    """


def _raw_value(reads: tuple[str, ...]) -> str:
    """SQL for what was delivered for a column: the cell, or the cells that its expression reads."""
    if not reads:
        return "cast(null as varchar)"
    return identifier(reads[0]) if len(reads) == 1 else row_text(reads)
