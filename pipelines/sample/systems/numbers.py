"""How a number looks in the files: the one place where the generator's numbers become those that systems print.

Every function takes an expression of whole numbers from 0 and gives text; distinct numbers give distinct texts, and null stays null.
The numbers of customers, accounts and subscriptions are scattered, each kind in an order of its own: none tells the owner, or anything
about the others. The numbers of events follow one another.
"""

from typing import Final

import polars as pl

from pipelines.sample.identity_numbers import scattered
from pipelines.sample.population.memberships import (
    HARBOUR,
    HARBOUR_UNIT,
    LEASING,
    LEASING_UNIT,
    OPERATIONS_UNIT,
    SLOTS,
    UNIT_OF_SLOT,
)

SCATTERED_BELOW: Final = 10**8  # numbers of customers and accounts below it are scattered without two meeting
SUBSCRIPTIONS_BELOW: Final = 10**9
_HALF: Final = 10_000
_REGISTER, _ACCOUNT, _SUBSCRIPTION = range(3, 6)  # keys of the orders, behind those of the units
SYSTEM_OF_UNIT: Final = {OPERATIONS_UNIT: "crm", HARBOUR_UNIT: "harbour", LEASING_UNIT: "leasing"}
_INVOICE: Final = {OPERATIONS_UNIT: "B", HARBOUR_UNIT: "HI", LEASING_UNIT: "ZL"}
_PAYMENT: Final = {OPERATIONS_UNIT: "R", HARBOUR_UNIT: "HR", LEASING_UNIT: "SK"}


def customer_number(number: pl.Expr, unit: int = OPERATIONS_UNIT) -> pl.Expr:
    """A customer's number as the company of the group writes it; distinct below SCATTERED_BELOW."""
    if unit == HARBOUR_UNIT:
        return _numbered("HB", _scattered(number, unit), 8)
    if unit == LEASING_UNIT:
        return _numbered("L-2026", _scattered(number, unit), 8)
    return _numbered("", _scattered(number, unit), 8)


def key_account_number(number: pl.Expr) -> pl.Expr:
    """The number of a customer (global number) in the register of key accounts; distinct below SCATTERED_BELOW."""
    return _numbered("KA-", _scattered(number, _REGISTER), 8)


def system_of(number: pl.Expr) -> pl.Expr:
    """The system that gives a customer (global number) its number."""
    slots = {slot: SYSTEM_OF_UNIT[int(unit)] for slot, unit in enumerate(UNIT_OF_SLOT)}
    return (number % SLOTS).replace_strict(slots, return_dtype=pl.String)


def own_customer_number(number: pl.Expr) -> pl.Expr:
    """A customer's number as the system that gives it writes it (`system_of`)."""
    slot = number % SLOTS
    harbour, leasing = customer_number(number, HARBOUR_UNIT), customer_number(number, LEASING_UNIT)
    return pl.when(slot == HARBOUR).then(harbour).when(slot == LEASING).then(leasing).otherwise(customer_number(number))


def account_number(number: pl.Expr) -> pl.Expr:
    """An account's number as the CRM system writes it; distinct below SCATTERED_BELOW."""
    return _numbered("A", _scattered(number, _ACCOUNT), 8)


def subscription_number(number: pl.Expr) -> pl.Expr:
    """A subscription's number as the CRM system writes it; distinct below SUBSCRIPTIONS_BELOW."""
    return _numbered("S", _scattered(number, _SUBSCRIPTION, SUBSCRIPTIONS_BELOW), 9)


def change_number(number: pl.Expr) -> pl.Expr:
    """The number of a service change as the CRM system writes it."""
    return _numbered("CH", number, 8)


def employee_number(number: pl.Expr) -> pl.Expr:
    """A staff number."""
    return _numbered("E", number, 5)


def invoice_number(number: pl.Expr, unit: int = OPERATIONS_UNIT) -> pl.Expr:
    """An invoice's number as the company of the group writes it."""
    return _numbered(_INVOICE[unit], number, 9)


def payment_number(number: pl.Expr, unit: int = OPERATIONS_UNIT) -> pl.Expr:
    """A payment's number as the company of the group writes it."""
    return _numbered(_PAYMENT[unit], number, 9)


def promise_number(number: pl.Expr) -> pl.Expr:
    """The number of a promise to pay."""
    return _numbered("PTP", number, 7)


def contact_number(number: pl.Expr) -> pl.Expr:
    """A contact's number as the call centre writes it."""
    return _numbered("T2", number, 8)


def complaint_number(number: pl.Expr) -> pl.Expr:
    """A complaint's number as the complaints desk writes it."""
    return _numbered("CP", number, 7)


def response_number(number: pl.Expr) -> pl.Expr:
    """The number of a survey sent to a customer."""
    return _numbered("SV-", number, 8)


def incident_number(number: pl.Expr) -> pl.Expr:
    """An incident's number."""
    return _numbered("INC", number, 7)


def campaign_number(number: pl.Expr) -> pl.Expr:
    """A campaign's number, from its position."""
    return _numbered("C", number + 1, 4)


def _numbered(letters: str, number: pl.Expr, digits: int) -> pl.Expr:
    return pl.concat_str(pl.lit(letters), number.cast(pl.String).str.zfill(digits)).alias(number.meta.output_name())


def _scattered(number: pl.Expr, key: int, below: int = SCATTERED_BELOW) -> pl.Expr:
    def other(numbers: pl.Series) -> pl.Series:
        written = pl.Series(scattered(numbers.fill_null(0).to_numpy(), key, below // _HALF, _HALF))
        return pl.select(pl.when(numbers.is_not_null()).then(written)).to_series()

    return number.map_batches(other, return_dtype=pl.Int64, is_elementwise=True)
