from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from tests.sample.delivered import fen

if TYPE_CHECKING:
    from tests.sample.delivered import Sample


def test_lines_add_up_to_their_invoice(sample: Sample) -> None:
    gross: dict[str, int] = defaultdict(int)
    tax: dict[str, int] = defaultdict(int)
    for line in sample.current("billing_invoice_lines", "BillNo", "N°"):
        gross[line["BillNo"]] += fen(line["Gross"])
        tax[line["BillNo"]] += fen(line["Vat"])
    incomplete = _with_unreadable_lines(sample)
    invoices = sample.current("billing_invoices", "BillNo")
    checked = [row for row in invoices if row["BillNo"] not in incomplete]
    assert len(checked) > 0.98 * len(invoices)
    wrong = [row for row in checked if (gross[row["BillNo"]], tax[row["BillNo"]]) != (fen(row["Total"]), fen(row["Vat"]))]
    assert wrong == []


def test_lines_add_up_to_what_their_file_says(sample: Sample) -> None:
    """Also before a correction: what is overstated is overstated in both."""
    checked, incomplete = 0, _with_unreadable_lines(sample)
    for invoices, lines in zip(sample.clean("billing_invoices"), sample.clean("billing_invoice_lines"), strict=True):
        stated = {row["BillNo"]: fen(row["Total"]) for row in invoices}
        gross: dict[str, int] = defaultdict(int)
        for line in lines:
            gross[line["BillNo"]] += fen(line["Gross"])
        differing = [number for number in stated if number in gross and gross[number] != stated[number]]
        checked += len(stated)
        assert set(differing) <= incomplete
    assert checked > 8_000


def _with_unreadable_lines(sample: Sample) -> set[str]:
    """Numbers of the bills that miss a line, because its number or its amount cannot be read."""
    without_number = {line["was"] for line in sample.dirt() if line["source"] == "billing_invoice_lines" and line["kind"] == "missing_key"}
    rows = [row for delivery in sample.rows("billing_invoice_lines") for row in delivery]
    return without_number | {row["BillNo"] for row in rows if not re.fullmatch(r"-?\d+,\d\d", row["Gross"])}


def test_quantity_times_price_is_the_amount(sample: Sample) -> None:
    wrong = [
        line
        for line in sample.current("billing_invoice_lines", "BillNo", "N°")
        if int(line["Qty"]) * fen(line["Price"]) != fen(line["Gross"])
    ]
    assert wrong == []


def test_tax_lies_within_the_amount(sample: Sample) -> None:
    rates = {"9": 9, "6": 6, "13": 13}
    for line in sample.current("billing_invoice_lines", "BillNo", "N°"):
        gross, tax = fen(line["Gross"]), fen(line["Vat"])
        assert any(abs(tax - gross * rate / (100 + rate)) <= 0.5 for rate in rates.values()), line


def test_the_control_row_is_the_sum_of_the_file(sample: Sample) -> None:
    checked = 0
    for rows in sample.rows("billing_invoices"):
        *bills, control = rows
        assert (control["BillNo"], control["Kind"]) == ("TOTAL", "total")
        if all(re.fullmatch(r"-?\d+,\d\d", row["Total"]) for row in bills):
            assert sum(fen(row["Total"]) for row in bills) == fen(control["Total"])
            checked += 1
    assert checked > 6


def test_a_reversal_undoes_its_bill(sample: Sample) -> None:
    invoices = {row["BillNo"]: row for row in sample.current("billing_invoices", "BillNo")}
    reversals = [row for row in invoices.values() if row["Kind"] == "storno"]
    assert len(reversals) > 5
    for row in reversals:
        if row["Cancels"] in invoices:
            assert fen(row["Total"]) == -fen(invoices[row["Cancels"]]["Total"])
            assert row["Account"] == invoices[row["Cancels"]]["Account"]


def test_signs(sample: Sample) -> None:
    for row in sample.current("billing_invoices", "BillNo"):
        assert (fen(row["Total"]) > 0) is (row["Kind"] == "bill"), row
    payments = sample.current("billing_payments", "Receipt")
    assert {row["Kind"] for row in payments} == {"payment", "refund"}
    for row in payments:
        assert (fen(row["Paid"]) > 0) is (row["Kind"] == "payment"), row


def test_most_of_what_is_billed_is_paid_and_nothing_twice(sample: Sample) -> None:
    invoices = {row["BillNo"]: fen(row["Total"]) for row in sample.current("billing_invoices", "BillNo") if row["Kind"] == "bill"}
    paid: dict[str, int] = defaultdict(int)
    for row in sample.current("billing_payments", "Receipt"):
        if row["BillNo"] in invoices and not row["Bounced"]:
            paid[row["BillNo"]] += fen(row["Paid"])
    assert all(paid[number] <= amount for number, amount in invoices.items())
    total = sum(fen(row["Paid"]) for row in sample.current("billing_payments", "Receipt") if not row["Bounced"])
    assert 0.8 < total / sum(invoices.values()) < 0.97
