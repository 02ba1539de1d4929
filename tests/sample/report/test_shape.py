"""A shape says whether it lies in its band, and shows itself in six cells."""

from __future__ import annotations

import pytest

from pipelines.sample.report import Shape
from pipelines.sample.report.bands import bands, shapes_of


@pytest.mark.parametrize(("value", "is_inside"), [(0.09, False), (0.1, True), (0.15, True), (0.2, True), (0.21, False)])
def test_a_band_includes_its_ends(value: float, is_inside: bool) -> None:
    assert Shape("churn", value, 0.1, 0.2, None, "ours").is_inside is is_inside


def test_six_cells_show_four_figures_after_the_point_at_most() -> None:
    assert Shape("churn", 0.0144444, 0.01, 2.0, 0.28819, "data").cells() == ("churn", "0.0144", "0.01", "2", "0.2882", "data")
    assert Shape("days", 665.0, 30.0, 665.0, 665.0, "data").cells() == ("days", "665", "30", "665", "665", "data")


def test_what_cannot_be_told_is_a_dash_and_not_outside() -> None:
    shape = Shape("churn", float("nan"), 0.01, 0.02, None, "ours")
    assert shape.cells() == ("churn", "–", "0.01", "0.02", "–", "ours")
    assert shape.is_inside
    assert not shape.is_known


def test_every_band_says_where_it_comes_from() -> None:
    for key, band in bands().items():
        assert band.source, key
        assert band.why, key
        assert (band.real is None) == ("assumption" in band.source), f"{key} is either real or an assumption"


def test_a_real_figure_lies_in_its_band_but_where_the_issue_asks_for_more() -> None:
    outside = {key for key, band in bands().items() if band.real is not None and not band.low <= band.real <= band.high}
    assert outside == {"auc_leaving"}


def test_shapes_come_in_the_order_of_the_bands_and_none_is_forgotten() -> None:
    values = dict.fromkeys(reversed(list(bands())), 0.5)
    assert [shape.name for shape in shapes_of(values)] == [band.title for band in bands().values()]
    with pytest.raises(KeyError, match="late_share"):
        shapes_of({key: value for key, value in values.items() if key != "late_share"})
    with pytest.raises(KeyError, match="strange"):
        shapes_of(values | {"strange": 1.0})
