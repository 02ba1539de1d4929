"""Delimited text: every delimiter, and lines that are no records wherever the text is cut into parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from pipelines.errors import ClienteleError
from pipelines.intake.formats import unpacking
from pipelines.intake.formats.delimited import DelimitedText
from pipelines.intake.source_file import FileFormat

if TYPE_CHECKING:
    from pathlib import Path

    from tests.intake.world import World

PRODUCTS = "products:\n  columns: {product_id: Id, name: Name, list_price: Price}"
HEADER = "Id,Name,Price\n"


def landed(world: World, content: str, form: str, name: str = "products.csv") -> list[tuple[object, ...]]:
    world.source("shop", PRODUCTS, f"format: {{{form}}}")
    world.deliver(f"shop/{name}", content.encode())
    world.land()
    return world.rows("select _row_number, product_id, name from raw.products order by _row_number")


@pytest.mark.parametrize("sign", list("\t\x01\x1f!#$%&()*,/:;<=>?@[]^`{|}~"))
def test_a_delimiter_may_be_any_sign_that_cannot_be_mistaken(world: World, sign: str) -> None:
    said = f'"\\x{ord(sign):02x}"'
    content = f'Id{sign}Name{sign}Price\n1{sign}"a{sign}b ""c""\nd"{sign}1\n2{sign}e{sign}2\n3{sign}f\n'
    assert landed(world, content, f"delimiter: {said}") == [(1, "1", f'a{sign}b "c"\nd'), (2, "2", "e")]
    assert world.ledger("products") == [("products.csv", "landed", 3, 2, 0, 0, 1, 2)]


@pytest.mark.parametrize("sign", ["a", "1", "_", " ", "\n", "\r", '"', "'", "\\", ".", "-", "+", "\0", "||", "", "，", "¦"])
def test_signs_that_can_be_mistaken_are_refused(sign: str) -> None:
    with pytest.raises(ValidationError):
        FileFormat(delimiter=sign)


def test_lines_above_below_and_between(world: World) -> None:
    content = f'Sales of 2024\n"printed, 5 o\'clock\n{HEADER}# morning\n1,a,1\n\n#2,x,1\n2,"b\n#c",2\n\n"Total", ,3\n\n'
    assert landed(world, content, "title_lines: 2, comment: '#', totals: [Total, Sum]") == [(1, "1", "a"), (2, "2", "b\n#c")]
    assert world.ledger("products") == [("products.csv", "landed", 2, 2, 0, 0, 0, 2)]


def test_nothing_is_lost_on_the_day_on_which_the_totals_line_is_missing(world: World) -> None:
    assert len(landed(world, HEADER + "1,a,1\n2,b,2\n", "totals: [Total]")) == 2


def test_a_totals_line_in_the_middle_is_a_record(world: World) -> None:
    assert [row[1] for row in landed(world, HEADER + "1,a,1\nTotal,,1\n2,b,2\n", "totals: [Total]")] == ["1", "2"]
    assert world.rows("select row_number, rule from vault.quarantine") == [(2, "required")]


@pytest.mark.parametrize("ending", ["Total,,3", "Total,,3\n", "Total,,3\n\n\n", ",Total,3\n", "3,c,3\n", "3,c,3\nTotal,,6"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_last_line_wherever_a_part_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, newline: str) -> None:
    path, copy = tmp_path / "a.csv", tmp_path / "copy"
    content = f'A title\n{HEADER}# none\n1,"a\n",1\n2,b,2\n{ending}'.replace("\n", newline)
    path.write_bytes(content.encode())
    form = FileFormat(title_lines=1, comment="#", totals=("Total",))
    expected = '1,"a\n",1\n2,b,2\n' + ("3,c,3\n" if ending.startswith("3") else "")
    for size in range(1, len(content) + 2):
        monkeypatch.setattr(unpacking, "CHUNK_BYTES", size)
        known = DelimitedText().survey(path, form)
        held = DelimitedText().prepare(path, form, known.outline(), copy)
        assert copy.read_text() == expected
        assert (known.records, held.records, held.unreadable) == (expected.count(",") // 2, expected.count(",") // 2, {})
        copy.unlink()


@pytest.mark.parametrize(
    "name",
    [
        "'; drop table raw.delivery; --.csv",
        "\"; attach 'x' as y.csv",
        "$(touch evil).csv",
        "a b%20\n.csv",
        "{x}.csv",
        "-rf.csv",
        "產品.csv",
    ],
)
def test_a_file_name_is_a_name_and_nothing_else(world: World, name: str) -> None:
    assert len(landed(world, HEADER + "1,a,1\n", "", name)) == 1
    assert world.rows("select file_name, status from raw.delivery") == [(f"landing/shop/{name}", "landed")]
    assert [path.name for path in world.root.rglob("evil*")] == []


def test_sql_in_column_names_and_cells_is_text(world: World) -> None:
    evil = "x\"'); drop table raw.delivery; --"
    world.source(
        "shop", f"products:\n  columns: {{product_id: Id, name: '\"{evil.replace(chr(34), chr(34) * 2).replace(chr(39), chr(39) * 2)}\"'}}"
    )
    quoted = '"' + evil.replace('"', '""') + '"'
    world.deliver("shop/products.csv", f"Id,{quoted}\n1,{quoted}\n".encode())
    world.land()
    assert world.rows("select product_id, name from raw.products") == [("1", evil)]


def test_links_that_lead_out_of_the_workspace(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text(HEADER + "1,a,1\n")
    world.source("shop", PRODUCTS)
    (world.workspace.landing / "shop" / "link.csv").symlink_to(outside / "secret.csv")
    with pytest.raises(ClienteleError, match="is a link that leads out of the workspace"):
        world.land()
    (world.workspace.landing / "shop" / "link.csv").unlink()
    (world.workspace.landing / "shop").rmdir()
    (world.workspace.landing / "shop").symlink_to(outside)
    with pytest.raises(ClienteleError, match="is a link that leads out of the workspace"):
        world.land()


@pytest.mark.parametrize("location", ["../outside/*.csv", "landing/../../outside/*.csv", "/etc/*.csv", "landing/shop/../../../x.csv"])
def test_a_location_outside_the_workspace(world: World, location: str) -> None:
    head = f"source: shop\nsystem: shop\nlocation: {location}\ntime_zone: UTC\ncurrency: CNY\n"
    world.source_text("shop", f"{head}feeds:\n  products:\n    columns: {{product_id: Id, name: Name}}\n")
    with pytest.raises(ClienteleError, match="is outside the workspace"):
        world.land()
