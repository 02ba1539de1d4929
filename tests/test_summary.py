"""The published file at a glance."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError
from pipelines.policy import load_policy
from pipelines.summary import Intake, summarise
from pipelines.warehouse.workspace import Workspace
from tests.warehouse.small import CATALOG, change, make_build, published

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small build; nobody changes it."""
    workspace = Workspace.at(tmp_path_factory.mktemp("built") / "workspace")
    make_build(workspace)
    return workspace


@pytest.fixture
def built(template: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(template.root, tmp_path / "工作区")
    return Workspace.at(tmp_path / "工作区")


def headlines(workspace: Workspace, catalog: object = CATALOG) -> dict[str, tuple[str, str]]:
    """Figure and detail by name."""
    published(workspace)
    return {line.name: (line.figure, line.detail) for line in summarise(workspace.current_link).headlines}


def test_intake_is_counted_by_record_type(built: Workspace) -> None:
    change(built, "insert into meta.delivery_ledger values (11, '客户投诉', timestamp '2025-03-01', 1, 0, 0, 0, 'landed')")
    published(built)
    summary = summarise(built.current_link)
    assert summary.intake == (
        Intake("customers", 1, 3, 0, 0, 0),
        Intake("invoices", 2, 9, 1, 1, 2),
        Intake("客户投诉", 1, 1, 0, 0, 0),
    )
    assert summary.held == 1


def test_tables_are_those_that_answer(built: Workspace) -> None:
    published(built)
    assert summarise(built.current_link).tables == {
        "core.dim_customer": 4,
        "core.fct_customer_month": 6,
        "mart.churn_risk_customer": 5,
        "mart.churn_trigger": 1,
        "mart.segmentation_customer": 5,
        "mart.value_movement": 2,
    }


def test_headlines_of_the_last_closed_month(built: Workspace) -> None:
    """The unknown customer's 999 are in no figure."""
    assert headlines(built) == {
        "Customers active": ("2", "67% of 3 ever billed"),
        "Billed, net": ("240 CNY", "+20.0% on the month before"),
        "Bring 80% of the value": ("1 customers", "33% of 3 known"),
        "Open on invoices": ("40 CNY", "20 CNY of it overdue"),
        "At high risk of leaving": ("1 customers", "1 of 2 scored are expected to leave"),
    }
    assert summarise(built.current_link).as_of == date(2025, 2, 28)


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("delete from core.fct_customer_month where month = date '2025-01-01'", ""),
        ("update core.fct_customer_month set net_amount = null where month = date '2025-02-01'", ""),
        ("update core.fct_customer_month set net_amount = 0 where month = date '2025-01-01'", "nothing billed in the month before"),
        (
            "update core.fct_customer_month set net_amount = -1 where month = date '2025-01-01'",
            "more credited than billed in the month before",
        ),
    ],
)
def test_a_month_is_compared_only_where_there_is_something_to_compare_with(built: Workspace, statement: str, detail: str) -> None:
    change(built, statement)
    assert headlines(built)["Billed, net"][1] == detail


def test_what_is_not_known_is_not_nought(built: Workspace) -> None:
    change(built, "update core.fct_customer_month set net_amount = null, overdue_amount = null")
    change(built, "update mart.churn_risk_customer set probability = null, is_abstained = true, risk_band = null")
    found = headlines(built)
    assert found["Billed, net"] == ("not known", "")
    assert found["Open on invoices"] == ("40 CNY", "not known of it overdue")
    assert found["At high risk of leaving"] == ("0 customers", "0 of 0 scored are expected to leave")


def test_figures_follow_the_policy(built: Workspace, tmp_path: Path) -> None:
    own = tmp_path / "policy.yml"
    own.write_text("segmentation.pareto_a_share: 0.7\nreporting.currency: EUR\n", encoding="utf-8")
    published(built, load_policy(own))
    names = {line.name: line.figure for line in summarise(built.current_link).headlines}
    assert names["Billed, net"] == "240 EUR"
    assert "Bring 70% of the value" in names


def test_a_month_in_which_nobody_was_ever_billed(built: Workspace) -> None:
    """Customers may be registered before the first bill."""
    change(built, "delete from core.fct_customer_month")
    found = headlines(built)
    assert found["Customers active"] == ("0", "none of 0 ever billed")
    assert found["Billed, net"] == ("not known", "")


def test_a_customer_whose_type_is_not_known_counts(built: Workspace) -> None:
    change(built, "update core.dim_customer set customer_type = null where customer_key = 10")
    assert headlines(built)["Customers active"] == ("2", "67% of 3 ever billed")


def test_before_the_first_month_closes_there_is_no_figure(built: Workspace) -> None:
    change(built, "; ".join(f"delete from mart.{name}" for name in ("segmentation_customer", "churn_risk_customer", "churn_trigger")))
    published(built)
    summary = summarise(built.current_link)
    assert summary.as_of is None
    assert summary.headlines == ()
    assert summary.tables["mart.segmentation_customer"] == 0


def test_without_a_published_file_there_is_no_summary(built: Workspace) -> None:
    with pytest.raises(ClienteleError, match="there is no such file"):
        summarise(built.current_link)
