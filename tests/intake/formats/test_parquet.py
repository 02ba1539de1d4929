"""Parquet: types as they are, whatever packs them, and files that are not whole."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from tests.intake.world import World

PRODUCTS = "products:\n  columns: {product_id: Id, name: Name, list_price: Price, launched_at: At}"


def landed(world: World, table: pa.Table, feeds: str = PRODUCTS, **how: Any) -> list[tuple[object, ...]]:
    deliver(world, packed(table, **how), feeds)
    world.land()
    return world.rows("select _row_number, product_id, name, list_price, launched_at from raw.products order by _row_number")


def deliver(world: World, content: bytes, feeds: str = PRODUCTS) -> None:
    world.source("shop", feeds, "format: {type: parquet}")
    world.deliver("shop/products.parquet", content)


def packed(table: pa.Table, **how: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **how)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def products(**columns: Any) -> pa.Table:
    given = {"Id": ["1", "2"], "Name": ["a", "b"], "Price": [Decimal("1.10"), Decimal("2.00")], "At": [datetime(2024, 3, 1, 10)] * 2}
    return pa.table(given | columns)


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip"])
@pytest.mark.parametrize("use_dictionary", [True, False])
def test_however_it_is_packed(world: World, compression: str, use_dictionary: bool) -> None:
    rows = landed(world, products(), compression=compression, use_dictionary=use_dictionary, row_group_size=1)
    assert [row[1:4] for row in rows] == [("1", "a", Decimal("1.1000")), ("2", "b", Decimal("2.0000"))]


def test_decimals_are_exact(world: World) -> None:
    price = pa.array([Decimal("9999999999.9999"), Decimal("0.0001")], pa.decimal128(38, 4))
    assert [row[3] for row in landed(world, products(Price=price))] == [Decimal("9999999999.9999"), Decimal("0.0001")]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (pa.array([datetime(2024, 3, 1, 10)] * 2, pa.timestamp("us")), datetime(2024, 3, 1, 2)),
        (pa.array([datetime(2024, 3, 1, 10)] * 2, pa.timestamp("ns")), datetime(2024, 3, 1, 2)),
        (pa.array([datetime(2024, 3, 1, 10, tzinfo=ZoneInfo("UTC"))] * 2, pa.timestamp("ms", "UTC")), datetime(2024, 3, 1, 10)),
        (
            pa.array([datetime(2024, 3, 1, 10, tzinfo=ZoneInfo("Europe/Berlin"))] * 2, pa.timestamp("us", "Europe/Berlin")),
            datetime(2024, 3, 1, 9),
        ),
        (pa.array([date(2024, 3, 1)] * 2), datetime(2024, 2, 29, 16)),
        (pa.array(["2024-03-01 10:00"] * 2), datetime(2024, 3, 1, 2)),
    ],
    ids=["no zone", "nanoseconds", "utc", "a zone", "date", "text"],
)
def test_times_with_and_without_a_zone(world: World, times: pa.Array, expected: datetime) -> None:
    assert [row[4] for row in landed(world, products(At=times))] == [expected, expected]


def test_texts_of_every_kind(world: World) -> None:
    names = pa.array(["  a\u3000", " "]).dictionary_encode()
    rows = landed(world, products(Id=pa.array([b"1", b"2"]), Name=names, Price=pa.array([1, 2], pa.int8())))
    assert [row[1:4] for row in rows] == [("1", "a", Decimal("1.0000"))]
    assert world.rows("select row_number, column_name, rule from vault.quarantine") == [(2, "name", "required")]


def test_structures_become_columns_and_lists_json(world: World) -> None:
    who = pa.array([{"name": "a", "at": {"town": "Ulm"}}, {"name": "b", "at": None}])
    feeds = "products:\n  columns: {product_id: Id, name: '\"who.name\"', product_line: '\"who.at.town\"', organisation_unit: tags}"
    deliver(world, packed(pa.table({"Id": [1, 2], "who": who, "tags": [["x", "y"], []]})), feeds)
    world.land()
    assert world.rows("select product_id, name, product_line from raw.products order by 1") == [("1", "a", "Ulm"), ("2", "b", None)]
    assert world.values("select organisation_unit from raw.products order by product_id") == ['["x","y"]', "[]"]


def test_a_value_that_the_contract_does_not_take(world: World) -> None:
    rows = landed(world, products(Price=pa.array([float("nan"), 2.5])))
    assert [row[:2] for row in rows] == [(2, "2")]
    assert world.rows("select row_number, column_name, rule, raw_value from vault.quarantine") == [(1, "list_price", "type", "nan")]


def test_no_rows(world: World) -> None:
    assert landed(world, products().slice(0, 0)) == []
    assert world.ledger("products") == [("products.parquet", "landed", 0, 0, 0, 0, 0, 0)]


@pytest.mark.parametrize("cut", [0, 3, 100, -1, -20])
def test_a_file_that_is_not_whole(world: World, cut: int) -> None:
    deliver(world, packed(products())[:cut])
    with pytest.raises(ClienteleError, match="is not a Parquet file, or not a whole one"):
        world.land()
    assert world.ledger("products") == [] or world.values("select status from raw.delivery") == ["refused"]


def test_a_page_that_is_damaged(world: World) -> None:
    content = bytearray(packed(products(Name=["a" * 5000, "b" * 5000]), compression="zstd", use_dictionary=False))
    content[30:60] = b"\xff" * 30
    deliver(world, bytes(content))
    with pytest.raises(ClienteleError, match=r"could not be read to it|is not a whole Parquet file"):
        world.land()
    assert world.values("select status from raw.delivery") == ["refused"]


def test_a_footer_that_says_another_number_of_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.intake.formats import parquet  # noqa: PLC0415

    relation = parquet.Parquet.relation
    monkeypatch.setattr(parquet.Parquet, "relation", lambda self, copy, form, held: relation(self, copy, form, held) + " limit 1")
    with pytest.raises(ClienteleError, match=r"holds 2 records .*, but 1 were read"):
        landed(world, products())


def test_two_columns_of_one_name(world: World) -> None:
    deliver(world, packed(pa.table([["1"], ["2"]], names=["Id", "ID"])))
    with pytest.raises(ClienteleError, match="columns 1 and 2 of its columns have one name"):
        world.land()
