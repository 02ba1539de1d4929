"""Coming back and concentration, on purchases that can be counted by hand."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from pipelines.sample.report.shapes_purchases import coming_back, gini, purchase_shapes, revenue, top_fifth


def purchases(*rows: tuple[int, int, int, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["invoice_id", "customer_id", "delivered", "amount"], orient="row")


def test_two_invoices_within_the_last_twelve_months_are_a_return() -> None:
    bought = purchases(
        *[(1, 10, 12, 500), (2, 10, 23, 500)],
        *[(3, 20, 11, 500), (4, 20, 13, 500)],  # the first is too old
        *[(5, 30, 14, 500), (6, 30, 15, -500)],  # the second is taken back
        *[(7, 40, 20, 500), (7, 40, 21, 500)],  # delivered again
    )
    found = coming_back(bought, 24)
    assert found["repeat_rate"] == 1 / 4
    assert found["one_and_done"] == 2 / 3, "20 and 30; 40 came too late to say"


def test_nobody_who_bought_is_nothing_to_tell() -> None:
    nobody = purchases((1, 10, 0, 500)).filter(pl.col("amount") < 0)
    assert math.isnan(coming_back(nobody, 24)["repeat_rate"])
    assert math.isnan(top_fifth(revenue(nobody, 0)))


def test_revenue_deducts_what_was_taken_back_and_leaves_out_who_brings_nothing() -> None:
    bought = purchases((1, 10, 12, 500), (2, 10, 13, -200), (3, 20, 12, 100), (4, 20, 12, -100), (5, 30, 11, 900), (6, 40, 12, 100))
    assert revenue(bought, 12).tolist() == [100, 300]


def test_the_top_fifth_of_ten() -> None:
    assert top_fifth(np.array([1, 1, 1, 1, 1, 1, 1, 1, 4, 8])) == pytest.approx(12 / 20)


def test_gini_is_0_for_equals_and_known_for_two() -> None:
    assert gini(np.array([3, 3, 3])) == pytest.approx(0.0)
    assert gini(np.array([1, 3])) == pytest.approx(0.25)


def test_persons_are_looked_at_apart() -> None:
    bills = purchases(*[(number, number, 20, 100) for number in range(9)], (9, 9, 20, 9_100))
    found = purchase_shapes(bills, bills, np.arange(9), 24)
    assert found["top_fifth_all"] == pytest.approx(0.92)
    assert found["top_fifth_persons"] == pytest.approx(2 / 9)
