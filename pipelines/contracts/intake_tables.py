"""The tables that intake keeps about deliveries beside the landed rows: their columns, from `intake_tables.yml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.contracts.odcs import Shape
from pipelines.contracts.record_type import RawColumn
from pipelines.documents import Document

_FILE = Path(__file__).with_name("intake_tables.yml")


@dataclass(frozen=True, slots=True)
class IntakeTable:
    """One such table.

    Attributes:
        name: Its name in the schema raw.
        description: What one row is.
        key: The columns that name a row.
        columns: All columns, in order.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[RawColumn, ...]


class _Column(Shape):
    name: str
    type: str
    description: str
    required: bool = False


class _Table(Shape):
    name: str
    description: str
    key: list[str]
    columns: list[_Column]


class _Tables(Shape):
    tables: list[_Table]


@cache
def load_intake_tables(path: Path = _FILE) -> dict[str, IntakeTable]:
    """Every intake table by name.

    Raises:
        ClienteleError: The file is not valid, or a key names a column that is not there.
    """
    document = Document(path)
    tables: dict[str, IntakeTable] = {}
    for index, table in enumerate(document.into(_Tables).tables):
        columns = tuple(RawColumn(item.name, item.type, item.description, is_required=item.required) for item in table.columns)
        names = [column.name for column in columns]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise document.fault(("tables", index, "columns"), f"{table.name} has more than one column '{twice[0]}'; keep one.")
        unknown = [name for name in table.key if name not in names]
        if unknown:
            raise document.fault(
                ("tables", index, "key"), f"the key of {table.name} names '{unknown[0]}', which is not one of its columns."
            )
        tables[table.name] = IntakeTable(table.name, table.description, tuple(table.key), columns)
    return tables
