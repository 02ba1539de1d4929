"""One published version: what its manifest and `meta.publication` say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.warehouse.connection import LIBRARY_VERSION
from pipelines.warehouse.versions import DATABASE

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path


@dataclass(frozen=True)
class Publication:
    """One published version.

    Attributes:
        version: Its name, its time in UTC.
        path: Its database file.
        published_at: When it was published, UTC.
        known_by: Latest time at which anything in it could have been known, UTC; None before the first delivery.
        as_of: Last day of the last closed month in it; None when no month is closed.
        storage_version: The oldest DuckDB whose storage format it keeps to.
        tables: Rows by `schema.table`.
        fingerprint: Of everything that it was built from.
        is_replay: It shows what was known at some earlier time, and reports nothing for the first time.
    """

    version: str
    path: Path
    published_at: datetime
    known_by: datetime | None
    as_of: date | None
    storage_version: str
    tables: dict[str, int]
    fingerprint: str
    is_replay: bool = False

    @property
    def row_count(self) -> int:
        """Rows of data, `meta` not counted."""
        return sum(rows for name, rows in self.tables.items() if not name.startswith("meta."))

    def manifest(self) -> dict[str, object]:
        """What programs read of it, as JSON has it; times end in Z, since they are UTC."""
        return {
            "version": self.version,
            "database": DATABASE,
            "published_at": self.published_at.isoformat() + "Z",
            "known_by": self.known_by.isoformat() + "Z" if self.known_by else None,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "is_replay": self.is_replay,
            "duckdb_version": LIBRARY_VERSION,
            "storage_version": self.storage_version,
            "fingerprint": self.fingerprint,
            "tables": self.tables,
        }
