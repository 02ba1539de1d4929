"""The complaints: what a failure led to, and how far each complaint has come by when."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.accounts import Accounts
from pipelines.sample.behaviour import OTHER, OUTAGE, POOR_REPAIR, WRONG_BILL, Life
from pipelines.sample.bills import Bills
from pipelines.sample.catalogue import POSITION, PRICE
from pipelines.sample.chance import Booleans, Integers, Times, stream
from pipelines.sample.people import Customers
from pipelines.sample.timeline import SECONDS_A_DAY, Timeline

STAGES: Final = ("opened", "acknowledged", "responded", "resolved", "closed", "followed_up")
_HOUR: Final = 3_600
_SEVERITY: Final = {OUTAGE: "medium", WRONG_BILL: "high", POOR_REPAIR: "high", OTHER: "low"}


def make_complaints(seed: int, customers: Customers, accounts: Accounts, life: Life, bills: Bills, timeline: Timeline) -> pl.DataFrame:
    """Every complaint opened before the sample ends, one row each in order of opening.

    Columns: complaint (position), customer, account, document (the disputed bill, null without one), disputed and compensation (fen), topic
    (a failure of behaviour.py), severity, decision (upheld, partly, rejected), reopened, is_english, and a time for each of STAGES, null
    where it never comes. The times may lie after the end of the sample; who reports the state at a moment leaves out what comes later.
    """
    rng = stream(seed, "complaints")
    month, customer = np.nonzero(life.has_complained)
    count = len(month)
    topic, is_good = life.failure[month, customer], life.is_answered_well[month, customer]
    account = np.flatnonzero(accounts.is_first)[customer]
    cause = timeline.at(month, rng.integers(1, 26, count), np.zeros(count, dtype=np.int64))
    frame = pl.DataFrame({"month": month, "account": account, "customer": customer, "topic": topic, "is_good": is_good, "cause": cause})
    wrong = bills.documents.filter("is_wrong").select("account", "month", "document", "issued", topic=pl.lit(WRONG_BILL, dtype=pl.Int64))
    credit = bills.documents.filter(pl.col("kind") == "credit").select("account", pl.col("month") - 1, compensation=-pl.col("gross"))
    frame = frame.join(wrong, on=["account", "month", "topic"], how="left", maintain_order="left")
    frame = frame.join(credit, on=["account", "month"], how="left", maintain_order="left")
    frame = frame.with_columns(
        compensation=pl.when((pl.col("topic") == OUTAGE) & pl.col("is_good")).then("compensation"),
        disputed=pl.when(pl.col("document").is_not_null()).then(int(PRICE[POSITION["D001"]])),
        severity=pl.col("topic").replace_strict(_SEVERITY, return_dtype=pl.String),
        decision=_decisions(rng, topic, is_good),
        reopened=pl.Series(np.where(~is_good & (rng.random(count) < 0.3), 1, 0)),
        is_english=pl.Series(customers.is_latin[customer]),
        **_stages(rng, pl.Series(cause).zip_with(frame["document"].is_null(), frame["issued"]).to_numpy(), is_good),
    )
    frame = frame.filter(pl.col("opened") < pl.lit(timeline.end)).sort("opened", maintain_order=True)
    return frame.with_columns(complaint=pl.int_range(pl.len())).drop("month", "is_good", "cause", "issued")


def _decisions(rng: np.random.Generator, topic: Integers, is_good: Booleans) -> pl.Series:
    """A disputed bill is upheld or rejected, never in between; the bills go by the same answer."""
    refusal = np.where((rng.random(len(topic)) < 0.4) & (topic != WRONG_BILL), "partly", "rejected")
    return pl.Series(np.where(is_good, "upheld", refusal), dtype=pl.String)


def _stages(rng: np.random.Generator, cause: Times, is_good: Booleans) -> dict[str, pl.Series]:
    """The times of the stages: good answers come within days, poor ones in weeks or not at all."""
    count = len(cause)
    day = cause.astype("datetime64[D]").astype("datetime64[ms]")
    opened = day + _span(rng.integers(1, 5, count) * SECONDS_A_DAY + rng.integers(8 * _HOUR, 22 * _HOUR, count))
    acknowledged = opened + _span(rng.integers(_HOUR // 2, 40 * _HOUR, count))
    responded = acknowledged + _span(rng.integers(6 * _HOUR, 96 * _HOUR, count) * np.where(is_good, 1, 3))
    resolved = responded + _span(
        np.where(is_good, rng.integers(_HOUR, 5 * SECONDS_A_DAY, count), rng.integers(15 * SECONDS_A_DAY, 60 * SECONDS_A_DAY, count))
    )
    is_forgotten = ~is_good & (rng.random(count) < 0.35)
    resolved[is_forgotten] = np.datetime64("NaT")
    closed = resolved + _span(rng.integers(_HOUR, 4 * SECONDS_A_DAY, count))
    followed_up = closed + _span(rng.integers(10 * SECONDS_A_DAY, 20 * SECONDS_A_DAY, count))
    followed_up[rng.random(count) < 0.7] = np.datetime64("NaT")
    times = (opened, acknowledged, responded, resolved, closed, followed_up)
    return {stage: pl.Series(time) for stage, time in zip(STAGES, times, strict=True)}


def _span(seconds: Integers) -> np.ndarray[tuple[int, ...], np.dtype[np.timedelta64]]:
    return seconds.astype("timedelta64[s]")
