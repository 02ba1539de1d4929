"""Every model over the small business, with the figures worked by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest

from tests.dbt.conftest import FEBRUARY, JUNE, Built, failed

if TYPE_CHECKING:
    from tests.dbt.world import World


@pytest.fixture
def world(business: Built) -> World:
    return business.world


def test_every_model_builds_and_every_test_hold(business: Built) -> None:
    assert failed(business.statuses) == []
    assert business.statuses["reconciliation_leaves_nothing_unexplained"] == "pass"
    assert business.statuses["versions_hold_in_business_time_without_gaps"] == "pass"


def test_customers_have_a_history_and_facts_find_their_version(world: World) -> None:
    history = world.rows(
        "select customer_key, valid_from, valid_to, region, closed_date from core.dim_customer_history where customer_key <> -1"
    )
    moved, left, vanished = datetime(2024, 3, 15, 4), datetime(2024, 5, 10), datetime(2024, 5, 20)
    assert history == [
        (10, datetime(2023, 12, 20), moved, "north", None),
        (10, moved, None, "east", None),
        (20, datetime(2024, 1, 5), left, None, None),
        (20, left, None, None, date(2024, 5, 10)),
        (30, datetime(2024, 2, 10), None, None, None),
        (40, datetime(2024, 2, 1), None, None, None),
        (50, datetime(2024, 2, 1), vanished, None, None),
        (50, vanished, None, None, date(2024, 5, 20)),
    ]
    regions = world.rows("""
        select history.region, count(*)
        from core.fct_invoice as invoices join core.dim_customer_history as history using (customer_version_key)
        where invoices.customer_key = 10
        group by all order by all
    """)
    assert regions == [("east", 4), ("north", 3)]


def test_customers_are_as_they_are_now(world: World) -> None:
    customers = world.rows(
        "select customer_key, customer_type, age_band, region, industry_or_occupation, is_closed, first_bill_month from core.dim_customer"
    )
    assert customers == [
        (-1, "unknown", None, None, None, False, date(2024, 2, 1)),
        (10, "person", "25_to_34", "east", None, False, date(2024, 1, 1)),
        (20, "organisation", None, None, "retail", True, date(2024, 2, 1)),
        (30, None, None, None, None, False, date(2024, 2, 1)),
        (40, None, None, None, None, False, None),
        (50, None, None, None, None, True, None),
    ]


def test_what_is_open_of_each_invoice(world: World) -> None:
    opened = dict(world.rows("select invoice_key, open_amount from core.fct_invoice"))
    assert opened == {
        1001: 0,
        **dict.fromkeys(range(1002, 1008), 110),
        2001: 0,
        2002: 0,
        3001: 70,
        3002: None,
        9001: 1,
        5001: None,
        5002: None,
    }


def test_the_shop_stands_as_its_newest_delivery_says(world: World) -> None:
    assert world.rows("select invoice_key, amount, is_incomplete, customer_key from core.fct_invoice where source_name = 'till'") == [
        (5001, 25, False, -1),
        (5002, 15, False, -1),
    ]
    assert world.rows("select invoice_key, line_number, amount from core.fct_invoice_line where source_name = 'till'") == [
        (5001, 1, 10),
        (5001, 2, 10),
        (5001, 3, 5),
        (5002, 1, 7),
        (5002, 2, 8),
    ]


def test_the_customer_month_of_a_customer_billed_every_month(world: World) -> None:
    months = world.rows("""
        select month(month), net_amount, margin_amount, paid_amount, open_amount, overdue_amount, contact_count, complaint_count,
            open_complaint_count, months_since_last_bill, tenure_months
        from core.fct_customer_month where customer_key = 10
    """)
    assert months == [
        (1, 100, 60, 110, 0, 0, 0, 0, 0, 0, 1),
        (2, 100, None, 0, 110, 110, 0, 0, 0, 0, 2),
        (3, 100, None, 100, 120, 120, 3, 1, 1, 0, 3),
        (4, 100, None, 0, 230, 230, 0, 1, 2, 0, 4),
        (5, 100, None, 0, 340, 340, 0, 0, 1, 0, 5),
        (6, 100, None, 0, 450, 450, 0, 0, 1, 0, 6),
    ]


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        # Billed in February, due on the 29th, cancelled in March.
        (20, [(2, 500, 0, 500, 500, 0), (3, 0, 500, -500, 0, 0), (4, 0, 0, 0, 0, 0), (5, 0, 0, 0, 0, 0), (6, 0, 0, 0, 0, 0)]),
        # Due on 10 March, paid in April, bounced in May; the bill in euros adds nothing yet.
        (30, [(2, 70, 0, 70, 70, 0), (3, 0, 0, 0, 70, 70), (4, 0, 0, 0, 0, 0), (5, 0, 0, 0, 70, 70), (6, 0, 0, 0, 70, 70)]),
        # The shop delivers no payments: what is open there nobody knows.
        (-1, [(2, 1, 0, 1, 1, 0), (3, 40, 0, 40, 1, 0), (4, 0, 0, 0, 1, 0), (5, 0, 0, 0, 1, 0), (6, 0, 0, 0, 1, 0)]),
    ],
)
def test_the_customer_month_has_no_gaps(world: World, customer: int, expected: list[tuple[int, ...]]) -> None:
    months = world.rows(f"""
        select month(month), billed_amount, credited_amount, net_amount, open_amount, overdue_amount
        from core.fct_customer_month where customer_key = {customer}
    """)
    assert months == expected


def test_contacts_and_complaints(world: World) -> None:
    assert world.rows("select contact_key, customer_key, is_repeat_7_days from core.fct_contact") == [
        (1, 10, True),
        (2, 10, False),
        (3, 10, False),
    ]
    assert world.rows("select complaint_key, hours_to_responded, is_upheld, is_repeat, is_open from core.fct_complaint") == [
        (1, 36.0, True, False, False),
        (2, None, None, True, True),
    ]


def test_features_at_the_last_closed_month(world: World) -> None:
    features = world.row("""
        select bill_count, net_amount_12m, net_amount_6m, net_amount_prior_6m, margin_amount_12m, contribution_12m,
            product_count_12m, account_count, mean_bill_interval_days, bill_interval_count, previous_gap_days, days_since_last_bill,
            oldest_open_complaint_days, payment_count_12m, last_payment_date, overdue_amount, tenure_days, is_closed,
            has_payments, has_usage
        from features.feature_customer_month where customer_key = 10 and as_of = date '2024-06-30'
    """)
    assert features == (6, 600, 600, 0, 560, 560, 1, 1, 30.4, 5, 31, 27, 90, 2, date(2024, 3, 20), 450, 193, False, True, False)


def test_who_has_a_row(world: World) -> None:
    listed = world.rows(
        "select as_of, list(customer_key order by customer_key) from features.feature_customer_month group by 1 order by 1 limit 2"
    )
    assert listed == [(date(2024, 1, 31), [10, 20]), (FEBRUARY, [10, 20, 30, 40, 50])]
    for mart in ("segmentation_customer", "loyalty_customer", "churn_risk_customer"):
        assert world.row(f"select count(*), count(distinct customer_key) from mart.{mart}") == (27, 5), mart


def test_outcomes_are_known_when_their_horizon_is_closed(world: World) -> None:
    assert world.rows("select customer_key, as_of, is_churned from features.feature_churn_outcome") == [
        (10, date(2024, 1, 31), False),
        (10, FEBRUARY, False),
        (20, FEBRUARY, True),
        (30, FEBRUARY, True),
    ]


def test_marts_carry_the_estimates(world: World) -> None:
    scored = world.rows(
        "select customer_key, as_of, recency_score, pareto_tier from mart.segmentation_customer where recency_score is not null"
    )
    assert scored == [(10, JUNE, 5, "A")]
    triggers = world.rows("select customer_key, as_of, precision_to_date, judged_count from mart.churn_trigger")
    assert triggers == [(10, FEBRUARY, None, 0), (20, FEBRUARY, None, 0), (10, JUNE, 0.5, 2)]


def test_facts_tie_to_what_was_delivered(world: World) -> None:
    totals = world.rows("""
        select fact, source_name, measure, sum(source_total), sum(published_total), sum(explained), sum(abs(unexplained))
        from meta.reconciliation where fact in ('fct_invoice', 'fct_invoice_line') group by all order by all
    """)
    assert totals == [
        # 770 + 500 - 500 + 70 + 75 + 90 + 70 (repeated) + 70 (euros) + 1 + 12 + 99 were delivered.
        ("fct_invoice", "erp", "amount", 1257, 841, 416, 0),
        ("fct_invoice", "erp", "rows", 17, 12, 5, 0),
        ("fct_invoice", "till", "amount", 136, 40, 96, 0),
        ("fct_invoice", "till", "rows", 12, 2, 10, 0),
        ("fct_invoice_line", "erp", "amount", 115, 110, 5, 0),
        ("fct_invoice_line", "erp", "rows", 3, 3, 0, 0),
        ("fct_invoice_line", "till", "amount", 136, 40, 96, 0),
        ("fct_invoice_line", "till", "rows", 12, 5, 7, 0),
    ]
    causes = world.rows(
        "select cause, sum(difference) from meta.reconciliation_cause where fact = 'fct_invoice' and measure = 'rows' group by 1 order by 1"
    )
    assert causes == [("duplicate", 1), ("excluded", 3), ("folded", 3), ("held", 1), ("quarantined", 2), ("superseded", 5)]


def test_published_tables_are_tables_with_comments_and_keys_without_nulls(world: World) -> None:
    published = "schema_name in ('core', 'mart', 'meta')"
    assert world.rows(f"select view_name from duckdb_views() where {published}") == []
    assert world.rows(f"select table_name from duckdb_tables() where {published} and comment is null") == []
    assert world.rows(f"select table_name, column_name from duckdb_columns() where {published} and comment is null") == []
    nullable = world.rows(f"select table_name, column_name from duckdb_columns() where {published} and is_nullable")
    assert [where for where in nullable if where[1] in ("customer_key", "as_of")] == []
