"""Numbers and dates as they are written elsewhere: marks, groups, orders of day and month, and what is none of them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.model import load_contracts
from pipelines.intake.conversion import converted
from pipelines.intake.reading import TEXT
from pipelines.intake.source_file import FileFormat
from pipelines.warehouse.connection import open_sandbox


def values(cells: list[str], logical_type: str, zone: str = "UTC", **form: Any) -> list[Any]:
    """What cells of text become."""
    item = next(
        item
        for record in load_contracts().values()
        for item in record.properties
        if item.logical_type == logical_type and not item.is_personal
    )
    sql = converted(item, "cell", "try_cast", FileFormat(**form), TEXT)
    with open_sandbox([], Path("/nowhere"), zone) as sandbox:
        return [sandbox.execute(f"select {sql} from (select $1 as cell)", [cell]).fetchall()[0][0] for cell in cells]


NARROW, HARD = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("form", "cells"),
    [
        ({"decimal": ","}, ["1234,5", "+1234,50", "01234,5"]),
        ({"decimal": ",", "thousands": "."}, ["1.234,5", "1234,5"]),
        ({"decimal": ",", "thousands": " "}, ["1 234,5", f"1{HARD}234,50", f"1{NARROW}234,5"]),
        ({"thousands": ","}, ["1,234.5", "1234.5"]),
        ({"thousands": "'"}, ["1'234.5", "1’234.5"]),
        ({"decimal": ",", "thousands": "'"}, ["1'234,5"]),
    ],
)
def test_numbers_as_they_are_written(form: dict[str, str], cells: list[str]) -> None:
    assert values(cells, "number", **form) == [Decimal("1234.5")] * len(cells)


@pytest.mark.parametrize(
    ("form", "cells"),
    [
        ({}, ["1,5", "1 000", "1'000", "abc", "1.2.3", "--1", "0x10", ""]),
        ({"decimal": ","}, ["1.5", "1.234,5", "1,2,3", "1e5", "nan"]),
        ({"decimal": ",", "thousands": "."}, ["1.5", "12.34,5", "1234.567,8", ".234,5", "1..234", "1,234.5", "1.234.56"]),
        ({"thousands": ","}, ["1,5", "1,23,456", ",123", "1,2345", "1.5,000", "1234,567"]),
        ({"thousands": " "}, ["1 5", "1  234", "12 34"]),
    ],
)
def test_what_is_grouped_otherwise_is_no_number(form: dict[str, str], cells: list[str]) -> None:
    assert values(cells, "number", **form) == [None] * len(cells)


def test_signs_and_fractions_alone() -> None:
    assert values(["-1.234,5", "-,5", "5,", "1.234.567"], "number", decimal=",", thousands=".") == [
        Decimal("-1234.5"), Decimal("-0.5"), Decimal(5), Decimal(1234567),
    ]  # fmt: skip


def test_integers_with_groups() -> None:
    assert values(["1.234", "12,5", "12,0"], "integer", decimal=",", thousands=".") == [1234, None, 12]


def test_dates_in_several_orders() -> None:
    cells = ["31.12.2024", "2024-12-31", "12/31/2024", "31.13.2024", "2024"]
    assert values(cells, "date", date_formats=("%d.%m.%Y", "%Y-%m-%d")) == [date(2024, 12, 31), date(2024, 12, 31), None, None, None]


def test_the_first_format_that_fits_counts() -> None:
    assert values(["01/02/2024", "31/01/2024"], "date", date_formats=("%m/%d/%Y", "%d/%m/%Y")) == [date(2024, 1, 2), date(2024, 1, 31)]


def test_times_without_an_offset_are_in_the_time_zone_of_the_source() -> None:
    cells = ["31.12.2024 10:00", "2024-12-31T10:00:00+02:00", "31.12.24 10 Uhr"]
    formats = ("%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S%z")
    assert values(cells, "timestamp", "Asia/Shanghai", timestamp_formats=formats) == [
        datetime(2024, 12, 31, 2), datetime(2024, 12, 31, 8), None,
    ]  # fmt: skip
    assert values(["31.12.2024 10:00", "31.07.2024 10:00"], "timestamp", "Europe/Berlin", timestamp_formats=formats[:1]) == [
        datetime(2024, 12, 31, 9), datetime(2024, 7, 31, 8),
    ]  # fmt: skip


def test_a_time_in_a_dates_format_is_its_day() -> None:
    assert values(["31.12.2024 10:00"], "date", date_formats=("%d.%m.%Y %H:%M",)) == [date(2024, 12, 31)]


def test_texts_are_left_alone() -> None:
    assert values(["1.234,5", "0012"], "string", decimal=",", thousands=".") == ["1.234,5", "0012"]
