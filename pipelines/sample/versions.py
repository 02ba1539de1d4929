"""What billing states, and when: the same document may be delivered late, again, or corrected in a later month.

A disputed bill is marked in the month after it, and unmarked with more time to pay once the dispute is decided.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.bills import STORNO_AFTER_MONTHS
from pipelines.sample.catalogue import TAX, tax_within
from pipelines.sample.chance import pick
from pipelines.sample.delivery import NOTE
from pipelines.sample.timeline import Timeline

LATE, CORRECTION, REDELIVERED, BLANK_CUSTOMER = "late", "correction", "redelivered", "blank_customer"

_FATES: Final = (LATE, "due_corrected", "usage_corrected", REDELIVERED, BLANK_CUSTOMER, "blank_customer_and_account", None)
_FATE_WEIGHTS: Final = (60, 40, 40, 40, 15, 15, 9_790)
_EXTRA: Final = ("extra_quantity", "extra", "extra_tax")
_LATE_PAYMENT, _REDELIVERED_PAYMENT = 0.01, 0.004
_LESS_TIME, _MORE_TIME = 5, 60  # days: what a wrong due date is short of, and what a decided dispute adds


def document_versions(rng: np.random.Generator, documents: pl.DataFrame, lines: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """One row a document and delivery: the document's columns as they are stated then.

    Added to them: delivered (month), is_disputed, has_lines (whether its lines come along), NOTE, and extra_quantity, extra, extra_tax:
    what its usage line overstates, 0 but in the first version of a bill that is corrected later.
    """
    usage = lines.filter((pl.col("charge") == "usage") & (pl.col("quantity") >= 4)).select(
        "document", "gross", "tax", "product", extra_quantity=pl.col("quantity") // 4, extra=pl.col("quantity") // 4 * pl.col("price")
    )
    overstated = tax_within((usage["gross"] + usage["extra"]).to_numpy(), TAX[usage["product"].to_numpy()])
    usage = usage.select("document", "extra_quantity", "extra", extra_tax=pl.Series(overstated) - usage["tax"])
    fate = pl.Series(_FATES).gather(pick(rng, _FATE_WEIGHTS, len(documents)))
    has_no_usage_to_correct = (fate == "usage_corrected") & pl.col("extra").is_null()
    can_wait = pl.col("dispute").is_null() & (pl.col("month") + 1 < timeline.count)
    stated = documents.join(usage, on="document", how="left", maintain_order="left").with_columns(
        fate=pl.when((can_wait & ~has_no_usage_to_correct) | fate.str.starts_with(BLANK_CUSTOMER)).then(fate),
        delivered="month",
        is_disputed=pl.lit(value=False),
        has_lines=pl.lit(value=True),
    )
    truth = stated.with_columns(pl.lit(0, dtype=pl.Int64).alias(name) for name in _EXTRA)
    next_month = pl.col("month") + 1
    corrected = truth.filter(pl.col("fate").is_in(["due_corrected", "usage_corrected"]))
    disputed = truth.filter(pl.col("dispute").is_not_null()).with_columns(_noted(CORRECTION), has_lines=pl.lit(value=False))
    later = (
        corrected.with_columns(_noted(CORRECTION), delivered=next_month, has_lines=pl.col("fate") == "usage_corrected"),
        truth.filter(pl.col("fate") == REDELIVERED).with_columns(_noted(REDELIVERED), delivered=next_month),
        disputed.with_columns(delivered=next_month, is_disputed=pl.lit(value=True)),
        disputed.with_columns(delivered=pl.col("month") + STORNO_AFTER_MONTHS, due=pl.col("due") + pl.duration(days=_MORE_TIME)),
    )
    versions = pl.concat([_first_versions(stated), *later], how="diagonal")
    return versions.filter(pl.col("delivered") < timeline.count).sort("delivered", "document", maintain_order=True)


def line_versions(versions: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """One row a line and delivery: the line's columns as stated then, with delivered, NOTE, and the document's number, time and period."""
    stated = versions.filter("has_lines").select("document", "delivered", "number", "issued", "period_from", "period_to", *_EXTRA, NOTE)
    is_overstated = (pl.col("charge") == "usage") & (pl.col("extra") > 0)
    return (
        stated.join(lines, on="document", how="inner", maintain_order="left_right")
        .with_columns(
            pl.when(is_overstated).then(pl.col(name) + pl.col(extra)).otherwise(name).alias(name)
            for name, extra in zip(("quantity", "gross", "tax"), _EXTRA, strict=True)
        )
        .with_columns(pl.when(pl.col(NOTE) != BLANK_CUSTOMER).then(NOTE).alias(NOTE))
    )


def payment_versions(rng: np.random.Generator, payments: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """One row a payment and delivery: the payment's columns as known then, with delivered (month) and NOTE.

    A payment that bounces in a later month is delivered again in that month.
    """
    draw = pl.Series(rng.random(len(payments)))
    paid_in = pl.Series(timeline.index_of(payments["paid"].to_numpy()))
    returned_in = timeline.index_of(payments["returned"].fill_null(payments["paid"]).to_numpy())
    known = payments.with_columns(paid_in=paid_in, returned_in=pl.Series(returned_in), draw=draw)
    can_wait = (pl.col("paid_in") + 1 < timeline.count) & pl.col("returned").is_null()
    is_late = can_wait & (pl.col("draw") < _LATE_PAYMENT)
    comes_again = can_wait & pl.col("draw").is_between(_LATE_PAYMENT, _LATE_PAYMENT + _REDELIVERED_PAYMENT, closed="left")
    first = known.with_columns(
        pl.when(is_late).then(pl.lit(LATE)).alias(NOTE),
        delivered=pl.col("paid_in") + is_late.cast(pl.Int64),
        returned=pl.when(pl.col("returned_in") == pl.col("paid_in")).then("returned"),
    )
    again = known.filter(comes_again).with_columns(_noted(REDELIVERED), delivered=pl.col("paid_in") + 1)
    bounced = known.filter(pl.col("returned_in") > pl.col("paid_in")).with_columns(_noted(CORRECTION), delivered="returned_in")
    return (
        pl.concat([first, again, bounced], how="diagonal")
        .sort("delivered", "payment", maintain_order=True)
        .drop("paid_in", "returned_in", "draw")
    )


def _first_versions(stated: pl.DataFrame) -> pl.DataFrame:
    """What is stated at first: perhaps late, perhaps for nobody, perhaps not quite right."""
    fate = pl.col("fate")
    has_no_customer = fate.str.starts_with(BLANK_CUSTOMER).fill_null(value=False)
    is_overstated = (fate == "usage_corrected").fill_null(value=False)
    less_time = pl.when(fate == "due_corrected").then(_LESS_TIME).otherwise(0)
    return stated.with_columns(
        *(pl.when(is_overstated).then(name).otherwise(0).alias(name) for name in _EXTRA),
        pl.when(fate == LATE).then(pl.lit(LATE)).when(has_no_customer).then(pl.lit(BLANK_CUSTOMER)).alias(NOTE),
        delivered=pl.col("month") + (fate == LATE).fill_null(value=False).cast(pl.Int64),
        subscriber=pl.when(~has_no_customer).then("subscriber"),
        billed_account=pl.when((fate != "blank_customer_and_account").fill_null(value=True)).then("billed_account"),
        due=pl.col("due") - pl.duration(days=less_time),
    )


def _noted(note: str) -> pl.Expr:
    return pl.lit(note).alias(NOTE)
