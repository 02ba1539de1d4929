"""What a file is, by its first and last bytes: kind, compression, encoding. What is not proven is said to be a guess."""

from __future__ import annotations

import codecs
import json
import zipfile
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipelines.errors import ClienteleError
from pipelines.intake.formats.encodings import codec_of
from pipelines.intake.formats.unpacking import open_bytes
from pipelines.intake.source_file import Encoding, FileFormat

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["csv", "json", "parquet", "excel"]

_HEAD_BYTES, _TAIL_BYTES = 1 << 22, 1 << 16
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}
_STRANGE = (
    (b"%PDF", "a PDF, in which a table is only drawn; have the figures exported as CSV or Excel"),
    (b"\x89PNG", "a picture; have the figures exported as CSV or Excel"),
    (b"\xff\xd8\xff", "a picture; have the figures exported as CSV or Excel"),
    (b"GIF8", "a picture; have the figures exported as CSV or Excel"),
    (b"BM\x00", "a picture; have the figures exported as CSV or Excel"),
    (b"SQLite format 3", "an SQLite database; describe it with 'database' in a source"),
    (b"BZh", "packed with bzip2; pack it with gzip, zstd or zip"),
    (b"\xfd7zXZ", "packed with xz; pack it with gzip, zstd or zip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; pack it with gzip, zstd or zip"),
    (b"Rar!", "a RAR archive; pack it with gzip, zstd or zip"),
    (b"{\\rtf", "a text document; have the figures exported as CSV or Excel"),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
# Of the bytes beyond ASCII in Western text most stand alone, in Chinese hardly any.
_ALONE = 0.6
# Lead bytes of the characters that people use most.
_COMMON = {"gb18030": range(0xB0, 0xD8), "big5": range(0xA4, 0xC7)}
_UTF8_LEAD, _CONTROLS = 0xC2, range(0x80, 0xA0)
_DUCKDB = slice(8, 12)


@dataclass(frozen=True)
class Sniffed:
    """A file as it looks before it is read.

    Attributes:
        kind: What kind of file it is.
        encoding: Of its text, in a source's words.
        is_guessed: Whether the encoding is a guess.
        others: Further encodings in which the text reads without a fault.
        head: The beginning of the text; empty where it is none.
        tail: Its end, from some line on; empty where the head is all of it.
    """

    kind: Kind
    encoding: Encoding = "auto"
    is_guessed: bool = False
    others: tuple[Encoding, ...] = ()
    head: str = ""
    tail: str = ""


def packing_of(path: Path) -> str:
    """How a file is compressed, by its first bytes; empty where it is not, or cannot be opened."""
    try:
        with path.open("rb") as file:
            return _PACKED.get(file.read(4), "") or _PACKED.get(_first(path, 2), "")
    except OSError:
        return ""


def _first(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


def refuse_strange(path: Path) -> None:
    """Refuse what nobody reads here.

    Raises:
        ClienteleError: It is a document, a picture, a database or an archive.
    """
    try:
        head = _first(path, 512)
    except OSError as fault:
        message = f"{path}: cannot be read ({fault.strerror}); check that the file may be read."
        raise ClienteleError(message) from fault
    for sign, what in _STRANGE:
        if head.startswith(sign):
            raise _no_table(path, what)
    if head[_DUCKDB] == b"DUCK":
        raise _no_table(path, "a DuckDB file; describe it with 'database' in a source")
    if head.startswith(_OLD_OFFICE) and path.suffix.casefold() != ".xls":
        raise _no_table(path, "a document of an old office program; save the table as .xlsx or CSV")
    if head.startswith(b"PK") and _office_kind(path) == "other":
        raise _no_table(path, "a text document or presentation; have the figures exported as CSV or Excel")
    start = head.lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower()
    if start.startswith((b"<?xml", b"<!doctype", b"<html", b"<table")):
        raise _no_table(path, "XML or HTML (whatever its name says); have the figures exported as CSV or Excel")


def _no_table(path: Path, what: str) -> ClienteleError:
    return ClienteleError(f"{path}: is {what}.")


def _office_kind(path: Path) -> str:
    """`excel` for a workbook, `other` for another document of an office program, empty for any other archive."""
    if not zipfile.is_zipfile(path):
        return ""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if "xl/workbook.xml" in names:
        return "excel"
    return "other" if "[Content_Types].xml" in names or "mimetype" in names else ""


def sniff(path: Path) -> Sniffed:
    """Look at a file's bytes.

    Raises:
        ClienteleError: It is of a kind that nobody reads here, or no whole file of its compression.
    """
    refuse_strange(path)
    first = _first(path, 8)
    if first.startswith(b"PAR1"):
        return Sniffed("parquet")
    if first.startswith(_OLD_OFFICE) or _office_kind(path) == "excel":
        return Sniffed("excel")
    head, tail = _ends(path)
    encoding, is_guessed, others = _encoding(head)
    codec = {"big5": "cp950", "auto": codec_of("auto", head)}.get(encoding, encoding)
    text = head.decode(codec, errors="replace")
    if text.count("\0"):
        raise _no_table(path, "no text, and no table that is known here; have it exported as CSV, Excel, JSON or Parquet")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if tail:
        text = text[: text.rfind("\n") + 1]
        # What the cut left of a line is none; a text of two bytes a character is read from one that is whole.
        tail = tail[len(tail) % 2 :] if codec.startswith("utf-16") else tail
    rest = tail.decode("utf-16-le" if codec == "utf-16" else codec, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return Sniffed("json" if _is_json(text) else "csv", encoding, is_guessed, others, text, rest[rest.find("\n") + 1 :])


def _ends(path: Path) -> tuple[bytes, bytes]:
    """The beginning of the unpacked bytes, and their end where they go on."""
    with open_bytes(path, FileFormat()) as stream:
        head = stream.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES:
            return head, b""
        if not packing_of(path):
            stream.seek(max(path.stat().st_size - _TAIL_BYTES, _HEAD_BYTES))
            return head, stream.read()
        last: deque[bytes] = deque(maxlen=2)
        while part := stream.read(_TAIL_BYTES):
            last.append(part)
        return head, b"".join(last)


def _is_json(text: str) -> bool:
    start = text.lstrip()
    if start.startswith("["):
        return start[1:].lstrip().startswith(("{", "]"))
    try:
        return isinstance(json.loads(start.split("\n", 1)[0]), dict)
    except ValueError:
        return start.startswith("{") and '"' in start


def _encoding(head: bytes) -> tuple[Encoding, bool, tuple[Encoding, ...]]:
    """The encoding, whether it is a guess, and what else would read."""
    if codec_of("auto", head) != "utf-8" or _reads(head, "utf-8"):
        return "auto", False, ()
    high = [place for place, byte in enumerate(head) if byte >= _CONTROLS.start]
    beside = set(high)
    alone = sum(place - 1 not in beside and place + 1 not in beside for place in high) / len(high)
    western: Encoding = "cp1252" if any(head[place] in _CONTROLS for place in high) else "iso-8859-1"
    chinese = sorted((name for name in _COMMON if _reads(head, name)), key=lambda name: -_common_share(head, name))
    fitting: list[Encoding] = [*chinese, western] if alone < _ALONE else [western, *chinese]  # type: ignore[list-item]
    # A few damaged bytes make no other encoding.
    damage = head.decode("utf-8", errors="replace").count("\N{REPLACEMENT CHARACTER}")
    proofs = sum(byte >= _UTF8_LEAD for byte in head) - damage
    if damage < proofs / 10:
        return "utf-8", False, ()
    return fitting[0], True, tuple(fitting[1:])


def _reads(head: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder({"big5": "cp950"}.get(name, name))().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _common_share(head: bytes, name: str) -> float:
    """Share of a text's characters beyond ASCII that are among the common ones of an encoding."""
    text = codecs.getincrementaldecoder({"big5": "cp950"}.get(name, name))().decode(head)
    leads = [sign.encode({"big5": "cp950"}.get(name, name))[0] for sign in text if not sign.isascii()]
    return sum(lead in _COMMON[name] for lead in leads) / len(leads) if leads else 0.0
