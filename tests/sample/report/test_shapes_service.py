"""How long complaints take and how much is said, on a handful of records."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.population.memberships import HARBOUR
from pipelines.sample.report.shapes_service import answered, settling, silent_share, text_lengths
from pipelines.sample.timeline import Timeline

YEARS = Timeline(24, np.datetime64("2026-12", "M"))
Row = tuple[int, datetime, datetime | None, datetime | None]


def complaints(*rows: Row) -> pl.DataFrame:
    schema = {"complaint_id": pl.Int64} | dict.fromkeys(("opened_at", "resolved_at", "closed_at"), pl.Datetime("ms"))
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_the_last_state_counts_and_the_answer_before_the_closing() -> None:
    found = settling(
        complaints(
            (1, datetime(2026, 1, 1, 23), None, None),
            (1, datetime(2026, 1, 1, 23), datetime(2026, 1, 11, 1), datetime(2026, 2, 1)),
            (2, datetime(2026, 1, 1), None, datetime(2026, 1, 21)),
            (3, datetime(2025, 3, 1), datetime(2025, 9, 27), datetime(2025, 9, 28)),
            (4, datetime(2026, 12, 1), None, None),
            (5, datetime(2026, 1, 1), None, None),
        ),
        YEARS,
    )
    assert found["days_to_close_median"] == 20.0, "10, 20 and 210 days"
    assert found["days_to_close_p90"] == pytest.approx(20 + 0.8 * 190)
    assert found["open_after_90_days"] == 2 / 4, "3 and 5; of 4 nobody can say yet"
    assert found["complaints_open"] == 2 / 4, "4 and 5 of those of the last twelve months"


def test_signs_are_counted_of_chinese_texts_alone_without_white_space() -> None:
    texts = pl.DataFrame({"complaint_id": [1, 1, 2, 3], "text": ["账单 错了\n", "账单 错了\n", "The bill is wrong", "请尽快处理好吗"]})
    assert text_lengths(texts)["text_signs_median"] == 5.5


def test_an_answer_that_comes_later_is_an_answer() -> None:
    surveys = pl.DataFrame({"response_id": [1, 2, 1, 3], "answered_at": [None, None, datetime(2026, 1, 2), datetime(2026, 1, 3)]})
    assert answered(surveys) == pytest.approx(2 / 3)


def test_the_silent_are_those_of_operations_whom_something_failed_and_who_did_not_complain() -> None:
    chunk = make_chunk(make_business(3, 400, Timeline(12), INDUSTRIES["telecom"]), 0)
    ours = chunk.memberships.slot < HARBOUR
    failed, said = (chunk.life.failure[:, ours] >= 0).sum(), chunk.life.complains[:, ours].sum()
    assert silent_share(chunk) == pytest.approx(1.0 - said / failed)
