"""Which encoding a delivered text has: what marks or proves itself is taken; all else must be stated by its source.

UTF-8 proves itself (other encodings hardly ever are UTF-8 by accident), a byte order mark says it, and UTF-16 without one shows in its null
bytes. GB18030, Big5 and the Western single-byte encodings cannot be told apart for certain: text would be landed that nobody delivered.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.intake.source_file import Encoding

# What Python calls them. GB18030 holds GBK and GB2312 whole; Windows writes Big5 as its code page 950.
_CODECS: dict[Encoding, str] = {
    "utf-8": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "iso-8859-1": "iso-8859-1",
    "cp1252": "cp1252",
}
# What a text may be that is not UTF-8, likeliest first; the single-byte ones decode anything and so come last.
_CANDIDATES: tuple[Encoding, ...] = ("gb18030", "big5", "cp1252", "iso-8859-1")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# In UTF-16 the upper halves of most characters of a table (digits, delimiters, Latin letters) are null, the lower ones never.
_NULL_SHARE = 0.2
# A few damaged bytes are rows to set aside; damage in more records than this says that it is another encoding.
_DAMAGED_SHARE = 0.05

# Stands where bytes did not decode. Not U+FFFD, which a file may have from an older system that lost a character: this one is never text.
MARK = "\ufdd0"
MARKING = "clientele-marking"


def codec_of(stated: Encoding, head: bytes) -> str:
    """Python's name of the encoding to read a text with.

    Args:
        stated: By its source.
        head: The first bytes of the text.
    """
    marked = next((codec for mark, codec in _MARKS if head.startswith(mark)), None)
    if stated == "auto":
        return marked or _codec_by_nulls(head) or "utf-8"
    if stated in ("utf-16-le", "utf-16-be") and marked == "utf-16":
        # The mark would otherwise become the first character of the first column's name.
        return marked
    return _CODECS[stated]


def _codec_by_nulls(head: bytes) -> str | None:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > _NULL_SHARE * half and not even:
        return "utf-16-le"
    return "utf-16-be" if even > _NULL_SHARE * half and not odd else None


class Doubt:
    """What speaks against UTF-8 in a text that is read as such for want of a statement."""

    def __init__(self) -> None:
        self._damaged = 0
        self._proofs = 0
        self._sample = b""

    def weigh(self, chunk: bytes, text: str, encoded: bytes) -> None:
        """Take in one part of the text.

        Args:
            chunk: As delivered.
            text: As decoded, with `MARK` where that failed.
            encoded: The same in UTF-8.
        """
        damaged = text.count(MARK)
        # Of a character beyond ASCII every byte but the first, and two for each mark.
        self._proofs += len(encoded) - len(text) - 2 * damaged
        if damaged:
            self._damaged += damaged
            self._sample = self._sample or chunk

    def finding(self, records: int) -> str | None:
        """What the text seems to be, as a clause; None where UTF-8 may stand."""
        if self._damaged <= self._proofs or self._damaged <= _DAMAGED_SHARE * records:
            return None
        fitting = [name for name in _CANDIDATES if _decodes(self._sample, _CODECS[name])]
        return "it is not UTF-8, and reads without a fault as " + " or ".join(fitting)


def _decodes(sample: bytes, codec: str) -> bool:
    try:
        codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def decoder_of(codec: str) -> codecs.IncrementalDecoder:
    """A decoder that puts `MARK` where bytes do not decode."""
    make: Callable[[str], codecs.IncrementalDecoder] = codecs.getincrementaldecoder(codec)
    return make(MARKING)


def _marked(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    return MARK, fault.end


codecs.register_error(MARKING, _marked)
