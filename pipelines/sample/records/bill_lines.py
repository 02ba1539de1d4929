"""The lines of the regular bills: what is charged and what it costs to deliver. Lines of corrections are in `corrections`."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers, pick
from pipelines.sample.industries.industry import TARIFF_PERIODS, tax_within
from pipelines.sample.population.accounts import NONE, OFFICE
from pipelines.sample.records.billed_usage import charged_usage
from pipelines.sample.records.billing_runs import MONTH, Runs
from pipelines.sample.records.extras import PLACES, Extras

CHARGES: Final = ("recurring", "usage", "one_off", "discount", "penalty", "credit")
RECURRING, USAGE, ONE_OFF, DISCOUNT, PENALTY, CREDIT = range(6)
PRICE_UNITS: Final = 100  # a fen has a hundred ten-thousandths of a yuan, in which prices of one unit are said
_AMOUNT: Final = MONTH * PRICE_UNITS
_WRONG: Final = (35, 30, 35)  # of the wrong bills: something held charged twice, an add-on or something sold once never ordered
_TWICE, _ADD_ON, _SOLD_ONCE = range(3)
_BUYS, _BUYS_AT_FIRST, _MOST_PIECES = 0.014, 0.10, 3  # bills with something bought once; organisations buy several of it
_MOST_OFF: Final = 40
_COLUMNS: Final = ("document", "charge", "product", "place", "quantity", "price", "amount", "is_wrong")


def regular_lines(rng: np.random.Generator, chunk: Chunk, runs: Runs, metered: pl.DataFrame | None, extras: Extras) -> pl.DataFrame:
    """Price the bills.

    Args:
        rng: Draws.
        chunk: The chunk.
        runs: Its bills.
        metered: What was used, see `billed_usage`; None where nothing is charged by unit.
        extras: What is held besides the plans.

    Returns:
        One row a line, in the order in which they stand on the bills: document (position in `runs`), charge (position in CHARGES), product
        (position in the catalogue), place (of the subscription in the account, NONE for none), quantity (ten-thousandths), price
        (ten-thousandths of a yuan), amount, tax, cost (fen), is_wrong.
    """
    accounts, industry = chunk.accounts, chunk.business.industry
    account, count, months = runs.account, runs.count, chunk.business.timeline.count
    customer, document = accounts.customer[account], np.arange(count)
    story_month = np.maximum(runs.held, 0)
    held = [accounts.plan(account, chunk.life.step[story_month, customer])]
    for place in range(PLACES):
        is_held = (runs.held >= extras.since[account, place]) & (runs.held <= extras.until[account, place])
        held.append(np.where(is_held, extras.product[account, place], NONE))
    one, parts, recurring = np.full(count, MONTH), [], np.zeros(count, dtype=np.int64)
    for place, holding in enumerate(held):
        product = np.maximum(holding, 0)
        quantity = runs.months * accounts.lines[account] if place == 0 else runs.months
        price = industry.price_at(product, runs.held, months) * PRICE_UNITS
        part = _part(document, RECURRING, product, place, quantity, price, holding != NONE)
        recurring[part["document"].to_numpy()] += part["amount"].to_numpy()
        parts.append(part)
    if metered is not None:
        parts.append(_usage_part(chunk, runs, metered))
    saving = chunk.life.saving[story_month, customer]
    discount = np.minimum(accounts.discount[account], _MOST_OFF)
    offs = (discount, np.minimum(saving, _MOST_OFF - discount))
    parts += [_flat(document, DISCOUNT, held[0], 0, -(recurring * off // 100), off > 0) for off in offs]
    parts += [
        _bought(rng, chunk, runs),
        *(part.with_columns(is_wrong=pl.lit(value=True)) for part in _wrong(rng, chunk, runs, held, extras)),
    ]
    for number, charge, place, applies in (
        (industry.installation, ONE_OFF, 0, runs.is_first),
        (industry.late_fee, PENALTY, NONE, runs.has_late_fee),
    ):
        product = np.full(count, industry.position[number])
        parts.append(_part(document, charge, product, place, one, industry.price[product] * PRICE_UNITS, applies))
    lines = pl.concat(parts)
    order = np.argsort(lines["document"].to_numpy(), kind="stable")
    return with_tax_and_cost(chunk, lines[order])


def with_tax_and_cost(chunk: Chunk, lines: pl.DataFrame) -> pl.DataFrame:
    """Add tax and cost to each line. Discounts, fees and credits cost nothing to deliver."""
    industry = chunk.business.industry
    product, amount, charge = (lines[name].to_numpy() for name in ("product", "amount", "charge"))
    tax = tax_within(amount, industry.tax[product])
    cost = np.where(charge <= ONE_OFF, (amount - tax) * industry.cost[product] // 100, 0)
    return lines.with_columns(tax=pl.Series(tax), cost=pl.Series(cost))


def flat_lines(document: Integers, charge: int, product: Integers, amount: Integers) -> pl.DataFrame:
    """One line a document of a fixed amount, without tax and cost."""
    return _flat(document, charge, product, NONE, amount, np.ones(len(document), dtype=np.bool_))


def _bought(rng: np.random.Generator, chunk: Chunk, runs: Runs) -> pl.DataFrame:
    """What customers really buy once: of a few bills one line, of a first bill more often."""
    buys = ~runs.is_final & (rng.random(runs.count) < np.where(runs.is_first, _BUYS_AT_FIRST, _BUYS))
    document = np.flatnonzero(buys)
    count, product = len(document), _sold_once(rng, chunk, len(document))
    is_office = chunk.accounts.kind[runs.account[document]] == OFFICE
    pieces = np.where(is_office, rng.integers(1, _MOST_PIECES + 1, count), 1)
    price = chunk.business.industry.price[product] * PRICE_UNITS
    return _part(document, ONE_OFF, product, NONE, pieces * MONTH, price, np.ones(count, dtype=np.bool_))


def _sold_once(rng: np.random.Generator, chunk: Chunk, count: int) -> Integers:
    offered = chunk.business.industry.ladder(chunk.business.industry.one_offs)
    return offered[pick(rng, range(len(offered), 0, -1), count)]


def _wrong(rng: np.random.Generator, chunk: Chunk, runs: Runs, held: list[Integers], extras: Extras) -> list[pl.DataFrame]:
    """What was never owed, one line a wrong bill, on lines like those of right bills."""
    accounts, industry, timeline = chunk.accounts, chunk.business.industry, chunk.business.timeline
    document = np.flatnonzero(runs.is_wrong)
    account, count, charged = runs.account[document], len(document), runs.months[document]
    holdings = np.stack([holding[document] for holding in held])
    is_held = holdings != NONE
    chosen = 1 + (rng.random(count) * is_held.sum(axis=0)).astype(np.int64)
    place = np.argmax(np.cumsum(is_held, axis=0) == chosen, axis=0)
    doubled = holdings[place, np.arange(count)]
    add_on, is_new = _never_held(rng, chunk, account, extras)
    once = _sold_once(rng, chunk, count)
    kind = pick(rng, _WRONG, count)
    kind = np.where((kind == _ADD_ON) & ~is_new, _SOLD_ONCE, kind)
    quantity = charged * np.where(place == 0, accounts.lines[account], 1)
    prices = [industry.price_at(product, runs.held[document], timeline.count) * PRICE_UNITS for product in (doubled, add_on, once)]
    return [
        _part(document, RECURRING, doubled, place, quantity, prices[0], kind == _TWICE),
        # It is charged under the subscription of the plan: there is no other that it could belong to.
        _part(document, RECURRING, add_on, 0, charged, prices[1], kind == _ADD_ON),
        _part(document, ONE_OFF, once, NONE, np.full(count, MONTH), prices[2], kind == _SOLD_ONCE),
    ]


def _never_held(rng: np.random.Generator, chunk: Chunk, account: Integers, extras: Extras) -> tuple[Integers, Booleans]:
    """For each account (position) an add-on that it never holds, and whether there is one."""
    industry, count = chunk.business.industry, len(account)
    is_office, known = chunk.accounts.kind[account] == OFFICE, extras.product[account]
    product, is_new = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.bool_)
    for numbers, is_of_kind in ((industry.add_ons, ~is_office), (industry.office_add_ons, is_office)):
        offered = industry.ladder(numbers)
        start = rng.integers(0, len(offered), count)
        for step in range(len(offered)):
            tried = offered[(start + step) % len(offered)]
            takes = is_of_kind & ~is_new & (known != tried[:, None]).all(axis=1)
            product, is_new = np.where(takes, tried, product), is_new | takes
    return product, is_new


def _usage_part(chunk: Chunk, runs: Runs, metered: pl.DataFrame) -> pl.DataFrame:
    industry = chunk.business.industry
    charged = charged_usage(chunk, runs, metered)
    measure, tariff = charged["measure"].to_numpy(), charged["tariff"].to_numpy()
    products = np.array([industry.position[which.product] for which in industry.measures], dtype=np.int64)
    prices = np.array(
        [[which.price_in(period) for period in range(-1, len(TARIFF_PERIODS))] for which in industry.measures], dtype=np.int64
    )
    applies = np.ones(len(charged), dtype=np.bool_)
    price = prices[measure, tariff + 1]
    return _part(charged["document"].to_numpy(), USAGE, products[measure], 0, charged["quantity"].to_numpy(), price, applies)


def _flat(document: Integers, charge: int, product: Integers, place: int, amount: Integers, applies: Booleans) -> pl.DataFrame:
    return _part(document, charge, product, place, np.full(len(document), MONTH), amount * PRICE_UNITS, applies)


def _part(
    document: Integers, charge: int, product: Integers, place: Integers | int, quantity: Integers, price: Integers, applies: Booleans
) -> pl.DataFrame:
    """The lines of one kind, for those documents to which it applies."""
    place = np.full(len(applies), place)
    document, product, place, quantity, price = (column[applies] for column in (document, product, place, quantity, price))
    exact = quantity * price
    amount = np.sign(exact) * ((np.abs(exact) + _AMOUNT // 2) // _AMOUNT)
    values = (
        document,
        np.full(len(document), charge),
        product,
        place,
        quantity,
        price,
        amount,
        np.zeros(len(document), dtype=np.bool_),
    )
    return pl.DataFrame(dict(zip(_COLUMNS, values, strict=True)))
