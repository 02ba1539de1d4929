"""What the company is told of a chunk, and only that: the records as they are delivered, without the truth about them."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import polars as pl
import polars.selectors as cs

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Floats, Integers
from pipelines.sample.population.memberships import HARBOUR
from pipelines.sample.records.account_terms import make_account_terms
from pipelines.sample.records.bills import make_bills
from pipelines.sample.records.complaints import make_complaints
from pipelines.sample.records.contacts import make_contacts
from pipelines.sample.records.payments import make_payments
from pipelines.sample.records.purchases import make_purchases
from pipelines.sample.records.service_changes import make_service_changes
from pipelines.sample.records.subscriptions import make_subscriptions
from pipelines.sample.records.surveys import make_surveys
from pipelines.sample.records.usage import BILLED_AFTER, metered
from pipelines.sample.timeline import Timeline

KEEPING: Final = ("wants_to_leave", "retention")  # reasons of contacts that are about leaving or staying
_TRUTH: Final = "_"


@dataclass(frozen=True)
class Delivered:
    """The records of one chunk; every frame has `delivered`, the month index in whose files a row comes.

    Attributes:
        timeline: The months.
        customers: Numbers of the customers of operations, ascending.
        invoices: Of operations.
        payments: Of operations.
        usage: One row a customer, month and measure: customer_id, measure (position in Industry.measures), quantity.
        contacts: The contacts.
        complaints: A row for each month in which a complaint moved on.
        surveys: A row when sent, another when answered.
        accounts: The accounts' terms.
        subscriptions: The subscriptions.
        service_changes: The changes.
        purchases: The invoices of harbour.
    """

    timeline: Timeline
    customers: Integers
    invoices: pl.DataFrame
    payments: pl.DataFrame
    usage: pl.DataFrame
    contacts: pl.DataFrame
    complaints: pl.DataFrame
    surveys: pl.DataFrame
    accounts: pl.DataFrame
    subscriptions: pl.DataFrame
    service_changes: pl.DataFrame
    purchases: pl.DataFrame

    def __post_init__(self) -> None:
        """Refuse what nobody would be told.

        Raises:
            ValueError: A frame holds a column of the truth.
        """
        for name in frames():
            if told := [column for column in getattr(self, name).columns if column.startswith(_TRUTH)]:
                message = f"{name} holds the truth: {', '.join(told)}"
                raise ValueError(message)

    def by_month(self, frame: pl.DataFrame, value: str | None = None, month: str = "delivered") -> Floats:
        """Months × customers: the sum of a column, or how many rows there are.

        Args:
            frame: With `customer_id`; rows without one, of other customers, or of months outside the sample are left out.
            value: The column to add up; None counts.
            month: The column with the month index.
        """
        total = np.zeros((self.timeline.count, len(self.customers)))
        known = frame.filter(
            pl.col("customer_id").is_in(pl.Series(self.customers).implode()) & pl.col(month).is_between(0, self.timeline.count - 1)
        )
        place = np.searchsorted(self.customers, known["customer_id"].to_numpy())
        added = 1.0 if value is None else known[value].cast(pl.Float64).fill_null(0.0).to_numpy()
        np.add.at(total, (known[month].to_numpy(), place), added)
        return total


def frames() -> tuple[str, ...]:
    """Names of the fields of `Delivered` that are frames."""
    return tuple(field.name for field in fields(Delivered) if field.name not in ("timeline", "customers"))


def deliver(chunk: Chunk, tell: Callable[[str], None]) -> Delivered:
    """Make the records of a chunk.

    Args:
        chunk: The chunk.
        tell: Is told the name of each record when it has been made.
    """
    made: dict[str, pl.DataFrame] = {}

    def keep(name: str, frame: pl.DataFrame) -> pl.DataFrame:
        made[name] = frame.select(~cs.starts_with(_TRUTH))
        tell(name)
        return frame

    use = metered(chunk)
    keep("usage", _by_customer(chunk, use))
    bills = make_bills(chunk, use)
    keep("invoices", bills.invoices)
    payments = keep("payments", make_payments(chunk, bills))
    complaints = keep("complaints", make_complaints(chunk, bills.invoices))
    contacts = keep("contacts", make_contacts(chunk, complaints, bills.invoices, payments))
    keep("surveys", make_surveys(chunk, contacts, complaints))
    keep("accounts", make_account_terms(chunk))
    keep("subscriptions", make_subscriptions(chunk))
    keep("service_changes", make_service_changes(chunk))
    keep("purchases", make_purchases(chunk).invoices)
    memberships = chunk.memberships
    return Delivered(timeline=chunk.business.timeline, customers=memberships.number[memberships.slot < HARBOUR], **made)


def _by_customer(chunk: Chunk, use: pl.DataFrame) -> pl.DataFrame:
    """What was used by customer and measure, as it is delivered: with the month of the use, not that of its bill."""
    customer = chunk.memberships.number[chunk.accounts.customer[use["account"].to_numpy()]]
    told = use.select(
        pl.Series("customer_id", customer), "measure", (pl.col("month") - BILLED_AFTER).alias("delivered"), "quantity"
    ).filter(pl.col("delivered") >= 0)
    return told.group_by("customer_id", "delivered", "measure", maintain_order=True).agg(pl.col("quantity").sum())
