"""JSON as text: where numbers, strings and the elements of an array stand in it, found without parsing it.

DuckDB parses; but it would round a number that no floating point holds, and needs one object a line. Both are mended in the text before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_QUOTE, _BACKSLASH, _NEWLINE, _SPACE, _COMMA = map(ord, '"\\\n ,')
# Stands for a newline inside a string, where JSON allows neither: the element stays unreadable.
_NO_TEXT = 0x0B
# Digits beyond which a number is left as it is.
_LONGEST_NUMBER = 1_000


def _table(signs: str) -> NDArray[np.bool_]:
    table = np.zeros(256, dtype=bool)
    table[[ord(sign) for sign in signs]] = True
    return table


_DIGITS, _OF_NUMBER, _AFTER_EXPONENT = _table("0123456789"), _table("0123456789+-.eE"), _table("0123456789+-")
_OPENING, _BRACKETS, _BLANKS = _table("{["), _table("{}[]"), _table(" \t\n\r")


def _quotes(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Where strings begin and end: at the quotes that no backslash escapes."""
    quotes: NDArray[np.int64] = np.flatnonzero(data == _QUOTE)
    slashes = np.flatnonzero(data == _BACKSLASH)
    if not len(slashes) or not len(quotes):
        return quotes
    runs = slashes[np.concatenate(([True], np.diff(slashes) != 1))]
    before = runs[np.maximum(np.searchsorted(runs, quotes) - 1, 0)]
    is_escaped = (quotes > 0) & (data[quotes - 1] == _BACKSLASH) & ((quotes - before) % 2 == 1)
    unescaped: NDArray[np.int64] = quotes[~is_escaped]
    return unescaped


def _fractions(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Where a point or an exponent stands between digits, be it in a number or in a string."""
    points = np.flatnonzero((data == ord(".")) | (data == ord("e")) | (data == ord("E")))
    points = points[(points > 0) & (points < len(data) - 1)]
    between: NDArray[np.bool_] = _DIGITS[data[points - 1]] & _AFTER_EXPONENT[data[points + 1]]
    return points[between]


def has_fractions(lines: bytes) -> bool:
    """Whether some number, in text of whole lines, may be written with a fraction or an exponent."""
    data = np.frombuffer(lines, dtype=np.uint8)
    return bool(len(_outside(_fractions(data), _quotes(data))))


def has_outer_blanks(lines: bytes) -> bool:
    """Whether some text begins or ends with a space, or is empty."""
    data = np.frombuffer(lines, dtype=np.uint8)
    quotes = _quotes(data)
    opening, closing = quotes[: len(quotes) // 2 * 2 : 2], quotes[1::2]
    return bool((data[opening + 1] == _SPACE).any() or (data[closing - 1] == _SPACE).any() or (closing - opening == 1).any())


def with_exact_numbers(lines: bytes) -> bytes:
    """Put quotes around the numbers with a fraction or an exponent, so that their digits are kept; those in an array stay as they are.

    Args:
        lines: Whole lines, each of which is JSON by itself.
    """
    data = np.frombuffer(lines, dtype=np.uint8)
    quotes = _quotes(data)
    points = _outside(_fractions(data), quotes)
    if not len(points):
        return lines
    brackets = _outside(np.flatnonzero((data == ord("[")) | (data == ord("]"))), quotes)
    if len(brackets):
        depth = np.concatenate(([0], np.cumsum(np.where(data[brackets] == ord("["), 1, -1))))
        points = points[depth[np.searchsorted(brackets, points)] == 0]
    starts = _distinct(_reach(data, points, -1))
    ends = _distinct(_reach(data, points, +1)) + 1
    if len(starts) != len(ends):
        return lines
    return np.insert(data, np.stack((starts, ends), axis=1).ravel(), _QUOTE).tobytes()


def _is_outside(positions: NDArray[np.int64], quotes: NDArray[np.int64], before: int = 0) -> NDArray[np.bool_]:
    """Whether each position is outside strings, after so many quotes before the text."""
    is_even: NDArray[np.bool_] = (np.searchsorted(quotes, positions) + before) % 2 == 0
    return is_even


def _outside(positions: NDArray[np.int64], quotes: NDArray[np.int64]) -> NDArray[np.int64]:
    return positions[_is_outside(positions, quotes)]


def _distinct(ascending: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each position once: a number may have a point and an exponent."""
    kept: NDArray[np.int64] = ascending[np.diff(ascending, prepend=-1) > 0]
    return kept


def _reach(data: NDArray[np.uint8], points: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """The first or last position of the number around each point."""
    reached = points.copy()
    active = np.arange(len(points))
    for _ in range(_LONGEST_NUMBER):
        following = reached[active] + step
        inside = (following >= 0) & (following < len(data))
        active, following = active[inside], following[inside]
        goes_on = _OF_NUMBER[data[following]]
        active = active[goes_on]
        if not len(active):
            break
        reached[active] += step
    return reached


class ArrayLines:
    """One JSON array as lines, an element a line: of the same length, a part at a time.

    Attributes:
        fault: What keeps the text from being one array, or None.
        elements: How many elements have begun, about.
    """

    def __init__(self) -> None:
        self.fault: str | None = None
        self.elements = 1
        self._depth = 0
        self._in_string = False
        self._is_over = False
        self._slashes = b""

    def feed(self, part: bytes) -> bytes:
        """Take the next part of the text; a backslash at its end waits for what it escapes."""
        if self.fault is not None:
            return b""
        text = self._slashes + part
        self._slashes = text[len(text.rstrip(b"\\")) :]
        data = np.frombuffer(text[: len(text) - len(self._slashes)], dtype=np.uint8).copy()
        quotes = _quotes(data)
        outside = int(self._in_string)
        self._in_string = bool((outside + len(quotes)) % 2)
        brackets = np.flatnonzero(_BRACKETS[data])
        brackets = brackets[_is_outside(brackets, quotes, outside)]
        depths = np.concatenate(([self._depth], self._depth + np.cumsum(np.where(_OPENING[data[brackets]], 1, -1))))
        newlines = np.flatnonzero(data == _NEWLINE)
        commas = np.flatnonzero(data == _COMMA)
        commas = commas[_is_outside(commas, quotes, outside)]
        commas = commas[depths[np.searchsorted(brackets, commas)] == 1]
        data[newlines] = np.where(_is_outside(newlines, quotes, outside), _SPACE, _NO_TEXT)
        self._close(data, brackets, depths)
        data[brackets[(depths[:-1] == 0) | (depths[1:] == 0)]] = _SPACE
        data[commas] = _NEWLINE
        self.elements += len(commas)
        self._depth = int(depths[-1])
        return data.tobytes()

    def _close(self, data: NDArray[np.uint8], brackets: NDArray[np.int64], depths: NDArray[np.int64]) -> None:
        closed = np.flatnonzero(depths[1:] <= 0)
        begin = 0 if self._is_over else int(brackets[closed[0]]) + 1 if len(closed) else len(data)
        self._is_over = self._is_over or len(closed) > 0
        if not _BLANKS[data[begin:]].all():
            self.fault = f"something follows the array, which ends with element {self.elements}"

    def finish(self) -> None:
        """Say that the text has ended."""
        if self.fault is None and not self._is_over:
            self.fault = f"the array is not closed: the file ends within or after element {self.elements}"
