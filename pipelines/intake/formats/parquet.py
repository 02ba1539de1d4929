"""Parquet: columns typed as they are; the fields of a structure become columns of their own, lists and maps JSON text."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.intake.faults import DeliveryError
from pipelines.intake.formats.delimited import RARE_BLANKS, link, trimmed
from pipelines.intake.formats.unpacking import CHUNK_BYTES
from pipelines.intake.reading import TEXT, Survey, column_names
from pipelines.warehouse.connection import ColumnType, DatabaseError, identifier, open_sandbox, quoted

if TYPE_CHECKING:
    from pipelines.intake.reading import Hasher
    from pipelines.intake.source_file import FileFormat

_MARK = b"PAR1"
_MEMORY = 1e9
_AS_JSON = ("list", "array", "map", "union", "variant")
_AS_TEXT = ("enum", "blob", "bit", "uuid")


class Parquet:
    """Reads Parquet files."""

    def survey(self, path: Path, form: FileFormat, also: Hasher | None = None) -> Survey:  # noqa: ARG002  # asked for by `Reader`
        """As `Reader.survey`."""
        is_marked = _look(path, also)
        if not is_marked:
            raise DeliveryError(path, "is not a Parquet file, or not a whole one", "have it delivered again, uncompressed as a whole")
        try:
            with pq.ParquetFile(path) as file:
                records, schema = file.metadata.num_rows, file.schema_arrow
            column_names(schema.names, path, "its columns")
            with open_sandbox([path], Path(tempfile.gettempdir()), "UTC", _MEMORY) as sandbox:
                whole = sandbox.sql(f"select * from {_scan(path)}")
                cells = [
                    cell for name, kind in zip(whole.columns, whole.types, strict=True) for cell in _cells(name, identifier(name), kind)
                ]
        except (pa.ArrowException, OSError, DatabaseError) as fault:
            found = f" ({str(fault).splitlines()[0]})" if str(fault) else ""
            raise DeliveryError(path, "is not a whole Parquet file", "have it delivered again", found) from fault
        return Survey(
            header=column_names([name for name, _, _ in cells], path, "its columns"),
            records=records,
            blanks=" " + RARE_BLANKS,
            kinds=tuple(kind for _, _, kind in cells),
            is_verbatim=True,
            shape="\0".join(sql for _, sql, _ in cells),
            read_as=("Parquet, typed columns",),
        )

    def prepare(self, path: Path, form: FileFormat, known: Survey, copy: Path) -> Survey:  # noqa: ARG002  # asked for by `Reader`
        """As `Reader.prepare`."""
        link(path, copy)
        return known

    def relation(self, copy: Path, form: FileFormat, held: Survey) -> str:  # noqa: ARG002  # asked for by `Reader`
        """As `Reader.relation`."""
        cells = ", ".join(
            f"{trimmed(sql, held) if kind == TEXT else sql} as {identifier(name)}"
            for name, sql, kind in zip(held.header, held.shape.split("\0"), held.kinds, strict=True)
        )
        return f"select {cells} from {_scan(copy)}"


def _look(path: Path, also: Hasher | None) -> bool:
    """Hand on all bytes; says whether the file begins and ends as Parquet does."""
    first, last = b"", b""
    try:
        with path.open("rb") as file:
            while part := file.read(CHUNK_BYTES):
                if also is not None:
                    also(part)
                first, last = first or part[:4], (last + part[-4:])[-4:]
    except OSError as fault:
        raise DeliveryError(path, f"cannot be read ({fault.strerror})", "check that the file is whole and may be read") from fault
    return first == last == _MARK


def _scan(path: Path) -> str:
    # Older writers leave texts without the note that they are.
    return f"read_parquet({quoted(str(path))}, binary_as_string = true, hive_partitioning = false, filename = false)"


def _cells(name: str, value: str, kind: ColumnType) -> list[tuple[str, str, str]]:
    """Name, SQL and type of what a column gives."""
    if kind.id == "struct":
        fields = cast("list[tuple[str, ColumnType]]", kind.children)
        return [cell for field, inner in fields for cell in _cells(f"{name}.{field}", f"struct_extract({value}, {quoted(field)})", inner)]
    if kind.id in _AS_JSON:
        return [(name, f"cast(to_json({value}) as varchar)", TEXT)]
    # Text under another name, and bytes that are no text, are what they show as.
    return [(name, f"cast({value} as varchar)", TEXT)] if kind.id in _AS_TEXT else [(name, value, str(kind))]
