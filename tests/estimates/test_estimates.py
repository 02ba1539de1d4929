"""Estimates: every customer of every closed month, one month in memory at a time, written as the marts read them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipelines.estimates import churn, loyalty, months, segmentation
from pipelines.estimates.churn import estimate_churn
from pipelines.estimates.loyalty import estimate_loyalty
from pipelines.estimates.segmentation import estimate_segmentation
from pipelines.policy import Policy, load_policy
from pipelines.warehouse.build import Build, open_build
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JANUARY, FEBRUARY, MARCH = date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)
# Forty customers billed monthly, and one (key 99) who stopped after January. By March the outcome of January is known.
BUSINESS = """
create schema features;
create schema core;
create table features.feature_customer_month as
select
    key as customer_key,
    as_of,
    12 as bill_count,
    12 as bill_count_12m,
    date '2022-06-15' as first_bill_date,
    if(key = 99, date '2024-01-10', as_of - 5) as last_bill_date,
    date_diff('day', last_bill_date, as_of) as days_since_last_bill,
    600 as tenure_days,
    20 as months_since_first_bill,
    12 as active_months_12m,
    1 as product_count_12m,
    1 as account_count,
    cast(100 * key as decimal(18, 4)) as contribution_12m,
    cast(60 as decimal(18, 4)) as net_amount_6m,
    cast(60 as decimal(18, 4)) as net_amount_prior_6m,
    cast(null as integer) as previous_gap_days,
    false as is_closed,
    11 as bill_interval_count,
    cast(30 as double) as mean_bill_interval_days,
    true as has_payments,
    as_of - 3 as last_payment_date,
    cast(0 as decimal(18, 4)) as overdue_amount,
    if(key = 1 and as_of = date '2024-02-29', 45, null) as oldest_open_complaint_days
from
    (select range + 1 as key from range(40) union all select 99),
    (values (date '2024-03-31'), (date '2024-01-31'), (date '2024-02-29')) t (as_of);
create table core.fct_customer_month as
select customer_key, cast(date_trunc('month', as_of) as date) as month, cast(10 as decimal(18, 4)) as net_amount, 1 as invoice_count
from features.feature_customer_month;
create table features.feature_churn_outcome as
select customer_key, as_of, date '2024-03-15' as outcome_known_date, customer_key = 99 as is_churned
from features.feature_customer_month
where as_of = date '2024-01-31';
"""


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    overrides = tmp_path / "policy.yml"
    overrides.write_text("churn.minimum_outcomes: 20\n", encoding="utf-8")
    return load_policy(overrides)


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    workspace = Workspace(tmp_path / "workspace")
    workspace.prepare()
    with duckdb.connect(str(workspace.build_file)) as connection:
        connection.execute(BUSINESS)
    with open_build(workspace) as opened:
        yield opened


def rows(build: Build, query: str) -> list[tuple[Any, ...]]:
    return build.connection.execute(query).fetchall()


def test_every_customer_has_a_segment_in_every_month(build: Build, policy: Policy) -> None:
    assert estimate_segmentation(build, policy) == 3 * 41
    assert rows(build, "select as_of, count(distinct customer_key) from estimates.estimate_segmentation group by all order by all") == [
        (JANUARY, 41),
        (FEBRUARY, 41),
        (MARCH, 41),
    ]
    (largest,) = rows(build, f"select * from estimates.estimate_segmentation where customer_key = 99 and as_of = date '{JANUARY}'")
    found = dict(zip(segmentation.SCHEMA, largest, strict=True))
    assert (found["monetary_score"], found["pareto_tier"], found["life_cycle_stage"]) == (5, "A", "mature")


def test_every_customer_has_a_loyalty_score_in_every_month(build: Build, policy: Policy) -> None:
    assert estimate_loyalty(build, policy) == 3 * 41
    assert rows(build, "select count(*) from estimates.estimate_loyalty where behavioural_score between 1 and 100") == [(3 * 41,)]


def test_a_month_learns_only_from_outcomes_that_were_known_by_then(build: Build, policy: Policy) -> None:
    assert estimate_churn(build, policy)[0] == 3 * 41
    by_month = "select as_of, count(probability), any_value(abstain_reason) from estimates.estimate_churn_risk group by all order by all"
    assert rows(build, by_month) == [(JANUARY, 0, "no_known_outcomes"), (FEBRUARY, 0, "no_known_outcomes"), (MARCH, 41, None)]


def test_triggers_are_written_for_the_month_in_which_they_fired(build: Build, policy: Policy) -> None:
    _, written = estimate_churn(build, policy)
    fired = rows(build, "select customer_key, as_of, trigger, fired_date, size from estimates.estimate_churn_trigger order by all")
    assert written == len(fired)
    # Open for 45 days on 29 February; the limit of 30 was passed 14 days earlier.
    assert fired == [(1, FEBRUARY, "unresolved_complaint", date(2024, 2, 15), 45.0), (99, MARCH, "silence", date(2024, 3, 11), 81 / 30)]
    assert rows(build, "select customer_key, as_of from estimates.estimate_churn_risk where trigger_count > 0 order by all") == [
        (1, FEBRUARY),
        (99, MARCH),
    ]


def test_columns_are_written_as_stated(build: Build, policy: Policy) -> None:
    estimate_segmentation(build, policy)
    estimate_loyalty(build, policy)
    estimate_churn(build, policy)
    for table, schema in (
        (segmentation.TABLE, segmentation.SCHEMA),
        (loyalty.TABLE, loyalty.SCHEMA),
        (churn.RISK_TABLE, churn.RISK_SCHEMA),
        (churn.TRIGGER_TABLE, churn.TRIGGER_SCHEMA),
    ):
        assert {row[0]: row[1].lower() for row in rows(build, f"describe {table}")} == schema


def test_a_business_without_a_closed_month_gives_empty_tables(build: Build, policy: Policy) -> None:
    rows(build, "delete from features.feature_customer_month")
    assert estimate_segmentation(build, policy) == 0
    assert estimate_loyalty(build, policy) == 0
    assert estimate_churn(build, policy) == (0, 0)
    assert rows(build, "select * from estimates.estimate_churn_trigger") == []


def test_one_month_is_read_at_a_time_earliest_first(build: Build, policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    read = Build.frame

    def frame(self: Build, table: str, columns: Any, where: Any = None, between: Any = None) -> Any:
        if table == months._FEATURES:
            asked.append(where["as_of"])
        return read(self, table, columns, where, between)

    monkeypatch.setattr(Build, "frame", frame)
    told: list[tuple[str, int, int]] = []
    estimate_churn(build, policy, lambda *progress: told.append(progress))
    assert asked == [JANUARY, FEBRUARY, MARCH]
    assert told == [("January 2024", 1, 3), ("February 2024", 2, 3), ("March 2024", 3, 3)]
