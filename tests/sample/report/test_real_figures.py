"""The real figures beside the bands are those of the data, computed again."""

from __future__ import annotations

import pytest

from pipelines.sample.report.bands import bands
from tests.sample.report.real_figures import DATA, FIGURES

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the public data are not at {DATA}; they are never part of the repository")
ROUNDED = 0.000_051  # to four digits after the point
# Trees differ a little from one release to the next; all else is arithmetic.
ROUGHLY = {"auc_leaving": 0.01}


@needs_data
@pytest.mark.parametrize("key", FIGURES)
def test_a_real_figure_is_that_of_the_data(key: str) -> None:
    real = bands()[key].real
    assert real is not None
    computed = FIGURES[key]()
    assert real == pytest.approx(computed, abs=ROUGHLY.get(key, ROUNDED))


def test_every_real_figure_is_computed_again() -> None:
    assert {key for key, band in bands().items() if band.real is not None} == FIGURES.keys()
