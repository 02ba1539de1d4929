"""What only the one who made the sample can know. Written apart from the workspace, on request; nothing of the warehouse reads it."""

from pathlib import Path

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.behaviour import NEVER, NOTHING, Life
from pipelines.sample.chance import Booleans, Integers
from pipelines.sample.crm import customer_number
from pipelines.sample.people import Customers
from pipelines.sample.timeline import Timeline


def write_truth(folder: Path, customers: Customers, life: Life, notes: pl.DataFrame, timeline: Timeline) -> None:
    """Write three files.

    customers.csv: one row a customer: customer_id; the traits value, contentment, inertia, credit, voice; registered_month; decided_month
        and last_bill_month (empty for those who stay; may lie after the end of the sample); reason.
    failures.csv: one row a customer and failure: customer_id, month, failure, has_complained, is_answered_well, mood (after it).
    dirt.csv: one row a remarkable row: source, path below the landing folder, row (from 1, without the header), kind, was (what stood in
        the spoilt place).
    """
    folder.mkdir(parents=True, exist_ok=True)
    number = customer_number(customers.number)
    leaves = life.last != NEVER
    pl.DataFrame(
        {
            "customer_id": number,
            **{trait: getattr(customers, trait) for trait in ("value", "contentment", "inertia", "credit", "voice")},
            "registered_month": pl.Series(customers.registered).dt.strftime("%Y-%m"),
            "decided_month": _months(life.decided, leaves, timeline),
            "last_bill_month": _months(life.last, leaves, timeline),
            "reason": pl.Series([*words.CLOSE_REASONS, None]).gather(np.where(leaves, life.reason, len(words.CLOSE_REASONS))),
        }
    ).write_csv(folder / "customers.csv", float_precision=6)
    month, customer = np.nonzero(life.failure != NOTHING)
    at = (month, customer)
    pl.DataFrame(
        {
            "customer_id": number.gather(customer),
            "month": _months(month, np.ones(len(month), dtype=np.bool_), timeline),
            "failure": pl.Series(words.COMPLAINT_TOPICS).gather(life.failure[at]),
            "has_complained": life.has_complained[at],
            "is_answered_well": life.is_answered_well[at],
            "mood": life.mood[at],
        }
    ).write_csv(folder / "failures.csv", float_precision=6)
    notes.write_csv(folder / "dirt.csv")


def _months(index: Integers, is_set: Booleans, timeline: Timeline) -> pl.Series:
    """Months as text (2026-09), null where there is none."""
    first = np.where(is_set, index, 0)
    times = pl.Series(timeline.at(first, np.ones_like(first), np.zeros_like(first))).dt.strftime("%Y-%m")
    return times.set(pl.Series(~is_set), None)
