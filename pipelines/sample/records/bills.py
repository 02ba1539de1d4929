"""The invoices and their lines as the records layer has them. What is billed is decided in `billing_runs`, `bill_lines`, `corrections`."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Integers, stream
from pipelines.sample.population.accounts import NONE
from pipelines.sample.population.memberships import OPERATIONS_UNIT
from pipelines.sample.records.bill_lines import CHARGES, regular_lines
from pipelines.sample.records.billing_runs import MONTH, Runs, make_runs
from pipelines.sample.records.corrections import (
    BILL,
    CARRIED_OVER,
    FAR,
    NO_DOCUMENT,
    STORNO,
    carried_over,
    credit_notes,
    reversals,
    with_disputes,
)
from pipelines.sample.records.extras import Extras, make_extras
from pipelines.sample.records.invoice_frame import (
    CANCELLED,
    DISPUTED,
    ISSUED,
    OPENING_BALANCE,
    WRITTEN_OFF,
    as_date,
    in_order_of_issue,
    invoice_frame,
)
from pipelines.sample.records.paying import UNPAID
from pipelines.sample.story.life import NEVER, NOTHING, WELL

_WRITTEN_OFF_AFTER: Final = (7, 10)  # months from the one in which it was due
_LINE: Final = (
    *("delivered", "unit", "invoice_id", "line_number", "issued_at", "product_id", "subscription_id", "charge_type", "quantity"),
    *("unit_price", "amount", "tax_amount", "cost", "period_start", "period_end"),
)


@dataclass(frozen=True)
class Bills:
    """What operations issued to the customers of a chunk.

    Attributes:
        invoices: The record `invoices`: a row when it is issued, another when its status changes; truth `_true_amount`, `_is_wrong`.
        lines: The record `invoice_lines`; they add up to their invoice. A debt carried over has none.
        documents: One row an invoice, for the makers of other records: document (its position here), invoice_id, kind (BILL … CARRIED_OVER
            of `corrections`), account and customer (positions), month (of issue), issued, due, start, end, paid (days from 1970; UNPAID
            where never, and for what is paid in advance), cancels (a document), amount, tax, true_amount (fen), is_wrong, dispute (NOTHING,
            SLOW, WELL), until (month in which it ends), is_short_paid, written_off (month, FAR for never).
    """

    invoices: pl.DataFrame
    lines: pl.DataFrame
    documents: pl.DataFrame


def make_bills(chunk: Chunk, usage: pl.DataFrame | None, extras: Extras | None = None) -> Bills:
    """Bill every account of a chunk in its rhythm, with all that goes wrong.

    Args:
        chunk: The chunk.
        usage: What was used, as `usage.metered(chunk)` returns it; None where nothing is charged by unit.
        extras: As `extras.make_extras(chunk)` returns them, if at hand.
    """
    rng = stream(chunk.business.seed, "billing", chunk.index)
    runs = make_runs(rng, chunk)
    lines = regular_lines(rng, chunk, runs, usage, make_extras(chunk) if extras is None else extras)
    documents = with_disputes(rng, chunk, _regular(chunk, runs))
    redone, redone_lines = reversals(rng, chunk, documents, lines)
    documents, lines = pl.concat([documents, redone]), pl.concat([lines, redone_lines])
    notes, note_lines = credit_notes(rng, chunk, documents)
    documents, lines = pl.concat([documents, notes]), pl.concat([lines, note_lines])
    totals = _totals(lines, len(documents))
    old, owed = carried_over(rng, chunk, documents)
    none = np.zeros(len(old), dtype=np.int64)
    amounts = [np.concatenate([total, carried]) for total, carried in zip(totals, (owed, none, none), strict=True)]
    documents = pl.concat([documents, old]).with_columns(
        amount=pl.Series(amounts[0]), tax=pl.Series(amounts[1]), true_amount=pl.Series(amounts[0] - amounts[2])
    )
    documents = documents.with_columns(written_off=pl.Series(_written_off(rng, chunk, documents)))
    numbers = in_order_of_issue(documents["issued"].to_numpy(), chunk.business.numbering.take("invoice", len(documents)))
    documents = documents.with_columns(invoice_id=pl.Series(numbers))
    return Bills(_invoices(chunk, documents), _lines(chunk, documents, lines), documents)


def _regular(chunk: Chunk, runs: Runs) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "document": np.arange(runs.count),
            "kind": np.full(runs.count, BILL),
            "account": runs.account,
            "customer": chunk.accounts.customer[runs.account],
            "month": runs.month,
            "issued": runs.issued,
            "due": runs.due,
            "start": runs.start,
            "end": runs.end,
            "paid": runs.paid,
            "cancels": np.full(runs.count, NO_DOCUMENT),
            "is_wrong": runs.is_wrong,
        }
    )


def _totals(lines: pl.DataFrame, count: int) -> tuple[Integers, Integers, Integers]:
    """Amount, tax and wrongly charged amount of each document that has lines, in fen."""
    document, amount, tax = (lines[name].to_numpy() for name in ("document", "amount", "tax"))
    totals = [np.zeros(count, dtype=np.int64) for _ in range(3)]
    for total, values in zip(totals, (amount, tax, np.where(lines["is_wrong"].to_numpy(), amount, 0)), strict=True):
        np.add.at(total, document, values)
    return totals[0], totals[1], totals[2]


def _written_off(rng: np.random.Generator, chunk: Chunk, documents: pl.DataFrame) -> Integers:
    """Month index in which each document is written off: what those who have stopped paying owe, half a year after it was due."""
    due = chunk.business.timeline.index_of(documents["due"].to_numpy().astype("datetime64[D]"))
    later = due + rng.integers(*_WRITTEN_OFF_AFTER, len(documents))
    has_stopped = chunk.life.stopped[documents["customer"].to_numpy()] != NEVER
    is_prepaid = chunk.accounts.is_prepaid[documents["account"].to_numpy()]
    owes = has_stopped & ~is_prepaid & (documents["paid"].to_numpy() == UNPAID) & (documents["amount"].to_numpy() > 0)
    is_reversed = (documents["dispute"].to_numpy() == WELL) & (documents["until"].to_numpy() < chunk.business.timeline.count)
    return np.where(owes & ~is_reversed, later, FAR)


def _invoices(chunk: Chunk, documents: pl.DataFrame) -> pl.DataFrame:
    """The documents as invoices, with what became of them."""
    kind, dispute, cancels = (documents[name].to_numpy() for name in ("kind", "dispute", "cancels"))
    until, off = documents["until"].to_numpy(), documents["written_off"].to_numpy()
    status = np.where(kind == STORNO, CANCELLED, np.where(kind == CARRIED_OVER, OPENING_BALANCE, ISSUED))
    upheld, rejected = np.flatnonzero(dispute == WELL), np.flatnonzero((dispute != NOTHING) & (dispute != WELL) & (until != off))
    lost = np.flatnonzero(off < FAR)
    told = documents.with_columns(
        customer_id=pl.Series(chunk.memberships.number[documents["customer"].to_numpy()]),
        account_id=pl.Series(chunk.accounts.number[documents["account"].to_numpy()]),
        status=pl.Series(np.where(dispute != NOTHING, DISPUTED, status)),
        cancels_invoice_id=pl.when(pl.col("cancels") != NO_DOCUMENT).then(documents["invoice_id"].gather(np.maximum(cancels, 0))),
    )
    changes = ((upheld, until[upheld], CANCELLED), (rejected, until[rejected], ISSUED), (lost, off[lost], WRITTEN_OFF))
    return invoice_frame(told, changes, chunk.business.timeline.count, OPERATIONS_UNIT, "CNY")


def _lines(chunk: Chunk, documents: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The lines in the order of delivery and of the documents, numbered from 1 in each."""
    document = lines["document"].to_numpy()
    order = np.lexsort((document, documents["month"].to_numpy()[document]))
    lines, document = lines[order], document[order]
    begins = np.flatnonzero(np.concatenate([[True], document[1:] != document[:-1]]))
    number = np.arange(len(document)) - np.repeat(begins, np.diff(np.append(begins, len(document)))) + 1
    head = documents.select("invoice_id", "month", "issued", "start", "end", "account")[document]
    place, products = lines["place"].to_numpy(), chunk.business.industry.products
    subscription = chunk.accounts.subscription(head["account"].to_numpy(), np.maximum(place, 0))
    return lines.select(
        "amount",
        "cost",
        delivered=head["month"],
        unit=pl.lit(OPERATIONS_UNIT, dtype=pl.Int64),
        invoice_id=head["invoice_id"],
        line_number=pl.Series(number),
        issued_at=head["issued"],
        product_id=pl.Series([product.number for product in products]).gather(lines["product"]),
        subscription_id=pl.when(pl.Series(place != NONE)).then(pl.Series(subscription)),
        charge_type=pl.Series(CHARGES).gather(lines["charge"]),
        quantity=pl.col("quantity") / MONTH,
        unit_price="price",
        tax_amount="tax",
        period_start=head.select(as_date("start"))["start"],
        period_end=head.select(as_date("end"))["end"],
    ).select(_LINE)
