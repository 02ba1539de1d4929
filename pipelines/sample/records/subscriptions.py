"""The subscriptions: the plan of each account and what it holds besides, delivered again when product, price, term or discount change."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Integers, Times
from pipelines.sample.population.accounts import NONE
from pipelines.sample.records.extras import PLACES, Extras, make_extras
from pipelines.sample.records.holdings import closed, is_known, plans
from pipelines.sample.records.versions import versions
from pipelines.sample.story.life import NEVER, REASONS

GIVEN_UP: Final = "no_longer_wanted"
_NO_REASON, _GIVEN_UP = len(REASONS) + 1, len(REASONS)
_NO_TERM: Final = -10_000


def make_subscriptions(chunk: Chunk, extras: Extras | None = None) -> pl.DataFrame:
    """The subscription frame, ordered by `delivered` and subscription.

    A change of plan ends nothing: the same subscription says another product from the month of the change. Months in which nothing changes
    bring no row. A plan's term and every discount are those in force in the month.

    Args:
        chunk: The chunk.
        extras: As `make_extras(chunk)` returned them, if at hand.

    Returns:
        One row a subscription and version.
    """
    accounts, life, timeline, industry = chunk.accounts, chunk.life, chunk.business.timeline, chunk.business.industry
    extras = make_extras(chunk) if extras is None else extras
    account, place, started, ended, reason = _runs(chunk, extras)
    months = np.arange(timeline.count)[:, None]
    begins_in = np.maximum(timeline.index_of(started), 0)
    ends_in = np.where(np.isnat(ended), NEVER, timeline.index_of(ended))
    customer = accounts.customer[account]
    extra = extras.product[account, np.maximum(place - 1, 0)]
    product = np.where(place == 0, plans(chunk)[:, account], extra)
    price = industry.price_at(product, np.broadcast_to(months, product.shape), timeline.count)
    discount = np.minimum(accounts.discount[account] + life.saving[:, customer], 100)
    is_bound = (place == 0) & (accounts.is_first & accounts.has_contract)[account]
    term = life.contract_end[:, customer]
    term = np.where(is_bound & (term != NEVER), term, _NO_TERM)
    is_alive = (months >= begins_in) & (months <= ends_in)
    month, which = np.nonzero(versions(is_alive, ends_in, product, price, discount, term))
    has_ended = month == ends_in[which]
    now = (month, which)
    return pl.DataFrame(
        {
            "subscription_id": accounts.subscription(account, place)[which],
            "account_id": accounts.number[account][which],
            "customer_id": chunk.memberships.number[customer][which],
            "product_id": pl.Series([product.number for product in industry.products]).gather(product[now]),
            "started_at": started[which],
            "ended_at": np.where(has_ended, ended[which], np.datetime64("NaT")).astype("datetime64[ms]"),
            "end_reason": pl.Series([*REASONS, GIVEN_UP, None]).gather(np.where(has_ended, reason[which], _NO_REASON)),
            "contract_end_at": _last_day(chunk, term[now]),
            "list_price": price[now],
            "discount_rate": discount[now] / 100.0,
            "delivered": month,
        }
    )


def _runs(chunk: Chunk, extras: Extras) -> tuple[Integers, Integers, Times, Times, Integers]:
    """Account, place, start, end (or NaT) and reason of the end (position) of each subscription, ordered by account and place."""
    accounts = chunk.accounts
    is_held = np.concatenate([np.ones((accounts.count, 1), dtype=np.bool_), extras.product != NONE], axis=1)
    account, place = np.nonzero(is_held & is_known(chunk)[:, None])
    extra = np.maximum(place - 1, 0) % PLACES
    started = np.where(place == 0, accounts.opened[account], extras.started[account, extra]).astype("datetime64[ms]")
    given_up = np.where(place == 0, np.datetime64("NaT"), extras.ended[account, extra]).astype("datetime64[ms]")
    is_given_up = ~np.isnat(given_up)
    ended = np.where(is_given_up, given_up, closed(chunk)[account])
    return account, place, started, ended, np.where(is_given_up, _GIVEN_UP, chunk.life.reason[accounts.customer[account]])


def _last_day(chunk: Chunk, month: Integers) -> Times:
    """The last day of each month (index), NaT for _NO_TERM."""
    after = (chunk.business.timeline.first + (month + 1).astype("timedelta64[M]")).astype("datetime64[D]")
    return np.where(month == _NO_TERM, np.datetime64("NaT"), after - np.timedelta64(1, "D")).astype("datetime64[D]")
