"""What every account holds in each month, as far as the story decides it: whether it is served, open, and on which plan.

What is held besides the plan is in `extras`.
"""

import numpy as np

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers, Times
from pipelines.sample.story.life import NEVER


def served(chunk: Chunk) -> Booleans:
    """Months × accounts: whether the account has a running service in the month, and so gets a bill."""
    months = np.arange(chunk.business.timeline.count)[:, None]
    return np.asarray(chunk.life.is_served[:, chunk.accounts.customer] & (months > chunk.accounts.opened_month))


def closed(chunk: Chunk) -> Times:
    """When each account was closed, which is when its customer was; NaT where that has not happened."""
    return np.asarray(chunk.life.closed[chunk.accounts.customer])


def is_known(chunk: Chunk) -> Booleans:
    """Whether the account came to be at all: a second account planned for a time after the customer has left did not."""
    return np.asarray(~(closed(chunk) <= chunk.accounts.opened))


def closed_month(chunk: Chunk) -> Integers:
    """Month index in which each account was closed; NEVER where that has not happened."""
    when = closed(chunk)
    return np.where(np.isnat(when), NEVER, chunk.business.timeline.index_of(when))


def open_months(chunk: Chunk) -> Booleans:
    """Months × accounts: from the month of the opening up to and with that of the closing."""
    months = np.arange(chunk.business.timeline.count)[:, None]
    return np.asarray(is_known(chunk) & (months >= chunk.accounts.opened_month) & (months <= closed_month(chunk)))


def plans(chunk: Chunk) -> Integers:
    """Months × accounts: position of the plan in the catalogue."""
    shape = (chunk.business.timeline.count, chunk.accounts.count)
    account = np.broadcast_to(np.arange(chunk.accounts.count), shape).ravel()
    step = chunk.life.step[:, chunk.accounts.customer].ravel()
    return np.asarray(chunk.accounts.plan(account, step).reshape(shape))
