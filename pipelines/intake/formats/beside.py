"""Work on each part of a text that need not be waited for, done in order on another core: hashing it, looking for rare signs."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Parts that may wait: more of them would only fill memory.
_MOST_WAITING = 4


class Beside:
    """One thread that does what it is given, in that order."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._waiting: list[Future[object]] = []

    def do(self, work: Callable[[bytes], object], part: bytes) -> None:
        """Have a part worked on; waits where too many are in front of it.

        Raises:
            Exception: What an earlier part has raised.
        """
        self._waiting.append(self._pool.submit(work, part))
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.pop(0).result()

    def done(self) -> None:
        """Wait for all of it.

        Raises:
            Exception: What a part has raised.
        """
        while self._waiting:
            self._waiting.pop(0).result()


@contextmanager
def beside() -> Iterator[Beside]:
    """Open the thread; whatever was given is done when it closes, also where the reading broke off."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield Beside(pool)
