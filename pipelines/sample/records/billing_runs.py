"""The bills that come by themselves: for which account, when, for which period, and when each is paid. Their lines are in `bill_lines`.

Bills come in arrears: that of month m, on the account's billing day, is for the time since the bill before. A customer that is closed gets
a last bill on that day for what is left.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers, Times
from pipelines.sample.population.accounts import Accounts
from pipelines.sample.records.paying import FINE_AFTER_DAYS, UNPAID, day_number, oldest_first, paid_days
from pipelines.sample.story.life import NEVER, WRONG_BILL
from pipelines.sample.timeline import Timeline

MONTH: Final = 10_000  # quantities and shares of a month are counted in ten-thousandths
_DAYS_A_MONTH: Final = 30  # what is charged by days is charged in thirtieths
_WALKS_AWAY, _IS_FINED = 0.12, 0.5


@dataclass(frozen=True)
class Runs:
    """One position a bill, ordered by account and time.

    Attributes:
        account: Position of the account in the chunk.
        month: Month index in which it is issued.
        held: Month index whose plans and prices it charges: the one before (-1 for month 0), its own for a last bill.
        is_final: Whether it is the last bill, issued when the customer is closed.
        is_first: Whether it is the first of an account that was opened within the sample.
        months: Length of the period in ten-thousandths of a month.
        before: Of that, what lies before the month before the sample, from which on use is metered.
        start: First day of the period, from 1970.
        end: Last day of the period.
        issued: When it is issued.
        due: Day on which it is due; the day of issue for what is paid in advance.
        paid: Day on which it is paid; UNPAID where it never is, and for what is paid in advance.
        is_wrong: Whether something is charged that was never owed.
        has_late_fee: Whether a late fee for an earlier bill is charged.
    """

    account: Integers
    month: Integers
    held: Integers
    is_final: Booleans
    is_first: Booleans
    months: Integers
    before: Integers
    start: Integers
    end: Integers
    issued: Times
    due: Integers
    paid: Integers
    is_wrong: Booleans
    has_late_fee: Booleans

    @property
    def count(self) -> int:
        """How many bills there are."""
        return len(self.account)

    def covering(self, accounts: int, months: int) -> Integers:
        """Months × accounts: position of the bill that charges the use metered for a bill of the month; `count` where it has not come.

        A last bill charges no use: it comes before the meter is read.
        """
        covers = np.full((months, accounts), self.count, dtype=np.int64)
        regular = np.flatnonzero(~self.is_final)
        covers[self.month[regular], self.account[regular]] = regular
        return np.asarray(np.minimum.accumulate(covers[::-1], axis=0)[::-1])


def make_runs(rng: np.random.Generator, chunk: Chunk) -> Runs:
    """Bill every account in its rhythm; an account with a wrong bill in the month of another rhythm is billed in between."""
    accounts, life, timeline = chunk.accounts, chunk.life, chunk.business.timeline
    months = np.arange(timeline.count)[:, None]
    served = life.is_served[:, accounts.customer] & (months > accounts.opened_month)
    is_wrong = served & accounts.is_first & (life.failure[:, accounts.customer] == WRONG_BILL)
    is_turn = (months + accounts.number // 12) % accounts.cycle == 0
    account, month = np.nonzero((served & (is_turn | is_wrong)).T)
    last = life.last[accounts.customer]
    closes = ~np.isnat(life.closed[accounts.customer]) & (accounts.opened_month < last) & (last < timeline.count)
    final = np.flatnonzero(closes)
    account, month = np.concatenate([account, final]), np.concatenate([month, last[final]])
    is_final = np.arange(len(account)) >= len(account) - len(final)
    order = np.lexsort((is_final, month, account))
    account, month, is_final = account[order], month[order], is_final[order]

    customer, count = accounts.customer[account], len(account)
    billing_day = _billing_day(accounts, timeline, account, month)
    closed = day_number(life.closed[customer])
    end = np.where(is_final, closed + 1, billing_day)  # the day after the period
    start, is_regular, is_first = _starts(accounts, timeline, account, month, end)
    is_regular &= ~is_final
    prior = np.concatenate([[0], month[:-1]])
    whole = np.where(_follows(account), month - prior, accounts.cycle[account])
    length = np.where(is_regular, whole * MONTH, ((end - start) * MONTH + _DAYS_A_MONTH // 2) // _DAYS_A_MONTH)
    begins_before = ~_follows(account) & (accounts.opened_month[account] < 0) & ~is_final
    night = timeline.at(month, accounts.billing_day[account], rng.integers(0, 3 * 3_600, count))
    evening = life.closed[customer] + rng.integers(3_600, 5 * 3_600, count).astype("timedelta64[s]")
    issued = np.where(is_final, evening, night)
    due = day_number(issued) + accounts.terms[account]
    paid = _paid(rng, chunk, account, month, day_number(issued), due)
    pays_bills = ~is_final & ~accounts.is_prepaid[account]
    return Runs(
        account=account,
        month=month,
        held=month - ~is_final,
        is_final=is_final,
        is_first=is_first,
        months=length,
        before=np.where(begins_before, np.maximum(length - (month + 1) * MONTH, 0), 0),
        start=start,
        end=end - 1,
        issued=issued,
        due=due,
        paid=paid,
        is_wrong=is_wrong[month, account] & ~is_final,
        has_late_fee=_fined(account, day_number(issued), due, paid) & pays_bills & (rng.random(count) < _IS_FINED),
    )


def _billing_day(accounts: Accounts, timeline: Timeline, account: Integers, month: Integers) -> Integers:
    return day_number(timeline.at(month, accounts.billing_day[account], np.zeros_like(month)))


def _follows(account: Integers) -> Booleans:
    """Whether the bill before in the order is one of the same account."""
    return np.concatenate([[False], account[1:] == account[:-1]])


def _starts(
    accounts: Accounts, timeline: Timeline, account: Integers, month: Integers, end: Integers
) -> tuple[Integers, Booleans, Booleans]:
    """First day of each period, whether it is of a regular length, and whether it is a newcomer's first."""
    opened = day_number(accounts.opened)[account]
    usual = _billing_day(accounts, timeline, account, month - accounts.cycle[account])
    follows, is_new = _follows(account), accounts.opened_month[account] >= 0
    first = np.where(is_new, opened, np.maximum(usual, opened))
    start = np.where(follows, np.concatenate([[0], end[:-1]]), first)
    return start, follows | (first == usual), ~follows & is_new


def _paid(rng: np.random.Generator, chunk: Chunk, account: Integers, month: Integers, issued: Integers, due: Integers) -> Integers:
    """When each bill is paid. Nobody who has stopped paying pays again, and some who leave do not pay their last bills."""
    accounts, life = chunk.accounts, chunk.life
    customer = accounts.customer[account]
    credit = chunk.entities.credit[chunk.memberships.entity[customer]]
    paid = paid_days(rng, issued, due, credit, life.is_short[month, customer])
    walks_away = rng.random(accounts.count)[account] < _WALKS_AWAY
    paid = np.where((month == life.last[customer]) & walks_away, UNPAID, paid)
    paid = oldest_first(account, np.where(accounts.is_prepaid[account], UNPAID, paid))
    return np.where(paid >= stopping_day(chunk)[customer], UNPAID, paid)


def stopping_day(chunk: Chunk) -> Integers:
    """The day from which each customer pays nothing any more; UNPAID for payers."""
    stopped = chunk.life.stopped
    has_stopped = stopped != NEVER
    month = np.where(has_stopped, stopped, 0)
    return np.where(has_stopped, day_number(chunk.business.timeline.at(month, np.ones_like(month), np.zeros_like(month))), UNPAID)


def _fined(account: Integers, issued: Integers, due: Integers, paid: Integers) -> Booleans:
    """Whether the newest earlier bill that is due for long enough was not paid by then."""
    is_fined = np.zeros(len(account), dtype=np.bool_)
    is_found = np.zeros(len(account), dtype=np.bool_)
    for back in (1, 2):
        same = np.zeros(len(account), dtype=np.bool_)
        same[back:] = account[back:] == account[:-back]
        limit = np.roll(due, back) + FINE_AFTER_DAYS
        counts = same & ~is_found & (limit < issued)
        is_fined |= counts & (np.roll(paid, back) > limit)
        is_found |= counts
    return is_fined
