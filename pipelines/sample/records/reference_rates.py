"""What foreign money was worth in yuan, day by day, as the treasury publishes it. Invented rates in the usual range."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Business
from pipelines.sample.chance import stream

CURRENCIES: Final = ("HKD", "USD")
_RATES_PART: Final = 2
_MILLION: Final = 1_000_000  # rates are reckoned in whole millionths of a yuan, so that they come out the same everywhere
_USUAL_USD: Final = 7_150_000
_STEP: Final = 9_000
_PULL: Final = 150  # of its distance to the usual rate, the dollar makes up one part in so many a day
_HKD_A_USD: Final = 7_800  # thousandths; the Hong Kong dollar hangs on the dollar, loosely
_HKD_PLAY: Final = 1_500
_DAYS_BEFORE: Final = 31  # so that the first days have a rate before them


def missing_day(business: Business) -> np.datetime64:
    """The weekday in the middle of the sample on which no rate was published: the first Wednesday after the tenth."""
    tenth = business.timeline.month(business.timeline.count // 2).astype("datetime64[D]") + np.timedelta64(9, "D")
    # 1970-01-01, day 0, was a Thursday.
    ahead = (6 - int(tenth.astype(np.int64)) % 7) % 7
    day: np.datetime64 = tenth + np.timedelta64(ahead, "D")
    return day


def make_exchange_rates(business: Business) -> pl.DataFrame:
    """Rates of weekdays into yuan, by day from a month before the sample begins; on a day without a row the last rate before it holds.

    Returns:
        rate_date, from_currency (HKD, USD), to_currency (CNY), rate (yuan for one, six decimals), delivered. Ordered by day and currency.
    """
    rng, timeline = stream(business.seed, "reference", _RATES_PART), business.timeline
    start, end = (
        timeline.first.astype("datetime64[D]") - np.timedelta64(_DAYS_BEFORE, "D"),
        timeline.month(timeline.count).astype("datetime64[D]"),
    )
    day = np.arange(start, end)
    steps, play = rng.integers(-_STEP, _STEP + 1, len(day)), rng.integers(-_HKD_PLAY, _HKD_PLAY + 1, len(day))
    # Each day hangs on the one before: a walk of some hundreds of days, not of customers.
    walk = [_USUAL_USD]
    for step in steps[1:].tolist():
        walk.append(walk[-1] + step - (walk[-1] - _USUAL_USD) // _PULL)
    usd = np.array(walk, dtype=np.int64)
    hkd = usd * 1_000 // _HKD_A_USD + play // 3
    is_weekday = (day.astype(np.int64) + 3) % 7 < 5
    is_published = is_weekday & (day != missing_day(business))
    micro = np.stack([hkd, usd], axis=1)[is_published].ravel()
    published = np.repeat(day[is_published], len(CURRENCIES))
    return pl.DataFrame(
        {
            "rate_date": published,
            "from_currency": pl.Series(CURRENCIES).gather(np.arange(len(published)) % len(CURRENCIES)),
            "to_currency": ["CNY"] * len(published),
            "rate": micro / _MILLION,
            "delivered": np.maximum(timeline.index_of(published), 0),
        }
    )
