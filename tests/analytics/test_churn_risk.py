from __future__ import annotations

import re
from typing import Any

import polars as pl
import pytest

from pipelines.analytics import churn_risk as method
from pipelines.analytics.churn_risk import REASONS, ChurnRiskParameters, churn_risk
from pipelines.analytics.triggers import TRIGGER_SCHEMA
from tests.analytics.customers import AS_OF, customers, only

PARAMETERS = ChurnRiskParameters(medium_band_from=0.25, high_band_from=0.5, reason_ratio=1.5, few_bills_below=5)
REASON_COLUMNS = ["reason_1", "reason_2", "reason_3"]


def estimated(*rows: tuple[float | None, float | None]) -> pl.DataFrame:
    """Customers 1, 2, … with this probability (None: abstained) and rhythm_ratio."""
    return pl.DataFrame(
        [
            (key, AS_OF, chance, 40 if chance is not None else None, ratio, chance is None, "too_few_bills" if chance is None else None)
            for key, (chance, ratio) in enumerate(rows, start=1)
        ],
        schema={
            "customer_key": pl.Int64,
            "as_of": pl.Date,
            "probability": pl.Float64,
            "evidence_count": pl.Int64,
            "rhythm_ratio": pl.Float64,
            "is_abstained": pl.Boolean,
            "abstain_reason": pl.String,
        },
        orient="row",
    )


def fired(*rows: tuple[int, str, float]) -> pl.DataFrame:
    """Triggers as (customer_key, trigger, strength)."""
    return pl.DataFrame(
        [(key, AS_OF, trigger, AS_OF, 1.0, strength) for key, trigger, strength in rows], schema=TRIGGER_SCHEMA, orient="row"
    )


def risk(at: pl.DataFrame, *triggers: tuple[int, str, float], **different: Any) -> pl.DataFrame:
    features = customers(*({**different, "customer_key": key} for key in at["customer_key"]))
    return churn_risk(features, at, fired(*triggers), "rhythm_1_test", PARAMETERS)


@pytest.mark.parametrize(
    ("probability", "band"),
    [(0.0, "low"), (0.2499, "low"), (0.25, "medium"), (0.4999, "medium"), (0.5, "high"), (1.0, "high"), (None, None)],
)
def test_bands_open_at_their_limits(probability: float | None, band: str | None) -> None:
    assert only(risk(estimated((probability, 1.0))), "risk_band") == band


def test_reasons_are_triggers_by_strength_then_what_the_rhythm_says() -> None:
    found = risk(estimated((0.6, 1.6)), (1, "unresolved_complaint", 1.5), (1, "bill_drop", 4.0), bill_count=4)
    assert found.select(REASON_COLUMNS).row(0) == ("bill_drop", "unresolved_complaint", "longer_silence_than_usual")
    assert only(found, "trigger_count") == 2


def test_equal_strength_goes_by_the_order_of_the_list() -> None:
    equal = [(1, trigger, 2.0) for trigger in ("silence", "unresolved_complaint", "payment_stop", "bill_drop")]
    found = risk(estimated((0.6, 3.0)), *equal)
    assert found.select(REASON_COLUMNS).row(0) == ("bill_drop", "payment_stop", "unresolved_complaint")
    assert only(found, "trigger_count") == 4


@pytest.mark.parametrize(
    ("ratio", "bills", "expected"),
    [
        (1.49, 5, (None, None, None)),
        (1.5, 5, ("longer_silence_than_usual", None, None)),
        (1.49, 4, ("few_bills", None, None)),
        (9.0, 2, ("longer_silence_than_usual", "few_bills", None)),
    ],
)
def test_what_the_rhythm_says(ratio: float, bills: int, expected: tuple[str | None, ...]) -> None:
    assert risk(estimated((0.1, ratio)), bill_count=bills).select(REASON_COLUMNS).row(0) == expected


def test_silence_is_not_said_twice() -> None:
    assert risk(estimated((0.6, 3.0)), (1, "silence", 1.5)).select(REASON_COLUMNS).row(0) == ("silence", None, None)


def test_where_the_estimate_abstains_only_triggers_speak() -> None:
    found = risk(estimated((None, 9.0), (0.5, 9.0)), (1, "payment_stop", 1.2), bill_count=1)
    assert found.select(REASON_COLUMNS).rows() == [("payment_stop", None, None), ("longer_silence_than_usual", "few_bills", None)]
    assert found["abstain_reason"].to_list() == ["too_few_bills", None]


def test_one_row_a_customer_with_the_columns_of_the_estimate() -> None:
    found = risk(estimated((0.6, 3.0), (None, None), (0.1, 0.2)), (1, "silence", 1.5), (1, "bill_drop", 2.0))
    assert found["customer_key"].to_list() == [1, 2, 3]
    assert found["trigger_count"].to_list() == [2, 0, 0]
    assert found["model_version"].unique().to_list() == ["rhythm_1_test"]
    assert found.columns == (
        "customer_key as_of probability is_abstained abstain_reason rhythm_ratio evidence_count risk_band "
        "reason_1 reason_2 reason_3 trigger_count model_version"
    ).split(" ")


def test_nobody_gives_no_rows() -> None:
    empty = risk(estimated())
    assert empty.is_empty()
    assert empty.schema == risk(estimated((0.6, 3.0)), (1, "silence", 1.5)).schema


def test_every_reason_is_documented() -> None:
    first_column = re.findall(r"^\| ([a-z_, ]+) \|", method.__doc__ or "", re.MULTILINE)
    assert ", ".join(first_column[1:]) == ", ".join(REASONS)
