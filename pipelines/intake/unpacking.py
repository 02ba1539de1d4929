"""From a delivered file's bytes to its text: decompressed, decoded, with newlines as line ends, a part at a time."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from pipelines.intake.faults import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.intake.source_file import FileFormat

# Stands where bytes did not decode. Not U+FFFD, which a file may have from an older system that lost a character: this one is never text.
MARK = "\ufdd0"

_CHUNK_BYTES = 1 << 22
_GZIP_SIGNATURE = b"\x1f\x8b"


@contextmanager
def open_bytes(path: Path, form: FileFormat) -> Iterator[BinaryIO]:
    """Open a delivered file, decompressed.

    Raises:
        DeliveryError: It cannot be opened, or what it holds is not what its compression says (also when that shows while reading).
    """
    try:
        with path.open("rb") as file:
            is_marked = path.suffix.lower() == ".gz" or file.peek(2)[:2] == _GZIP_SIGNATURE
            if form.compression == "gzip" or (form.compression == "auto" and is_marked):
                with gzip.open(file, "rb") as unpacked:
                    yield unpacked  # type: ignore[misc]  # GzipFile reads bytes like any binary stream
            else:
                yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
        advice = "have it delivered again, or state 'compression: none' in its source"
        raise DeliveryError(path, f"is not a whole gzip file ({fault})", advice) from fault
    except OSError as fault:
        raise DeliveryError(path, f"cannot be read ({fault.strerror or fault})", "check that the file is whole and may be read") from fault


def text_of(path: Path, form: FileFormat, also: Callable[[bytes], object] | None = None) -> Iterator[bytes]:
    """A delivered file as UTF-8 with newlines as line ends, a part at a time; no character is cut in two.

    Args:
        path: The delivered file.
        form: How it is encoded and compressed.
        also: Given each part of the decompressed bytes.

    Raises:
        DeliveryError: As `open_bytes`.
    """
    codec = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(codec)(_MARKING), translate=True)
    with open_bytes(path, form) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            if also is not None:
                also(chunk)
            yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def _marked(fault: UnicodeError) -> tuple[str, int]:
    """Put `MARK` where bytes do not decode."""
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    return MARK, fault.end


_MARKING = "clientele-marking"
codecs.register_error(_MARKING, _marked)
