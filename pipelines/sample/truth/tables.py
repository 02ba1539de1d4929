"""The tables of the truth about customers, months, failures and campaigns. The records' own truths are their columns beginning with `_`.

Customers are named by source system and number, as the systems write them, so that the truth joins with what was delivered.
"""

import numpy as np
import polars as pl

from pipelines.sample.business import Business, Chunk
from pipelines.sample.chance import Integers
from pipelines.sample.story.campaigns import KINDS, RESPONSES
from pipelines.sample.story.life import FAILURES, NEVER, NOTHING, REASONS, WELL
from pipelines.sample.systems.numbers import campaign_number, employee_number, own_customer_number, system_of
from pipelines.sample.timeline import Timeline
from pipelines.sample.truth.loyalty import loyalty

_TRAITS = ("value", "price_sensitivity", "inertia", "contentment", "credit", "voice", "attachment", "share_of_wallet", "persuadability")


def customers(chunk: Chunk) -> pl.DataFrame:
    """One row a customer: who it truly is, its traits, its kind of loyalty, and whether, when and why it leaves or stops paying.

    Months are null where there is none, and may lie after the end of the sample.
    """
    memberships, life, timeline = chunk.memberships, chunk.life, chunk.business.timeline
    traits = {name: getattr(chunk.entities, name)[memberships.entity] for name in _TRAITS}
    frame = pl.DataFrame(
        {
            "entity": chunk.entities.number[memberships.entity],
            "is_organisation": chunk.entities.is_organisation[memberships.entity],
            **traits,
            "joined_month": _months(np.where(memberships.joined < 0, NEVER, memberships.joined), timeline),
            "decided_month": _months(life.decided, timeline),
            "last_bill_month": _months(life.last, timeline),
            "stopped_paying_month": _months(life.stopped, timeline),
            "reason": pl.Series([*REASONS, None], dtype=pl.String).gather(np.where(life.reason == NOTHING, len(REASONS), life.reason)),
            "has_sign": life.has_sign,
        }
    )
    return pl.concat([named(memberships.number), frame, loyalty(chunk)], how="horizontal")


def customer_months(chunk: Chunk) -> pl.DataFrame:
    """One row a customer and month with a running service: mood at its end, hazard of deciding in it, whether it has decided before."""
    life = chunk.life
    month, customer = np.nonzero(life.is_served)
    at = (month, customer)
    frame = pl.DataFrame(
        {
            "month": _months(month, chunk.business.timeline),
            "mood": life.mood[at].astype(np.float32),
            "hazard": life.hazard[at].astype(np.float32),
            "has_decided": life.decided[customer] <= month,
            "is_top_tier": life.is_top[at],
        }
    )
    return pl.concat([named(chunk.memberships.number[customer]), frame], how="horizontal")


def failures(chunk: Chunk) -> pl.DataFrame:
    """One row a failure: what it was, whether the customer complained of it or kept silent, and whether that was handled well."""
    life = chunk.life
    month, customer = np.nonzero(life.failure != NOTHING)
    at = (month, customer)
    complains = life.complains[at]
    frame = pl.DataFrame(
        {
            "month": _months(month, chunk.business.timeline),
            "failure": pl.Series(FAILURES).gather(life.failure[at]),
            "has_complained": complains,
            "is_handled_well": pl.Series(life.handling[at] == WELL).set(pl.Series(~complains), None),
        }
    )
    return pl.concat([named(chunk.memberships.number[customer]), frame], how="horizontal")


def campaign_effects(chunk: Chunk) -> pl.DataFrame:
    """One row a member of a campaign, held out or not: what being contacted does, or would have done, to its chance of leaving."""
    members, campaigns = chunk.members, chunk.business.campaigns
    frame = pl.DataFrame(
        {
            "campaign_id": pl.Series(members.campaign),
            "kind": pl.Series(KINDS).gather(campaigns.kind[members.campaign]),
            "month": _months(campaigns.month[members.campaign], chunk.business.timeline),
            "is_treated": members.is_treated,
            "response": pl.Series(RESPONSES).gather(members.response),
            "hazard_factor": members.factor,
            "effect": members.effect,
        }
    )
    frame = frame.with_columns(campaign_number(pl.col("campaign_id")))
    return pl.concat([named(chunk.memberships.number[members.customer]), frame], how="horizontal")


def managers(business: Business) -> pl.DataFrame:
    """One row an account manager: what their skill adds to the chance that a complaint is handled well."""
    staff = business.staff
    grid = np.indices(staff.manager_skill.shape, dtype=np.int64)
    frame = pl.DataFrame({"employee_id": staff.number_of(grid[0], grid[1]).ravel(), "skill": staff.manager_skill.ravel()})
    return frame.with_columns(employee_number(pl.col("employee_id")))


def named(number: Integers) -> pl.DataFrame:
    """The source system and the number that it writes, of each customer by global number."""
    column = pl.col("number")
    return pl.DataFrame({"number": number}).select(source_system=system_of(column), customer_id=own_customer_number(column))


def _months(index: Integers, timeline: Timeline) -> pl.Series:
    """The first day of each month; null for NEVER."""
    is_set = index < NEVER
    first = timeline.first + np.where(is_set, index, 0).astype("timedelta64[M]")
    return pl.Series(np.where(is_set, first.astype("datetime64[D]"), np.datetime64("NaT"))).cast(pl.Date)
