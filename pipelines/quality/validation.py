"""Great Expectations over the small frames of figures, and what it says in the words of `raw.delivery_check`."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.quality.suites import Rule

# The column by which a line of a frame is found again.
_LINE = "line"


@dataclass(frozen=True)
class Check:
    """What one expectation says of one delivery, or of one column of it.

    Attributes:
        delivery_key: The delivery.
        record_type: Its record type.
        rule: The expectation.
        column_name: The column; None for the delivery as a whole.
        is_met: Whether it is met.
        observed: What was found.
        expected_low, expected_high: Between what it should be; None for no limit.
    """

    delivery_key: int
    record_type: str
    rule: Rule
    column_name: str | None
    is_met: bool
    observed: float
    expected_low: float | None
    expected_high: float | None

    @property
    def is_holding(self) -> bool:
        """Whether it keeps the delivery out."""
        return not self.is_met and self.rule.severity == "critical"

    @property
    def sentence(self) -> str:
        """What was found and what was expected, without anything that was read from a cell."""
        return sentence(self.rule, self.column_name, self.observed, self.expected_low, self.expected_high)

    @property
    def found(self) -> str:
        """The observed figure, as text."""
        return in_words(self.rule, self.observed, self.expected_low, self.expected_high)[0]

    @property
    def expected(self) -> str:
        """The limits, as text."""
        return in_words(self.rule, self.observed, self.expected_low, self.expected_high)[1]


def in_words(rule: Rule, observed: float, low: float | None, high: float | None) -> tuple[str, str]:
    """What was found and what was expected, each as a person reads it; whole things are never promised by a part of one."""
    if rule.unit in ("rows", "columns"):
        low, high = (None if low is None else math.ceil(low)), (None if high is None else math.floor(high))
    shown = [None if value is None else _shown(value, rule.unit) for value in (low, high)]
    if shown[0] is not None and shown[1] is not None:
        expected = f"{shown[0]} to {shown[1]}"
    elif shown[0] is not None:
        expected = f"at least {shown[0]}"
    else:
        expected = f"{'less than' if rule.below else 'at most'} {shown[1]}"
    return _shown(observed, rule.unit), expected


def sentence(rule: Rule, column_name: str | None, observed: float, low: float | None, high: float | None) -> str:
    """What was found and what was expected, in a sentence without its stop."""
    found, expected = in_words(rule, observed, low, high)
    return f"{rule.subject}{f' in {column_name}' if column_name else ''}: {found}, expected {expected}"


def validate(record_type: str, rules: Sequence[Rule], frames: Mapping[str, Any]) -> list[Check]:
    """Judge the frames of one record type.

    Args:
        record_type: Its name, and the suite's.
        rules: The suite.
        frames: From `history.frames`.

    Returns:
        A check for every line to which a rule applies, rule by rule.
    """
    checks: list[Check] = []
    for name, frame in frames.items():
        asked = [rule for rule in rules if rule.frame == name]
        if asked and len(frame):
            failed = _failed_lines(f"{record_type}.{name}", asked, frame)
            for rule in asked:
                checks.extend(_checks(record_type, rule, frame, failed[rule.name]))
    return checks


def _failed_lines(suite_name: str, rules: Sequence[Rule], frame: Any) -> dict[str, set[int]]:
    """For each rule the lines of the frame that break it."""
    # Its import takes seconds, and some versions of it report use over the network when nobody says no before.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults  # noqa: PLC0415
    from great_expectations.expectations import ExpectColumnValuesToBeBetween  # noqa: PLC0415
    from great_expectations.expectations.row_conditions import AndCondition, Column  # noqa: PLC0415

    # In memory, and without the folder for pages that it would make and leave behind.
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = DataContextConfig(store_backend_defaults=stores, analytics_enabled=False, progress_bars={"globally": False})
    context = gx.get_context(mode="ephemeral", project_config=config)
    batch = context.data_sources.add_pandas(suite_name).add_dataframe_asset(suite_name).add_batch_definition_whole_dataframe(suite_name)
    suite = gx.ExpectationSuite(
        name=suite_name,
        expectations=[
            ExpectColumnValuesToBeBetween(
                column=rule.figure,
                min_value=rule.low,
                max_value=rule.high,
                strict_max=rule.below,
                severity=rule.severity,
                description=rule.meaning,
                meta={"rule": rule.name},
                row_condition=AndCondition(conditions=[Column(column) >= least for column, least in rule.where]) if rule.where else None,
            )
            for rule in rules
        ],
    )
    wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": [_LINE]}
    numbered = frame.assign(**{_LINE: range(len(frame))})
    outcome = batch.get_batch({"dataframe": numbered}).validate(suite, result_format=wanted)
    failed: dict[str, set[int]] = {}
    for result in outcome.results:
        rule = result.expectation_config.meta["rule"]
        if result.exception_info.get("raised_exception"):
            message = f"the expectation {rule} could not be judged: {result.exception_info.get('exception_message')}"
            raise RuntimeError(message)
        failed[rule] = {int(line[_LINE]) for line in result.result.get("unexpected_index_list") or ()}
    return failed


def _checks(record_type: str, rule: Rule, frame: Any, failed: set[int]) -> Iterator[Check]:
    applicable = frame[frame[rule.figure].notna()]
    for column, least in rule.where:
        applicable = applicable[applicable[column] >= least]
    for line, values in zip(applicable.index, applicable.to_dict("records"), strict=True):
        low, high = _limit(rule, rule.low, values.get(rule.base_low)), _limit(rule, rule.high, values.get(rule.base_high))
        # Of negative amounts the greater multiple is the lesser number.
        low, high = (high, low) if low is not None and high is not None and low > high else (low, high)
        yield Check(
            delivery_key=int(values["delivery_key"]),
            record_type=record_type,
            rule=rule,
            column_name=values["column_name"] if isinstance(values["column_name"], str) else None,
            is_met=int(line) not in failed,
            observed=float(values[rule.observed]),
            expected_low=low,
            expected_high=high,
        )


def _limit(rule: Rule, limit: float | None, base: float | None) -> float | None:
    if limit is None or rule.scale is None or base is None:
        return limit
    return float(base * limit if rule.scale == "times" else base + limit)


def _shown(value: float, unit: str) -> str:
    match unit:
        case "share":
            return f"{value:,.1%}"
        case "money":
            return f"{value:,.2f}"
        case _:
            return f"{value:,.0f}"
