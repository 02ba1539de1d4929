"""From a seed to the files of a workspace."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.errors import ClienteleError
from pipelines.sample.accounts import make_accounts
from pipelines.sample.behaviour import live
from pipelines.sample.billing import bill_numbers, billing_deliveries, delivered_again
from pipelines.sample.bills import make_bills
from pipelines.sample.call_centre import call_centre_deliveries
from pipelines.sample.chance import stream
from pipelines.sample.complaints import make_complaints
from pipelines.sample.complaints_desk import complaints_desk_deliveries
from pipelines.sample.contacts import make_contacts
from pipelines.sample.crm import crm_deliveries
from pipelines.sample.delivery import Delivery, write_dated
from pipelines.sample.dirt import Spoiling, log, spoil
from pipelines.sample.payments import make_payments
from pipelines.sample.people import make_customers, make_particulars
from pipelines.sample.timeline import Timeline
from pipelines.sample.truth_old import write_truth

REPEATED_FILE: Final = "repeated_file"
_SOURCES: Final = Path(__file__).parent / "sources"
_CUSTOMERS: Final = (20, 1_000_000)
_MONTHS: Final = (3, 120)
_SPOILING: Final = {
    "crm_customers": Spoiling(key="cust_no", is_snapshot=True),
    "billing_invoices": Spoiling(key="BillNo", date="BillDate", amount="Total"),
    "billing_invoice_lines": Spoiling(key="BillNo", amount="Gross"),
    "billing_payments": Spoiling(key="Receipt", date="ValueDate", amount="Paid", conflicts=True, repeats=True),
    "call_centre_contacts": Spoiling(key="联系编号", date="开始时间", repeats=True),
    "complaints_desk_complaints": Spoiling(key="case_no", date="opened"),
}


@dataclass(frozen=True)
class SampleSummary:
    """What was written.

    Attributes:
        customers: Customers in all, newcomers and leavers included.
        months: Months in all.
        files: Delivered files.
        rows: Delivered rows by source, without headers and control rows.
        dirt: Remarkable rows by kind: those that cannot be read, repeated, late, corrected; and the files delivered twice.
    """

    customers: int
    months: int
    files: int
    rows: dict[str, int]
    dirt: dict[str, int]


def write_sample(
    root: Path,
    customers: int = 500,
    months: int = 18,
    seed: int = 20260101,
    progress: Callable[[str, int, int], None] | None = None,
    truth: Path | None = None,
) -> SampleSummary:
    """Write the deliveries of a telecommunication business into a workspace, and the source files that describe them.

    The same arguments give the same bytes on any machine. The source files come last: while they are absent, the sample is not complete.

    Args:
        root: The workspace; `landing/` and `sources/` are made below it.
        customers: How many customers there are over the whole time.
        months: How many months, ending in September 2026.
        seed: Any whole number from 0.
        progress: Called after each file with what is being done, how many files are done, and how many there are.
        truth: Folder for what a real business does not know (see `truth.write_truth`), outside the workspace; without it none is written.

    Raises:
        ClienteleError: A number is out of range.
    """
    _check("customers", customers, *_CUSTOMERS)
    _check("months", months, *_MONTHS)
    _check("seed", seed, 0, 2**63 - 1)
    timeline = Timeline(months)
    people = make_customers(seed, customers, timeline)
    particulars = make_particulars(seed, people, timeline)
    accounts = make_accounts(seed, people, timeline)
    life = live(seed, people, particulars, accounts, timeline)
    bills = make_bills(seed, people, accounts, life, timeline)
    payments = make_payments(seed, accounts, bills, timeline)
    complaints = make_complaints(seed, people, accounts, life, bills, timeline)
    contacts = make_contacts(seed, people, accounts, life, bills, complaints, timeline)
    deliveries = [
        *crm_deliveries(people, particulars, accounts, life, timeline),
        *billing_deliveries(seed, people, accounts, bills, payments, timeline),
        *call_centre_deliveries(seed, people, accounts, contacts, timeline),
        *complaints_desk_deliveries(seed, people, accounts, complaints, contacts, bill_numbers(bills.documents), timeline),
    ]
    deliveries = _spoilt(seed, deliveries)
    notes = log(deliveries)
    deliveries.append(delivered_again([item for item in deliveries if item.source == "billing_invoices"][months // 2]))
    _write(root, deliveries, progress)
    if truth is not None:
        write_truth(truth, people, life, notes, timeline)
    counts = dict(notes.group_by("kind").len().sort("kind").iter_rows())
    return SampleSummary(
        customers=customers,
        months=months,
        files=len(deliveries),
        rows=_rows(deliveries),
        dirt={**counts, REPEATED_FILE: 1},
    )


def _spoilt(seed: int, deliveries: list[Delivery]) -> list[Delivery]:
    """Spoil what can be spoilt; each source draws by itself."""
    draws = {source: stream(seed, "dirt", part) for part, source in enumerate(_SPOILING)}
    return [spoil(draws[item.source], item, _SPOILING[item.source]) if item.source in _SPOILING else item for item in deliveries]


def _write(root: Path, deliveries: list[Delivery], progress: Callable[[str, int, int], None] | None) -> None:
    for done, delivery in enumerate(deliveries, start=1):
        delivery.write(root / "landing")
        if progress is not None:
            progress("writing the sample", done, len(deliveries))
    first_day = min(delivery.day for delivery in deliveries)
    for source in sorted(_SOURCES.glob("*.yml")):
        write_dated(root / "sources" / source.name, source.read_bytes(), first_day)


def _rows(deliveries: list[Delivery]) -> dict[str, int]:
    counts = pl.DataFrame({"source": [item.source for item in deliveries], "rows": [len(item.frame) for item in deliveries]})
    return dict(counts.group_by("source").agg(pl.col("rows").sum()).sort("source").iter_rows())


def _check(name: str, value: int, smallest: int, largest: int) -> None:
    if not smallest <= value <= largest:
        message = f"the sample's {name} is {value}; give a whole number from {smallest} to {largest}."
        raise ClienteleError(message)
