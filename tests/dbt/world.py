"""A build file written by hand: landed rows as intake leaves them, with the ledger that belongs to them, and the estimates of Python."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import duckdb

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.model import load_contracts
from pipelines.contracts.render import raw_table_ddl, table_ddl

REPORTING_ZONE: Final = ZoneInfo("Asia/Shanghai")
Row = Mapping[str, Any]

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


class World:
    """The private build file of a small business.

    Attributes:
        file: Where it lies.
    """

    def __init__(self, file: Path) -> None:
        """Make the file with every raw table, every intake table and every estimate, all empty."""
        self.file = file
        self._records = load_contracts()
        with duckdb.connect(str(file)) as connection:
            connection.execute("create schema raw")
            for record in self._records.values():
                connection.execute(raw_table_ddl(record))
            for table in load_intake_tables().values():
                connection.execute(table_ddl("raw", table.name, table.description, list(table.columns)))
            connection.execute(ESTIMATES)

    def deliver(  # noqa: PLR0913
        self,
        record_type: str,
        rows: Sequence[Row],
        *,
        known_at: str,
        source: str = "erp",
        mode: str = "append",
        status: str = "landed",
        folds: Mapping[str, str] | None = None,
        is_accumulated: bool = False,
        is_keyed: bool = True,
        lost: Iterable[tuple[str, str | None, str | None, str]] = (),
        incomplete: Iterable[Sequence[object]] = (),
    ) -> int:
        """Land one delivery and enter it into the ledger; deliveries are ordered by when they were known.

        Args:
            record_type: Name of the record type.
            rows: Values by raw column; an id that has a key beside it may be left out.
            known_at: UTC timestamp.
            source: Source, which is also the source system.
            mode: append or full.
            status: landed, held or rejected.
            folds: Fold by raw column, for a feed that folds.
            is_accumulated: Whether the feed accumulates.
            is_keyed: False for lines without a line number.
            lost: Rows that did not land: disposition, first day of the month, currency, amount.
            incomplete: Keys of which a row was quarantined inside the fold.

        Returns:
            The delivery's key.
        """
        record = self._records[record_type]
        delivery_key = _hash(record_type, source, known_at, json.dumps(rows, default=str))
        key_columns = [item.key_column if item.surrogate or item.event_key else item.name for item in record.key]
        if not is_keyed:
            key_columns = key_columns[:-1]
        totals: dict[tuple[date | None, str | None, str], list[Decimal]] = defaultdict(list)
        landed = []
        for number, row in enumerate(rows, start=1):
            record_key = _hash(record_type, source, *(row[name] for name in key_columns))
            landed.append(
                {
                    **{name.removesuffix("_key") + "_id": f"N{value}" for name, value in row.items() if name in _NUMBERED and value is not None},
                    **row,
                    "source_system": source,
                    "_source_name": source,
                    "_record_key": record_key,
                    "_content_hash": _hash(json.dumps(row, default=str)),
                    "_delivery_key": delivery_key,
                    "_row_number": number,
                    "_known_at": known_at,
                }
            )
            moment = row.get(record.event_time.name) if record.event_time else None
            totals[_month(moment), row.get("currency"), "landed"].append(Decimal(str(row.get("amount", 0))))
        for disposition, month, currency, amount in lost:
            totals[date.fromisoformat(month) if month else None, currency, disposition].append(Decimal(amount))
        counts = {name: sum(len(values) for (_, _, what), values in totals.items() if what == name) for name in _DISPOSITIONS}
        ledger = {
            "delivery_key": delivery_key,
            "source_name": source,
            "source_system": source,
            "file_name": f"{record_type}-{known_at[:10]}.csv",
            "record_type": record_type,
            "mode": mode,
            "delivery_order": known_at,
            "received_at": known_at,
            "known_at": known_at,
            "landed_at": known_at,
            "rows_in": sum(counts.values()),
            **{f"rows_{name}": counts[name] for name in _DISPOSITIONS},
            "records": len({row["_record_key"] for row in landed}),
            "is_folded": folds is not None,
            "is_accumulated": is_accumulated,
            "is_keyed": is_keyed,
            "status": status,
        }
        with duckdb.connect(str(self.file)) as connection:
            _insert(connection, record_type, landed)
            _insert(connection, "delivery", [_with_required(connection, "delivery", ledger)])
            _insert(
                connection,
                "landing_total",
                [
                    {
                        "delivery_key": delivery_key,
                        "record_type": record_type,
                        "month": month,
                        "currency": currency,
                        "disposition": disposition,
                        "row_count": len(amounts),
                        "amount_original": sum(amounts),
                    }
                    for (month, currency, disposition), amounts in totals.items()
                ],
            )
            entry = {"delivery_key": delivery_key, "record_type": record_type}
            _insert(connection, "incomplete_key", [{**entry, "record_key": _hash(record_type, source, *key)} for key in incomplete])
            if mode == "full":
                seen = {row["_record_key"] for row in landed}
                _insert(
                    connection,
                    "present_key",
                    [_with_required(connection, "present_key", {**entry, "source_system": source, "record_key": key}) for key in sorted(seen)],
                )
            for column, fold in (folds or {}).items():
                connection.execute("insert or ignore into raw.feed_fold values (?, ?, ?, ?)", [source, record_type, column, fold])
        return delivery_key

    def estimate(self, name: str, rows: Sequence[Row]) -> None:
        """Write rows of an estimate as Python would."""
        with duckdb.connect(str(self.file)) as connection:
            _insert(connection, f"estimate_{name}", rows, schema="estimates")

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


_DISPOSITIONS: Final = ("landed", "duplicate", "excluded", "quarantined")
_NUMBERED: Final = ("invoice_key", "cancels_invoice_key", "payment_key", "contact_key", "complaint_key", "product_key", "campaign_key")


def _hash(*parts: object) -> int:
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def _month(moment: str | None) -> date | None:
    """First day of the business month of a UTC timestamp."""
    if moment is None:
        return None
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(REPORTING_ZONE).date().replace(day=1)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row], schema: str = "raw") -> None:
    for row in rows:
        names = ", ".join(f'"{name}"' for name in row)
        connection.execute(f"insert into {schema}.{table} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))


def _with_required(connection: duckdb.DuckDBPyConnection, table: str, row: Row) -> Row:
    """The row as far as the table has its columns, with something in every column that may not be null."""
    columns = connection.execute(
        "select column_name, data_type, not is_nullable from duckdb_columns() where schema_name = 'raw' and table_name = ?", [table]
    ).fetchall()
    names = {name for name, _, _ in columns}
    empty = {"VARCHAR": "", "BIGINT": 0}
    return {
        **{name: empty[kind] for name, kind, required in columns if required and name not in row},
        **{name: value for name, value in row.items() if name in names},
    }
