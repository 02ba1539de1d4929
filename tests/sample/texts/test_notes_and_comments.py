from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.sample.chance import stream
from pipelines.sample.texts import (
    CONTACT_CHANNELS,
    CONTACT_OUTCOMES,
    CONTACT_REASON_LABELS_EN,
    CONTACT_REASON_LABELS_ZH,
    CONTACT_REASONS,
    contact_topics,
    survey_comments,
)
from pipelines.sample.texts.phrases import pool, pool_of

if TYPE_CHECKING:
    import polars as pl

    from pipelines.sample.chance import Booleans, Integers

INDUSTRIES = ("telecom", "bank", "utility")
COUNT = 6_000
BEGUN_BY_COMPANY = ("payment_reminder", "retention", "sales", "win_back", "care")
PHONE = CONTACT_CHANNELS.index("phone")


def _notes(
    industry: str, reason: Integers, is_english: Booleans, outcome: str | None = None, channel: int = PHONE, seed: int = 5
) -> pl.Series:
    ended = np.full(len(reason), -1 if outcome is None else CONTACT_OUTCOMES.index(outcome))
    return contact_topics(stream(seed, "texts"), industry, reason, is_english, ended, np.full(len(reason), channel))


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_chinese_notes_are_short_and_english_ones_fit_a_line(industry: str) -> None:
    reason, is_english = np.arange(COUNT) % len(CONTACT_REASONS), np.arange(COUNT) % 3 == 0
    draws = np.random.default_rng(5)
    outcome, channel = draws.integers(-1, len(CONTACT_OUTCOMES), COUNT), draws.integers(0, len(CONTACT_CHANNELS), COUNT)
    notes = contact_topics(stream(5, "texts"), industry, reason, is_english, outcome, channel)
    lengths = notes.str.len_chars().to_numpy()
    assert lengths[~is_english].min() >= 5
    assert lengths[~is_english].max() <= 40
    assert lengths[is_english].max() <= 140
    assert not notes.str.contains(r"[{}\[\]|]|^\s*$").any()
    "".join(notes).encode("gbk")


@pytest.mark.parametrize("is_english", [False, True])
@pytest.mark.parametrize("industry", INDUSTRIES)
@pytest.mark.parametrize("reason", range(len(CONTACT_REASONS)))
def test_notes_of_one_reason_vary(industry: str, reason: int, is_english: bool) -> None:
    notes = _notes(industry, np.full(COUNT, reason), np.full(COUNT, is_english))
    assert notes.n_unique() > 60
    assert notes.value_counts()["count"].max() < 0.12 * COUNT  # type: ignore[operator]


def test_each_reason_has_a_label_of_its_own_in_either_language() -> None:
    for labels in (CONTACT_REASON_LABELS_ZH, CONTACT_REASON_LABELS_EN):
        assert len(set(labels)) == len(labels) == len(CONTACT_REASONS)


def test_a_note_tells_of_its_reason() -> None:
    reason = np.arange(COUNT) % len(CONTACT_REASONS)
    notes = _notes("bank", reason, np.zeros(COUNT, dtype=np.bool_))
    reminds = notes.str.contains("逾期|欠费").to_numpy()
    assert np.mean(reminds[reason == CONTACT_REASONS.index("payment_reminder")]) > 0.95
    assert np.mean(reminds[reason == CONTACT_REASONS.index("sales")]) == 0


SILENT = {
    False: "无人|未接|占线|关机|没回|未见|未遇见|暂无|未读|未获|未让进|客户未到",
    True: "(?i)no answer|not reached|voicemail|busy|switched off|nobody|no reply|no reaction|not read|not let in|did not come",
}
AGREES = {
    False: "同意|接受|续约|续签|谈成|要了|有意向|愿意|答应|承诺|感谢|认可|约定|保证|就付",
    True: "(?i)agrees|accept|stays|renews|order taken|wants it|will come back|thankful|grateful|gladly|will pay|promises|will be paid",
}
REFUSES = {
    False: "不|拒|仍要走|未谈成|已定别家|婉拒|谢绝|无意向|没钱|无力",
    True: "(?i)refuse|no money|not accept|still leaving|no deal|declined|elsewhere|not interested|no need|, no|not come|not wanted|alone",
}


@pytest.mark.parametrize("is_english", [False, True])
@pytest.mark.parametrize("industry", INDUSTRIES)
@pytest.mark.parametrize("reason", BEGUN_BY_COMPANY)
def test_a_note_says_how_the_contact_ended(industry: str, reason: str, is_english: bool) -> None:
    these = np.full(2_000, CONTACT_REASONS.index(reason))
    for channel in range(len(CONTACT_CHANNELS)):
        accepted, declined, silent = (
            _notes(industry, these, np.full(2_000, is_english), outcome, channel) for outcome in ("accepted", "declined", "no_answer")
        )
        assert silent.str.contains(SILENT[is_english]).all()
        assert not (accepted.str.contains(SILENT[is_english]) | declined.str.contains(SILENT[is_english])).any()
        assert accepted.str.contains(AGREES[is_english]).all()
        assert declined.str.contains(REFUSES[is_english]).all()
    if reason == "payment_reminder":
        assert _notes(industry, these, np.full(2_000, is_english), "promised").str.contains(AGREES[is_english]).all()
        assert not _notes(industry, these, np.full(2_000, is_english), "reached").str.contains(SILENT[is_english]).any()


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_a_note_fits_the_channel(industry: str) -> None:
    reason, draws = np.arange(COUNT) % len(CONTACT_REASONS), np.random.default_rng(5)
    outcome = np.where(np.isin(reason, [CONTACT_REASONS.index(name) for name in BEGUN_BY_COMPANY]), draws.integers(0, 3, COUNT), -1)
    channel = draws.integers(0, len(CONTACT_CHANNELS), COUNT)
    notes = contact_topics(stream(5, "texts"), industry, reason, np.zeros(COUNT, dtype=np.bool_), outcome, channel)
    for words, channels in (
        ("来电|外呼|外拨|去电|挂机|进线|占线|关机|接听", ["phone"]),
        ("短信：|来信", ["sms"]),
        ("推送|线上|在线反映|留言", ["web", "app", "email", "chat"]),
        ("上门[：走]|敲门|^走访", ["visit"]),
        ("到厅|窗口", ["branch"]),
    ):
        said = notes.str.contains(words).to_numpy()
        assert said.sum() > 20
        assert set(np.array(CONTACT_CHANNELS)[channel[said]]) <= set(channels), words


@pytest.mark.parametrize(
    ("is_english", "praise", "blame"),
    [
        (False, "点赞|感谢|满意|五星|不错|推荐", "差|失望|气人|没人管|垃圾|再也不"),
        (True, "great|excellent|quick|thank|good", "terrible|never again|awful|zero|not solved"),
    ],
)
@pytest.mark.parametrize("industry", INDUSTRIES)
def test_comments_grow_kinder_with_the_mood(industry: str, is_english: bool, praise: str, blame: str) -> None:
    mood = np.arange(COUNT) % 5
    comments = survey_comments(stream(5, "texts"), industry, mood, np.full(COUNT, is_english))
    praised, blamed = (
        [float(np.mean(comments.str.contains(f"(?i){words}").to_numpy()[mood == level])) for level in range(5)] for words in (praise, blame)
    )
    assert praised[4] > 0.4 > 2 * praised[0]
    assert blamed[0] > 0.4 > 2 * blamed[4]
    assert not comments.str.contains(r"[{}\[\]|]|^\s*$").any()
    assert comments.n_unique() > 0.15 * COUNT
    "".join(comments).encode("gbk")


def test_the_same_draws_make_the_same_notes_and_comments() -> None:
    whole, is_english = np.arange(COUNT) % 5, np.arange(COUNT) % 4 == 0
    notes = [_notes("utility", whole, is_english, seed=seed) for seed in (5, 5, 6)]
    comments = [survey_comments(stream(seed, "texts"), "utility", whole, is_english) for seed in (5, 5, 6)]
    for first, again, other in (notes, comments):
        assert first.equals(again)
        assert not first.equals(other)


def test_as_many_draws_are_taken_whatever_is_to_be_noted() -> None:
    after = []
    for industry, value in (("telecom", 0), ("bank", 1), ("utility", 4)):
        rng = stream(5, "texts")
        these = np.full(50, value)
        contact_topics(rng, industry, these, these > 0, these - 1, these)
        survey_comments(rng, industry, these, these > 0)
        after.append(rng.random())
    assert len(set(after)) == 1


def test_no_contact_makes_no_note() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert _notes("bank", none, none > 0).to_list() == []
    assert survey_comments(stream(5, "texts"), "bank", none, none > 0).to_list() == []


def test_every_line_is_as_likely_however_many_variants_it_has() -> None:
    lines = pool_of([["one", "two [a|b|c|d] [e|f|]"], ["three"]])
    group = np.arange(20_000) % 3 - 1
    texts = lines.draw(group, stream(5, "texts").integers(0, 1 << 40, 20_000))
    assert set(texts.gather(np.flatnonzero(group == -1))) == {""}
    assert set(texts.gather(np.flatnonzero(group == 1))) == {"three"}
    first = texts.gather(np.flatnonzero(group == 0))
    assert first.n_unique() == 13
    assert 0.47 < (first == "one").mean() < 0.53  # type: ignore[operator]


def test_a_key_that_no_file_has_is_named() -> None:
    with pytest.raises(KeyError, match="no_such_key"):
        pool("zh", "bank", (("outage",), ("no_such_key",)))
    with pytest.raises(ValueError, match="empty"):
        pool_of([["one"], []])
