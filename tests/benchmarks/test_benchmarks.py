"""The measurements run at a tiny size, read what they mean to read, and say it in a table. No figure of time is judged here."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import __main__ as everything
from benchmarks import deliveries, landing, measuring, whole_run
from benchmarks.measuring import Measured, best, measure, size_of
from benchmarks.report import Line, Report, shown_bytes
from pipelines.contracts.model import load_contracts
from pipelines.intake.sources import load_sources
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


def test_everything_is_measured_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "kept" / "latest.json"
    sizes = ("--size", "100KB", "--kinds", "csv", "--files", "3", "--customers", "0", "--repeat", "1")
    everything.main([*sizes, "--folder", str(tmp_path), "--keep", str(kept)])
    told = capsys.readouterr().out
    lines = json.loads(kept.read_text(encoding="utf-8"))["lines"]
    who = [line["who"] for line in lines]
    assert who[:2] == ["landed with all checks", "plain DuckDB read_csv"]
    assert who[2:5] == ["ratio of the fastest", "ratio of the medians", "ratio of the processors"]
    assert who[5:] == ["landed one by one", "the same rows in one file", "overhead of a delivery", "the rest of a run"]
    for line in lines:
        assert line["who"] in told
        assert (line["peak"] or 0) > 10**7 or line["ratio"] or line["each"]
    assert all(line["cpu"] > 0 for line in lines if line["peak"])
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("kind", deliveries.FORMATS)
def test_the_same_seed_writes_the_same_invoices(tmp_path: Path, kind: str) -> None:
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        deliveries.write(tmp_path / name, 5000, kind, seed)
    one, same, other = ((tmp_path / name).read_bytes() for name in ("one", "same", "other"))
    assert one == same
    assert one != other


def test_the_file_has_about_the_size_asked_for(tmp_path: Path) -> None:
    deliveries.write(tmp_path / "bills", deliveries.rows_for(3_000_000))
    assert (tmp_path / "bills").stat().st_size == pytest.approx(3_000_000, rel=0.05)


def test_the_source_maps_what_the_peer_reads(tmp_path: Path) -> None:
    """Otherwise one of the two would do less."""
    workspace = Workspace.at(tmp_path)
    workspace.prepare()
    (workspace.sources / "bills.yml").write_text(deliveries.source("csv"), encoding="utf-8")
    [source] = load_sources(workspace, load_contracts())
    mapped = [line.split(": ")[1] for line in deliveries.source().partition("columns:")[2].split("\n") if ": " in line]
    assert set(mapped) == set(deliveries.TYPES)
    assert [feed.record.name for feed in source.feeds] == ["invoices"]


def test_a_peer_that_reads_less_is_no_peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def less(task: str, *arguments: str, limits: dict[str, str]) -> Measured:
        call = measure(task, *arguments, limits=limits)
        return Measured(call.seconds, call.peak, call.cpu, {**call.told, "landed": 1}) if task == "read" else call

    monkeypatch.setattr(landing, "measure", less)
    with pytest.raises(RuntimeError, match=r"read: 1 rows where [\d,]+ were delivered"):
        landing.compare(Report(), "csv", 100_000, 1, tmp_path, {})


def test_a_task_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)land .*no source is defined"):
        measure("land", str(tmp_path), limits={})


def test_memory_is_that_of_the_process_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two hundred million bytes that one process held show with it and not with the next."""
    real = measuring.ROOT / "benchmarks" / "tasks.py"
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").write_text("")
    (tmp_path / "benchmarks" / "tasks.py").write_text(
        "import runpy, sys\n"
        "len(b'x' * int(sys.argv.pop()))\n"
        f"sys.path.insert(0, {str(measuring.ROOT)!r})\n"
        "del sys.modules['benchmarks']\n"
        f"runpy.run_path({str(real)!r}, run_name='__main__')\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(measuring, "ROOT", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    much, little = (measure("rows_for", "1000", "csv", str(size), limits={}) for size in (2 * 10**8, 1))
    assert much.peak > 2 * 10**8
    assert little.peak < 2 * 10**8 or sys.platform == "darwin"


def test_a_run_is_told_step_by_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[tuple[str, ...]] = []

    def measured(task: str, *arguments: str, limits: dict[str, str]) -> Measured:
        assert limits == {}
        calls.append((task, *arguments[1:]))
        runs: dict[str, Any] = {
            "steps": {
                "intake": {"seconds": 2.0 * len(calls), "cpu": 9.0 - len(calls), "peak": 10**8},
                "core": {"seconds": 8.0, "cpu": 3.0, "peak": 0},
            }
        }
        return Measured(float(len(calls)), 5 * 10**8, 1.5, runs if task == "run" else {})

    monkeypatch.setattr(whole_run, "measure", measured)
    report = Report()
    whole_run.compare(report, 20, 3, 2, tmp_path, {})
    assert calls == [("sample", "20", "3"), ("run",)] * 2
    assert [(line.who, line.fastest, line.middle, line.peak, line.cpu) for line in report.lines] == [
        ("written", 1.0, 2.0, 5 * 10**8, 1.5),
        ("intake", 4.0, 6.0, 10**8, 5.0),
        ("core", 8.0, 8.0, None, 3.0),
        ("all steps", 2.0, 3.0, 5 * 10**8, 1.5),
    ]


@pytest.mark.parametrize(("stated", "size"), [("200MB", 200_000_000), ("2GB", 2 * 10**9), ("1.5 kb", 1500), ("77", 77)])
def test_sizes_are_read(stated: str, size: int) -> None:
    assert size_of(stated) == size


def test_the_middle_and_the_best_are_told_apart() -> None:
    assert best([Measured(3, 10, 7), Measured(1, 30, 5), Measured(2, 20, 6)]) == (1, 2, 30, 5)


def test_a_target_that_is_missed_stands_out() -> None:
    screen = io.StringIO()
    report = Report()
    report.add(Line("landing", "csv", "ratio", ratio=7.12, target="≤ 2.0 ×", is_met=False))
    report.add(Line("small", "3 files", "overhead", each=24.66, target="≤ 50 ms", is_met=True))
    report.show(screen)
    told = screen.getvalue().splitlines()
    assert told[-2].split() == ["landing", "csv", "ratio", "7.12", "×", "≤", "2.0", "×", "NOT", "MET"]
    assert told[-1].endswith("24.7 ms  ≤ 50 ms  met")


def test_bytes_are_shown_in_steps_of_a_thousand() -> None:
    assert [shown_bytes(count) for count in (12, 3400, 210_000_000, 2_340_000_000)] == ["12 B", "3 kB", "210 MB", "2.3 GB"]
