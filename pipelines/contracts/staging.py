"""The staging models of a record type as their SQL and YAML need them: which models there are, their columns, types, tests and words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.contracts.record_type import TECHNICAL_COLUMNS, Fold, RawColumn, RecordType

if TYPE_CHECKING:
    from pipelines.contracts.intake_tables import IntakeTable
    from pipelines.contracts.odcs import Classification


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a staging model or of a source.

    Attributes:
        sql_type: Its type in the words that DuckDB and Spark share.
        folds: How rows may fold to one value of it.
    """

    name: str
    sql_type: str
    description: str
    classification: Classification = "internal"
    folds: tuple[Fold, ...] = ()

    @property
    def has_choice(self) -> bool:
        """Whether a source has any say in how it folds: a key, a flag or a code can only be the latest."""
        return "min" in self.folds


@dataclass(frozen=True, slots=True)
class Model:
    """A staging model.

    Attributes:
        suffix: What its name has after `stg_<record type>`; also names its template.
        form: What kind of table it is.
        key: Columns that no two rows share; empty where nothing is promised.
        never_null: Columns that every row has. Key and presence are one data test: a test costs as much as a small model.
    """

    name: str
    suffix: str
    description: str
    grain: str
    form: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    never_null: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of the schema raw.

    Attributes:
        loaded_at: The column by which its freshness is judged; empty where it is not judged.
        freshness_days: Age in days from which its newest row counts as late.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    unique_together: tuple[str, ...] = ()
    loaded_at: str = ""
    freshness_days: int = 0


def sql_type(duckdb_type: str) -> str:
    """A DuckDB type in the words that both engines know, spaced as sqlfmt spaces it."""
    return "string" if duckdb_type == "VARCHAR" else re.sub(r",\s*", ", ", duckdb_type.lower())


def staged(column: RawColumn) -> Column:
    """A raw column as staging has it."""
    return Column(column.name, sql_type(column.duckdb_type), column.description, column.classification, column.folds)


def data_columns(record: RecordType) -> tuple[Column, ...]:
    """The columns that come from the delivered row."""
    return tuple(staged(column) for column in record.data_columns())


def key_columns(record: RecordType) -> tuple[str, ...]:
    """The columns of the delivered key that are never null, once rows without a number are numbered.

    A part of the key that may be empty is not among them: `_record_key` tells such rows apart.
    """
    names = {item.key_column if item.surrogate or item.event_key else item.name for item in record.key if not item.is_optional_key}
    return tuple(column.name for column in record.data_columns() if column.name in names)


def models_of(record: RecordType) -> list[Model]:
    """The staging models of a record type, in the order in which they build on each other."""
    prefix = f"stg_{record.name}"
    raw = {column.name: staged(column) for column in TECHNICAL_COLUMNS}
    data = data_columns(record)
    keys = key_columns(record)
    origin = (raw["source_system"], raw["_source_name"])
    place = (raw["_delivery_key"], raw["_row_number"])
    described = record.description.removesuffix(".")
    models = [
        Model(
            f"{prefix}__rows",
            "rows",
            f"The landed rows that make up the current state of {record.title.lower()}. A null is a value that was not delivered.",
            "one row a landed row that is current",
            "detail",
            (*data, *origin, raw["_record_key"], raw["_content_hash"], *place, _KNOWN_AT, _RANK, *_FEED, _IS_REPLAY),
        ),
    ]
    models.append(
        Model(
            prefix,
            "records",
            f"{described}, as it stands by the newest delivery. A null is a value that was not delivered.",
            f"one row {'a line' if record.sequence else 'a record'}",
            "detail",
            (*data, *origin, raw["_record_key"], *place, _KNOWN_AT, _ROW_COUNT, _RANK, _IS_FOLDED, _IS_INCOMPLETE, _ENDED_AT),
            ("_record_key", record.sequence.name) if record.sequence else ("_record_key",),
            ("_record_key", *keys),
        )
    )
    if record.keep_versions:
        models.append(
            Model(
                f"{prefix}__versions",
                "versions",
                f"{described}, as each delivery changed it; of one that folds, as it stands. A null is a value that was not delivered.",
                "one row a record and version",
                "detail",
                (*data, *origin, raw["_record_key"], *place, _VERSION_KNOWN_AT, _VERSION_RANK, _IS_INCOMPLETE, _ENDED_AT),
                ("_record_key", "order_rank"),
                keys,
            )
        )
    return models


def source_tables(records: list[RecordType], intake: list[IntakeTable]) -> list[SourceTable]:
    """The tables of the schema raw: intake's own, then one a record type."""
    strictest = min(record.freshness_days for record in records)
    tables = [
        SourceTable(
            table.name,
            table.description,
            tuple(staged(column) for column in table.columns),
            table.key,
            *(("received_at", strictest) if table.name == "delivery" else ()),
        )
        for table in intake
    ]
    for record in records:
        columns = tuple(staged(column) for column in record.raw_columns())
        tables.append(SourceTable(record.name, record.description, columns, loaded_at="_known_at", freshness_days=record.freshness_days))
    return tables


_RANK = Column(
    "order_rank", "bigint", "Place of the newest delivery that carries it among the deliveries of the record type; greater is newer."
)
_VERSION_RANK = Column(
    "order_rank", "bigint", "Place of the delivery that brought the version among those of the record type; greater is newer."
)
_KNOWN_AT = Column("_known_at", "timestamp", "When the newest delivery that carries it could have been known, UTC.")
_VERSION_KNOWN_AT = Column("version_known_at", "timestamp", "When the version could first have been known, UTC.")
_IS_FOLDED = Column("is_folded", "boolean", "Whether the source makes one record of several rows.")
_IS_ACCUMULATED = Column("is_accumulated", "boolean", "Whether rows of older deliveries stay part of the record.")
_IS_KEYED = Column("is_keyed", "boolean", "Whether the whole key was delivered.")
_IS_REPLAY = Column("is_replay", "boolean", "Whether it was mended after its delivery, and is known since the replay.")
_ROW_COUNT = Column("_row_count", "bigint", "Number of landed rows that the record is made of.")
_IS_INCOMPLETE = Column("is_incomplete", "boolean", "Whether a row of the record was quarantined in the delivery that it stands on.")
_ENDED_AT = Column(
    "_ended_at",
    "timestamp",
    "When a newer full delivery of its source, one without it, could first have been known, UTC. "
    "Null while it is still delivered, and where the source does not deliver in full.",
)
_FEED = (_IS_FOLDED, _IS_ACCUMULATED, _IS_KEYED)
