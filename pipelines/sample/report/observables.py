"""What could be seen of each customer at each month's end, from what had been delivered by then: what a model may learn from.

Nothing of the truth comes in here: the only argument is what was delivered.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Floats
from pipelines.sample.report.delivered import KEEPING, Delivered
from pipelines.sample.report.lateness import lateness
from pipelines.sample.report.shapes_paying import months_late

_CHANGES: Final = ("upgrade", "downgrade", "price_change", "suspend", "port_out_request", "retention_offer")  # never `terminate`
_FAR: Final = 600  # months


def observables(records: Delivered) -> dict[str, Floats]:
    """Months × customers by name; NaN where nothing is known."""
    return {
        **_billed(records),
        **_used(records),
        **_in_touch(records),
        **_complained(records),
        **_paid(records),
        **_changed(records),
        **_bound(records),
        **_answered(records),
    }


def running(values: Floats, months: int) -> Floats:
    """The sum of each month and those before it, so many in all."""
    total = np.cumsum(values, axis=0)
    total[months:] = total[months:] - total[:-months].copy()
    return total


def ratio(above: Floats, below: Floats) -> Floats:
    """One by the other; NaN where the other is not above 0."""
    is_known = below > 0
    return np.where(is_known, above / np.where(is_known, below, 1.0), np.nan)


def _latest(records: Delivered, frame: pl.DataFrame, value: str) -> Floats:
    """The last value delivered up to each month (frame ordered by `delivered`); NaN before any."""
    months, customers = records.timeline.count, len(records.customers)
    found = np.full((months, customers), np.nan)
    last = frame.unique(["customer_id", "delivered"], keep="last", maintain_order=True)
    last = last.filter(pl.col("customer_id").is_in(pl.Series(records.customers).implode()) & pl.col("delivered").is_between(0, months - 1))
    place = np.searchsorted(records.customers, last["customer_id"].to_numpy())
    found[last["delivered"].to_numpy(), place] = last[value].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    is_there = np.zeros(found.shape, dtype=np.bool_)
    is_there[last["delivered"].to_numpy(), place] = True
    newest = np.maximum.accumulate(np.where(is_there, np.arange(months)[:, None], 0), axis=0)
    return np.take_along_axis(found, newest, axis=0)


def _billed(records: Delivered) -> dict[str, Floats]:
    bills = records.invoices.filter(pl.col("status") != "opening_balance").unique("invoice_id", keep="first", maintain_order=True)
    billed = records.by_month(bills, "amount")
    quarter, year = running(billed, 3) / 3, running(billed, 12) / 12
    return {
        "bill": billed,
        "bill_quarter": quarter,
        "bill_year": year,
        "bill_to_quarter": ratio(billed, quarter),
        "quarter_to_year": ratio(quarter, year),
    }


def _used(records: Delivered) -> dict[str, Floats]:
    """By measure: what was used in the month, against the quarter before it; and the last two months against the half year."""
    found: dict[str, Floats] = {}
    for measure in sorted(records.usage["measure"].unique().to_list()):
        used = records.by_month(records.usage.filter(pl.col("measure") == measure), "quantity")
        before = np.zeros_like(used)
        before[1:] = running(used, 3)[:-1] / 3
        name = f"use_{measure}"
        found |= {
            name: used,
            f"{name}_to_before": ratio(used, before),
            f"{name}_two_to_half_year": ratio(running(used, 2), running(used, 6)),
        }
    return found


def _in_touch(records: Delivered) -> dict[str, Floats]:
    is_begun, is_keeping = pl.col("direction") == "inbound", pl.col("reason").is_in(KEEPING)
    begun = records.by_month(records.contacts.filter(is_begun))
    keeping = records.by_month(records.contacts.filter(is_keeping))
    unsettled = records.by_month(records.contacts.filter(is_begun & ~pl.col("is_resolved")))
    return {
        "contacts": begun,
        "contacts_quarter": running(begun, 3),
        "contacts_year": running(begun, 12),
        "unsettled_quarter": running(unsettled, 3),
        "about_leaving_quarter": running(keeping, 3),
    }


def _complained(records: Delivered) -> dict[str, Floats]:
    """Complaints by the month in which they were opened, and how many are neither resolved nor closed at the month's end."""
    moves = records.complaints.sort("complaint_id", "delivered", maintain_order=True)
    is_open = (pl.col("resolved_at").is_null() & pl.col("closed_at").is_null()).cast(pl.Int64)
    moves = moves.with_columns(open=is_open).with_columns(
        step=pl.col("open") - pl.col("open").shift(1).over("complaint_id", order_by="delivered").fill_null(0)
    )
    opened = records.by_month(moves.unique("complaint_id", keep="first", maintain_order=True))
    return {
        "complaints_quarter": running(opened, 3),
        "complaints_year": running(opened, 12),
        "complaints_open": np.cumsum(records.by_month(moves, "step"), axis=0),
    }


def _paid(records: Delivered) -> dict[str, Floats]:
    """How late the ledgers are, and how late payments were that say what they are for."""
    late = lateness(records.invoices, records.payments, records.accounts, records.timeline)
    owners = records.accounts.unique("account_id", keep="first").select("account_id", "customer_id").sort("account_id")
    owner = owners["customer_id"].to_numpy()[np.searchsorted(owners["account_id"].to_numpy(), late.account)]
    behind = months_late(late, owner, records.customers).astype(np.float64)
    due = records.invoices.unique("invoice_id", keep="first").select("invoice_id", "due_at")
    paid = records.payments.filter(pl.col("kind") == "payment").unique("payment_id", keep="first", maintain_order=True)
    paid = paid.join(due, on="invoice_id", how="inner", maintain_order="left")
    paid = paid.with_columns(days=(pl.col("paid_at").cast(pl.Date) - pl.col("due_at")).dt.total_days().clip(lower_bound=0))
    days, count = running(records.by_month(paid, "days"), 6), running(records.by_month(paid), 6)
    return {"months_behind": behind, "months_behind_half_year": running(behind, 6), "days_late_half_year": ratio(days, count)}


def _changed(records: Delivered) -> dict[str, Floats]:
    """Changes of the service, but not its end."""
    found: dict[str, Floats] = {}
    for change in _CHANGES:
        happened = records.by_month(records.service_changes.filter(pl.col("change") == change))
        found[f"{change}_quarter"] = running(happened, 3)
        found[f"{change}_half_year"] = running(happened, 6)
    return found


def _bound(records: Delivered) -> dict[str, Floats]:
    """Months since the first service began, months to the end of the minimum term, how many services are held, and the best discount."""
    timeline, index = records.timeline, np.arange(records.timeline.count)[:, None]
    services = records.subscriptions.sort("delivered", "subscription_id")
    services = services.with_columns(
        start=pl.Series(timeline.index_of(services["started_at"].to_numpy())),
        end=pl.Series(timeline.index_of(services["contract_end_at"].fill_null(timeline.end.item()).to_numpy())),
    ).with_columns(end=pl.when(pl.col("contract_end_at").is_not_null()).then("end"))
    first = services.group_by("customer_id", maintain_order=True).agg(pl.col("start").min(), pl.col("delivered").min()).sort("delivered")
    plans = services.filter(pl.col("contract_end_at").is_not_null())
    begun = records.by_month(services.unique("subscription_id", keep="first", maintain_order=True))
    ended = records.by_month(services.filter(pl.col("ended_at").is_not_null()))
    term = _latest(records, plans, "end") - index
    return {
        "months_with_us": index - _latest(records, first, "start"),
        "months_to_term_end": np.where(term < 0, -1.0, np.where(np.isnan(term), _FAR, term)),
        "services": np.cumsum(begun - ended, axis=0),
        "discount": _latest(records, services, "discount_rate"),
    }


def _answered(records: Delivered) -> dict[str, Floats]:
    """The last score, from 0 to 1, and how many surveys were sent in half a year."""
    span = pl.col("scale_max") - pl.col("scale_min")
    answers = records.surveys.filter(pl.col("score").is_not_null()).with_columns(part=(pl.col("score") - pl.col("scale_min")) / span)
    sent = records.surveys.unique("response_id", keep="first", maintain_order=True)
    return {
        "last_score": _latest(records, answers.sort("delivered", "response_id", maintain_order=True), "part"),
        "surveys_half_year": running(records.by_month(sent), 6),
    }
