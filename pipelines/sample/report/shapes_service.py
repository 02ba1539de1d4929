"""How long complaints take, how long they are, and who speaks at all: beside cases of New York, Comcast's, and letters to a province."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.population.memberships import HARBOUR
from pipelines.sample.report.delivered import Delivered
from pipelines.sample.report.shapes_paying import share
from pipelines.sample.story.life import NOTHING
from pipelines.sample.timeline import Timeline

_OPEN_DAYS, _YEAR = 90, 12
_CHINESE: Final = r"[\x{4e00}-\x{9fff}]"
_UNKNOWN: Final = float("nan")


def settling(complaints: pl.DataFrame, timeline: Timeline) -> dict[str, float]:
    """How long complaints take, by their last state; of those that take longer than the sample lasts nothing is known.

    Args:
        complaints: complaint_id, opened_at, resolved_at, closed_at, ordered by month of delivery.
        timeline: The months.
    """
    last = complaints.unique("complaint_id", keep="last", maintain_order=True)
    settled = pl.coalesce("resolved_at", "closed_at").cast(pl.Date)
    last = last.with_columns(days=(settled - pl.col("opened_at").cast(pl.Date)).dt.total_days())
    end = pl.lit(timeline.end)
    old = last.filter(pl.col("opened_at") <= end - pl.duration(days=_OPEN_DAYS))
    of_a_year = last.filter(pl.Series(timeline.index_of(last["opened_at"].to_numpy())) >= timeline.count - _YEAR)
    days = last["days"].drop_nulls()
    return {
        "days_to_close_median": _quantile(days, 0.5),
        "days_to_close_p90": _quantile(days, 0.9),
        "open_after_90_days": _mean((old["days"].fill_null(_OPEN_DAYS + 1)) > _OPEN_DAYS),
        "complaints_open": _mean(of_a_year["closed_at"].is_null()),
    }


def text_lengths(complaints: pl.DataFrame) -> dict[str, float]:
    """Signs of the Chinese complaint texts, white space left out."""
    once = complaints.unique("complaint_id", keep="first", maintain_order=True).filter(pl.col("text").str.contains(_CHINESE))
    signs = once["text"].str.replace_all(r"\s", "").str.len_chars()
    return {"text_signs_median": _quantile(signs, 0.5), "text_signs_p90": _quantile(signs, 0.9)}


def answered(surveys: pl.DataFrame) -> float:
    """Share of the surveys sent that were answered."""
    return _mean(surveys.unique("response_id", keep="last", maintain_order=True)["answered_at"].is_not_null())


def silent_share(chunk: Chunk) -> float:
    """Of the customers of operations whom something failed in a month, who said nothing: the truth."""
    is_ours = chunk.memberships.slot < HARBOUR
    failed = chunk.life.failure[:, is_ours] != NOTHING
    return share(~chunk.life.complains[:, is_ours], failed)


def service_shapes(records: Delivered, chunk: Chunk) -> dict[str, float]:
    """The shapes of service."""
    served = int(np.count_nonzero(chunk.life.is_served[:, chunk.memberships.slot < HARBOUR]))
    begun = int((records.contacts["direction"] == "inbound").sum())
    return {
        **settling(records.complaints, records.timeline),
        **text_lengths(records.complaints),
        "surveys_answered": answered(records.surveys),
        "contacts_a_customer_month": begun / served if served else _UNKNOWN,
        "silent_share": silent_share(chunk),
    }


def _quantile(values: pl.Series, share_below: float) -> float:
    found = values.quantile(share_below, "linear")
    return _UNKNOWN if found is None else float(found)


def _mean(is_so: pl.Series) -> float:
    return float(is_so.sum() / len(is_so)) if len(is_so) else _UNKNOWN
