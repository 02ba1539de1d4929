"""Landing a file with all checks beside a plain DuckDB table of the same file: `python -m benchmarks.landing --size 200MB`."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Measured, best, measure, size_of
from benchmarks.report import Line, Report, shown_bytes
from benchmarks.workspaces import workspace

TARGET_RATIO, TARGET_PEAK = 2.0, 2 * 10**9
# What DuckDB is given, the build and the sandbox together; Python, its libraries and what the allocator keeps come on top.
MEMORY, THREADS = "1500MB", "2"


def compare(report: Report, kind: str, size: int, repeat: int, folder: Path, limits: dict[str, str]) -> None:
    """Land one file and read it plainly, in turn, and enter what that took."""
    # As many as a CSV of that size has, so that every format brings the same invoices.
    rows = measure("rows_for", str(size), "csv", limits={}).told["rows"]
    delivered = folder / f"delivered.{kind}"
    size_written = measure("write", str(delivered), str(rows), kind, limits={}).told["bytes"]
    landed: list[Measured] = []
    plain: list[Measured] = []
    for number in range(repeat):
        root = folder / f"{kind}-{number}"
        place = workspace(root, kind) / f"bills_{number:06d}.{kind}"
        delivered.rename(place)
        # Alternating, so that neither always goes first. The file was just written or read: both find it in memory.
        turns = [("read", str(place), kind, str(root / "plain.duckdb")), ("land", str(root))]
        for turn in turns if number % 2 == 0 else reversed(turns):
            call = measure(*turn, limits=limits)
            (landed if turn[0] == "land" else plain).append(call)
            if call.told["landed"] != rows:
                message = f"{turn[0]}: {call.told['landed']:,} rows where {rows:,} were delivered"
                raise RuntimeError(message)
        place.rename(delivered)
        shutil.rmtree(root)
    delivered.unlink()
    ours, theirs = best(landed), best(plain)
    what = f"{kind}, {shown_bytes(size_written)}, {rows:,} rows"
    report.add(Line("landing", what, "landed with all checks", *ours))
    report.add(Line("landing", what, f"plain DuckDB read_{kind}", *theirs))
    # What disturbs a measurement only ever makes it slower, so the fastest are what the target is held against.
    ratio = ours[0] / theirs[0]
    target = f"≤ {TARGET_RATIO} ×, peak ≤ {shown_bytes(TARGET_PEAK)}"
    report.add(
        Line("landing", what, "ratio of the fastest", ratio=ratio, target=target, is_met=ratio <= TARGET_RATIO and ours[2] <= TARGET_PEAK)
    )
    report.add(Line("landing", what, "ratio of the medians", ratio=ours[1] / theirs[1]))
    report.add(Line("landing", what, "ratio of the processors", ratio=ours[3] / theirs[3]))


def main(arguments: list[str] | None = None) -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="200MB", help="bytes of the CSV file; the other formats hold the same rows")
    parser.add_argument("--kinds", default="csv", help="formats, separated by commas: csv, json, parquet")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory", default=MEMORY, help="CLIENTELE_MEMORY of both peers")
    parser.add_argument("--threads", default=THREADS, help="CLIENTELE_THREADS of both peers")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's folder for temporary files)")
    asked = parser.parse_args(arguments)
    report = Report()
    with TemporaryDirectory(dir=asked.folder, prefix="bench-") as folder:
        for kind in asked.kinds.split(","):
            limits = {"CLIENTELE_MEMORY": asked.memory, "CLIENTELE_THREADS": asked.threads}
            compare(report, kind, size_of(asked.size), asked.repeat, Path(folder), limits)
    report.show(sys.stdout)


if __name__ == "__main__":
    main()
