from __future__ import annotations

from datetime import datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sample.systems.full_lists import monthly_list
from pipelines.sample.timeline import Timeline

TIMELINE = Timeline(10)  # from December 2025


def versions(*rows: tuple[int, int, str, datetime | None]) -> pl.DataFrame:
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "id": pl.Int64,
        "delivered": pl.Int64,
        "name": pl.String,
        "closed": pl.Datetime("ms"),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def listed(*rows: tuple[int, int, str, datetime | None], closed: str | None = "closed") -> dict[int, list[str]]:
    told = monthly_list(versions(*rows), "id", TIMELINE, closed)
    return {month: told.filter(pl.col("delivered") == month)["name"].to_list() for month in range(TIMELINE.count)}


def test_each_month_has_the_newest_version_of_everything_known_by_then() -> None:
    told = listed((2, 0, "b", None), (1, 3, "a", None), (2, 5, "b moved", None))
    assert told[0] == told[2] == ["b"]
    assert told[3] == told[4] == ["a", "b"]
    assert told[5] == told[9] == ["a", "b moved"]


def test_of_two_versions_in_one_month_the_later_row_counts() -> None:
    assert listed((1, 2, "early", None), (1, 2, "late", None))[2] == ["late"]


def test_the_closed_stay_for_half_a_year() -> None:
    # Closed in February 2026, month 2: still there in August, month 8, and gone in September.
    told = listed((1, 0, "open", None), (1, 2, "closed", datetime(2026, 2, 27)))
    assert told[1] == ["open"]
    assert told[8] == ["closed"]
    assert told[9] == []
    assert listed((1, 0, "open", None), (1, 2, "closed", datetime(2026, 2, 27)), closed=None)[9] == ["closed"]


def test_who_was_closed_long_before_the_beginning_is_never_listed() -> None:
    told = listed((1, 0, "long gone", datetime(2025, 5, 31)), (2, 0, "just gone", datetime(2025, 6, 1)))
    assert told[0] == ["just gone"]
    assert told[1] == []


def test_what_happens_after_the_end_is_left_out() -> None:
    assert listed((1, 0, "now", None), (1, 10, "later", None), (2, 12, "never", None))[9] == ["now"]


row = st.tuples(
    st.integers(0, 4), st.integers(0, 11), st.text("xy", max_size=3), st.none() | st.datetimes(datetime(2025, 1, 1), datetime(2026, 9, 30))
)


@given(st.lists(row, max_size=12))
def test_it_is_what_going_through_the_months_gives(rows: list[tuple[int, int, str, datetime | None]]) -> None:
    expected = {}
    for month in range(TIMELINE.count):
        newest = {}
        for key, delivered, name, closed in sorted(rows, key=lambda row: row[1]):
            if delivered <= month:
                newest[key] = name, closed
        first = 2025 * 12 + 11
        expected[month] = [
            name
            for _, (name, closed) in sorted(newest.items())
            if closed is None or closed.year * 12 + closed.month - 1 - first + 6 >= month
        ]
    assert listed(*rows) == expected
