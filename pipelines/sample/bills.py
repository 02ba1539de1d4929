"""The bills: which documents are issued to which account, and when and how each is to be paid."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.accounts import Accounts
from pipelines.sample.behaviour import NON_PAYMENT, OUTAGE, WRONG_BILL, Life
from pipelines.sample.chance import Integers, stream
from pipelines.sample.lines import Runs, credit_lines, regular_lines
from pipelines.sample.people import Customers
from pipelines.sample.timeline import Timeline

PAYERS: Final = ("on_time", "late", "partly", "never")
_PAYER_BOUNDS: Final = np.array([0.70, 0.94, 0.985])  # of a draw that poor credit shifts upwards
_CREDIT_SHIFT: Final = 0.2
_LAST_BILL_UNPAID: Final = 0.2
STORNO_AFTER_MONTHS: Final = 2


@dataclass(frozen=True)
class Bills:
    """What was issued. Amounts are whole fen with tax, so that lines add up to their document exactly.

    Attributes:
        documents: One row a document: document (its position), kind (bill, storno, credit), account, month (of issue), issued, due,
            period_from, period_to, cancels (the document that is reversed), gross, tax, payer (one of PAYERS; null where nothing is to
            be paid), is_wrong (carries a charge that was never owed), dispute (upheld, rejected; null without one).
        lines: One row a line: document, position (from 1), account, charge, product, quantity, price, gross, tax, cost, is_wrong.
    """

    documents: pl.DataFrame
    lines: pl.DataFrame


def make_bills(seed: int, customers: Customers, accounts: Accounts, life: Life, timeline: Timeline) -> Bills:
    """Bill every account in its rhythm, then reverse and reissue what was wrong and credit what was promised."""
    rng = stream(seed, "billing")
    runs, documents = _regular(rng, customers, accounts, life, timeline)
    lines = regular_lines(rng, runs, accounts, timeline)
    documents, lines = _with_corrections(rng, documents, lines, timeline)
    notes = _credit_notes(rng, documents, accounts, life, timeline)
    lines = pl.concat([lines, credit_lines(rng, notes["document"], notes["account"])])
    totals = lines.group_by("document").agg(pl.col("gross", "tax").sum())
    documents = pl.concat([documents, notes], how="diagonal").join(totals, on="document", how="left", maintain_order="left")
    return Bills(documents, lines.sort("document", "position"))


def _regular(
    rng: np.random.Generator, customers: Customers, accounts: Accounts, life: Life, timeline: Timeline
) -> tuple[Runs, pl.DataFrame]:
    """The bills that come by themselves, and what is needed to price them."""
    months = np.arange(timeline.count)[:, None]
    served = (months > customers.joined[accounts.owner]) & (months <= life.last[accounts.owner])
    payers = _payers(rng, customers, accounts, life, timeline)
    month, account = np.nonzero(served & ((months + np.arange(accounts.count)) % accounts.cycle == 0))
    owner = accounts.owner[account]
    paid_badly = np.isin(payers[np.maximum(month - 1, 0), account], (PAYERS.index("late"), PAYERS.index("never")))
    is_wrong = (life.failure[month, owner] == WRONG_BILL) & accounts.is_first[account]
    runs = Runs(
        account=account,
        month=month,
        falling=life.months_falling(owner, month),
        is_first_bill=(customers.joined[owner] >= 0) & (month == customers.joined[owner] + 1),
        is_wrong=is_wrong,
        pays_late_fee=(month > 0) & paid_badly & (rng.random(len(month)) < 0.5),
    )
    day = accounts.billing_day[account]
    night = rng.integers(0, 3 * 3_600, len(month))  # in UTC the bills of the first of a month belong to the month before
    issued = timeline.at(month, day, night)
    start = timeline.at(month - accounts.cycle[account], day, np.zeros_like(month))
    is_disputed = is_wrong & life.has_complained[month, owner]
    verdict = np.where(life.is_answered_well[month, owner], "upheld", "rejected")
    documents = pl.DataFrame(
        {
            "document": np.arange(len(month)),
            "kind": np.full(len(month), "bill"),
            "account": account,
            "month": month,
            "issued": issued,
            "due": issued.astype("datetime64[D]") + accounts.terms[account].astype("timedelta64[D]"),
            "period_from": np.maximum(start, customers.registered[owner]).astype("datetime64[D]"),
            "period_to": issued.astype("datetime64[D]") - np.timedelta64(1, "D"),
            "payer": pl.Series(PAYERS).gather(payers[month, account]),
            "is_wrong": is_wrong,
            "dispute": verdict,
            "is_disputed": is_disputed,
        }
    )
    dispute = pl.when("is_disputed").then("dispute")
    documents = documents.with_columns(dispute=dispute, payer=pl.when(dispute == "upheld").then(None).otherwise("payer"))
    return runs, documents.drop("is_disputed").with_columns(cancels=pl.lit(None, dtype=pl.Int64))


def _payers(rng: np.random.Generator, customers: Customers, accounts: Accounts, life: Life, timeline: Timeline) -> Integers:
    """How each account pays the bill of each month: positions in PAYERS, months × accounts."""
    owner, months = accounts.owner, np.arange(timeline.count)[:, None]
    draw = rng.random((timeline.count, accounts.count)) + _CREDIT_SHIFT * (1.0 - customers.credit[owner])
    payer = np.searchsorted(_PAYER_BOUNDS, draw, side="right")
    has_stopped = (life.reason[owner] == NON_PAYMENT) & (months > life.decided[owner])
    walks_away = (months == life.last[owner]) & (rng.random((timeline.count, accounts.count)) < _LAST_BILL_UNPAID)
    return np.where(has_stopped | walks_away, PAYERS.index("never"), payer)


def _with_corrections(
    rng: np.random.Generator, documents: pl.DataFrame, lines: pl.DataFrame, timeline: Timeline
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Reverse every bill whose dispute was upheld (a storno with its lines negated) and issue it again without the wrong charge."""
    wrong = documents.filter((pl.col("dispute") == "upheld") & (pl.col("month") + STORNO_AFTER_MONTHS < timeline.count))
    count = len(wrong)
    month = wrong["month"].to_numpy() + STORNO_AFTER_MONTHS
    issued = timeline.at(month, rng.integers(2, 10, count), rng.integers(9 * 3_600, 18 * 3_600, count))
    base = wrong.with_columns(month=month, issued=issued, is_wrong=pl.lit(value=False), dispute=pl.lit(None, dtype=pl.String))
    first = len(documents)
    storno = base.with_columns(
        document=np.arange(first, first + count), kind=pl.lit("storno"), cancels="document", due=pl.col("issued").dt.date()
    )
    again = base.with_columns(
        document=np.arange(first + count, first + 2 * count),
        issued=pl.col("issued") + pl.duration(minutes=5),
        due=pl.col("issued").dt.date() + pl.duration(days=15),
        payer=pl.lit("on_time"),
    )
    mapping = wrong.select(document="document", storno=storno["document"], again=again["document"])
    affected = lines.join(mapping, on="document", how="inner", maintain_order="left")
    reversed_lines = affected.with_columns(document="storno", **{name: -pl.col(name) for name in ("quantity", "gross", "tax", "cost")})
    kept = affected.filter(~pl.col("is_wrong")).with_columns(document="again", position=pl.int_range(1, pl.len() + 1).over("again"))
    return (
        pl.concat([documents, storno.select(documents.columns), again.select(documents.columns)]),
        pl.concat([lines, reversed_lines.select(lines.columns), kept.select(lines.columns)]),
    )


def _credit_notes(rng: np.random.Generator, documents: pl.DataFrame, accounts: Accounts, life: Life, timeline: Timeline) -> pl.DataFrame:
    """Credit notes of the month after an outage, for those whose complaint about it was answered well."""
    month, customer = np.nonzero((life.failure == OUTAGE) & life.is_answered_well)
    first_account = np.flatnonzero(accounts.is_first)
    chosen = (month + 1 < timeline.count) & (rng.random(len(month)) < 0.5)
    month, account = month[chosen] + 1, first_account[customer[chosen]]
    issued = timeline.at(month, rng.integers(2, 28, len(month)), rng.integers(9 * 3_600, 18 * 3_600, len(month)))
    start = timeline.at(month - 1, np.ones_like(month), np.zeros_like(month)).astype("datetime64[D]")
    return pl.DataFrame(
        {
            "document": np.arange(len(documents), len(documents) + len(month)),
            "kind": np.full(len(month), "credit"),
            "account": account,
            "month": month,
            "issued": issued,
            "due": issued.astype("datetime64[D]"),
            "period_from": start,
            "period_to": timeline.at(month, np.ones_like(month), np.zeros_like(month)).astype("datetime64[D]") - np.timedelta64(1, "D"),
            "is_wrong": np.zeros(len(month), dtype=np.bool_),
        },
        schema_overrides={"kind": pl.String},
    )
