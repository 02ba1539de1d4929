"""The lines of the bills: what is charged each month, and what it costs to deliver."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.accounts import Accounts
from pipelines.sample.catalogue import CALL_PRICE, CHEAPEST, COST, POSITION, PRICE, TAX, price_at, tax_within
from pipelines.sample.chance import Booleans, Integers, bell
from pipelines.sample.timeline import Timeline

# Use of each calendar month in per cent of the year's mean: the Spring Festival and the summer holidays are busy.
_SEASON: Final = np.array([108, 124, 95, 92, 97, 98, 112, 114, 94, 100, 84, 82], dtype=np.int64)
_USE_LEFT: Final = np.array([1.0, 0.4, 0.2, 0.1])  # by the months since the decision to leave
_QUIET_MONTH, _QUIET_USE = 0.04, 0.2  # now and then somebody is away: a low bill that means nothing
_GOODWILL: Final = (1_000, 3_001)


@dataclass(frozen=True)
class Runs:
    """One position a regular bill: its account and month, and what else its price depends on.

    Attributes:
        falling: Months for which the customer has been using less, 0-3.
        is_first_bill: Whether installation is charged.
        is_wrong: Whether a charge slips in that was never owed.
        pays_late_fee: Whether the bill before was paid late and is charged for.
    """

    account: Integers
    month: Integers
    falling: Integers
    is_first_bill: Booleans
    is_wrong: Booleans
    pays_late_fee: Booleans


def regular_lines(rng: np.random.Generator, runs: Runs, accounts: Accounts, timeline: Timeline) -> pl.DataFrame:
    """Price the regular bills: one row a line, in the order in which they stand on the bill."""
    count = len(runs.account)
    document, cycle = np.arange(count), accounts.cycle[runs.account]
    parts: list[pl.DataFrame] = []
    plan, _ = _held(runs, accounts, 0)
    recurring = np.zeros(count, dtype=np.int64)
    for slot in range(accounts.holdings.shape[1]):
        product, quantity = _held(runs, accounts, slot)
        price = price_at(product, runs.month, timeline)
        amount = quantity * cycle * price
        recurring += amount
        parts.append(_part(document, quantity > 0, "recurring", product, quantity * cycle, price, amount))
    minutes = _minutes(rng, runs, accounts, timeline)
    parts.append(_part(document, minutes > 0, "usage", plan, minutes, np.full(count, CALL_PRICE), minutes * CALL_PRICE))
    rebate = -(recurring * accounts.discount[runs.account] // 100)
    one = np.ones(count, dtype=np.int64)
    for charge, product, amount, applies in (
        ("discount", plan, rebate, rebate < 0),
        ("one_off", _constant("S001", count), _price("S001", count), runs.is_first_bill),
        ("one_off", _constant("D001", count), _price("D001", count), runs.is_wrong),
        ("penalty", _constant("F001", count), _price("F001", count), runs.pays_late_fee),
    ):
        parts.append(_part(document, applies, charge, product, one, amount, amount))
    lines = pl.concat(parts).sort("document", maintain_order=True)
    return lines.with_columns(
        account=pl.Series(runs.account).gather(lines["document"]),
        position=pl.int_range(1, pl.len() + 1).over("document"),
        is_wrong=(pl.col("charge") == "one_off") & (pl.col("product") == POSITION["D001"]),
    )


def credit_lines(rng: np.random.Generator, document: pl.Series, account: pl.Series) -> pl.DataFrame:
    """One line of goodwill for each credit note."""
    count = len(document)
    amount = -rng.integers(*_GOODWILL, count)
    one = np.ones(count, dtype=np.int64)
    part = _part(document.to_numpy(), one > 0, "credit", _constant("G001", count), one, amount, amount)
    return part.with_columns(account=account, position=pl.lit(1, dtype=pl.Int64), is_wrong=pl.lit(value=False))


def _held(runs: Runs, accounts: Accounts, slot: int) -> tuple[Integers, Integers]:
    """Product and quantity that an account still holds in one slot.

    Who is about to leave gives up everything extra first, then all lines but half and every plan but the cheapest of its kind.
    """
    product = accounts.holdings[runs.account, slot]
    quantity = np.where(product >= 0, 1, 0)
    if slot > 0:
        return np.maximum(product, 0), np.where(runs.falling >= 1, 0, quantity)
    is_giving_up, lines = runs.falling >= 2, accounts.lines[runs.account]
    return np.where(is_giving_up, CHEAPEST[product], product), np.where(is_giving_up, (lines + 1) // 2, lines)


def _minutes(rng: np.random.Generator, runs: Runs, accounts: Accounts, timeline: Timeline) -> Integers:
    """Charged minutes: the account's own level by season, chance and how far it has fallen."""
    count = len(runs.account)
    is_quiet = rng.random(count) < _QUIET_MONTH
    chance = np.maximum(1.0 + 0.25 * bell(rng, count), 0.1) * np.where(is_quiet, _QUIET_USE, 1.0)
    season = _SEASON[timeline.calendar_month(runs.month)] / 100.0
    use = accounts.minutes[runs.account] * season * chance * _USE_LEFT[runs.falling] * accounts.cycle[runs.account]
    return np.asarray(use, dtype=np.int64)


def _part(
    document: Integers, applies: Booleans, charge: str, product: Integers, quantity: Integers, price: Integers, gross: Integers
) -> pl.DataFrame:
    """The lines of one kind, for those documents to which it applies."""
    document, product, quantity, price, gross = (column[applies] for column in (document, product, quantity, price, gross))
    tax = tax_within(gross, TAX[product])
    has_cost = charge in ("recurring", "usage", "one_off")
    cost = (gross - tax) * COST[product] // 100 if has_cost else np.zeros_like(gross)
    return pl.DataFrame(
        {
            "document": document,
            "charge": np.full(len(document), charge),
            "product": product,
            "quantity": quantity,
            "price": price,
            "gross": gross,
            "tax": tax,
            "cost": cost,
        },
        schema_overrides={"charge": pl.String},
    )


def _constant(number: str, count: int) -> Integers:
    return np.full(count, POSITION[number])


def _price(number: str, count: int) -> Integers:
    return np.full(count, PRICE[POSITION[number]])
