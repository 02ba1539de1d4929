"""Many small deliveries in one landing, and what each costs beyond its rows: `python -m benchmarks.small_deliveries --files 1000`."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Measured, best, measure
from benchmarks.report import Line, Report
from benchmarks.workspaces import workspace

TARGET_MILLISECONDS = 50.0
ROWS = 20


def compare(report: Report, files: int, repeat: int, folder: Path, limits: dict[str, str]) -> None:
    """Land the same rows in many files and in one, and then go the whole way with the many."""
    many: list[Measured] = []
    one: list[Measured] = []
    whole: Measured | None = None
    for number in range(repeat):
        roots = {name: folder / f"{name}-{number}" for name in ("many", "one")}
        measure("write_many", str(workspace(roots["many"])), str(files), str(ROWS), limits={})
        measure("write", str(workspace(roots["one"]) / "bills_000000.csv"), str(files * ROWS), "csv", limits={})
        order = list(roots) if number % 2 == 0 else list(reversed(roots))
        for name in order:
            call = measure("land", str(roots[name]), limits=limits)
            (many if name == "many" else one).append(call)
            if call.told["landed"] != files * ROWS:
                message = f"{name}: {call.told['landed']:,} rows where {files * ROWS:,} were delivered"
                raise RuntimeError(message)
        if number == repeat - 1:
            # All of it has landed: what is left is everything after landing.
            whole = measure("run", str(roots["many"]), limits=limits)
        for root in roots.values():
            shutil.rmtree(root)
    what = f"{files:,} files of {ROWS} rows"
    each = (best(many)[0] - best(one)[0]) / files * 1000
    report.add(Line("small deliveries", what, "landed one by one", *best(many)))
    report.add(Line("small deliveries", what, "the same rows in one file", *best(one)))
    report.add(
        Line(
            "small deliveries",
            what,
            "overhead of a delivery",
            each=each,
            target=f"≤ {TARGET_MILLISECONDS:.0f} ms",
            is_met=each <= TARGET_MILLISECONDS,
        )
    )
    if whole is not None:
        report.add(Line("small deliveries", what, "the rest of a run", *best([whole])))


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's folder for temporary files)")
    asked = parser.parse_args(arguments)
    report = Report()
    with TemporaryDirectory(dir=asked.folder, prefix="bench-") as folder:
        compare(report, asked.files, asked.repeat, Path(folder), {})
    report.show(sys.stdout)


if __name__ == "__main__":
    main()
