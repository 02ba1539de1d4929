"""A file that may still be written is left alone until its size and time have been the same for the settle time of its source."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import stat_result
    from pathlib import Path

    from pipelines.intake.sources import Source


@dataclass
class Settling:
    """What one run leaves alone.

    The clock decides here when a file is read, never what is read of it.

    Attributes:
        seconds: The settle time of a source that states none, and how long a run waits at most, in all.
        left: A sentence for each file that was left alone.
    """

    seconds: float
    left: list[str] = field(default_factory=list)
    clock: Callable[[], float] = time.time
    wait: Callable[[float], object] = time.sleep
    _waited: float = 0.0

    def has_settled(self, source: Source, path: Path) -> bool:
        """Whether a file is old enough; for one that nearly is, the run waits.

        A time in the future tells no age: such a file has settled when it is the same after the wait.
        """
        needed = self.seconds if source.settle_seconds is None else source.settle_seconds
        try:
            before = path.stat()
            # A file's age is counted from when its bytes were last written or, where a copy keeps the old time, from when it was put here.
            missing = needed - max(self.clock() - before.st_mtime, 0.0)
            if missing <= 0:
                return True
            if missing <= self.seconds - self._waited:
                self._waited += missing
                self.wait(missing)
                if _same(before, path.stat()):
                    return True
        except OSError:
            # What cannot be looked at is said when it is read.
            return True
        self.left.append(f"{path.name} of {source.name} may still be written: it was left alone, and waits for the next run")
        return False


def _same(before: stat_result, after: stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
