"""How customers answer when asked: who answers at all, when, and how the score follows from their mood and from how they were treated."""

from typing import Final

import numpy as np

from pipelines.sample.chance import Booleans, Floats, Integers, Times, bell
from pipelines.sample.records.served import HOUR, later
from pipelines.sample.story.life import SLOW, WELL
from pipelines.sample.timeline import SECONDS_A_DAY

INSTRUMENTS: Final = ("csat", "nps", "ces", "stay_intent")
CSAT, NPS, CES, STAY_INTENT = range(len(INSTRUMENTS))
SCALES: Final = ((1, 5), (0, 10), (1, 7), (1, 5))  # by instrument; high is good in all of them
_ANGRY_BELOW, _HAPPY_ABOVE = 0.55, 0.76
_ANSWERS, _ANGRY, _HAPPY, _AT_MOST = 0.23, 1.0, 1.6, 0.7
_EXPERIENCED: Final = np.array([1.15, 0.85, 1.1, 0.9])  # who has just been served answers more readily than who is asked in a wave
_DAYS: Final = 9
_NOISE, _SNUBBED, _MENDED, _UNSETTLED, _LEANS_OUT = 0.15, -0.28, 0.10, -0.16, -0.15
_COMMENTS, _COMMENTS_AT_EXTREMES = 0.22, 0.25
_LEVELS: Final = (0.35, 0.50, 0.64, 0.80)


def mood_level(mood: Floats) -> Integers:
    """The mood in five steps, 0 (furious) … 4 (delighted)."""
    return np.asarray(np.searchsorted(np.array(_LEVELS), mood), dtype=np.int64)


def response_rate(instrument: Integers, mood: Floats) -> Floats:
    """The chance of an answer: the angry and the happy have something to say, the indifferent do not."""
    angry, happy = np.maximum(_ANGRY_BELOW - mood, 0.0), np.maximum(mood - _HAPPY_ABOVE, 0.0)
    return np.asarray(np.minimum((_ANSWERS + _ANGRY * angry + _HAPPY * happy) * _EXPERIENCED[instrument], _AT_MOST), dtype=np.float64)


def answer(
    rng: np.random.Generator,
    instrument: Integers,
    mood: Floats,
    *,
    leans_out: Booleans,
    attachment: Floats,
    handling: Integers,
    is_unsettled: Booleans,
    sent: Times,
) -> tuple[Times, Floats, Booleans]:
    """Let each survey be answered or not.

    Args:
        rng: The draws.
        instrument: Position in INSTRUMENTS.
        mood: Satisfaction, 0-1.
        leans_out: Whether it shows that the customer is about to leave.
        attachment: Commitment to the brand, 0-1; it counts when the question is whether to recommend us, or to stay.
        handling: SLOW or WELL for surveys about a complaint, NOTHING otherwise.
        is_unsettled: Whether the survey is about a contact that did not settle the matter.
        sent: When each was sent.

    Returns:
        When each was answered (NaT: not), the score (NaN: none), and whether something was written.
    """
    count = len(mood)
    is_answered = rng.random(count) < response_rate(instrument, mood)
    delay = 120 + (_DAYS * SECONDS_A_DAY * rng.random(count) * rng.random(count) * rng.random(count)).astype(np.int64)
    answered = np.where(is_answered, later(sent, np.maximum(delay, HOUR // 30)), np.datetime64("NaT", "ms"))
    is_about_us = (instrument == NPS) | (instrument == STAY_INTENT)
    felt = mood + np.where(is_about_us, 0.25 * (attachment - 0.5) + np.where(leans_out, _LEANS_OUT, 0.0), 0.0)
    felt = felt + np.where(handling == SLOW, _SNUBBED, np.where(handling == WELL, _MENDED, 0.0)) + np.where(is_unsettled, _UNSETTLED, 0.0)
    felt = np.clip(felt + _NOISE * bell(rng, count), 0.0, 0.999)
    low, high = np.array(SCALES, dtype=np.float64)[instrument].T
    score = low + np.floor(felt * (high - low + 1.0))
    is_extreme = (mood < _ANGRY_BELOW - 0.1) | (mood > _HAPPY_ABOVE + 0.1)
    writes = is_answered & (rng.random(count) < _COMMENTS + np.where(is_extreme, _COMMENTS_AT_EXTREMES, 0.0))
    return answered, np.where(is_answered, score, np.nan), writes
