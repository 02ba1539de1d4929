from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pipelines.errors import ClienteleError
from pipelines.policy import POLICY_FILE, Policy, load_policy

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = """\
- name: {name}
  type: {type}
  value: {value}
  unit: things
  {limits}
  why: Because.
  source: A test.
"""


def stated(folder: Path, *entries: tuple[str, str, str, str]) -> Path:
    """A policy file with entries of (name, type, value, limits)."""
    path = folder / "stated.yml"
    path.write_text("".join(ENTRY.format(name=n, type=t, value=v, limits=limits) for n, t, v, limits in entries), encoding="utf-8")
    return path


@pytest.fixture
def overridden(tmp_path: Path) -> Any:
    def load(text: str, stated_in: Path = POLICY_FILE) -> Policy:
        path = tmp_path / "policy.yml"
        path.write_text(text, encoding="utf-8")
        return load_policy(path, stated_in=stated_in)

    return load


def test_the_shipped_policy_holds() -> None:
    policy = load_policy()
    assert policy.integer("segmentation.window_months") == 12
    assert policy.number("segmentation.pareto_a_share") == 0.80
    assert policy.text("reporting.currency") == "CNY"
    assert policy.values("publish.natural_ids") == []
    assert policy.table("age.bands")[0] == {"band": "under_18", "from_age": 0}
    assert policy.number("calendar.close_after_days") == 5.0


def test_every_shipped_policy_says_what_why_and_where_from() -> None:
    for row in load_policy().entries():
        assert all(str(row[key]).strip() for key in ("name", "value", "unit", "why", "source")), row
        assert str(row["why"]).endswith("."), row["name"]
        assert row["is_overridden"] is False


def test_numbers_have_limits_and_the_shipped_value_does_not_sit_outside_any() -> None:
    for entry in load_policy().stated:
        if entry.type in ("integer", "number"):
            assert entry.minimum is not None, entry.name
            assert entry.maximum is not None, entry.name


def test_a_workspace_sets_values(overridden: Any) -> None:
    policy = overridden("churn.horizon_months: 2\nreporting.currency: GBP\nchurn.rhythm_ratio_bins: [1, 2]\n")
    assert policy.integer("churn.horizon_months") == 2
    assert policy.text("reporting.currency") == "GBP"
    assert policy.values("churn.rhythm_ratio_bins") == [1.0, 2.0]
    assert [row["name"] for row in policy.entries() if row["is_overridden"]] == [
        "reporting.currency",
        "churn.horizon_months",
        "churn.rhythm_ratio_bins",
    ]


@pytest.mark.parametrize("text", ["", "# nothing set\n"])
def test_a_workspace_that_sets_nothing(overridden: Any, text: str) -> None:
    assert overridden(text) == load_policy()


def test_a_workspace_without_the_file(tmp_path: Path) -> None:
    assert load_policy(tmp_path / "policy.yml") == load_policy()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("churn.horizn_months: 3", 1, "'churn.horizn_months' is not a policy; did you mean 'churn.horizon_months'"),
        ("# a comment\n\nchurn.horizon_months: 40", 3, "churn.horizon_months is 40; expected a whole number from 1 to 12."),
        ("churn.horizon_months: 0", 1, "churn.horizon_months is 0; expected a whole number from 1 to 12."),
        ("churn.horizon_months: 2.5", 1, "churn.horizon_months is 2.5; expected a whole number"),
        ("churn.horizon_months: three", 1, "churn.horizon_months is 'three'; expected a whole number"),
        ("churn.horizon_months: yes", 1, "churn.horizon_months is True; expected a whole number"),
        ("churn.horizon_months:", 1, "churn.horizon_months is None; expected a whole number"),
        ("churn:\n  horizon_months: 3", 1, "'churn' is not a policy; write one line a policy, such as 'churn.horizon_months: …'."),
        ("life_cycle.change_share: .nan", 1, "life_cycle.change_share is nan; expected a number from 0.01 to 1."),
        ("life_cycle.change_share: .inf", 1, "life_cycle.change_share is inf; expected a number from 0.01 to 1."),
        (f"churn.minimum_outcomes: {10**400}", 1, "expected a whole number from 1 to 100000000."),
        ("reporting.currency: cny", 1, "reporting.currency is 'cny'; expected a text like [A-Z]{3}."),
        ("reporting.currency: CNYX", 1, "reporting.currency is 'CNYX'; expected a text like [A-Z]{3}."),
        ("reporting.currency: 156", 1, "reporting.currency is 156; expected a text"),
        ("reporting.time_zone: Asia/Shangai", 1, "reporting.time_zone is 'Asia/Shangai'; expected an IANA time zone"),
        ("publish.natural_ids: invoice", 1, "publish.natural_ids is 'invoice'; expected a list, each item one of invoice,"),
        ("publish.natural_ids:\n  - invoice\n  - invoces", 3, "an item of publish.natural_ids is 'invoces'; expected one of invoice,"),
        ("churn.rhythm_ratio_bins: [1, 1]", 1, "expected each item to be greater than the one before it."),
        ("age.bands: []", 1, "age.bands is []; expected a list of rows, each with band, from_age."),
        ("age.bands:\n  - band: all", 2, "row 1 of age.bands has no 'from_age'; expected a whole number from 0 to 120."),
        ("age.bands:\n  - band: all\n    from: 0", 3, "row 1 of age.bands has an unknown column 'from'; did you mean 'from_age'?"),
        ("age.bands:\n  - band: all\n    from_age: -1", 3, "from_age in row 1 of age.bands is -1; expected a whole number"),
        (
            "segmentation.pareto_a_share: 0.96",
            1,
            "segmentation.pareto_b_share is 0.95; expected more than segmentation.pareto_a_share, which is 0.96.",
        ),
        (
            "life_cycle.lost_after_days: 90",
            1,
            "life_cycle.lost_after_days is 90; expected more than life_cycle.dormant_after_days, which is 90.",
        ),
        ("- churn.horizon_months: 3", 1, "expected a mapping, one line 'name: value' a policy."),
        ("churn.horizon_months: 3\nchurn.horizon_months: 2", 2, "stands twice"),
        ("churn.horizon_months: 3: 4", 1, "this is not YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(overridden: Any, tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(ClienteleError) as fault:
        overridden(text)
    assert str(fault.value).startswith(f"{tmp_path / 'policy.yml'}, line {line}: ")
    assert message in str(fault.value)


def test_a_choice_is_one_of_its_words(overridden: Any, tmp_path: Path) -> None:
    path = stated(tmp_path, ("a.colour", "choice", "red", "choices: [red, blue]"))
    assert overridden("a.colour: blue", path).text("a.colour") == "blue"
    with pytest.raises(ClienteleError, match=r"a\.colour is 'green'; expected one of red, blue"):
        overridden("a.colour: green", path)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("a.b", "integer", "9", "maximum: 8")], r"line 3: a.b is 9; expected a whole number to 8\."),
        ([("a.b", "number", ".inf", "")], r"line 3: a.b is inf; expected a number\."),
        ([("a.b", "integer", "1", ""), ("a.b", "integer", "2", "")], r"line 8: a.b stands twice; keep one\."),
        ([("a.b", "integer", "1", "maximal: 8")], "line 5: unknown key 'maximal'"),
        ([("a.b", "whole", "1", "")], "line 2: '0.type' is 'whole'"),
        ([("A-B", "integer", "1", "")], "line 1: '0.name' is 'A-B'"),
    ],
)
def test_a_wrong_statement_is_refused(tmp_path: Path, entries: list[tuple[str, str, str, str]], message: str) -> None:
    with pytest.raises(ClienteleError, match=re.escape(str(tmp_path)) + ".*" + message):
        load_policy(stated_in=stated(tmp_path, *entries))


def test_the_file_with_the_reason_left_out_is_refused(tmp_path: Path) -> None:
    path = stated(tmp_path, ("a.b", "integer", "1", ""))
    path.write_text(path.read_text(encoding="utf-8").replace("  why: Because.\n", ""), encoding="utf-8")
    with pytest.raises(ClienteleError, match=r"'0\.why' is missing"):
        load_policy(stated_in=path)


def test_asking_for_what_is_not_there_is_a_programming_fault() -> None:
    policy = load_policy()
    with pytest.raises(KeyError, match=r"did you mean 'churn\.gap_months'"):
        policy.integer("churn.gap_month")
    with pytest.raises(TypeError, match=r"churn\.horizon_months has the type integer, not list"):
        policy.values("churn.horizon_months")
    with pytest.raises(TypeError):
        policy.integer("life_cycle.change_share")


def test_what_is_handed_out_cannot_change_the_policy() -> None:
    policy = load_policy()
    policy.values("churn.rhythm_ratio_bins").append(99)
    policy.table("age.bands")[0]["band"] = "changed"
    bins = policy.as_variables()["churn.rhythm_ratio_bins"]
    assert isinstance(bins, list)
    bins.clear()
    assert policy == load_policy()


def test_variables_are_plain_values_by_name() -> None:
    variables = json.loads(json.dumps(load_policy().as_variables()))
    shipped = {entry["name"]: entry["value"] for entry in yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))}
    assert variables == shipped


def test_the_fingerprint_follows_values_and_nothing_else(overridden: Any) -> None:
    shipped = load_policy().fingerprint()
    assert re.fullmatch("[0-9a-f]{64}", shipped)
    assert overridden("churn.silence_ratio: 2\nchurn.horizon_months: 3").fingerprint() == shipped
    assert overridden("churn.silence_ratio: 2.5").fingerprint() != shipped


def test_the_fingerprint_does_not_follow_the_order_of_the_file(tmp_path: Path) -> None:
    entries = [("a.b", "integer", "1", ""), ("a.c", "number", "1", "")]
    forwards, backwards = (load_policy(stated_in=stated(tmp_path, *order)).fingerprint() for order in (entries, entries[::-1]))
    assert forwards == backwards


def test_values_of_lists_and_tables_are_published_as_json() -> None:
    values = {row["name"]: str(row["value"]) for row in load_policy().entries()}
    assert values["reporting.currency"] == "CNY"
    assert values["churn.horizon_months"] == "3"
    assert json.loads(values["age.bands"])[1] == {"band": "18_to_24", "from_age": 18}
