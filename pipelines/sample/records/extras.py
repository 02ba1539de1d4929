"""What accounts hold besides the plan, and in which months: the maker of bills charges this, the maker of subscriptions tells it.

`Accounts.extras` says what an account comes to hold in the ordinary way. Some of it is added only later, some is given up again (leavers
give up more, once they have begun to use less), and a cross-selling campaign adds what is not in `Accounts.extras` at all. So a bill
charges `Extras.product` where `Extras.held` says so, never `Accounts.extras`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers, Times, stream
from pipelines.sample.population.accounts import NONE, OFFICE, SUBSCRIPTIONS_AN_ACCOUNT
from pipelines.sample.records.campaign_members import answers
from pipelines.sample.records.holdings import closed_month, is_known
from pipelines.sample.story.campaigns import ACCEPTED, CROSS_SELL
from pipelines.sample.story.life import NEVER

PLACES: Final = SUBSCRIPTIONS_AN_ACCOUNT - 1
_LATER_SHARE, _ADDED_WITHIN = 0.35, 1_440  # and in how many days at least
_GIVES_UP, _LEAVER_GIVES_UP = 0.004, 0.30  # chance a month; of the stayers, more where prices matter


@dataclass(frozen=True)
class Extras:
    """Arrays of accounts × 3; place p of the account is its subscription p + 1. A place is used once.

    Attributes:
        product: Position in the catalogue, NONE where nothing was ever held.
        started: When it was added; NaT where nothing was.
        since: First month index for which it is charged: that of the account's opening for what was there from the beginning (-1 before the
            sample), the month after `started` for what was added later.
        ended: When it was given up; NaT where that has not happened (it then ends with the account).
        until: Last month index for which it is charged, that of `ended`; NEVER where it was not given up.
        is_sold: Whether a cross-selling campaign added it.
    """

    product: Integers
    started: Times
    since: Integers
    ended: Times
    until: Integers
    is_sold: Booleans

    def held(self, months: int) -> Booleans:
        """Months × accounts × 3: whether it is to be charged for the calendar month, as if the account were never closed."""
        month = np.arange(months)[:, None, None]
        return np.asarray((self.product != NONE) & (month >= self.since) & (month <= self.until))


def extras_held(chunk: Chunk) -> Booleans:
    """Months × accounts × 3: which extras are to be charged for each calendar month (the bill for month m is issued in m + 1).

    What is held is `make_extras(chunk).product`, which has more than `Accounts.extras`.
    """
    return make_extras(chunk).held(chunk.business.timeline.count)


def make_extras(chunk: Chunk) -> Extras:
    """Decide what each account holds besides the plan, and when. The same every time it is asked."""
    rng = stream(chunk.business.seed, "subscriptions", chunk.index)
    product, started, since = _ordinary(rng, chunk)
    is_sold = _sell(rng, chunk, product, started, since)
    ended, until = _given_up(rng, chunk, product, since)
    return Extras(product, started, since, ended, until, is_sold)


def _ordinary(rng: np.random.Generator, chunk: Chunk) -> tuple[Integers, Times, Integers]:
    """What `Accounts.extras` has: most came with the account, the others on some day after, while the customer thought of staying."""
    accounts, timeline = chunk.accounts, chunk.business.timeline
    shape = (accounts.count, PLACES)
    opened = accounts.opened.astype("datetime64[ms]")[:, None]
    is_later = rng.random(shape) < _LATER_SHARE
    # Not simply until the end of the sample: those who joined late would all add something in the last months.
    days = np.maximum((timeline.end - opened).astype("timedelta64[D]").astype(np.int64), _ADDED_WITHIN)
    day = opened.astype("datetime64[D]") + (1 + days * rng.integers(0, 10_000, shape) // 10_000).astype("timedelta64[D]")
    started = day.astype("datetime64[ms]") + rng.integers(9 * 3_600, 18 * 3_600, shape).astype("timedelta64[s]")
    started = np.where(is_later, started, opened)
    month = timeline.index_of(started)
    is_possible = ~is_later | (month < np.minimum(chunk.life.decided, timeline.count)[accounts.customer][:, None])
    is_held = (accounts.extras != NONE) & is_possible & is_known(chunk)[:, None]
    since = np.where(is_later, np.maximum(month + 1, -1), accounts.opened_month[:, None])
    never = np.datetime64("NaT")
    return np.where(is_held, accounts.extras, NONE), np.where(is_held, started, never).astype("datetime64[ms]"), since


def _sell(rng: np.random.Generator, chunk: Chunk, product: Integers, started: Times, since: Integers) -> Booleans:
    """What accepted offers of cross-selling campaigns add to the customer's first account, where a place is free. Changes its arguments."""
    members, accounts, industry = chunk.members, chunk.accounts, chunk.business.industry
    offered = np.full((accounts.count, PLACES), NONE)
    for place in range(PLACES):
        for is_of_kind, numbers in ((accounts.kind != OFFICE, industry.add_ons), (accounts.kind == OFFICE, industry.office_add_ons)):
            choice = industry.ladder(numbers[place::PLACES])
            drawn = choice[rng.integers(0, max(len(choice), 1), accounts.count)] if len(choice) else np.full(accounts.count, NONE)
            offered[:, place] = np.where(is_of_kind, drawn, offered[:, place])
    found = answers(chunk)
    month = np.where(np.isnat(found.responded), NEVER, found.month)
    is_sold = np.zeros(product.shape, dtype=np.bool_)
    is_cross_sell = chunk.business.campaigns.kind[members.campaign] == CROSS_SELL
    who = np.flatnonzero(is_cross_sell & (members.response == ACCEPTED) & (month < chunk.business.timeline.count))
    account = np.searchsorted(accounts.customer, members.customer[who])
    order = np.lexsort((found.responded[who], account))
    order = order[month[who[order]] < closed_month(chunk)[account[order]]]
    who, account = who[order], account[order]
    for place in range(PLACES):  # the first offer takes the first free place, the second the next one
        is_free = (product[account, place] == NONE) & (offered[account, place] != NONE)
        is_next = np.concatenate([[True], account[1:] != account[:-1]])[: len(account)] & is_free
        at, by = account[is_next], who[is_next]
        product[at, place], started[at, place], since[at, place] = offered[at, place], found.responded[by], month[by] + 1
        is_sold[at, place] = True
        who, account = who[~is_next], account[~is_next]
    return is_sold


def _given_up(rng: np.random.Generator, chunk: Chunk, product: Integers, since: Integers) -> tuple[Times, Integers]:
    """When each extra is given up before the account is closed: leavers with a sign do so after their use has begun to fall."""
    accounts, timeline, life = chunk.accounts, chunk.business.timeline, chunk.life
    sensitive = chunk.entities.price_sensitivity[chunk.memberships.entity[accounts.customer]]
    until = np.full(product.shape, NEVER)
    ends_before = life.last[accounts.customer]
    for month in range(timeline.count):
        falls = life.months_falling(accounts.customer, np.full(accounts.count, month)) >= 1
        rate = np.where(falls, _LEAVER_GIVES_UP, _GIVES_UP * (0.5 + sensitive))
        gives_up = (rng.random(product.shape) < rate[:, None]) & (month < ends_before)[:, None]
        until = np.where(gives_up & (month > since) & (until == NEVER) & (product != NONE), month, until)
    day, second = rng.integers(20, 29, product.shape), rng.integers(9 * 3_600, 18 * 3_600, product.shape)
    ended = timeline.at(np.where(until == NEVER, 0, until), day, second)
    return np.where(until == NEVER, np.datetime64("NaT"), ended).astype("datetime64[ms]"), until
