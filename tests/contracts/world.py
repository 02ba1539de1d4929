"""One awkward world of landed rows, small enough that every figure expected of staging can be worked out by hand.

Numbers of deliveries tell their record type: 1x payments, 2x invoices, 3x products, 4x customers, 5x invoice lines. Accounts, contacts
and complaints were never delivered.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.model import load_contracts
from pipelines.contracts.render import intake_table_ddl, raw_table_ddl

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Feed:
    """A source as it delivers one record type."""

    source: str
    system: str = "main"
    mode: str = "append"
    is_folded: bool = False
    is_accumulated: bool = False
    is_keyed: bool = True


@dataclass(frozen=True)
class Delivery:
    """A line of the ledger, as far as staging reads it."""

    number: int
    record: str
    feed: Feed
    order: str
    known_at: str
    status: str = "landed"
    mends: int | None = None
    decided_at: str | None = None


@dataclass(frozen=True)
class Row:
    """A landed row: its delivery, its place there, the record's key, and what it says."""

    delivery: int
    place: int
    key: int
    values: dict[str, Any]


BANK = Feed("bank")
BILLS = Feed("bills", is_folded=True)
SEEN = Feed("seen", is_folded=True, is_accumulated=True)
CATALOGUE = Feed("catalogue")
CRM = Feed("crm", mode="full")
SHOP = Feed("shop", system="shop", is_folded=True, is_accumulated=True)
UNNUMBERED = Feed("lines", is_keyed=False)
ERP = Feed("erp", system="erp")

DELIVERIES = [
    # P1 is corrected by 12, an older file comes late (13), 14 is held, 16 repeats what 13 said of P1 and 12 of P5.
    Delivery(11, "payments", BANK, "2024-01", "2024-02-05"),
    Delivery(12, "payments", BANK, "2024-02", "2024-03-05"),
    Delivery(13, "payments", BANK, "2023-12", "2024-03-10"),
    Delivery(14, "payments", BANK, "2024-03", "2024-03-11", status="held"),
    Delivery(15, "payments", BANK, "2024-04", "2024-04-05"),
    Delivery(16, "payments", BANK, "2024-05", "2024-05-05"),
    # A and B fold from lines; 22 brings A again; 23 is older and late; C comes whole, from another system.
    Delivery(21, "invoices", BILLS, "2024-01", "2024-02-05"),
    Delivery(22, "invoices", BILLS, "2024-02", "2024-04-05"),
    Delivery(23, "invoices", BILLS, "2023-12", "2024-03-05"),
    Delivery(24, "invoices", ERP, "a", "2024-02-01"),
    # 25 and 26 mend rows of 21, at its place in the order: all of D, one of two of E, and one of A, which 22 has replaced.
    Delivery(25, "invoices", BILLS, "2024-01", "2024-03-20", mends=21),
    Delivery(26, "invoices", BILLS, "2024-01", "2024-05-10", mends=21),
    # 27 was held, and released in May; 28 mends a row of it.
    Delivery(27, "invoices", ERP, "b", "2024-02-02", decided_at="2024-05-02"),
    Delivery(28, "invoices", ERP, "b", "2024-02-20", decided_at="2024-05-02", mends=27),
    # X adds up over its deliveries, in whatever order they came; Y and Z are also delivered whole by another source.
    Delivery(31, "products", SEEN, "1", "2024-02-01"),
    Delivery(32, "products", SEEN, "2", "2024-03-01"),
    Delivery(33, "products", SEEN, "0", "2024-05-01"),
    Delivery(34, "products", SEEN, "3", "2024-03-01", status="held"),
    Delivery(35, "products", CATALOGUE, "4", "2024-03-02"),
    Delivery(36, "products", SEEN, "5", "2024-03-03"),
    # Full deliveries of customers: 43 is held, 45 is older than 42 and late; 46 folds customers of another system.
    Delivery(41, "customers", CRM, "2024-01-31", "2024-02-01"),
    Delivery(42, "customers", CRM, "2024-02-29", "2024-03-01"),
    Delivery(43, "customers", CRM, "2024-03-31", "2024-04-01", status="held"),
    Delivery(44, "customers", CRM, "2024-04-30", "2024-05-01"),
    Delivery(45, "customers", CRM, "2024-02-15", "2024-06-01"),
    Delivery(46, "customers", SHOP, "1", "2024-02-03"),
    # Lines of A and B without numbers; those of C with them.
    Delivery(47, "customers", CRM, "2024-02-29", "2024-04-20", mends=42),
    Delivery(51, "invoice_lines", UNNUMBERED, "1", "2024-02-05"),
    Delivery(55, "invoice_lines", UNNUMBERED, "1", "2024-04-20", mends=51),
    Delivery(52, "invoice_lines", UNNUMBERED, "2", "2024-04-05"),
    Delivery(53, "invoice_lines", ERP, "1", "2024-02-01"),
    Delivery(54, "invoice_lines", ERP, "2", "2024-03-01"),
]

P1, P2, P3, P4, P5 = 101, 102, 103, 104, 105
A, B, C, D, E, F, G = 201, 202, 203, 204, 205, 206, 207
X, Y, Z = 301, 302, 303
NORTH, TWICE, GONE, LATE, BROKEN, MENDED, SHOPPER = 401, 402, 403, 404, 405, 406, 409
LINES_OF_A, LINES_OF_B, C10, C20, LINES_OF_D = 501, 502, 503, 504, 505


def content(values: dict[str, Any]) -> int:
    """A content hash: equal values, equal hash."""
    return zlib.crc32(json.dumps(values, default=str).encode())


def paid(number: str, amount: str) -> dict[str, Any]:
    """A payment's values."""
    return {"payment_id": number, "payment_key": int(number[1:]), "paid_at": datetime(2024, 1, 15, 9), "amount": amount}


def billed(number: str, amount: str, issued: int, **values: Any) -> dict[str, Any]:
    """An invoice's values, issued on a day of January 2024."""
    return {"invoice_id": number, "invoice_key": ord(number), "amount": amount, "issued_at": datetime(2024, 1, issued), **values}


def sold(number: str, name: str, launched: tuple[int, int], price: str, cost: str | None = None) -> dict[str, Any]:
    """A product's values, launched on the first of a year and month."""
    start = datetime(*launched, 1)
    return {"product_id": number, "product_key": ord(number), "name": name, "launched_at": start, "list_price": price, "unit_cost": cost}


def customer(key: int, region: str, registered: int = 1) -> dict[str, Any]:
    """A customer's values, registered on a day of January 2023."""
    return {"customer_key": key, "customer_type": "person", "region": region, "registered_at": datetime(2023, 1, registered)}


def line(invoice: str, amount: str, number: int | None = None) -> dict[str, Any]:
    """An invoice line's values."""
    return {"invoice_id": invoice, "invoice_key": ord(invoice), "line_number": number, "amount": amount}


ROWS = [
    Row(11, 1, P1, paid("P1", "100")),
    Row(11, 2, P2, paid("P2", "50")),
    Row(11, 3, P5, paid("P5", "1")),
    Row(12, 1, P1, paid("P1", "90")),
    Row(12, 2, P5, paid("P5", "2")),
    Row(13, 1, P1, paid("P1", "110")),
    Row(13, 2, P3, paid("P3", "30")),
    Row(14, 1, P2, paid("P2", "999")),
    Row(14, 2, P4, paid("P4", "70")),
    Row(15, 1, P4, paid("P4", "70")),
    Row(15, 2, P5, paid("P5", "3")),
    Row(
        21,
        1,
        A,
        billed("A", "10", 3, due_at=date(2024, 1, 31), status="issued", customer_key=7, currency="EUR", period_end=date(2024, 1, 9)),
    ),
    Row(21, 2, A, billed("A", "20", 2, due_at=date(2024, 2, 2), status="disputed", currency="EUR", period_end=date(2024, 1, 5))),
    Row(21, 3, B, billed("B", "4.5", 9, customer_key=8, currency="USD", tax_amount="1")),
    Row(21, 4, A, billed("A", "5", 4, currency="EUR")),
    Row(21, 6, B, billed("B", "6.25", 8, customer_key=8, currency="EUR", tax_amount="2")),
    Row(22, 1, A, billed("A", "8", 12, currency="EUR")),
    Row(22, 2, A, billed("A", "9", 11, currency="EUR")),
    Row(23, 1, A, billed("A", "1000", 1, currency="AUD")),
    Row(21, 8, D, billed("D", "40", 15, status="issued")),
    Row(25, 9, D, billed("D", "2", 14)),
    Row(26, 7, D, billed("D", "0.5", 16, status="disputed")),
    Row(26, 10, E, billed("E", "6", 17)),
    Row(26, 12, A, billed("A", "5000", 1)),
    Row(27, 1, F, billed("F", "9", 18)),
    Row(28, 2, G, billed("G", "8", 19)),
    Row(24, 1, C, billed("C", "70", 20, currency="CNY", status="issued")),
    Row(31, 1, X, sold("X", "new", (2024, 3), "5", "2")),
    Row(32, 9, X, sold("X", "newest", (2024, 4), "4")),
    Row(33, 5, X, sold("X", "old", (2023, 12), "3", "1")),
    Row(34, 1, X, sold("X", "held", (2020, 1), "99")),
    Row(31, 2, Y, sold("Y", "seen", (2019, 1), "1")),
    Row(35, 1, Y, sold("Y", "whole", (2022, 1), "2")),
    Row(35, 2, Z, sold("Z", "whole", (2022, 1), "2")),
    Row(36, 1, Z, sold("Z", "seen again", (2023, 1), "3")),
    Row(41, 1, NORTH, customer(NORTH, "north")),
    Row(41, 2, TWICE, customer(TWICE, "east")),
    Row(41, 3, GONE, customer(GONE, "west")),
    Row(41, 4, BROKEN, customer(BROKEN, "west")),
    Row(42, 1, NORTH, customer(NORTH, "south")),
    Row(45, 1, LATE, customer(LATE, "west")),
    Row(47, 5, MENDED, customer(MENDED, "north")),
    Row(46, 1, SHOPPER, customer(SHOPPER, "far", registered=9)),
    Row(46, 2, SHOPPER, customer(SHOPPER, "farther", registered=4)),
    Row(51, 2, LINES_OF_B, line("B", "4.5")),
    Row(51, 3, LINES_OF_A, line("A", "10")),
    Row(51, 5, LINES_OF_A, line("A", "5")),
    Row(51, 7, LINES_OF_B, line("B", "6.25")),
    Row(51, 8, LINES_OF_A, line("A", "20")),
    Row(51, 9, LINES_OF_B, line("B", "4.5")),
    Row(51, 20, LINES_OF_D, line("D", "1")),
    Row(55, 21, LINES_OF_D, line("D", "2")),
    Row(51, 22, LINES_OF_D, line("D", "3")),
    Row(52, 4, LINES_OF_A, line("A", "9")),
    Row(52, 1, LINES_OF_A, line("A", "8")),
    Row(53, 1, C10, line("C", "30", 10)),
    Row(53, 2, C20, line("C", "40", 20)),
    Row(54, 1, C20, line("C", "39", 20)),
]

FOLDS = [
    ("bills", "invoices", "amount", "sum"),
    ("bills", "invoices", "tax_amount", "max"),
    ("bills", "invoices", "issued_at", "min"),
    ("bills", "invoices", "due_at", "max"),
    ("bills", "invoices", "period_end", "min"),
    ("bills", "invoices", "status", "latest"),
    ("bills", "invoices", "currency", "min"),
    ("bills", "invoices", "customer_key", "any_equal"),
    ("seen", "products", "launched_at", "min"),
    ("seen", "products", "list_price", "max"),
    ("shop", "customers", "registered_at", "min"),
]

# Rows that a delivery repeats, as (delivery, key, content).
REPEATED = [
    (16, P1, content(paid("P1", "110"))),
    (16, P4, content(paid("P4", "70"))),
    (16, P5, content(paid("P5", "2"))),
    (42, TWICE, content(customer(TWICE, "east"))),
    (44, NORTH, content(customer(NORTH, "north"))),
    (45, NORTH, content(customer(NORTH, "south"))),
    (45, TWICE, content(customer(TWICE, "east"))),
]

# Keys of which a row was quarantined, as (delivery, key, row): of 21 the fifth row and some that were mended, and in 42 the only one of a
# customer.
QUARANTINED = [(21, B, 5), (21, D, 9), (21, D, 7), (21, E, 10), (21, E, 11), (27, G, 2), (42, BROKEN, 3), (42, MENDED, 5)]


def write(file: Path) -> None:
    """Make a build file that holds the world's schema raw and nothing else."""
    by_number = {delivery.number: delivery for delivery in DELIVERIES}
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema raw")
        for record in load_contracts().values():
            connection.execute(raw_table_ddl(record))
        for table in load_intake_tables().values():
            connection.execute(intake_table_ddl(table))
        for delivery in DELIVERIES:
            _insert(connection, "delivery", _ledger_line(delivery))
        for row in ROWS:
            delivery = by_number[row.delivery]
            technical = {
                "source_system": delivery.feed.system,
                "_source_name": delivery.feed.source,
                "_record_key": row.key,
                "_content_hash": content(row.values),
                "_delivery_key": row.delivery,
                "_row_number": row.place,
                "_known_at": delivery.known_at,
            }
            _insert(connection, delivery.record, row.values | technical)
        for source, record_type, column, fold in FOLDS:
            _insert(connection, "feed_fold", {"source_name": source, "record_type": record_type, "column_name": column, "fold": fold})
        for number, key, content_hash in REPEATED:
            _insert(connection, "repeated_row", _keyed(by_number[number], key) | {"content_hash": content_hash})
        for number, key, place in QUARANTINED:
            _insert(connection, "incomplete_key", _keyed(by_number[number], key) | {"row_number": place})
        for row in ROWS:
            replay = by_number[row.delivery]
            if replay.mends is not None:
                trace = {"delivery_key": row.delivery, "mended_delivery_key": replay.mends, "record_type": replay.record}
                trace |= {"row_number": row.place, "disposition": "landed", "known_at": replay.known_at}
                _insert(connection, "replayed_row", trace)


def _keyed(delivery: Delivery, key: int) -> dict[str, Any]:
    return {"delivery_key": delivery.number, "record_type": delivery.record, "source_system": delivery.feed.system, "record_key": key}


def _ledger_line(delivery: Delivery) -> dict[str, Any]:
    counts = dict.fromkeys(("rows_in", "rows_landed", "rows_duplicate", "rows_excluded", "rows_quarantined", "records"), 0)
    return counts | {
        "delivery_key": delivery.number,
        "source_name": delivery.feed.source,
        "source_system": delivery.feed.system,
        "file_name": f"{delivery.number}.csv",
        "file_size": 1,
        "content_key": delivery.number,
        "record_type": delivery.record,
        "mode": delivery.feed.mode,
        "delivery_order": delivery.order,
        "received_at": delivery.known_at,
        "known_at": delivery.known_at,
        "landed_at": "2024-07-01",
        "is_folded": delivery.feed.is_folded,
        "is_accumulated": delivery.feed.is_accumulated,
        "is_keyed": delivery.feed.is_keyed,
        "status": delivery.status,
        "decided_at": delivery.decided_at,
        "mends_delivery_key": delivery.mends,
    }


def _insert(connection: duckdb.DuckDBPyConnection, table: str, values: dict[str, Any]) -> None:
    names = ", ".join(values)
    connection.execute(f"insert into raw.{table} ({names}) values ({', '.join('?' * len(values))})", list(values.values()))
