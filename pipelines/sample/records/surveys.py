"""The surveys: who was asked what and when, who answered, and with which score.

The survey tool asks after contacts and closed complaints, and in waves; nobody is asked twice within 30 days. How the answer comes about
is in `survey_answers`.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Integers, Times, stream
from pipelines.sample.records.served import HOUR, is_at_operations, is_latin, later, positions
from pipelines.sample.records.survey_answers import CES, CSAT, INSTRUMENTS, NPS, SCALES, STAY_INTENT, answer, mood_level
from pipelines.sample.story.life import NOTHING
from pipelines.sample.texts import survey_comments
from pipelines.sample.timeline import SECONDS_A_DAY

_AFTER_CONTACT, _EFFORT_AFTER_CONTACT, _AFTER_COMPLAINT = 0.20, 0.05, 0.70
_NPS_SHARE, _STAY_SHARE = 0.028, 0.02  # of the customers, every month
_APART: Final = 30 * SECONDS_A_DAY
_ENGLISH: Final = 0.03
_ASKED: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "customer": pl.Int64,
    "sent_at": pl.Datetime("ms"),
    "instrument": pl.Int64,
    "contact_id": pl.Int64,
    "complaint_id": pl.Int64,
    "handling": pl.Int64,
    "is_resolved": pl.Boolean,
}


def make_surveys(chunk: Chunk, contacts: pl.DataFrame, complaints: pl.DataFrame) -> pl.DataFrame:
    """Every survey sent in the sample's months: a row when sent, another with the answer where that came in a later month.

    Args:
        chunk: Whose customers are asked.
        contacts: What `make_contacts` returned for it.
        complaints: What `make_complaints` returned for it.

    Returns:
        The columns of the contract and `delivered`, ordered by `delivered` and number. Truth: `_mood`, the satisfaction (0-1) of the
        customer at the end of the month in which it was asked.
    """
    business, life = chunk.business, chunk.life
    rng = stream(business.seed, "surveys", chunk.index)
    asked = [_after_contacts(rng, chunk, contacts), _after_complaints(rng, chunk, complaints), *_waves(rng, chunk)]
    frame = pl.concat([pl.DataFrame(schema=_ASKED), *asked], how="diagonal").filter(pl.col("sent_at") < pl.lit(business.timeline.end))
    closed = pl.Series(life.closed[frame["customer"].to_numpy()])
    frame = frame.filter((pl.col("sent_at") < closed).fill_null(value=True))  # nobody is asked who has gone
    frame = frame.sort("customer", "sent_at", "instrument", maintain_order=True)
    frame = frame.filter(pl.Series(_may_be_asked(frame["customer"].to_numpy(), frame["sent_at"].to_numpy()), dtype=pl.Boolean))
    frame = frame.sort("sent_at", "customer", maintain_order=True)
    customer, sent, instrument = (frame[name].to_numpy() for name in ("customer", "sent_at", "instrument"))
    month = business.timeline.index_of(sent)
    mood = life.mood[month, customer]
    leans_out = life.months_falling(customer, month) > 0
    answered, score, wants_to_say = answer(
        rng,
        instrument,
        mood,
        leans_out=leans_out,
        attachment=chunk.entities.attachment[chunk.memberships.entity[customer]],
        handling=frame["handling"].fill_null(NOTHING).to_numpy(),
        is_unsettled=(~frame["is_resolved"]).fill_null(value=False).to_numpy(),
        sent=sent,
    )
    scale = np.array(SCALES, dtype=np.float64)[instrument]
    is_english = is_latin(chunk, customer) | (rng.random(len(frame)) < _ENGLISH)
    comment = survey_comments(rng, business.industry.name, mood_level(mood), is_english)
    full = pl.DataFrame(
        {
            "delivered": month,
            "response_id": business.numbering.take("survey", len(frame)),
            "customer_id": chunk.memberships.number[customer],
            "sent_at": sent,
            "answered_at": answered,
            "instrument": pl.Series(INSTRUMENTS).gather(instrument),
            "score": score,
            "scale_min": scale[:, 0],
            "scale_max": scale[:, 1],
            "contact_id": frame["contact_id"],
            "complaint_id": frame["complaint_id"],
            "comment": comment,
            "_mood": mood,
        }
    ).with_columns(comment=pl.when(pl.Series(wants_to_say)).then("comment"))
    return _versions(full, business.timeline.index_of(answered), business.timeline.count)


def _versions(full: pl.DataFrame, answered: Integers, months: int) -> pl.DataFrame:
    """First without what is not known yet; once more when the answer has come in a later month."""
    there = pl.Series(answered)
    is_at_once = (there == full["delivered"]) & full["answered_at"].is_not_null()
    known = ("answered_at", "score", "comment")
    first = full.with_columns(pl.when(is_at_once).then(name).alias(name) for name in known)
    again = full.with_columns(delivered=there).filter(~is_at_once & full["answered_at"].is_not_null() & (there < months))
    return pl.concat([first, again]).sort("delivered", "response_id", maintain_order=True)


def _after_contacts(rng: np.random.Generator, chunk: Chunk, contacts: pl.DataFrame) -> pl.DataFrame:
    """An hour or so after some contacts that the customer began: was it good, or was it easy."""
    asked = contacts.filter(pl.col("customer_id").is_not_null() & (pl.col("direction") == "inbound"))
    draw = rng.random(len(asked))
    asked = asked.with_columns(instrument=pl.Series(np.where(draw < _AFTER_CONTACT, CSAT, CES)))
    delay = rng.integers(HOUR // 4, 6 * HOUR, len(asked))
    asked = asked.with_columns(sent_at=pl.Series(later(asked["occurred_at"].to_numpy(), delay)))
    asked = asked.filter(pl.Series(draw < _AFTER_CONTACT + _EFFORT_AFTER_CONTACT, dtype=pl.Boolean))
    customer = pl.Series("customer", positions(chunk, asked["customer_id"]))
    return asked.select(customer, "sent_at", "instrument", "contact_id", "is_resolved")


def _after_complaints(rng: np.random.Generator, chunk: Chunk, complaints: pl.DataFrame) -> pl.DataFrame:
    """Some days after a complaint was closed: how was it handled."""
    closed = complaints.unique("complaint_id", keep="last", maintain_order=True).filter(pl.col("closed_at").is_not_null())
    closed = closed.filter(pl.Series(rng.random(len(closed)) < _AFTER_COMPLAINT, dtype=pl.Boolean))
    sent = later(closed["closed_at"].to_numpy(), rng.integers(SECONDS_A_DAY, 4 * SECONDS_A_DAY, len(closed)))
    return closed.select(
        pl.Series("customer", positions(chunk, closed["customer_id"])),
        pl.Series("sent_at", sent),
        pl.lit(CSAT, dtype=pl.Int64).alias("instrument"),
        "complaint_id",
        pl.col("_handling").alias("handling"),
    )


def _waves(rng: np.random.Generator, chunk: Chunk) -> list[pl.DataFrame]:
    """Every month some are asked whether they would recommend us, and others whether they mean to stay."""
    timeline, months = chunk.business.timeline, chunk.business.timeline.count
    waves = [(instrument, month, share) for instrument, share in ((NPS, _NPS_SHARE), (STAY_INTENT, _STAY_SHARE)) for month in range(months)]
    parts = []
    for instrument, month, share in waves:
        may = chunk.life.is_served[month] & is_at_operations(chunk)
        customer = np.flatnonzero(may & (rng.random(len(may)) < share))
        when = timeline.at(
            np.full(len(customer), month), rng.integers(8, 15, len(customer)), rng.integers(9 * HOUR, 12 * HOUR, len(customer))
        )
        parts.append(pl.DataFrame({"customer": customer, "sent_at": when, "instrument": np.full(len(customer), instrument)}))
    return parts


def _may_be_asked(customer: Integers, sent: Times) -> Booleans:
    """Of surveys ordered by customer and time, those that come at least 30 days after the one that the customer was sent before.

    All customers at once: their first survey, then their second, and so on, each held against the last one that was sent.
    """
    second = sent.astype("datetime64[s]").astype(np.int64)
    begins = np.flatnonzero(np.concatenate([[True], customer[1:] != customer[:-1]])) if len(customer) else np.zeros(0, dtype=np.int64)
    length = np.diff(np.append(begins, len(customer)))
    last = np.full(len(begins), -(2**62))
    is_sent = np.zeros(len(customer), dtype=np.bool_)
    for place in range(int(length.max(initial=0))):
        who = np.flatnonzero(length > place)
        at = begins[who] + place
        is_due = second[at] - last[who] >= _APART
        is_sent[at[is_due]] = True
        last[who[is_due]] = second[at[is_due]]
    return is_sent
