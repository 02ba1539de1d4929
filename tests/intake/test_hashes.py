"""Rows are compared by hashes, which hold as long as they are computed in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError
from pipelines.warehouse.connection import open_file

if TYPE_CHECKING:
    from tests.intake.world import World

PRODUCTS = "products:\n  columns: {product_id: Id, name: Name}"


@pytest.mark.parametrize("how", ["update main.hash_sample set value = value + 1", "drop table main.hash_sample"])
def test_a_build_file_with_other_hashes_is_refused_and_lands_anew_once_it_is_gone(world: World, how: str) -> None:
    world.source("shop", PRODUCTS)
    world.deliver("shop/1.csv", "Id,Name\n1,pen\n")
    world.land()
    keys = world.rows("select product_key, _record_key, _content_hash from raw.products")
    with open_file(world.workspace.build_file, world.workspace) as build:
        build.execute(how)
    world.deliver("shop/2.csv", "Id,Name\n2,ink\n")
    with pytest.raises(ClienteleError) as fault:
        world.land()
    said = str(fault.value)
    assert said.startswith(f"{world.workspace.build_file}: it was made with a version that hashes rows otherwise")
    assert f"delete {world.workspace.build_file.parent} and run again" in said
    for file in world.workspace.build_file.parent.iterdir():
        file.unlink()
    world.land()
    assert world.rows("select product_key, _record_key, _content_hash from raw.products where product_id = '1'") == keys
    assert len(world.rows("from raw.products")) == 2


def test_a_record_key_needs_every_part_but_those_that_may_be_empty(world: World) -> None:
    """Two targets of one service that name no severity are one record; a third that does is another."""
    world.source("desk", "service_targets:\n  columns: {measure: M, severity: S, valid_from: F, hours: H, clock: C}")
    world.deliver("desk/1.csv", "M,S,F,H,C\nresolve,,2024-01-01,48,calendar\nresolve,high,2024-01-01,8,calendar\n")
    world.deliver("desk/2.csv", "M,S,F,H,C\nresolve,,2024-01-01,24,calendar\n")
    world.land()
    assert world.rows("select count(*), count(distinct _record_key) from raw.service_targets") == [(3, 2)]
