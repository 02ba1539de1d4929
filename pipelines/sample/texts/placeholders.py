"""What is filled in for `{word}` in a phrase: counts, times, amounts. Which phrase is used is decided elsewhere."""

from functools import cache
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Integers
from pipelines.sample.texts.phrases import EN, ZH, Pool, pool_of

_TIMES: Final = ("since", "for", "ago")  # they say how many days ago it began
_LONGEST: Final = 90
_DIGITS: Final = "零一两三四五六七八九十"
_COUNTS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    ZH: {
        "n": ("3", "4", "5", "6", "三", "四", "五", "六", "7", "八"),
        "years": ("3", "5", "8", "10", "12", "15", "三", "五", "六", "八", "十", "十几", "二十"),
        "minutes": ("30", "35", "40", "45", "50", "70", "90", "120", "二十多", "四十", "四十多", "五十多", "一百多"),
        "day": ("[上|这|]周[一|二|三|四|五|六]", "[3|5|8|11|12|15|18|20|23|26]号", "上个月[6|10|17|28]号", "前几天", "那天"),
        "when": (
            "[早上|上午][七|八|九|十]点[多|左右|]",
            "下午[两|三|四|五]点[多|半|]",
            "晚上[六|七|八|九|十]点[多|半|]",
            "中午",
            "半夜",
            "大清早",
        ),
        "loss": ("[600|800|1200|2000|3500|4800|6000]", "[八百|一千|三千|五千|八千]多", "[1|2|3|5]万", "[近|一]万", "[三|六]万[多|]"),
        "sum": ("[20|30|50|68|80|100|120|150|200|300|500]", "[几十|一百多|两百]", "[36|49|87|99|128|256].5"),
        "staff": (
            "工号[1|2|3|5|8][0|1|3|4|6|7|9][0|2|5|8]的员工",
            "一个姓[赵|钱|孙|李|周|吴|郑|王|冯|陈]的[人|小伙子]",
            "[2|3|5|6]号[窗口|坐席]的人",
            "那位[男|女]同志",
            "当班的人",
        ),
    },
    EN: {
        "n": ("4", "5", "6", "7", "8", "9"),
        "years": ("3", "4", "5", "8", "ten", "12", "15", "twenty"),
        "minutes": ("[25|30|35|40|45|50|55|70|90|110]", "forty", "fifty", "more than sixty"),
        "day": ("[Monday|Tuesday|Wednesday|Thursday|Friday|Saturday]", "the [3rd|5th|8th|11th|14th|18th|21st|26th]"),
        "when": ("in the morning", "at night"),
        "loss": ("[800|1,200|2,000|3,500|4,800|6,000]", "[about |over |][10,000|20,000|30,000|50,000]", "[two|five|eight] thousand"),
        "sum": ("[20|30|50|68|100|150|200|300]",),
        "staff": (
            "[Mr|Ms] [Zhao|Qian|Sun|Li|Zhou|Wu|Wang|Chen]",
            "desk [2|3|5|6|11]",
            "badge [1|2|5|8][0|3|4|7|9][2|5|6]",
            "the person on duty",
        ),
    },
}
WORDS: Final = (*_TIMES, *_COUNTS[ZH], "tail", "amount")
DRAWS: Final = len(WORDS)  # rows of draws that `fill` takes
_CENTS: Final = ("", *(f".{cents:02d}" for cents in range(1, 100)))
_AMOUNTS: Final = {ZH: ("{}元", "￥{}", "{}块钱", "人民币{}元", "{}元"), EN: ("CNY {}", "{} yuan", "RMB {}", "{} CNY")}


def fill(texts: pl.Series, language: str, drawn: Integers, days: Integers, amount: Integers | None = None) -> pl.Series:
    """The texts with every placeholder filled in; a word that stands twice in one text is filled alike.

    Args:
        texts: The texts, of type String.
        language: ZH or EN.
        drawn: DRAWS × texts, whole numbers of 0 … DRAWN_BELOW - 1.
        days: Per text, how many days ago it began.
        amount: Per text, the amount in fen; left out where no phrase names one.

    Returns:
        The texts, in the same order.
    """
    for position, word in enumerate(WORDS):
        place = "{" + word + "}"
        if word == "amount" and amount is None:
            continue
        rows = texts.str.contains(place, literal=True).to_numpy()
        if not rows.any():
            continue
        some = drawn[position][rows]
        if word == "amount" and amount is not None:
            values = _amounts(amount[rows], language, some)
        elif word == "tail":
            values = pl.Series(some % 10_000).cast(pl.String).str.zfill(4)
        else:
            group = np.clip(days[rows], 0, _LONGEST) if word in _TIMES else np.zeros(len(some), dtype=np.int64)
            values = _values(language, word).draw(group, some)
        where = np.where(rows, np.cumsum(rows) - 1, 0)
        texts = _replaced(texts, place, values.gather(where))
    return texts


def _amounts(amount: Integers, language: str, drawn: Integers) -> pl.Series:
    """Amounts as people write them: without needless zeros, with a currency before or behind."""
    figures = pl.Series(amount // 100).cast(pl.String) + pl.Series(_CENTS).gather(amount % 100)
    forms = pl.Series(_AMOUNTS[language]).gather(drawn % len(_AMOUNTS[language]))
    return _replaced(forms, "{}", figures)


def _replaced(texts: pl.Series, place: str, values: pl.Series) -> pl.Series:
    """Each text with its own value for the place."""
    frame = pl.DataFrame({"text": texts, "value": values})
    return frame.select(pl.col("text").str.replace_all(place, pl.col("value"), literal=True)).to_series()


@cache
def _values(language: str, word: str) -> Pool:
    if word not in _TIMES:
        return pool_of([_COUNTS[language][word]])
    said = {ZH: _said_in_chinese, EN: _said_in_english}[language]
    return pool_of([said(word, day) for day in range(_LONGEST + 1)])


def _said_in_chinese(word: str, day: int) -> tuple[str, ...]:
    if day < 3:
        return {
            "since": (
                ("[从|]今天[早上|一早|中午]起", "今天一早"),
                ("[从|]昨天[起|开始]", "从昨[晚|天下午]开始"),
                ("[从|]前天[起|开始]", "这两天"),
            )[day],
            "for": (("大半天", "好几个小时", "半天"), ("一天一夜", "快一天", "一整天"), ("两天", "整整两天", "2天"))[day],
            "ago": (("今天早上", "上午", "今天"), ("昨天", "昨天[上午|下午]"), ("前天", "2天前", "两天前"))[day],
        }[word]
    number = f"[{day}|{_DIGITS[day]}]" if day < len(_DIGITS) else str(day)
    exact = {
        "since": (f"[从|]{number}天前[起|开始]", f"这{number}天"),
        "for": (f"{number}天", f"整整{number}天"),
        "ago": (f"{number}天前",),
    }[word]
    if day < 7:
        return exact
    if day < 14:
        return (*exact, *{"since": ("从上周[起|开始]",), "for": ("一个多星期", "一周多"), "ago": ("上周", "上个星期", "一周前")}[word])
    if day < 30:
        return {
            "since": ("从半个月前[起|开始]", "这半个月"),
            "for": ("半个月", "两个多星期", f"{day}天"),
            "ago": ("半个月前", f"{day}天前"),
        }[word]
    return {"since": ("从上个月[起|开始]", "这一个多月"), "for": ("一个多月", f"{day}天", "好久"), "ago": ("上个月", "一个多月前", "很早")}[
        word
    ]


def _said_in_english(word: str, day: int) -> tuple[str, ...]:
    if day < 3:
        return {
            "since": (
                ("since this morning", "since [six|eight|ten] this morning"),
                ("since yesterday", "since last night"),
                ("these two days",),
            )[day],
            "for": (("for hours", "all day"), ("for a whole day", "since yesterday"), ("for [2|two] days", "for two whole days"))[day],
            "ago": (("this morning", "earlier today"), ("yesterday", "last night"), ("[2|two] days ago", "the day before yesterday"))[day],
        }[word]
    if day < 14:
        week = {"since": ("since last week",), "for": ("for a week or more",), "ago": ("last week",)}[word] if day >= 7 else ()
        return (
            *{"since": (f"for the last {day} days",), "for": (f"for {day} days", f"for {day} days now"), "ago": (f"{day} days ago",)}[word],
            *week,
        )
    if day < 30:
        return {
            "since": (f"for {day // 7} weeks",),
            "for": (f"for {day} days", f"for {day // 7} weeks now"),
            "ago": (f"{day // 7} weeks ago",),
        }[word]
    return {"since": ("since last month", "for over a month"), "for": ("for over a month", f"for {day} days"), "ago": ("last month",)}[word]
