"""From a delivered file's bytes to its text: decompressed, decoded, with newlines as line ends, a part at a time."""

from __future__ import annotations

import gzip
import io
import math
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa

from pipelines.intake.faults import DeliveryError
from pipelines.intake.formats.encodings import Doubt, codec_of, decoder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.intake.source_file import Compression, FileFormat

CHUNK_BYTES = 1 << 22
_SIGNATURES: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
# What macOS adds to every archive.
_NO_MEMBER = ("__MACOSX", ".DS_Store")
# A small file that unpacks to a large one is refused before its working copy fills the disk: tables pack to a hundredth at best, and below
# the floor it does no harm.
MOST_UNPACKED_RATIO, UNPACKED_FLOOR_BYTES = 200, 1 << 30
_DAMAGED = (gzip.BadGzipFile, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException, NotImplementedError)


@contextmanager
def open_bytes(path: Path, form: FileFormat) -> Iterator[BinaryIO]:
    """Open a delivered file, decompressed.

    Raises:
        DeliveryError: It cannot be opened, or what it holds is not what its compression says (also when that shows while reading).
    """
    kind: Compression = form.compression
    try:
        with path.open("rb") as file:
            if kind == "auto":
                head = file.peek(4)
                kind = next((name for signature, name in _SIGNATURES if head.startswith(signature)), _by_name(path))
            with _decompressed(file, kind, path) as stream:
                yield stream
    except OSError as fault:
        if kind == "none" or fault.errno is not None:
            advice = "check that the file is whole and may be read"
            raise DeliveryError(path, f"cannot be read ({fault.strerror or fault})", advice) from fault
        raise _damaged(path, kind, fault) from fault
    except _DAMAGED as fault:
        raise _damaged(path, kind, fault) from fault


def _by_name(path: Path) -> Compression:
    return {".gz": "gzip", ".zst": "zstd", ".zip": "zip"}.get(path.suffix.lower(), "none")  # type: ignore[return-value]


def _damaged(path: Path, kind: Compression, fault: Exception) -> DeliveryError:
    advice = "have it delivered again, or state 'compression: none' in its source"
    return DeliveryError(path, f"is not a whole {kind} file ({str(fault).splitlines()[0] if str(fault) else 'it ends too early'})", advice)


@contextmanager
def _decompressed(file: BinaryIO, kind: Compression, path: Path) -> Iterator[BinaryIO]:
    if kind == "gzip":
        with gzip.open(file, "rb") as unpacked:
            yield unpacked  # type: ignore[misc]  # GzipFile reads bytes like any binary stream
    elif kind == "zstd":
        with pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd") as unpacked:
            yield unpacked
    elif kind == "zip":
        with zipfile.ZipFile(file) as archive, archive.open(_only_member(archive, path)) as unpacked:
            yield unpacked  # type: ignore[misc]
    else:
        yield file


def _only_member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    """The one file in a zip archive. It is read, never written under its own name; a name that leads elsewhere is refused all the same."""
    members = [item for item in archive.infolist() if not (item.is_dir() or set(PurePosixPath(item.filename).parts) & set(_NO_MEMBER))]
    if len(members) != 1:
        reason = f"is a zip archive of {len(members)} files where one was expected"
        raise DeliveryError(path, reason, "deliver each file by itself")
    name = PurePosixPath(members[0].filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or (name.parts and name.parts[0].endswith(":")):
        raise DeliveryError(path, "is a zip archive whose member has a path outside it", "have it packed again")
    if members[0].flag_bits & 1:
        raise DeliveryError(path, "is a zip archive with a password", "deliver it without")
    return members[0]


class Text:
    """A delivered file as UTF-8 with newlines as line ends, a part at a time; no character is cut in two.

    Attributes:
        codec: Python's name of its encoding; known once reading has begun.
        is_verbatim: Whether every part so far stood in the file as it was handed on.
        doubt: What speaks against UTF-8; None where the encoding is stated or marked.
    """

    def __init__(self, path: Path, form: FileFormat, also: Callable[[bytes], object] | None = None) -> None:
        """Say what to read.

        Args:
            path: The delivered file.
            form: How it is encoded and compressed.
            also: Given each part of the decompressed bytes.
        """
        self.codec = ""
        self.is_verbatim = True
        self.doubt: Doubt | None = None
        self._path, self._form, self._also = path, form, also

    def parts(self) -> Iterator[bytes]:
        """Read it, once.

        Raises:
            DeliveryError: As `open_bytes`.
        """
        with open_bytes(self._path, self._form) as stream:
            chunk = stream.read(CHUNK_BYTES)
            self.codec = codec_of(self._form.encoding, chunk)
            self.doubt = Doubt() if self._form.encoding == "auto" and self.codec == "utf-8" else None
            self.is_verbatim = self.codec in ("utf-8", "utf-8-sig") and isinstance(stream, io.BufferedReader)
            inner = decoder_of(self.codec)
            decoder = io.IncrementalNewlineDecoder(inner, translate=True)
            is_whole = self.codec == "utf-8"
            most = math.inf if isinstance(stream, io.BufferedReader) else self._most_unpacked()
            while chunk:
                most -= len(chunk)
                if most < 0:
                    reason = f"unpacks to more than {MOST_UNPACKED_RATIO} times its size"
                    raise DeliveryError(self._path, reason, "have it delivered unpacked, or in parts")
                if self._also is not None:
                    self._also(chunk)
                if is_whole and chunk.isascii() and b"\r" not in chunk:
                    yield chunk
                else:
                    yield self._decoded(decoder, chunk)
                    # What the decoder keeps back (half a character, a carriage return) must meet the next part there.
                    is_whole = self.codec in ("utf-8", "utf-8-sig") and decoder.getstate() == (b"", 0)
                chunk = stream.read(CHUNK_BYTES)
            yield decoder.decode(b"", final=True).encode()

    def _most_unpacked(self) -> int:
        return max(UNPACKED_FLOOR_BYTES, MOST_UNPACKED_RATIO * self._path.stat().st_size)

    def _decoded(self, decoder: io.IncrementalNewlineDecoder, chunk: bytes) -> bytes:
        text = decoder.decode(chunk)
        encoded = text.encode()
        if self.doubt is not None:
            self.doubt.weigh(chunk, text, encoded)
        self.is_verbatim = self.is_verbatim and b"\r" not in chunk
        return encoded
