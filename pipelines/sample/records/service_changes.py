"""What changed about a service and what was asked: the trail of plans, prices, suspensions and leaving, as the order system keeps it.

Extras that come and go are not orders of their own here; `subscriptions` tells them.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers, Times, stream
from pipelines.sample.population.accounts import NONE
from pipelines.sample.records.campaign_members import answers
from pipelines.sample.records.extras import PLACES, Extras, make_extras
from pipelines.sample.records.holdings import closed, closed_month, is_known, open_months, plans
from pipelines.sample.story.campaigns import RESPONSES, RETENTION
from pipelines.sample.story.life import COMPETITOR, NEVER, REASONS
from pipelines.sample.timeline import Timeline

CHANGES: Final = (
    *("activate", "upgrade", "downgrade", "price_change", "suspend"),
    *("resume", "port_out_request", "retention_offer", "terminate"),
)
ACTIVATE, UPGRADE, DOWNGRADE, PRICE_CHANGE, SUSPEND, RESUME, PORT_OUT, OFFER, TERMINATE = range(len(CHANGES))
DEARER, UNPAID = "price_list", "overdue"
_WORDS: Final = (*REASONS, *RESPONSES, DEARER, UNPAID, None)  # what `reason` says, by position
_ANSWER, _NO_WORD = len(REASONS), len(_WORDS) - 1


@dataclass(frozen=True)
class _Part:
    """Changes of one kind: positions of accounts, when, kind, place of the subscription, products from and to, reason, competitor."""

    account: Integers
    at: Times
    change: Integers | int
    place: Integers | int = 0
    before: Integers | int = NONE
    after: Integers | int = NONE
    reason: Integers | int = _NO_WORD
    competitor: Integers | int = NONE
    delivered: Integers | None = None


def make_service_changes(chunk: Chunk, extras: Extras | None = None) -> pl.DataFrame:
    """The changes, ordered by `delivered`, time and account, and numbered in this order.

    Args:
        chunk: The chunk.
        extras: As `make_extras(chunk)` returned them, if at hand.

    Returns:
        One row a change. The offer to stay is delivered with the month in which its answer is known.
    """
    extras = make_extras(chunk) if extras is None else extras
    industry, timeline = chunk.business.industry, chunk.business.timeline
    rng = stream(chunk.business.seed, "service", chunk.index)
    rival = rng.integers(0, max(len(industry.competitors), 1), chunk.memberships.count)
    plan, is_open = plans(chunk), open_months(chunk)
    parts = [
        _opened(chunk, plan),
        _stepped(rng, chunk, plan, is_open),
        *_dearer(chunk, plan, is_open, extras),
        *_cut_off(rng, chunk, is_open),
        _asks_along(rng, chunk, plan, rival),
        _offers(chunk, plan),
        _terminated(chunk, plan, rival),
    ]
    frame = pl.concat([_frame(chunk, part) for part in parts])
    frame = frame.filter(pl.col("delivered") < timeline.count).sort(
        "delivered", "changed_at", "subscription_id", "change", maintain_order=True
    )
    numbers = chunk.business.numbering.take("service_change", len(frame))
    products = pl.Series([*(product.number for product in industry.products), None])
    rivals = pl.Series([*industry.competitors, None], dtype=pl.String)
    return frame.select(
        pl.Series("change_id", numbers),
        *("customer_id", "account_id", "subscription_id", "changed_at"),
        pl.Series("change", CHANGES).gather(frame["change"]),
        products.gather(_or_last(frame["before"], products)).alias("from_product_id"),
        products.gather(_or_last(frame["after"], products)).alias("to_product_id"),
        pl.Series("reason", _WORDS, dtype=pl.String).gather(frame["reason"]),
        rivals.gather(_or_last(frame["competitor"], rivals)).alias("competitor"),
        "delivered",
    )


def _opened(chunk: Chunk, plan: Integers) -> _Part:
    accounts = chunk.accounts
    new = np.flatnonzero((accounts.opened_month >= 0) & is_known(chunk))
    return _Part(new, accounts.opened[new], ACTIVATE, after=plan[accounts.opened_month[new], new])


def _stepped(rng: np.random.Generator, chunk: Chunk, plan: Integers, is_open: Booleans) -> _Part:
    """Another plan in the course of a month, before anybody is closed in it."""
    day, second = rng.integers(2, 19, plan.shape), rng.integers(9 * 3_600, 18 * 3_600, plan.shape)
    month, account = np.nonzero(is_open[1:] & is_open[:-1] & (plan[1:] != plan[:-1]))
    before, after = plan[month, account], plan[month + 1, account]
    month = month + 1
    at = chunk.business.timeline.at(month, day[month, account], second[month, account])
    step = chunk.life.step[:, chunk.accounts.customer]
    goes_up = step[month, account] > step[month - 1, account]
    return _Part(account, at, np.where(goes_up, UPGRADE, DOWNGRADE), before=before, after=after)


def _dearer(chunk: Chunk, plan: Integers, is_open: Booleans, extras: Extras) -> list[_Part]:
    """A new price from the first of a month, for those who had the product before and keep it."""
    timeline, parts = chunk.business.timeline, []
    has_extra = extras.held(timeline.count)
    for product, since, _ in chunk.business.industry.rises(timeline.count):
        if not 0 < since < timeline.count:
            continue
        stays = is_open[since] & is_open[since - 1]
        first = _nights(timeline, since, len(stays))
        holders = [stays & (plan[since] == product) & (plan[since - 1] == product)]
        for place in range(PLACES):
            is_extra = extras.product[:, place] == product
            holders.append(stays & is_extra & has_extra[since, :, place] & (extras.started[:, place] < first))
        for place, holds in enumerate(holders):
            account = np.flatnonzero(holds)
            parts.append(_Part(account, first[account], PRICE_CHANGE, place, product, product, _WORDS.index(DEARER)))
    return parts


def _nights(timeline: Timeline, month: int, count: int) -> Times:
    """The night to the first of a month, so many times."""
    return timeline.at(np.full(count, month), np.full(count, 1), np.full(count, 0))


def _cut_off(rng: np.random.Generator, chunk: Chunk, is_open: Booleans) -> list[_Part]:
    """Suspended for not paying in the night to the first of a month, and taken up again in the same way. Later accounts are not."""
    accounts, timeline, parts = chunk.accounts, chunk.business.timeline, []
    second = rng.integers(0, 2 * 3_600, is_open.shape)
    is_suspended = chunk.life.is_suspended[:, accounts.customer]
    was_suspended = np.concatenate([is_suspended[:1], is_suspended[:-1]])  # who is when the sample begins has been before
    for change, begins in ((SUSPEND, is_suspended & ~was_suspended), (RESUME, ~is_suspended & was_suspended)):
        month, account = np.nonzero(begins & is_open & (np.arange(timeline.count)[:, None] > accounts.opened_month))
        at = timeline.at(month, np.ones_like(month), second[month, account])
        parts.append(_Part(account, at, change, reason=_WORDS.index(UNPAID) if change == SUSPEND else _NO_WORD))
    return parts


def _asks_along(rng: np.random.Generator, chunk: Chunk, plan: Integers, rival: Integers) -> _Part:
    """The request to take number or account along, before the closing; it says to whom."""
    accounts, timeline = chunk.accounts, chunk.business.timeline
    day, second = rng.integers(3, 19, accounts.count), rng.integers(9 * 3_600, 18 * 3_600, accounts.count)
    month = chunk.life.asks_along[accounts.customer]
    is_asked = accounts.is_first & is_known(chunk) & (month >= np.maximum(accounts.opened_month + 1, 0)) & (month < timeline.count)
    account = np.flatnonzero(is_asked)
    at = timeline.at(month[account], day[account], second[account])
    return _Part(account, at, PORT_OUT, before=plan[month[account], account], competitor=rival[accounts.customer[account]])


def _offers(chunk: Chunk, plan: Integers) -> _Part:
    """The offers of the retention campaigns to those who were contacted; the reason is what they answered."""
    members, accounts, timeline = chunk.members, chunk.accounts, chunk.business.timeline
    found = answers(chunk)
    is_contacted = ~np.isnat(found.contacted)
    offered = is_contacted & (chunk.business.campaigns.kind[members.campaign] == RETENTION) & (found.month < timeline.count)
    who = np.flatnonzero(offered)
    account = np.searchsorted(accounts.customer, members.customer[who])
    product = plan[found.month[who], account]
    reason = _ANSWER + found.response[who]
    return _Part(account, found.contacted[who], OFFER, after=product, reason=reason, delivered=found.month[who])


def _terminated(chunk: Chunk, plan: Integers, rival: Integers) -> _Part:
    """The end of the account; to whom the customer goes is known where it goes to a competitor."""
    account = np.flatnonzero(is_known(chunk) & (closed_month(chunk) != NEVER))
    customer = chunk.accounts.customer[account]
    reason, month = chunk.life.reason[customer], closed_month(chunk)[account]
    competitor = np.where(reason == COMPETITOR, rival[customer], NONE)
    return _Part(account, closed(chunk)[account], TERMINATE, before=plan[month, account], reason=reason, competitor=competitor)


def _frame(chunk: Chunk, part: _Part) -> pl.DataFrame:
    accounts, count = chunk.accounts, len(part.account)
    at = part.at.astype("datetime64[ms]")
    whole = {name: np.broadcast_to(getattr(part, name), count) for name in ("change", "before", "after", "reason", "competitor")}
    return pl.DataFrame(
        {
            "customer_id": chunk.memberships.number[accounts.customer[part.account]],
            "account_id": accounts.number[part.account],
            "subscription_id": accounts.subscription(part.account, part.place),
            "changed_at": at,
            **{name: pl.Series(np.array(values, dtype=np.int64)) for name, values in whole.items()},
            "delivered": chunk.business.timeline.index_of(at) if part.delivered is None else part.delivered,
        }
    )


def _or_last(position: pl.Series, of: pl.Series) -> pl.Series:
    """The positions, with the last of `of` (which is null) for NONE."""
    return pl.Series(np.where(position.to_numpy() == NONE, len(of) - 1, position.to_numpy()))
