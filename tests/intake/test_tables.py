"""Tables follow the contracts: a workspace made with older ones is widened, not broken."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.intake.tables import make_tables
from pipelines.warehouse.vault import open_with_vault

if TYPE_CHECKING:
    from pipelines.contracts.record_type import Property, RecordType
    from tests.intake.world import World

PAYMENTS = "payments:\n  columns: {payment_id: Id, paid_at: Paid, amount: Amount, method: Method}"


@pytest.fixture
def bank(world: World) -> World:
    world.source("bank", PAYMENTS)
    world.deliver("bank/1.csv", "Id,Paid,Amount,Method\n1,2024-01-01,1,card\n")
    world.land()
    return world


def changed(record: str, **columns: Property | None) -> dict[str, RecordType]:
    """The contracts with some of a record's columns replaced, added or taken out."""
    contracts = dict(load_contracts())
    properties = {item.name: item for item in contracts[record].properties} | columns
    contracts[record] = replace(contracts[record], properties=tuple(item for item in properties.values() if item is not None))
    return contracts


def make(world: World, contracts: dict[str, RecordType]) -> None:
    with open_with_vault(world.workspace) as build:
        make_tables(build, world.workspace, contracts)


def kinds(world: World) -> dict[str, str]:
    return dict(world.rows("select column_name, data_type from duckdb_columns() where schema_name = 'raw' and table_name = 'payments'"))


def test_every_column_has_the_contracts_type(bank: World) -> None:
    assert kinds(bank) == {column.name: column.duckdb_type for column in load_contracts()["payments"].raw_columns()}


def test_a_new_column_is_added(bank: World) -> None:
    fee = replace(load_contracts()["payments"].property("amount"), name="fee", required=True, is_amount=False)
    make(bank, changed("payments", fee=fee))
    assert bank.rows("select payment_id, fee from raw.payments") == [("1", None)]


def test_a_column_that_is_gone_may_stay_empty(bank: World) -> None:
    make(bank, changed("payments", paid_at=None))
    assert bank.rows(
        "select is_nullable from duckdb_columns() where schema_name = 'raw' and table_name = 'payments' and column_name = 'paid_at'"
    ) == [(True,)]


def test_a_type_changes_where_the_values_fit(bank: World) -> None:
    properties = load_contracts()["payments"]
    make(bank, changed("payments", amount=replace(properties.property("amount"), duckdb_type="BIGINT")))
    assert kinds(bank)["amount"] == "BIGINT"
    with pytest.raises(
        ClienteleError, match=r"build\.duckdb: raw\.\"payments\" holds values of method that are no BIGINT .*go back to the version"
    ):
        make(bank, changed("payments", method=replace(properties.property("method"), duckdb_type="BIGINT")))
