"""Files as people deliver them: encodings, delimiters, compression, quotes, blank lines, line ends and headers of every kind."""

from __future__ import annotations

import gzip
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from tests.intake.world import World

PRODUCTS = """
    products:
      columns: {product_id: Id, name: Name, list_price: Price}
"""
HEADER = "Id,Name,Price\n"


def landed(world: World, content: bytes, form: str = "") -> list[tuple[object, ...]]:
    """Deliver and land one file of products; row number, id, name and price of what landed."""
    world.source("shop", PRODUCTS, f"format: {{{form}}}" if form else "")
    world.deliver("shop/products.csv", content)
    world.land()
    return world.rows("select _row_number, product_id, name, list_price from raw.products order by _row_number")


def set_aside(world: World) -> list[tuple[object, ...]]:
    """Row number, column, rule and text of what was quarantined."""
    return world.rows("select row_number, column_name, rule, row_text from vault.quarantine order by row_number, column_name")


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("Id,Name,Price\n1,Café 店,2.50\n".encode(), "encoding: utf-8"),
        ("\ufeffId,Name,Price\n1,Café 店,2.50\n".encode(), "encoding: utf-8"),
        ('\ufeff"Id","Name","Price"\n"1","Café 店","2.50"\n'.encode(), ""),
        ("Id;Name;Price\r\n1;Café 店;2.50\r\n".encode(), "delimiter: ';'"),
        ("Id\tName\tPrice\n1\tCafé 店\t2.50\n".encode(), 'delimiter: "\\t"'),
        ("'Id','Name','Price'\n'1','Café 店','2.50'\n".encode(), 'quote: "\'"'),
        ("Id,Name,Price\r1,Café 店,2.50\r".encode(), ""),
        (gzip.compress("Id,Name,Price\n1,Café 店,2.50".encode()), ""),
        (gzip.compress("Id,Name,Price\n1,Café 店,2.50".encode()), "compression: gzip"),
        ("Id,Name,Price\n 1 ,\u3000Café 店\u00a0,\t2.50 \n".encode(), ""),
        ('"Id", "Name" ,Price\n"1", "Café 店" ,"2.50"\n'.encode(), ""),
    ],
    ids=[
        "utf-8",
        "bom",
        "bom and quotes",
        "semicolon",
        "tab",
        "single quotes",
        "old mac",
        "gzip by content",
        "gzip as stated",
        "blanks of all widths",
        "spaces",
    ],
)
def test_one_row_in_many_clothes(world: World, content: bytes, form: str) -> None:
    assert landed(world, content, form) == [(1, "1", "Café 店", Decimal("2.5000"))]


def test_latin_1(world: World) -> None:
    content = "Id,Name,Price\n1,Café à la crème £,2.50\n".encode("iso-8859-1")
    assert landed(world, content, "encoding: iso-8859-1") == [(1, "1", "Café à la crème £", Decimal("2.5000"))]


def test_a_byte_that_does_not_decode_quarantines_its_row_alone(world: World) -> None:
    rows = landed(world, b"Id,Name,Price\n1,good,1\n2,caf\xe9,2\n3,was \xef\xbf\xbd lost elsewhere,3\n4,\xff,cheap\n")
    assert [row[:2] for row in rows] == [(1, "1"), (3, "3")]
    assert set_aside(world) == [
        (2, None, "encoding", '{"Id":"2","Name":"caf\N{REPLACEMENT CHARACTER}","Price":"2"}'),
        (4, None, "encoding", '{"Id":"4","Name":"\N{REPLACEMENT CHARACTER}","Price":"cheap"}'),
    ]
    assert world.ledger("products") == [("products.csv", "landed", 4, 2, 0, 0, 2, 2)]


def test_quotes_delimiters_and_newlines_inside_cells(world: World) -> None:
    content = 'Id,Name,Price\n1,"a, ""b""\r\nand c",1\n2,5" pipe,2\n3,"",3\n4,"\n",4\n5,x,5'
    assert [row[:3] for row in landed(world, content.encode())] == [(1, "1", 'a, "b"\nand c'), (2, "2", '5" pipe'), (5, "5", "x")]
    assert [row[:3] for row in set_aside(world)] == [(3, "name", "required"), (4, "name", "required")]


def test_quotes_that_have_no_meaning(world: World) -> None:
    rows = landed(world, b'Id,Name,Price\n1,"large,1\n2,5" pipe,2\n', "quote: ''")
    assert [row[2] for row in rows] == ['"large', '5" pipe']


def test_blank_lines_are_no_rows(world: World) -> None:
    rows = landed(world, b'\n\r\nId,Name,Price\n\n1,a,1\n\n\n2,"b\n\nb",2\n3\n\n4,d,4\n\n\n')
    assert [row[:3] for row in rows] == [(1, "1", "a"), (2, "2", "b\n\nb"), (4, "4", "d")]
    assert set_aside(world) == [(3, None, "missing_columns", "3")]
    assert world.ledger("products") == [("products.csv", "landed", 4, 3, 0, 0, 1, 3)]


def test_blank_lines_of_a_file_with_one_column(world: World) -> None:
    world.source("shop", "products:\n  columns: {product_id: Id, name: Id}")
    world.deliver("shop/products.csv", b'Id\n\n1\n\n""\n2\n')
    world.land()
    assert world.ledger("products") == [("products.csv", "landed", 3, 2, 0, 0, 1, 2)]
    assert world.values("select _row_number from raw.products order by 1") == [1, 3]


def test_rows_keep_their_number_whatever_stands_between(world: World) -> None:
    content = HEADER + '1,a,1\nshort\n2,b,2\nfar,too,many,cells\nshort\n3,c,3\n4,"d"d,4\n"5"5,"e"e,5\n6,f,6\n\n7,"x" "y",7\nshort\n8,g,8\n'
    assert [row[:2] for row in landed(world, content.encode())] == [(1, "1"), (3, "2"), (6, "3"), (9, "6"), (12, "8")]
    assert set_aside(world) == [
        (2, None, "missing_columns", "short"),
        (4, None, "too_many_columns", "far,too,many,cells"),
        (5, None, "missing_columns", "short"),
        (7, None, "broken_quotes", '4,"d"d,4'),
        (8, None, "broken_quotes", '"5"5,"e"e,5'),
        (10, None, "broken_quotes", '7,"x" "y",7'),
        (11, None, "missing_columns", "short"),
    ]
    assert world.ledger("products") == [("products.csv", "landed", 12, 5, 0, 0, 7, 5)]
    assert world.rows("select disposition, row_count from raw.landing_total order by 1") == [("landed", 5), ("quarantined", 7)]


def test_empty_cells_at_the_end_of_a_row_are_no_cells(world: World) -> None:
    assert [row[:2] for row in landed(world, b"Id,Name,Price\n1,a,1,\n2,b,2,,\n3,c,3,x\n")] == [(1, "1"), (2, "2")]
    assert [row[2] for row in set_aside(world)] == ["too_many_columns"]


def test_a_header_alone(world: World) -> None:
    assert landed(world, b"Id,Name,Price") == []
    assert world.ledger("products") == [("products.csv", "landed", 0, 0, 0, 0, 0, 0)]
    assert world.values("select count(*) from raw.landing_total") == [0]


def test_columns_are_found_by_name(world: World) -> None:
    rows = landed(world, b"PRICE,colour,,name,iD,rowid,Price per kilo\n1,red,,a,7,99,\n")
    assert rows == [(1, "7", "a", Decimal("1.0000"))]


def test_an_optional_column_that_is_missing_is_reported(world: World) -> None:
    world.source("shop", PRODUCTS)
    world.deliver("shop/products.csv", "Id,Name\n1,a\n")
    report = world.land()
    assert report.absent_columns == (("landing/shop/products.csv", "products", "list_price"),)
    assert world.rows("select product_id, list_price from raw.products") == [("1", None)]


def test_chinese_headers(world: World) -> None:
    world.source(
        "shop",
        """
        products:
          where: 状态 <> '停售'
          columns:
            product_id: 产品编号
            name: '"产品 名称"'
            list_price: cast(replace("价格(元)", '￥', '') as decimal(18, 2))
        """,
    )
    world.deliver("shop/产品.csv", "产品编号,产品 名称,价格(元),状态\n甲-1,纸,￥2.50,在售\n甲-2,墨,￥9,停售\n")
    world.land()
    assert world.rows("select product_id, name, list_price from raw.products") == [("甲-1", "纸", Decimal("2.5000"))]
    assert world.ledger("products") == [("产品.csv", "landed", 2, 1, 0, 1, 0, 1)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty where a header line with column names was expected"),
        (b"\n \n\n".replace(b" ", b""), "the file is empty"),
        (gzip.compress(b""), "the file is empty"),
        (b"Id,Name,Price,name\n1,a,2,b\n", "columns 2 and 4 of its header have one name"),
        (b"Id,Name,Price,__row\n1,a,2,b\n", "a column of its header is called '__row', which is taken"),
        (b'Id,Name,Price\n1,a,1\n2,"b,2\n3,c,3\n', "a quote is opened in record 2 and not closed"),
        (b'Id,"Name,Price\n1,a,1\n', "a quote is opened in the header and not closed"),
        (gzip.compress(b"Id,Name,Price\n" + b"1,a,1\n" * 5000)[:-40], "is not a whole gzip file"),
        (gzip.compress(b"Id,Name,Price\n1,a,1\n") + b"tail", "is not a whole gzip file"),
        (b"x" * 200_000, "its first line is no header (field larger than field limit (131072))"),
    ],
    ids=["empty", "blank", "empty gzip", "same name", "taken name", "open quote", "open header", "cut gzip", "gzip with a tail", "no text"],
)
def test_a_file_that_cannot_be_read(world: World, content: bytes, sentence: str) -> None:
    world.source("shop", PRODUCTS)
    path = world.deliver("shop/products.csv", content)
    with pytest.raises(ClienteleError) as fault:
        world.land()
    assert str(fault.value).startswith(f"{path}: {sentence}")
    assert world.rows("select file_name, status, rows_in, reason from raw.delivery") == [
        ("landing/shop/products.csv", "refused", 0, *world.values("select reason from raw.delivery"))
    ]
    assert sentence in world.values("select reason from raw.delivery")[0]
    assert list(world.workspace.archive.iterdir()) == []


def test_plain_text_under_a_gzip_name(world: World) -> None:
    world.source("shop", PRODUCTS)
    world.deliver("shop/products.csv.gz", "Id,Name,Price\n1,a,1\n")
    with pytest.raises(ClienteleError, match=r"is not a whole gzip file .*state 'compression: none'"):
        world.land()
    world.source("shop", PRODUCTS, "format: {compression: none}")
    world.land()
    assert world.ledger("products") == [("products.csv.gz", "landed", 1, 1, 0, 0, 0, 1)]
