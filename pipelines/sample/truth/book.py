"""The folder of the truth: one Parquet file a table, written chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import pyarrow as pa

_UNFINISHED: Final = ".part"


class TruthBook:
    """Appends frames to tables; the files get their names when the book is closed without a fault."""

    def __init__(self, folder: Path | None) -> None:
        """Open the book in `folder`; without one everything that is added is forgotten."""
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._schemas: dict[str, pa.Schema] = {}

    def __enter__(self) -> TruthBook:
        """Make the folder."""
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Give the files their names, or take them away after a fault."""
        for writer in self._writers.values():
            writer.close()
        for table in self._writers:
            unfinished = self._path(table, _UNFINISHED)
            if kind is None:
                unfinished.replace(self._path(table))
            else:
                unfinished.unlink(missing_ok=True)

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Append rows to a table; all frames of a table have the same columns and types."""
        if self._folder is None:
            return
        rows = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        if table not in self._writers:
            self._schemas[table] = rows.schema
            self._writers[table] = pq.ParquetWriter(self._path(table, _UNFINISHED), rows.schema, compression="zstd")
        self._writers[table].write_table(rows.cast(self._schemas[table]))

    def _path(self, table: str, suffix: str = "") -> Path:
        if self._folder is None:
            message = "a book without a folder has no files"
            raise ValueError(message)
        return self._folder / f"{table}.parquet{suffix}"
