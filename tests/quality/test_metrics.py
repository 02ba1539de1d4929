"""The figures themselves, by hand, and what is never measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.quality.shop import Shop


def test_the_figures_of_a_small_delivery(shop: Shop) -> None:
    shop.deliver(
        "shop/bills_20240201.csv",
        """
        BillNo,Customer,Date,Total,Status
        1,a,2024-01-01 00:00:00,10,issued
        2,a,2024-01-02 12:00:00,30,
        3,,2024-01-01 00:00:00,-4,
        3,,2024-01-01 00:00:00,-4,
        4,b,soon,5,issued
        """,
    )
    shop.judge()
    figures = {(column, metric): value for column, metric, value in shop.rows("select column_name, metric, value from raw.delivery_metric")}
    counts = ("rows_in", "rows_landed", "rows_duplicate", "rows_excluded", "rows_quarantined", "records")
    assert [figures[None, name] for name in counts] == [5, 3, 1, 0, 1, 3]
    assert figures[None, "quarantined_share"] == 0.2
    assert figures[None, "distinct_share"] == 0.75
    assert figures["customer_key", "null_share"] == pytest.approx(1 / 3)
    assert figures["status", "null_share"] == pytest.approx(2 / 3)
    assert figures["due_at", "null_share"] == 1
    assert [figures["amount", name] for name in ("minimum", "maximum", "mean", "amount_sum", "amount_mean")] == [-4, 30, 12, 36, 12]
    # 1 January 2024 in Shanghai begins at 16:00 UTC of the day before, 19,722 days after 1970-01-01.
    assert figures["issued_at", "minimum"] == pytest.approx(19_722 + 16 / 24)
    assert figures["issued_at", "latest_event"] == figures["issued_at", "maximum"] == pytest.approx(19_724 + 4 / 24)


def test_of_persons_nothing_but_the_absence_of_a_key_is_measured(shop: Shop) -> None:
    shop.source("crm", "customers: {columns: {customer_id: Number, name: Name, birth_date: Born, phone: Phone, manager_id: Manager}}")
    shop.deliver("crm/customers.csv", "Number,Name,Born,Phone,Manager\n7,Ada,1990-05-05,555,12\n8,Bo,1950-05-05,556,\n")
    shop.judge()
    figures = "select column_name, metric, value from raw.delivery_metric where record_type = 'customers' and column_name is not null"
    found = shop.rows(f"{figures} order by all")
    assert {column for column, _, _ in found}.isdisjoint({"name", "birth_date", "phone", "customer_id", "manager_id"})
    assert {metric for column, metric, _ in found if column in ("birth_year", "customer_key", "manager_key")} == {"null_share"}
    assert ("manager_key", "null_share", 0.5) in found


def test_a_delivery_without_a_landed_row_has_figures_all_the_same(shop: Shop) -> None:
    shop.bills(1)
    shop.judge()
    path = shop.bills(2, 0)
    shop.judge()
    assert path.exists()
    values = dict(
        shop.rows(
            "select metric, value from raw.delivery_metric join raw.delivery using (delivery_key, record_type) "
            "where rows_in = 0 and column_name is null or rows_in = 0 and column_name = 'amount'"
        )
    )
    assert values["rows_in"] == 0
    assert values["amount_mean"] is None
    assert values["quarantined_share"] is None
