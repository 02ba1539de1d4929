"""What a panel of customers spends with all suppliers, as a market research firm estimates it every quarter."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers, stream
from pipelines.sample.population.accounts import NONE
from pipelines.sample.population.memberships import MAIN
from pipelines.sample.records.extras import PLACES, Extras, make_extras
from pipelines.sample.records.holdings import is_known, plans, served

_PANEL: Final = 0.08
_ERROR: Final = 0.15
_QUARTER: Final = 3


def make_wallet_estimates(chunk: Chunk, extras: Extras | None = None) -> pl.DataFrame:
    """The estimates, ordered by `delivered`, customer and product line: for the last month of each quarter, while a customer is served.

    The estimate is what the customer's own plans and extras of the line cost by list price, divided by its true share of wallet, give or
    take 15 per cent. A line of which it holds nothing here is not estimated. A second registration of the same person is never asked.

    Args:
        chunk: The chunk.
        extras: As `make_extras(chunk)` returned them, if at hand.

    Returns:
        One row a customer, quarter and product line; total_spend in fen.
    """
    memberships, timeline, industry = chunk.memberships, chunk.business.timeline, chunk.business.industry
    extras = make_extras(chunk) if extras is None else extras
    rng = stream(chunk.business.seed, "wallet", chunk.index)
    lines = sorted({product.line for product in industry.products})
    line_of = np.array([lines.index(product.line) for product in industry.products])
    is_asked = (rng.random(memberships.count) < _PANEL) & (memberships.slot == MAIN)
    months = np.arange(timeline.count)
    months = months[timeline.calendar_month(months) % _QUARTER == _QUARTER - 1]
    error = 1.0 + _ERROR * (2.0 * rng.random((len(months), memberships.count, len(lines))) - 1.0)

    spent = _spent(chunk, extras, months, is_asked, line_of)
    quarter, customer, line = np.nonzero(spent)
    own = spent[quarter, customer, line]
    share = chunk.entities.share_of_wallet[memberships.entity[customer]]
    total = own / share * error[quarter, customer, line] + 0.5
    return pl.DataFrame(
        {
            "customer_id": memberships.number[customer],
            "month": (timeline.first + months[quarter].astype("timedelta64[M]")).astype("datetime64[D]"),
            "product_line": pl.Series(lines).gather(line),
            "total_spend": total.astype(np.int64),
            "currency": pl.repeat("CNY", len(customer), eager=True),
            "delivered": months[quarter],
        }
    )


def _spent(chunk: Chunk, extras: Extras, months: Integers, is_asked: Booleans, line_of: Integers) -> Integers:
    """Quarters × customers × lines: what the customer's holdings cost by list price, in fen; 0 for those who are not asked."""
    accounts, industry, count = chunk.accounts, chunk.business.industry, chunk.business.timeline.count
    spent = np.zeros((len(months), chunk.memberships.count, int(line_of.max()) + 1), dtype=np.int64)
    plan, held, is_served = plans(chunk), extras.held(count), served(chunk) & is_known(chunk)
    asked = np.flatnonzero(is_asked[accounts.customer])
    customer = accounts.customer[asked]
    for quarter, month in enumerate(months.tolist()):
        at, one = np.full(len(asked), month), np.ones(len(asked), dtype=np.int64)
        products = [(plan[month, asked], accounts.lines[asked])]
        products += [(np.where(held[month, asked, place], extras.product[asked, place], NONE), one) for place in range(PLACES)]
        for product, lines in products:
            counts = is_served[month, asked] & (product != NONE)
            price = industry.price_at(np.maximum(product, 0), at, count) * lines * counts
            np.add.at(spent[quarter], (customer, line_of[product]), price)
    return spent
