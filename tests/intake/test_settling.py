"""A file that is still being written is left alone, waited for where that is short, and lost by nobody."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pipelines.intake import landing
from pipelines.intake.settling import Settling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.intake.world import World

SOURCE: Any = SimpleNamespace(name="shop", settle_seconds=None)
PRODUCTS = "products:\n  columns: {product_id: Id, name: Name}"


def settling(path: Path, age: float, during: Callable[[], object] = lambda: None) -> tuple[Settling, list[float]]:
    """A clock at which a file has an age, and the waits that were asked for."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(round(seconds, 3))
        during()

    return Settling(2.0, clock=lambda: path.stat().st_mtime + age, wait=wait), waits


def test_an_old_file_has_settled(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.touch()
    state, waits = settling(path, 2.0)
    assert (state.has_settled(SOURCE, path), waits, state.left) == (True, [], [])


def test_a_short_wait_is_waited_for_once(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.touch()
    state, waits = settling(path, 0.5)
    assert (state.has_settled(SOURCE, path), waits) == (True, [1.5])
    assert (state.has_settled(SOURCE, path), waits) == (False, [1.5])


def test_a_file_that_changes_during_the_wait_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.touch()
    state, _ = settling(path, 0.5, lambda: path.write_text("more"))
    assert not state.has_settled(SOURCE, path)
    assert state.left == ["a.csv of shop may still be written: it was left alone, and waits for the next run"]


def test_a_source_may_ask_for_more_or_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.touch()
    state, waits = settling(path, 5)
    assert (state.has_settled(SimpleNamespace(name="slow", settle_seconds=60), path), waits) == (False, [])  # type: ignore[arg-type]
    assert settling(path, 0)[0].has_settled(SimpleNamespace(name="fast", settle_seconds=0), path)  # type: ignore[arg-type]


def test_a_time_in_the_future_tells_no_age(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.touch()
    state, waits = settling(path, -1000)
    assert (state.has_settled(SOURCE, path), waits) == (True, [2.0])


def test_a_file_that_is_gone_or_a_link_to_nothing_is_not_waited_for(tmp_path: Path) -> None:
    assert Settling(2.0).has_settled(SOURCE, tmp_path / "gone.csv")


def test_a_young_file_waits_for_the_next_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.source("shop", PRODUCTS, "settle_seconds: 30")
    old = world.deliver("shop/1.csv", "Id,Name\n1,a\n")
    young = world.deliver("shop/2.csv", "Id,Name\n2,b\n")
    now = old.stat().st_mtime + 60
    os.utime(young, (now - 10, now - 10))
    monkeypatch.setattr(landing, "Settling", lambda seconds: Settling(seconds, clock=lambda: now))
    report = world.land()
    assert report.unsettled == ("2.csv of shop may still be written: it was left alone, and waits for the next run",)
    assert world.values("select product_id from raw.products") == ["1"]
    monkeypatch.setattr(landing, "Settling", lambda seconds: Settling(seconds, clock=lambda: now + 60))
    assert world.land().unsettled == ()
    assert world.values("select product_id from raw.products order by 1") == ["1", "2"]


def test_a_known_file_need_not_settle(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.source("shop", PRODUCTS, "settle_seconds: 30")
    path = world.deliver("shop/1.csv", "Id,Name\n1,a\n")
    world.land()
    monkeypatch.setattr(landing, "Settling", lambda seconds: Settling(seconds, clock=lambda: path.stat().st_mtime))
    assert world.land().unsettled == ()


def test_nothing_but_young_files_is_no_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.source("shop", PRODUCTS, "settle_seconds: 30")
    path = world.deliver("shop/1.csv", "Id,Name\n1,a\n")
    monkeypatch.setattr(landing, "Settling", lambda seconds: Settling(seconds, clock=lambda: path.stat().st_mtime))
    assert (len(world.land().unsettled), world.ledger("products")) == (1, [])
