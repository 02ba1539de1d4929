"""The complaints: what failures led to, how each was labelled and decided, and how far it had come at each month's end.

When the stages come is in `complaint_stages`, what the desk writes on a complaint in `complaint_labels`; the contacts in which complaints
were made are in `contact_causes`.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Integers, Times, stream
from pipelines.sample.population.memberships import OPERATIONS_UNIT
from pipelines.sample.population.staff import FIRST_AGENT
from pipelines.sample.records.complaint_labels import DECISIONS, decisions, goodwill, labels, severities
from pipelines.sample.records.complaint_stages import Stages, make_stages
from pipelines.sample.records.outages import outage_times
from pipelines.sample.records.served import (
    HOUR,
    account_numbers,
    before_closing,
    bills,
    by_day,
    is_at_operations,
    is_latin,
    later,
    some_time,
)
from pipelines.sample.story.life import OUTAGE, SLOW, WELL, WRONG_BILL
from pipelines.sample.texts import complaint_texts, remedy_texts
from pipelines.sample.timeline import SECONDS_A_DAY, Timeline

_BY_CONTACT, _ENGLISH = 0.75, 0.05
_REPEATS: Final = 0.13  # of the complaints that are handled slowly; a twentieth of all
_WELL_THE_SECOND_TIME: Final = 0.45
_BILL_WITHIN: Final = "62d"  # an account that is billed each quarter gets its wrong bill later
_NEVER: Final = np.datetime64("NaT", "ms")
_CASE: Final = ("month", "customer", "failure", "handling", "is_repeat", "invoice_id", "disputed", "credited", "opened", "days")
_COLUMNS: Final = (
    *("delivered", "complaint_id", "customer_id", "account_id", "contact_id", "invoice_id", "disputed_amount"),
    *("opened_at", "acknowledged_at", "responded_at", "resolved_at", "closed_at", "followed_up_at", "reopened_count"),
    *("category", "severity", "department", "text", "remedy_sought", "decision", "compensation"),
    *("_category", "_severity", "_department", "_language", "_failure", "_handling", "_is_repeat", "_handler"),
    *("_assessed_at", "_assigned_at", "_investigated_at", "_decided_at", "_closed_at", "_reopened_at", "_decided_again_at"),
    "_closed_again_at",
)


def make_complaints(chunk: Chunk, invoices: pl.DataFrame) -> pl.DataFrame:
    """Every complaint opened before the sample ends: a row for each month in which it moved on, in the state of that month's end.

    While it is reopened a complaint is neither resolved nor closed; what it was before stands in the events.

    Args:
        chunk: Whose customers complain.
        invoices: The chunk's invoices: the wrong ones are disputed, and credit notes for outages are what their complaints brought.

    Returns:
        The columns of the contract and `delivered`, ordered by complaint and month. Truth: `_category`, `_severity`, `_department`,
        `_failure` (position in FAILURES), `_handling` (SLOW or WELL), `_is_repeat`, `_handler` (who deals with it), `_language`, and the
        times of the stages for which the contract has no column, as far as they have come (`_assessed_at` … `_closed_again_at`).
    """
    business = chunk.business
    rng = stream(business.seed, "complaints", chunk.index)
    cases = _cases(rng, chunk, invoices)
    customer, failure, handling, month = (cases[name].to_numpy() for name in ("customer", "failure", "handling", "month"))
    count = len(cases)
    severity = severities(rng, chunk, customer, failure, month, cases["is_repeat"].to_numpy())
    stages = make_stages(rng, cases["opened"].to_numpy(), handling, severity)
    is_english = is_latin(chunk, customer) | (rng.random(count) < _ENGLISH)
    by_contact = rng.random(count) < _BY_CONTACT
    contact = np.full(count, -1)
    contact[by_contact] = business.numbering.take("contact", int(by_contact.sum()))
    # What was disputed slowly the first time is not reversed the second time either.
    is_late_bill = (failure == WRONG_BILL) & cases["is_repeat"].to_numpy()
    is_credited = cases["credited"].is_not_null().to_numpy()
    decision = decisions(rng, failure, np.where(is_late_bill, SLOW, handling), is_credited)
    name, disputed, days = business.industry.name, cases["disputed"].fill_null(0).to_numpy(), cases["days"].to_numpy()
    is_office = chunk.entities.is_organisation[chunk.memberships.entity[customer]]
    known = pl.DataFrame(
        {
            "complaint_id": business.numbering.take("complaint", count),
            "customer_id": chunk.memberships.number[customer],
            "account_id": account_numbers(chunk, customer),
            "contact_id": contact,
            "invoice_id": cases["invoice_id"],
            "disputed_amount": cases["disputed"],
            **labels(rng, business.industry, failure, severity),
            "text": complaint_texts(rng, name, failure, severity, is_english, disputed, days, is_office),
            "remedy_sought": remedy_texts(rng, name, failure, is_english),
            "decision": DECISIONS.gather(decision),
            "compensation": cases["credited"].fill_null(pl.Series(goodwill(rng, chunk, customer, failure, decision, handling))),
            "_language": pl.Series(["zh", "en"]).gather(is_english.astype(np.int64)),
            "_failure": failure,
            "_handling": handling,
            "_is_repeat": cases["is_repeat"],
            "_handler": FIRST_AGENT + rng.integers(0, business.staff.agents, count),
        }
    ).with_columns(
        contact_id=pl.when(pl.col("contact_id") >= 0).then("contact_id"),
        compensation=pl.when(pl.col("compensation") > 0).then("compensation"),
    )
    return _versions(known, stages, business.timeline)


def _cases(rng: np.random.Generator, chunk: Chunk, invoices: pl.DataFrame) -> pl.DataFrame:
    """The complaints of the story and those made once more because nothing came of them, in order of time."""
    first = _first(rng, chunk, invoices)
    slow = first.filter(pl.col("handling") == SLOW)
    again = slow.filter(pl.Series(rng.random(len(slow)) < _REPEATS, dtype=pl.Boolean))
    count = len(again)
    days = rng.integers(15, 86, count)
    opened = by_day(rng, later(again["opened"].to_numpy(), days * SECONDS_A_DAY))
    again = again.with_columns(
        handling=pl.Series(np.where(rng.random(count) < _WELL_THE_SECOND_TIME, WELL, SLOW)),
        is_repeat=pl.lit(value=True),
        credited=pl.lit(None, dtype=pl.Int64),
        opened=pl.Series(opened),
        month=pl.Series(chunk.business.timeline.index_of(opened)),
        days=pl.Series(days),
    )
    closed = chunk.life.closed[again["customer"].to_numpy()]
    again = again.filter(pl.Series(np.isnat(closed) | (opened < closed), dtype=pl.Boolean))
    both = pl.concat([first, again]).filter(pl.col("opened") < pl.lit(chunk.business.timeline.end))
    return both.sort("opened", "customer", maintain_order=True)


def _first(rng: np.random.Generator, chunk: Chunk, invoices: pl.DataFrame) -> pl.DataFrame:
    """One complaint for each month and customer of the story, opened soon after what it is about.

    Whoever was closed before that, or before the bill was there, did not get round to it.
    """
    timeline, life = chunk.business.timeline, chunk.life
    month, customer = np.nonzero(life.complains & is_at_operations(chunk))
    failure = life.failure[month, customer]
    count = len(month)
    frame = pl.DataFrame(
        {
            "month": month,
            "customer": customer,
            "failure": failure,
            "handling": life.handling[month, customer],
            "is_repeat": np.zeros(count, dtype=np.bool_),
            "customer_id": chunk.memberships.number[customer],
            "start": timeline.at(month, np.ones(count, dtype=np.int64), np.zeros(count, dtype=np.int64)),
        }
    )
    wrong = bills(invoices).filter("_is_wrong").sort("issued_at", maintain_order=True)
    wrong = wrong.select("customer_id", "issued_at", "invoice_id", disputed=(pl.col("amount") - pl.col("_true_amount")).abs())
    frame = frame.join_asof(
        wrong, left_on="start", right_on="issued_at", by="customer_id", strategy="forward", tolerance=_BILL_WITHIN, check_sortedness=False
    ).with_columns(pl.when(pl.col("failure") == WRONG_BILL).then(name).alias(name) for name in ("issued_at", "invoice_id", "disputed"))
    frame = frame.join(_credits(invoices, timeline), on=["customer_id", "month", "failure", "handling"], how="left", maintain_order="left")
    opened, since = _opened(rng, chunk, month, customer, failure, frame["issued_at"].to_numpy())
    frame = frame.with_columns(opened=pl.Series(opened), days=pl.Series(since))
    return frame.filter(pl.col("opened").is_not_null()).select(_CASE)


def _credits(invoices: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """The credit notes for the outages of the month before, whose complaints were handled well."""
    is_note = (pl.col("unit") == OPERATIONS_UNIT) & (pl.col("amount") < 0) & pl.col("cancels_invoice_id").is_null()
    notes = invoices.filter(is_note & pl.col("customer_id").is_not_null())
    return notes.select(
        "customer_id",
        pl.Series("month", timeline.index_of(notes["issued_at"].to_numpy()) - 1),
        pl.lit(OUTAGE, dtype=pl.Int64).alias("failure"),
        pl.lit(WELL, dtype=pl.Int64).alias("handling"),
        credited=-pl.col("amount"),
    ).unique(["customer_id", "month"], keep="first", maintain_order=True)


def _opened(
    rng: np.random.Generator, chunk: Chunk, month: Integers, customer: Integers, failure: Integers, issued: Times
) -> tuple[Times, Integers]:
    """When each complaint is made, and how many days after its cause: the outage, the bill, or something of which no record tells.

    NaT where the customer was closed before the cause.
    """
    count = len(month)
    region = chunk.particulars.region[month, chunk.memberships.entity[customer]]
    struck = outage_times(chunk.business)[0][month, region]
    some = some_time(rng, month, chunk.business.timeline, (4, 28))
    patience = rng.random(count) * rng.random(count)
    after_outage = by_day(rng, later(struck, 2 * HOUR + (6 * SECONDS_A_DAY * patience).astype(np.int64)))
    after_bill = by_day(rng, later(issued, 6 * HOUR + (16 * SECONDS_A_DAY * patience).astype(np.int64)))
    opened = np.where(failure == OUTAGE, after_outage, np.where(np.isnat(issued), some, after_bill))
    cause = np.where(failure == OUTAGE, struck, issued)
    month_starts = chunk.business.timeline.at(month, np.full(count, 2), np.zeros(count, dtype=np.int64))
    opened = before_closing(
        rng, opened, np.where(np.isnat(cause), month_starts, later(cause, np.full(count, HOUR))), chunk.life.closed[customer]
    )
    days = np.where(np.isnat(cause), rng.integers(1, 15, count), (opened - cause).astype("timedelta64[D]").astype(np.int64))
    return opened, days


def _versions(known: pl.DataFrame, stages: Stages, timeline: Timeline) -> pl.DataFrame:
    """A row for each month in which a complaint moved on, without what comes after that month."""
    times = stages.all_times()
    place, when = np.tile(np.arange(len(known)), len(times)), np.concatenate(times)
    month = timeline.index_of(when)
    is_within = ~np.isnat(when) & (month < timeline.count)
    moved = pl.DataFrame({"place": place[is_within], "delivered": month[is_within]}).unique().sort("place", "delivered")
    row, delivered = moved["place"].to_numpy(), moved["delivered"].to_numpy()
    end = timeline.at(delivered + 1, np.ones(len(row), dtype=np.int64), np.zeros(len(row), dtype=np.int64))

    def so_far(time: Times) -> Times:
        return np.where(time[row] < end, time[row], _NEVER)

    reopened = so_far(stages.reopened)
    is_reopened = ~np.isnat(reopened)
    resolved = np.where(is_reopened, so_far(stages.decided_again), so_far(stages.decided))
    closed = np.where(is_reopened, so_far(stages.closed_again), so_far(stages.closed))
    is_resolved = pl.Series(~np.isnat(resolved))
    names = {"opened_at": stages.opened, "acknowledged_at": stages.acknowledged, "responded_at": stages.responded}
    names |= {"followed_up_at": stages.followed_up, "_assessed_at": stages.assessed, "_assigned_at": stages.assigned}
    names |= {"_investigated_at": stages.investigated, "_decided_at": stages.decided, "_closed_at": stages.closed}
    names |= {"_decided_again_at": stages.decided_again, "_closed_again_at": stages.closed_again}
    rows = known[row].with_columns(
        delivered=pl.Series(delivered),
        resolved_at=pl.Series(resolved),
        closed_at=pl.Series(closed),
        _reopened_at=pl.Series(reopened),
        reopened_count=pl.Series(is_reopened.astype(np.int64)),
        **{name: pl.Series(so_far(time)) for name, time in names.items()},
    )
    return rows.with_columns(pl.when(is_resolved).then(name).alias(name) for name in ("decision", "compensation")).select(_COLUMNS)
