"""What the leasing company invoices: a fixed instalment each month while the contract runs, some reversed, and how it is paid."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Integers, pick, stream
from pipelines.sample.industries.industry import tax_within
from pipelines.sample.population.memberships import LEASING, LEASING_UNIT
from pipelines.sample.records.billing_runs import stopping_day
from pipelines.sample.records.invoice_frame import CANCELLED, ISSUED, WRITTEN_OFF, in_order_of_issue, invoice_frame
from pipelines.sample.records.paying import UNPAID, day_number, earliest_days, oldest_first, paid_days
from pipelines.sample.records.paying_times import paid_at, paid_on
from pipelines.sample.records.payment_frame import (
    BANK_TRANSFER,
    BOOK_ENTRY,
    CASH,
    DIRECT_DEBIT,
    NO_NUMBER,
    PAYMENT,
    WRITE_OFF,
    paid_rows,
    payment_frame,
)
from pipelines.sample.story.life import NEVER

_PART: Final = 1 << 30  # apart from the purchases of the chunk
_DAYS: Final = np.array([3, 8, 12, 18, 22], dtype=np.int64)
_TERMS: Final = 10
_TAX: Final = 13  # per cent, on what is leased
_INSTALMENT, _ORGANISATION_TIMES, _STEP = 60_000, 4, 5_000  # fen
_WRITTEN_OFF_AFTER: Final = (7, 10)
_NO_REFERENCE: Final = 0.05
_REDONE, _REDONE_AFTER = 0.008, (1, 16)  # share of the invoices, and after how many days
_REISSUED: Final = np.timedelta64(4, "m")
_FIRST, _STORNO, _AGAIN = range(3)
_BOUNCES, _PAYS_AGAIN = 0.02, 0.9  # of the direct debits
_METHODS: Final = np.array([DIRECT_DEBIT, BANK_TRANSFER], dtype=np.int64)


def make_leasing(chunk: Chunk) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records `invoices` and `payments` of the leasing company, each in the order of delivery. It knows no accounts and no lines."""
    rng = stream(chunk.business.seed, "purchases", _PART + chunk.index)
    timeline, life, memberships = chunk.business.timeline, chunk.life, chunk.memberships
    lessees = np.flatnonzero(memberships.slot == LEASING)
    entity = memberships.entity[lessees]
    size = (0.5 + rng.random(len(lessees))) * chunk.entities.value[entity]
    size = size * np.where(chunk.entities.is_organisation[entity], _ORGANISATION_TIMES, 1) * _INSTALMENT
    instalment = _STEP * (1 + size.astype(np.int64) // _STEP)
    billing_day = _DAYS[rng.integers(0, len(_DAYS), len(lessees))]

    place, month = np.nonzero(life.is_served[:, lessees].T)
    customer, count = lessees[place], len(place)
    issued = timeline.at(month, billing_day[place], rng.integers(8 * 3_600, 12 * 3_600, count))
    day = day_number(issued)
    due, amount = day + _TERMS, instalment[place]
    paid = paid_days(rng, day, due, chunk.entities.credit[entity[place]], life.is_short[month, customer])
    paid = oldest_first(place, paid)
    # Some name the wrong payer or object: they are reversed soon, issued again, and paid only then.
    redone_on = day + rng.integers(*_REDONE_AFTER, count)
    redone_at = paid_at(rng, redone_on, np.full(count, CASH))
    redone = np.flatnonzero((rng.random(count) < _REDONE) & (redone_at + _REISSUED < timeline.end))
    first = day.copy()
    first[redone] = redone_on[redone]
    paid = np.where(paid == UNPAID, UNPAID, np.maximum(paid, first + 1))
    stops = stopping_day(chunk)[customer]
    paid = np.where(paid >= stops, UNPAID, paid)
    later = timeline.index_of(due.astype("datetime64[D]")) + rng.integers(*_WRITTEN_OFF_AFTER, count)
    lost = np.flatnonzero((life.stopped[customer] != NEVER) & (paid == UNPAID))

    # The invoices as first issued, then the reversals, then what is issued again.
    source = np.concatenate([np.arange(count), redone, redone])
    kind = np.repeat([_FIRST, _STORNO, _AGAIN], [count, len(redone), len(redone)])
    when = np.concatenate([issued, redone_at[redone], redone_at[redone] + _REISSUED])
    numbers = in_order_of_issue(when, chunk.business.numbering.take("invoice", len(source)))
    valid = np.arange(count)  # the invoice that is to be paid
    valid[redone] = count + len(redone) + np.arange(len(redone))
    redone_month = timeline.index_of(redone_at[redone])
    status = np.where(kind == _STORNO, CANCELLED, ISSUED)
    is_moved = redone_month > month[redone]
    status[redone[~is_moved]] = CANCELLED
    totals = np.where(kind == _STORNO, -amount[source], amount[source])
    frame = pl.DataFrame(
        {
            "invoice_id": numbers,
            "customer_id": memberships.number[customer[source]],
            "month": timeline.index_of(when),
            "issued": when,
            "due": day_number(when) + np.where(kind == _STORNO, 0, _TERMS),
            "start": day_number(timeline.at(month - 1, billing_day[place], np.zeros_like(month)))[source],
            "end": day[source] - 1,
            "amount": totals,
            "tax": tax_within(totals, np.full(len(source), _TAX)),
            "true_amount": totals,
            "is_wrong": np.zeros(len(source), dtype=np.bool_),
            "status": status,
            "cancels": np.where(kind == _STORNO, numbers[source], NO_NUMBER),
        }
    ).with_columns(account_id=pl.lit(None, dtype=pl.Int64), cancels_invoice_id=pl.when(pl.col("cancels") != NO_NUMBER).then("cancels"))
    changes = ((redone[is_moved], redone_month[is_moved], CANCELLED), (valid[lost], later[lost], WRITTEN_OFF))
    invoices = invoice_frame(frame, changes, timeline.count, LEASING_UNIT, "CNY")

    owed, numbers_of = numbers[valid], memberships.number[customer]
    method = _METHODS[pick(rng, (2, 3), len(lessees))][place]
    paid, method = paid_on(rng, paid, method, earliest_days(paid, first, first + _TERMS), stops)
    rows = _came(rng, np.flatnonzero(paid < UNPAID), numbers_of, owed, amount, paid, method, stops)
    off = timeline.at(later[lost], rng.integers(22, 29, len(lost)), rng.integers(9 * 3_600, 18 * 3_600, len(lost)))
    none = np.full(len(lost), NO_NUMBER)
    gone = paid_rows(numbers_of[lost], none, owed[lost], off, amount[lost], WRITE_OFF, np.full(len(lost), BOOK_ENTRY))
    return invoices, payment_frame(chunk, pl.concat([*rows, gone]), LEASING_UNIT)


def _came(
    rng: np.random.Generator,
    pays: Integers,
    customer: Integers,
    invoice: Integers,
    amount: Integers,
    day: Integers,
    method: Integers,
    stops: Integers,
) -> list[pl.DataFrame]:
    """What is paid, of which some direct debits come back, and what is paid by transfer after that. One row an invoice, of which `pays`."""
    customer, invoice, amount, day, method, stops = (values[pays] for values in (customer, invoice, amount, day, method, stops))
    count, none = len(pays), np.full(len(pays), NO_NUMBER)
    reference = np.where(rng.random(count) < _NO_REFERENCE, NO_NUMBER, invoice)
    bounces = (method == DIRECT_DEBIT) & (rng.random(count) < _BOUNCES)
    returned = paid_at(rng, day + rng.integers(1, 6, count), np.full(count, CASH))
    came = paid_rows(customer, none, reference, paid_at(rng, day, method), amount, PAYMENT, method)
    came = came.with_columns(returned_at=pl.when(pl.Series(bounces)).then(pl.Series(returned)))
    later = day + rng.integers(6, 25, count)
    again = np.flatnonzero(bounces & (rng.random(count) < _PAYS_AGAIN) & (later < stops))
    transfer = np.full(len(again), BANK_TRANSFER)
    at = paid_at(rng, later[again], transfer)
    return [came, paid_rows(customer[again], none[again], reference[again], at, amount[again], PAYMENT, transfer)]
