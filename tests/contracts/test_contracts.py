"""The eight contracts, and the tables that follow: what stands outside the vault, what inside, and under which names."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.model import FOLDER, RecordType, load_contracts
from pipelines.contracts.render import intake_table_ddl, raw_table_ddl, vault_table_ddl
from pipelines.errors import ClienteleError

CONTRACTS = load_contracts()
KEYS = {
    "accounts": ["account_id"],
    "complaints": ["complaint_id"],
    "contacts": ["contact_id"],
    "customers": ["customer_id"],
    "invoice_lines": ["invoice_id", "line_number"],
    "invoices": ["invoice_id"],
    "payments": ["payment_id"],
    "products": ["product_id"],
}
REQUIRED = {
    "accounts": {"account_id", "customer_id", "opened_at"},
    "complaints": {"complaint_id", "opened_at"},
    "contacts": {"contact_id", "occurred_at"},
    "customers": {"customer_id"},
    "invoice_lines": {"invoice_id", "amount"},
    "invoices": {"invoice_id", "issued_at", "amount"},
    "payments": {"payment_id", "paid_at", "amount"},
    "products": {"product_id", "name"},
}
IN_THE_VAULT = {
    "complaints": {"text", "remedy_sought"},
    "contacts": {"topic_text"},
    "customers": {"name", "national_id", "birth_date", "gender", "phone", "email", "address"},
}


def test_the_record_types_and_their_keys() -> None:
    assert {name: [item.name for item in record.key] for name, record in CONTRACTS.items()} == KEYS
    assert {name: {item.name for item in record.properties if item.required} for name, record in CONTRACTS.items()} == REQUIRED
    assert {name for name, record in CONTRACTS.items() if record.keep_versions} == {"customers", "accounts"}


def test_only_invoice_lines_may_come_without_their_whole_key() -> None:
    sequences = {name: record.sequence for name, record in CONTRACTS.items()}
    assert {name: item.name for name, item in sequences.items() if item is not None} == {"invoice_lines": "line_number"}


@pytest.mark.parametrize("record", CONTRACTS.values(), ids=CONTRACTS)
def test_nothing_personal_stands_outside_the_vault(record: RecordType) -> None:
    """Names, numbers and free text are in the vault's table only; ids of people leave nothing but their key."""
    hidden = IN_THE_VAULT.get(record.name, set())
    outside = {column.name for column in record.raw_columns()}
    assert {item.name for item in record.properties if item.is_personal and not item.surrogate} == hidden
    assert not outside & (hidden | {item.name for item in record.properties if item.surrogate})
    assert outside >= {item.key_column for item in record.properties if item.surrogate or item.event_key}
    assert all(column.classification in ("public", "internal") for column in record.raw_columns())
    inside = {column.name for column in record.vault_columns()}
    keys = {item.key_column for item in record.properties if item.surrogate}
    assert inside == (hidden | keys | {"_delivery_key", "_row_number"} if hidden else set())


def test_names_of_keys() -> None:
    customers, accounts = CONTRACTS["customers"], CONTRACTS["accounts"]
    names = {item.name: item.key_column for item in (*customers.properties, *accounts.properties) if item.surrogate or item.event_key}
    assert names == {
        "customer_id": "customer_key",
        "organisation_unit": "organisation_unit_key",
        "manager_id": "manager_key",
        "parent_customer_id": "parent_customer_key",
        "account_id": "account_key",
    }
    assert customers.property("manager_id").surrogate == "employee"


def test_what_a_contract_says_of_a_column() -> None:
    invoices = CONTRACTS["invoices"]
    assert invoices.event_time == invoices.property("issued_at")
    assert invoices.amount == invoices.property("amount")
    assert invoices.property("amount").duckdb_type == "DECIMAL(18,4)"
    assert invoices.property("due_at").minimum == date(1900, 1, 1)
    assert invoices.property("issued_at").minimum == datetime(1900, 1, 1)
    assert CONTRACTS["accounts"].property("billing_day").maximum == Decimal(31)
    assert invoices.property("status").valid_values == ("issued", "cancelled", "disputed", "written_off", "opening_balance")
    # Shared by name, with what the record states itself on top.
    assert invoices.property("customer_id").required is False
    assert CONTRACTS["accounts"].property("customer_id").required is True
    assert CONTRACTS["accounts"].property("customer_id").surrogate == "customer"


def test_how_columns_may_fold() -> None:
    folds = {column.name: column.folds for column in CONTRACTS["invoices"].data_columns()}
    assert folds["amount"] == ("sum", "min", "max", "latest", "any_equal")
    assert folds["issued_at"] == folds["status"] == ("min", "max", "latest", "any_equal")
    assert folds["customer_key"] == folds["invoice_id"] == folds["invoice_key"] == ("latest", "any_equal")


def test_an_unknown_column_is_refused_with_the_nearest() -> None:
    with pytest.raises(ClienteleError, match="invoices has no column 'isued_at'; did you mean 'issued_at'"):
        CONTRACTS["invoices"].property("isued_at")


def test_every_shared_property_is_used() -> None:
    shared = {item["name"] for item in yaml.safe_load((FOLDER / "fields.yml").read_text(encoding="utf-8"))["properties"]}
    assert shared <= {item.name for record in CONTRACTS.values() for item in record.properties}


def test_tables_are_made_once_with_a_comment_on_everything() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema raw; attach ':memory:' as vault; create schema vault.personal")
        for _ in range(2):
            for record in CONTRACTS.values():
                connection.execute(raw_table_ddl(record))
                connection.execute(vault_table_ddl(record, schema="vault.personal"))
            for table in load_intake_tables().values():
                connection.execute(intake_table_ddl(table))
        tables = connection.execute("select schema_name, table_name, comment from duckdb_tables()").fetchall()
        bare = connection.execute("select table_name, column_name from duckdb_columns() where not internal and comment is null").fetchall()
        columns = connection.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = 'raw' and table_name = 'customers'"
        ).fetchall()
    assert {name for schema, name, _ in tables if schema == "raw"} == CONTRACTS.keys() | load_intake_tables().keys()
    assert {name for schema, name, _ in tables if schema == "personal"} == IN_THE_VAULT.keys()
    assert all(comment for _, _, comment in tables)
    assert bare == []
    assert columns == [(column.name, column.duckdb_type) for column in CONTRACTS["customers"].raw_columns()]


def test_contracts_name_no_file_but_their_own() -> None:
    """One contract a file, its name that of the record type."""
    assert {path.stem for path in Path(FOLDER / "records").iterdir()} == CONTRACTS.keys()
