"""The contracts, and the tables that follow: what stands outside the vault, what inside, and under which names."""

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
# As the design has them: the columns of each record type, starred where each row has them; the key within a source system ends at the bar.
COLUMNS = """
accounts: account_id* | customer_id* organisation_unit opened_at* closed_at close_reason billing_day currency credit_limit
    payment_terms_days discount_terms is_prepaid
balances: account_id* balance_date* balance_type* | currency amount*
business_calendar: organisation_unit date* | opens_at closes_at is_holiday
campaign_members: campaign_id* customer_id* assigned_at* | is_treated* contacted_at responded_at response revenue
campaigns: campaign_id* | name* kind product_id starts_at ends_at contact_cost offer_cost
complaint_events: complaint_id* occurred_at* event* | department employee_id
complaints: complaint_id* | customer_id account_id contact_id invoice_id disputed_amount opened_at* acknowledged_at responded_at
    resolved_at closed_at followed_up_at reopened_count category severity department text remedy_sought decision compensation
consents: customer_id* purpose* channel changed_at* | is_given*
contacts: contact_id* | customer_id account_id occurred_at* direction channel reason topic_text employee_id wait_seconds handle_seconds
    is_resolved campaign_id outcome
custody_balances: organisation_unit* balance_date* currency* | amount*
customers: customer_id* | customer_type name national_id birth_date gender phone email address region industry occupation
    organisation_unit manager_id parent_customer_id registered_at closed_at language updated_at
employees: employee_id* | name role organisation_unit started_at ended_at
exchange_rates: rate_date* from_currency* to_currency* | rate*
identity_decisions: left_system* left_customer_id* right_system* right_customer_id* decided_at* | decision* decided_by reason
incidents: incident_id* | started_at* ended_at kind organisation_unit region product_id customer_id invoice_id
invoice_lines: invoice_id* line_number | issued_at product_id subscription_id charge_type quantity unit_price amount* tax_amount cost
    period_start period_end
invoices: invoice_id* | customer_id account_id issued_at* due_at period_start period_end currency amount* tax_amount status
    cancels_invoice_id
organisation_units: organisation_unit* | name parent_unit kind region currency
payments: payment_id* | customer_id account_id invoice_id paid_at* currency amount* kind method returned_at
products: product_id* | name* product_line organisation_unit list_price unit_cost launched_at withdrawn_at
promises_to_pay: promise_id* | customer_id* invoice_id promised_at* due_at* amount*
service_changes: change_id* | customer_id account_id subscription_id changed_at* change* from_product_id to_product_id reason competitor
service_targets: measure* severity valid_from* | valid_to hours* clock*
subscriptions: subscription_id* | account_id customer_id* product_id started_at* ended_at end_reason contract_end_at list_price
    discount_rate
surveys: response_id* | customer_id sent_at answered_at instrument* score scale_min scale_max contact_id complaint_id comment
targets: organisation_unit* month* measure* | value*
usage: subscription_id account_id started_at* measure* tariff_period | ended_at quantity* unit
wallet_estimates: customer_id* month* product_line | total_spend* currency
"""
# Enumerations; every other column takes any label.
VALUES = {
    "balances.balance_type": "assets credit_used prepaid",
    "campaign_members.response": "accepted declined none",
    "campaigns.kind": "retention cross_sell win_back collection care",
    "complaint_events.event": "received acknowledged assessed assigned investigated responded decided closed reopened followed_up",
    "complaints.decision": "upheld partly rejected",
    "contacts.channel": "phone branch web app email chat sms visit",
    "contacts.direction": "inbound outbound",
    "customers.customer_type": "person organisation",
    "employees.role": "account_manager agent collector",
    "identity_decisions.decision": "same different",
    "incidents.kind": "outage billing_error delivery_failure",
    "invoice_lines.charge_type": "recurring usage one_off discount penalty credit",
    "invoices.status": "issued cancelled disputed written_off opening_balance",
    "organisation_units.kind": "group subsidiary branch department outlet",
    "payments.kind": "payment refund write_off deposit deposit_return top_up",
    "service_changes.change": ("activate upgrade downgrade price_change suspend resume port_out_request retention_offer terminate"),
    "service_targets.clock": "calendar business",
    "service_targets.measure": "acknowledge respond resolve",
    "surveys.instrument": "csat nps ces stay_intent",
    "usage.tariff_period": "peak flat off_peak",
}
IN_THE_VAULT = {
    "complaints": {"text", "remedy_sought"},
    "contacts": {"topic_text"},
    "customers": {"name", "national_id", "birth_date", "gender", "phone", "email", "address"},
    "employees": {"name"},
    "identity_decisions": {"reason"},
    "surveys": {"comment"},
}


def described(record: RecordType) -> str:
    """A record type as the table above has it."""
    words = [f"{item.name}{'*' if item.required else ''}" for item in record.properties]
    return " ".join([f"{record.name}:", *words[: len(record.key)], "|", *words[len(record.key) :]])


def test_every_column_of_the_design_is_there_and_no_other() -> None:
    designed = [" ".join(line.split()) for line in COLUMNS.strip().replace("\n    ", " ").splitlines()]
    assert [described(record) for record in CONTRACTS.values()] == designed
    # The key's columns come first, in its order.
    assert all(record.key == record.properties[: len(record.key)] for record in CONTRACTS.values())


def test_enumerations_are_those_of_the_design() -> None:
    found = {f"{record.name}.{item.name}": " ".join(item.valid_values) for record in CONTRACTS.values() for item in record.properties}
    assert {name: values for name, values in found.items() if values} == VALUES


def test_slowly_changing_records_keep_their_versions() -> None:
    assert {name for name, record in CONTRACTS.items() if record.keep_versions} == {
        "accounts",
        "customers",
        "employees",
        "organisation_units",
        "subscriptions",
    }


def test_what_is_planned_ahead_has_no_event_time() -> None:
    """A plan for December is known in January: its day must not count as the time at which it could be known."""
    assert {name for name, record in CONTRACTS.items() if record.event_time is None} == {
        "business_calendar",
        "organisation_units",
        "service_targets",
        "targets",
    }


def test_only_invoice_lines_are_numbered_where_the_key_is_not_whole() -> None:
    sequences = {name: record.sequence for name, record in CONTRACTS.items()}
    assert {name: item.name for name, item in sequences.items() if item is not None} == {"invoice_lines": "line_number"}


def test_parts_of_keys_that_may_be_empty() -> None:
    optional = {f"{record.name}.{item.name}" for record in CONTRACTS.values() for item in record.properties if item.is_optional_key}
    assert optional == {
        "business_calendar.organisation_unit",
        "consents.channel",
        "service_targets.severity",
        "usage.account_id",
        "usage.subscription_id",
        "usage.tariff_period",
        "wallet_estimates.product_line",
    }
    assert {name: record.one_of for name, record in CONTRACTS.items() if record.one_of} == {"usage": ("subscription_id", "account_id")}


def test_numbers_of_other_systems() -> None:
    given = {f"{record.name}.{item.name}": item.system_from for record in CONTRACTS.values() for item in record.properties}
    assert {name: system for name, system in given.items() if system} == {
        "identity_decisions.left_customer_id": "left_system",
        "identity_decisions.right_customer_id": "right_system",
    }


def test_ids_of_people_leave_a_surrogate() -> None:
    """Who is a person or an organisation is said by the name of the column, but for the few that are named after their part."""
    entities = ("customer", "account", "subscription", "employee")
    ids = [(record, item) for record in CONTRACTS.values() for item in record.properties if item.name.endswith("_id")]
    for record, item in ids:
        entity = item.name.removesuffix("_id").split("_")[-1]
        assert item.surrogate == (entity if entity in entities else "employee" if entity == "manager" else None), (record.name, item.name)
        assert item.surrogate or item.event_key or item.name == "national_id", (record.name, item.name)
    assert CONTRACTS["identity_decisions"].property("decided_by").surrogate == "employee"


def test_rates_keep_more_places_than_money() -> None:
    """A yen is worth 0.0067 dollars: with four places it would be a hundredth off."""
    assert CONTRACTS["exchange_rates"].property("rate").duckdb_type == "DECIMAL(28,12)"


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
