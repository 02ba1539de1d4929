"""The months of the sample. The last one is fixed unless told, so that nothing depends on the day on which the sample is written."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.chance import Integers, Times

LAST_MONTH: Final = np.datetime64("2026-09", "M")
SECONDS_A_DAY: Final = 86_400
UTC_OFFSET_HOURS: Final = 8  # the business lives in Asia/Shanghai, which keeps this offset all year


@dataclass(frozen=True)
class Timeline:
    """`count` months ending in `last`, addressed by their index 0 … count - 1. All times are local time of the business."""

    count: int
    last: np.datetime64 = LAST_MONTH

    @property
    def first(self) -> np.datetime64:
        """The month of index 0."""
        return self.last - np.timedelta64(self.count - 1, "M")

    @property
    def end(self) -> np.datetime64:
        """The first second after the last month."""
        end: np.datetime64 = (self.last + np.timedelta64(1, "M")).astype("datetime64[ms]")
        return end

    def month(self, index: int) -> np.datetime64:
        """The month of an index."""
        return self.first + np.timedelta64(index, "M")

    def calendar_month(self, index: Integers) -> Integers:
        """The month of the year, 0 for January … 11 for December."""
        return np.asarray((self.first.astype(np.int64) + index) % 12, dtype=np.int64)

    def index_of(self, times: Times) -> Integers:
        """The index of the month in which each time lies; below 0 before the first month, `count` and more after the last."""
        return np.asarray(times.astype("datetime64[M]").astype(np.int64) - self.first.astype(np.int64), dtype=np.int64)

    def at(self, index: Integers, day: Integers, second: Integers) -> Times:
        """The time `second` seconds into day `day` (from 1) of each month."""
        start = (self.first + np.asarray(index).astype("timedelta64[M]")).astype("datetime64[ms]")
        return np.asarray(start + ((np.asarray(day) - 1) * SECONDS_A_DAY + np.asarray(second)).astype("timedelta64[s]"))

    def delivery_date(self, index: int, day: int) -> np.datetime64:
        """The day on which the files of a month are delivered: day `day` of the following month."""
        date: np.datetime64 = self.month(index + 1).astype("datetime64[D]") + np.timedelta64(day - 1, "D")
        return date
