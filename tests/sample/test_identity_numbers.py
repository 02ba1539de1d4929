"""No number of the sample may belong to anybody. The rules are written out here a second time, in the words of the standards."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sample.identity_numbers import (
    CREDIT_CODES,
    PERSONS_A_DAY,
    TELEPHONES,
    citizen_numbers,
    credit_codes,
    scattered,
    telephone_numbers,
)

if TYPE_CHECKING:
    from tests.sample.conftest import Written

    Row = dict[str, str]

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
MOBILE = re.compile(r"1[3-9]\d{9}")
RESERVED_DOMAINS = ("example.com", "example.net", "example.org")


def is_citizen_number(text: str) -> bool:
    """GB 11643-1999: a birth date, and characters that, weighted with powers of two, leave 1 when divided by 11 (ISO 7064, mod 11-2)."""
    if not re.fullmatch(r"\d{10}(0[1-9]|1[0-2])\d{5}[\dX]", text):
        return False
    total = sum((10 if character == "X" else int(character)) * (1 << (17 - place)) for place, character in enumerate(text))
    return total % 11 == 1


def is_credit_code(text: str) -> bool:
    """GB 32100-2015: no authority is numbered 0; the first 17 characters, weighted with powers of 3, and the last make a multiple of 31."""
    if len(text) != 18 or text[0] == "0" or not set(text) <= set(CREDIT_ALPHABET):
        return False
    total = sum(CREDIT_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(text[:17]))
    return (total + CREDIT_ALPHABET.index(text[17])) % 31 == 0


@pytest.fixture(scope="module")
def customers(small: Written) -> list[Row]:
    files = sorted((small.root / "landing" / "crm").glob("customers_*.csv"))
    return [row for path in files for row in csv.DictReader(path.open(encoding="utf-8", newline=""))]


def test_the_rules_know_a_right_number() -> None:
    assert is_citizen_number("11010519491231002X"), "the example of the standard"
    assert not is_citizen_number("110105194912310021")
    assert is_credit_code("91350100M000100Y43"), "the example of the standard"
    assert not is_credit_code("91350100M000100Y44")


def test_no_identity_number_is_valid(customers: list[Row]) -> None:
    persons = [row["id_number"] for row in customers if row["kind"] == "P" and row["id_number"]]
    organisations = [row["id_number"] for row in customers if row["kind"] == "O" and row["id_number"]]
    assert len(set(persons)) > 400
    assert len(set(organisations)) > 30
    for number in persons + organisations:
        assert len(number) == 18
        assert not is_citizen_number(number)
        assert not is_credit_code(number)
    assert {number[:2] for number in persons} == {"00"}, "a province that was never assigned"
    assert {number[2:4] for number in organisations} == {"00"}, "likewise"


def test_an_identity_number_agrees_with_the_birth_date(customers: list[Row]) -> None:
    persons = [row for row in customers if row["kind"] == "P" and row["id_number"] and row["birth_date"]]
    assert all(row["id_number"][6:14] == row["birth_date"].replace("-", "") for row in persons)


def test_no_telephone_number_is_assigned(customers: list[Row]) -> None:
    for row in (row for row in customers if row["phone"]):
        digits = row["phone"].removeprefix("+86").replace(" ", "").replace("-", "")
        assert re.fullmatch(r"127\d{8}", digits)
        assert not MOBILE.fullmatch(digits)


def test_mail_goes_nowhere(customers: list[Row]) -> None:
    assert {".".join(row["email"].split(".")[-2:]).split("@")[-1] for row in customers if row["email"]} == set(RESERVED_DOMAINS)


def test_only_records_of_one_entity_share_an_identity_number_and_few_others_a_telephone_or_an_address(
    customers: list[Row], small: Written
) -> None:
    matching = pl.read_parquet(small.truth / "matching.parquet").filter(pl.col("source_system") == "crm")
    entity = dict(matching.select("customer_id", "entity").iter_rows())
    for column in ("id_number", "phone", "email"):
        owners: dict[str, set[int]] = {}
        for row in customers:
            if row["cust_no"] and row[column]:
                owners.setdefault(row[column], set()).add(entity[row["cust_no"]])
        shared = sum(len(numbers) > 1 for numbers in owners.values())
        assert shared <= (0 if column == "id_number" else 0.06 * len(owners)), column


def test_the_last_digit_but_one_tells_the_sex(customers: list[Row]) -> None:
    persons = [row for row in customers if row["kind"] == "P" and row["id_number"] and row["sex"]]
    assert {(int(row["id_number"][16]) % 2, row["sex"]) for row in persons} == {(1, "M"), (0, "F")}


def test_an_identity_number_names_one_of_a_few_hundred_regions(customers: list[Row]) -> None:
    persons = {row["cust_no"]: row["id_number"] for row in customers if row["kind"] == "P" and row["id_number"]}
    regions = {number[:6] for number in persons.values()}
    assert len(regions) <= 200
    assert len(persons) > 2 * len(regions) > 200, "as many are from one region"


def test_none_of_many_is_valid() -> None:
    serial = np.arange(0, 200_000, 7)
    born = np.datetime64("1935-01-01") + (serial % 25_000).astype("timedelta64[D]")
    assert not any(is_citizen_number(number) for number in citizen_numbers(born, serial % PERSONS_A_DAY, serial % 2 == 0))
    assert not any(is_credit_code(number) for number in credit_codes(serial))


def test_different_customers_get_different_numbers() -> None:
    every = np.arange(PERSONS_A_DAY)
    same_day = np.full(len(every), np.datetime64("1980-02-29"))
    for is_woman in (True, False):
        assert citizen_numbers(same_day, every, np.full(len(every), is_woman)).n_unique() == len(every)
    for numbers, most in ((credit_codes, CREDIT_CODES), (telephone_numbers, TELEPHONES)):
        serial = np.concatenate([np.arange(50_000), most - 1 - np.arange(50_000)])
        assert numbers(serial).n_unique() == len(serial)


@given(st.integers(0, 10**9), st.integers(1, 60), st.integers(1, 60))
def test_scattering_lets_no_two_meet_whatever_the_halves(key: int, high: int, low: int) -> None:
    """Every step adds to one half what the other one gives, and so can be undone: what holds for small halves holds for large ones."""
    assert sorted(scattered(np.arange(high * low), key, high, low).tolist()) == list(range(high * low))


def test_scattered_numbers_tell_nothing() -> None:
    serial = np.arange(100_000)
    told = [scattered(serial, key, 10_000, 10_000) for key in (3, 4)]
    for one, other in ((serial, told[0]), (told[0], told[1]), (told[0][:-1], told[0][1:])):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.02
        assert np.unique((one - other) % 10**8, return_counts=True)[1].max() < 5, "nowhere the same difference"
    assert np.unique(told[0] % 16, return_counts=True)[1].min() > 5_500, "the last digits are of all kinds"
