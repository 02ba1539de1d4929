"""What the leasing company invoices: a fixed instalment each month while the contract runs, and how it is paid."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import pick, stream
from pipelines.sample.industries.industry import tax_within
from pipelines.sample.population.memberships import LEASING, LEASING_UNIT
from pipelines.sample.records.billing_runs import stopping_day
from pipelines.sample.records.invoice_frame import ISSUED, WRITTEN_OFF, in_order_of_issue, invoice_frame
from pipelines.sample.records.paying import UNPAID, day_number, moment, oldest_first, paid_days
from pipelines.sample.records.payment_frame import (
    BANK_TRANSFER,
    BOOK_ENTRY,
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
    paid = np.where(paid >= stopping_day(chunk)[customer], UNPAID, paid)
    has_stopped = life.stopped[customer] != NEVER
    later = timeline.index_of(due.astype("datetime64[D]")) + rng.integers(*_WRITTEN_OFF_AFTER, count)
    lost = np.flatnonzero(has_stopped & (paid == UNPAID))
    numbers = in_order_of_issue(issued, chunk.business.numbering.take("invoice", count))
    frame = pl.DataFrame(
        {
            "invoice_id": numbers,
            "customer_id": memberships.number[customer],
            "month": month,
            "issued": issued,
            "due": due,
            "start": day_number(timeline.at(month - 1, billing_day[place], np.zeros_like(month))),
            "end": day - 1,
            "amount": amount,
            "tax": tax_within(amount, np.full(count, _TAX)),
            "true_amount": amount,
            "is_wrong": np.zeros(count, dtype=np.bool_),
            "status": np.full(count, ISSUED),
        }
    ).with_columns(account_id=pl.lit(None, dtype=pl.Int64), cancels_invoice_id=pl.lit(None, dtype=pl.Int64))
    invoices = invoice_frame(frame, ((lost, later[lost], WRITTEN_OFF),), timeline.count, LEASING_UNIT, "CNY")

    pays = np.flatnonzero(paid < UNPAID)
    reference = np.where(rng.random(count) < _NO_REFERENCE, NO_NUMBER, numbers)
    method = _METHODS[pick(rng, (2, 3), len(lessees))][place]
    none, numbers_of = np.full(count, NO_NUMBER), memberships.number[customer]
    came = paid_rows(numbers_of[pays], none[pays], reference[pays], moment(rng, paid[pays]), amount[pays], PAYMENT, method[pays])
    when = timeline.at(later[lost], rng.integers(22, 29, len(lost)), rng.integers(9 * 3_600, 18 * 3_600, len(lost)))
    gone = paid_rows(numbers_of[lost], none[lost], numbers[lost], when, amount[lost], WRITE_OFF, np.full(len(lost), BOOK_ENTRY))
    return invoices, payment_frame(chunk, pl.concat([came, gone]), LEASING_UNIT)
