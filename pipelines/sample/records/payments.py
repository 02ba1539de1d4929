"""Who pays which bill of operations, how much of it and how. When is decided with the bill, in `paying`; top-ups are in `top_ups`."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers, pick, stream
from pipelines.sample.records.billing_runs import stopping_day
from pipelines.sample.records.bills import Bills
from pipelines.sample.records.corrections import BILL, STORNO
from pipelines.sample.records.paying import UNPAID, day_number, earliest_days
from pipelines.sample.records.paying_times import paid_at, paid_on
from pipelines.sample.records.payment_frame import (
    BANK_TRANSFER,
    BOOK_ENTRY,
    CARD,
    DIRECT_DEBIT,
    NO_NUMBER,
    PAYMENT,
    REFUND,
    WRITE_OFF,
    paid_rows,
    payment_frame,
)
from pipelines.sample.records.top_ups import top_up_rows
from pipelines.sample.story.life import NOTHING

EARLY_DAYS: Final = 10  # 2/10: within ten days
_EARLY_OFF: Final = 2  # per cent
_METHODS: Final = (30, 15, 25, 20, 7, 3)
_TAKES_DISCOUNT, _OTHER_METHOD, _NO_REFERENCE = 0.6, 0.06, 0.065
_PARTLY, _REST_COMES, _OVER, _TOGETHER, _BOUNCES, _AGAIN = 0.015, 0.97, 0.004, 0.5, 0.012, 0.95
_SETTLED_AFTER, _LONGEST_HOLIDAY = 5, 8  # days until a payment can have come back, and until banks open again
_ROUND: Final = 10_000  # fen; who pays too much rounds up to whole hundreds of yuan


def make_payments(chunk: Chunk, bills: Bills) -> pl.DataFrame:
    """Everything paid to operations before the sample ends, but deposits: the record `payments` in the order of delivery.

    Payments and top-ups are above 0, as are amounts written off; refunds below.
    """
    rng = stream(chunk.business.seed, "payments", chunk.index)
    documents, accounts = bills.documents, chunk.accounts
    usual_method = pick(rng, _METHODS, accounts.count)
    day, paid = documents["paid"].to_numpy(), documents["amount"].to_numpy()
    account = documents["account"].to_numpy()
    payable = np.flatnonzero((day < UNPAID) & (paid > 0) & ~accounts.is_prepaid[account])
    order = np.lexsort((payable, day[payable], account[payable]))
    due = documents[payable[order]]
    account, day = due["account"].to_numpy(), due["paid"].to_numpy()
    count = len(due)
    method = np.where(rng.random(count) < _OTHER_METHOD, pick(rng, _METHODS, count), usual_method[account])

    is_plain = (due["kind"].to_numpy() == BILL) & (due["dispute"].to_numpy() == NOTHING)
    whole = np.where(due["is_short_paid"].to_numpy(), due["true_amount"].to_numpy(), due["amount"].to_numpy())
    first = day_number(due["issued"].to_numpy()) + 1
    is_early = is_plain & accounts.has_discount_terms[account] & (day <= due["due"].to_numpy()) & (rng.random(count) < _TAKES_DISCOUNT)
    day = np.where(is_early, np.minimum(first + rng.integers(0, EARLY_DAYS - 1, count), day), day)
    draw = rng.random(count)
    is_part = is_plain & ~is_early & (draw < _PARTLY)
    is_over = is_plain & ~is_early & (draw > 1.0 - _OVER)
    amount = np.where(is_early, whole - (whole * _EARLY_OFF + 50) // 100, whole)
    amount = np.where(is_part, whole * rng.integers(40, 71, count) // 100, amount)
    amount = np.where(is_over, -(-whole // _ROUND) * _ROUND, amount)
    stops = stopping_day(chunk)[due["customer"].to_numpy()]
    # Who waited for the end of a dispute does not pay before it.
    earliest = np.where(is_plain, earliest_days(day, first - 1, due["due"].to_numpy()), day)
    day, method = paid_on(rng, day, method, earliest, np.where(is_early, np.minimum(stops, first + EARLY_DAYS), stops))
    bounces = is_plain & ~is_part & np.isin(method, (DIRECT_DEBIT, CARD)) & (rng.random(count) < _BOUNCES)
    joins = _joins(account, day, is_plain & ~is_part & ~bounces & ~is_early) & (rng.random(count) < _TOGETHER)
    begins = np.flatnonzero(~joins)
    together = np.diff(np.append(begins, count)) > 1
    no_reference = together | (is_plain & (rng.random(count) < _NO_REFERENCE))[begins]
    (customer_id, account_id), invoice = _numbers(chunk, due), due["invoice_id"].to_numpy()
    when = paid_at(rng, day, method)
    main = paid_rows(
        customer_id[begins],
        account_id[begins],
        np.where(no_reference, NO_NUMBER, invoice[begins]),
        when[begins],
        np.add.reduceat(amount, begins) if count else amount,
        PAYMENT,
        method[begins],
    )
    returned = when + rng.integers(30, 100, count).astype("timedelta64[h]")
    main = main.with_columns(returned_at=pl.when(pl.Series(bounces[begins])).then(pl.Series(returned[begins].astype("datetime64[ms]"))))
    later = np.where(is_part & (rng.random(count) < _REST_COMES), rng.integers(20, 56, count), 0)
    later = np.where(bounces & (rng.random(count) < _AGAIN), rng.integers(6, 20, count), later)
    second = np.flatnonzero((later > 0) & (day + later < stops))
    by = np.where(bounces, BANK_TRANSFER, method)[second]
    again, by = paid_on(rng, (day + later)[second], by, day[second] + _SETTLED_AFTER, stops[second])
    rest = paid_rows(
        customer_id[second],
        account_id[second],
        invoice[second],
        paid_at(rng, again, by),
        np.where(is_part, whole - amount, amount)[second],
        PAYMENT,
        by,
    )
    rows = [main, rest, _refunds(rng, chunk, bills, usual_method), _written_off(rng, chunk, bills), top_up_rows(rng, chunk, documents)]
    return payment_frame(chunk, pl.concat(rows))


def _joins(account: Integers, day: Integers, may: Booleans) -> Booleans:
    """Whether a bill is paid on the same day as the one before it in the order, so that one payment may cover both."""
    same = np.zeros(len(account), dtype=np.bool_)
    same[1:] = (account[1:] == account[:-1]) & (day[1:] == day[:-1]) & may[1:] & may[:-1]
    return same


def _numbers(chunk: Chunk, documents: pl.DataFrame) -> tuple[Integers, Integers]:
    """Global numbers of the customer and the account of each document."""
    return chunk.memberships.number[documents["customer"].to_numpy()], chunk.accounts.number[documents["account"].to_numpy()]


def _refunds(rng: np.random.Generator, chunk: Chunk, bills: Bills, usual_method: Integers) -> pl.DataFrame:
    """What had been paid on a bill before it was reversed goes back."""
    documents = bills.documents
    stornos = documents.filter(pl.col("kind") == STORNO)
    reversed_bills = documents[stornos["cancels"].to_numpy()]
    was_paid = np.flatnonzero(reversed_bills["paid"].to_numpy() < UNPAID)
    stornos, reversed_bills = stornos[was_paid], reversed_bills[was_paid]
    day = day_number(stornos["issued"].to_numpy()) + rng.integers(2, 11, len(stornos))
    # A direct debit may have waited for a working day.
    day = np.maximum(day, reversed_bills["paid"].to_numpy() + _SETTLED_AFTER + _LONGEST_HOLIDAY)
    amount = -reversed_bills["amount"].to_numpy()
    day, method = paid_on(rng, day, usual_method[stornos["account"].to_numpy()], day, UNPAID)
    invoice = reversed_bills["invoice_id"].to_numpy()
    return paid_rows(*_numbers(chunk, stornos), invoice, paid_at(rng, day, method), amount, REFUND, method)


def _written_off(rng: np.random.Generator, chunk: Chunk, bills: Bills) -> pl.DataFrame:
    """What will not come any more is taken off the books."""
    timeline = chunk.business.timeline
    lost = bills.documents.filter(pl.col("written_off") < timeline.count)
    count = len(lost)
    when = timeline.at(lost["written_off"].to_numpy(), rng.integers(22, 29, count), rng.integers(9 * 3_600, 18 * 3_600, count))
    amount = lost["amount"].to_numpy()
    return paid_rows(*_numbers(chunk, lost), lost["invoice_id"].to_numpy(), when, amount, WRITE_OFF, np.full(count, BOOK_ENTRY))
