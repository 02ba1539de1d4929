"""Great Expectations: asked only when something is new, told to keep to this machine, and right at the limits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from pipelines.contracts.model import load_contracts
from pipelines.policy import load_policy
from pipelines.quality.suites import Rule, rules
from pipelines.quality.validation import in_words, validate
from pipelines.warehouse.workspace import CHECKOUT

if TYPE_CHECKING:
    from tests.quality.shop import Shop


def rule(**changes: Any) -> Rule:
    stated = {"name": "r", "frame": "delivery", "severity": "warning", "meaning": "m", "figure": "x", "observed": "x", "unit": "rows"}
    return Rule(**{**stated, "subject": "rows", **changes})


def frame(**columns: Any) -> dict[str, Any]:
    length = len(next(iter(columns.values())))
    return {"delivery": pd.DataFrame({"delivery_key": range(10, 10 + length), "column_name": [None] * length, **columns})}


def test_limits_belong_to_what_is_allowed() -> None:
    checks = validate("bills", [rule(low=1, high=3)], frame(x=[0.9, 1, 3, 3.1]))
    assert [(check.delivery_key, check.is_met) for check in checks] == [(10, False), (11, True), (12, True), (13, False)]


def test_a_limit_that_is_itself_too_much() -> None:
    assert [check.is_met for check in validate("bills", [rule(high=1, below=True)], frame(x=[0.99, 1]))] == [True, False]


def test_lines_without_a_figure_or_outside_the_condition_are_not_judged() -> None:
    checks = validate("bills", [rule(high=1, where=(("n", 3),))], frame(x=[9, None, 9, 0], n=[2, 3, 3, None]))
    assert [(check.delivery_key, check.is_met) for check in checks] == [(12, False)]


def test_the_limits_shown_follow_from_the_usual() -> None:
    times = rule(low=0.5, high=2, observed="rows", base_low="least", base_high="most", scale="times")
    (check,) = validate("bills", [times], frame(x=[3], rows=[300], least=[80], most=[100]))
    assert (check.observed, check.expected_low, check.expected_high, check.is_met) == (300, 40, 200, False)
    assert check.sentence == "rows: 300, expected 40 to 200"
    (check,) = validate("bills", [rule(high=0.25, base_high="usual", scale="plus", unit="share")], frame(x=[0.1], usual=[0.5]))
    assert (check.expected_high, check.is_met) == (0.75, True)


def test_what_cannot_be_judged_is_a_fault_and_no_pass() -> None:
    with pytest.raises((RuntimeError, KeyError)):
        validate("bills", [rule(figure="y", high=1)], frame(x=[1]))


@pytest.mark.parametrize(
    ("changes", "low", "high", "expected"),
    [
        ({"unit": "rows"}, 1000, 20_000, ("1,500", "1,000 to 20,000")),
        ({"unit": "rows"}, 2.05, 2000.9, ("1,500", "3 to 2,000")),
        ({"unit": "share"}, None, 0.5, ("150,000.0%", "at most 50.0%")),
        ({"unit": "share", "below": True}, None, 1, ("150,000.0%", "less than 100.0%")),
        ({"unit": "money"}, 2.5, None, ("1,500.00", "at least 2.50")),
    ],
)
def test_figures_are_shown_as_people_write_them(
    changes: dict[str, Any], low: float | None, high: float | None, expected: tuple[str, str]
) -> None:
    assert in_words(rule(**changes), 1500, low, high) == expected


def test_the_contract_says_how_fresh_and_the_policy_the_rest() -> None:
    contracts, policy = load_contracts(), load_policy()
    for name, record in contracts.items():
        suite = {item.name: item for item in rules(record, policy)}
        assert suite["newest_event_is_fresh"].high == record.freshness_days, name
        assert suite["few_rows_are_quarantined"].high == policy.number("quality.max_quarantined_share")
    assert {item.severity for item in suite.values()} == {"critical", "warning"}


def test_nothing_leaves_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        message = "somebody wanted the network"
        raise AssertionError(message)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("GX_ANALYTICS_ENABLED", raising=False)
    assert validate("bills", [rule(high=1)], frame(x=[1]))[0].is_met
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"


def test_it_is_imported_only_when_something_is_new(shop: Shop) -> None:
    shop.usual(1)
    shop.land()
    code = (
        "import sys; from pathlib import Path; from pipelines.policy import load_policy; "
        "from pipelines.quality.assessment import assess; from pipelines.warehouse.workspace import Workspace; "
        f"found = assess(Workspace.at({str(shop.workspace.root)!r}), load_policy()); "
        "print(len(found.new), 'great_expectations' in sys.modules, 'pandas' in sys.modules)"
    )
    said = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=CHECKOUT) for _ in range(2)]
    assert [run.stdout for run in said] == ["1 True True\n", "0 False False\n"]
    assert [run.stderr for run in said] == ["", ""]
