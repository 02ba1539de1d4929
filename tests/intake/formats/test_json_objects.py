"""JSON as systems export it: lines and arrays, keys that come and go, objects within objects, numbers to their last digit."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError
from pipelines.intake.formats import json_objects, unpacking
from pipelines.intake.formats.json_objects import JsonObjects
from pipelines.intake.source_file import FileFormat

if TYPE_CHECKING:
    from pathlib import Path

    from tests.intake.world import World

PRODUCTS = """
    products:
      columns: {product_id: Id, name: Name, list_price: Price}
"""


def landed(world: World, content: bytes, more: str = "", feeds: str = PRODUCTS) -> list[tuple[object, ...]]:
    world.source("shop", feeds, f"format: {{type: json{more}}}")
    world.deliver("shop/products.json", content)
    world.land()
    return world.rows("select _row_number, product_id, name, list_price from raw.products order by _row_number")


def set_aside(world: World) -> list[tuple[object, ...]]:
    return world.rows("select row_number, rule, row_text from vault.quarantine order by row_number, column_name")


LINES = '{"Id": "1", "Name": "Café 店", "Price": 2.50}\n{"Id": 2, "Price": 3, "Name": "b"}'
ARRAY = '[\n  {"Id": "1", "Name": "Café 店",\n   "Price": 2.50},\n {"Id": 2, "Price": 3, "Name": "b"} ]\n'


@pytest.mark.parametrize(
    "text", [LINES, ARRAY, LINES.replace("\n", "\r\n\r\n"), ARRAY.replace("\n", "\r\n")], ids=["lines", "array", "crlf", "crlf array"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_one_table_in_many_clothes(world: World, text: str, encoding: str) -> None:
    assert landed(world, text.encode(encoding)) == [
        (1, "1", "Café 店", Decimal("2.5000")),
        (2, "2", "b", Decimal("3.0000")),
    ]


def test_compressed_lines(world: World) -> None:
    assert len(landed(world, gzip.compress(LINES.encode()))) == 2


@pytest.mark.parametrize("shape", ["{}\n", '[{{"Id":0}},{},{{"Id":9}}]'])
def test_numbers_keep_their_text(world: World, shape: str) -> None:
    numbers = ["12.50", "12345678901234567890.1234", "-0.10", "1e5", "1.5E-3", "123456789012345678901234567890", "7", "1.0"]
    objects = [f'{{"Id": {place}, "Name": {number}, "Price": null}}' for place, number in enumerate(numbers, start=1)]
    joined = (",\n" if shape[0] == "[" else "\n").join(objects)
    rows = landed(world, shape.format(joined).encode())
    assert [row[2] for row in rows if row[2]] == numbers


def test_a_number_within_a_text_stays_a_text(world: World) -> None:
    rows = landed(world, b'{"Id": 1, "Name": "at 1.50, \\"2.50\\" or \\\\", "Price": 1.50}\n{"Id": 2, "Name": "x 3.50", "Price": 2.50}\n')
    assert [row[2:] for row in rows] == [('at 1.50, "2.50" or \\', Decimal("1.5000")), ("x 3.50", Decimal("2.5000"))]


def test_values_that_are_no_text(world: World) -> None:
    world.source(
        "shop",
        """
        products:
          columns: {product_id: Id, name: "coalesce(Flag, 'none')", product_line: '"Tags"', list_price: Price}
        """,
        "format: {type: json}",
    )
    world.deliver(
        "shop/products.json", b'{"Id": 1, "Flag": true, "Tags": ["a", {"b": [1]}], "Price": null}\n{"Id": 2, "Flag": null, "Tags": []}\n'
    )
    world.land()
    assert world.rows("select product_id, name, product_line from raw.products order by 1") == [
        ("1", "true", '["a",{"b":[1]}]'),
        ("2", "none", "[]"),
    ]


def test_objects_within_objects_and_keys_that_differ_from_line_to_line(tmp_path: Path, world: World) -> None:
    content = (
        b'{"Id": 1, "who": {"name": "a", "at": {"town": "Ulm"}}}\n'
        b'{"Price": 2, "Id": 2, "who": {"mail": "x@y", "name": "b"}}\n'
        b'{"Id": 3, "who": "somebody", "late": {}}\n{"Id": 4, "who": null}\n'
    )
    path = tmp_path / "a.json"
    path.write_bytes(content)
    header = ("Id", "who", "who.name", "who.at.town", "who.mail", "Price", "late")
    assert JsonObjects().survey(path, FileFormat(type="json")).header == header
    feeds = """
        products:
          columns: {product_id: Id, name: 'coalesce("who.name", who, ''-'')', product_line: '"who.at.town"', list_price: Price}
    """
    landed(world, content, feeds=feeds)
    assert world.rows("select product_id, name, product_line from raw.products order by 1") == [
        ("1", "a", "Ulm"), ("2", "b", None), ("3", "somebody", None), ("4", "-", None),
    ]  # fmt: skip


def test_lines_that_are_no_objects_are_set_aside_by_themselves(world: World) -> None:
    content = b'{"Id": 1, "Name": "a"}\n{"Id": 2, "Name": \n5\n\n  \n'
    content += b'[{"Id": 3}]\n{"Id": 4, "Id": 5, "Name": "d"}\nnull\n  {"Id": 6, "Name": "f"}\n'
    assert [row[:3] for row in landed(world, content)] == [(1, "1", "a"), (7, "6", "f")]
    assert set_aside(world) == [
        (2, "not_json", '{"Id": 2, "Name":'), (3, "not_json", "5"), (4, "not_json", '[{"Id": 3}]'),
        (5, "not_json", '{"Id": 4, "Id": 5, "Name": "d"}'), (6, "not_json", "null"),
    ]  # fmt: skip
    assert world.ledger("products") == [("products.json", "landed", 7, 2, 0, 0, 5, 2)]


def test_a_key_twice_within_an_inner_object(world: World) -> None:
    landed(world, b'{"Id": 1, "Name": "a", "x": {"y": 1, "y": 2}}\n{"Id": 2, "Name": "b", "x": {"y": 1}}\n')
    assert [row[:2] for row in set_aside(world)] == [(1, "not_json")]


def test_elements_of_an_array_that_are_no_objects(world: World) -> None:
    rows = landed(world, b'[{"Id": 1, "Name": "a, [b]}"}, 5, {"Id": 2, "Name": "b"}, {"Id": 3 "Name": "c"}]')
    assert [row[:2] for row in rows] == [(1, "1"), (3, "2")]
    assert set_aside(world) == [(2, "not_json", "5"), (4, "not_json", '{"Id": 3 "Name": "c"}')]


def test_a_byte_that_does_not_decode(world: World) -> None:
    rows = landed(world, b'{"Id": 1, "Name": "caf\xe9"}\n{"Id": 2, "Name": "\xc3\xa9"}\n')
    assert [row[1:3] for row in rows] == [("2", "é")]
    assert [row[:2] for row in set_aside(world)] == [(1, "encoding")]


def test_blanks_around_a_text(world: World) -> None:
    rows = landed(world, '{"Id": " 1 ", "Name": "\\u3000a\\u00a0"}\n{"Id": "2", "Name": "\u3000b\\n"}\n'.encode())
    assert [row[1:3] for row in rows] == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it holds no object, whose keys would be its columns"),
        (b"[]", "it holds no object"),
        (b"Id,Name\n1,a\n", "none of its lines is a JSON object"),
        (b'[{"Id": 1, "Name": "a"},\n {"Id": 2, "Na', "the array is not closed: the file ends within or after element 2"),
        (b'[{"Id": 1, "Name": "a"}] {"Id": 2}', "something follows the array, which ends with element 1"),
        (b'{"": 1}\n', "a key of its objects is empty"),
        (b'{"Id": 1, "a": {"b": 1}}\n{"Id": 1, "A.b": 1}\n', "columns 2 and 3 of its keys have one name"),
        (b'{"Id": 1, "Name": "a"}\n{"id": 2}\n', "columns 1 and 3 of its keys have one name"),
        (gzip.compress(LINES.encode() * 500)[:-30], "is not a whole gzip file"),
    ],
)
def test_what_is_refused(world: World, content: bytes, sentence: str) -> None:
    with pytest.raises(ClienteleError) as fault:
        landed(world, content)
    assert sentence in str(fault.value)
    assert sentence in world.values("select reason from raw.delivery")[0]


def test_more_keys_than_a_table_has_columns(world: World) -> None:
    with pytest.raises(ClienteleError, match="more than 10000 keys"):
        landed(world, json.dumps({f"k{place}": 1 for place in range(10_001)}).encode())


def test_names_with_signs_of_sql_and_of_json(world: World) -> None:
    name = "a\"b'c/d~e.f; drop table x --"
    feeds = f"products:\n  columns: {{product_id: Id, name: '\"{name.replace(chr(34), chr(34) * 2).replace(chr(39), chr(39) * 2)}\"'}}"
    landed(world, (json.dumps({"Id": 1, name: "v", "rowid": 5, "o": {name: {"x": 1}}}) + "\n").encode(), feeds=feeds)
    assert world.rows("select product_id, name from raw.products") == [("1", "v")]


@pytest.mark.parametrize("size", [1, 3, 7, 64])
@pytest.mark.parametrize("text", [LINES, ARRAY.replace("Café", 'q\\\\\\" [1.50], é')])
def test_how_a_file_is_cut_into_parts_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, text: str) -> None:
    path, copies, surveys = tmp_path / "a.json", [tmp_path / "whole", tmp_path / "parts"], []
    path.write_text(text, encoding="utf-8")
    form = FileFormat(type="json")
    for copy in copies:
        known = JsonObjects().survey(path, form)
        surveys.append((known, JsonObjects().prepare(path, form, known, copy)))
        monkeypatch.setattr(unpacking, "CHUNK_BYTES", size)
        monkeypatch.setattr(json_objects, "_PART_BYTES", size)
    assert surveys[0] == surveys[1]
    assert copies[0].read_bytes().split() == copies[1].read_bytes().split()


def test_blank_lines_are_left_out_of_what_the_sandbox_reads(tmp_path: Path) -> None:
    path, copy, form = tmp_path / "a.json", tmp_path / "copy", FileFormat(type="json")
    path.write_bytes(b'{"Id": 1}\n\n  \n{"Id": 1.50e3}\n\n')
    known = JsonObjects().survey(path, form)
    held = JsonObjects().prepare(path, form, known.outline(), copy)
    assert (copy.read_bytes(), held.records) == (b'{"Id": 1}\n{"Id": "1.50e3"}\n', 2)
