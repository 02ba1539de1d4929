"""Deliveries in an object store: found by a pattern, brought over once, known by name, size and time."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.intake.world import World

HEAD = "source: shop\nsystem: shop\nlocation: {location}\ntime_zone: Asia/Shanghai\ncurrency: CNY\n"
FEEDS = "feeds:\n  products:\n    columns: {product_id: Id, name: Name}\n"
WHEN = datetime(2024, 3, 1, 8, tzinfo=UTC)


class Store:
    """A bucket in memory, with the objects that were read of it."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.read: list[str] = []

    def put(self, name: str, content: bytes, changed: datetime = WHEN) -> None:
        self.store.pipe(f"/bucket/{name}", content)
        self.store.store[f"/bucket/{name}"].created = self.store.store[f"/bucket/{name}"].modified = changed


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pseudo_dirs[:] = [""]
    bucket, get_file = Store(store), MemoryFileSystem.get_file

    def watched(self: Any, name: str, target: str, **options: Any) -> None:
        bucket.read.append(name)
        get_file(self, name, target, **options)

    monkeypatch.setattr(MemoryFileSystem, "get_file", watched)
    yield bucket
    store.store.clear()


def source(world: World, location: str = "memory://bucket/in/*.csv", more: str = "") -> None:
    world.source_text("shop", HEAD.format(location=location) + more + FEEDS)


def test_objects_land_like_files(world: World, bucket: Store) -> None:
    source(world)
    bucket.put("in/1.csv", b"Id,Name\n1,a\n")
    bucket.put("in/2.csv", b"Id,Name\n2,b\n")
    bucket.put("in/note.txt", b"no delivery")
    bucket.put("other/3.csv", b"Id,Name\n3,c\n")
    world.land()
    assert world.values("select product_id from raw.products order by 1") == ["1", "2"]
    assert world.rows("select file_name, status, received_at from raw.delivery order by 1") == [
        ("memory:/bucket/in/1.csv", "landed", datetime(2024, 3, 1, 8)),
        ("memory:/bucket/in/2.csv", "landed", datetime(2024, 3, 1, 8)),
    ]
    assert not (world.workspace.temp / "objects").exists()
    assert len(list(world.workspace.archive.iterdir())) == 2


def test_what_is_known_is_not_brought_over_again(world: World, bucket: Store) -> None:
    source(world)
    bucket.put("in/1.csv", b"Id,Name\n1,a\n")
    world.land()
    bucket.put("in/2.csv", b"Id,Name\n2,b\n")
    bucket.read.clear()
    world.land()
    assert bucket.read == ["/bucket/in/2.csv"]
    bucket.read.clear()
    assert not world.land().is_new
    assert bucket.read == []


def test_an_object_that_was_replaced_is_another_delivery(world: World, bucket: Store) -> None:
    source(world, more="mode: append\n")
    bucket.put("in/1.csv", b"Id,Name\n1,a\n")
    world.land()
    bucket.put("in/1.csv", b"Id,Name\n1,b\n", datetime(2024, 3, 2, tzinfo=UTC))
    world.land()
    assert world.values("select status from raw.delivery") == ["landed", "landed"]
    bucket.put("in/1.csv", b"Id,Name\n1,b\n", datetime(2024, 3, 3, tzinfo=UTC))
    assert not world.land().is_new


def test_a_deleted_build_file_needs_no_store(world: World, bucket: Store) -> None:
    source(world)
    bucket.put("in/1.csv", b"Id,Name\n1,a\n")
    world.land()
    bucket.store.store.clear()
    world.workspace.build_file.unlink()
    world.land()
    assert world.rows("select file_name, status from raw.delivery") == [("memory:/bucket/in/1.csv", "landed")]


def test_an_object_at_fault_is_refused(world: World, bucket: Store) -> None:
    source(world)
    bucket.put("in/1.csv", b"")
    with pytest.raises(ClienteleError, match="the file is empty"):
        world.land()
    assert world.rows("select file_name, status from raw.delivery") == [("memory:/bucket/in/1.csv", "refused")]


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("file:///etc/passwd", "leads to this machine's own files"),
        ("local:///etc/*", "leads to this machine's own files"),
        ("simplecache::file:///etc/*", "does not exist"),
        ("zip://*.csv::file:///etc/a.zip", "leads to this machine's own files"),
        ("s3://key:secret@bucket/*.csv", "credentials do not"),
        ("memory://bucket/../../etc/*", "is outside the workspace"),
        ("nothing://bucket/*.csv", "is of no store that is known here"),
    ],
)
def test_locations_that_are_refused(world: World, location: str, sentence: str) -> None:
    source(world, location)
    with pytest.raises(ClienteleError) as fault:
        world.land()
    assert sentence in str(fault.value)
    assert "secret" not in str(fault.value)


def test_the_extra_is_missing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    source(world, "s3://bucket/*.csv")
    with pytest.raises(ClienteleError, match=r"install it with: uv pip install 'clientele\[object-stores\]'"):
        world.land()


def test_a_store_that_does_not_answer(world: World, bucket: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    source(world)
    monkeypatch.setattr(MemoryFileSystem, "glob", lambda *_, **__: (_ for _ in ()).throw(PermissionError("no access")))
    with pytest.raises(ClienteleError, match=r"cannot be read \(no access\); check the address, and the credentials in the environment"):
        world.land()


def test_an_object_that_changes_while_it_is_read(world: World, bucket: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    source(world)
    bucket.put("in/1.csv", b"Id,Name\n1,a\n")
    get_file = MemoryFileSystem.get_file

    def changing(self: Any, name: str, target: str, **options: Any) -> None:
        bucket.put("in/1.csv", b"Id,Name\n1,a\n2,b\n")
        get_file(self, name, target, **options)

    monkeypatch.setattr(MemoryFileSystem, "get_file", changing)
    with pytest.raises(ClienteleError, match="was changed while it was read"):
        world.land()
