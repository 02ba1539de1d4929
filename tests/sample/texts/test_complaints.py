from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.chance import stream
from pipelines.sample.story.life import FAILURES
from pipelines.sample.texts import SEVERITIES, complaint_texts, remedy_texts

if TYPE_CHECKING:
    from pipelines.sample.chance import Booleans, Integers

INDUSTRIES = ("telecom", "bank", "utility")
OF_INDUSTRY = {
    "telecom": {
        False: "宽带|信号|话费|套餐|流量|光猫|断网|装机|移机|副卡|断线",
        True: "broadband|signal|phone|SIM|router|internet|roaming|fibre|network|data",
    },
    "bank": {False: "网点|银行|信用卡|贷款|柜员|开户|卡号|理财|转账", True: "branch|credit|bank|loan|teller|mortgage|salary|transfer"},
    "utility": {False: "表|停电|水费|供电|变压器|户号|抢修|安检|电费", True: "power|meter|water|gas |transformer|supply|crew|radiators"},
}


def _written(industry: str, failure: Integers, severity: Integers, is_english: Booleans, seed: int = 5) -> pl.Series:
    draws = np.random.default_rng(seed)
    amount = np.where(failure == FAILURES.index("wrong_bill"), draws.integers(100, 90_000, len(failure)), 0)
    return complaint_texts(stream(seed, "texts"), industry, failure, severity, is_english, amount, draws.integers(0, 40, len(failure)))


def _of_one_kind(industry: str, failure: int, severity: int, *, is_english: bool, count: int = 5_000) -> pl.Series:
    return _written(industry, np.full(count, failure), np.full(count, severity), np.full(count, is_english))


def _mixed(industry: str, *, is_english: bool, count: int = 8_000) -> tuple[pl.Series, Integers, Integers]:
    draws = np.random.default_rng(7)
    failure, severity = draws.integers(0, len(FAILURES), count), draws.integers(0, len(SEVERITIES), count)
    return _written(industry, failure, severity, np.full(count, is_english)), failure, severity


@pytest.mark.parametrize("is_english", [False, True])
@pytest.mark.parametrize("industry", INDUSTRIES)
@pytest.mark.parametrize("failure", range(len(FAILURES)))
def test_complaints_about_one_thing_are_hardly_ever_worded_alike(industry: str, failure: int, is_english: bool) -> None:
    for severity in range(len(SEVERITIES)):
        texts = _of_one_kind(industry, failure, severity, is_english=is_english)
        assert texts.n_unique() >= 0.9 * len(texts)
        assert max(Counter(texts).values()) <= 0.01 * len(texts)


@pytest.mark.parametrize("is_english", [False, True])
@pytest.mark.parametrize("industry", INDUSTRIES)
def test_nothing_is_left_to_fill_in(industry: str, is_english: bool) -> None:
    texts, _, _ = _mixed(industry, is_english=is_english)
    remedies = remedy_texts(stream(5, "texts"), industry, np.arange(2_000) % 5, np.full(2_000, is_english))
    for written in (texts, remedies):
        assert written.dtype == pl.String
        assert written.null_count() == 0
        assert not written.str.contains(r"[{}\[\]|]|^\s*$").any()


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_chinese_can_be_encoded_as_the_systems_write_it_and_english_is_plain(industry: str) -> None:
    chinese, _, _ = _mixed(industry, is_english=False)
    english, _, _ = _mixed(industry, is_english=True)
    "".join(chinese).encode("gb18030")
    "".join(chinese).encode("gbk")
    "".join(english).encode("ascii")
    assert chinese.str.contains(r"\p{Han}").all()


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_lengths_are_spread_as_in_messages_of_people(industry: str) -> None:
    texts, _, _ = _mixed(industry, is_english=False)
    lengths = texts.str.len_chars().to_numpy()
    low, middle, high = np.percentile(lengths, [5, 50, 95])
    assert 12 <= low <= 25
    assert 35 <= middle <= 60
    assert 80 <= high <= 125
    assert lengths.max() <= 200


@pytest.mark.parametrize("is_english", [False, True])
def test_some_texts_try_whoever_reads_the_file(is_english: bool) -> None:
    texts, _, _ = _mixed("bank", is_english=is_english)
    for awkward in ("\n", '"', ","):
        assert 0.005 < texts.str.contains(awkward, literal=True).mean() < 0.99  # type: ignore[operator]


@pytest.mark.parametrize("is_english", [False, True])
def test_each_industry_has_its_own_words(is_english: bool) -> None:
    shares = np.array(
        [
            [_mixed(industry, is_english=is_english)[0].str.contains(words[is_english]).mean() for words in OF_INDUSTRY.values()]
            for industry in INDUSTRIES
        ],
        dtype=np.float64,
    )
    own = np.diag(shares)
    assert (own > 0.25).all()
    assert (own > 2 * (shares.sum(axis=0) - own)).all()


@pytest.mark.parametrize(
    ("is_english", "harsh", "mild"),
    [
        (False, "报警|律师|人命|抢救|立刻|起诉|后果|破产|救命", "谢谢|不急|有空|小事|不方便|建议|不算"),
        (
            True,
            "police|lawyer|die|emergency|lives|liable|at once",
            "thank you|no hurry|no great harm|when you have time|small thing|no harm",
        ),
    ],
)
@pytest.mark.parametrize("industry", INDUSTRIES)
def test_words_grow_harsher_with_the_severity(industry: str, is_english: bool, harsh: str, mild: str) -> None:
    texts, _, severity = _mixed(industry, is_english=is_english)
    harsh_share, mild_share = (
        [float(np.mean(texts.str.contains(words).to_numpy()[severity == step])) for step in range(len(SEVERITIES))]
        for words in (harsh, mild)
    )
    assert harsh_share[0] < 0.03
    assert harsh_share[3] > 0.3
    assert harsh_share[3] > 2 * harsh_share[2] > 2 * harsh_share[0]
    assert mild_share[0] > 2 * mild_share[2]
    assert mild_share[0] > 0.25


@pytest.mark.parametrize(("is_english", "unit"), [(False, r"\d(\.\d\d)?(元|块钱)|￥\d"), (True, r"(CNY|RMB) \d|\d (yuan|CNY)")])
def test_an_amount_is_named_only_where_there_is_one(is_english: bool, unit: str) -> None:
    count = 3_000
    zeros, is_in = np.zeros(count, dtype=np.int64), np.full(count, is_english)

    def shares(amount: int) -> list[float]:
        texts = complaint_texts(stream(5, "texts"), "telecom", zeros + 1, zeros, is_in, zeros + amount, zeros)
        return [float(np.mean(texts.str.contains(pattern).to_numpy())) for pattern in (r"437\.05", unit)]

    assert shares(0) == [0, 0]
    assert min(shares(43_705)) > 0.25


def test_the_same_draws_make_the_same_texts_and_other_draws_make_others() -> None:
    failure, severity, is_english = np.arange(2_000) % 5, np.arange(2_000) % 4, np.arange(2_000) % 3 == 0
    first, again, other = (_written("bank", failure, severity, is_english, seed) for seed in (5, 5, 6))
    assert first.equals(again)
    assert np.mean((first == other).to_numpy()) < 0.02


def test_as_many_draws_are_taken_whatever_is_to_be_said() -> None:
    after = []
    for industry, value in (("telecom", 0), ("bank", 1), ("utility", 3)):
        rng = stream(5, "texts")
        these = np.full(50, value)
        complaint_texts(rng, industry, these, these, these > 0, these * 10_000, these * 9)
        remedy_texts(rng, industry, these, these > 0)
        after.append(rng.random())
    assert len(set(after)) == 1


def test_each_text_stands_at_its_own_row_in_its_own_language() -> None:
    is_english = np.arange(1_000) % 7 < 3
    texts = _written("utility", np.arange(1_000) % 5, np.arange(1_000) % 4, is_english)
    assert (texts.str.contains(r"\p{Han}").to_numpy() == ~is_english).all()


@pytest.mark.parametrize(
    ("is_english", "home", "office"),
    [
        (
            False,
            "孩子|家里|追剧|打游戏|我爸妈|全家|老人[跟被取]|家母|网课|我妈|上班族",
            "店里|公司[账报几因]|诊所|专线|厂里|厂子|我们单位|企业网银|代发|员工[在报没来]|员工不敢",
        ),
        (
            True,
            r"my (grand)?mother|my father|children|small child|my salary|my parents|grandfather|my evening|flat\b",
            "our (shop|firm|clinic|staff|company|clients|server|wages)|my shop|leased line|the whole office|workshop",
        ),
    ],
)
@pytest.mark.parametrize("industry", INDUSTRIES)
def test_persons_do_not_write_of_their_firm_nor_firms_of_their_children(industry: str, is_english: bool, home: str, office: str) -> None:
    count, draws = 6_000, np.random.default_rng(5)
    is_office = draws.random(count) < 0.5
    texts = complaint_texts(
        *(stream(5, "texts"), industry, draws.integers(0, len(FAILURES), count), draws.integers(0, len(SEVERITIES), count)),
        *(np.full(count, is_english), np.zeros(count, dtype=np.int64), draws.integers(0, 40, count), is_office),
    )
    assert not texts.filter(pl.Series(is_office)).str.contains(home).any()
    assert not texts.filter(pl.Series(~is_office)).str.contains(office).any()
    assert texts.filter(pl.Series(~is_office)).str.contains(home).mean() > 0.08  # type: ignore[operator]
    assert texts.filter(pl.Series(is_office)).str.contains(office).mean() > 0.05  # type: ignore[operator]


@pytest.mark.parametrize("is_english", [False, True])
@pytest.mark.parametrize("industry", INDUSTRIES)
def test_no_two_marks_meet_by_chance(industry: str, is_english: bool) -> None:
    texts, _, _ = _mixed(industry, is_english=is_english)
    assert not texts.str.contains(r"[，。；、：][，。；、,;.]|[,;:] ?[,;.]|[!?！？][,;，；]|[^.]\.\.([^.]|$)| [,.;]|[，；,;]$").any()


def test_no_complaint_makes_no_text() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert complaint_texts(stream(5, "texts"), "bank", none, none, none > 0, none, none).to_list() == []
    assert remedy_texts(stream(5, "texts"), "bank", none, none > 0).to_list() == []


@pytest.mark.parametrize("is_english", [False, True])
def test_whose_customers_wrote_can_mostly_be_told(is_english: bool) -> None:
    texts = pl.concat([_mixed(industry, is_english=is_english, count=3_000)[0] for industry in INDUSTRIES])
    shuffled = np.random.default_rng(5).permutation(len(texts))
    assert 0.7 < _told_by_nearest_centre(texts.gather(shuffled), (np.arange(len(texts)) // 3_000)[shuffled]) < 0.99


@pytest.mark.parametrize("is_english", [False, True])
@pytest.mark.parametrize("industry", INDUSTRIES)
def test_what_it_is_about_can_mostly_be_told_but_not_always(industry: str, is_english: bool) -> None:
    texts, failure, severity = _mixed(industry, is_english=is_english)
    assert 0.55 < _told_by_nearest_centre(texts, failure) < 0.99
    assert 0.40 < _told_by_nearest_centre(texts, severity) < 0.95


def _told_by_nearest_centre(texts: pl.Series, label: Integers) -> float:
    """Share of the second half that lies nearest to the mean of its own label: pairs of characters, weighted by how rare they are."""
    pairs = [Counter(text[place : place + 2] for place in range(len(text) - 1)) for text in texts]
    frequent = [pair for pair, _ in Counter(pair for text in pairs for pair in text).most_common(1_200)]
    position = {pair: column for column, pair in enumerate(frequent)}
    table = np.zeros((len(pairs), len(frequent)))
    for row, text in enumerate(pairs):
        for pair in text:
            if pair in position:
                table[row, position[pair]] = 1
    table *= np.log(len(table) / (1 + table.sum(axis=0)))
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    half = len(table) // 2
    centres = np.array([table[:half][label[:half] == kind].mean(axis=0) for kind in range(label.max() + 1)])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    return float(np.mean(np.argmax(table[half:] @ centres.T, axis=1) == label[half:]))
