"""What customers write into a survey's comment field. Who answers, and with which score, is decided in `records`."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Booleans, Integers
from pipelines.sample.texts.phrases import DRAWN_BELOW, EN, NO_GROUP, ZH, capitalised, in_both, pool
from pipelines.sample.texts.placeholders import DRAWS, fill

_MOODS: Final = 5
_BAD, _GOOD = range(2)
_MARKS: Final = {ZH: ("，", "。", " ", "；", ","), EN: (", ", ". ", " - ", "; ", "\n")}
_ENDS: Final = {ZH: ("", "。", "", "！"), EN: ("", ".", "", "!")}


def survey_comments(rng: np.random.Generator, industry: str, mood_level: Integers, is_english: Booleans) -> pl.Series:
    """Short comments.

    Args:
        rng: The draws; as many are taken whatever the values.
        industry: telecom, bank or utility.
        mood_level: 0 angry, 1 discontented, 2 indifferent, 3 content, 4 delighted, per comment.
        is_english: Whether it is written in English, otherwise in Chinese.

    Returns:
        The comments, of type String, never empty.
    """
    drawn = rng.integers(0, DRAWN_BELOW, (6 + DRAWS, len(mood_level)))

    def write(language: str, rows: Integers) -> pl.Series:
        own = drawn[:, rows]
        mood = mood_level[rows]
        verdict = pool(language, industry, tuple((f"survey_{level}",) for level in range(_MOODS))).draw(mood, own[0])
        # The indifferent find something of either kind; a few of the others do too.
        side = np.where((mood == 2) | (own[3] % 100 < 8), own[3] // 100 % 2, np.where(mood > 2, _GOOD, _BAD))
        form = own[4] % 100
        aspect = pool(language, industry, (("survey_bad",), ("survey_good",))).draw(np.where(form < 55, side, NO_GROUP), own[1])
        thing = pool(language, industry, (("survey_thing",),)).draw(np.where(form >= 90, 0, NO_GROUP), own[2])
        mark = pl.Series(_MARKS[language]).gather(own[5] % len(_MARKS[language]))
        both = (verdict + mark + aspect).zip_with(pl.Series(form < 30), aspect + mark + verdict)
        texts = both.zip_with(aspect != "", (thing + ("：" if language == ZH else ": ") + verdict).zip_with(thing != "", verdict))
        texts = capitalised(texts).zip_with(pl.Series(own[5] // 100 % 100 < 70), texts)
        texts = texts + pl.Series(_ENDS[language]).gather(own[5] // 10_000 % len(_ENDS[language]))
        return fill(texts, language, own[6:], 1 + own[4] // 100 % 9)

    return in_both(is_english, write)
