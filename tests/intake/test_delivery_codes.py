"""Codes of deliveries: short, unique, and what a person may type for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.intake.delivery_codes import codes, meant_by, short_code, whole_code

KEYS = st.integers(min_value=0, max_value=(1 << 63) - 1)


@given(KEYS, KEYS)
def test_whole_codes_tell_all_keys_apart(one: int, other: int) -> None:
    assert (whole_code(one) == whole_code(other)) == (one == other)


@given(KEYS)
def test_a_spreadsheet_takes_no_code_for_a_number(key: int) -> None:
    code = whole_code(key)
    assert code[0] == "d"
    assert code.isascii()
    assert not set(code) & set("eilo")
    assert len(code) == 14


@given(st.sets(KEYS, min_size=2))
def test_what_is_shown_names_one_delivery(keys: set[int]) -> None:
    shown = codes(keys)
    for key in keys:
        assert meant_by(shown[key], keys) == [key]
        assert meant_by(shown[key].upper(), keys) == [key]
        assert meant_by(str(key), keys) == [key]


def test_deliveries_that_share_the_short_code_are_shown_whole() -> None:
    near = [1 << 40, (1 << 40) + 1]
    assert short_code(near[0]) == short_code(near[1])
    assert codes(near) == {key: whole_code(key) for key in near}
    assert codes(near[:1]) == {near[0]: short_code(near[0])}
    assert sorted(meant_by(short_code(near[0]), near)) == near


@pytest.mark.parametrize("typed", ["", "d", "d123", "x1234567", "12", "landing/a.csv", "d1234567!"])
def test_what_is_no_code_means_nothing(typed: str) -> None:
    assert meant_by(typed, [1, 2]) == []


def test_letters_that_look_like_digits_are_read_as_those() -> None:
    key = next(key for key in range(0, 1 << 62, 1 << 45) if {"0", "1"} <= set(short_code(key)))
    typed = "d" + short_code(key)[1:].replace("0", "O").replace("1", "l")
    assert meant_by(typed, [key]) == [key]
