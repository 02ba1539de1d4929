"""Who was picked for which campaign, and what came of it. Whom a campaign picks and what it changes is decided in `story.treatment`."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Integers, Times, stream
from pipelines.sample.story.campaigns import NO_RESPONSE, RESPONSES
from pipelines.sample.timeline import SECONDS_A_DAY

_ASKED_BEFORE: Final = 5  # last day on which members are picked
_AT_ONCE, _THINKS_UP_TO = 0.7, 18  # share that answers when asked; days that the others take
_NOTHING_YET: Final = len(RESPONSES)
_CONTACT_PART, _PICK_PART = 2**30, 2**30  # added to the number of the chunk: draws apart from those that others take of the subject


@dataclass(frozen=True)
class Answers:
    """One position a member, in the order of `Members`.

    Attributes:
        contacted: When it was contacted; NaT for the held out.
        responded: When it accepted or declined; NaT for the others.
        response: Position in RESPONSES.
        month: Month index in which the answer (or, of the treated who say nothing, that there is none) is known; that of the campaign for
            the held out. May lie after the end of the sample.
    """

    contacted: Times
    responded: Times
    response: Integers
    month: Integers


def contacted_at(chunk: Chunk) -> Times:
    """When each member was contacted, by the position of the member: on a day of the campaign's month.

    NaT for the held out. `records.outreach` tells the contact itself, of this very moment.
    """
    members, timeline = chunk.members, chunk.business.timeline
    rng = stream(chunk.business.seed, "contacts", _CONTACT_PART + chunk.index)
    count = len(members.customer)
    day, second = rng.integers(3, 27, count), rng.integers(9 * 3_600, 19 * 3_600, count)
    campaigns = chunk.business.campaigns
    moment = timeline.at(campaigns.month[members.campaign], day, second)
    return np.where(members.is_treated, moment, np.datetime64("NaT", "ms"))


def answers(chunk: Chunk) -> Answers:
    """When the members of a chunk were contacted and answered. The same every time it is asked."""
    members, timeline = chunk.members, chunk.business.timeline
    rng = stream(chunk.business.seed, "campaigns", chunk.index)
    count = len(members.customer)
    contacted = contacted_at(chunk)
    thinks, day, second = rng.random(count), rng.integers(1, _THINKS_UP_TO + 1, count), rng.integers(60, 600, count)
    after = second + np.where(thinks < _AT_ONCE, 0, day * SECONDS_A_DAY)
    responded = contacted + after.astype("timedelta64[s]")
    # Who is closed in the meantime answers before.
    closed = chunk.life.closed[members.customer]
    responded = np.where((closed > contacted) & (responded >= closed), contacted + second.astype("timedelta64[s]"), responded)
    has_answered = members.response != NO_RESPONSE
    responded = np.where(has_answered, responded, np.datetime64("NaT")).astype("datetime64[ms]")
    campaign_month = chunk.business.campaigns.month[members.campaign]
    return Answers(contacted, responded, members.response, np.where(has_answered, timeline.index_of(responded), campaign_month))


def make_campaign_members(chunk: Chunk) -> pl.DataFrame:
    """The members, ordered by `delivered`, campaign and customer.

    Who answers only in the month after the campaign's is delivered twice: without an answer with the month of the campaign, and with it in
    the month after. The held out are asked nothing and answer nothing.
    """
    members, business = chunk.members, chunk.business
    found, count = answers(chunk), len(chunk.members.customer)
    rng = stream(business.seed, "campaigns", _PICK_PART + chunk.index)
    month = business.campaigns.month[members.campaign]
    # Before anybody is called, and before anybody is closed.
    is_contacted = ~np.isnat(found.contacted)
    contact_day = np.where(is_contacted, (found.contacted.astype("datetime64[D]") - _first_day(found.contacted)).astype(np.int64), 28)
    day = np.minimum(rng.integers(1, _ASKED_BEFORE + 1, count), contact_day)
    assigned = business.timeline.at(month, day, rng.integers(9 * 3_600, 18 * 3_600, count))
    is_late = found.month > month
    late = np.flatnonzero(is_late & (found.month < business.timeline.count))
    which = np.concatenate([np.arange(count), late])
    is_told = np.concatenate([~is_late & members.is_treated, np.ones(len(late), dtype=np.bool_)])
    delivered = np.concatenate([month, found.month[late]])
    frame = pl.DataFrame(
        {
            "campaign_id": members.campaign[which],
            "customer_id": chunk.memberships.number[members.customer[which]],
            "assigned_at": assigned[which],
            "is_treated": members.is_treated[which],
            "contacted_at": found.contacted[which],
            "responded_at": np.where(is_told, found.responded[which], np.datetime64("NaT")).astype("datetime64[ms]"),
            "response": pl.Series([*RESPONSES, None]).gather(np.where(is_told, found.response[which], _NOTHING_YET)),
            "revenue": pl.Series(members.revenue[which]).set(pl.Series(~is_told), None),
            "delivered": delivered,
        }
    )
    return frame.sort("delivered", "campaign_id", "customer_id", maintain_order=True)


def _first_day(times: Times) -> Times:
    return times.astype("datetime64[M]").astype("datetime64[D]")
