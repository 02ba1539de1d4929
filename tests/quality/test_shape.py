"""What keeps a delivery out: each rule with a delivery that breaks it, and one just within its limit that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.quality.shop import ROWS, last, unmet

if TYPE_CHECKING:
    from tests.quality.shop import Shop

CRITICAL = {"delivery_is_not_empty", "row_count_is_plausible", "few_rows_are_quarantined", "column_is_not_lost"}


def critical(shop: Shop) -> set[str]:
    """Land and judge; the critical expectations that the last delivery does not meet, which are the reasons for which it is held."""
    assessment = shop.judge()
    found = {check.rule.name for check in assessment.new[-1].broken("critical")}
    assert (shop.standing()[-1] == "held") is bool(found) is assessment.new[-1].is_held
    assert set(shop.standing()[:-1]) <= {"landed"}
    return found


def test_ordinary_months_meet_everything(shop: Shop) -> None:
    shop.usual(8)
    assessment = shop.judge()
    assert unmet(assessment) == []
    asked = {check.rule.name for delivery in assessment.new for check in delivery.checks}
    assert asked >= CRITICAL
    assert set(shop.standing()) == {"landed"}


def test_an_empty_delivery_is_held_where_none_was_empty(shop: Shop) -> None:
    shop.usual(1)
    shop.bills(2, 0)
    assert critical(shop) == {"delivery_is_not_empty"}
    (reason,) = shop.values("select reason from raw.delivery where status = 'held'")
    assert reason == "rows delivered: 0, expected at least 1"


def test_an_empty_delivery_is_ordinary_where_others_were_empty(shop: Shop) -> None:
    shop.bills(1, 0)
    shop.usual(0)
    for month in (2, 3, 4):
        shop.bills(month)
    shop.bills(5, 0)
    assert critical(shop) == set()


@pytest.mark.parametrize(("rows", "held"), [(1, True), (2, False), (20 * ROWS, False), (20 * ROWS + 1, True)])
def test_a_row_count_beyond_all_seasons_is_held(shop: Shop, rows: int, *, held: bool) -> None:
    for month in (1, 2, 3):
        shop.bills(month)
    shop.bills(4, rows)
    assert critical(shop) == ({"row_count_is_plausible"} if held else set())


def test_the_reason_says_what_was_expected(shop: Shop) -> None:
    for month, rows in ((1, 400), (2, 420), (3, 500)):
        shop.bills(month, rows)
    shop.bills(4, 5)
    shop.judge()
    # The median of those before is 420, the one just before had 500.
    assert shop.values("select reason from raw.delivery where status = 'held'") == ["rows delivered: 5, expected 21 to 10,000"]


@pytest.mark.parametrize(("rows", "broken", "held"), [(40, 21, True), (40, 20, False), (29, 29, False)])
def test_a_delivery_of_which_most_is_quarantined_is_held(shop: Shop, rows: int, broken: int, *, held: bool) -> None:
    """The very first one as well: this needs no history, only rows enough."""
    shop.bills(1, rows, broken=broken)
    assert critical(shop) == ({"few_rows_are_quarantined"} if held else set())


@pytest.mark.parametrize(("statuses", "held"), [(0, True), (1, False)])
def test_a_column_that_was_filled_and_is_empty_is_held(shop: Shop, statuses: int, *, held: bool) -> None:
    shop.usual(3)
    shop.bills(4, statuses=statuses)
    assert critical(shop) == ({"column_is_not_lost"} if held else set())
    if held:
        (reason,) = shop.values("select reason from raw.delivery where status = 'held'")
        assert reason == "share of rows without a value in status: 100.0%, expected less than 100.0%"


def test_a_column_that_is_not_delivered_at_all_is_lost(shop: Shop) -> None:
    shop.usual(3)
    path = shop.bills(4)
    cut = "".join(line.rpartition(",")[0] + "\n" for line in path.read_text(encoding="utf-8").splitlines())
    shop.deliver("shop/bills_20240501.csv", cut)
    assert critical(shop) == {"column_is_not_lost"}


@pytest.mark.parametrize("statuses", [19, 0])
def test_a_column_that_is_rarely_filled_may_be_empty(shop: Shop, statuses: int) -> None:
    for month in (1, 2, 3):
        shop.bills(month, statuses=19)
    shop.bills(4, statuses=statuses)
    assert critical(shop) == set()


def test_few_rows_lose_no_column(shop: Shop) -> None:
    shop.usual(3)
    shop.bills(4, 29, statuses=0)
    assert critical(shop) == set()


def test_the_first_deliveries_are_held_against_no_history(shop: Shop) -> None:
    """Three deliveries before it make a history, not two."""
    shop.bills(1, 1000)
    shop.bills(2, 1, statuses=0)
    shop.bills(3, 40, statuses=0, amount=9)
    assert unmet(shop.judge()) == []
    shop.bills(4, 30_000)
    assert critical(shop) == {"row_count_is_plausible"}


def test_what_was_observed_and_expected_is_kept(shop: Shop) -> None:
    shop.usual(4)
    assessment = shop.judge()
    rows = shop.rows(
        """
        select expectation, severity, is_met, observed, expected_low, expected_high from raw.delivery_check
        where column_name is null and delivery_key = (select max_by(delivery_key, delivery_order) from raw.delivery)
        """
    )
    # 41, 42, 40 and 41 rows: the median of the first three is 41, the last of them had 40.
    assert ("row_count_is_plausible", "critical", True, 41.0, 2.0, 820.0) in rows
    assert ("few_rows_are_quarantined", "critical", True, 0.0, None, 0.5) in rows
    assert len(rows) == len(last(assessment))
