"""What becomes of rows that share a key: corrections, conflicts, repetitions, rows without a key, and rows that fold."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.intake.world import World

PAYMENTS = """
    payments:
      columns: {payment_id: Id, customer_id: Customer, paid_at: Paid, amount: Amount}
"""
LINES = """
    invoice_lines:
      on_exact_duplicate: DUPLICATE
      columns: {invoice_id: Invoice, product_id: Product, amount: Amount}
"""
NUMBERED = """
    invoice_lines:
      columns: {invoice_id: Invoice, line_number: Line, amount: Amount}
"""


def test_a_correction_lands_beside_what_it_corrects(world: World) -> None:
    world.source("bank", PAYMENTS)
    world.deliver("bank/1.csv", "Id,Customer,Paid,Amount\np1,c1,2024-01-02,10\np2,c1,2024-01-03,20\n")
    world.deliver("bank/2.csv", "Id,Customer,Paid,Amount\np1,c1,2024-01-02,11\n")
    world.land()
    assert world.ledger("payments") == [("1.csv", "landed", 2, 2, 0, 0, 0, 2), ("2.csv", "landed", 1, 1, 0, 0, 0, 1)]
    assert world.rows(
        "select payment_id, amount, count(*) over (partition by _record_key) from raw.payments order by _known_at, payment_id"
    ) == [("p1", Decimal("10.0000"), 2), ("p2", Decimal("20.0000"), 1), ("p1", Decimal("11.0000"), 2)]
    assert world.values("select count(*) from raw.repeated_row") == [0]


def test_two_different_rows_with_one_key_in_one_delivery_are_both_quarantined(world: World) -> None:
    world.source("bank", PAYMENTS)
    world.deliver(
        "bank/1.csv",
        """
        Id,Customer,Paid,Amount
        p1,c1,2024-01-02,10
        p2,c1,2024-01-03,20
        p1,c1,2024-01-02,11
        p1,c1,2024-01-02,10
        """,
    )
    world.land()
    assert world.ledger("payments") == [("1.csv", "landed", 4, 1, 0, 0, 3, 1)]
    assert world.values("select payment_id from raw.payments") == ["p2"]
    assert world.rows("select row_number, column_name, rule, row_text from vault.quarantine order by 1") == [
        (row, "payment_id", "key_conflict", f'{{"Id":"p1","Customer":"c1","Paid":"2024-01-02","Amount":"{amount}"}}')
        for row, amount in ((1, 10), (3, 11), (4, 10))
    ]
    assert world.rows("select disposition, row_count, amount_original from raw.landing_total order by 1") == [
        ("landed", 1, Decimal("20.0000")),
        ("quarantined", 3, Decimal("31.0000")),
    ]


def test_equal_rows_with_one_key_in_one_delivery_land_once(world: World) -> None:
    world.source("bank", PAYMENTS)
    world.deliver("bank/1.csv", "Id,Customer,Paid,Amount\np1,c1,2024-01-02,10\np1,c1,2024-01-02,10\np1, c1 ,2024-01-02 00:00,10.00\n")
    world.land()
    assert world.ledger("payments") == [("1.csv", "landed", 3, 1, 2, 0, 0, 1)]
    assert world.values("select _row_number from raw.payments") == [1]
    assert world.values("select count(*) from raw.repeated_row") == [0]


def test_a_row_that_landed_before_is_counted_and_says_that_it_still_stands(world: World) -> None:
    world.source("bank", PAYMENTS)
    world.deliver("bank/1.csv", "Id,Customer,Paid,Amount\np1,c1,2024-01-02,10\n")
    world.deliver("bank/2.csv", "Id,Customer,Paid,Amount\np1,c1,2024-01-02,11\n")
    world.deliver("bank/3.csv", "Id,Customer,Paid,Amount\np0,c1,2024-01-01,5\np1,c1,2024-01-02,10\np1,c1,2024-01-02,10\n")
    world.land()
    assert world.ledger("payments")[2] == ("3.csv", "landed", 3, 1, 2, 0, 0, 2)
    assert world.rows(
        """
        select split_part(file_name, '/', -1), repeated.record_type, repeated.source_system, payment_id, amount
        from raw.repeated_row as repeated
        join raw.delivery using (delivery_key)
        join raw.payments on record_key = _record_key and content_hash = _content_hash
        """
    ) == [("3.csv", "payments", "bank", "p1", Decimal("10.0000"))]


def test_a_key_is_one_only_within_its_system(world: World) -> None:
    world.source("north", PAYMENTS)
    world.source("south", PAYMENTS)
    for system in ("north", "south"):
        world.deliver(f"{system}/1.csv", "Id,Customer,Paid,Amount\np1,c1,2024-01-02,10\n")
    world.land()
    for key in ("_record_key", "payment_key", "customer_key"):
        assert world.row(f"select count(*), count(distinct {key}) from raw.payments") == (2, 2)


def test_rows_name_their_own_system(world: World) -> None:
    world.source("group", PAYMENTS.replace("amount: Amount", "amount: Amount, source_system: Subsidiary"), system="head_office")
    world.deliver(
        "group/1.csv",
        "Subsidiary,Id,Customer,Paid,Amount\nnorth,p1,c1,2024-01-02,10\nsouth,p1,c1,2024-01-02,11\n,p1,c1,2024-01-02,12\n",
    )
    world.land()
    assert world.rows("select source_system, amount from raw.payments order by amount") == [
        ("north", Decimal("10.0000")),
        ("south", Decimal("11.0000")),
        ("head_office", Decimal("12.0000")),
    ]


def test_ids_of_several_systems_in_one_file_stay_apart(world: World) -> None:
    world.source("group", LINES.replace("DUPLICATE", "keep").replace("amount: Amount", "amount: Amount, source_system: Subsidiary"))
    world.deliver("group/1.csv", "Subsidiary,Invoice,Product,Amount\nnorth,A,pen,1\nnorth,A,ink,2\nsouth,A,pen,4\n")
    world.land()
    assert world.ledger("invoice_lines") == [("1.csv", "landed", 3, 3, 0, 0, 0, 3)]
    for key in ("_record_key", "invoice_key"):
        assert world.rows(f"select source_system, count(*), count(distinct {key}) from raw.invoice_lines group by 1 order by 1") == [
            ("north", 2, 1),
            ("south", 1, 1),
        ]
        assert world.values(f"select count(distinct {key}) from raw.invoice_lines") == [2]
    assert world.values("select count(distinct product_key) from raw.invoice_lines") == [3]


@pytest.mark.parametrize(("rule", "landed", "duplicate"), [("keep", 4, 0), ("drop", 3, 1)])
def test_equal_rows_without_a_key_are_kept_unless_told_to_drop(world: World, rule: str, landed: int, duplicate: int) -> None:
    world.source("till", LINES.replace("DUPLICATE", rule))
    world.deliver("till/1.csv", "Invoice,Product,Amount\nA,pen,1\nA,ink,2\nA,pen,1.00\nB,pen,1\n")
    world.land()
    assert world.ledger("invoice_lines") == [("1.csv", "landed", 4, landed, duplicate, 0, 0, landed)]
    # A later delivery replaces the invoice as a whole, so that its lines land whatever has landed before.
    world.deliver("till/2.csv", "Invoice,Product,Amount\nA,pen,1\nA,nib,3\n")
    world.land()
    assert world.ledger("invoice_lines")[1] == ("2.csv", "landed", 2, 2, 0, 0, 0, 2)


def test_a_line_number_that_is_delivered_is_part_of_the_key(world: World) -> None:
    world.source("till", NUMBERED)
    world.deliver("till/1.csv", "Invoice,Line,Amount\nA,1,10\nA,2,10\nA,,10\nA,two,10\nA,2.5,10\n")
    world.land()
    assert world.ledger("invoice_lines") == [("1.csv", "landed", 5, 2, 0, 0, 3, 2)]
    assert world.rows("select row_number, column_name, rule, raw_value from vault.quarantine order by 1") == [
        (3, "line_number", "required", None),
        (4, "line_number", "type", "two"),
        (5, "line_number", "type", "2.5"),
    ]
    assert world.values("select count(distinct _record_key) from raw.invoice_lines") == [2]


FOLDED = """
    invoices:
      fold: {customer_id: any_equal, issued_at: min, amount: sum, status: any_equal}
      columns: {invoice_id: Invoice, customer_id: Customer, issued_at: Issued, amount: Amount, status: Status}
"""


def test_a_row_that_contradicts_its_record_is_quarantined(world: World) -> None:
    world.source("till", FOLDED)
    world.deliver(
        "till/1.csv",
        """
        Invoice,Customer,Issued,Amount,Status
        A,,2024-01-01,1,issued
        A,c1,2024-01-02,2,issued
        A,c2,2024-01-03,4,issued
        A,,2024-01-04,8,
        A,c1,2024-01-05,16,cancelled
        B,c2,2024-01-06,32,issued
        C,,2024-01-07,64,
        """,
    )
    world.land()
    # A missing customer or status contradicts nobody; the first that is there says which one counts.
    assert world.ledger("invoices") == [("1.csv", "landed", 7, 5, 0, 0, 2, 3)]
    assert world.rows("select invoice_id, sum(amount) from raw.invoices group by 1 order by 1") == [
        ("A", Decimal(11)),
        ("B", Decimal(32)),
        ("C", Decimal(64)),
    ]
    assert world.rows("select row_number, column_name, rule, row_text from vault.quarantine order by 1") == [
        (3, "customer_id", "any_equal", '{"Invoice":"A","Customer":"c2","Issued":"2024-01-03","Amount":"4","Status":"issued"}'),
        (5, "status", "any_equal", '{"Invoice":"A","Customer":"c1","Issued":"2024-01-05","Amount":"16","Status":"cancelled"}'),
    ]
    assert world.values("select distinct invoice_id from raw.invoices join raw.incomplete_key on _record_key = record_key") == ["A"]
    assert world.rows("select column_name, fold from raw.feed_fold order by 1") == [
        ("amount", "sum"),
        ("customer_key", "any_equal"),
        ("issued_at", "min"),
        ("status", "any_equal"),
    ]


def test_a_lost_row_marks_its_record_only_where_its_key_can_be_read(world: World) -> None:
    world.source("till", FOLDED)
    world.deliver("till/1.csv", "Invoice,Customer,Issued,Amount,Status\n,c1,2024-01-01,1,\nA,c1,soon,2,\nB,c1,2024-01-01,4,\n")
    world.land()
    assert world.ledger("invoices") == [("1.csv", "landed", 3, 1, 0, 0, 2, 1)]
    assert world.values("select count(*) from raw.incomplete_key") == [1]
    assert world.values("select count(*) from raw.incomplete_key join raw.invoices on record_key = _record_key") == [0]


def test_a_folded_record_is_never_a_duplicate(world: World) -> None:
    world.source("till", FOLDED)
    rows = "A,c1,2024-01-01,1,\nA,c1,2024-01-01,1,\n"
    world.deliver("till/1.csv", f"Invoice,Customer,Issued,Amount,Status\n{rows}")
    world.deliver("till/2.csv", f"Invoice,Customer,Issued,Amount,Status\n{rows}B,c1,2024-01-01,1,\n")
    world.land()
    assert world.ledger("invoices") == [("1.csv", "landed", 2, 2, 0, 0, 0, 1), ("2.csv", "landed", 3, 3, 0, 0, 0, 2)]
    assert world.values("select count(_content_hash) from raw.invoices") == [0], "contents that are never compared are not hashed"


def test_what_a_source_said_of_its_folds_stays_when_it_is_gone(world: World) -> None:
    world.source("till", FOLDED)
    world.deliver("till/1.csv", "Invoice,Customer,Issued,Amount,Status\nA,c1,2024-01-01,1,\n")
    world.land()
    world.source("till", FOLDED.replace("status: any_equal", "status: latest"))
    world.land()
    assert world.values("select fold from raw.feed_fold where column_name = 'status'") == ["latest"]
    (world.workspace.sources / "till.yml").unlink()
    world.source("branch", FOLDED)
    world.land()
    assert world.rows("select source_name, count(*), count_if(fold = 'latest') from raw.feed_fold group by 1 order by 1") == [
        ("branch", 4, 0),
        ("till", 4, 1),
    ]
