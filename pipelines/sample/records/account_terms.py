"""The accounts as the billing system knows them: on which terms each is held, delivered again whenever that changes."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers
from pipelines.sample.population.staff import BRANCHES_PER_REGION, REGIONS
from pipelines.sample.records.holdings import closed, closed_month, open_months
from pipelines.sample.records.versions import versions
from pipelines.sample.story.life import NOTHING, REASONS

BRANCHES: Final = tuple(f"OP-{letter}{branch + 1}" for letter in "NESWC"[:REGIONS] for branch in range(BRANCHES_PER_REGION))
DISCOUNT_TERMS: Final = "2/10 net 30"
_GOOD_CREDIT, _MONTHS_A_YEAR = 0.7, 12
_LIMIT_STEP: Final = 10_000  # limits are whole hundreds of yuan
_RAISE: Final = 5  # by one part in so many, and by a step at least


def make_account_terms(chunk: Chunk) -> pl.DataFrame:
    """The account frame, ordered by `delivered` and account: a row when an account is first known, and one for each month of a change.

    The limit changes once a year for those who pay well, and the account ends with its customer. It stays with the branch that opened it.
    """
    accounts, life = chunk.accounts, chunk.life
    branch = opening_branches(chunk)
    limit = _limits(chunk)
    ends_in = closed_month(chunk)
    month, account = np.nonzero(versions(open_months(chunk), ends_in, limit))
    is_closed = month == ends_in[account]
    customer, limit_now = accounts.customer[account], limit[month, account]
    reason = np.where(is_closed, life.reason[customer], NOTHING)
    discount_terms = pl.Series([DISCOUNT_TERMS, None])
    return pl.DataFrame(
        {
            "account_id": accounts.number[account],
            "customer_id": chunk.memberships.number[customer],
            "organisation_unit": pl.Series(BRANCHES).gather(branch[account]),
            "opened_at": accounts.opened[account].astype("datetime64[ms]"),
            "closed_at": np.where(is_closed, closed(chunk)[account], np.datetime64("NaT")).astype("datetime64[ms]"),
            "close_reason": pl.Series([*REASONS, None]).gather(np.where(reason == NOTHING, len(REASONS), reason)),
            "billing_day": accounts.billing_day[account],
            "currency": pl.repeat("CNY", len(account), eager=True),
            "credit_limit": pl.Series(limit_now).set(pl.Series(limit_now == 0), None),
            "payment_terms_days": accounts.terms[account],
            "discount_terms": discount_terms.gather(np.where(accounts.has_discount_terms[account], 0, 1)),
            "is_prepaid": accounts.is_prepaid[account],
            "delivered": month,
        }
    )


def opening_branches(chunk: Chunk) -> Integers:
    """Position in BRANCHES of the branch that opened each account: the one that served its customer then."""
    month = np.maximum(chunk.accounts.opened_month, 0)
    return np.asarray(chunk.particulars.branch[month, chunk.memberships.entity[chunk.accounts.customer]])


def _limits(chunk: Chunk) -> Integers:
    """Months × accounts: the credit limit, raised in the month in which the account completes a year without a month short of money."""
    accounts, life, timeline = chunk.accounts, chunk.life, chunk.business.timeline
    months = np.arange(timeline.count)
    age = months[:, None] - timeline.index_of(accounts.opened)
    credit = chunk.entities.credit[chunk.memberships.entity[accounts.customer]]
    paid_well = _none_within_a_year(life.is_short | life.is_suspended)[:, accounts.customer]
    stays = months[:, None] < np.minimum(life.stopped, life.last)[accounts.customer]
    is_raised = (age > 0) & (age % _MONTHS_A_YEAR == 0) & (credit > _GOOD_CREDIT) & paid_well & stays & (months > 0)[:, None]
    step = np.maximum(accounts.credit_limit // _RAISE // _LIMIT_STEP, 1) * _LIMIT_STEP
    return np.where(accounts.credit_limit == 0, 0, accounts.credit_limit + step * np.cumsum(is_raised, axis=0))


def _none_within_a_year(happened: Booleans) -> Booleans:
    """Months × customers: whether it has happened in none of the twelve months up to this one."""
    count = np.cumsum(happened, axis=0)
    before = np.concatenate([np.zeros((_MONTHS_A_YEAR, happened.shape[1]), dtype=count.dtype), count[:-_MONTHS_A_YEAR]])[: len(count)]
    return np.asarray(count == before)
