"""A build file written by hand: landed rows as intake leaves them, the ledger that belongs to them, and the estimates of Python."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import duckdb

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.model import load_contracts
from pipelines.contracts.render import raw_table_ddl, table_ddl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipelines.contracts.record_type import RecordType

Row: TypeAlias = "Mapping[str, Any]"

REPORTING_ZONE: Final = ZoneInfo("Asia/Shanghai")
DISPOSITIONS: Final = ("landed", "duplicate", "excluded", "quarantined")
# Event ids stand in the raw table beside their keys; here the number of a thing is its key.
NUMBERED: Final = ("invoice", "cancels_invoice", "payment", "contact", "complaint", "product", "campaign")

ESTIMATES: Final = """
    create schema estimates;
    create table estimates.estimate_segmentation (
        customer_key bigint, as_of date, recency_score tinyint, frequency_score tinyint, monetary_score tinyint, rfm_segment varchar,
        pareto_tier varchar, life_cycle_stage varchar, life_cycle_rule varchar
    );
    create table estimates.estimate_loyalty (
        customer_key bigint, as_of date, tenure_score double, regularity_score double, depth_score double, trend_score double,
        behavioural_score double
    );
    create table estimates.estimate_churn_risk (
        customer_key bigint, as_of date, probability double, is_abstained boolean, abstain_reason varchar, rhythm_ratio double,
        evidence_count bigint, risk_band varchar, reason_1 varchar, reason_2 varchar, reason_3 varchar, trigger_count integer,
        model_version varchar
    );
    create table estimates.estimate_churn_trigger (customer_key bigint, as_of date, trigger varchar, fired_date date, size double);
"""


@dataclass(frozen=True)
class Lost:
    """A delivered row that did not land.

    Attributes:
        disposition: duplicate, excluded or quarantined.
        month: First day of its business month, as far as it can be read.
        amount: Its amount, as far as it can be read.
    """

    disposition: str
    month: str | None = None
    amount: str = "0"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One delivery of one record type; deliveries are ordered by when they were known.

    Attributes:
        record_type: Name of the record type.
        known_at: UTC timestamp.
        rows: Rows that land: values by raw column. The key of an event stands for its number, too.
        repeated: Rows that an earlier delivery landed with the same content.
        lost: Rows that did not land for another reason.
        incomplete: Keys of which a row was quarantined inside a fold.
        source: Source, which is also its system.
        mode: append or full.
        status: landed, held or rejected.
        folds: Fold by raw column where the feed folds.
        is_keyed: False for lines without a line number.
    """

    record_type: str
    known_at: str
    rows: Sequence[Row] = ()
    repeated: Sequence[Row] = ()
    lost: Sequence[Lost] = ()
    incomplete: Sequence[int] = ()
    source: str = "erp"
    mode: str = "append"
    status: str = "landed"
    folds: Mapping[str, str] | None = None
    is_keyed: bool = True


class World:
    """The private build file of a small business.

    Attributes:
        file: Where it lies; always called build.duckdb, since the parsed project names the database after it.
    """

    def __init__(self, file: Path, deliveries: Sequence[Delivery] = ()) -> None:
        """Make the file with every raw table, every intake table and every estimate, and take in the deliveries."""
        self.file = file
        with duckdb.connect(str(file)) as connection:
            connection.execute("create schema raw")
            for record in load_contracts().values():
                connection.execute(raw_table_ddl(record))
            for table in load_intake_tables().values():
                connection.execute(table_ddl("raw", table.name, table.description, list(table.columns)))
            connection.execute(ESTIMATES)
            for delivery in deliveries:
                self._take_in(connection, delivery)

    @classmethod
    def at(cls, file: Path) -> World:
        """The world of a file that is there already."""
        world = cls.__new__(cls)
        world.file = file
        return world

    def estimate(self, name: str, rows: Sequence[Row]) -> None:
        """Write rows of an estimate as Python would."""
        with duckdb.connect(str(self.file)) as connection:
            _insert(connection, f"estimates.estimate_{name}", rows)

    def execute(self, sql: str) -> None:
        """Change the file."""
        with duckdb.connect(str(self.file)) as connection:
            connection.execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the file."""
        with duckdb.connect(str(self.file), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def row(self, sql: str) -> tuple[Any, ...]:
        """The one row of a query."""
        (only,) = self.rows(sql)
        return only

    @staticmethod
    def _take_in(connection: duckdb.DuckDBPyConnection, delivery: Delivery) -> None:
        record = load_contracts()[delivery.record_type]
        delivery_key = _hash(delivery.source, delivery.known_at)
        entry = {"delivery_key": delivery_key, "record_type": record.name}
        landed = [_landed(record, delivery, delivery_key, number, row) for number, row in enumerate(delivery.rows, start=1)]
        _insert(connection, f"raw.{record.name}", landed)
        totals = _totals(record, delivery)
        _insert(connection, "raw.landing_total", [{**entry, **total} for total in totals])
        counts = {name: sum(total["row_count"] for total in totals if total["disposition"] == name) for name in DISPOSITIONS}
        ledger = {
            **entry,
            "source_name": delivery.source,
            "source_system": delivery.source,
            "file_name": f"landing/{record.name}.csv",
            "mode": delivery.mode,
            "delivery_order": delivery.known_at,
            "received_at": delivery.known_at,
            "known_at": delivery.known_at,
            "landed_at": delivery.known_at,
            "rows_in": sum(counts.values()),
            **{f"rows_{name}": count for name, count in counts.items()},
            "records": len({row["_record_key"] for row in landed}),
            "is_folded": delivery.folds is not None,
            "is_accumulated": False,
            "is_keyed": delivery.is_keyed,
            "status": delivery.status,
        }
        _insert(connection, "raw.delivery", [{**_filled(connection, "delivery"), **ledger}])
        repeated = [
            {
                **entry,
                "source_system": delivery.source,
                "record_key": _record_key(record, delivery, row),
                "content_hash": _content_hash(row),
            }
            for row in delivery.repeated
        ]
        _insert(connection, "raw.repeated_row", repeated)
        incomplete = [
            {**entry, "source_system": delivery.source, "record_key": _hash(record.name, delivery.source, key)}
            for key in delivery.incomplete
        ]
        _insert(connection, "raw.incomplete_key", incomplete)
        for column, fold in (delivery.folds or {}).items():
            connection.execute(
                "delete from raw.feed_fold where (source_name, record_type, column_name) = (?, ?, ?)",
                [delivery.source, record.name, column],
            )
            connection.execute("insert into raw.feed_fold values (?, ?, ?, ?)", [delivery.source, record.name, column, fold])


def _landed(record: RecordType, delivery: Delivery, delivery_key: int, number: int, row: Row) -> Row:
    """The row as it stands in the raw table."""
    return {
        **{f"{name}_id": f"N{row[f'{name}_key']}" for name in NUMBERED if row.get(f"{name}_key") is not None},
        **row,
        "source_system": delivery.source,
        "_source_name": delivery.source,
        "_record_key": _record_key(record, delivery, row),
        "_content_hash": _content_hash(row),
        "_delivery_key": delivery_key,
        "_row_number": number,
        "_known_at": delivery.known_at,
    }


def _totals(record: RecordType, delivery: Delivery) -> list[dict[str, Any]]:
    """What the ledger says of the delivery by month, currency and disposition. The source's currency is CNY."""
    time = record.event_time.name if record.event_time else ""
    amounts: dict[tuple[date | None, str, str], list[Decimal]] = defaultdict(list)
    for disposition, rows in (("landed", delivery.rows), ("duplicate", delivery.repeated)):
        for row in rows:
            amounts[_month(row.get(time)), row.get("currency", "CNY"), disposition].append(Decimal(row.get("amount", "0")))
    for lost in delivery.lost:
        amounts[date.fromisoformat(lost.month) if lost.month else None, "CNY", lost.disposition].append(Decimal(lost.amount))
    return [
        {"month": month, "currency": currency, "disposition": disposition, "row_count": len(values), "amount_original": sum(values)}
        for (month, currency, disposition), values in amounts.items()
    ]


def _record_key(record: RecordType, delivery: Delivery, row: Row) -> int:
    parts = record.key if delivery.is_keyed else record.key[:-1]
    return _hash(record.name, delivery.source, *(row[part.key_column if part.surrogate or part.event_key else part.name] for part in parts))


def _content_hash(row: Row) -> int:
    return _hash(json.dumps(row, sort_keys=True))


def _hash(*parts: object) -> int:
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def _month(moment: str | None) -> date | None:
    """First day of the business month of a UTC timestamp."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(REPORTING_ZONE).date().replace(day=1) if moment else None


def _filled(connection: duckdb.DuckDBPyConnection, table: str) -> Row:
    """Something for every column of a raw table that may not be null."""
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = 'raw' and table_name = ? and not is_nullable", [table]
    ).fetchall()
    return {name: {"VARCHAR": "-", "BIGINT": 0}.get(kind) for name, kind in columns}


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> None:
    for row in rows:
        names = ", ".join(f'"{name}"' for name in row)
        connection.execute(f"insert into {table} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))
