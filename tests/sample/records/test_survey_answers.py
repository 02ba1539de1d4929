from __future__ import annotations

import numpy as np
import pytest

from pipelines.sample.chance import Booleans, Floats, Times, stream
from pipelines.sample.records.survey_answers import CSAT, INSTRUMENTS, NPS, answer, mood_level, response_rate
from pipelines.sample.story.life import NOTHING, SLOW, WELL

COUNT = 20_000


def answers(
    instrument: int = CSAT, *, mood: float = 0.65, handling: int = NOTHING, is_unsettled: bool = False, leans_out: bool = False
) -> tuple[Times, Floats, Booleans]:
    return answer(
        stream(5, "surveys"),
        np.full(COUNT, instrument),
        np.full(COUNT, mood),
        leans_out=np.full(COUNT, leans_out),
        attachment=np.full(COUNT, 0.5),
        handling=np.full(COUNT, handling),
        is_unsettled=np.full(COUNT, is_unsettled),
        sent=np.full(COUNT, np.datetime64("2026-05-05T10:00:00", "ms")),
    )


def mean_score(instrument: int = CSAT, *, handling: int = NOTHING, is_unsettled: bool = False, leans_out: bool = False) -> float:
    return float(np.nanmean(answers(instrument, handling=handling, is_unsettled=is_unsettled, leans_out=leans_out)[1]))


def test_at_the_same_mood_a_slow_complaint_scores_lower_and_a_good_one_higher() -> None:
    plain = mean_score()
    assert mean_score(handling=SLOW) < plain - 0.8
    assert mean_score(handling=WELL) > plain + 0.25
    assert mean_score(is_unsettled=True) < plain - 0.4


def test_who_is_about_to_leave_recommends_less_but_does_not_think_less_of_a_call() -> None:
    assert mean_score(NPS, leans_out=True) < mean_score(NPS) - 0.8
    assert mean_score(leans_out=True) == pytest.approx(mean_score())


def test_without_an_answer_there_is_no_score_and_nothing_written() -> None:
    answered, score, writes = answers()
    np.testing.assert_array_equal(np.isnat(answered), np.isnan(score))
    assert not (writes & np.isnat(answered)).any()


@pytest.mark.parametrize("instrument", range(len(INSTRUMENTS)))
def test_the_chance_of_an_answer_is_least_in_the_middle(instrument: int) -> None:
    chance = response_rate(np.full(3, instrument), np.array([0.2, 0.65, 0.95]))
    assert chance[0] > 1.5 * chance[1]
    assert chance[2] > 1.5 * chance[1]


def test_the_mood_has_five_steps() -> None:
    np.testing.assert_array_equal(mood_level(np.array([0.0, 0.4, 0.6, 0.7, 0.95])), np.arange(5))
