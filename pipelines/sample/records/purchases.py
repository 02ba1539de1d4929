"""What the customers of harbour buy: over the counter, when they like, until they silently buy no more.

Everybody buys at a rate of their own and drops out after a purchase with a probability of their own (Fader, Hardie & Lee 2005, BG/NBD);
what a purchase is worth varies between customers more than between the purchases of one.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Floats, Integers, bell, pick, stream
from pipelines.sample.population.memberships import HARBOUR, HARBOUR_UNIT
from pipelines.sample.records.invoice_frame import CANCELLED, ISSUED, in_order_of_issue, invoice_frame
from pipelines.sample.records.paying import UNPAID, day_number, moment
from pipelines.sample.records.paying_times import paid_at, paid_on
from pipelines.sample.records.payment_frame import BANK_TRANSFER, CARD, CASH, NO_NUMBER, PAYMENT, REFUND, paid_rows, payment_frame

CURRENCY: Final = "HKD"
_SEASON: Final = np.array([0.85, 0.75, 0.9, 0.9, 0.95, 0.95, 0.9, 0.9, 1.0, 1.1, 1.65, 1.5])  # January first
_SLOTS: Final = 4  # times a month at which somebody may buy
_SLOT_DAYS: Final = 7
_LOWEST_RATE, _USUAL_RATE, _HIGH_RATE, _HIGHEST = 0.03, 0.28, 0.04, 0.95
_DROPS_OUT: Final = (0.02, 0.22)
_USUAL_SPEND: Final = 16_000  # HKD cents
_TAKEN_BACK, _ON_ACCOUNT, _SENT = 0.025, 0.06, 0.12
_TERMS: Final = 7  # days, for what is bought on account
_IMPORT_TAX: Final = 91  # per mille; goods that stay in the port bear no tax
_BOUNCES, _AGAIN = 0.012, 0.9
_METHODS: Final = np.array([CARD, CASH, BANK_TRANSFER], dtype=np.int64)


@dataclass(frozen=True)
class Purchases:
    """What the customers of harbour bought.

    Attributes:
        invoices: The record `invoices`; goods taken back are a negative invoice that cancels the first.
        payments: The record `payments`.
        truth: One row a customer: customer (global number), purchase_rate (a month, at the mean season), dropout_probability (after each
            purchase), dropped_month (month index after whose purchase it dropped out, may be negative; null for who still buys).
    """

    invoices: pl.DataFrame
    payments: pl.DataFrame
    truth: pl.DataFrame


def make_purchases(chunk: Chunk) -> Purchases:
    """Let the customers of harbour buy, from their registration on."""
    rng = stream(chunk.business.seed, "purchases", chunk.index)
    buyers = np.flatnonzero(chunk.memberships.slot == HARBOUR)
    count = len(buyers)
    usual, tail = rng.random(count), rng.random(count)
    rate = _LOWEST_RATE + _USUAL_RATE * usual * usual + _HIGH_RATE / (1.02 - tail)
    low, high = _DROPS_OUT
    dropout = low + high * rng.random(count) * rng.random(count)
    buyer, month, slot, dropped = _buy(rng, chunk, buyers, rate, dropout)
    invoices, payments = _documents(rng, chunk, buyers, buyer, month, slot)
    truth = pl.DataFrame(
        {
            "customer": chunk.memberships.number[buyers],
            "purchase_rate": rate,
            "dropout_probability": dropout,
            "dropped_month": pl.Series(dropped),
            "has_dropped": pl.Series(dropped < chunk.business.timeline.count),
        }
    )
    truth = truth.with_columns(dropped_month=pl.when("has_dropped").then("dropped_month")).drop("has_dropped")
    return Purchases(invoices, payments, truth)


def _buy(
    rng: np.random.Generator, chunk: Chunk, buyers: Integers, rate: Floats, dropout: Floats
) -> tuple[Integers, Integers, Integers, Integers]:
    """Position among the buyers, month and slot of each purchase within the sample; and when each buyer dropped out (`count` for not)."""
    timeline = chunk.business.timeline
    months = timeline.count
    joined = timeline.index_of(chunk.memberships.registered[buyers])
    first_slot = (chunk.memberships.registered[buyers].astype("datetime64[D]") - _month_start(chunk, joined)).astype(np.int64) // _SLOT_DAYS
    first_slot = np.minimum(first_slot, _SLOTS - 1)
    dropped = np.full(len(buyers), months)
    bought: list[tuple[Integers, int, int]] = []
    start = min(int(joined.min()), 0) if len(buyers) else 0
    for month in range(start, months):
        chance = np.minimum(rate * _SEASON[(int(timeline.first.astype(np.int64)) + month) % 12] / _SLOTS, _HIGHEST)
        for slot in range(_SLOTS):
            draw, drops = rng.random(len(buyers)), rng.random(len(buyers)) < dropout
            is_first = (joined == month) & (first_slot == slot)
            is_known = (joined < month) | ((joined == month) & (first_slot < slot))
            buys = is_first | (is_known & (dropped == months) & (draw < chance))
            dropped = np.where(buys & drops, month, dropped)
            if month >= 0:
                bought.append((np.flatnonzero(buys), month, slot))
    buyer = np.concatenate([who for who, _, _ in bought])
    sizes = np.array([len(who) for who, _, _ in bought])
    month_of, slot_of = (np.repeat(np.array([item[place] for item in bought], dtype=np.int64), sizes) for place in (1, 2))
    return buyer, month_of, slot_of, dropped


def _month_start(chunk: Chunk, month: Integers) -> np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]:
    return chunk.business.timeline.at(month, np.ones_like(month), np.zeros_like(month)).astype("datetime64[D]")


def _documents(
    rng: np.random.Generator, chunk: Chunk, buyers: Integers, buyer: Integers, month: Integers, slot: Integers
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The invoices and payments of the purchases, and of what was taken back.

    What is bought on account is due later. What is sent to the mainland bears the tax on retail imports, which is within its price.
    """
    timeline, count = chunk.business.timeline, len(buyer)
    value = chunk.entities.value[chunk.memberships.entity[buyers]]
    worth = _USUAL_SPEND * (0.2 + 0.25 * value * value + 0.25 / (1.01 - rng.random(len(buyers))))
    amount = np.maximum((worth[buyer] * np.maximum(1.0 + 0.35 * bell(rng, count), 0.15)).astype(np.int64), 500)
    issued = timeline.at(month, slot * _SLOT_DAYS + rng.integers(1, _SLOT_DAYS + 1, count), rng.integers(10 * 3_600, 21 * 3_600, count))
    issued = np.maximum(issued, chunk.memberships.registered[buyers][buyer])
    back = np.flatnonzero(rng.random(count) < _TAKEN_BACK)
    back_issued = moment(rng, day_number(issued[back]) + rng.integers(1, 15, len(back)), 10 * 3_600, 21 * 3_600)
    back = back[back_issued < timeline.end]
    back_issued = back_issued[back_issued < timeline.end]
    everything = np.concatenate([np.arange(count), back])
    is_return = np.arange(len(everything)) >= count
    when = np.concatenate([issued, back_issued])
    numbers = in_order_of_issue(when, chunk.business.numbering.take("invoice", len(everything)))
    customer = chunk.memberships.number[buyers[buyer]][everything]
    is_sent = (rng.random(count) < _SENT)[everything]
    days = np.where(is_return, 0, np.where(rng.random(count) < _ON_ACCOUNT, rng.integers(1, _TERMS + 1, count), 0)[everything])
    totals = np.where(is_return, -amount[everything], amount[everything])
    frame = pl.DataFrame(
        {
            "invoice_id": numbers,
            "customer_id": customer,
            "month": timeline.index_of(when),
            "issued": when,
            "due": day_number(when) + np.where(days > 0, _TERMS, 0),
            "amount": totals,
            "tax": np.where(is_sent, _import_tax(totals), 0),
            "true_amount": totals,
            "is_wrong": np.zeros(len(everything), dtype=np.bool_),
            "status": np.where(is_return, CANCELLED, ISSUED),
        }
    ).with_columns(
        account_id=pl.lit(None, dtype=pl.Int64),
        start=pl.lit(None, dtype=pl.Int64),
        end=pl.lit(None, dtype=pl.Int64),
        cancels_invoice_id=pl.when(pl.Series(is_return)).then(pl.Series(numbers[everything])),
    )
    # One row a month: what is taken back in the month of the purchase is delivered as cancelled at once.
    status = np.where(is_return, CANCELLED, ISSUED)
    back_month = timeline.index_of(back_issued)
    status[back[back_month == month[back]]] = CANCELLED
    moved = back_month > month[back]
    changes = ((back[moved], back_month[moved], CANCELLED),)
    invoices = invoice_frame(frame.with_columns(status=pl.Series(status)), changes, timeline.count, HARBOUR_UNIT, CURRENCY)

    method = np.where(is_sent, CARD, _METHODS[pick(rng, (6, 3, 1), len(everything))])
    at_once = when + rng.integers(30, 600, len(everything)).astype("timedelta64[s]")
    day = day_number(when) + days
    paid = np.where(days == 0, at_once, paid_at(rng, paid_on(rng, day, method, day_number(when) + 1, UNPAID)[0], method))
    none = np.full(len(everything), NO_NUMBER)
    rows = paid_rows(customer, none, np.where(is_return, numbers[everything], numbers), paid, totals, PAYMENT, method)
    # What comes back from a bank is mostly paid again, in cash; of goods that were taken back nothing does.
    bounces = ~is_return & (method != CASH) & (rng.random(len(everything)) < _BOUNCES)
    bounces[back] = False
    returned = paid_at(rng, day + rng.integers(1, 8, len(everything)), np.full(len(everything), BANK_TRANSFER))
    rows = rows.with_columns(
        kind=pl.Series(np.where(is_return, REFUND, PAYMENT)), returned_at=pl.when(pl.Series(bounces)).then(pl.Series(returned))
    )
    again = np.flatnonzero(bounces & (rng.random(len(everything)) < _AGAIN))
    cash = np.full(len(again), CASH)
    second = paid_at(rng, day[again] + rng.integers(8, 22, len(again)), cash)
    more = paid_rows(customer[again], none[again], numbers[again], second, totals[again], PAYMENT, cash)
    return invoices, payment_frame(chunk, pl.concat([rows, more]), HARBOUR_UNIT, CURRENCY)


def _import_tax(gross: Integers) -> Integers:
    """The tax within the price of goods sent to the mainland, half a cent rounded away from zero: seven tenths of 13 per cent."""
    base = 1_000 + _IMPORT_TAX
    return np.asarray(np.sign(gross) * ((np.abs(gross) * _IMPORT_TAX * 2 + base) // (2 * base)))
