"""The lines of the regular bills: what is charged and what it costs to deliver. Lines of corrections are in `corrections`."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers
from pipelines.sample.industries.industry import tax_within
from pipelines.sample.population.accounts import NONE
from pipelines.sample.records.billed_usage import charged_usage
from pipelines.sample.records.billing_runs import MONTH, Runs
from pipelines.sample.records.extras import PLACES, Extras

CHARGES: Final = ("recurring", "usage", "one_off", "discount", "penalty", "credit")
RECURRING, USAGE, ONE_OFF, DISCOUNT, PENALTY, CREDIT = range(6)
PRICE_UNITS: Final = 100  # a fen has a hundred ten-thousandths of a yuan, in which prices of one unit are said
_AMOUNT: Final = MONTH * PRICE_UNITS
_DOUBLED: Final = 0.35  # of the wrong bills, how many charge the plan twice; the others charge something never ordered
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
    wrong = np.full(count, industry.position[industry.wrong])
    is_doubled = runs.is_wrong & (rng.random(count) < _DOUBLED)
    price = industry.price_at(held[0], runs.held, months) * PRICE_UNITS
    twice = _part(document, RECURRING, held[0], 0, runs.months * accounts.lines[account], price, is_doubled)
    parts.append(twice.with_columns(is_wrong=pl.lit(value=True)))
    never_ordered = _part(document, ONE_OFF, wrong, NONE, one, industry.price[wrong] * PRICE_UNITS, runs.is_wrong & ~is_doubled)
    parts.append(never_ordered.with_columns(is_wrong=pl.lit(value=True)))
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


def _usage_part(chunk: Chunk, runs: Runs, metered: pl.DataFrame) -> pl.DataFrame:
    industry = chunk.business.industry
    charged = charged_usage(chunk, runs, metered)
    measure = charged["measure"].to_numpy()
    products = np.array([industry.position[which.product] for which in industry.measures], dtype=np.int64)
    prices = np.array([which.price for which in industry.measures], dtype=np.int64)
    applies = np.ones(len(charged), dtype=np.bool_)
    return _part(charged["document"].to_numpy(), USAGE, products[measure], 0, charged["quantity"].to_numpy(), prices[measure], applies)


def _flat(document: Integers, charge: int, product: Integers, place: int, amount: Integers, applies: Booleans) -> pl.DataFrame:
    return _part(document, charge, product, place, np.full(len(document), MONTH), amount * PRICE_UNITS, applies)


def _part(
    document: Integers, charge: int, product: Integers, place: int, quantity: Integers, price: Integers, applies: Booleans
) -> pl.DataFrame:
    """The lines of one kind, for those documents to which it applies."""
    document, product, quantity, price = (column[applies] for column in (document, product, quantity, price))
    exact = quantity * price
    amount = np.sign(exact) * ((np.abs(exact) + _AMOUNT // 2) // _AMOUNT)
    values = (
        document,
        np.full(len(document), charge),
        product,
        np.full(len(document), place),
        quantity,
        price,
        amount,
        np.zeros(len(document), dtype=np.bool_),
    )
    return pl.DataFrame(dict(zip(_COLUMNS, values, strict=True)))
