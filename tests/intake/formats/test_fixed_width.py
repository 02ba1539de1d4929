"""Fixed width, as mainframes deliver it: places in characters and in bytes, lines that are cut, and lines around the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError
from pipelines.intake.formats import unpacking

if TYPE_CHECKING:
    from tests.intake.world import World

FIELDS = "fields: {Id: {start: 1, width: 4}, Name: {start: 5, width: 10}, Price: {start: 15, width: 6}}"


def landed(world: World, content: bytes, more: str = "") -> list[tuple[object, ...]]:
    world.source(
        "bank", "products:\n  columns: {product_id: Id, name: Name, list_price: Price}", f"format: {{type: fixed_width, {FIELDS}{more}}}"
    )
    world.deliver("bank/products.txt", content)
    world.land()
    return world.rows("select _row_number, product_id, name, cast(list_price as double) from raw.products order by _row_number")


def set_aside(world: World) -> list[tuple[object, ...]]:
    return world.rows("select row_number, rule, row_text from vault.quarantine order by row_number, column_name")


def line(number: str, name: str, price: str, encoding: str = "") -> str:
    """A line whose places are counted in characters, or in bytes of an encoding."""
    width = len(name.encode(encoding)) if encoding else len(name)
    return f"{number:<4}{name}{' ' * (10 - width)}{price:>6}"


def lines(*each: str) -> bytes:
    return "".join(f"{one}\n" for one in each).encode()


def test_places_in_characters(world: World) -> None:
    rows = landed(world, lines(line("1", "Café 店", "2.50"), line("2", 'a,"b\t', "3")))
    assert rows == [(1, "1", "Café 店", 2.5), (2, "2", 'a,"b', 3.0)]


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-8"])
def test_places_in_bytes_of_the_encoding(world: World, encoding: str) -> None:
    text = "\n".join([line("1", "香港", "2.50", encoding), line("2", "plain", "3"), line("3", "a店", "4", encoding)]) + "\n"
    assert landed(world, text.encode(encoding), f", measured_in: bytes, encoding: {encoding}") == [
        (1, "1", "香港", 2.5), (2, "2", "plain", 3.0), (3, "3", "a店", 4.0),
    ]  # fmt: skip


def test_utf_16_is_not_measured_in_bytes(world: World) -> None:
    with pytest.raises(ClienteleError, match="is UTF-16, whose lines are not measured in bytes"):
        landed(world, line("1", "a", "1").encode("utf-16"), ", measured_in: bytes")


def test_a_character_of_four_bytes(world: World) -> None:
    rows = landed(world, (line("1", "𠀀㐀", "2.50", "gb18030") + "\n").encode("gb18030"), ", measured_in: bytes, encoding: gb18030")
    assert rows == [(1, "1", "𠀀㐀", 2.5)]


def test_a_character_that_stands_in_two_fields(world: World) -> None:
    text = f"{line('1', 'a', '1')}\n2   123456789店  5.0\n".encode("gb18030")
    assert [row[1] for row in landed(world, text, ", measured_in: bytes, encoding: gb18030")] == ["1"]
    assert set_aside(world) == [(2, "encoding", "2   123456789店  5.0")]


def test_a_byte_that_does_not_decode_is_one_place(world: World) -> None:
    text = b"1   caf\xff        2.50\n" + line("2", "店", "3", "gb18030").encode("gb18030") + b"\n"
    assert landed(world, text, ", measured_in: bytes, encoding: gb18030") == [(2, "2", "店", 3.0)]
    assert [row[:2] for row in set_aside(world)] == [(1, "encoding")]


def test_lines_of_another_length(world: World) -> None:
    short = line("2", "b", "2")[:-1]
    content = f"{line('1', 'a', '1')}\n{short}\n\n{line('3', 'c', '3')}   \n{line('4', 'd', '4')}x\n{line('5', 'e', '5')}\n"
    assert [row[:2] for row in landed(world, content.encode())] == [(1, "1"), (3, "3"), (5, "5")]
    assert set_aside(world) == [(2, "missing_columns", short), (4, "too_many_columns", line("4", "d", "4") + "x")]
    assert world.ledger("products") == [("products.txt", "landed", 5, 3, 0, 0, 2, 3)]


def test_lines_without_the_blanks_at_their_end(world: World) -> None:
    rows = landed(world, f"{line('1', 'a', '1')}\n2   b\n3   café\n".encode(), ", padding: cut")
    assert rows == [(1, "1", "a", 1.0), (2, "2", "b", None), (3, "3", "café", None)]


def test_lines_around_the_table(world: World) -> None:
    content = f"PRODUCTS\nof the bank\n{line('1', 'a', '1')}\n# a remark\n{line('2', 'b', '2')}\nTOTAL     2\n\n"
    more = ", title_lines: 2, comment: '#', totals: [TOTAL]"
    assert [row[:2] for row in landed(world, content.encode(), more)] == [(1, "1"), (2, "2")]
    assert world.ledger("products") == [("products.txt", "landed", 2, 2, 0, 0, 0, 2)]


def test_signs_that_the_reader_uses_itself(world: World) -> None:
    content = lines(line("1", "a\ufdd1b", "1"), line("2", "\ufdd2", "2"), line("3", '|;"\x1f', "3"))
    assert [row[1:3] for row in landed(world, content)] == [("2", "\ufdd2"), ("3", '|;"\x1f')]
    assert [row[:2] for row in set_aside(world)] == [(1, "encoding")]


@pytest.mark.parametrize("size", [1, 5, 21])
def test_how_a_file_is_cut_into_parts_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(unpacking, "CHUNK_BYTES", size)
    text = "\r\n".join([line("1", "香港", "2.50", "gb18030"), "short", line("3", "a店", "4", "gb18030")]) + "\r\n"
    rows = landed(world, text.encode("gb18030"), ", measured_in: bytes, encoding: gb18030")
    assert rows == [(1, "1", "香港", 2.5), (3, "3", "a店", 4.0)]


def test_an_empty_file_has_no_rows(world: World) -> None:
    assert landed(world, b"") == []
    assert world.ledger("products") == [("products.txt", "landed", 0, 0, 0, 0, 0, 0)]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ("type: fixed_width", "fields (name to start and width) belong to type fixed_width"),
        ("type: json, delimiter: ';'", "delimiter says nothing about type json; it belongs to csv"),
        ("type: fixed_width, fields: {a: {start: 0, width: 2}}", "start"),
    ],
)
def test_what_a_source_may_not_say(world: World, form: str, sentence: str) -> None:
    world.source("bank", "products:\n  columns: {product_id: Id, name: Name}", f"format: {{{form}}}")
    with pytest.raises(ClienteleError) as fault:
        world.land()
    assert sentence in str(fault.value)
