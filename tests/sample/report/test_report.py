"""The whole report: the default sample is like the real businesses, and the report is the same every time."""

from __future__ import annotations

from functools import cache

import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.report import Shape, report_on
from pipelines.sample.report.bands import bands
from pipelines.sample.wanted import Wanted


@cache
def default() -> dict[str, Shape]:
    return dict(zip(bands(), report_on(Wanted()), strict=True))


@pytest.mark.parametrize("key", bands())
def test_the_default_sample_lies_in_its_bands(key: str) -> None:
    shape = default()[key]
    assert shape.is_known
    assert shape.low <= shape.value <= shape.high


def test_the_report_is_the_same_every_time() -> None:
    wanted = Wanted(customers=400, months=20)
    assert [shape.cells() for shape in report_on(wanted)] == [shape.cells() for shape in report_on(wanted)]
    assert [shape.cells() for shape in report_on(wanted)] != [
        shape.cells() for shape in report_on(Wanted(customers=400, months=20, seed=1))
    ]


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_the_smallest_sample_has_a_report_too(industry: str) -> None:
    shapes = report_on(Wanted(industry=industry, customers=20, months=3))
    assert len(shapes) == len(bands())
    assert not shapes[list(bands()).index("auc_leaving")].is_known


def test_progress_ends_at_its_end() -> None:
    told: list[tuple[str, int, int]] = []
    report_on(Wanted(customers=50, months=6), lambda *step: told.append(step))
    assert [done for _, done, _ in told] == list(range(1, len(told) + 1))
    assert {total for _, _, total in told} == {len(told)}
