"""A shop that delivers its bills month by month: what a delivery is like is what each test says, the rest is as ever."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

from pipelines.policy import load_policy
from pipelines.quality.assessment import Assessment, assess
from tests.intake.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.quality.validation import Check

ROWS = 40
FEED = """
    invoices:
      columns:
        invoice_id: BillNo
        customer_id: Customer
        issued_at: Date
        amount: Total
        status: Status
"""
ORDER = r"""
    delivery_order: {from: file_name, pattern: '_(\d+)'}
    known_at: {from: file_name, pattern: '_(\d+)', format: '%Y%m%d'}
"""


@dataclass
class Shop(World):
    """A source `shop` of invoices, one file a month, named by the day on which it was known."""

    def open(self, more: str = "") -> None:
        self.source("shop", FEED, dedent(ORDER) + more)

    def bills(
        self,
        month: int,
        rows: int = ROWS,
        *,
        broken: int = 0,
        statuses: int | None = None,
        amount: float = 100,
        strangers: int = 0,
        day: int = 15,
    ) -> Path:
        """Deliver a month's bills.

        Args:
            month: Counted from January 2024; its file is known on the first of the next one.
            rows: How many.
            broken: How many of them have an amount that is none.
            statuses: How many of them say their status; None for all.
            amount: Of each.
            strangers: How many are of customers whom nobody else has.
            day: Of the month, on which all were issued.
        """
        year, number = 2024 + (month - 1) // 12, (month - 1) % 12 + 1
        known = f"{2024 + month // 12}{month % 12 + 1:02}01"
        lines = ["BillNo,Customer,Date,Total,Status"]
        for row in range(rows):
            customer = f"stranger-{month}-{row}" if row < strangers else f"customer-{row % 10}"
            total = "much" if row < broken else f"{amount + row % 3:.2f}"
            status = "issued" if statuses is None or row < statuses else ""
            lines.append(f"B{month}-{row},{customer},{year}-{number:02}-{day:02} 10:00:00,{total},{status}")
        return self.deliver(f"shop/bills_{known}.csv", "\n".join(lines) + "\n")

    def usual(self, months: int) -> None:
        """Deliver so many ordinary months."""
        for month in range(1, months + 1):
            self.bills(month, ROWS + month % 3)

    def assess(self) -> Assessment:
        return assess(self.workspace, load_policy(self.workspace.policy_file))

    def judge(self) -> Assessment:
        """Land what waits and judge it."""
        report = self.land()
        return assess(self.workspace, load_policy(self.workspace.policy_file), None, report.unread_columns)

    def standing(self) -> list[str]:
        """Status of every delivery of bills, in their order."""
        return self.values("select status from raw.delivery where record_type = 'invoices' order by delivery_order")


def unmet(assessment: Assessment) -> list[tuple[str, str, str | None]]:
    """File, expectation and column of all that is not met."""
    return [
        (delivery.file_name.rpartition("/")[2], check.rule.name, check.column_name)
        for delivery in assessment.new
        for check in delivery.failed
    ]


def last(assessment: Assessment) -> dict[str, Check]:
    """The checks of the newest delivery as a whole, by expectation."""
    return {check.rule.name: check for check in assessment.new[-1].checks if check.column_name is None}
