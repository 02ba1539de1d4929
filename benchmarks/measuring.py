"""What is measured, each in a process of its own: its seconds as it tells them itself, and the most memory that the process ever held."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
# Linux counts the resident set in kibibytes, macOS in bytes.
_RSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Measured:
    """One call.

    Attributes:
        seconds: How long the work took, without the start of the process.
        peak: Bytes of memory, the most at any moment, Python and libraries included.
        cpu: Seconds of processors in it, all threads together.
        told: Whatever else it told.
    """

    seconds: float
    peak: int
    cpu: float = 0.0
    told: dict[str, Any] = field(default_factory=dict)


def measure(task: str, *arguments: str, limits: dict[str, str]) -> Measured:
    """Run one task of `benchmarks.tasks` in a process of its own.

    Args:
        task: Its name.
        arguments: What it is given.
        limits: Environment variables, such as CLIENTELE_MEMORY.

    Raises:
        RuntimeError: It failed; with what it complained.
    """
    environment = {**os.environ, "DAGSTER_HOME": "", **limits}
    running = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.tasks", task, *arguments],
        cwd=ROOT,
        env={name: value for name, value in environment.items() if value},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert running.stdout is not None
    with running.stdout:
        said = running.stdout.read()
    _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        message = f"{task} {' '.join(arguments)} failed:\n{said}"
        raise RuntimeError(message)
    told = json.loads(said.splitlines()[-1])
    # What the process told of itself goes before: the other figure is at least what this process held when it began the other.
    return Measured(told.pop("seconds"), told.pop("peak", 0) or used.ru_maxrss * _RSS_UNIT, told.pop("cpu", 0.0), told)


def best(calls: list[Measured]) -> tuple[float, float, int, float]:
    """Least seconds, middle seconds, greatest peak, and least seconds of processors of some calls."""
    seconds = [call.seconds for call in calls]
    return min(seconds), median(seconds), max(call.peak for call in calls), min(call.cpu for call in calls)


def size_of(stated: str) -> int:
    """Bytes of a size such as 200MB; steps of a thousand."""
    text = stated.strip().upper().removesuffix("B")
    units = {"K": 10**3, "M": 10**6, "G": 10**9}
    return int(float(text[:-1]) * units[text[-1]]) if text[-1:] in units else int(text)
