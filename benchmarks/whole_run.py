"""A whole run of the invented business, step by step: `python -m benchmarks.whole_run`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.measuring import best, measure
from benchmarks.report import Line, Report


def compare(report: Report, customers: int, months: int, repeat: int, folder: Path, limits: dict[str, str]) -> None:
    """Write the sample and run it, each time in a workspace of its own."""
    written, runs = [], []
    for number in range(repeat):
        root = folder / f"sample-{number}"
        root.mkdir()
        written.append(measure("sample", str(root), str(customers), str(months), limits=limits))
        runs.append(measure("run", str(root), limits=limits))
    what = f"{customers:,} customers, {months} months"
    report.add(Line("sample", what, "written", *best(written)))
    for step in runs[0].told["steps"]:
        told = [call.told["steps"][step] for call in runs]
        seconds = [one["seconds"] for one in told]
        peak, cpu = max(int(one["peak"]) for one in told) or None, min(one["cpu"] for one in told)
        report.add(Line("run", what, step, min(seconds), median(seconds), peak, cpu))
    report.add(Line("run", what, "all steps", *best(runs)))


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--months", type=int, default=18)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's folder for temporary files)")
    asked = parser.parse_args(arguments)
    report = Report()
    with TemporaryDirectory(dir=asked.folder, prefix="bench-") as folder:
        compare(report, asked.customers, asked.months, asked.repeat, Path(folder), {})
    report.show(sys.stdout)


if __name__ == "__main__":
    main()
