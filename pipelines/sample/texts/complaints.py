"""What customers write when they complain, and the remedy they ask for. Whether and how badly something went wrong is decided in `story`.

A text is put together from independent parts, most of which may be missing. Parts that tell of the feeling, the demand and the consequence
grow with the severity; some stray one step. A few texts do not say what they are about, and some mention another grievance in passing.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Booleans, Integers
from pipelines.sample.story.life import FAILURES
from pipelines.sample.texts.joining import JOIN_DRAWS, joined, tidied
from pipelines.sample.texts.phrases import DRAWN_BELOW, EN, NO_GROUP, ZH, by_writer, capitalised, in_both, pool
from pipelines.sample.texts.placeholders import DRAWS, fill

SEVERITIES: Final = ("low", "medium", "high", "critical")
_STEPS: Final = tuple(range(len(SEVERITIES)))
_PARTS: Final = ("situation", "detail", "figure", "aside", "consequence", "feeling", "demand", "closing", "context")
_VAGUE: Final = len(FAILURES)  # the group of `situation` that names no failure
_VAGUE_SHARE, _STRAY_DOWN, _STRAY_UP = 50, 50, 120  # per thousand: vague texts; parts one step milder, and (up to) one step harsher
_KINDS: Final = ("outage", "money", "time")  # of consequences
_KIND_OF: Final = np.array([0, 1, 2, 2, 2], dtype=np.int64)  # by failure
# Per thousand, by how much the customer writes: the opening, then _PARTS.
_PRESENCE: Final = np.array(
    [
        [150, 1_000, 0, 300, 20, 380, 330, 350, 0, 0],
        [350, 1_000, 400, 450, 70, 550, 450, 550, 120, 120],
        [600, 1_000, 850, 650, 200, 800, 650, 800, 350, 750],
    ]
)
_LENGTHS: Final = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 2])
_ORDERS: Final = np.array(
    [
        *([[0, 1, 2, 3, 8, 4, 5, 6, 7]] * 2),
        *([[8, 0, 1, 2, 3, 4, 5, 6, 7]] * 2),
        *([[5, 0, 1, 2, 8, 4, 3, 6, 7]] * 2),
        *([[0, 4, 1, 8, 2, 5, 3, 6, 7]] * 2),
        [6, 0, 8, 1, 2, 3, 4, 5, 7],
        [4, 0, 2, 1, 5, 3, 8, 6, 7],
        [0, 2, 5, 1, 4, 8, 3, 6, 7],
        [1, 0, 4, 2, 8, 6, 5, 3, 7],
    ]
).T
# Rows of the draws of a complaint's own, then those of `joined` and of `fill`.
_ABOUT: Final = 3
_STRAYS: Final = 4
_OWN_DRAWS: Final = _ABOUT + _STRAYS + (1 + len(_PARTS)) * 2


def complaint_texts(
    rng: np.random.Generator,
    industry: str,
    failure: Integers,
    severity: Integers,
    is_english: Booleans,
    amount: Integers,
    days: Integers,
    is_office: Booleans | None = None,
) -> pl.Series:
    """Complaints in the customers' words.

    Args:
        rng: The draws; as many are taken whatever the values.
        industry: telecom, bank or utility.
        failure: Position in FAILURES, per complaint.
        severity: Position in SEVERITIES.
        is_english: Whether it is written in English, otherwise in Chinese.
        amount: The disputed amount in fen, 0 for none.
        days: How many days before it began.
        is_office: Whether an organisation writes; none does when left out. Neither writes what only the other could say.

    Returns:
        The texts, of type String. English ones are plain ASCII, Chinese ones can be encoded in GB18030; some have line breaks or quotes.
    """
    drawn = rng.integers(0, DRAWN_BELOW, (_OWN_DRAWS + JOIN_DRAWS + DRAWS, len(failure)))
    writer = np.zeros(len(failure), dtype=np.int64) if is_office is None else is_office.astype(np.int64)

    def write(language: str, rows: Integers) -> pl.Series:
        return _complaints(language, industry, drawn[:, rows], (failure[rows], severity[rows], amount[rows], days[rows], writer[rows]))

    return in_both(is_english, write)


def _complaints(language: str, industry: str, drawn: Integers, about: tuple[Integers, ...]) -> pl.Series:
    failure, severity, amount, days, writer = about
    own, for_joining, for_words = np.split(drawn, [_OWN_DRAWS, _OWN_DRAWS + JOIN_DRAWS])
    strays, presence, choices = np.split(own[_ABOUT:], [_STRAYS, _STRAYS + 1 + len(_PARTS)])
    is_vague = own[0] % 1_000 < _VAGUE_SHARE
    has_part = presence % 1_000 < _PRESENCE[_LENGTHS[own[1] % len(_LENGTHS)]].T
    stray = strays % 1_000
    felt = np.clip(severity - (stray < _STRAY_DOWN) + ((stray >= _STRAY_DOWN) & (stray < _STRAY_UP)), 0, len(SEVERITIES) - 1)
    consequence, feeling, demand, closing = felt
    only_told = ("detail", "figure", "aside", "consequence")  # these would give a vague text away
    groups = {
        "situation": np.where(is_vague, _VAGUE, failure),
        "detail": np.zeros_like(failure),
        "figure": np.where(amount > 0, 0, NO_GROUP),
        "aside": (failure + 1 + own[2] % (len(FAILURES) - 1)) % len(FAILURES),
        "consequence": _KIND_OF[failure] * len(SEVERITIES) + consequence,
        "feeling": feeling,
        "demand": demand,
        "closing": closing,
        "context": np.zeros_like(failure),
    }
    keys: dict[str, tuple[str, ...]] = {
        "situation": (*FAILURES, "vague"),
        "detail": ("detail",),
        "figure": ("figure",),
        "context": ("context",),
        "aside": tuple(f"aside_{name}" for name in FAILURES),
        "consequence": tuple(f"consequence_{kind}_{step}" for kind in _KINDS for step in _STEPS),
        **{part: tuple(f"{part}_{step}" for step in _STEPS) for part in ("feeling", "demand", "closing")},
    }
    texts = []
    for position, part in enumerate(_PARTS):
        is_there = has_part[1 + position] & ~(is_vague & (part in only_told))
        group = np.where(is_there & (groups[part] != NO_GROUP), groups[part] + writer * len(keys[part]), NO_GROUP)
        texts.append(pool(language, industry, by_writer(language, industry, keys[part])).draw(group, choices[1 + position]))
    openings = pool(language, industry, by_writer(language, industry, ("opening",)))
    opening = openings.draw(np.where(has_part[0], writer, NO_GROUP), choices[0])
    if language == EN:
        opening = (capitalised(opening) + " ").zip_with(opening != "", opening)
    whole = joined(language, opening, texts, _ORDERS[:, own[1] // 1_000 % _ORDERS.shape[1]], for_joining)
    return tidied(fill(whole, language, for_words, days, amount), language)


def remedy_texts(rng: np.random.Generator, industry: str, failure: Integers, is_english: Booleans) -> pl.Series:
    """What customers ask for, in their words.

    Args:
        rng: The draws; as many are taken whatever the values.
        industry: telecom, bank or utility.
        failure: Position in FAILURES, per complaint.
        is_english: Whether it is written in English, otherwise in Chinese.

    Returns:
        The texts, of type String.
    """
    drawn = rng.integers(0, DRAWN_BELOW, (4 + DRAWS, len(failure)))

    def write(language: str, rows: Integers) -> pl.Series:
        own = drawn[:, rows]
        first = pool(language, industry, tuple((f"remedy_{name}", "remedy") for name in FAILURES)).draw(failure[rows], own[0])
        more = np.where(own[2] % 100 < 25, failure[rows], NO_GROUP)
        second = pool(language, industry, tuple((f"remedy_{name}",) for name in FAILURES)).draw(more, own[1])
        second = second.zip_with(second != first, pl.Series([""]).gather(np.zeros(len(rows), dtype=np.int64)))
        between, stop = ("，", "。") if language == ZH else (", ", ".")
        texts = first + (between + second).zip_with(second != "", second)
        texts = capitalised(texts).zip_with(pl.Series(own[3] % 100 < 80), texts)
        texts = (texts + stop).zip_with(pl.Series(own[3] // 100 % 100 < 35), texts)
        return fill(texts, language, own[4:], 1 + own[3] // 10_000 % 14)

    return in_both(is_english, write)
