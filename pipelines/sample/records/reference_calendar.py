"""When operations is open, and within how many hours it wants to deal with complaints."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Business
from pipelines.sample.chance import Times
from pipelines.sample.timeline import Timeline

_CALENDAR_UNIT: Final = "OP"

# First day of the first lunar month, fifth of the fifth, fifteenth of the eighth.
_SPRING_FESTIVAL: Final = (
    "2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05 2020-01-25 2021-02-12 2022-02-01 "
    "2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03"
).split()
_DRAGON_BOAT: Final = (
    "2015-06-20 2016-06-09 2017-05-30 2018-06-18 2019-06-07 2020-06-25 2021-06-14 2022-06-03 "
    "2023-06-22 2024-06-10 2025-05-31 2026-06-19 2027-06-09 2028-05-28 2029-06-16 2030-06-05"
).split()
_MID_AUTUMN: Final = (
    "2015-09-27 2016-09-15 2017-10-04 2018-09-24 2019-09-13 2020-10-01 2021-09-21 2022-09-10 "
    "2023-09-29 2024-09-17 2025-10-06 2026-09-25 2027-09-15 2028-10-03 2029-09-22 2030-09-12"
).split()

SEVERITIES: Final = ("low", "medium", "high", "critical")
# Per measure: its clock, the hours by severity at first, and those in force from the middle of the sample on.
_TARGETS: Final = (
    ("acknowledge", "business", (16, 9, 6, 3), (9, 6, 4, 2)),
    ("respond", "business", (72, 45, 27, 9), (54, 36, 18, 6)),
    ("resolve", "calendar", (480, 288, 168, 72), (360, 240, 120, 48)),
)
_LONG_BEFORE: Final = np.timedelta64(120, "M")


def year_starts(timeline: Timeline) -> list[tuple[int, int]]:
    """Each calendar year of the sample with the index of its first month inside it."""
    months = timeline.first + np.arange(timeline.count)
    years, starts = np.unique(months.astype("datetime64[Y]").astype(np.int64) + 1970, return_index=True)
    return list(zip(years.tolist(), starts.tolist(), strict=True))


def public_holidays(year: int) -> Times:
    """The public holidays of mainland China in a year, approximated, as days in order.

    The festivals are those of the State Council's Regulation on Public Holidays for National Annual Festivals and Memorial Days (decree
    795, 2024). How many days around them are free is said anew each year; here it is always the eve of the Spring Festival and seven
    more, five days from 1 May, seven from 1 October, and one day for each other festival. Weekends worked in exchange are left out, and
    so are the festivals of the moon before 2015 and after 2030, whose days are not listed here. Qingming falls on 5 April in the years that
    leave 2 or 3 when divided by four, on 4 April in the others (true from 2006 to 2039).
    """
    free = [(f"{year}-01-01", 1), (f"{year}-04-0{5 if year % 4 >= 2 else 4}", 1), (f"{year}-05-01", 5), (f"{year}-10-01", 7)]
    free += [(day, 1) for day in (*_DRAGON_BOAT, *_MID_AUTUMN) if day.startswith(str(year))]
    days = [np.datetime64(first, "D") + np.arange(length) for first, length in free]
    days += [np.datetime64(day, "D") + np.arange(-1, 7) for day in _SPRING_FESTIVAL if day.startswith(str(year))]
    return np.unique(np.concatenate(days))


def make_business_calendar(business: Business) -> pl.DataFrame:
    """Each day of each calendar year of the sample, delivered in the year's first month inside it.

    Weekdays 09:00 to 18:00, Saturdays 10:00 to 16:00, Sundays and public holidays closed.

    Returns:
        organisation_unit, date, opens_at and closes_at (null when closed), is_holiday, delivered.
    """
    years = []
    for year, month in year_starts(business.timeline):
        start, end = np.datetime64(f"{year}-01-01", "D"), np.datetime64(f"{year + 1}-01-01", "D")
        day = np.arange(start, end)
        is_holiday = np.isin(day, public_holidays(year))
        years.append(pl.DataFrame({"date": day, "is_holiday": is_holiday, "delivered": np.full(len(day), month, dtype=np.int64)}))
    is_open = ~pl.col("is_holiday") & (pl.col("date").dt.weekday() < 7)
    is_saturday = pl.col("date").dt.weekday() == 6
    return pl.concat(years).select(
        pl.lit(_CALENDAR_UNIT).alias("organisation_unit"),
        "date",
        pl.when(is_open & is_saturday).then(pl.lit("10:00")).when(is_open).then(pl.lit("09:00")).alias("opens_at"),
        pl.when(is_open & is_saturday).then(pl.lit("16:00")).when(is_open).then(pl.lit("18:00")).alias("closes_at"),
        "is_holiday",
        "delivered",
    )


def make_service_targets(business: Business) -> pl.DataFrame:
    """Hours within which a complaint is to be acknowledged, answered and resolved, by severity; set anew once, in the middle of the sample.

    Returns:
        measure, severity, valid_from, valid_to (the last day; null while it holds), hours, clock, delivered. The list of month 0, then
        in the month of the change the whole list again: the old targets with their last day, and the new ones.
    """
    timeline = business.timeline
    change = timeline.count // 2
    opening, changed = (timeline.first - _LONG_BEFORE).astype("datetime64[D]"), timeline.month(change).astype("datetime64[D]")
    first = _targets(0, opening, delivered=0)
    if change == 0:
        return first
    ended = first.with_columns(valid_to=pl.lit((changed - np.timedelta64(1, "D")).item(), pl.Date), delivered=pl.lit(change, pl.Int64))
    return pl.concat([first, ended, _targets(1, changed, delivered=change)])


def _targets(which: int, since: np.datetime64, delivered: int) -> pl.DataFrame:
    """The targets at first (0) or since the change (1)."""
    rows = [
        (measure, severity, since.item(), None, hours, clock, delivered)
        for measure, clock, *sets in _TARGETS
        for severity, hours in zip(SEVERITIES, sets[which], strict=True)
    ]
    schema = {
        "measure": pl.String,
        "severity": pl.String,
        "valid_from": pl.Date,
        "valid_to": pl.Date,
        "hours": pl.Int64,
        "clock": pl.String,
        "delivered": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
