"""The wording of complaints, remedies, call notes and survey comments, in Chinese and English, for each industry.

`complaint_texts`, `remedy_texts`, `contact_topics` and `survey_comments` each take the draws, the name of the industry and arrays of
what is to be said, one element a text, and return a String Series in the same order.
"""

from pipelines.sample.texts.complaints import SEVERITIES, complaint_texts, remedy_texts
from pipelines.sample.texts.contacts import (
    CONTACT_CHANNELS,
    CONTACT_OUTCOMES,
    CONTACT_REASON_LABELS_EN,
    CONTACT_REASON_LABELS_ZH,
    CONTACT_REASONS,
    contact_topics,
)
from pipelines.sample.texts.surveys import survey_comments

__all__ = [
    "CONTACT_CHANNELS",
    "CONTACT_OUTCOMES",
    "CONTACT_REASONS",
    "CONTACT_REASON_LABELS_EN",
    "CONTACT_REASON_LABELS_ZH",
    "SEVERITIES",
    "complaint_texts",
    "contact_topics",
    "remedy_texts",
    "survey_comments",
]
