"""Everything that is measured, one table: `make bench`, or `python -m benchmarks --size 200MB`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import landing, small_deliveries, whole_run
from benchmarks.deliveries import FORMATS
from benchmarks.measuring import ROOT, size_of
from benchmarks.report import Report

# Git ignores it.
KEPT = ROOT / "build" / "bench" / "latest.json"


def main(arguments: list[str] | None = None) -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", default="100MB", help="bytes of the CSV file; the other formats hold the same rows")
    parser.add_argument("--kinds", default=",".join(FORMATS), help="formats, separated by commas")
    parser.add_argument("--files", type=int, default=1000, help="number of small deliveries")
    parser.add_argument("--customers", type=int, default=2_000, help="customers of the sample")
    parser.add_argument("--months", type=int, default=24, help="months of the sample")
    parser.add_argument("--repeat", type=int, default=3, help="how often each is measured")
    parser.add_argument("--memory", default=landing.MEMORY, help="CLIENTELE_MEMORY while a file is landed and read")
    parser.add_argument("--threads", default=landing.THREADS, help="CLIENTELE_THREADS while a file is landed and read")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's folder for temporary files)")
    parser.add_argument("--keep", type=Path, default=KEPT, help="where the lines are kept as JSON")
    asked = parser.parse_args(arguments)
    report = Report()
    with TemporaryDirectory(dir=asked.folder, prefix="bench-") as name:
        folder = Path(name)
        limits = {"CLIENTELE_MEMORY": asked.memory, "CLIENTELE_THREADS": asked.threads}
        for kind in filter(None, asked.kinds.split(",")):
            landing.compare(report, kind, size_of(asked.size), asked.repeat, folder, limits)
        if asked.files:
            small_deliveries.compare(report, asked.files, 1, folder, {})
        if asked.customers:
            whole_run.compare(report, asked.customers, asked.months, asked.repeat, folder, {})
    report.show(sys.stdout)
    report.keep(asked.keep)
    sys.stdout.write(f"\nKept in {asked.keep}\n")


if __name__ == "__main__":
    main()
