"""Why customers and the call centre talk, and the note that is made of it. How often they do is decided in `records`."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Booleans, Integers
from pipelines.sample.texts.phrases import DRAWN_BELOW, EN, NO_GROUP, capitalised, in_both, pool
from pipelines.sample.texts.placeholders import DRAWS, fill

CONTACT_REASONS: Final = (
    *("billing_question", "fault", "plan_advice", "complaint", "wants_to_leave"),
    *("payment", "payment_reminder", "change_of_details", "retention", "sales"),
)
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
)
CONTACT_REASON_LABELS_EN: Final = (
    *("Billing question", "Fault", "Plan advice", "Complaint", "Wants to leave"),
    *("Payment", "Payment reminder", "Change of details", "Retention", "Sales"),
)
_OUTBOUND: Final = np.array([reason in ("payment_reminder", "retention", "sales") for reason in CONTACT_REASONS])
_PREFIX_SHARE, _SUFFIX_SHARE = 22, 28  # per cent


def contact_topics(rng: np.random.Generator, industry: str, reason: Integers, is_english: Booleans) -> pl.Series:
    """Short notes of what a contact was about.

    Args:
        rng: The draws; as many are taken whatever the values.
        industry: telecom, bank or utility.
        reason: Position in CONTACT_REASONS, per contact.
        is_english: Whether it is written in English, otherwise in Chinese.

    Returns:
        The notes, of type String, 5-40 characters in Chinese.
    """
    drawn = rng.integers(0, DRAWN_BELOW, (5 + DRAWS, len(reason)))

    def write(language: str, rows: Integers) -> pl.Series:
        own = drawn[:, rows]
        some = reason[rows]
        prefixes = pool(language, industry, (("contact_prefix",), ("contact_prefix_out",)))
        prefix = prefixes.draw(np.where(own[3] % 100 < _PREFIX_SHARE, _OUTBOUND[some].astype(np.int64), NO_GROUP), own[0])
        note = pool(language, industry, tuple((f"contact_{name}",) for name in CONTACT_REASONS)).draw(some, own[1])
        suffixes = pool(language, industry, (("contact_suffix",),))
        suffix = suffixes.draw(np.where(own[4] % 100 < _SUFFIX_SHARE, 0, NO_GROUP), own[2])
        if language == EN:
            note = (" " + note).zip_with(prefix != "", capitalised(note))
            prefix = capitalised(prefix)
        return fill(prefix + note + suffix, language, own[5:], 1 + own[3] // 100 % 12)

    return in_both(is_english, write)
