"""How the use of a month is delivered by month, day and hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.accounts import OFFICE
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records import usage_detail
from pipelines.sample.records.usage import BILLED_AFTER, metered, service_start
from pipelines.sample.records.usage_detail import Detail, make_usage
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 6
KEYS = ("subscription_id", "measure", "tariff_period", "delivered")
PARTS: tuple[Detail, ...] = ("daily", "hourly")


@pytest.fixture(scope="module", params=sorted(INDUSTRIES))
def chunk(request: pytest.FixtureRequest) -> Chunk:
    return make_chunk(make_business(5, 300, Timeline(MONTHS), INDUSTRIES[request.param]), 0)


def _delivered(chunk: Chunk, detail: Detail) -> pl.DataFrame:
    return pl.concat(make_usage(chunk, metered(chunk), detail))


def _units(chunk: Chunk) -> pl.Expr:
    """The quantity in whole units of the measure's decimals."""
    scale = {measure.name: 10.0**measure.decimals for measure in chunk.business.industry.measures}
    return (pl.col("quantity") * pl.col("measure").replace_strict(scale)).round().cast(pl.Int64)


@pytest.fixture(scope="module")
def months(chunk: Chunk) -> pl.DataFrame:
    return _delivered(chunk, "monthly")


@pytest.fixture(scope="module", params=PARTS)
def parts(request: pytest.FixtureRequest, chunk: Chunk) -> pl.DataFrame:
    return _delivered(chunk, request.param)


def test_months_are_what_was_metered_without_what_was_before_the_sample(chunk: Chunk, months: pl.DataFrame) -> None:
    expected = metered(chunk).filter(pl.col("month") >= BILLED_AFTER).sort("month", "account", "measure", "tariff")
    assert months["quantity"].equals(expected["quantity"])
    assert (months["delivered"] == expected["month"] - BILLED_AFTER).all()
    assert (months["subscription_id"].to_numpy() == chunk.accounts.subscription(expected["account"].to_numpy(), 0)).all()
    units = {measure.name: measure.unit for measure in chunk.business.industry.measures}
    assert (months["unit"] == months["measure"].replace_strict(units)).all()


def test_parts_add_up_to_the_month_to_the_last_unit(chunk: Chunk, months: pl.DataFrame, parts: pl.DataFrame) -> None:
    whole = months.filter(pl.col("quantity") > 0).select(*KEYS, units=_units(chunk)).sort(KEYS)
    added = parts.group_by(KEYS).agg(units=_units(chunk).sum()).select(*KEYS, "units").sort(KEYS)
    assert added.equals(whole)
    assert (parts["quantity"] > 0).all()


def test_hours_add_up_to_the_days(chunk: Chunk) -> None:
    days = _delivered(chunk, "daily").select(*KEYS, pl.col("started_at").dt.date().alias("day"), units=_units(chunk))
    hours = _delivered(chunk, "hourly").with_columns(day=pl.col("started_at").dt.date())
    by_day = hours.group_by(*KEYS, "day").agg(units=_units(chunk).sum()).select(*KEYS, "day", "units")
    assert by_day.sort(*KEYS, "day").equals(days.sort(*KEYS, "day"))


def test_no_part_stands_twice_and_each_lies_in_the_month_of_its_delivery(chunk: Chunk, parts: pl.DataFrame, months: pl.DataFrame) -> None:
    for frame in (parts, months):
        assert not frame.select("subscription_id", "started_at", "measure", "tariff_period").is_duplicated().any()
        timeline = chunk.business.timeline
        assert (timeline.index_of(frame["started_at"].to_numpy()) == frame["delivered"].to_numpy()).all()
        last_moment = frame.select(pl.col("ended_at").dt.offset_by("-1ms")).to_series().to_numpy()
        assert (timeline.index_of(last_moment) == frame["delivered"].to_numpy()).all()
        assert (frame["ended_at"] > frame["started_at"]).all()
    assert set(months["delivered"]) == set(parts["delivered"]) == set(range(MONTHS))


def test_hours_lie_in_their_tariff_period() -> None:
    chunk = make_chunk(make_business(5, 300, Timeline(MONTHS), INDUSTRIES["utility"]), 0)
    hours = _delivered(chunk, "hourly").filter(pl.col("tariff_period").is_not_null())
    of_period = {period: set(frame["started_at"].dt.hour()) for (period,), frame in hours.group_by("tariff_period")}
    assert of_period == {
        "peak": {8, 9, 10, 18, 19, 20},
        "flat": {7, 11, 12, 13, 14, 15, 16, 17, 21, 22},
        "off_peak": {23, 0, 1, 2, 3, 4, 5, 6},
    }


def test_nothing_is_used_before_the_service_begins(chunk: Chunk, months: pl.DataFrame, parts: pl.DataFrame) -> None:
    number = pl.Series(chunk.accounts.subscription(np.arange(chunk.accounts.count), 0))
    begins = pl.DataFrame({"subscription_id": number, "begins": service_start(chunk).astype("datetime64[ms]")})
    for frame in (months, parts):
        joined = frame.join(begins, on="subscription_id", how="left")
        assert (joined["started_at"] >= joined["begins"]).all()
    mid_month = months.filter(pl.col("started_at").dt.day() > 1)
    assert len(mid_month) > 0


def test_offices_rest_at_weekends_and_homes_do_not(chunk: Chunk) -> None:
    days = _delivered(chunk, "daily")
    number = pl.Series(chunk.accounts.subscription(np.flatnonzero(chunk.accounts.kind == OFFICE), 0))
    is_weekend = pl.col("started_at").dt.weekday() >= 6

    def a_day(frame: pl.DataFrame) -> float:
        frame = frame.filter(pl.col("measure") == chunk.business.industry.measures[0].name)
        weekend, week = frame.filter(is_weekend), frame.filter(~is_weekend)
        used = [float(part["quantity"].sum()) / part["started_at"].dt.date().n_unique() for part in (weekend, week)]
        return used[0] / used[1]

    office = pl.col("subscription_id").is_in(number.implode())
    assert a_day(days.filter(office)) < 0.5
    assert 1.1 < a_day(days.filter(~office)) < 1.3


def test_no_unit_slips_into_the_next_day_for_the_sake_of_a_last_digit() -> None:
    rng = np.random.default_rng(5)
    edges = np.sort(rng.integers(0, 1_001, (200, 31)), axis=1)
    edges[:, -1] = 1_000
    units, phase, curves = np.full(200, 1_000), np.zeros((200, 1)), np.tile(np.arange(1, 25) / 24, (200, 1))
    curves[:, 20:] = 1.0
    hours = usage_detail._hour_edges(units, edges, edges / 1_000, phase, curves)
    assert (hours.reshape(200, 31, 24)[:, :, 20:] == edges[:, :, None]).all()
    assert (np.diff(hours, axis=1, prepend=0) >= 0).all()


def test_the_size_of_the_slices_changes_nothing(chunk: Chunk, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _delivered(chunk, "hourly")
    monkeypatch.setattr(usage_detail, "_MOST_CELLS", 50_000)
    frames = list(make_usage(chunk, metered(chunk), "hourly"))
    assert len(frames) > 2 * MONTHS
    assert max(len(frame) for frame in frames) <= 50_000
    assert pl.concat(frames).equals(whole)
