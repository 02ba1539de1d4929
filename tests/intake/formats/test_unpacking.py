"""Compressed deliveries: what unpacks, what is not whole, and archives that mean harm."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from pipelines.errors import ClienteleError
from pipelines.intake.formats import unpacking

if TYPE_CHECKING:
    from tests.intake.world import World

HEADER = b"Id,Name,Price\n"
ONE, TWO = b"1,a,1\n", b"2,b,2\n"
MANY = HEADER + b"".join(b"%d,name %d,1\n" % (place, place * 7919) for place in range(5000))


def zstd(content: bytes) -> bytes:
    packed: bytes = pa.compress(content, "zstd", asbytes=True)
    return packed


def zipped(*members: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def with_password(content: bytes) -> bytes:
    """The same archive, with the flag set that says that its member is encrypted."""
    changed = bytearray(content)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[changed.index(signature) + place] |= 1
    return bytes(changed)


def landed(world: World, content: bytes, form: str = "", name: str = "products.csv") -> list[str]:
    world.source("shop", "products:\n  columns: {product_id: Id, name: Name, list_price: Price}", f"format: {{{form}}}")
    world.deliver(f"shop/{name}", content)
    world.land()
    return world.values("select product_id from raw.products order by _row_number")


@pytest.mark.parametrize(
    ("content", "form", "name"),
    [
        (gzip.compress(HEADER + ONE) + gzip.compress(TWO), "", "products.csv.gz"),
        (gzip.compress(HEADER + ONE + TWO), "compression: gzip", "products.csv"),
        (zstd(HEADER + ONE) + zstd(TWO), "", "products.csv.zst"),
        (zstd(HEADER + ONE + TWO), "compression: zstd", "products.bin"),
        (zipped(("in/products.csv", HEADER + ONE + TWO)), "", "products.zip"),
        (
            zipped(("a.csv", HEADER + ONE + TWO), ("__MACOSX/._a.csv", b"debris"), (".DS_Store", b"x"), ("in/.DS_Store", b"x")),
            "",
            "products.csv",
        ),
        (zipped(("folder/", b""), ("folder/a.csv", HEADER + ONE + TWO)), "compression: zip", "products.csv"),
        (HEADER + ONE + TWO, "compression: none", "products.csv.gz"),
        (gzip.compress(HEADER + ONE + TWO), "", "products.zip"),
        (zstd(HEADER + ONE + TWO), "", "products.csv.gz"),
    ],
    ids=["members", "gzip", "frames", "zstd", "zip", "debris", "folder", "plain as stated", "gzip as zip", "zstd as gz"],
)
def test_what_unpacks(world: World, content: bytes, form: str, name: str) -> None:
    assert landed(world, content, form, name) == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "form", "sentence"),
    [
        (gzip.compress(MANY)[:-3000], "", "is not a whole gzip file"),
        (gzip.compress(MANY)[:-4], "", "is not a whole gzip file"),
        (gzip.compress(MANY)[:-8] + b"\0" * 8, "", "is not a whole gzip file"),
        (zstd(MANY)[:-3000], "", "is not a whole zstd file"),
        (zstd(MANY)[:-3], "", "is not a whole zstd file"),
        (zstd(MANY) + zstd(MANY)[:10], "", "is not a whole zstd file"),
        (zipped(("a.csv", MANY))[:-3000], "", "is not a whole zip file"),
        (zipped(("a.csv", MANY)).replace(b"name", b"nome"), "", None),
        (HEADER + ONE, "compression: zstd", "is not a whole zstd file"),
        (HEADER + ONE, "compression: gzip", "is not a whole gzip file"),
        (HEADER + ONE, "compression: zip", "is not a whole zip file"),
        (zipped(), "", "is a zip archive of 0 files where one was expected"),
        (zipped(("a.csv", HEADER), ("b.csv", HEADER)), "", "is a zip archive of 2 files where one was expected"),
        (zipped(("../../a.csv", HEADER)), "", "is a zip archive whose member has a path outside it"),
        (zipped(("/etc/a.csv", HEADER)), "", "is a zip archive whose member has a path outside it"),
        (zipped(("in\\..\\..\\a.csv", HEADER)), "", "is a zip archive whose member has a path outside it"),
        (zipped(("C:\\a.csv", HEADER)), "", "is a zip archive whose member has a path outside it"),
        (with_password(zipped(("a.csv", HEADER))), "", "is a zip archive with a password"),
    ],
)
def test_what_does_not(world: World, content: bytes, form: str, sentence: str | None) -> None:
    if sentence is None:
        assert len(landed(world, content, form)) == 5000
        return
    with pytest.raises(ClienteleError, match=sentence):
        landed(world, content, form)
    assert world.values("select status from raw.delivery") == ["refused"]
    assert list(world.workspace.archive.iterdir()) == []


def test_a_damaged_checksum_in_a_zip_archive(world: World) -> None:
    content = bytearray(zipped(("a.csv", MANY)))
    content[200] ^= 0xFF
    with pytest.raises(ClienteleError, match="is not a whole zip file"):
        landed(world, bytes(content))


def test_nothing_is_unpacked_under_its_own_name(world: World) -> None:
    landed(world, zipped(("evil.csv", HEADER + ONE)))
    assert [path for path in world.root.rglob("*") if "evil" in path.name] == []


@pytest.mark.parametrize("pack", [gzip.compress, zstd, lambda content: zipped(("a.csv", content))], ids=["gzip", "zstd", "zip"])
def test_a_bomb_is_refused_before_it_fills_the_disk(world: World, monkeypatch: pytest.MonkeyPatch, pack: object) -> None:
    monkeypatch.setattr(unpacking, "UNPACKED_FLOOR_BYTES", 1 << 20)
    bomb = HEADER + b"1," + b"a" * (6 << 20) + b",1\n"
    with pytest.raises(ClienteleError, match="unpacks to more than 200 times its size"):
        landed(world, pack(bomb))  # type: ignore[operator]
