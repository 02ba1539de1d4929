"""A feed that reads a database again and again, as runs do, without landing anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from pipelines.intake.databases.extraction import Bench, Kept, extract, open_database

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.intake.databases.source import Extract
    from tests.intake.databases.servers import Books


@dataclass
class Reading:
    """A feed, and what was extracted of it so far."""

    books: Books
    extract: Extract
    folder: Path
    is_full: bool = False
    time_zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        self.kept: list[Kept] = []
        self.told: list[int] = []
        self._bench = self.folder / "bench"
        self._bench.mkdir(parents=True)

    def read(self, *, keep: bool = True) -> list[dict[str, Any]] | None:
        """What is new; kept as landing would keep it."""
        place, books = self.books.place, self.books
        with open_database(place, books.root, books.environment, self._bench, self.time_zone) as database:
            bench = Bench(self._bench, self.time_zone)
            made = extract(database, self.extract, self.kept, bench, is_full=self.is_full, tell=self.told.append)
        if made is None:
            return None
        rows: list[dict[str, Any]] = pq.read_table(made).to_pylist()
        if keep:
            target = self.folder / f"kept_{len(self.kept)}.parquet"
            made.rename(target)
            self.kept.append(Kept(target))
        return rows

    def ids(self) -> list[str] | None:
        """The ids of what is new."""
        rows = self.read()
        return None if rows is None else [row["id"] for row in rows]
