"""When something happened, when it could have been known, and which delivery is the newer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.intake.world import World

PAYMENTS = """
    payments:
      columns: {payment_id: Id, paid_at: Paid, amount: Amount}
"""


def times(world: World, column: str = "paid_at", table: str = "raw.payments") -> list[str]:
    return world.values(f"select cast({column} as varchar) from {table} order by _row_number")


def test_timestamps_become_utc(world: World) -> None:
    world.source("bank", PAYMENTS)
    world.deliver(
        "bank/1.csv",
        """
        Id,Paid,Amount
        1,2024-01-01 07:30:00,1
        2,2024-01-01T07:30:00+02:00,1
        3,2024-01-01 07:30:00Z,1
        4,2024-01-01,1
        5,2023-12-31 23:59:59.999999,1
        """,
    )
    world.land()
    # Without an offset it is Shanghai's time, eight hours ahead.
    assert times(world) == [
        "2023-12-31 23:30:00",
        "2024-01-01 05:30:00",
        "2024-01-01 07:30:00",
        "2023-12-31 16:00:00",
        "2023-12-31 15:59:59.999999",
    ]
    # The month is the reporting zone's, Shanghai's again: three of these are of January there, although only two are in UTC.
    assert world.rows("select cast(month as varchar), row_count from raw.landing_total order by 1") == [
        ("2023-12-01", 1),
        ("2024-01-01", 4),
    ]


def test_a_zone_with_summer_time(world: World) -> None:
    world.source_text(
        "shop",
        """
source: shop
system: shop
location: landing/shop/*.csv
time_zone: Europe/London
currency: GBP
feeds:
  payments:
    columns: {payment_id: Id, paid_at: "strptime(Paid, '%m/%d/%Y %H:%M')", amount: Amount}
""",
    )
    world.deliver("shop/1.csv", "Id,Paid,Amount\n1,1/15/2024 12:00,1\n2,7/15/2024 12:00,1\n3,13/13/2024 12:00,1\n")
    world.land()
    assert times(world) == ["2024-01-15 12:00:00", "2024-07-15 11:00:00"]
    assert world.rows("select row_number, column_name, rule, raw_value from vault.quarantine") == [
        (3, "paid_at", "type", "13/13/2024 12:00")
    ]


def test_dates_stay_dates(world: World) -> None:
    world.source("bills", "invoices:\n  columns: {invoice_id: Id, issued_at: Issued, due_at: Due, amount: Amount}")
    world.deliver("bills/1.csv", "Id,Issued,Due,Amount\nA,2024-01-01,2024-01-31,1\n")
    world.land()
    assert world.rows("select cast(issued_at as varchar), cast(due_at as varchar) from raw.invoices") == [
        ("2023-12-31 16:00:00", "2024-01-31")
    ]


@pytest.mark.parametrize(
    ("known_at", "expected"),
    [
        ("from: received", "2024-03-01 08:00:00"),
        ("from: latest_event", "2024-01-04 22:00:00"),
        ("from: file_name, pattern: '_(\\d{8})\\.', format: '%Y%m%d'", "2024-01-09 16:00:00"),
        ("from: file_name, pattern: 'export(.*)_', format: '%Y-%m-%dT%H%M%z'", "2024-01-09 22:30:00"),
    ],
)
def test_when_a_delivery_could_have_been_known(world: World, known_at: str, expected: str) -> None:
    world.source("bank", PAYMENTS, f"known_at: {{{known_at}}}")
    world.deliver(
        "bank/export2024-01-09T2330+0100_20240110.csv", "Id,Paid,Amount\n1,2024-01-05 06:00:00,1\n2,2024-01-04,1\n3,2031-01-01,one\n"
    )
    world.land()
    assert times(world, "_known_at") == [expected] * 2
    assert world.values("select cast(known_at as varchar) from raw.delivery") == [expected]


def test_repeated_rows_are_events_too(world: World) -> None:
    world.source("bank", PAYMENTS, "known_at: {from: latest_event}")
    world.deliver("bank/1.csv", "Id,Paid,Amount\n1,2024-01-05,1\n2,2024-01-04,1\n")
    world.deliver("bank/2.csv", "Id,Paid,Amount\n2,2024-01-04,1\n")
    world.deliver("bank/3.csv", "Id,Paid,Amount\n")
    world.land()
    assert world.values("select cast(known_at as varchar) from raw.delivery order by received_at") == [
        "2024-01-04 16:00:00",
        "2024-01-03 16:00:00",
        "2024-03-01 08:02:00",
    ]


def test_the_latest_event_of_any_record_in_the_file_counts(world: World) -> None:
    world.source(
        "till",
        """
        invoice_lines:
          columns: {invoice_id: Id, amount: Amount}
        invoices:
          columns: {invoice_id: Id, issued_at: Issued, amount: Amount}
        """,
        "known_at: {from: latest_event}",
    )
    world.deliver("till/1.csv", "Id,Issued,Amount\nA,2024-01-05,1\n")
    world.land()
    assert times(world, "_known_at", "raw.invoice_lines") == ["2024-01-04 16:00:00"]


@pytest.mark.parametrize(
    ("rule", "name", "sentence"),
    [
        ("known_at: {from: file_name, pattern: '_(\\d+)', format: '%Y%m%d'}", "x_20241301.csv", "'20241301' in its name is not a date"),
        ("known_at: {from: file_name, pattern: '_(\\d+)', format: '%Y%m%d'}", "x_00010101.csv", "'00010101' in its name is not a date"),
        ("known_at: {from: file_name, pattern: '_(\\d+)'}", "payments.csv", "its name does not match the pattern '_(\\d+)' of known_at"),
        ("delivery_order: {from: file_name, pattern: 'x(\\d)?'}", "x.csv", "its name does not match the pattern 'x(\\d)?' of "),
    ],
)  # fmt: skip
def test_a_name_that_does_not_say_when(world: World, rule: str, name: str, sentence: str) -> None:
    source = world.source("bank", PAYMENTS, rule)
    path = world.deliver(f"bank/{name}", "Id,Paid,Amount\n1,2024-01-05,1\n")
    with pytest.raises(ClienteleError) as fault:
        world.land()
    assert str(fault.value).startswith(f"{path}: {sentence}")
    assert str(source) in str(fault.value)
    assert world.values("select status from raw.delivery") == ["refused"]
    assert str(world.root) not in world.values("select reason from raw.delivery")[0]


def orders(world: World) -> list[str]:
    """The files in the order in which they count, the newest last."""
    return world.values("select split_part(file_name, '/', -1) from raw.delivery order by delivery_order")


def deliver(world: World, name: str, hour: int = 0) -> Path:
    return world.deliver(f"bank/{name}", f"Id,Paid,Amount\n{name},2024-01-05,1\n", datetime(2024, 1, 1, hour, tzinfo=UTC))


def test_the_time_received_orders_unless_told(world: World) -> None:
    world.source("bank", PAYMENTS)
    deliver(world, "a.csv", 2)
    deliver(world, "b.csv", 1)
    deliver(world, "d.csv", 3)
    deliver(world, "c.csv", 3)
    world.land()
    assert orders(world) == ["b.csv", "a.csv", "c.csv", "d.csv"]


def test_a_late_older_file_stays_the_older(world: World) -> None:
    world.source("bank", PAYMENTS, "delivery_order: {from: file_name, pattern: '(\\d{4}-\\d{2})'}")
    deliver(world, "2024-02.csv", 1)
    world.land()
    deliver(world, "2024-01.csv", 2)
    world.land()
    assert orders(world) == ["2024-01.csv", "2024-02.csv"]


def test_a_plain_number_orders_as_a_number(world: World) -> None:
    world.source("bank", PAYMENTS, "delivery_order: {from: file_name, pattern: 'run(\\d+)'}")
    for name in ("run10.csv", "run9.csv", "run100.csv"):
        deliver(world, name)
    world.land()
    assert orders(world) == ["run9.csv", "run10.csv", "run100.csv"]
