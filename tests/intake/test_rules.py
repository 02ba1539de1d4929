"""The contract's rules at the door: which values land, which are quarantined, and under which name."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.intake.world import World

ACCOUNTS = """
    accounts:
      columns:
        account_id: Id
        customer_id: Customer
        opened_at: Opened
        closed_at: Closed
        billing_day: Day
        currency: Currency
        credit_limit: Limit
        payment_terms_days: Terms
        is_prepaid: Prepaid
        discount_terms: Discount
"""
GOOD = {
    "Id": "a1",
    "Customer": "c1",
    "Opened": "2024-01-01",
    "Closed": "",
    "Day": "31",
    "Currency": "EUR",
    "Limit": "0",
    "Terms": "30",
    "Prepaid": "false",
    "Discount": "2/10 net 30",
}


def land_one(world: World, **cells: str) -> None:
    row = GOOD | cells
    world.source("billing", ACCOUNTS)
    world.deliver("billing/1.csv", ";".join(row) + "\n" + ";".join(row.values()) + "\n")
    world.source("billing", ACCOUNTS, "format: {delimiter: ';'}")
    world.land()


def test_a_row_that_keeps_every_rule(world: World) -> None:
    land_one(world)
    columns = "billing_day, currency, credit_limit, payment_terms_days, is_prepaid, discount_terms, closed_at"
    assert world.row(f"select {columns} from raw.accounts") == (31, "EUR", Decimal(0), 30, False, "2/10 net 30", None)


@pytest.mark.parametrize(
    ("column", "cells", "rule"),
    [
        ("account_id", {"Id": " "}, "required"),
        ("customer_id", {"Customer": ""}, "required"),
        ("account_id", {"Id": "9" * 101}, "max_length"),
        ("opened_at", {"Opened": "1/1/2024"}, "type"),
        ("opened_at", {"Opened": "2024-02-30"}, "type"),
        ("opened_at", {"Opened": ""}, "required"),
        ("opened_at", {"Opened": "infinity"}, "maximum"),
        ("opened_at", {"Opened": "1899-12-31"}, "minimum"),
        ("closed_at", {"Closed": "never"}, "type"),
        ("billing_day", {"Day": "32"}, "maximum"),
        ("billing_day", {"Day": "0"}, "minimum"),
        ("billing_day", {"Day": "12.5"}, "type"),
        ("billing_day", {"Day": "70000"}, "type"),
        ("payment_terms_days", {"Terms": "30 days"}, "type"),
        ("payment_terms_days", {"Terms": "99999999999999"}, "type"),
        ("currency", {"Currency": "eur"}, "pattern"),
        ("currency", {"Currency": "EURO"}, "pattern"),
        ("credit_limit", {"Limit": "-0.01"}, "minimum"),
        ("credit_limit", {"Limit": "1,000.00"}, "type"),
        ("credit_limit", {"Limit": "nan"}, "type"),
        ("credit_limit", {"Limit": "123456789012345"}, "type"),
        ("is_prepaid", {"Prepaid": "perhaps"}, "type"),
    ],
)
def test_a_row_that_breaks_one(world: World, column: str, cells: dict[str, str], rule: str) -> None:
    land_one(world, **cells)
    (cell,) = cells.values()
    assert world.rows("select record_type, row_number, column_name, rule, raw_value from vault.quarantine") == [
        ("accounts", 1, column, rule, cell.strip() or None)
    ]
    assert world.ledger("accounts") == [("1.csv", "landed", 1, 0, 0, 0, 1, 0)]


@pytest.mark.parametrize(
    ("cells", "column", "value"),
    [
        ({"Day": "28.0"}, "billing_day", 28),
        ({"Limit": "1e3"}, "credit_limit", Decimal(1000)),
        ({"Limit": "9876543210.5678"}, "credit_limit", Decimal("9876543210.5678")),
        ({"Currency": ""}, "currency", "CNY"),
        ({"Prepaid": "1"}, "is_prepaid", True),
        ({"Closed": ""}, "closed_at", None),
        ({"Opened": "2099-12-31"}, "cast(opened_at as varchar)", "2099-12-30 16:00:00"),
    ],
)
def test_values_that_can_be_read(world: World, cells: dict[str, str], column: str, value: object) -> None:
    land_one(world, **cells)
    assert world.values(f"select {column} from raw.accounts") == [value]


def test_a_row_that_breaks_many_is_counted_once_and_told_column_by_column(world: World) -> None:
    land_one(world, Opened="soon", Day="0", Currency="€")
    assert world.rows("select column_name, rule, raw_value from vault.quarantine order by 1") == [
        ("billing_day", "minimum", "0"),
        ("currency", "pattern", "€"),
        ("opened_at", "type", "soon"),
    ]
    assert world.ledger("accounts") == [("1.csv", "landed", 1, 0, 0, 0, 1, 0)]
    assert world.rows("select column_name, rule, row_count from raw.quarantine_summary order by 1") == [
        ("billing_day", "minimum", 1),
        ("currency", "pattern", 1),
        ("opened_at", "type", 1),
    ]


def test_a_time_without_end_is_none(world: World) -> None:
    world.source("shop", "products:\n  columns: {product_id: Id, name: Id, withdrawn_at: Until}")
    world.deliver("shop/1.csv", "Id,Until\n1,infinity\n2,9999-12-31\n3,\n")
    world.land()
    assert world.rows("select row_number, column_name, rule, raw_value from vault.quarantine") == [(1, "withdrawn_at", "type", "infinity")]
    assert world.values("select product_id from raw.products order by 1") == ["2", "3"]


def test_only_listed_values(world: World) -> None:
    world.source("calls", "contacts:\n  columns: {contact_id: Id, occurred_at: At, channel: Channel, is_resolved: Done}")
    world.deliver("calls/1.csv", "Id,At,Channel,Done\n1,2024-01-01,phone,yes\n2,2024-01-01,Phone,no\n3,2024-01-01,,\n")
    world.land()
    assert world.rows("select contact_id, channel, is_resolved from raw.contacts order by 1") == [("1", "phone", True), ("3", None, None)]
    assert world.rows("select row_number, column_name, rule, raw_value from vault.quarantine") == [(2, "channel", "valid_values", "Phone")]


EXPRESSIONS = """
    payments:
      where: cast(Kind as integer) < 9
      columns:
        payment_id: Id || '-' || Part
        paid_at: strptime(Paid, '%d.%m.%Y')
        amount: cast(Quantity as decimal(18, 4)) * cast(Price as decimal(18, 4))
        kind: "case Kind when '1' then 'payment' when '2' then 'refund' else Kind end"
        currency: "'USD'"
"""


def test_expressions_and_what_they_cannot_compute(world: World) -> None:
    world.source("bank", EXPRESSIONS)
    world.deliver(
        "bank/1.csv",
        """
        Id,Part,Paid,Quantity,Price,Kind
        1,a,01.02.2024,3,0.3333,1
        2,a,2024-02-01,3,0.3333,1
        3,,01.02.2024,three,0.3333,2
        4,a,01.02.2024,1,1,nine
        5,a,01.02.2024,1,1,9
        6,a,,,,9
        7,a,01.02.2024,1,1,
        8,a,01.02.2024,1,,3
        """,
    )
    world.land()
    assert world.rows("select payment_id, cast(paid_at as varchar), amount, kind, currency from raw.payments") == [
        ("1-a", "2024-01-31 16:00:00", Decimal("0.9999"), "payment", "USD")
    ]
    # A where that is null leaves a row out, as in SQL; one that cannot be computed says nothing, so that the row is not lost from sight.
    assert world.ledger("payments") == [("1.csv", "landed", 8, 1, 0, 3, 4, 1)]
    assert world.rows("select row_number, column_name, rule, raw_value from vault.quarantine order by 1, 2") == [
        (2, "paid_at", "type", "2024-02-01"),
        (3, "amount", "type", '{"Quantity":"three","Price":"0.3333"}'),
        (3, "payment_id", "required", '{"Id":"3","Part":null}'),
        (4, "kind", "valid_values", "nine"),
        (4, None, "where", None),
        (8, "amount", "required", '{"Quantity":"1","Price":null}'),
        (8, "kind", "valid_values", "3"),
    ]


def test_a_where_that_cannot_be_computed_quarantines_its_row(world: World) -> None:
    world.source("bank", "payments:\n  where: cast(Kind as integer) = 1\n  columns: {payment_id: Id, paid_at: Paid, amount: Amount}")
    world.deliver("bank/1.csv", "Id,Paid,Amount,Kind\n1,2024-01-01,1,one\n2,2024-01-01,1,1\n")
    world.land()
    assert world.ledger("payments") == [("1.csv", "landed", 2, 1, 0, 0, 1, 1)]
    assert world.rows("select row_number, column_name, rule, row_text from vault.quarantine") == [
        (1, None, "where", '{"Id":"1","Paid":"2024-01-01","Amount":"1","Kind":"one"}')
    ]
    assert world.rows("select column_name, rule, row_count from raw.quarantine_summary") == [(None, "where", 1)]


def test_the_same_expression_twice_fails_row_by_row(world: World) -> None:
    day = "strptime(Paid, '%Y%m%d')"
    world.source("bank", f'payments:\n  columns: {{payment_id: Id, paid_at: "{day}", amount: Amount, returned_at: "{day}"}}')
    world.deliver("bank/1.csv", "Id,Paid,Amount\n1,20240101,1\n2,1 Jan,1\n")
    world.land()
    assert world.ledger("payments") == [("1.csv", "landed", 2, 1, 0, 0, 1, 1)]


def test_many_broken_rows_in_a_large_file(world: World) -> None:
    rows = "".join(
        f"{number},2024-01-01,{'x' if number % 2 else number}\n" + ("short\n" if number % 5 == 0 else "") for number in range(20_000)
    )
    world.source("bank", "payments:\n  columns: {payment_id: Id, paid_at: Paid, amount: Amount}")
    world.deliver("bank/1.csv", f"Id,Paid,Amount\n{rows}")
    world.land()
    assert world.ledger("payments") == [("1.csv", "landed", 24_000, 10_000, 0, 0, 14_000, 10_000)]
    # Every fifth number is followed by a short row: number n stands in row n + 1 + the short ones before it.
    assert world.values(
        "select count(*) from raw.payments where _row_number <> cast(payment_id as integer) + 1 + (cast(payment_id as integer) + 4) // 5"
    ) == [0]
