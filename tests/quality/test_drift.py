"""What is only said: each warning with a delivery that raises it, and one that does not; none of them keeps a delivery out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.quality.shop import ROWS, last, unmet

if TYPE_CHECKING:
    from tests.quality.shop import Shop


def warned(shop: Shop) -> set[tuple[str, str | None]]:
    """Land and judge: expectation and column of the last delivery's warnings; nothing is held."""
    assessment = shop.judge()
    assert set(shop.standing()) == {"landed"}
    return {(check.rule.name, check.column_name) for check in assessment.of("invoices")[-1].broken("warning")}


@pytest.mark.parametrize(("rows", "expected"), [(3 * ROWS + 1, True), (3 * ROWS, False), (14, False), (13, True)])
def test_many_more_or_fewer_rows(shop: Shop, rows: int, *, expected: bool) -> None:
    for month in (1, 2, 3):
        shop.bills(month)
    shop.bills(4, rows)
    assert warned(shop) == ({("row_count_is_usual", None)} if expected else set())


@pytest.mark.parametrize(("amount", "expected"), [(310, True), (290, False), (35, False), (30, True), (-100, True)])
def test_another_mean_amount(shop: Shop, amount: float, *, expected: bool) -> None:
    shop.usual(3)
    shop.bills(4, amount=amount)
    assert warned(shop) == ({("mean_amount_is_usual", None)} if expected else set())


def test_amounts_that_are_negative_as_a_rule(shop: Shop) -> None:
    for month in (1, 2, 3):
        shop.bills(month, amount=-100)
    shop.bills(4, amount=-200)
    assert warned(shop) == set()
    shop.bills(5, amount=-900)
    assessment = shop.judge()
    check = last(assessment)["mean_amount_is_usual"]
    assert not check.is_met
    assert check.expected_low is not None
    assert check.expected_high is not None
    assert check.expected_low < check.expected_high < 0


def test_amounts_in_two_currencies_have_no_mean(shop: Shop) -> None:
    source = shop.workspace.sources / "shop.yml"
    source.write_text(source.read_text(encoding="utf-8").replace("customer_id: Customer", "currency: Customer"), encoding="utf-8")
    rows = [f"B{row},{'EUR' if row % 2 else 'USD'},2024-01-15 10:00:00,{10 ** (row % 5)},issued" for row in range(40)]
    shop.deliver("shop/bills_20240201.csv", "BillNo,Customer,Date,Total,Status\n" + "\n".join(rows) + "\n")
    shop.judge()
    assert shop.rows("select value from raw.delivery_metric where metric in ('amount_mean', 'amount_sum')") == [(None,), (None,)]


@pytest.mark.parametrize(("statuses", "expected"), [(29, True), (30, False)])
def test_a_column_that_is_filled_less_often(shop: Shop, statuses: int, *, expected: bool) -> None:
    for month in (1, 2, 3):
        shop.bills(month)
    shop.bills(4, statuses=statuses)
    assert warned(shop) == ({("column_is_filled_as_usual", "status")} if expected else set())


@pytest.mark.parametrize(("day", "expected"), [(15, True), (20, False)])
def test_events_that_end_long_before_the_delivery(shop: Shop, day: int, *, expected: bool) -> None:
    """The contract of invoices allows 45 days. January's bills, known on 1 March."""
    path = shop.bills(1, day=day)
    path.rename(path.with_name("bills_20240305.csv"))
    assert warned(shop) == ({("newest_event_is_fresh", None)} if expected else set())


def test_what_is_known_already_is_as_fresh_as_its_newest_event(shop: Shop) -> None:
    """A correction of January's bills that comes in May, after April's."""
    shop.usual(4)
    path = shop.bills(1, amount=120)
    path.rename(path.with_name("bills_20240503.csv"))
    assert warned(shop) == set()


def test_a_full_delivery_is_as_fresh_as_it_is_known(shop: Shop) -> None:
    shop.open("mode: full")
    path = shop.bills(1)
    path.rename(path.with_name("bills_20250101.csv"))
    assert warned(shop) == set()


@pytest.mark.parametrize(("strangers", "expected"), [(9, True), (8, False)])
def test_ids_that_no_record_has(shop: Shop, strangers: int, *, expected: bool) -> None:
    """Without a history too, once customers have been delivered."""
    known_customers(shop, 10)
    shop.bills(1, strangers=strangers)
    assert warned(shop) == ({("ids_are_known", "customer_key")} if expected else set())


def test_ids_that_have_never_been_known_are_usual(shop: Shop) -> None:
    known_customers(shop, 10)
    for month in (1, 2, 3):
        shop.bills(month, strangers=20)
    shop.judge()
    shop.bills(4, strangers=22)
    assert warned(shop) == set()
    shop.bills(5, strangers=31)
    assert warned(shop) == {("ids_are_known", "customer_key")}


def test_ids_are_not_asked_for_where_nobody_delivers_customers(shop: Shop) -> None:
    shop.usual(3)
    assert unmet(shop.judge()) == []
    assert shop.rows("select * from raw.delivery_metric where metric = 'unknown_share'") == []


def test_a_column_that_nobody_reads_is_new_once(shop: Shop) -> None:
    def widened(month: int, name: str) -> None:
        path = shop.bills(month)
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([f"{lines[0]},{name}", *(f"{line},1" for line in lines[1:])]) + "\n", encoding="utf-8")

    widened(1, "Note")
    assert warned(shop) == set(), "the first delivery has nothing to compare with"
    widened(2, "Note")
    assert warned(shop) == set()
    widened(3, "Note,Branch")
    # One cell short of the header: that is a matter of the rows, not of this rule.
    path = shop.workspace.landing / "shop" / "bills_20240401.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",1\n", ",1,2\n"), encoding="utf-8")
    assert warned(shop) == {("columns_are_known", None)}
    assert shop.rows("select count(*) from raw.delivery_metric where column_name in ('Note', 'Branch')") == [(0,)]


def known_customers(shop: Shop, count: int) -> None:
    shop.source("crm", "customers: {columns: {customer_id: Number, registered_at: Since}}", "known_at: {from: latest_event}", system="shop")
    rows = "\n".join(f"customer-{number},2024-01-01 00:00:00" for number in range(count))
    shop.deliver("crm/customers.csv", f"Number,Since\n{rows}\n")
