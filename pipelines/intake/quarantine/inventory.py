"""The rows that could not land, for the person who is to mend them: counted, shown masked, or handed out whole.

They lie in the vault. A row that a replay has landed since stays there, and `raw.replayed_row` says which replay it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.intake.inventory import TakenDelivery, found, selected, taken
from pipelines.intake.rules import ENCODING, ONE_OF, WHERE
from pipelines.warehouse.connection import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.warehouse.connection import Connection

# Rules of a row as a whole whose fields could be told apart all the same.
_WITH_FIELDS = {ENCODING, WHERE, ONE_OF}
_BATCH = 10_000


@dataclass(frozen=True)
class FaultCount:
    """How many rows of a delivery break one rule.

    Attributes:
        delivery: The delivery.
        record_type: The record type that they were read as.
        column_name: The record's column; None for a rule of the row as a whole.
        rule: The rule.
        open_rows: Rows that still wait in quarantine.
        replayed_rows: Rows that a replay has taken out of it.
    """

    delivery: TakenDelivery
    record_type: str
    column_name: str | None
    rule: str
    open_rows: int
    replayed_rows: int


@dataclass(frozen=True)
class Fault:
    """A rule that a row breaks."""

    record_type: str
    column_name: str | None
    rule: str
    raw_value: str | None


@dataclass
class QuarantinedRow:
    """A delivered row that waits in quarantine, with all its faults as all its record types.

    Attributes:
        delivery: The delivery.
        row_number: Its place there.
        row_text: The row as the vault keeps it.
        faults: What is wrong with it.
    """

    delivery: TakenDelivery
    row_number: int
    row_text: str
    faults: list[Fault] = field(default_factory=list)

    @property
    def record_types(self) -> list[str]:
        """The record types that it could not land as."""
        return list(dict.fromkeys(fault.record_type for fault in self.faults))

    @property
    def cells(self) -> dict[str, str | None] | None:
        """The row by delivered column; None where its fields could not be told apart."""
        return cells_of(self.row_text, ((fault.column_name, fault.rule) for fault in self.faults))


def cells_of(row_text: str, faults: Iterable[tuple[str | None, str]]) -> dict[str, str | None] | None:
    """A quarantined row by delivered column; None where its fields could not be told apart.

    Args:
        row_text: The row as the vault keeps it.
        faults: Column and rule of each of its faults.
    """
    if any(column is None and rule not in _WITH_FIELDS for column, rule in faults):
        return None
    return {name: _text(value) for name, value in json.loads(row_text).items()}


def _text(value: object) -> str | None:
    """A cell as text; what JSON and Parquet hold beside text keeps the form in which it was delivered."""
    return value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)


def fault_counts(build: Connection, source: str | None = None, delivery: str | None = None) -> list[FaultCount]:
    """Rows by delivery, record type, column and rule, in the order in which the deliveries were taken in.

    Args:
        build: From `open_landed`, with the vault.
        source: Only deliveries of this source.
        delivery: Only this one: its code, its key or its file.

    Raises:
        ClienteleError: The delivery is not known.
    """
    chosen = _chosen(build, source, delivery)
    rows = build.execute(
        f"""
        select delivery_key, record_type, column_name, rule, count(*) filter (not is_replayed), count(*) filter (is_replayed)
        from ({_rows(build, chosen)})
        group by all
        """
    ).fetchall()
    places = {key: place for place, key in enumerate(chosen)}
    rows.sort(key=lambda row: (places[row[0]], row[1], row[2] or "", row[3]))
    return [FaultCount(chosen[key], *counted) for key, *counted in rows]


def quarantined_rows(
    build: Connection,
    source: str | None = None,
    delivery: str | None = None,
    record_type: str | None = None,
    rule: str | None = None,
) -> Iterator[QuarantinedRow]:
    """The rows that wait, by delivery and place; each comes with every fault, also those that were not asked for.

    Args:
        build: From `open_landed`, with the vault.
        source: Only deliveries of this source.
        delivery: Only this one: its code, its key or its file.
        record_type: Only rows that could not land as this.
        rule: Only rows that break this rule.

    Raises:
        ClienteleError: The delivery is not known.
    """
    chosen = _chosen(build, source, delivery)
    tests = ["not is_replayed"]
    tests += [f"record_type = {quoted(record_type)}"] if record_type is not None else []
    tests += [f"rule = {quoted(rule)}"] if rule is not None else []
    reader = build.execute(
        f"""
        with
            kept as ({_rows(build, chosen)}),
            wanted as (select distinct delivery_key, row_number from kept where {" and ".join(tests)})
        select kept.delivery_key, kept.row_number, row_text, record_type, column_name, rule, raw_value
        from kept
        join wanted using (delivery_key, row_number)
        where not is_replayed
        order by list_position({_listed(chosen)}, kept.delivery_key), kept.row_number, record_type, column_name nulls first, rule
        """
    )
    row: QuarantinedRow | None = None
    while lines := reader.fetchmany(_BATCH):
        for key, number, text, *fault in lines:
            if row is None or (row.delivery.delivery_key, row.row_number) != (key, number):
                if row is not None:
                    yield row
                row = QuarantinedRow(chosen[key], number, text)
            row.faults.append(Fault(*fault))
    if row is not None:
        yield row


def _chosen(build: Connection, source: str | None, delivery: str | None) -> dict[int, TakenDelivery]:
    """The deliveries asked for, by key, in the order in which they were taken in."""
    known = taken(build)
    asked: Iterable[TakenDelivery] = known if delivery is None else [found(known, delivery)]
    if source is not None:
        asked = selected(list(asked), source, None, None)
    return {item.delivery_key: item for item in asked}


def _rows(build: Connection, chosen: dict[int, TakenDelivery]) -> str:
    """SQL for the quarantined lines of some deliveries, and whether a replay has taken the row out."""
    # A build file of an older project has no such table until something lands.
    is_there = build.execute("select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'replayed_row'").fetchone()
    replayed = (
        "raw.replayed_row" if is_there else "(select null::bigint mended_delivery_key, null::varchar record_type, null::bigint row_number)"
    )
    return f"""
        select kept.*, replayed.row_number is not null as is_replayed
        from vault.quarantine as kept
        left join {replayed} as replayed
            on kept.delivery_key = replayed.mended_delivery_key
            and kept.record_type = replayed.record_type
            and kept.row_number = replayed.row_number
        where list_contains({_listed(chosen)}, kept.delivery_key)
    """


def _listed(chosen: dict[int, TakenDelivery]) -> str:
    return f"cast([{', '.join(map(str, chosen))}] as bigint[])"
