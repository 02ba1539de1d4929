from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.sample.chance import stream
from pipelines.sample.records.served import (
    account_numbers,
    before_closing,
    bills,
    by_day,
    in_office,
    is_office_time,
    later,
    positions,
    some_time,
    weekday,
)
from pipelines.sample.timeline import Timeline
from tests.sample.records.served_chunk import a_chunk, invoices_of

HOURS = np.arange(0, 24 * 14) * np.timedelta64(3_600, "s") + np.datetime64("2026-05-04T00:30:00", "ms")  # from a Monday


def test_the_week_begins_on_monday() -> None:
    np.testing.assert_array_equal(weekday(HOURS[::24]), np.arange(14) % 7)


def test_the_staff_work_from_nine_to_six_on_working_days_and_later_rather_than_earlier() -> None:
    moved = in_office(stream(5, "complaints"), HOURS)
    hour = (moved - moved.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    assert ((hour >= 9) & (hour < 18)).all()
    assert (weekday(moved) < 5).all()
    assert (moved >= HOURS).all()
    assert (moved - HOURS).max() < np.timedelta64(72, "h")  # from Friday evening to Monday evening
    is_open = (weekday(HOURS) < 5) & (np.arange(len(HOURS)) % 24 >= 9) & (np.arange(len(HOURS)) % 24 < 18)
    np.testing.assert_array_equal(moved[is_open], HOURS[is_open])
    np.testing.assert_array_equal(is_office_time(HOURS), is_open)


def test_what_has_piled_up_is_not_all_done_in_the_first_hour() -> None:
    shut = np.tile(HOURS[~is_office_time(HOURS)], 20)
    hour = (in_office(stream(5, "complaints"), shut) - shut.astype("datetime64[D]")).astype("timedelta64[h]").astype(int) % 24
    assert 0.2 < (hour == 9).mean() < 0.5
    assert 0.01 < (hour >= 16).mean() < 0.2


def test_what_would_come_after_the_closing_comes_before_it_or_never() -> None:
    rng = stream(5, "complaints")
    closed = np.where(np.arange(len(HOURS)) % 3 == 0, np.datetime64("NaT"), np.datetime64("2026-05-12T15:00:00", "ms"))
    first = HOURS - np.timedelta64(2, "D")
    moved = before_closing(rng, HOURS, first, closed)
    is_late, is_hopeless = closed <= HOURS, closed <= first
    assert np.isnat(moved[is_hopeless]).all()
    assert is_hopeless.any()
    np.testing.assert_array_equal(moved[~is_late], HOURS[~is_late])
    squeezed = is_late & ~is_hopeless
    assert squeezed.any()
    assert ((moved[squeezed] > first[squeezed]) & (moved[squeezed] < closed[squeezed])).all()


def test_what_never_comes_never_comes() -> None:
    never = np.full(3, np.datetime64("NaT"), dtype="datetime64[ms]")
    rng = stream(5, "complaints")
    assert np.isnat(in_office(rng, never)).all()
    assert np.isnat(by_day(rng, never)).all()
    assert np.isnat(later(never, np.arange(3))).all()


def test_what_is_moved_to_the_day_stays_on_its_day_and_never_goes_back() -> None:
    moved = by_day(stream(5, "contacts"), HOURS)
    np.testing.assert_array_equal(moved.astype("datetime64[D]"), HOURS.astype("datetime64[D]"))
    assert (moved >= HOURS).all()
    assert (moved > HOURS).any()


def test_some_time_lies_between_its_days() -> None:
    timeline, month = Timeline(24), np.repeat(np.arange(24), 500)
    some = some_time(stream(5, "contacts"), month, timeline, (4, 19))
    np.testing.assert_array_equal(timeline.index_of(some), month)
    day = (some.astype("datetime64[D]") - some.astype("datetime64[M]")).astype(int) + 1
    assert (day.min(), day.max()) == (4, 19)


def test_bills_are_those_of_operations_as_first_issued() -> None:
    chunk = a_chunk(200)
    plain = invoices_of(chunk)
    first, second, third, fourth, fifth = (plain[place : place + 1] for place in range(5))
    more = pl.concat(
        [
            first.with_columns(status=pl.lit("disputed")),
            second.with_columns(invoice_id=pl.lit(900_001, dtype=pl.Int64), cancels_invoice_id="invoice_id"),
            third.with_columns(invoice_id=pl.lit(900_002, dtype=pl.Int64), amount=pl.lit(-500, dtype=pl.Int64)),
            fourth.with_columns(invoice_id=pl.lit(900_003, dtype=pl.Int64), unit=pl.lit(2, dtype=pl.Int64)),
            fifth.with_columns(invoice_id=pl.lit(900_004, dtype=pl.Int64), status=pl.lit("opening_balance")),
            fifth.with_columns(invoice_id=pl.lit(900_004, dtype=pl.Int64), status=pl.lit("written_off")),
            fifth.with_columns(invoice_id=pl.lit(900_005, dtype=pl.Int64), customer_id=pl.lit(None, dtype=pl.Int64)),
        ]
    )
    assert bills(pl.concat([plain, more])).equals(plain)


def test_customers_and_accounts_are_found_by_number_and_position() -> None:
    chunk = a_chunk(500)
    served = np.flatnonzero(chunk.memberships.slot < 2)
    np.testing.assert_array_equal(positions(chunk, pl.Series(chunk.memberships.number[served])), served)
    account = account_numbers(chunk, served)
    np.testing.assert_array_equal(account, chunk.memberships.number[served] * 3)
