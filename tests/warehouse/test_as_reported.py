"""Marts as first published: a month is kept as it was, whatever is known later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from pipelines.warehouse.catalog import ColumnEntry
from tests.warehouse.small import CATALOG, change, close_march, entry, published, rows

if TYPE_CHECKING:
    from pipelines.warehouse.catalog import TableEntry
    from pipelines.warehouse.workspace import Workspace

TIERS = "select as_of, customer_key, pareto_tier, first_published_at from {}.segmentation_customer order by all"
JANUARY, FEBRUARY, MARCH = date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31)


def gained(column: str) -> list[TableEntry]:
    """The catalogue after a mart has gained a column."""
    return [
        replace(item, columns=(*item.columns, ColumnEntry(column, "What was added.")))
        if item.table_name == "segmentation_customer"
        else item
        for item in CATALOG
    ]


def test_months_are_kept_as_first_published(built: Workspace) -> None:
    first = published(built)
    as_first = rows(built, TIERS.format("as_reported"))
    assert as_first == [
        (JANUARY, 10, "A", first.published_at),
        (JANUARY, 30, "B", first.published_at),
        (FEBRUARY, 10, "A", first.published_at),
        (FEBRUARY, 20, "C", first.published_at),
        (FEBRUARY, 30, "C", first.published_at),
    ]
    change(
        built,
        """
        update mart.segmentation_customer set pareto_tier = 'B' where customer_key = 20;
        delete from mart.segmentation_customer where customer_key = 30 and as_of = date '2025-01-31';
        insert into mart.segmentation_customer values (40, date '2025-01-31', 'A', 'champion')
        """,
    )
    close_march(built)
    second = published(built)
    new = [(MARCH, 10, "A", second.published_at), (MARCH, 30, "C", second.published_at)]
    assert rows(built, TIERS.format("as_reported")) == as_first + new
    assert rows(built, "select pareto_tier from mart.segmentation_customer where customer_key in (20, 40)") == [("A",), ("B",)]
    published(built)
    assert rows(built, TIERS.format("as_reported")) == as_first + new


def test_a_month_without_rows_is_reported_as_one_without(built: Workspace) -> None:
    """In January no trigger fired; that one would fire with what is known later does not change what was reported."""
    published(built)
    change(built, "insert into mart.churn_trigger values (10, date '2025-01-31', 'bill_drop', 0.5), (20, date '2025-02-28', 'silence', 3)")
    close_march(built)
    published(built)
    change(built, "insert into mart.churn_trigger values (30, date '2025-03-31', 'silence', 4)")
    published(built)
    assert rows(built, "select customer_key, as_of from as_reported.churn_trigger") == [(30, FEBRUARY)]
    assert len(rows(built, "select * from mart.churn_trigger")) == 4


def test_a_mart_that_comes_later_reports_its_months_then(built: Workspace) -> None:
    published(built, catalog=[item for item in CATALOG if item.table_name != "churn_trigger"])
    second = published(built)
    assert rows(built, "select as_of, first_published_at from as_reported.churn_trigger") == [(FEBRUARY, second.published_at)]


def test_a_mart_that_gains_a_column_keeps_its_months(built: Workspace) -> None:
    first = published(built)
    change(built, "alter table mart.segmentation_customer add column value_quadrant varchar default 'star'")
    close_months = "insert into mart.segmentation_customer values (10, date '2025-03-31', 'A', 'champion', 'cow')"
    change(built, close_months)
    told = "select as_of, value_quadrant, first_published_at from as_reported.segmentation_customer where customer_key = 10"
    for _ in range(2):
        published(built, catalog=gained("value_quadrant"))
        after = rows(built, told)
        assert after[:2] == [(JANUARY, None, first.published_at), (FEBRUARY, None, first.published_at)]
        assert after[2][:2] == (MARCH, "cow")
    assert [name for (name,) in rows(built, "select column_name from (describe as_reported.segmentation_customer)")] == [
        *("customer_key", "as_of", "pareto_tier", "rfm_segment", "value_quadrant", "first_published_at")
    ]


def test_a_mart_that_loses_a_column_keeps_what_was_reported(built: Workspace) -> None:
    published(built)
    change(built, "alter table mart.segmentation_customer drop column rfm_segment")
    change(built, "insert into mart.segmentation_customer values (10, date '2025-03-31', 'A')")
    without = [entry("mart.segmentation_customer", "as_of customer_key", "customer_key as_of pareto_tier")]
    published(built, catalog=[*without, *(item for item in CATALOG if item.table_name != "segmentation_customer")])
    told = "select as_of, rfm_segment from as_reported.segmentation_customer where customer_key = 10"
    assert rows(built, told) == [(JANUARY, "champion"), (FEBRUARY, "champion"), (MARCH, None)]
    assert rows(built, "select table_name, column_name from duckdb_columns() where comment is null and not internal") == []


def test_a_column_that_becomes_wider_keeps_its_values(built: Workspace) -> None:
    change(built, "alter table mart.segmentation_customer alter column customer_key set data type integer")
    published(built)
    change(built, "alter table mart.segmentation_customer alter column customer_key set data type bigint")
    change(built, "insert into mart.segmentation_customer values (5000000000, date '2025-03-31', 'A', 'champion')")
    for _ in range(2):
        published(built)
        keys = rows(built, "select distinct customer_key from as_reported.segmentation_customer order by all")
        assert keys == [(10,), (20,), (30,), (5_000_000_000,)]


def test_a_mart_that_states_its_own_first_time_is_not_reported_twice(built: Workspace) -> None:
    change(
        built,
        "create table mart.churn_score_ledger as from (values (10, date '2025-01-31', timestamp '2025-02-06')) "
        "as rows (customer_key, as_of, first_published_at)",
    )
    ledger = entry("mart.churn_score_ledger", "customer_key as_of", "customer_key as_of first_published_at")
    tables = published(built, catalog=[*CATALOG, ledger]).tables
    assert "mart.churn_score_ledger" in tables
    assert "as_reported.churn_score_ledger" not in tables


def test_a_replay_reports_nothing_for_the_first_time(built: Workspace) -> None:
    published(built)
    reported = rows(built, TIERS.format("as_reported"))
    close_march(built)
    remembered = built.state_file.read_bytes()
    replay = published(built, known_by="2025-03-01 00:00:00")
    assert replay.is_replay
    assert rows(built, TIERS.format("as_reported")) == reported
    assert len(rows(built, "select * from mart.segmentation_customer")) == len(reported) + 2
    assert (
        str(rows(built, "select max(known_by) from meta.publication where version = (select max(version) from meta.publication)")[0][0])
        == "2025-03-01 00:00:00"
    )
    assert built.state_file.read_bytes() == remembered
    after = published(built)
    assert rows(built, TIERS.format("as_reported"))[len(reported) :] == [
        (MARCH, 10, "A", after.published_at),
        (MARCH, 30, "C", after.published_at),
    ]
    assert replay.version not in [version for (version,) in rows(built, "select version from meta.publication")]


def test_a_first_replay_reports_nothing(built: Workspace) -> None:
    published(built, known_by="2025-03-01")
    assert rows(built, TIERS.format("as_reported")) == []
    published(built)
    assert len(rows(built, TIERS.format("as_reported"))) == 5


def test_a_lost_state_file_is_made_up_for_by_the_published_version(built: Workspace) -> None:
    first = published(built)
    reported = rows(built, TIERS.format("as_reported"))
    built.state_file.unlink()
    change(built, "update mart.segmentation_customer set pareto_tier = 'B'")
    published(built)
    assert rows(built, TIERS.format("as_reported")) == reported
    assert rows(built, "select min(version) from meta.publication") == [(first.version,)]
