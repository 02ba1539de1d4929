"""One task a process: `python -m benchmarks.tasks TASK ARGUMENT…` does it, and its last line is JSON with its seconds.

Where the system counts memory by process, the line has the most that it held as well.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.defs.run import StepProgress


class Stopwatch:
    """Seconds by the clock and of processors since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def told(self) -> dict[str, Any]:
        """Both, as a task tells them."""
        clock, processors = self._began
        return {"seconds": time.perf_counter() - clock, "cpu": time.process_time() - processors}


_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def land(root: str) -> dict[str, Any]:
    """Take in what waits in a workspace, with all that landing does."""
    from pipelines.intake.landing import land as take_in
    from pipelines.policy import load_policy
    from pipelines.warehouse.workspace import Workspace

    workspace = Workspace.at(root)
    policy = load_policy(workspace.policy_file)
    watch = Stopwatch()
    report = take_in(workspace, policy)
    spent = watch.told()
    return {**spent, "landed": sum(feed.counts.rows_landed for feed in report.feeds), "feeds": len(report.feeds)}


def read(path: str, kind: str, database: str) -> dict[str, Any]:
    """The peer: a plain table of the same columns and types from the same file, in a database file, closed."""
    import os

    import duckdb

    from benchmarks.deliveries import reading

    limits = {"memory_limit": os.environ.get("CLIENTELE_MEMORY", ""), "threads": os.environ.get("CLIENTELE_THREADS", "")}
    watch = Stopwatch()
    with duckdb.connect(database) as connection:
        for name, value in limits.items():
            if value:
                connection.execute(f"set {name} = '{value}'")
        connection.execute(f"create table bills as {reading(Path(path), kind)}")
    spent = watch.told()
    with duckdb.connect(database, read_only=True) as connection:
        return {**spent, "landed": (connection.execute("select count(*) from bills").fetchone() or (0,))[0]}


def write(path: str, rows: str, kind: str, first: str = "0") -> dict[str, Any]:
    """Write a delivery."""
    from benchmarks.deliveries import write as write_bills

    watch = Stopwatch()
    write_bills(Path(path), int(rows), kind, first=int(first))
    return {**watch.told(), "bytes": Path(path).stat().st_size}


def write_many(folder: str, files: str, rows: str) -> dict[str, Any]:
    """Write many small deliveries without an invoice in common."""
    from benchmarks.deliveries import write as write_bills

    watch = Stopwatch()
    for number in range(int(files)):
        write_bills(Path(folder, f"bills_{number:06d}.csv"), int(rows), first=number * int(rows))
    return watch.told()


def rows_for(size: str, kind: str) -> dict[str, Any]:
    """How many rows make a file of so many bytes."""
    from benchmarks.deliveries import rows_for as count_rows

    return {"seconds": 0.0, "rows": count_rows(int(size), kind)}


def sample(root: str, customers: str, months: str) -> dict[str, Any]:
    """Write the invented business."""
    from pipelines.sample import Wanted, write_sample

    watch = Stopwatch()
    write_sample(Path(root), Wanted(customers=int(customers), months=int(months)))
    return watch.told()


def run(root: str) -> dict[str, Any]:
    """A whole run, with the seconds and the greatest memory of every step."""
    import dagster as dg

    from pipelines.defs.run import run_build
    from pipelines.warehouse.workspace import Workspace

    steps: dict[str, dict[str, float]] = {}
    states: dict[str, str] = {}
    before: list[int] = []
    watches: dict[str, Stopwatch] = {}

    def tell(step: StepProgress) -> None:
        if step.state == "running" and states.get(step.step) != "running":
            before.append(_peak(clear=True))
            watches[step.step] = Stopwatch()
        if step.state in ("done", "skipped", "failed"):
            cpu = watches[step.step].told()["cpu"] if step.step in watches else 0.0
            steps[step.step] = {"seconds": step.seconds, "cpu": cpu, "peak": _peak(clear=True)}
        states[step.step] = step.state

    watch = Stopwatch()
    with dg.DagsterInstance.ephemeral() as instance:
        result = run_build(Workspace.at(root), tell, instance=instance)
    spent = watch.told()
    if not result.success:
        raise SystemExit(result.failure)
    peak = max([_peak(), *before, *(int(step["peak"]) for step in steps.values())])
    return {**spent, "steps": steps, "peak": peak}


def _peak(*, clear: bool = False) -> int:
    """Bytes of memory that this process held at most since this was last cleared; 0 where the system does not say."""
    if not _CLEAR.exists():
        return 0
    held = next(line.split()[1] for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    if clear:
        _CLEAR.write_text("5")
    return int(held) * 1024


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "land": land,
    "read": read,
    "write": write,
    "write_many": write_many,
    "rows_for": rows_for,
    "sample": sample,
    "run": run,
}

if __name__ == "__main__":
    told = TASKS[sys.argv[1]](*sys.argv[2:])
    sys.stdout.write("\n" + json.dumps({"peak": _peak(), **told}) + "\n")
