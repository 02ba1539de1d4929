"""How a delimited text is laid out, and where its records and fields were found to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Layout:
    """How a delimited text is laid out.

    Attributes:
        delimiter: Between fields; empty where a record is one field.
        quote: Around a field; empty where quotes mean nothing.
        has_header: Whether the first record names the columns.
        title_lines: Lines above the first record that belong to none.
        comment: A line that begins with it is no record.
        totals: The last record is none where its first filled field begins with one of these.
    """

    delimiter: str
    quote: str
    has_header: bool = True
    title_lines: int = 0
    comment: str | None = None
    totals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Split:
    """What was found in a text that begins where a record does.

    Attributes:
        ends: Positions of the newlines that end a record.
        delimiters: By position, whether a delimiter between two fields stands there; empty where there is none.
        broken: A position in each record with broken quotes.
        is_open: Whether the text ends inside quotes.
    """

    ends: NDArray[np.int64]
    delimiters: NDArray[np.bool_]
    broken: tuple[int, ...] = ()
    is_open: bool = False

    def until(self, length: int) -> Split:
        """What of it stands before a position."""
        ends = self.ends[: np.searchsorted(self.ends, length)]
        return Split(ends, self.delimiters[:length], tuple(position for position in self.broken if position < length))
