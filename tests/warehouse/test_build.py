"""Frames out of the build file and back into it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from pipelines.warehouse.build import open_build
from pipelines.warehouse.connection import DatabaseError
from tests.warehouse.test_lock import is_free_for_others

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.warehouse.build import Build
    from pipelines.warehouse.workspace import Workspace

TABLE = "estimates.estimate of 'risk'"
SCHEMA = {"customer_key": "bigint", "score": "tinyint", "label": "varchar"}


@pytest.fixture
def build(built: Workspace) -> Iterator[Build]:
    with open_build(built) as build:
        yield build


def scored(keys: list[int], scores: list[int]) -> pl.DataFrame:
    return pl.DataFrame({"label": ["甲"] * len(keys), "customer_key": keys, "score": scores})


def stored(build: Build) -> list[tuple[object, ...]]:
    return build.frame(TABLE, list(SCHEMA)).rows()


def test_a_frame_has_the_columns_asked_for_in_that_order(build: Build) -> None:
    frame = build.frame("core.fct_customer_month", ["net_amount", "customer_key", "as_of"])
    assert frame.schema == {"net_amount": pl.Decimal(18, 4), "customer_key": pl.Int32, "as_of": pl.Date}
    assert frame.height == 6


def test_a_frame_has_the_rows_asked_for(build: Build) -> None:
    february = {"as_of": date(2025, 2, 28)}
    frame = build.frame("mart.segmentation_customer", ["customer_key"], where={**february, "rfm_segment": "champion"})
    assert frame["customer_key"].to_list() == [10]
    months = build.frame("core.fct_customer_month", ["month"], between=("month", date(2025, 1, 1), date(2025, 1, 31)))
    assert months["month"].unique().to_list() == [date(2025, 1, 1)]
    both = build.frame(
        "core.fct_customer_month", ["net_amount"], where={"customer_key": 10}, between=("month", date(2025, 2, 1), date(2025, 3, 1))
    )
    assert [float(value) for value in both["net_amount"]] == [220]
    assert build.frame("mart.segmentation_customer", ["as_of"], where={"customer_key": 999}).schema == {"as_of": pl.Date}


def test_values_are_values_and_not_sql(build: Build) -> None:
    assert build.frame("core.dim_customer", ["region"], where={"region": "' or true --"}).height == 0


def test_distinct_values_ascend_and_leave_nulls_out(build: Build) -> None:
    assert build.distinct("mart.segmentation_customer", "as_of") == [date(2025, 1, 31), date(2025, 2, 28)]
    assert sorted(build.distinct("core.dim_customer", "region")) == ["华东", "西南"]


def test_a_table_is_replaced_whole_and_keeps_the_order_of_its_frames(build: Build) -> None:
    assert build.replace(TABLE, [scored([1], [1])], SCHEMA) == 1
    assert build.replace(TABLE, iter([scored([9, 3], [5, 4]), scored([], []), scored([7], [1])]), SCHEMA) == 3
    assert stored(build) == [(9, 5, "甲"), (3, 4, "甲"), (7, 1, "甲")]
    assert build.frame(TABLE, list(SCHEMA)).schema == {"customer_key": pl.Int64, "score": pl.Int8, "label": pl.String}


def test_no_frame_gives_an_empty_table(build: Build) -> None:
    assert build.replace(TABLE, [], SCHEMA) == 0
    assert stored(build) == []


def test_a_frame_may_be_made_from_the_build(build: Build) -> None:
    def doubled() -> Iterator[pl.DataFrame]:
        for month in build.distinct("mart.segmentation_customer", "as_of"):
            keys = build.frame("mart.segmentation_customer", ["customer_key"], where={"as_of": month})
            yield keys.select(pl.col("customer_key").cast(pl.Int64), score=pl.lit(1), label=pl.lit("x"))

    assert build.replace(TABLE, doubled(), SCHEMA) == 5


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        (scored([2], [300]), DatabaseError),
        (scored([2], [2]).drop("label"), ValueError),
        (scored([2], [2]).with_columns(extra=1), ValueError),
        (None, ZeroDivisionError),
    ],
    ids=["a value out of range", "a column too few", "a column too many", "a fault in the making"],
)
def test_a_failure_leaves_the_table_as_it_was(build: Build, second: pl.DataFrame | None, fault: type[Exception]) -> None:
    def frames() -> Iterator[pl.DataFrame]:
        yield scored([2], [2])
        if second is None:
            raise ZeroDivisionError
        yield second

    build.replace(TABLE, [scored([1], [1])], SCHEMA)
    with pytest.raises(fault):
        build.replace(TABLE, frames(), SCHEMA)
    assert stored(build) == [(1, 1, "甲")]
    assert build.replace(TABLE, [scored([3], [3])], SCHEMA) == 1


def test_a_first_failure_leaves_no_table(build: Build) -> None:
    with pytest.raises(DatabaseError):
        build.replace(TABLE, [scored([2], [300])], SCHEMA)
    with pytest.raises(DatabaseError, match="does not exist"):
        stored(build)


def test_the_workspace_is_held_while_the_build_is_open(built: Workspace) -> None:
    with open_build(built):
        assert not is_free_for_others(built)
    assert is_free_for_others(built)
