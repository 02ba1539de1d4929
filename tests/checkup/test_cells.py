"""What stands in a column, as far as a sample of its cells says."""

from __future__ import annotations

from pipelines.checkup.cells import Cells


def test_one_damaged_day_among_few_days_does_not_hide_that_they_are_days() -> None:
    days = [f"2026-0{number % 4 + 1}-15" for number in range(39)]
    assert Cells(("2026-02-45", *days), 40).time_formats[0] == "%Y-%m-%d"
    assert Cells(("2026-02-45", *days[:4]), 5).time_formats == ()
