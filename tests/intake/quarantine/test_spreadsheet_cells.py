"""Cells on their way to a spreadsheet and back: nothing runs there, and nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.intake.quarantine.spreadsheet_cells import neutralised, restored

FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1+2",
    "＠SUM(A1)",
    "-1-1",
    "--1",
    "-",
    "-1e5+2",
]


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_begins_like_a_formula_becomes_text(cell: str) -> None:
    assert neutralised(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "plain", "a=b", "12.50", "-12.50", "-1.234,50", "-7", "张伟", " =1"])
def test_the_rest_stays_as_it_is(cell: str) -> None:
    assert neutralised(cell) == cell


def test_a_telephone_number_keeps_its_sign() -> None:
    assert neutralised("+8613800000000") == "'+8613800000000"


@given(st.text() | st.sampled_from(FORMULAS) | st.builds("'".__add__, st.text()))
def test_what_goes_out_comes_back(cell: str) -> None:
    assert restored(neutralised(cell)) == cell


@pytest.mark.parametrize("typed", ["'n Sync", "'", "'12", "x'=1"])
def test_an_apostrophe_that_somebody_types_stays(typed: str) -> None:
    assert restored(typed) == typed
