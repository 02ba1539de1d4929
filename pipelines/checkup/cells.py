"""What stands in a delivered column: numbers, days, times or words, and how they are written."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

_SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_PLAIN = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)")
_POINT = re.compile(rf"[-+]?\d{{1,3}}(?:(?P<group>[,'{_SPACES}])\d{{3}})+(?:\.\d+)?")
_COMMA = re.compile(rf"[-+]?(?:\d+|\d{{1,3}}(?:(?P<group>[.'{_SPACES}])\d{{3}})+),\d+")
_GROUPED_BY_POINT = re.compile(r"[-+]?\d{1,3}(?:\.\d{3}){2,}")
_SIGNED = re.compile(r"(?:CNY|RMB|EUR|USD|GBP|[¥￥€$£])\s*|\s*(?:CNY|RMB|EUR|USD|GBP|[¥￥€$£元])", re.IGNORECASE)
_LIKE_A_DAY = re.compile(r"\d.{4,}\d|[A-Za-z]{3,9} \d{1,2}, \d{4}")
_TIME_ONLY = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")

_DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d.%m.%y",
    "%d/%m/%y", "%m/%d/%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y",
)  # fmt: skip
_CLOCKS = (
    "",
    " %H:%M:%S",
    " %H:%M",
    "T%H:%M:%S",
    "T%H:%M",
    " %H:%M:%S.%f",
    "T%H:%M:%S.%f",
    " %I:%M:%S %p",
    " %I:%M %p",
    "%H%M%S",
    " %H%M%S",
)
_OFFSETS = ("", "Z", "%z")
_FORMATS = tuple(
    f"{day}{clock}{offset if clock else ''}" for day in _DAYS for clock in _CLOCKS for offset in (_OFFSETS if clock else ("",))
)
# What a cast reads without being told.
_ISO = tuple(name for name in _FORMATS if name.startswith("%Y-%m-%d") and "%I" not in name and "%H%M" not in name)
_MONTHS = (
    ("%Y-%m", r"\d{4}-\d{2}"),
    ("%Y/%m", r"\d{4}/\d{1,2}"),
    ("%Y.%m", r"\d{4}\.\d{2}"),
    ("%Y年%m月", r"\d{4}年\d{1,2}月"),
    ("%Y%m", r"(19|20)\d{4}"),
)
# Of a hundred values a few may be damaged.
_ENOUGH = 0.95
_TRIED = 200
_LIST = 12
_FEWEST_OF_A_LIST = 2
_FIRST_YEAR, _LAST_YEAR = 1850, 2100


@dataclass(frozen=True)
class Cells:
    """The filled cells of one column, of a sample of the file's records.

    Attributes:
        values: Their text without blanks around it.
        records: How many records the sample has.
    """

    values: tuple[str, ...]
    records: int

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        """Each value once, in the order in which they came."""
        return tuple(dict.fromkeys(self.values))

    @cached_property
    def is_list(self) -> bool:
        """Whether a few words return again and again."""
        return (len(self.distinct) <= _LIST and len(self.values) >= _FEWEST_OF_A_LIST * len(self.distinct)) or len(self.distinct) == 1

    @cached_property
    def is_time_only(self) -> bool:
        """Whether times of the day stand in it."""
        return bool(self.values) and self._share(lambda text: _TIME_ONLY.fullmatch(text) is not None) > _ENOUGH

    @cached_property
    def is_day_only(self) -> bool:
        """Whether days without a time stand in it."""
        return bool(self.time_formats) and not any(sign in self.time_formats[0] for sign in ("%H", "%I"))

    @cached_property
    def share_of_numbers(self) -> float:
        """Share of values that are numbers, however written."""
        return self._share(lambda text: style_of(unsigned(text)) is not None)

    @cached_property
    def has_signs(self) -> bool:
        """Whether numbers stand with a currency's sign."""
        return self._share(lambda text: style_of(text) is None and style_of(unsigned(text)) is not None) > 1 - _ENOUGH

    @cached_property
    def share_of_times(self) -> float:
        """Share of values that are days or times by the format that reads most of them."""
        return 1.0 if self.time_formats else 0.0

    @cached_property
    def time_formats(self) -> tuple[str, ...]:
        """The formats that read nearly all values, likeliest first: more than one where the values leave it open."""
        # Of the beginning and of the end, where the days are others.
        waiting = self.distinct[:_TRIED] + self.distinct[_TRIED:][-_TRIED:]
        # A day counts as often as it stands: one damaged cell among few days is still one among many cells.
        times = Counter(self.values)
        enough = _ENOUGH * sum(times[text] for text in waiting)
        if not waiting or sum(times[text] for text in waiting if _LIKE_A_DAY.match(text) is not None) < enough:
            return ()
        first = [name for name in _FORMATS if any(_reads(name, text) for text in waiting[:5])]
        return tuple(name for name in first if sum(times[text] for text in waiting if _reads(name, text)) >= enough)

    @cached_property
    def month_format(self) -> str | None:
        """The format of months without a day, such as `2026-04`; None where they are none."""
        for name, pattern in _MONTHS:
            shape = re.compile(pattern)
            if self._share(lambda text, shape=shape, name=name: bool(shape.fullmatch(text)) and _reads(name, text)) >= _ENOUGH:
                return name
        return None

    @cached_property
    def is_number_like(self) -> bool:
        """Whether its days could be plain numbers, such as 20240105."""
        return bool(self.time_formats) and len(self.distinct[0]) <= len("20240105") and self.distinct[0].isdigit()

    @cached_property
    def has_fractions(self) -> bool:
        """Whether it holds numbers with fractions, as amounts have and numbers of records have not."""
        return self.share_of_numbers > _ENOUGH and any(re.search(r"[.,]\d{1,2}\D*$|\.\d", text) for text in self.distinct)

    @cached_property
    def is_iso(self) -> bool:
        """Whether its times need no format."""
        return bool(self.time_formats) and self.time_formats[0] in _ISO

    def _share(self, test: object) -> float:
        counted = sum(bool(test(text)) for text in self.values) if callable(test) else 0
        return counted / len(self.values) if self.values else 0.0


Style = Literal["plain", "point", "comma"]


@dataclass(frozen=True)
class Numbers:
    """How a file writes numbers: the mark before the fraction and between groups of digits."""

    decimal: str = "."
    thousands: str = ""


def unsigned(text: str) -> str:
    """A number without the sign of its currency."""
    return _SIGNED.sub("", text).strip()


def style_of(text: str) -> Style | None:
    """How one number is written; None where it is none. `1,234` is taken for a grouped one."""
    if _PLAIN.fullmatch(text):
        return "plain"
    if _POINT.fullmatch(text):
        return "point"
    return "comma" if _COMMA.fullmatch(text) or _GROUPED_BY_POINT.fullmatch(text) else None


def numbers_of(columns: list[Cells]) -> tuple[Numbers, bool]:
    """How the numbers of a file are written, by all its columns of numbers, and whether that is open (only `1,234` was seen)."""
    texts = [unsigned(text) for cells in columns for text in cells.values]
    commas = [text for text in texts if _COMMA.fullmatch(text) and not _POINT.fullmatch(text)]
    grouped = [text for text in texts if _POINT.fullmatch(text)]
    points = [text for text in texts if "." in text and _PLAIN.fullmatch(text)]
    if commas and len(commas) > len(points):
        # What looked grouped by commas are fractions then.
        marks = [found["group"] for text in texts if (found := _COMMA.fullmatch(text)) and found["group"]]
        marks += ["." for text in texts if _GROUPED_BY_POINT.fullmatch(text)]
        return Numbers(",", _mark(marks)), False
    marks = [found["group"] for text in grouped if (found := _POINT.fullmatch(text))]
    only_commas = bool(grouped) and not points and not any("." in text for text in grouped) and _mark(marks) == ","
    return Numbers(".", _mark(marks)), only_commas


def _mark(marks: list[str]) -> str:
    mark = max(set(marks), key=marks.count) if marks else ""
    return " " if mark and mark in _SPACES else mark


def _reads(name: str, text: str) -> bool:
    if name.startswith("%Y%m%d") and not text[:8].isdigit():
        return False
    try:
        moment = datetime.strptime(text, name)
    except ValueError:
        return False
    return _FIRST_YEAR <= moment.year < _LAST_YEAR


def other_day_first(formats: tuple[str, ...]) -> str | None:
    """Of formats that the values leave open, the one that takes the day for the month of the first; None where they do not."""
    if not formats:
        return None
    swapped = formats[0].replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
    return swapped if swapped != formats[0] and swapped in formats[1:] else None
