"""The same table in every encoding, bytes that do not decode in each, and text whose encoding nobody stated."""

from __future__ import annotations

import gzip
import io
import zipfile
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from pipelines.errors import ClienteleError
from pipelines.intake.formats import unpacking
from pipelines.intake.source_file import FileFormat

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.intake.world import World

HEADER = "Id,Name,Price\n"
CHINESE, WESTERN = "1,香港,2.50\n2,中文\n", "1,Café £,2.50\n2,naïve\n"


def landed(world: World, content: bytes, form: str = "") -> list[tuple[object, ...]]:
    world.source("shop", "products:\n  columns: {product_id: Id, name: Name, list_price: Price}", f"format: {{{form}}}")
    world.deliver("shop/products.csv", content)
    world.land()
    return world.rows("select _row_number, product_id, name, list_price from raw.products order by _row_number")


def zipped(content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("products.csv", content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("codec", "form", "text"),
    [
        ("utf-8", "encoding: auto", CHINESE),
        ("utf-8-sig", "encoding: auto", CHINESE),
        ("utf-8-sig", "encoding: utf-8", CHINESE),
        ("utf-16", "encoding: auto", CHINESE),
        ("utf-16-le", "encoding: auto", CHINESE),
        ("utf-16-be", "encoding: auto", CHINESE),
        ("utf-16-le", "encoding: utf-16-le", CHINESE),
        ("utf-16-be", "encoding: utf-16-be", CHINESE),
        ("utf-16", "encoding: utf-16-le", CHINESE),
        ("utf-16", "encoding: utf-16", CHINESE),
        ("gb18030", "encoding: gb18030", CHINESE.replace("中", "𠀀")),
        ("gbk", "encoding: gbk", CHINESE),
        ("big5", "encoding: big5", CHINESE),
        ("iso-8859-1", "encoding: iso-8859-1", WESTERN),
        ("cp1252", "encoding: cp1252", WESTERN.replace("£", "€")),
    ],
)
@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, lambda content: pa.compress(content, "zstd", asbytes=True), zipped], ids=["plain", "gzip", "zstd", "zip"]
)
def test_one_table_in_every_encoding(world: World, codec: str, form: str, text: str, pack: Callable[[bytes], bytes]) -> None:
    name = text.split(",")[1]
    assert landed(world, pack((HEADER + text).encode(codec)), form) == [(1, "1", name, Decimal("2.5000"))]
    assert world.rows("select row_number, rule, row_text from vault.quarantine") == [(2, "missing_columns", text.splitlines()[1])]


@pytest.mark.parametrize(
    ("codec", "damage"),
    [
        ("utf-8", b"\xff"), ("utf-8", b"\xe9\xa6"), ("gb18030", b"\xff"), ("gb18030", b"\x81\x20"), ("big5", b"\xff"), ("cp1252", b"\x81"),
        ("utf-16-le", b"\x00\xd8"), ("utf-16-be", b"\xdc\x00"),
    ],
)  # fmt: skip
def test_a_byte_that_does_not_decode_quarantines_its_row_alone(world: World, codec: str, damage: bytes) -> None:
    before, after = f"{HEADER}1,a,1\n2,b".encode(codec), ",2\n3,c,3\n".encode(codec)
    rows = landed(world, before + damage + after, f"encoding: {codec}")
    assert [row[:3] for row in rows] == [(1, "1", "a"), (3, "3", "c")]
    assert world.rows("select row_number, rule from vault.quarantine") == [(2, "encoding")]


@pytest.mark.parametrize(("codec", "named"), [("gb18030", "gb18030"), ("big5", "big5"), ("cp1252", "cp1252")])
def test_an_encoding_that_nobody_stated(world: World, codec: str, named: str) -> None:
    text = HEADER + "".join(f"{place},{'香港中文' if codec != 'cp1252' else 'Café à la crème'},1\n" for place in range(50))
    with pytest.raises(ClienteleError, match="it is not UTF-8, and reads without a fault as ") as fault:
        landed(world, text.encode(codec))
    assert named in str(fault.value)
    assert "state its encoding in the format of its source" in str(fault.value)


def test_a_mark_in_the_middle_of_joined_files(world: World) -> None:
    rows = landed(world, (HEADER + "1,a,1\n\ufeff2,\ufeffb\ufeff,2\n").encode())
    assert [row[1:3] for row in rows] == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5", "iso-8859-1", "cp1252"])
def test_how_a_text_is_cut_into_parts_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, size: int) -> None:
    chinese = "中文𠀀香" if codec == "gb18030" else "中文香"
    text = "Id,Name\r\n1,a\r\n2,{}\n3,b\r\n".format("é£" if codec in ("iso-8859-1", "cp1252") else chinese)
    path, stated = tmp_path / "a.csv", {"utf-8-sig": "utf-8"}.get(codec, codec)
    path.write_bytes(text.encode(codec) + (b"\xff\n4,d\n" if codec in ("utf-8", "gb18030", "big5") else b""))
    form = FileFormat(encoding=stated)
    whole = b"".join(unpacking.Text(path, form).parts()).decode()
    monkeypatch.setattr(unpacking, "CHUNK_BYTES", size)
    cut = list(unpacking.Text(path, form).parts())
    assert b"".join(cut).decode() == whole
    assert whole.startswith(text.replace("\r\n", "\n"))
    assert all(part.decode() is not None for part in cut)
