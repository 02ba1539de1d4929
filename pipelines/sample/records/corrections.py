"""What is issued besides the regular bills: reversals of disputed ones and what replaces them, credit notes, and debts carried over.

All make documents (and their lines) in the columns of `bills.Bills.documents`, numbered on from those that exist.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Integers, Times
from pipelines.sample.records.bill_lines import CREDIT, flat_lines, with_tax_and_cost
from pipelines.sample.records.billing_runs import stopping_day
from pipelines.sample.records.paying import UNPAID, day_number, paid_days
from pipelines.sample.story.life import NOTHING, OUTAGE, WELL

BILL, STORNO, AGAIN, NOTE, CARRIED_OVER = range(5)  # kinds of documents
NO_DOCUMENT: Final = -1
FAR: Final = 9_999  # a month that never comes
_PAID_BEFORE, _SHORT_PAID, _PAID_LATER = 0.30, 0.40, 0.30  # of the disputed bills
_SLOW_MONTHS: Final = (3, 10)
_TERMS_AGAIN: Final = 15
_GOODWILL: Final = (1_000, 3_001)
_CREDITED, _CARRIED_SHARE, _CARRIED_PAID = 0.5, 0.06, 0.55
_OFFICE_OPENS, _OFFICE_CLOSES = 9 * 3_600, 18 * 3_600


def with_disputes(rng: np.random.Generator, chunk: Chunk, documents: pl.DataFrame) -> pl.DataFrame:
    """Say which wrong bills are disputed and until when, and what that does to the paying of them.

    Adds `dispute` (NOTHING, SLOW, WELL), `until` (month index in which it ends) and `is_short_paid` (only what was owed is paid).
    """
    life, count = chunk.life, len(documents)
    month, customer, paid = (documents[name].to_numpy() for name in ("month", "customer", "paid"))
    is_wrong, ends, draw = documents["is_wrong"].to_numpy(), rng.integers(1, 3, count), rng.random(count)
    handling = np.where(is_wrong & life.complains[month, customer], life.handling[month, customer], NOTHING)
    is_well, is_disputed = handling == WELL, handling != NOTHING
    until = month + np.where(is_well, ends, rng.integers(*_SLOW_MONTHS, count))
    closing = day_number(chunk.business.timeline.at(until, rng.integers(1, 10, count), np.zeros_like(until)))
    holds_back = np.where(is_well, draw >= _PAID_BEFORE, draw >= 1.0 - _PAID_LATER)
    later = np.where(is_well | (paid == UNPAID), UNPAID, closing + rng.integers(3, 25, count))
    paid = np.where(is_disputed & (holds_back | (is_well & (paid >= closing))), later, paid)
    return documents.with_columns(
        dispute=pl.Series(handling),
        until=pl.Series(np.where(is_disputed, until, FAR)),
        is_short_paid=pl.Series(is_disputed & ~is_well & (draw < _SHORT_PAID)),
        paid=pl.Series(np.where(paid >= stopping_day(chunk)[customer], UNPAID, paid)),
    )


def reversals(rng: np.random.Generator, chunk: Chunk, documents: pl.DataFrame, lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Reverse every bill whose dispute was handled well, line by line, and issue it again without what was wrong."""
    timeline = chunk.business.timeline
    wrong = documents.filter((pl.col("dispute") == WELL) & (pl.col("until") < timeline.count))
    count, first = len(wrong), len(documents)
    month, customer = wrong["until"].to_numpy(), wrong["customer"].to_numpy()
    # Never before the day on which somebody who paid had paid, see `with_disputes`.
    issued = timeline.at(month, rng.integers(10, 20, count), rng.integers(_OFFICE_OPENS, _OFFICE_CLOSES, count))
    day = day_number(issued)
    credit = chunk.entities.credit[chunk.memberships.entity[customer]]
    paid = paid_days(rng, day, day + _TERMS_AGAIN, credit, chunk.life.is_short[month, customer])
    is_prepaid = chunk.accounts.is_prepaid[wrong["account"].to_numpy()]
    paid = np.where(is_prepaid | (paid >= stopping_day(chunk)[customer]), UNPAID, paid)
    base = wrong.with_columns(
        month=pl.Series(month),
        issued=pl.Series(issued),
        is_wrong=pl.lit(value=False),
        dispute=pl.lit(NOTHING, dtype=pl.Int64),
        until=pl.lit(FAR, dtype=pl.Int64),
        is_short_paid=pl.lit(value=False),
    )
    storno = base.with_columns(
        document=pl.Series(np.arange(first, first + count)),
        kind=pl.lit(STORNO, dtype=pl.Int64),
        cancels="document",
        due=pl.Series(day),
        paid=pl.lit(UNPAID, dtype=pl.Int64),
    )
    again = base.with_columns(
        document=pl.Series(np.arange(first + count, first + 2 * count)),
        kind=pl.lit(AGAIN, dtype=pl.Int64),
        issued=pl.Series(issued) + pl.duration(minutes=5),
        due=pl.Series(np.where(is_prepaid, day, day + _TERMS_AGAIN)),
        paid=pl.Series(paid),
    )
    mapping = wrong.select("document", storno=storno["document"], again=again["document"])
    affected = lines.join(mapping, on="document", how="inner", maintain_order="left")
    negated = [-pl.col(name) for name in ("quantity", "amount", "tax", "cost")]
    turned = affected.with_columns(*negated, document="storno", is_wrong=pl.lit(value=False))
    kept = affected.filter(~pl.col("is_wrong")).with_columns(document="again")
    return pl.concat([storno, again]), pl.concat([turned.select(lines.columns), kept.select(lines.columns)])


def credit_notes(rng: np.random.Generator, chunk: Chunk, documents: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Goodwill in the month after an outage, for half of those whose complaint about it was handled well."""
    accounts, life, timeline = chunk.accounts, chunk.life, chunk.business.timeline
    month, customer = np.nonzero(((life.failure == OUTAGE) & (life.handling == WELL))[:-1] & life.is_served[1:])
    account = np.searchsorted(accounts.customer, customer)
    chosen = (rng.random(len(month)) < _CREDITED) & (accounts.opened_month[account] < month)
    month, account = month[chosen] + 1, account[chosen]
    count = len(month)
    issued = timeline.at(month, rng.integers(2, 20, count), rng.integers(_OFFICE_OPENS, _OFFICE_CLOSES, count))
    document = len(documents) + np.arange(count)
    one = np.ones(count, dtype=np.int64)
    notes = _documents(
        chunk,
        document,
        NOTE,
        account,
        month,
        issued=issued,
        start=day_number(timeline.at(month - 1, one, 0 * one)),
        end=day_number(timeline.at(month, one, 0 * one)) - 1,
    )
    industry = chunk.business.industry
    product = np.full(count, industry.position[industry.credit])
    lines = flat_lines(document, CREDIT, product, -rng.integers(*_GOODWILL, count))
    return notes, with_tax_and_cost(chunk, lines)


def carried_over(rng: np.random.Generator, chunk: Chunk, documents: pl.DataFrame) -> tuple[pl.DataFrame, Integers]:
    """Debts of a few accounts from before the sample, of an older system: a sum without lines, due at once. With their amounts."""
    accounts, timeline = chunk.accounts, chunk.business.timeline
    owes = (accounts.opened_month < 0) & ~accounts.is_prepaid & (rng.random(accounts.count) < _CARRIED_SHARE)
    account = np.flatnonzero(owes)
    count = len(account)
    zero, one = np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.int64)
    issued = timeline.at(zero, one, 300 + zero)
    start = day_number(timeline.at(-rng.integers(2, 7, count), one, zero))
    pays = rng.random(count) < _CARRIED_PAID * (0.4 + 0.6 * chunk.entities.credit[chunk.memberships.entity[accounts.customer[account]]])
    paid = np.where(pays, day_number(issued) + rng.integers(2, 100, count), UNPAID)
    paid = np.where(paid >= stopping_day(chunk)[accounts.customer[account]], UNPAID, paid)
    old = _documents(
        chunk, len(documents) + np.arange(count), CARRIED_OVER, account, zero, issued=issued, start=start, end=start + 29
    ).with_columns(paid=pl.Series(paid))
    return old, np.asarray(accounts.usual_bill[account] * rng.integers(60, 260, count) // 100)


def _documents(
    chunk: Chunk,
    document: Integers,
    kind: int,
    account: Integers,
    month: Integers,
    *,
    issued: Times,
    start: Integers,
    end: Integers,
) -> pl.DataFrame:
    count = len(document)
    return pl.DataFrame(
        {
            "document": document,
            "kind": np.full(count, kind),
            "account": account,
            "customer": chunk.accounts.customer[account],
            "month": month,
            "issued": issued,
            "due": day_number(issued),
            "start": start,
            "end": end,
            "paid": np.full(count, UNPAID),
            "cancels": np.full(count, NO_DOCUMENT),
            "is_wrong": np.zeros(count, dtype=np.bool_),
            "dispute": np.full(count, NOTHING),
            "until": np.full(count, FAR),
            "is_short_paid": np.zeros(count, dtype=np.bool_),
        }
    )
