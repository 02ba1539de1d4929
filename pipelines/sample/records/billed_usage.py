"""What of the metered use is charged: the part beyond what the plan includes, by bill, measure and tariff period."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Floats, Integers
from pipelines.sample.industries.industry import TARIFF_PERIODS, Measure
from pipelines.sample.population.accounts import OFFICE
from pipelines.sample.records.billing_runs import MONTH, Runs

_KEYS: Final = len(TARIFF_PERIODS) + 1
_OFFICE_USE: Final = 2.5  # as the accounts of organisations are drawn
_LOWEST: Final = 0.5  # level of consumption where the cheapest plan begins
_DEAREST: Final = 1.3  # an ordinary user of the dearest plan, against the bound at which it is taken


def charged_usage(chunk: Chunk, runs: Runs, metered: pl.DataFrame) -> pl.DataFrame:
    """What each bill charges by unit.

    Args:
        chunk: The chunk.
        runs: Its bills.
        metered: As `usage.metered` returns it: rows ordered by account, month (of the bill that charges it), measure, tariff (positions;
            tariff -1 for none), each with its `quantity`.

    Returns:
        document, measure, tariff (positions; tariff -1 for none) and quantity (ten-thousandths of the unit, above 0), in this order.
    """
    metered = metered.filter(pl.col("month") < chunk.business.timeline.count)  # the bill for what follows comes after the end
    account, month, measure, tariff = (metered[name].to_numpy() for name in ("account", "month", "measure", "tariff"))
    quantity = np.rint(metered["quantity"].to_numpy() * MONTH).astype(np.int64)
    document = runs.covering(chunk.accounts.count, chunk.business.timeline.count)[month, account]
    # What was used earlier, which a bill by quarter charges, was never metered; it is taken to be what is known first.
    before = np.append(runs.before, 0)
    covering_first = np.where(month == 0, _first_documents(chunk, runs)[account], runs.count)
    earlier = np.flatnonzero(before[covering_first] > 0)
    document = np.concatenate([document, covering_first[earlier]])
    key = measure * _KEYS + tariff + 1
    key = np.concatenate([key, key[earlier]])
    quantity = np.concatenate([quantity, quantity[earlier] * before[covering_first[earlier]] // MONTH])
    is_billed = document < runs.count
    span = len(chunk.business.industry.measures) * _KEYS
    place = (document * span + key)[is_billed]
    quantity = quantity[is_billed]
    order = np.argsort(place, kind="stable")
    place, quantity = place[order], quantity[order]
    starts = np.flatnonzero(np.concatenate([[True], place[1:] != place[:-1]])) if len(place) else np.zeros(0, dtype=np.int64)
    used = np.add.reduceat(quantity, starts) if len(place) else quantity
    document, key = place[starts] // span, place[starts] % span
    beyond = used - _included(chunk, runs, document, key // _KEYS, key % _KEYS - 1)
    is_charged = beyond > 0
    measure, tariff = key // _KEYS, key % _KEYS - 1
    columns = {"document": document, "measure": measure, "tariff": tariff, "quantity": beyond}
    return pl.DataFrame({name: values[is_charged] for name, values in columns.items()})


def _first_documents(chunk: Chunk, runs: Runs) -> Integers:
    """Position of the first bill of each account; `count` without any."""
    first = np.full(chunk.accounts.count, runs.count, dtype=np.int64)
    first[runs.account[::-1]] = np.arange(runs.count)[::-1]
    return first


def _included(chunk: Chunk, runs: Runs, document: Integers, measure: Integers, tariff: Integers) -> Integers:
    """What the plan includes of each measure over the period of the bill, in ten-thousandths of the unit."""
    accounts, industry = chunk.accounts, chunk.business.industry
    account = runs.account[document]
    step = np.where(accounts.is_first[account], chunk.life.step[np.maximum(runs.held, 0)[document], accounts.customer[account]], 0)
    levels = usual_levels(industry.plan_bounds)
    level = levels[np.clip(accounts.tier[account] + step, 0, len(levels) - 1)] * np.where(
        accounts.kind[account] == OFFICE, _OFFICE_USE, 1.0
    )
    level = level * accounts.lines[account]
    rates = np.array([[_included_units(which, period) for period in range(-1, len(TARIFF_PERIODS))] for which in industry.measures])
    return np.asarray((rates[measure, tariff + 1] * level * runs.months[document]).astype(np.int64))


def _included_units(measure: Measure, tariff: int) -> float:
    share = measure.periods[tariff] / 100.0 if tariff >= 0 and measure.periods else 1.0
    return measure.usual * measure.included / 100.0 * share


def usual_levels(bounds: tuple[float, ...]) -> Floats:
    """The level of consumption of an ordinary user of each rung of the plans: half way between the bounds at which plans are taken."""
    edges = np.array([_LOWEST, *bounds, bounds[-1] * (2.0 * _DEAREST - 1.0)])
    return np.asarray((edges[1:] + edges[:-1]) / 2.0)
