"""How much of the machine DuckDB may use: the one place where memory, threads and spill space are decided.

DuckDB measures the machine itself, containers included, and by its own rule takes four fifths of the memory and every core. That is the
whole here unless the environment states another: CLIENTELE_MEMORY (such as 8GB) and CLIENTELE_THREADS. What is left belongs to Python's
frames and to the machine. The whole is shared out, because the sandbox that reads a delivery works while the build file is open.
"""

from __future__ import annotations

import math
import os
import re
import shutil
from functools import cache
from typing import TYPE_CHECKING

import duckdb

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pathlib import Path

# Shares of the whole; together no more than 1.
BUILD_SHARE = 0.75
SANDBOX_SHARE = 0.25

_MEMORY, _THREADS = "CLIENTELE_MEMORY", "CLIENTELE_THREADS"
_UNITS = {
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]i?b)", re.IGNORECASE)
_LEAST_MEMORY = 256 * 10**6
# Publishing writes a file beside what spills, and both must fit.
_SPILL_SHARE_OF_FREE_DISK = 0.5


def settings(share: float, folder: Path, most_memory: float = math.inf) -> dict[str, str]:
    """DuckDB's settings for one connection.

    Args:
        share: How much of the whole it gets: `BUILD_SHARE` or `SANDBOX_SHARE`.
        folder: Where it spills; the free space of that disk bounds how much.
        most_memory: Bytes that are enough for what it does, however large the machine is.

    Returns:
        Value by setting: `memory_limit`, `threads`, `max_temp_directory_size`.

    Raises:
        ClienteleError: The environment states a limit that is none.
    """
    free = shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.exists())).free
    return {
        "memory_limit": _kibibytes(min(share * _memory(), most_memory)),
        "threads": str(_threads()),
        "max_temp_directory_size": _kibibytes(share * _SPILL_SHARE_OF_FREE_DISK * free),
    }


def _memory() -> float:
    """Bytes for all connections together."""
    stated = os.environ.get(_MEMORY)
    if not stated:
        return _measured()[0]
    amount = _bytes(stated)
    if amount is None or amount < _LEAST_MEMORY:
        message = (
            f"environment variable {_MEMORY}: found '{stated}'; expected an amount of at least 256MB, such as 8GB; correct it or unset it."
        )
        raise ClienteleError(message)
    return amount


def _threads() -> int:
    stated = os.environ.get(_THREADS)
    if not stated:
        return _measured()[1]
    if not stated.isdecimal() or int(stated) < 1:
        message = f"environment variable {_THREADS}: found '{stated}'; expected a whole number from 1; correct it or unset it."
        raise ClienteleError(message)
    return int(stated)


@cache
def _measured() -> tuple[float, int]:
    """Bytes of memory and number of threads that DuckDB would take by itself."""
    with duckdb.connect() as connection:
        row = connection.execute("select current_setting('memory_limit'), current_setting('threads')").fetchone()
    memory, threads = row or ("", 1)
    return _bytes(memory) or _LEAST_MEMORY, int(threads)


def _bytes(text: str) -> float | None:
    found = _AMOUNT.fullmatch(text.strip())
    return float(found[1]) * _UNITS[found[2].lower()] if found else None


def _kibibytes(amount: float) -> str:
    return f"{int(amount) // 1024}KiB"
