"""Excel workbooks as people keep them: sheets, titles, totals, numbers and dates, merged and faulty cells."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from pipelines.errors import ClienteleError
from pipelines.intake.formats import excel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.intake.world import World

PRODUCTS = "products:\n  columns: {product_id: Id, name: Name, list_price: Price}"
HEADER = ["Id", "Name", "Price"]


def workbook(*rows: list[Any], change: Callable[[Any], None] | None = None) -> bytes:
    """A workbook with a first sheet of something else and the rows in the sheet Products."""
    book = openpyxl.Workbook()
    book.active.append(["a", "cover"])
    sheet = book.create_sheet("Products")
    for row in rows:
        sheet.append(row)
    if change is not None:
        change(sheet)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def landed(world: World, content: bytes, more: str = ", sheet: Products", feeds: str = PRODUCTS) -> list[tuple[object, ...]]:
    world.source("shop", feeds, f"format: {{type: excel{more}}}")
    world.deliver("shop/products.xlsx", content)
    world.land()
    return world.rows("select _row_number, product_id, name, cast(list_price as double) from raw.products order by _row_number")


def set_aside(world: World) -> list[tuple[object, ...]]:
    return world.rows("select row_number, column_name, rule from vault.quarantine order by row_number, column_name")


def test_cells_as_a_person_would_export_them(world: World) -> None:
    cells = [12.0, 12.5, True, datetime(2024, 3, 1, 10, 5), date(2024, 3, 1), time(1, 2, 3), "  a\u3000", 12345678901234.0, 0.1, 'x,"y"\nz']
    names = [f"C{place}" for place in range(len(cells))]
    feeds = f"products:\n  columns: {{product_id: Id, name: \"concat_ws('|', {', '.join(names)})\"}}"
    landed(world, workbook(["Id", *names], [7, *cells]), feeds=feeds)
    said = '12|12.5|true|2024-03-01 10:05:00|2024-03-01|01:02:03|a|12345678901234|0.1|x,"y"\nz'
    assert world.rows("select product_id, name from raw.products") == [("7", said)]


def test_title_totals_comments_and_empty_rows(world: World) -> None:
    content = workbook(["Products of 2024"], [], HEADER, [1, "a", 1], [None, " "], ["# later"], [2, "b", 2], [], ["Total", None, 3], [])
    rows = landed(world, content, ", sheet: Products, title_lines: 2, totals: [Total], comment: '#'")
    assert rows == [(1, "1", "a", 1.0), (2, "2", "b", 2.0)]
    assert world.ledger("products") == [("products.xlsx", "landed", 2, 2, 0, 0, 0, 2)]


def test_nothing_is_lost_where_the_totals_are_missing(world: World) -> None:
    assert len(landed(world, workbook(HEADER, [1, "a", 1], [2, "b", 2]), ", sheet: Products, totals: [Total]")) == 2


def test_the_first_sheet_where_none_is_named(world: World) -> None:
    book = openpyxl.Workbook()
    for row in (HEADER, [1, "a", 1]):
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    assert landed(world, target.getvalue(), "") == [(1, "1", "a", 1.0)]


def test_a_table_that_begins_in_another_column_and_row(world: World) -> None:
    rows = landed(world, workbook([], [], [None, *HEADER, None], [None, 1, "a", 1]))
    assert rows == [(1, "1", "a", 1.0)]


def test_a_row_that_is_filled_beyond_the_header(world: World) -> None:
    rows = landed(world, workbook(HEADER, [1, "a", 1, "note"], [2, "b", 2]))
    assert [row[:2] for row in rows] == [(2, "2")]
    assert set_aside(world) == [(1, None, "too_many_columns")]


def test_merged_cells_have_their_value_once(world: World) -> None:
    rows = landed(world, workbook(HEADER, [1, "a", 1], [2, None, 2]), feeds=PRODUCTS)
    assert len(rows) == 1
    world.deliver("shop/more.xlsx", workbook(HEADER, [3, "c", 1], [4, None, 2], change=lambda sheet: sheet.merge_cells("B2:B3")))
    world.land()
    assert world.values("select name from raw.products order by product_id") == ["a", "c"]
    assert set_aside(world) == [(2, "name", "required"), (2, "name", "required")]


def test_an_error_in_a_cell_is_no_value(world: World) -> None:
    def spoil(sheet: Any) -> None:
        sheet["B2"], sheet["C3"] = "#N/A", "#DIV/0!"
        sheet["B2"].data_type = sheet["C3"].data_type = "e"

    assert landed(world, workbook(HEADER, [1, "a", 1], [2, "b", 2], change=spoil)) == [(2, "2", "b", None)]
    assert set_aside(world) == [(1, "name", "required")]


def test_a_formula_is_the_value_that_was_saved(world: World) -> None:
    content = workbook(HEADER, [1, "a", "=1+1"])
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as new:
        for name, part in parts.items():
            new.writestr(name, part.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>").replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"))
    assert landed(world, target.getvalue()) == [(1, "1", "a", 2.0)]


@pytest.mark.parametrize(
    ("content", "more", "sentence"),
    [
        (workbook(HEADER), ", sheet: Product", "has no sheet 'Product'; it has 'Products'"),
        (workbook(), ", sheet: Products", "the sheet is empty where a header row with column names was expected"),
        (workbook(["Id", "Name", "id"]), ", sheet: Products", "columns 1 and 3 of its header have one name"),
        (workbook(HEADER)[:-500], "", "is not a whole Excel workbook"),
        (b"Id,Name,Price\n1,a,1\n", "", "is not a whole Excel workbook"),
        (b"", "", "is not a whole Excel workbook"),
    ],
    ids=["sheet", "empty", "same name", "cut", "text", "nothing"],
)
def test_what_is_refused(world: World, content: bytes, more: str, sentence: str) -> None:
    with pytest.raises(ClienteleError) as fault:
        landed(world, content, more)
    assert sentence in str(fault.value)
    assert world.values("select status from raw.delivery") == ["refused"]


def test_a_small_file_that_unpacks_to_a_large_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "MAX_UNPACKED_BYTES", 1 << 20)
    content = workbook(HEADER, [1, "a" * 30_000, 1], *([place, "b" * 30_000, 1] for place in range(50)))
    with pytest.raises(ClienteleError, match="unpacks to more than 1 MB"):
        landed(world, content)
