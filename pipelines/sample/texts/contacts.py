"""Why customers and the call centre talk, and the note that is made of it. How often they do is decided in `records`."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Booleans, Integers
from pipelines.sample.texts.phrases import DRAWN_BELOW, EN, NO_GROUP, ZH, capitalised, in_both, pool
from pipelines.sample.texts.placeholders import DRAWS, fill

CONTACT_REASONS: Final = (
    *("billing_question", "fault", "plan_advice", "complaint", "wants_to_leave"),
    *("payment", "payment_reminder", "change_of_details", "retention", "sales", "win_back", "care"),
)
CONTACT_CHANNELS: Final = ("phone", "branch", "web", "app", "email", "chat", "sms", "visit")
# How a contact that the company began ended; those of campaigns first, in the order of `story.campaigns.RESPONSES`.
CONTACT_OUTCOMES: Final = ("accepted", "declined", "no_answer", "promised", "reached")
# How the call centre writes them: its own staff in Chinese, its outsourced desk in English. In the order of CONTACT_REASONS.
CONTACT_REASON_LABELS_ZH: Final = (
    "账单查询",
    "故障报修",
    "业务咨询",
    "投诉",
    "销户咨询",
    "缴费",
    "欠费提醒",
    "资料变更",
    "客户挽留",
    "产品推荐",
    "客户赢回",
    "客户关怀",
)
CONTACT_REASON_LABELS_EN: Final = (
    *("Billing question", "Fault", "Plan advice", "Complaint", "Wants to leave"),
    *("Payment", "Payment reminder", "Change of details", "Retention", "Sales", "Win-back", "Care"),
)
_BEGUN_BY_COMPANY: Final = ("payment_reminder", "retention", "sales", "win_back", "care")
_NO_ANSWER: Final = CONTACT_OUTCOMES.index("no_answer")
_MEDIA: Final = ("call", "counter", "online", "message", "visit")
_MEDIUM_OF: Final = np.array([0, 1, 2, 2, 2, 2, 3, 4], dtype=np.int64)  # by channel
_PREFIX_SHARE, _PREFIX_SHARE_OUT, _SUFFIX_SHARE = 22, 45, 28  # per cent
_BETWEEN: Final = {ZH: "，", EN: "; "}
# Groups of phrases: of prefixes those of either direction by medium; of results those of no answer by medium, then those by reason.
_PREFIXES: Final = (
    *(("contact_prefix", f"contact_prefix_{medium}") for medium in _MEDIA),
    *((f"contact_prefix_out_{medium}",) for medium in _MEDIA),
)
_TOPICS: Final = (
    *((f"contact_{reason}",) for reason in CONTACT_REASONS),
    *((f"purpose_{reason}",) for reason in _BEGUN_BY_COMPANY),
)
_RESULTS: Final = (
    *((f"result_no_answer_{medium}",) for medium in _MEDIA),
    *(
        (f"result_{outcome}_{reason}" if outcome in ("accepted", "declined") or reason == "payment_reminder" else f"result_{outcome}",)
        for reason in _BEGUN_BY_COMPANY
        for outcome in CONTACT_OUTCOMES
        if outcome != "no_answer"
    ),
)


def contact_topics(
    rng: np.random.Generator, industry: str, reason: Integers, is_english: Booleans, outcome: Integers, channel: Integers
) -> pl.Series:
    """Short notes of what a contact was about and, where the company began it, of how it ended.

    Args:
        rng: The draws; as many are taken whatever the values.
        industry: telecom, bank or utility.
        reason: Position in CONTACT_REASONS, per contact.
        is_english: Whether it is written in English, otherwise in Chinese.
        outcome: Position in CONTACT_OUTCOMES, negative where the customer began it.
        channel: Position in CONTACT_CHANNELS.

    Returns:
        The notes, of type String, 5-40 characters in Chinese.
    """
    drawn = rng.integers(0, DRAWN_BELOW, (5 + DRAWS, len(reason)))

    def write(language: str, rows: Integers) -> pl.Series:
        own = drawn[:, rows]
        some, medium, is_outbound = reason[rows], _MEDIUM_OF[channel[rows]], outcome[rows] >= 0
        has_prefix = own[3] % 100 < np.where(is_outbound, _PREFIX_SHARE_OUT, _PREFIX_SHARE)
        prefix_group = medium + np.where(is_outbound, len(_MEDIA), 0)
        prefix = pool(language, industry, _PREFIXES).draw(np.where(has_prefix, prefix_group, NO_GROUP), own[0])
        is_silent = (outcome[rows] == _NO_ANSWER) & (_place_of(some) != NO_GROUP)  # nothing was explained to those
        note = pool(language, industry, _TOPICS).draw(np.where(is_silent, len(CONTACT_REASONS) + _place_of(some), some), own[1])
        result = pool(language, industry, _RESULTS).draw(_result_groups(some, outcome[rows], medium), own[2])
        suffixes = pool(language, industry, (("contact_suffix",), ("contact_suffix", "contact_suffix_call")))
        has_suffix = ~is_outbound & (own[4] % 100 < _SUFFIX_SHARE)
        suffix = suffixes.draw(np.where(has_suffix, (medium == 0).astype(np.int64), NO_GROUP), own[2])
        if language == EN:
            note = (" " + note).zip_with(prefix != "", capitalised(note))
            prefix = capitalised(prefix)
        result = (_BETWEEN[language] + result).zip_with(result != "", result)
        return fill(prefix + note + result + suffix, language, own[5:], 1 + own[3] // 100 % 12)

    return in_both(is_english, write)


def _place_of(reason: Integers) -> Integers:
    """Position in _BEGUN_BY_COMPANY, NO_GROUP for what customers begin."""
    place = np.full(len(CONTACT_REASONS), NO_GROUP, dtype=np.int64)
    for position, name in enumerate(_BEGUN_BY_COMPANY):
        place[CONTACT_REASONS.index(name)] = position
    return np.asarray(place[reason])


def _result_groups(reason: Integers, outcome: Integers, medium: Integers) -> Integers:
    """Position in _RESULTS of what is noted of the outcome; NO_GROUP where there is none."""
    place = _place_of(reason)
    known = outcome - (outcome > _NO_ANSWER)  # there is one group less a reason: nobody answers by reason
    by_reason = len(_MEDIA) + place * (len(CONTACT_OUTCOMES) - 1) + known
    group = np.where(outcome == _NO_ANSWER, medium, by_reason)
    return np.where((outcome < 0) | (place == NO_GROUP), NO_GROUP, group)
