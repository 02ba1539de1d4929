"""The use of a month as the meters deliver it: by month, or divided into days or hours. How much was used is in `usage`.

The hours decide the tariff period: PEAK_HOURS and OFF_PEAK_HOURS, all others are flat. The days are the same whether delivered as such or
in hours: the hours of a day add up to it, and the days to the month, to the last unit of the measure's decimals.
"""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Floats, Integers, Times, stream
from pipelines.sample.industries.industry import TARIFF_PERIODS
from pipelines.sample.population.accounts import OFFICE
from pipelines.sample.records.usage import BILLED_AFTER, service_start

Detail: TypeAlias = Literal["hourly", "daily", "monthly"]
PEAK_HOURS: Final = (8, 9, 10, 18, 19, 20)
OFF_PEAK_HOURS: Final = (23, 0, 1, 2, 3, 4, 5, 6)
HOURS: Final = 24
_MOST_CELLS: Final = 700_000  # days or hours that are worked on at a time
_DETAIL_PART: Final = 2**30  # added to the number of the chunk: draws apart from those of the months
_OFFICE_HOURS: Final = (1, 1, 1, 1, 1, 1, 1, 3, 8, 14, 15, 14, 9, 11, 15, 15, 14, 12, 7, 4, 3, 2, 1, 1)
_TALKING: Final = (1, 1, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 9, 8, 8, 8, 9, 10, 12, 13, 13, 11, 6, 3)
_WATCHING: Final = (5, 3, 2, 1, 1, 1, 2, 4, 5, 5, 5, 6, 8, 7, 5, 5, 6, 7, 9, 12, 14, 14, 12, 8)
_LIVING: Final = (4, 3, 3, 3, 3, 3, 5, 8, 8, 6, 5, 6, 7, 6, 5, 5, 6, 8, 11, 13, 13, 12, 9, 6)
_SHOPPING: Final = (1, 1, 1, 1, 1, 1, 1, 3, 6, 8, 10, 11, 12, 10, 9, 9, 9, 10, 12, 13, 11, 8, 4, 2)
_CURVES: Final = {
    "voice_minutes": _TALKING,
    "sms": _TALKING,
    "data_mb": _WATCHING,
    "energy_kwh": _LIVING,
    "gas_m3": _LIVING,
    "transactions": _SHOPPING,
    "card_spend": _SHOPPING,
}
_WEEKEND, _OFFICE_WEEKEND = 1.2, 0.35  # against a working day


def make_usage(chunk: Chunk, metered: pl.DataFrame, detail: Detail) -> Iterator[pl.DataFrame]:
    """The usage frame in parts: month by month of the calendar, within it by slices of accounts in their order; no part is large.

    A row's `delivered` is the calendar month in which the use was, the same for all rows of a part. By month, a total is delivered even
    where nothing was used (it begins with the service, if that is within the month); of days and hours only those with some use are.

    Args:
        chunk: The chunk.
        metered: As `usage.metered(chunk)` returned it.
        detail: What a row is for.

    Yields:
        Frames of subscription_id, started_at, measure, tariff_period, ended_at, quantity, unit, delivered, ordered by account, measure,
        tariff period and start.
    """
    rng = stream(chunk.business.seed, "usage", _DETAIL_PART + chunk.index)
    account, month, measure, tariff = (metered[name].to_numpy() for name in ("account", "month", "measure", "tariff"))
    quantity = metered["quantity"].to_numpy()
    scale = np.array([10**which.decimals for which in chunk.business.industry.measures])
    order = np.argsort(month, kind="stable")
    bounds = np.searchsorted(month[order], np.arange(chunk.business.timeline.count + BILLED_AFTER + 1))
    for calendar in range(chunk.business.timeline.count):
        rows = order[bounds[calendar + BILLED_AFTER] : bounds[calendar + BILLED_AFTER + 1]]
        if detail == "monthly":
            yield _months(chunk, calendar, account[rows], measure[rows], tariff[rows], quantity[rows])
            continue
        days = _days(chunk, calendar)
        at_a_time = _MOST_CELLS // (len(days) * (HOURS if detail == "hourly" else 1))
        for start in range(0, len(rows), at_a_time):
            part = rows[start : start + at_a_time]
            units = np.rint(quantity[part] * scale[measure[part]]).astype(np.int64)
            day_edges, shares, phase = _day_edges(rng, chunk, days, account[part], units)
            if detail == "daily":
                edges, step = day_edges, HOURS
            else:
                curves = _curves(chunk)[(chunk.accounts.kind[account[part]] == OFFICE).astype(np.int64), measure[part], tariff[part] + 1]
                edges, step = _hour_edges(units, day_edges, shares, phase, curves), 1
            used = np.diff(edges, axis=1, prepend=0)
            row, slot = np.nonzero(used)
            started = days[0].astype("datetime64[h]") + (slot * step).astype("timedelta64[h]")
            ended = started + np.timedelta64(step, "h")
            which = part[row]
            yield _frame(
                chunk, calendar, account[which], measure[which], tariff[which], started, ended, used[row, slot] / scale[measure[which]]
            )


def _months(chunk: Chunk, calendar: int, account: Integers, measure: Integers, tariff: Integers, quantity: Floats) -> pl.DataFrame:
    days = _days(chunk, calendar)
    started = np.maximum(days[0], service_start(chunk)[account])
    ended = np.full(len(account), days[-1] + np.timedelta64(1, "D"))
    return _frame(chunk, calendar, account, measure, tariff, started, ended, quantity)


def _days(chunk: Chunk, calendar: int) -> Times:
    """The days of a month."""
    timeline = chunk.business.timeline
    first, after = timeline.month(calendar).astype("datetime64[D]"), timeline.month(calendar + 1).astype("datetime64[D]")
    return np.asarray(first + np.arange((after - first).astype(np.int64)).astype("timedelta64[D]"))


def _day_edges(rng: np.random.Generator, chunk: Chunk, days: Times, account: Integers, units: Integers) -> tuple[Integers, Floats, Floats]:
    """Rows × days: units used up to the end of each day; the shares they come from; and a phase, so that rounding favours no day.

    Every row takes as many draws as the others, so that what is drawn does not depend on the slices.
    """
    draws = rng.random((len(account), len(days) + 1))
    is_weekend = (days.astype(np.int64) + 3) % 7 >= 5  # day 0 of the count was a Thursday
    is_office = chunk.accounts.kind[account] == OFFICE
    weekend = np.where(is_office, _OFFICE_WEEKEND, _WEEKEND)[:, None]
    weight = np.where(is_weekend[None, :], weekend, 1.0) * (0.6 + 0.8 * draws[:, 1:])
    weight = np.where(days[None, :] >= service_start(chunk)[account][:, None], weight, 0.0)
    reached = np.cumsum(weight, axis=1)
    shares = reached / reached[:, -1:]
    phase = draws[:, :1]
    edges = np.minimum((units[:, None] * shares + phase).astype(np.int64), units[:, None])
    edges[:, -1] = units
    return edges, shares, phase


def _hour_edges(units: Integers, day_edges: Integers, shares: Floats, phase: Floats, curves: Floats) -> Integers:
    """Rows × (days × 24): units used up to the end of each hour, between those of the days on both sides."""
    before = np.concatenate([np.zeros((len(units), 1)), shares[:, :-1]], axis=1)
    reached = before[:, :, None] + (shares - before)[:, :, None] * curves[:, None, :]
    edges = (reached * units[:, None, None] + phase[:, :, None]).astype(np.int64)
    first = np.concatenate([np.zeros((len(units), 1), dtype=np.int64), day_edges[:, :-1]], axis=1)
    edges = np.clip(edges, first[:, :, None], day_edges[:, :, None])
    # After the last hour of the tariff period a day is complete, whatever the last digit says.
    edges = np.where((curves == 1.0)[:, None, :], day_edges[:, :, None], edges)
    return np.asarray(edges.reshape(len(units), -1))


def _curves(chunk: Chunk) -> Floats:
    """Private and office × measures × (no tariff, TARIFF_PERIODS) × hours: share of a day's use up to the end of each hour."""
    hours = [_is_in_period(period) for period in (None, *TARIFF_PERIODS)]
    measures = chunk.business.industry.measures
    weights = np.array(
        [[[np.array(curve) * within for within in hours] for curve in (_CURVES.get(m.name, _LIVING), _OFFICE_HOURS)] for m in measures]
    )
    reached = np.cumsum(weights, axis=3).transpose(1, 0, 2, 3)
    return np.asarray(reached / reached[:, :, :, -1:])


def _is_in_period(period: str | None) -> Booleans:
    """Which hours of the day belong to a tariff period; all of them for None."""
    hour = np.arange(HOURS)
    is_peak, is_off_peak = np.isin(hour, PEAK_HOURS), np.isin(hour, OFF_PEAK_HOURS)
    return {None: hour >= 0, "peak": is_peak, "off_peak": is_off_peak, "flat": ~is_peak & ~is_off_peak}[period]


def _frame(
    chunk: Chunk, calendar: int, account: Integers, measure: Integers, tariff: Integers, started: Times, ended: Times, quantity: Floats
) -> pl.DataFrame:
    measures = chunk.business.industry.measures
    return pl.DataFrame(
        {
            "subscription_id": chunk.accounts.subscription(account, 0),
            "started_at": started.astype("datetime64[ms]"),
            "measure": pl.Series([which.name for which in measures]).gather(measure),
            "tariff_period": pl.Series([None, *TARIFF_PERIODS]).gather(tariff + 1),
            "ended_at": ended.astype("datetime64[ms]"),
            "quantity": quantity,
            "unit": pl.Series([which.unit for which in measures]).gather(measure),
            "delivered": np.full(len(account), calendar),
        }
    )
