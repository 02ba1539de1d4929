"""The payments: who pays which bill, when, and how much of it."""

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.accounts import Accounts
from pipelines.sample.bills import Bills
from pipelines.sample.chance import Integers, Times, pick, stream
from pipelines.sample.timeline import SECONDS_A_DAY, Timeline

_PART, _REST_COMES, _REFERENCE_GIVEN, _BOUNCES = 0.6, 0.7, 0.85, 0.03


def make_payments(seed: int, accounts: Accounts, bills: Bills, timeline: Timeline) -> pl.DataFrame:
    """Everything paid before the sample ends, one row a payment in order of time.

    Columns: payment (position), account, document (null where the payer gave no reference), paid, gross (fen; negative for a refund), kind
    (payment, refund), method, returned (when it bounced; null where it did not).
    """
    rng = stream(seed, "payments")
    owed = bills.documents.filter((pl.col("kind") == "bill") & pl.col("payer").is_not_null() & (pl.col("payer") != "never"))
    count = len(owed)
    issued, due = owed["issued"].to_numpy(), owed["due"].to_numpy()
    is_late, is_partial = (owed["payer"] == "late").to_numpy(), (owed["payer"] == "partly").to_numpy()
    first_day = issued.astype("datetime64[D]") + np.timedelta64(1, "D")
    terms = np.maximum((due.astype("datetime64[D]") - first_day).astype(np.int64), 1)
    in_time = (terms * rng.random(count)).astype(np.int64)
    delay = np.where(is_late, terms + 1 + (45 * rng.random(count) * rng.random(count)).astype(np.int64), in_time)
    delay = np.where((owed["dispute"] == "rejected").fill_null(value=False).to_numpy(), delay + 60, delay)
    paid = _moment(rng, first_day + delay.astype("timedelta64[D]"))
    whole = owed["gross"].to_numpy()
    amount = np.where(is_partial, (whole * _PART).astype(np.int64), whole)
    has_reference = rng.random(count) < _REFERENCE_GIVEN
    method = pick(rng, (30, 15, 25, 20, 7, 3), accounts.count)[owed["account"].to_numpy()]
    bounces = (method == words.PAYMENT_METHODS.index("direct debit")) & (rng.random(count) < _BOUNCES)
    document = owed["document"].to_numpy()
    main = _frame(owed, np.where(has_reference, document, -1), paid, amount, "payment", method).with_columns(
        returned=pl.when(pl.Series(bounces)).then(pl.col("paid") + pl.duration(days=3))
    )
    pays_rest = np.flatnonzero(is_partial & (rng.random(count) < _REST_COMES))
    rest_day = paid[pays_rest] + (rng.integers(25, 60, len(pays_rest)) * SECONDS_A_DAY).astype("timedelta64[s]")
    rest = _frame(owed[pays_rest], document[pays_rest], rest_day, (whole - amount)[pays_rest], "payment", method[pays_rest])
    again = np.flatnonzero(bounces)
    again_day = paid[again] + (rng.integers(5, 20, len(again)) * SECONDS_A_DAY).astype("timedelta64[s]")
    repeated = _frame(owed[again], document[again], again_day, amount[again], "payment", method[again])
    frames = [main, rest, repeated, *_refunds(rng, bills)]
    everything = pl.concat(frames, how="diagonal").filter(pl.col("paid") < pl.lit(timeline.end)).sort("paid", maintain_order=True)
    return everything.with_columns(
        payment=pl.int_range(pl.len()),
        document=pl.when(pl.col("document") >= 0).then("document"),
        method=pl.Series(words.PAYMENT_METHODS).gather(everything["method"]),
        returned=pl.when(pl.col("returned") < pl.lit(timeline.end)).then("returned"),
    )


def _refunds(rng: np.random.Generator, bills: Bills) -> list[pl.DataFrame]:
    """Some wrong bills had been paid by direct debit before they were reversed: what was taken, and its return after the reversal."""
    stornos = bills.documents.filter(pl.col("kind") == "storno").select("account", "cancels", reversed_at="issued")
    paid = stornos.join(bills.documents.select(cancels="document", issued="issued", gross="gross"), on="cancels", maintain_order="left")
    paid = paid.filter(pl.Series(rng.random(len(paid)) < 0.3, dtype=pl.Boolean))
    count = len(paid)
    debit = np.zeros(count, dtype=np.int64)
    week = (rng.integers(5, 12, count) * SECONDS_A_DAY).astype("timedelta64[s]")
    taken = _moment(rng, (paid["issued"].to_numpy() + week).astype("datetime64[D]"))
    given = _moment(rng, (paid["reversed_at"].to_numpy() + week).astype("datetime64[D]"))
    document, gross = paid["cancels"].to_numpy(), paid["gross"].to_numpy()
    return [_frame(paid, document, taken, gross, "payment", debit), _frame(paid, document, given, -gross, "refund", debit)]


def _moment(rng: np.random.Generator, day: Times) -> Times:
    """A second of each day; payments come at any hour."""
    second: Times = day.astype("datetime64[ms]") + rng.integers(0, SECONDS_A_DAY, len(day)).astype("timedelta64[s]")
    return second


def _frame(of: pl.DataFrame, document: Integers, paid: Times, gross: Integers, kind: str, method: Integers) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "account": of["account"],
            "document": document,
            "paid": paid,
            "gross": gross,
            "kind": np.full(len(of), kind),
            "method": method,
        },
        schema_overrides={"kind": pl.String},
    )
