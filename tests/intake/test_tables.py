"""Tables follow the contracts: a workspace made with older ones is brought up and says so, one made with newer ones is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.intake.tables import make_tables
from pipelines.warehouse.connection import open_file
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


def changed(record: str, version: tuple[int, int, int] = (1, 0, 0), **columns: Property | None) -> dict[str, RecordType]:
    """The contracts with some of a record's columns replaced, added or taken out."""
    contracts = dict(load_contracts())
    properties = {item.name: item for item in contracts[record].properties} | columns
    kept = tuple(item for item in properties.values() if item is not None)
    contracts[record] = replace(contracts[record], properties=kept, version=version)
    return contracts


def of_payments(name: str) -> Property:
    return load_contracts()["payments"].property(name)


def make(world: World, contracts: dict[str, RecordType]) -> list[str]:
    with open_with_vault(world.workspace) as build:
        return make_tables(build, world.workspace, contracts)


def alter(world: World, *statements: str) -> None:
    """Change the build file behind the project's back, to what an older or a newer project would have left."""
    with open_file(world.workspace.build_file, world.workspace) as build:
        for statement in statements:
            build.execute(statement)


def kinds(world: World, schema: str = "raw", table: str = "payments") -> dict[str, str]:
    return dict(
        world.rows(f"select column_name, data_type from duckdb_columns() where schema_name = '{schema}' and table_name = '{table}'")
    )


def changes(world: World) -> list[tuple[object, ...]]:
    return world.rows("select record_type, change, column_name, value_before, value_after from raw.contract_change order by change_number")


def refusal(world: World, contracts: dict[str, RecordType]) -> str:
    """What a refused workspace is told; nothing in it has changed."""
    before = kinds(world), world.rows("select * from raw.contract_version order by all"), changes(world)
    with pytest.raises(ClienteleError) as error:
        make(world, contracts)
    assert (kinds(world), world.rows("select * from raw.contract_version order by all"), changes(world)) == before
    return str(error.value).replace(str(world.workspace.root), "")


ANEW = "delete /warehouse and run again: every delivery is kept in the vault and is landed anew."


def test_every_column_has_the_contracts_type(bank: World) -> None:
    assert kinds(bank) == {column.name: column.duckdb_type for column in load_contracts()["payments"].raw_columns()}


def test_a_new_workspace_remembers_its_contracts_and_has_no_changes(bank: World) -> None:
    found = {name: (version, key) for name, version, key in bank.rows("select record_type, version, key_columns from raw.contract_version")}
    assert found.keys() == load_contracts().keys()
    assert found["invoice_lines"] == ("1.0.0", "invoice_id line_number")
    assert changes(bank) == []


def test_nothing_is_written_when_all_is_up_to_date(bank: World) -> None:
    """Another project's tables would change the file; these leave the bytes as they were."""
    files = (bank.workspace.build_file, bank.workspace.vault_file)
    before = [file.read_bytes() for file in files]
    assert make(bank, load_contracts()) == []
    assert [file.read_bytes() for file in files] == before
    assert make(bank, changed("payments", version=(1, 0, 1))) != []
    assert bank.workspace.build_file.read_bytes() != before[0]


def test_a_new_column_is_added_and_said(bank: World) -> None:
    fee = replace(of_payments("amount"), name="fee", required=True, is_amount=False)
    newer = changed("payments", version=(1, 1, 0), fee=fee)
    assert make(bank, newer) == [
        "payments: version 1.1.0 of the contract in place of 1.0.0.",
        "payments: new column fee, empty in what has landed until it is landed anew.",
    ]
    assert bank.rows("select payment_id, fee from raw.payments") == [("1", None)]
    assert changes(bank) == [
        ("payments", "version_changed", None, "1.0.0", "1.1.0"),
        ("payments", "column_added", "fee", None, None),
    ]
    assert bank.row("select version from raw.contract_version where record_type = 'payments'") == ("1.1.0",)
    assert make(bank, newer) == []


def test_a_personal_column_is_added_in_the_vault(bank: World) -> None:
    payer = replace(load_contracts()["customers"].property("name"), name="payer_name")
    newer = changed("payments", version=(1, 1, 0), payer_name=payer)
    assert "payments: new column payer_name, empty in what has landed until it is landed anew." in make(bank, newer)
    assert "payer_name" not in kinds(bank)
    assert kinds(bank, "personal")["payer_name"] == "VARCHAR"
    assert make(bank, newer) == []


def test_a_new_record_type_is_said(bank: World) -> None:
    older = {name: record for name, record in load_contracts().items() if name != "usage"}
    alter(bank, "drop table raw.usage", "delete from raw.contract_version where record_type = 'usage'")
    assert make(bank, older) == []
    assert make(bank, load_contracts()) == ["usage: a new record type, with version 1.0.0 of its contract."]
    assert "quantity" in kinds(bank, table="usage")


def test_a_workspace_from_before_versions_is_brought_up(bank: World) -> None:
    """It counts as made with the first version; what it lacks beyond that is added."""
    alter(bank, "drop table raw.contract_version", "drop table raw.contract_change", "alter table raw.payments drop column returned_at")
    assert make(bank, load_contracts()) == ["payments: new column returned_at, empty in what has landed until it is landed anew."]
    assert changes(bank) == [("payments", "column_added", "returned_at", None, None)]
    assert make(bank, load_contracts()) == []


def test_a_column_that_is_gone_may_stay_empty(bank: World) -> None:
    older = changed("payments", paid_at=None)
    assert make(bank, older) == ["payments: paid_at is in the contract no more; what has landed of it stays, new rows leave it empty."]
    nullable = "select is_nullable from duckdb_columns() where schema_name = 'raw' and table_name = 'payments' and column_name = 'paid_at'"
    assert bank.rows(nullable) == [(True,)]
    assert make(bank, older) == []


def test_a_column_that_is_required_no_more_may_be_empty(bank: World) -> None:
    paid_at = replace(of_payments("paid_at"), required=False)
    assert make(bank, changed("payments", paid_at=paid_at)) == ["payments: paid_at may be empty now."]
    alter(bank, "update raw.payments set paid_at = null")


def test_a_type_changes_where_every_value_fits(bank: World) -> None:
    newer = changed("payments", amount=replace(of_payments("amount"), duckdb_type="BIGINT"))
    assert make(bank, newer) == ["payments: amount is BIGINT now, was DECIMAL(18,4); every value fits."]
    assert kinds(bank)["amount"] == "BIGINT"
    assert bank.values("select amount from raw.payments") == [1]
    assert ("payments", "type_changed", "amount", "DECIMAL(18,4)", "BIGINT") in changes(bank)


@pytest.mark.parametrize(("statement", "column"), [("update raw.payments set amount = 12.5", "amount"), ("select 1", "method")])
def test_a_type_that_a_value_does_not_fit_is_refused(bank: World, statement: str, column: str) -> None:
    """Neither rounded nor emptied: 12.5 is no whole number, 'card' is none at all."""
    alter(bank, statement)
    said = refusal(bank, changed("payments", (1, 0, 0), **{column: replace(of_payments(column), duckdb_type="BIGINT")}))
    assert said.startswith(f'/warehouse/build.duckdb: raw."payments" holds values of {column} that are no BIGINT (they are ')
    assert said.endswith(ANEW)


def test_a_newer_workspace_is_refused(bank: World) -> None:
    make(bank, changed("payments", version=(1, 2, 0)))
    assert refusal(bank, changed("payments", version=(1, 1, 9))) == (
        "/warehouse/build.duckdb: payments stands with version 1.2.0 of its contract, this project has 1.1.9; "
        "a newer project has worked here: update this one, or take another workspace."
    )


def test_rows_of_another_major_version_are_refused(bank: World) -> None:
    assert refusal(bank, changed("payments", version=(2, 0, 0))) == (
        "/warehouse/build.duckdb: payments stands with version 1.0.0 of its contract, this project has 2.0.0, "
        f"to which landed rows cannot be brought up; {ANEW}"
    )


def test_another_key_is_refused(bank: World) -> None:
    method = replace(of_payments("method"), key_position=2, is_optional_key=True)
    assert refusal(bank, changed("payments", version=(1, 1, 0), method=method)) == (
        f"/warehouse/build.duckdb: the key of payments was payment_id and is payment_id + method now; {ANEW}"
    )


@pytest.mark.parametrize("personal", [{"classification": "personal"}, {"classification": "sensitive", "surrogate": "employee"}])
def test_a_value_that_has_become_personal_is_refused(bank: World, personal: dict[str, str]) -> None:
    method = replace(of_payments("method"), **personal)  # type: ignore[arg-type]
    assert refusal(bank, changed("payments", version=(1, 1, 0), method=method)) == (
        f"/warehouse/build.duckdb: payments holds method, which is {personal['classification']} now and may stand in the vault only; {ANEW}"
    )


def test_what_is_refused_lands_anew(world: World) -> None:
    """The advice holds: without the build file a changed vault column is no hindrance, and every delivery comes back."""
    world.source("crm", "customers:\n  columns: {customer_id: Id, name: Name}")
    world.deliver("crm/1.csv", "Id,Name\n1,Li\n")
    world.land()
    name = replace(load_contracts()["customers"].property("name"), logical_type="date", duckdb_type="DATE")
    newer = changed("customers", name=name)
    with pytest.raises(ClienteleError, match=r'vault\.personal\."customers" holds values of name that are no DATE'):
        make(world, newer)
    world.workspace.build_file.unlink()
    assert make(world, newer) == []
    assert kinds(world, "personal", "customers")["name"] == "DATE"
    # Back to the project's own contracts, as another person's checkout would.
    world.workspace.build_file.unlink()
    world.land()
    assert world.values("select name from vault.personal.customers") == ["Li"]
