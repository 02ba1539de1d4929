"""A small business, small enough to work out every figure by hand. Invoices are known up to 6 July 2024, so June is the last closed month.

Customers of the billing system (`erp`, customer file `crm`): 10 is billed on the third of every month, moves from north to east on 15 March
and pays two bills; 20 is billed once, has it cancelled, and leaves on 10 May; 30 appears on invoices only; 40 is registered only;
50 vanishes from the customer file. A shop (`till`) delivers lines of invoices without line numbers: A and B, first with a broken row, then
mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.dbt.world import Delivery, Lost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.dbt.world import Row

KNOWN: Final = "2024-07-06 00:00:00"
A, B = 5001, 5002

_ANN = {"customer_key": 10, "customer_type": "person", "birth_year": 1990, "registered_at": "2023-12-20 00:00:00"}
_SHOP = {"customer_key": 20, "customer_type": "organisation", "industry": "retail", "registered_at": "2024-01-05 00:00:00"}
_NEVER_BILLED = {"customer_key": 40, "registered_at": "2024-02-01 00:00:00"}
_VANISHED = {"customer_key": 50, "registered_at": "2024-02-01 00:00:00"}

CUSTOMERS: Final = (
    Delivery(
        record_type="customers",
        source="crm",
        mode="full",
        known_at="2024-02-01 00:00:00",
        rows=[{**_ANN, "region": "north"}, _SHOP, _NEVER_BILLED, _VANISHED],
    ),
    Delivery(
        record_type="customers",
        source="crm",
        mode="full",
        known_at="2024-05-20 00:00:00",
        rows=[{**_ANN, "region": "east", "updated_at": "2024-03-15 04:00:00"}, {**_SHOP, "closed_at": "2024-05-10 00:00:00"}],
        repeated=[_NEVER_BILLED],
    ),
    Delivery(
        record_type="accounts",
        known_at="2024-02-01 00:00:00",
        rows=[{"account_key": 100, "customer_key": 10, "opened_at": "2023-12-21 00:00:00", "payment_terms_days": 14}],
    ),
    Delivery(
        record_type="products",
        known_at="2024-02-01 00:00:00",
        rows=[{"product_key": 7, "name": "Line rental", "product_line": "Telephone", "unit_cost": "20"}],
    ),
)

_MONTHLY: Final[list[Row]] = [
    {
        "invoice_key": 1000 + month,
        "customer_key": 10,
        "account_key": 100,
        "issued_at": f"2024-{month:02}-03 02:00:00",
        "currency": "CNY",
        "amount": "110.00",
        "tax_amount": "10.00",
    }
    for month in range(1, 8)
]
# One in the morning of 1 February in Shanghai: a bill of February.
_CANCELLED: Final = {
    "invoice_key": 2001,
    "customer_key": 20,
    "issued_at": "2024-01-31 17:00:00",
    "due_at": "2024-02-29",
    "currency": "CNY",
    "amount": "500",
}
_CANCELLATION: Final = {
    "invoice_key": 2002,
    "customer_key": 20,
    "issued_at": "2024-03-05 00:00:00",
    "currency": "CNY",
    "amount": "-500",
    "cancels_invoice_key": 2001,
}
_ORIGINAL: Final = {
    "invoice_key": 3001,
    "customer_key": 30,
    "issued_at": "2024-02-10 00:00:00",
    "due_at": "2024-03-10",
    "currency": "CNY",
    "amount": "70",
}

BILLS: Final = (
    Delivery(
        record_type="invoices",
        known_at="2024-06-03 00:00:00",
        rows=[*_MONTHLY[:5], _CANCELLED, _CANCELLATION, _ORIGINAL],
        lost=[Lost("quarantined", amount="12"), Lost("excluded", month="2024-03-01", amount="99")],
    ),
    # A correction, taken back by the last delivery, which repeats the original.
    Delivery(record_type="invoices", known_at="2024-06-04 00:00:00", rows=[{**_ORIGINAL, "amount": "75"}]),
    Delivery(record_type="invoices", known_at="2024-06-05 00:00:00", rows=[{**_ORIGINAL, "amount": "90"}], status="held"),
    Delivery(
        record_type="invoices",
        known_at=KNOWN,
        rows=[
            *_MONTHLY[5:],
            {"invoice_key": 3002, "customer_key": 30, "issued_at": "2024-03-10 00:00:00", "currency": "EUR", "amount": "70"},
            {"invoice_key": 9001, "issued_at": "2024-02-10 00:00:00", "currency": "CNY", "amount": "1"},
        ],
        repeated=[_ORIGINAL],
    ),
    Delivery(
        record_type="invoice_lines",
        known_at=KNOWN,
        rows=[
            {"invoice_key": 1001, "line_number": 1, "product_key": 7, "quantity": "2", "amount": "88", "tax_amount": "8"},
            {"invoice_key": 1001, "line_number": 2, "amount": "22", "tax_amount": "2"},
            {"invoice_key": 7777, "line_number": 1, "amount": "5"},
        ],
    ),
)

SERVICE: Final = (
    Delivery(
        record_type="payments",
        known_at=KNOWN,
        rows=[
            {"payment_key": 1, "invoice_key": 1001, "paid_at": "2024-01-20 00:00:00", "currency": "CNY", "amount": "110"},
            {"payment_key": 2, "customer_key": 10, "paid_at": "2024-03-20 00:00:00", "currency": "CNY", "amount": "100"},
            {"payment_key": 3, "customer_key": 10, "paid_at": "2024-04-20 00:00:00", "currency": "CNY", "amount": "60", "kind": "deposit"},
            {
                "payment_key": 4,
                "invoice_key": 3001,
                "paid_at": "2024-04-20 00:00:00",
                "currency": "CNY",
                "amount": "70",
                "returned_at": "2024-05-02 00:00:00",
            },
        ],
    ),
    Delivery(
        record_type="contacts",
        known_at=KNOWN,
        rows=[
            {"contact_key": 1, "customer_key": 10, "occurred_at": "2024-03-01 00:00:00", "direction": "inbound", "channel": "phone"},
            {"contact_key": 2, "account_key": 100, "occurred_at": "2024-03-08 00:00:00", "direction": "inbound", "channel": "web"},
            {"contact_key": 3, "customer_key": 10, "occurred_at": "2024-03-09 00:00:00", "direction": "outbound"},
        ],
    ),
    Delivery(
        record_type="complaints",
        known_at=KNOWN,
        rows=[
            {
                "complaint_key": 1,
                "customer_key": 10,
                "opened_at": "2024-03-01 00:00:00",
                "responded_at": "2024-03-02 12:00:00",
                "resolved_at": "2024-05-01 00:00:00",
                "decision": "partly",
                "category": "bill",
                "compensation": "5",
            },
            {"complaint_key": 2, "customer_key": 10, "opened_at": "2024-04-01 00:00:00", "category": "bill"},
        ],
    ),
)

_FOLDS: Final = {"amount": "sum", "issued_at": "min"}
_OF_A: Final[list[Row]] = [
    {"invoice_key": A, "issued_at": f"2024-03-09 0{hour}:00:00", "currency": "CNY", "amount": amount}
    for hour, amount in ((3, "10"), (2, "10"), (4, "5"))
]
_OF_B: Final[Row] = {"invoice_key": B, "issued_at": "2024-03-09 05:00:00", "currency": "CNY", "amount": "7"}
_MENDED: Final[Row] = {**_OF_B, "amount": "8"}
_TOTAL_LINE: Final = Lost("excluded", month="2024-03-01", amount="32")


def _lines(rows: Sequence[Row]) -> list[Row]:
    return [{"invoice_key": row["invoice_key"], "amount": row["amount"]} for row in rows]


TILL: Final = (
    Delivery(
        record_type="invoices",
        known_at="2024-03-10 00:00:00",
        rows=[*_OF_A, _OF_B],
        lost=[Lost("quarantined", month="2024-03-01"), _TOTAL_LINE],
        incomplete=[B],
        source="till",
        folds=_FOLDS,
    ),
    Delivery(
        record_type="invoice_lines",
        known_at="2024-03-10 00:00:00",
        rows=_lines([*_OF_A, _OF_B]),
        lost=[Lost("quarantined", month="2024-03-01"), _TOTAL_LINE],
        source="till",
        is_keyed=False,
    ),
    Delivery(
        record_type="invoices",
        known_at="2024-03-20 00:00:00",
        rows=[*_OF_A, _OF_B, _MENDED],
        lost=[_TOTAL_LINE],
        source="till",
        folds=_FOLDS,
    ),
    Delivery(
        record_type="invoice_lines",
        known_at="2024-03-20 00:00:00",
        rows=_lines([*_OF_A, _OF_B, _MENDED]),
        lost=[_TOTAL_LINE],
        source="till",
        is_keyed=False,
    ),
)

BUSINESS: Final = (*CUSTOMERS, *BILLS, *SERVICE, *TILL)
