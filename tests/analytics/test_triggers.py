from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipelines.analytics.rhythm import RhythmParameters, cells
from pipelines.analytics.triggers import (
    TRIGGER_SCHEMA,
    TRIGGERS,
    TriggerParameters,
    bill_drop,
    payment_stop,
    silence,
    triggers,
    unresolved_complaint,
)
from pipelines.policy import load_policy
from tests.analytics.customers import AS_OF, MONEY, PROSPECT, customers, populations

PARAMETERS = TriggerParameters(
    bill_drop_minimum_months=6,
    bill_drop_z=3.5,
    bill_drop_share=0.4,
    bill_drop_floor_share=0.05,
    payment_stop_days=60,
    unresolved_complaint_days=30,
    silence_ratio=2,
)
RHYTHM = RhythmParameters.from_policy(load_policy())
MONTHS = pl.date_range(date(2024, 6, 1), date(2025, 6, 1), "1mo", eager=True).to_list()


def bills(*amounts: float | str | Decimal | None, key: int = 1) -> pl.DataFrame:
    """The net amounts of the months that end with June 2025; a month has a bill where its amount is not 0."""
    rows = [
        (key, month, None if amount is None else Decimal(str(amount)), int(amount != 0))
        for month, amount in zip(MONTHS[len(MONTHS) - len(amounts) :], amounts, strict=True)
    ]
    return pl.DataFrame(
        rows, schema={"customer_key": pl.Int64, "month": pl.Date, "net_amount": MONEY, "invoice_count": pl.Int64}, orient="row"
    )


def drop(*amounts: float | str | Decimal | None) -> list[tuple[Any, ...]]:
    """Size and strength of the bill drop, if there is one."""
    return bill_drop(customers({}), bills(*amounts), PARAMETERS).select("size", "strength").rows()


def test_a_flat_bill_that_falls_fires_although_its_deviation_is_nothing() -> None:
    # Level 100, deviation 0, so 5 % of the level stands in: (100 - 40) / 5 = 12 deviations; 12 / 3.5 times the limit.
    assert drop(*[100] * 12, 40) == [(pytest.approx(0.6), pytest.approx(12 / 3.5))]


def test_a_flat_bill_that_stays_or_falls_by_a_trifle_does_not_fire() -> None:
    assert drop(*[100] * 13) == []
    assert drop(*[100] * 12, "99.9999") == []
    assert drop(*[100] * 12, "60.01") == []
    # Against last year's 200 the fall is far enough, against the own level it is not.
    assert drop(200, *[100] * 11, 70) == []
    assert drop(*[100] * 12, 60) == [(pytest.approx(0.4), pytest.approx(8 / 3.5))]


def test_the_drop_is_measured_in_the_customers_own_deviations() -> None:
    # Level 100, deviation 20: 1.4826 x 20 = 29.65; a fall by 100 is 3.37 deviations, by 104 (a credit on top) 3.51.
    swinging = [80, 120] * 6
    assert drop(*swinging, 0) == []
    assert drop(*swinging, -4) == [(pytest.approx(1.04), pytest.approx(104 / (1.482602218505602 * 20) / 3.5))]


def test_no_bill_at_all_is_a_drop_to_nothing() -> None:
    assert drop(*[100] * 12, 0) == [(1, pytest.approx(20 / 3.5))]


def test_one_outlier_does_not_move_the_level() -> None:
    assert drop(*[100] * 11, 100000, 100) == []
    assert len(drop(*[100] * 11, 100000, 50)) == 1


def test_who_is_billed_now_and_then_has_no_level_to_fall_from() -> None:
    assert drop(300, 0, 0, 300, 0, 0, 300, 0, 0, 300, 0, 0, 0) == []
    assert drop(*[300, 0] * 6, 0) == []


def test_who_is_credited_more_than_billed_has_no_level_to_fall_from() -> None:
    assert drop(*[-10] * 11, -50) == []


def test_a_quiet_month_that_was_as_quiet_last_year_is_no_news() -> None:
    assert drop(40, *[100] * 11, 40) == []
    assert drop(0, *[100] * 11, 0) == []
    assert len(drop(90, *[100] * 11, 40)) == 1


def test_a_short_history_has_no_usual_level() -> None:
    assert drop(*[100] * 5, 10) == []
    assert len(drop(*[100] * 6, 10)) == 1
    # Months without a bill are no bills to learn from.
    assert drop(100, 100, 100, 100, 100, 0, 10) == []


def test_a_month_without_a_known_amount_says_nothing() -> None:
    assert drop(*[100] * 12, None) == []
    assert len(drop(None, *[100] * 11, 10)) == 1
    assert drop(None, *[100] * 5, 10) == []


def test_months_outside_the_thirteen_are_left_out() -> None:
    long_ago = bills(*[100] * 12, 40).with_columns(pl.col("month").dt.offset_by("-24mo"))
    later = bills(*[100] * 12, 0).with_columns(pl.col("month").dt.offset_by("1mo"))
    assert bill_drop(customers({}), pl.concat([long_ago, bills(100, 40)]), PARAMETERS).is_empty()
    assert bill_drop(customers({}), later.filter(pl.col("month") > AS_OF), PARAMETERS).is_empty()


def test_a_bill_drop_is_dated_at_the_end_of_its_month() -> None:
    found = bill_drop(customers({}), bills(*[100] * 12, 40), PARAMETERS)
    assert found.select("customer_key", "as_of", "trigger", "fired_date").rows() == [(1, AS_OF, "bill_drop", AS_OF)]


@pytest.mark.parametrize(
    ("different", "days"),
    [
        ({"last_payment_date": AS_OF - timedelta(61), "overdue_amount": Decimal(1)}, 61),
        ({"last_payment_date": AS_OF - timedelta(60), "overdue_amount": Decimal(1)}, None),
        ({"last_payment_date": AS_OF - timedelta(400), "overdue_amount": Decimal(0)}, None),
        ({"last_payment_date": AS_OF - timedelta(400), "overdue_amount": None}, None),
        ({"last_payment_date": AS_OF - timedelta(400), "overdue_amount": Decimal(1), "has_payments": False}, None),
        # Never paid: since the first bill.
        ({"last_payment_date": None, "first_bill_date": AS_OF - timedelta(100), "overdue_amount": Decimal(1)}, 100),
    ],
)
def test_payment_stop(different: dict[str, Any], days: int | None) -> None:
    found = payment_stop(customers(different), PARAMETERS)
    expected = [] if days is None else [(AS_OF - timedelta(days - 61), days, pytest.approx(days / 60))]
    assert found.select("fired_date", "size", "strength").rows() == expected


@pytest.mark.parametrize(("days", "fires"), [(None, False), (0, False), (30, False), (31, True), (300, True)])
def test_unresolved_complaint(days: int | None, fires: bool) -> None:
    found = unresolved_complaint(customers({"oldest_open_complaint_days": days}), PARAMETERS)
    assert found.height == fires
    if days is not None and fires:
        assert found.select("fired_date", "size", "strength").row(0) == (AS_OF - timedelta(days - 31), days, pytest.approx(days / 30))


def test_a_limit_of_no_days_makes_every_complaint_older_than_a_day_fire() -> None:
    at_once = TriggerParameters(6, 3.5, 0.4, 0.05, 60, 0, 2)
    assert unresolved_complaint(customers({"oldest_open_complaint_days": 3}), at_once)["strength"].to_list() == [3]


@pytest.mark.parametrize(("days", "fires"), [(60, False), (61, True), (200, True)])
def test_silence_fires_on_the_first_day_beyond_its_limit(days: int, fires: bool) -> None:
    at = customers({"days_since_last_bill": days, "last_bill_date": AS_OF - timedelta(days)})
    found = silence(at, cells(at, RHYTHM), PARAMETERS)
    expected = [(AS_OF - timedelta(days - 61), pytest.approx(days / 30), pytest.approx(days / 60))] if fires else []
    assert found.select("fired_date", "size", "strength").rows() == expected


EVERYTHING: dict[str, Any] = {
    "days_since_last_bill": 200,
    "last_bill_date": AS_OF - timedelta(200),
    "last_payment_date": AS_OF - timedelta(200),
    "overdue_amount": Decimal(1),
    "oldest_open_complaint_days": 200,
}


def all_triggers(features: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    return triggers(features, cells(features, RHYTHM), months, PARAMETERS)


def test_every_trigger_may_fire_at_once() -> None:
    found = all_triggers(customers({}, EVERYTHING), bills(*[100] * 12, 0, key=2))
    assert found.select("customer_key", "trigger").rows() == [(2, trigger) for trigger in sorted(TRIGGERS)]
    assert found.schema == TRIGGER_SCHEMA


@pytest.mark.parametrize("different", [{"is_closed": True}, {"bill_count_12m": 0}, PROSPECT])
def test_who_is_not_at_risk_sets_off_nothing(different: dict[str, Any]) -> None:
    assert all_triggers(customers({**EVERYTHING, **different}), bills(*[100] * 12, 0)).is_empty()


def test_who_has_no_rhythm_is_not_silent() -> None:
    single = {**EVERYTHING, "bill_count": 1, "bill_interval_count": 0, "mean_bill_interval_days": None}
    assert "silence" not in all_triggers(customers(single, {}), bills(100)).get_column("trigger")


def test_nobody_gives_no_rows() -> None:
    empty = all_triggers(customers(), bills(100).clear())
    assert empty.is_empty()
    assert empty.schema == TRIGGER_SCHEMA


@given(populations(), st.data())
@settings(max_examples=60, deadline=None)
def test_what_fired_has_happened_and_passed_its_limit_whatever_the_order(features: pl.DataFrame, data: st.DataObject) -> None:
    amounts = st.lists(st.sampled_from([0, 0, 10, 50, 100, 101, -20]), min_size=1, max_size=13)
    months = pl.concat([bills(), *(bills(*data.draw(amounts), key=key) for key in features["customer_key"])])
    # The frame's dates as the warehouse would have them.
    features = features.with_columns((pl.col("as_of") - pl.duration(days="days_since_last_bill")).alias("last_bill_date"))
    found = all_triggers(features, months)
    assert not found.select("customer_key", "trigger").is_duplicated().any()
    assert (found["fired_date"] <= AS_OF).all()
    assert (found["strength"] >= 1).all()
    assert found.select("size", "strength").select(pl.all().is_finite().all()).row(0) == (True, True)
    assert_frame_equal(all_triggers(features.reverse(), months.reverse()), found)
