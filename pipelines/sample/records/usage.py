"""What was metered: how much of each measure every account used in a month. How a month divides into days and hours is in `usage_detail`.

Which month is which. A row's `month` is that of the bill that charges it: use of the calendar month c is charged by the bill of month
c + BILLED_AFTER. Use that is charged only after the end of the sample is left out; use of the calendar month before the sample begins is
metered, because the first bill charges it, but it is never delivered.
"""

from typing import Final, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Floats, Integers, Times, bell, stream
from pipelines.sample.industries.industry import Measure
from pipelines.sample.population.accounts import SECOND
from pipelines.sample.population.memberships import HARBOUR
from pipelines.sample.records.holdings import served

_Kind = TypeVar("_Kind", bound=np.generic)
BILLED_AFTER: Final = 1  # months from the use to the bill that charges it
NO_TARIFF: Final = -1
_NOISE, _OWN_SHARES = 0.2, 0.25


def metered(chunk: Chunk) -> pl.DataFrame:
    """What each account used in each month for which it is served.

    A service begins at the midnight after the account was opened, so the month of the opening is a part of a month, and an account opened
    on the last day of a month has no row for it. Nothing is used while the service is suspended: such rows are there, with 0.

    Args:
        chunk: The chunk.

    Returns:
        account (position in the chunk), month (of the bill, see above), measure (position in Industry.measures), tariff (position in
        TARIFF_PERIODS, NO_TARIFF where the measure has no periods) and quantity (in the measure's unit, rounded to its decimals), ordered
        by the first four.
    """
    industry, accounts = chunk.business.industry, chunk.accounts
    rng = stream(chunk.business.seed, "usage", chunk.index)
    shape = (accounts.count, chunk.business.timeline.count + BILLED_AFTER)
    level = _level(chunk)
    units: list[Integers] = []
    measures: list[int] = []
    tariffs: list[int] = []
    for measure_position, measure in enumerate(industry.measures):
        noise = np.maximum(1.0 + _NOISE * bell(rng, shape), 0.1)
        month_units = (level * noise * (measure.usual * 10**measure.decimals) * _season(chunk, measure) + 0.5).astype(np.int64)
        parts = _by_tariff(rng, month_units, measure) if measure.periods else [month_units]
        units += parts
        measures += [measure_position] * len(parts)
        tariffs += range(len(parts)) if measure.periods else [NO_TARIFF]
    is_metered = (_serves(chunk).T & (used_share(chunk) > 0.0))[:, :, None] & _has(chunk)[:, None, measures]
    account, month, column = np.nonzero(is_metered)
    measure_of, scale = np.array(measures), np.array([10**measure.decimals for measure in industry.measures])
    return pl.DataFrame(
        {
            "account": account,
            "month": month,
            "measure": measure_of[column],
            "tariff": np.array(tariffs)[column],
            "quantity": np.stack(units, axis=2)[account, month, column] / scale[measure_of[column]],
        }
    )


def service_start(chunk: Chunk) -> Times:
    """Day from which each account has its service: the one after it was opened."""
    return np.asarray(chunk.accounts.opened.astype("datetime64[D]") + np.timedelta64(1, "D"))


def used_share(chunk: Chunk) -> Floats:
    """Accounts × months (of the bill): share of the days of the calendar month on which the account had its service."""
    months = np.arange(chunk.business.timeline.count + BILLED_AFTER) - BILLED_AFTER
    first = (chunk.business.timeline.first + months).astype("datetime64[D]")
    after = (chunk.business.timeline.first + (months + 1)).astype("datetime64[D]")
    days = (after - first).astype(np.int64)
    used = (after[None, :] - service_start(chunk)[:, None]).astype(np.int64)
    return np.asarray(np.clip(used, 0, days) / days)


def _level(chunk: Chunk) -> Floats:
    """Accounts × months: the factor on the usual use of one line, without season and noise."""
    accounts, life = chunk.accounts, chunk.life
    use, is_suspended = _beyond(life.use), _beyond(life.is_suspended)
    # The use of a month is 0 in the story once it is suspended; what was used before that is charged a bill later.
    was_suspended = _earlier(is_suspended, BILLED_AFTER)
    use = np.where(was_suspended, 0.0, np.where(is_suspended, _earlier(use, BILLED_AFTER), use))
    return np.asarray(use[:, accounts.customer].T * (accounts.use * accounts.lines)[:, None] * used_share(chunk))


def _serves(chunk: Chunk) -> Booleans:
    """Months (of the bill, the one after the end with them) × accounts: whether the account has a running service."""
    count = chunk.business.timeline.count
    accounts = chunk.accounts
    stays = (chunk.life.last[accounts.customer] >= count) & (chunk.memberships.joined[accounts.customer] < count)
    is_operating = (accounts.opened_month < count) & (chunk.memberships.slot[accounts.customer] < HARBOUR)
    return np.concatenate([served(chunk), np.broadcast_to(stays & is_operating, (BILLED_AFTER, accounts.count))])


def _beyond(values: NDArray[_Kind]) -> NDArray[_Kind]:
    """The months of the story, and those after its end as the last one was."""
    return np.concatenate([values, np.repeat(values[-1:], BILLED_AFTER, axis=0)])


def _earlier(values: NDArray[_Kind], months: int) -> NDArray[_Kind]:
    """What stood so many months earlier; the first month's before that."""
    return values[np.maximum(np.arange(len(values)) - months, 0)]


def _season(chunk: Chunk, measure: Measure) -> Floats:
    """The season's factor by month of the bill."""
    timeline = chunk.business.timeline
    return np.asarray(np.array(measure.season)[timeline.calendar_month(np.arange(timeline.count + BILLED_AFTER) - BILLED_AFTER)])


def _has(chunk: Chunk) -> Booleans:
    """Accounts × measures: whether it is metered there. The second kind of account has some of them, the others have all."""
    is_of_second = np.array([measure.is_of_second for measure in chunk.business.industry.measures])
    return np.asarray((chunk.accounts.kind != SECOND)[:, None] | is_of_second[None, :])


def _by_tariff(rng: np.random.Generator, units: Integers, measure: Measure) -> list[Integers]:
    """Each month's whole number of units divided among the tariff periods; every account has habits of its own, and they waver."""
    count = len(units)
    weights = [
        share * np.maximum(1.0 + _OWN_SHARES * bell(rng, count)[:, None] + 0.08 * bell(rng, units.shape), 0.05) for share in measure.periods
    ]
    total = weights[0]
    for weight in weights[1:]:
        total = total + weight
    parts, reached, weight_reached = [], np.zeros_like(units), np.zeros(units.shape)
    for weight in weights[:-1]:
        weight_reached = weight_reached + weight
        until = np.minimum((units * (weight_reached / total) + 0.5).astype(np.int64), units)
        parts.append(until - reached)
        reached = until
    return [*parts, units - reached]
