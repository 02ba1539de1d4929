"""The short name of a delivery for people: a few letters and digits that stand for its key, easily typed and safe in a spreadsheet.

The letter d, then the key in 32 digits and letters. Without i, l, o, which look like digits, and without e: a code that a spreadsheet took
for a number would come back as another one.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIGNS = "0123456789abcdfghjkmnpqrstuvwxyz"
_BITS, _DIGIT_BITS = 63, 5
_DIGITS = -(-_BITS // _DIGIT_BITS)
# Two among ten thousand deliveries share so many with a chance of one to seven hundred; then both are shown whole.
_SHORT = 8
_FEWEST = 5
_CODE = re.compile(f"d[{_SIGNS}]{{{_FEWEST - 1},{_DIGITS}}}")
# What a person may read or type instead.
_MEANT = str.maketrans("ilo", "110")


def whole_code(delivery_key: int) -> str:
    """The whole code of a delivery key."""
    bits = delivery_key << (_DIGITS * _DIGIT_BITS - _BITS)
    places = range((_DIGITS - 1) * _DIGIT_BITS, -1, -_DIGIT_BITS)
    return "d" + "".join(_SIGNS[bits >> place & len(_SIGNS) - 1] for place in places)


def short_code(delivery_key: int) -> str:
    """As much of the code as tells a delivery from nearly all others."""
    return whole_code(delivery_key)[:_SHORT]


def codes(delivery_keys: Iterable[int]) -> dict[int, str]:
    """A code for each of some deliveries, by key: the short one, or the whole one where two share it."""
    keys = set(delivery_keys)
    shared = Counter(map(short_code, keys))
    return {key: short_code(key) if shared[short_code(key)] == 1 else whole_code(key) for key in keys}


def meant_by(text: str, delivery_keys: Iterable[int]) -> list[int]:
    """The keys that a code stands for, whole or its beginning; a key as `meta.delivery_ledger` has it, in digits, stands for itself."""
    typed = text.strip().lower()
    if typed.isdecimal():
        return [key for key in delivery_keys if str(key) == typed]
    typed = typed[:1] + typed[1:].translate(_MEANT)
    if not _CODE.fullmatch(typed):
        return []
    return [key for key in delivery_keys if whole_code(key).startswith(typed)]
