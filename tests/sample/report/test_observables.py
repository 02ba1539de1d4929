"""What a model may see: nothing of the truth, and nothing that was not delivered yet."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipelines.sample.records.usage import metered
from pipelines.sample.report import observables as room
from pipelines.sample.report.delivered import Delivered, frames
from pipelines.sample.report.observables import observables, ratio, running
from tests.sample.report.small_sample import small_sample, up_to


def test_only_what_was_delivered_is_asked_for() -> None:
    assert {parameter.annotation for parameter in inspect.signature(observables).parameters.values()} == {Delivered}
    source = inspect.getsource(room)
    assert "chunk" not in source
    assert "pipelines.sample.story" not in source


def test_a_column_of_the_truth_is_refused() -> None:
    _, records = small_sample()
    with pytest.raises(ValueError, match="surveys holds the truth: _mood"):
        replace(records, surveys=records.surveys.with_columns(_mood=pl.lit(0.5)))


def test_nothing_that_comes_later_changes_what_was_seen() -> None:
    _, records = small_sample()
    everything = observables(records)
    for month in (5, 11):
        then = observables(up_to(records, month))
        assert then.keys() == everything.keys()
        for name, values in then.items():
            np.testing.assert_array_equal(values[month], everything[name][month], err_msg=name)


def test_use_is_known_with_the_month_in_which_it_was() -> None:
    chunk, records = small_sample()
    used = metered(chunk)
    for month in (0, 9):
        billed_after = used.filter(pl.col("month") == month + 1)["quantity"].sum()
        assert records.usage.filter(pl.col("delivered") == month)["quantity"].sum() == pytest.approx(billed_after)


def test_nothing_is_delivered_before_or_after_the_months_of_the_sample() -> None:
    _, records = small_sample()
    for name in frames():
        assert getattr(records, name)["delivered"].is_between(0, 17).all(), name


def test_every_column_says_something() -> None:
    _, records = small_sample()
    for name, values in observables(records).items():
        assert values.shape == (18, len(records.customers)), name
        assert len(np.unique(values[9:][~np.isnan(values[9:])])) > 1, name


def test_a_termination_is_not_seen() -> None:
    _, records = small_sample()
    seen = observables(records)
    without = observables(replace(records, service_changes=records.service_changes.filter(pl.col("change") != "terminate")))
    for name, values in without.items():
        np.testing.assert_array_equal(values, seen[name], err_msg=name)


def test_sums_run_over_so_many_months() -> None:
    assert running(np.array([[1.0], [2.0], [4.0], [8.0]]), 3)[:, 0].tolist() == [1.0, 3.0, 7.0, 14.0]


def test_by_nothing_is_unknown() -> None:
    assert ratio(np.array([1.0, 3.0]), np.array([2.0, 0.0])).tolist() == pytest.approx([0.5, float("nan")], nan_ok=True)


def test_rows_are_added_up_by_month_and_customer() -> None:
    _, records = small_sample()
    first, second = records.customers[:2].tolist()
    frame = pl.DataFrame({"customer_id": [first, first, second, None, 10**9], "delivered": [0, 0, 3, 1, 1], "amount": [5, 6, 7, 8, 9]})
    total = records.by_month(frame, "amount")
    assert total[0, 0] == 11
    assert total[3, 1] == 7
    assert total.sum() == 18
    assert records.by_month(frame)[0, 0] == 2
