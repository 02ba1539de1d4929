"""The example that docs work through: six lines that feed invoices and their lines, the same file again, and a mended one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.intake.world import World

FEEDS = """
    invoice_lines:
      where: Kind = 'line'
      columns:
        invoice_id: Invoice
        product_id: Product
        amount: Amount
    invoices:
      where: Kind = 'line'
      fold: {amount: sum, issued_at: min}
      columns:
        invoice_id: Invoice
        issued_at: Issued
        amount: Amount
"""
EXPORT = """
    Kind,Invoice,Issued,Product,Amount
    line,A,2024-01-05 09:00:00,pen,10.00
    line,A,2024-01-05 09:00:00,pen,10.00
    line,A,2024-01-04 18:00:00,ink,2.50
    line,B,2024-02-01 12:00:00,pen,7.25
    line,B,2024-02-01 12:00:00,ink,seven
    total,,,,29.75
"""
MENDED = EXPORT.replace("seven", "7.00")


@pytest.fixture
def export(world: World) -> World:
    world.source("till", FEEDS)
    world.deliver("till/export.csv", EXPORT)
    return world


def test_the_ledger_of_the_first_delivery(export: World) -> None:
    report = export.land()
    assert export.ledger("invoice_lines") == [("export.csv", "landed", 6, 4, 0, 1, 1, 4)]
    assert export.ledger("invoices") == [("export.csv", "landed", 6, 4, 0, 1, 1, 2)]
    assert report.is_new
    assert report.balances
    assert [(feed.record_type, feed.counts.rows_landed, feed.counts.records) for feed in report.feeds] == [
        ("invoice_lines", 4, 4),
        ("invoices", 4, 2),
    ]


def test_every_landed_row_is_a_delivered_row(export: World) -> None:
    export.land()
    lines = export.rows("select _row_number, invoice_id, product_id, amount from raw.invoice_lines order by _row_number")
    assert lines == [
        (1, "A", "pen", Decimal("10.0000")),
        (2, "A", "pen", Decimal("10.0000")),
        (3, "A", "ink", Decimal("2.5000")),
        (4, "B", "pen", Decimal("7.2500")),
    ]
    assert export.values("select line_number from raw.invoice_lines") == [None] * 4
    assert export.rows("select invoice_id, count(*), count(distinct _record_key) from raw.invoices group by 1 order by 1") == [
        ("A", 3, 1),
        ("B", 1, 1),
    ]


def test_the_record_that_lost_a_row_is_marked_incomplete(export: World) -> None:
    export.land()
    assert export.rows(
        """
        select record_type, source_system, record_key = (select any_value(_record_key) from raw.invoices where invoice_id = 'B')
        from raw.incomplete_key
        """
    ) == [("invoices", "till", True)]
    assert export.rows("select record_type, column_name, rule, row_count from raw.quarantine_summary order by 1") == [
        ("invoice_lines", "amount", "type", 1),
        ("invoices", "amount", "type", 1),
    ]
    assert export.rows("select record_type, row_number, raw_value, row_text from vault.quarantine order by 1") == [
        (record, 5, "seven", '{"Kind":"line","Invoice":"B","Issued":"2024-02-01 12:00:00","Product":"ink","Amount":"seven"}')
        for record in ("invoice_lines", "invoices")
    ]


def test_totals_by_the_month_of_the_row_for_every_disposition(export: World) -> None:
    export.land()
    assert export.rows(
        """
        select cast(month as varchar), currency, disposition, row_count, amount_original
        from raw.landing_total where record_type = 'invoices' order by all
        """
    ) == [
        ("2024-01-01", "CNY", "landed", 3, Decimal("22.5000")),
        ("2024-02-01", "CNY", "landed", 1, Decimal("7.2500")),
        ("2024-02-01", "CNY", "quarantined", 1, None),
        (None, "CNY", "excluded", 1, Decimal("29.7500")),
    ]


def test_the_same_file_again_is_skipped_by_its_content(export: World) -> None:
    export.land()
    export.deliver("till/again.csv", EXPORT)
    report = export.land()
    assert report.skipped == ("landing/till/again.csv",)
    assert not report.is_new
    assert export.ledger("invoice_lines")[1] == ("again.csv", "skipped", 0, 0, 0, 0, 0, 0)
    assert export.values("select count(*) from raw.invoice_lines") == [4]


def test_the_mended_file_lands_all_its_lines(export: World) -> None:
    export.land()
    export.deliver("till/mended.csv", MENDED)
    export.land()
    assert export.ledger("invoice_lines")[1] == ("mended.csv", "landed", 6, 5, 0, 1, 0, 5)
    assert export.ledger("invoices")[1] == ("mended.csv", "landed", 6, 5, 0, 1, 0, 2)
    # The rows of the newer delivery carry the same records, so that they replace the older ones: five lines stand, of two invoices.
    newest = "_delivery_key = (select max_by(delivery_key, delivery_order) from raw.delivery)"
    assert export.row(f"select count(*), count(distinct _record_key) from raw.invoice_lines where {newest}") == (5, 2)
    assert export.row("select count(distinct _record_key) from raw.invoice_lines") == (2,)
    assert export.values("select count(*) from raw.incomplete_key") == [1]
