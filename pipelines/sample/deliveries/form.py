"""How a system writes its files: kind, delimiter, encoding, compression. Nothing here knows what the rows are about.

The bytes depend on the content alone: line ends are always one line feed, and a gzip header has no name, no clock and no operating system.
A piece of text becomes a gzip member or a zstd frame by itself, so that later pieces can be put behind it.
"""

import codecs
import gzip
import io
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl
import pyarrow as pa

DAMAGE: Final = "\ue7c9"  # of the private use area: stands in a text where a byte that does not decode will be written
_GZIP_LEVEL: Final = 1  # a quarter of the time of the usual 6, for a sixth more bytes


@dataclass(frozen=True)
class _Coding:
    """An encoding: Python's name of it, what marks its beginning, and the half character that is written for DAMAGE, with its handler."""

    codec: str
    mark: bytes
    damage: str
    handler: str


_CODINGS: Final = {
    "utf-8": _Coding("utf-8", b"", "\udcff", "surrogateescape"),
    "utf-8-sig": _Coding("utf-8", codecs.BOM_UTF8, "\udcff", "surrogateescape"),
    "gb18030": _Coding("gb18030", b"", "\udcff", "surrogateescape"),
    "utf-16": _Coding("utf-16-le", codecs.BOM_UTF16_LE, "\udc00", "surrogatepass"),
}


@dataclass(frozen=True)
class Form:
    """How a system writes its files.

    Attributes:
        kind: What kind of file.
        delimiter: Between two cells of a csv.
        encoding: Of csv and json_lines: "utf-8", "utf-8-sig" (with a byte order mark), "gb18030", "utf-16" (little end first, with a mark).
        compression: Of csv and json_lines.
        sheet: Of excel: name of the sheet; None for the usual one.

    Raises:
        ValueError: The encoding or the delimiter is none that can be written.
    """

    kind: Literal["csv", "json_lines", "parquet", "excel"] = "csv"
    delimiter: str = ","
    encoding: str = "utf-8"
    compression: Literal["none", "gzip", "zstd"] = "none"
    sheet: str | None = None

    def __post_init__(self) -> None:
        if self.encoding not in _CODINGS:
            message = f"no file is written in '{self.encoding}'; there are {', '.join(_CODINGS)}"
            raise ValueError(message)
        if len(self.delimiter) != 1 or not self.delimiter.isascii():
            message = f"a delimiter is one ASCII sign, not '{self.delimiter}'"
            raise ValueError(message)

    @property
    def is_text(self) -> bool:
        """Whether the file is text: csv or json_lines."""
        return self.kind in ("csv", "json_lines")

    @property
    def mark(self) -> bytes:
        """The byte order mark at the beginning of a file; empty for most."""
        return _CODINGS[self.encoding].mark

    def text(self, rows: pl.DataFrame, *, has_header: bool) -> bytes:
        """Rows as encoded text, not compressed and without a byte order mark.

        Args:
            rows: What is written. DAMAGE in a cell becomes bytes that do not decode.
            has_header: Whether a csv begins with its columns' names.
        """
        target = io.BytesIO()
        if self.kind == "csv":
            rows.write_csv(target, include_header=has_header, separator=self.delimiter, line_terminator="\n")
        else:
            rows.write_ndjson(target)
        return self._encoded(target.getvalue())

    def _encoded(self, written: bytes) -> bytes:
        coding = _CODINGS[self.encoding]
        if coding.codec == "utf-8":
            return written.replace(DAMAGE.encode(), b"\xff")
        if coding.codec == "gb18030" and written.isascii():
            return written
        return written.decode().replace(DAMAGE, coding.damage).encode(coding.codec, coding.handler)

    def read_text(self, packed: bytes) -> str:
        """What stands in one piece of a file; bytes that do not decode come back as they were when it is written by `packed_text`."""
        coding = _CODINGS[self.encoding]
        return self._unpacked(packed).decode(coding.codec, coding.handler)

    def packed_text(self, text: str) -> bytes:
        """One piece of a file, encoded and compressed."""
        coding = _CODINGS[self.encoding]
        return self.packed(text.encode(coding.codec, coding.handler))

    def packed(self, content: bytes) -> bytes:
        """Content as one gzip member or zstd frame, or as it is."""
        if self.compression == "gzip":
            target = io.BytesIO()
            with gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=target, mtime=0) as stream:
                stream.write(content)
            return target.getvalue()
        if self.compression == "zstd":
            return bytes(pa.compress(content, codec="zstd", asbytes=True))
        return content

    def _unpacked(self, content: bytes) -> bytes:
        if self.compression == "gzip":
            return gzip.decompress(content)
        if self.compression == "zstd":
            with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
                return bytes(stream.read())
        return content
