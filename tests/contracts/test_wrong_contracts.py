"""A contract that contradicts itself or the standard is refused with the file, the line and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = """properties:
  - name: customer_id
    logicalType: string
    description: Number of the customer.
    classification: personal
    customProperties:
      - {property: surrogate, value: customer}
"""
BILLS = """apiVersion: v3.1.0
kind: DataContract
id: bills
name: Bills
version: 1.0.0
status: active
domain: billing
description: {purpose: A test., usage: None.}
schema:
  - name: bills
    logicalType: object
    physicalType: table
    description: One row a bill.
    dataGranularityDescription: One row a bill.
    customProperties:
      - {property: knowledgeKind, value: about}
    properties:
      - name: bill_id
        logicalType: string
        required: true
        primaryKey: true
        primaryKeyPosition: 1
        description: Number of the bill.
        classification: internal
        customProperties:
          - {property: eventKey, value: bill}
      - name: customer_id
      - name: issued_at
        logicalType: timestamp
        description: When it was issued.
        classification: internal
        logicalTypeOptions: {minimum: '1900-01-01T00:00:00Z'}
        customProperties:
          - {property: eventTime, value: true}
      - name: amount
        logicalType: number
        physicalType: decimal(18,4)
        description: Amount.
        classification: internal
        logicalTypeOptions: {minimum: 0, maximum: 100}
      - name: status
        logicalType: string
        description: Where it stands.
        classification: internal
        logicalTypeOptions: {pattern: '^[a-z]+$'}
        quality:
          - {type: library, metric: invalidValues, mustBe: 0, arguments: {validValues: [open, paid]}}
slaProperties:
  - {property: latency, value: 45, unit: d, element: bills.issued_at, description: Monthly.}
"""
PAID_ON = """      - name: paid_on
        logicalType: date
        description: Paid.
        classification: internal
        customProperties:
          - {property: eventTime, value: true}
"""
NUMBER = """      - name: line_number
        logicalType: integer
        description: Number.
        classification: internal
        primaryKey: true
        primaryKeyPosition: 3
"""
KIND = "{property: knowledgeKind, value: about}"
EVENT_KEY = "{property: eventKey, value: bill}"


def contracts_in(folder: Path, bills: str = BILLS, fields: str = FIELDS) -> Path:
    """A folder with one contract and its shared properties."""
    (folder / "records").mkdir()
    (folder / "records" / "bills.yml").write_text(bills, encoding="utf-8")
    (folder / "fields.yml").write_text(fields, encoding="utf-8")
    return folder


def test_the_contract_that_the_mistakes_are_made_in_is_right(tmp_path: Path) -> None:
    record = load_contracts(contracts_in(tmp_path))["bills"]
    assert [column.name for column in record.data_columns()] == ["bill_id", "bill_key", "customer_key", "issued_at", "amount", "status"]


MISTAKES = {
    "unknown key": ("required: true", "requred: true", "line 20: unknown key 'requred'; did you mean 'required'"),
    "unknown logical type": ("logicalType: number", "logicalType: money", "line 36: .*'money'.*'string', 'date'"),
    "yes is not a boolean": ("required: true", "required: 'yes'", "line 20: .*'yes'.*boolean"),
    "missing purpose": ("purpose: A test., ", "", "line 8: the key 'description.purpose' is missing"),
    "other standard": ("apiVersion: v3.1.0", "apiVersion: v2.2.2", "line 1: .*'v2.2.2'.*v3.1.0"),
    "other file name": ("  - name: bills", "  - name: invoices", "line 10: the table is called 'invoices', its file bills.yml"),
    "name with capitals": ("- name: amount", "- name: Amount", "line 35: 'Amount' cannot name a column"),
    "reserved name": ("- name: status", "- name: source_system", "line 41: 'source_system' cannot name a column"),
    "neither here nor shared": (
        "- name: customer_id",
        "- name: client_id",
        "line 27: the column 'client_id' has no description and no logicalType and no class",
    ),
    "stored as another type": ("decimal(18,4)", "double", r"line 37: 'amount' is a number stored as double; possible: decimal\(18,4\)"),
    "unknown extension": ("eventTime", "eventTimes", "line 34: unknown custom property 'eventTimes'; did you mean 'eventTime'"),
    "unknown knowledge": ("value: about", "value: above", "'knowledgeKind' is 'above'; possible: about, for, from, co-created"),
    "flag that is text": ("value: true", "value: 'true'", "the custom property 'eventTime' is 'true'; say true or false"),
    "event key that is no name": ("value: bill}", "value: Bill 1}", "line 18: the eventKey of 'bill_id' is 'Bill 1'"),
    "id of two things": (
        EVENT_KEY,
        f"{EVENT_KEY}\n          - {{property: surrogate, value: customer}}",
        "'bill_id' is the id of a person and of an event at once",
    ),
    "surrogate of nobody": (EVENT_KEY, "{property: surrogate, value: dog}", "'surrogate' is 'dog'; possible: customer, account"),
    "personal event key": ("classification: internal", "classification: personal", "'bill_id' has an eventKey and must be .* not personal"),
    "birth year of a string": (EVENT_KEY, "{property: derive, value: birth_year}", "'bill_id' derives a birth year and must be a"),
    "bound of a flag": ("logicalType: timestamp", "logicalType: boolean", "line 32: the minimum of 'issued_at' is .*not a boolean"),
    "text as event time": (EVENT_KEY, "{property: eventTime, value: true}", "'bill_id' is the event time and must be a time"),
    "time as amount": ("{property: eventTime, value: true}", "{property: amount, value: true}", "'issued_at' is the amount and must be a"),
    "bound of another type": ("minimum: 0,", "minimum: '0',", "line 40: the minimum of 'amount' is '0', not a number"),
    "bounds crossed": ("maximum: 100", "maximum: -1", "line 35: the column 'amount' has a maximum below its minimum"),
    "no regular expression": ("'^[a-z]+$'", "'^[a-z+$'", "the pattern of 'status' is not a regular expression"),
    "pattern of a number": ("{minimum: 0, maximum: 100}", "{pattern: '^1$'}", "'amount' has values, a length or a pattern and must"),
    "value listed twice": ("[open, paid]", "[open, open]", "'status' lists a valid value twice"),
    "key without place": ("        primaryKeyPosition: 1\n", "", "line 18: 'bill_id' needs primaryKey: true and primary"),
    "key from two": ("primaryKeyPosition: 1", "primaryKeyPosition: 2", r"the key of bills has the positions \[2\]"),
    "column twice": ("- name: status", "- name: amount", "bills has more than one column 'amount'"),
    "columns that land alike": ("- name: status", "- name: bill_key", "bills has more than one column 'bill_key'"),
    "two event times": (
        "      - name: customer_id\n",
        PAID_ON,
        "bills has more than one eventTime .paid_on, issued_at.; keep one",
    ),
    "version that is none": ("version: 1.0.0", "version: '1.0'", "line 5: .*'1.0'"),
    "optional key that is required": (
        EVENT_KEY,
        f"{EVENT_KEY}\n          - {{property: optionalKey, value: true}}",
        "'bill_id' has optionalKey and must be a part of the key that is not required",
    ),
    "optional key outside the key": (
        "{property: eventTime, value: true}",
        "{property: optionalKey, value: true}",
        "'issued_at' has optionalKey and must be a part of the key",
    ),
    "key part that may be empty without saying so": (
        "      - name: customer_id\n",
        "      - {name: customer_id, primaryKey: true, primaryKeyPosition: 2}\n" + NUMBER,
        "the key part 'customer_id' of bills is neither required nor has it optionalKey: true; say which",
    ),
    "one of nothing known": (
        KIND,
        f"{KIND}\n      - {{property: oneOf, value: customer_id contract_id}}",
        "oneOf of bills names 'contract_id'",
    ),
    "one of one": (KIND, f"{KIND}\n      - {{property: oneOf, value: customer_id}}", "oneOf of bills is 'customer_id'; name two or more"),
    "one of one twice": (KIND, f"{KIND}\n      - {{property: oneOf, value: amount amount}}", "oneOf of bills is 'amount amount'; name two"),
    "one of what is required": (KIND, f"{KIND}\n      - {{property: oneOf, value: bill_id amount}}", "'bill_id', which is required anyway"),
    "one of a flag": (KIND, f"{KIND}\n      - {{property: oneOf, value: true}}", "'oneOf' is True; give names of columns, parted by"),
    "system of no column": (
        EVENT_KEY,
        f"{EVENT_KEY}\n          - {{property: systemFrom, value: left_system}}",
        "systemFrom of 'bill_id' is 'left_system'; name another column of bills, a string that is not personal",
    ),
    "system of itself": (
        EVENT_KEY,
        f"{EVENT_KEY}\n          - {{property: systemFrom, value: bill_id}}",
        "is 'bill_id'; name another column",
    ),
    "system that is a number": (
        EVENT_KEY,
        f"{EVENT_KEY}\n          - {{property: systemFrom, value: amount}}",
        "is 'amount'; name another",
    ),
    "system that is personal": (
        EVENT_KEY,
        f"{EVENT_KEY}\n          - {{property: systemFrom, value: customer_id}}",
        "is 'customer_id'; name",
    ),
    "system of no id": (
        EVENT_KEY,
        "{property: systemFrom, value: status}",
        "'bill_id' has systemFrom and must have a surrogate or an eventKey",
    ),
    "stated twice": ("name: Bills\n", "name: Bills\nname: Invoices\n", "line 5: the key 'name' stands twice"),
    "not YAML": ("kind: DataContract", "kind: [DataContract", "this is not YAML"),
}


@pytest.mark.parametrize(("right", "wrong", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named_with_their_line(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert BILLS.count(right) >= 1
    with pytest.raises(ClienteleError) as error:
        load_contracts(contracts_in(tmp_path, BILLS.replace(right, wrong, 1)))
    assert str(error.value).startswith(str(tmp_path / "records" / "bills.yml"))
    assert re.search(message, str(error.value)), str(error.value)


def test_what_the_rules_of_a_contract_give(tmp_path: Path) -> None:
    """An optional last part of the key is no number that rows are given."""
    number = NUMBER.replace("line_number", "part").replace(
        "Position: 3\n", "Position: 2\n        customProperties: [{property: optionalKey, value: true}]\n"
    )
    bills = BILLS.replace("      - name: customer_id\n", f"      - name: customer_id\n{number}").replace(
        "version: 1.0.0", "version: 1.12.3"
    )
    bills = bills.replace(KIND, f"{KIND}\n      - {{property: oneOf, value: customer_id amount}}")
    bills = bills.replace(EVENT_KEY, f"{EVENT_KEY}\n          - {{property: systemFrom, value: status}}")
    record = load_contracts(contracts_in(tmp_path, bills))["bills"]
    assert [item.name for item in record.key] == ["bill_id", "part"]
    assert (record.property("part").is_optional_key, record.property("bill_id").is_optional_key) == (True, False)
    assert record.sequence is None
    assert record.one_of == ("customer_id", "amount")
    assert record.property("bill_id").system_from == "status"
    assert record.version == (1, 12, 3)


def test_a_shared_property_stands_once(tmp_path: Path) -> None:
    with pytest.raises(ClienteleError, match=r"fields.yml, line 8: the shared property 'customer_id' stands twice"):
        load_contracts(contracts_in(tmp_path, fields=FIELDS + FIELDS.partition("\n")[2]))


def test_the_record_states_over_what_is_shared(tmp_path: Path) -> None:
    """A key stated by the record replaces the shared key as a whole; the others stay."""
    own = "customer_id\n        description: Who was billed.\n        customProperties: [{property: surrogate, value: account}]"
    customer = load_contracts(contracts_in(tmp_path, BILLS.replace("customer_id", own)))["bills"].property("customer_id")
    assert (customer.description, customer.surrogate, customer.classification) == ("Who was billed.", "account", "personal")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClienteleError, match=r"fields.yml: cannot be read"):
        load_contracts(tmp_path)


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("key: [name]", "key: [nam]", "line 4: the key of x names 'nam', which is not one of its columns"),
        ("[name]", "[name]\n    note: none", "line 5: unknown key 'note'"),
        ("columns:\n", "columns:\n      - {name: name, type: BIGINT, description: Again.}\n", "x has more than one column 'name'"),
    ],
)
def test_mistakes_in_intake_tables_are_named(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    columns = "    columns:\n      - {name: name, type: VARCHAR, description: Its name.}\n"
    text = "tables:\n  - name: x\n    description: Rows.\n    key: [name]\n" + columns
    file = tmp_path / "intake_tables.yml"
    file.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ClienteleError, match=message):
        load_intake_tables(file)
