"""How the parts of a text are put together: in what order, with what between them, and with which slips of the keyboard."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Booleans, Integers
from pipelines.sample.texts.phrases import EN, NO_GROUP, ZH, capitalised, pool_of

# Habits of punctuation, the more common ones more often: what stands between two parts, and what at the end.
_BETWEEN: Final = {
    ZH: (
        *((("，", "。", "。", "，"),) * 4),
        *((("，",),) * 3),
        *((("！", "，", "，"),) * 2),
        (" ", " ", "，"),
        (",", ",", "。"),
        ("\n", "。\n", "，", "。"),
        ("。", "；", "，"),
        ("，", "……", "。"),
    ),
    EN: (
        *((((". ", ". ", "; ", ", and "),)) * 4),
        *((((", ", ". "),)) * 2),
        ("! ", ". ", ", "),
        (", ", ". "),
        (".\n", ". ", ".\n\n"),
        (" - ", ". ", "; "),
        ("... ", ". "),
    ),
}
_AT_END: Final = {
    ZH: (
        *((("。", "。", ""),) * 4),
        *((("", "。"),) * 3),
        *((("！", "！！", "！！！"),) * 2),
        ("",),
        ("", "."),
        ("。", ""),
        ("。",),
        ("……", "。"),
    ),
    EN: (*(((".",),) * 4), *((("", "."),) * 2), ("!", "!!", "."), ("",), (".",), (".", ""), ("...", "")),
}
_SOFT: Final = {ZH: "，", EN: "; "}  # used once a text has its sentences
_SENTENCES: Final = 3  # endings of sentences inside a text
_SENTENCE_ENDS: Final = r"[.!?。！？\n]\s*$"
_DOUBLED: Final = ((r"([？?！!])[，。,.;；]+", "${1}"), (r"\n ", "\n"))
# What may meet where parts, placeholders and endings come together: the stronger mark stays, dots in a row and repeated `!` are meant.
_MEETING: Final = {
    ZH: (
        (r"[，、；：,;]+([。！？…\n.]|$)", "${1}"),
        (r"([。！？])[，、；,;.]+", "${1}"),
        (r"([，、；：])[，、；,;]+", "${1}"),
        (r"。[。.]+", "。"),
        (r" +([，。！？；])", "${1}"),
    ),
    EN: (
        (r"[,;:]+([.!?]|$)", "${1}"),
        (r"([!?])[,;.]+", "${1}"),
        (r"([^.])\.[,;]+", "${1}."),
        (r"([,;:])(?: ?[,;])+", "${1}"),
        (r"([^.])\.\.([^.]|$)", "${1}.${2}"),
        (r" +([,.;!?])", "${1}"),
    ),
}
_SLIPS: Final = {
    ZH: (
        *(("账单", "帐单"), ("登录", "登陆"), ("已经", "以经"), ("一直", "一只"), ("再", "在"), ("的", "得"), ("没有", "没"), ("请", "清")),
        *(
            ("客服", "克服"),
            ("处理", "处里"),
            ("什么", "神马"),
            ("了", "了了"),
            ("，", ""),
            ("时候", "时侯"),
            ("解决", "解绝"),
            ("不", "不不"),
            ("退", "推"),
        ),
    ),
    EN: (
        *(("receive", "recieve"), (" the ", " teh "), (" and ", " adn "), ("because", "becuase"), ("your ", "you're "), (" was ", " wsa ")),
        *(
            ("appointment", "apointment"),
            ("which", "wich"),
            ("ll ", "l "),
            (", ", ","),
            ("I am", "Im"),
            ("transfer", "tranfer"),
            ("please", "plase"),
        ),
    ),
}
_SLIP_SHARE: Final = 12  # per thousand rows and slip; most rows have nothing to slip on
JOIN_DRAWS: Final = 12  # rows of draws that `joined` takes for up to nine parts


def joined(language: str, opening: pl.Series, parts: list[pl.Series], order: Integers, drawn: Integers) -> pl.Series:
    """Each row's parts in its order, with punctuation by the row's habit.

    Args:
        language: ZH or EN.
        opening: What stands in front, with its own punctuation.
        parts: Up to nine Series of the same length; an empty text is left out.
        order: Parts × rows: which part comes first, second and so on.
        drawn: JOIN_DRAWS × rows, whole numbers of 0 … DRAWN_BELOW - 1.

    Returns:
        The texts, of type String.
    """
    count = len(opening)
    every = pl.concat(parts)
    is_there = (every != "").to_numpy().reshape(len(parts), count)[order, np.arange(count)]
    last = len(parts) - 1 - np.argmax(is_there[::-1], axis=0)
    habits = pool_of((*_BETWEEN[language], *_AT_END[language], (_SOFT[language],)))
    kinds = len(_BETWEEN[language])
    habit = drawn[0] % kinds
    starts = _begins(opening)
    sentences = np.zeros(count, dtype=np.int64)
    pieces = [opening]
    for place in range(len(parts)):
        text = every.gather(order[place] * count + np.arange(count))
        if language == EN:
            text = capitalised(text).zip_with(pl.Series(starts), text)
        between = np.where(sentences < _SENTENCES, habit, 2 * kinds)
        group = np.where(is_there[place], np.where(place == last, kinds + habit, between), NO_GROUP)
        mark = habits.draw(group, drawn[1 + place])
        ends = mark.str.contains(_SENTENCE_ENDS).to_numpy()
        sentences = sentences + ends
        starts = np.where(is_there[place], ends, starts)
        pieces += [text, mark]
    texts = pl.DataFrame({str(position): piece for position, piece in enumerate(pieces)}).select(pl.concat_str(pl.all())).to_series()
    for pattern, proper in _DOUBLED:
        texts = texts.str.replace_all(pattern, proper)
    return _slipped(texts, language, drawn[-1], drawn[-2])


def tidied(texts: pl.Series, language: str) -> pl.Series:
    """The texts, finished, without the marks that met by chance."""
    for pattern, proper in _MEETING[language]:
        texts = texts.str.replace_all(pattern, proper)
    return texts


def _begins(opening: pl.Series) -> Booleans:
    """Whether what follows the opening begins a sentence."""
    return np.asarray(((opening == "") | opening.str.contains(_SENTENCE_ENDS)).to_numpy(), dtype=np.bool_)


def _slipped(texts: pl.Series, language: str, drawn: Integers, habit: Integers) -> pl.Series:
    """The texts with one slip in some, and without capitals in some English ones."""
    slip = (drawn % 1_000) // _SLIP_SHARE
    for position, (proper, wrong) in enumerate(_SLIPS[language]):
        rows = np.flatnonzero(slip == position)
        texts = texts.scatter(rows, texts.gather(rows).str.replace(proper, wrong, literal=True)) if len(rows) else texts
    is_plain = pl.Series(habit % 100 < (7 if language == EN else 0))
    return texts.str.to_lowercase().zip_with(is_plain, texts)
