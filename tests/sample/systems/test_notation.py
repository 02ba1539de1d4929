from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sample.systems.notation import amount, day, figure, flag, label, label_or_own, moment, moment_at_offset

NIGHT = datetime(2026, 3, 1, 0, 22, 33)


def told(value: Any, expression: pl.Expr, kind: pl.DataType | None = None) -> Any:
    return pl.DataFrame({"x": pl.Series([value], dtype=kind)}).select(expression)["x"].item()


@given(st.integers(-(10**13), 10**13), st.sampled_from([2, 4]), st.sampled_from([".", ","]))
def test_an_amount_has_its_decimals_and_its_sign(value: int, places: int, mark: str) -> None:
    text = told(value, amount("x", mark, places))
    assert Decimal(text.replace(mark, ".")) == Decimal(value) / 10**places
    assert len(text.split(mark)[1]) == places


@given(st.integers(-(10**13), 10**13))
def test_thousands_are_grouped_as_python_groups_them(value: int) -> None:
    assert told(value, amount("x", grouped=True)) == f"{Decimal(value) / 100:,.2f}"


def test_times_are_written_as_told() -> None:
    assert told(NIGHT, moment("x")) == "2026-03-01 00:22:33"
    assert told(NIGHT, moment("x", "%m/%d/%Y %I:%M %p")) == "03/01/2026 12:22 AM"
    assert told(date(2026, 3, 1), moment("x")) == "2026-03-01 00:00:00"
    assert told(NIGHT, day("x", "%d.%m.%Y")) == "01.03.2026"


def test_an_offset_names_the_same_moment() -> None:
    assert told(NIGHT, moment_at_offset("x", 8)) == "2026-03-01T00:22:33+08:00"
    assert told(NIGHT, moment_at_offset("x", 7)) == "2026-02-28T23:22:33+07:00"


def test_a_flag_has_two_words() -> None:
    assert told(True, flag("x", "Y", "N")) == "Y"
    assert told(False, flag("x", "Y", "N")) == "N"


def test_a_figure_has_the_digits_that_it_needs() -> None:
    assert told(7.5, figure("x", ",")) == "7,5"
    assert told(12, figure("x")) == "12"


def test_a_value_without_a_label_is_refused_or_stands_as_it_is() -> None:
    assert told("a", label("x", {"a": "1"})) == "1"
    with pytest.raises(pl.exceptions.InvalidOperationError):
        told("b", label("x", {"a": "1"}))
    assert told("b", label_or_own("x", {"a": "1"})) == "b"


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        (amount("x"), pl.Int64()),
        (amount("x", grouped=True), pl.Int64()),
        (moment("x"), pl.Datetime("ms")),
        (moment_at_offset("x", 7), pl.Datetime("ms")),
        (day("x"), pl.Date()),
        (flag("x", "Y", "N"), pl.Boolean()),
        (figure("x"), pl.Float64()),
        (label("x", {"a": "1"}), pl.String()),
        (label_or_own("x", {"a": "1"}), pl.String()),
    ],
)
def test_what_is_missing_stays_missing_and_is_text(expression: pl.Expr, kind: pl.DataType) -> None:
    frame = pl.DataFrame({"x": pl.Series([None], dtype=kind)}).select(expression)
    assert frame.schema == {"x": pl.String}
    assert frame["x"].item() is None
