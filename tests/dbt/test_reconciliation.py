"""A version with a difference that nothing explains must not get through."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.dbt.conftest import Builder, Built, failed
from tests.dbt.world import World

JUDGED = ("build", "--select", "int_reconciliation__published+", "int_reconciliation__landed+", "--exclude-resource-type", "unit_test")
BLOCKING = "reconciliation_leaves_nothing_unexplained"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("update core.fct_invoice set amount = amount + 0.01 where invoice_key = 1001", id="a fact has another amount"),
        pytest.param(
            "update core.fct_invoice_line set billing_month = date '2024-02-01' where invoice_key = 1001",
            id="a fact stands in another month",
        ),
        pytest.param("delete from raw.invoices where invoice_key = 5001", id="landed rows are lost"),
        pytest.param(
            "update staging.stg_invoices set amount = amount + 1 where invoice_key = 5001;"
            "update core.fct_invoice set amount = amount + 1 where invoice_key = 5001",
            id="rows are folded wrongly",
        ),
    ],
)
def test_what_nothing_explains_blocks(damage: str, tmp_path: Path, business: Built, builder: Builder) -> None:
    world = World.at(Path(shutil.copy(business.world.file, tmp_path / "build.duckdb")))
    world.execute(damage)
    assert BLOCKING in failed(builder(world, *JUDGED))
    assert world.row("select sum(abs(unexplained)) > 0 from meta.reconciliation") == (True,)
