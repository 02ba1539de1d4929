"""A build small enough to be seen through: three customers, two closed months, and the catalogue that describes it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from pipelines.policy import load_policy
from pipelines.warehouse.catalog import ColumnEntry, TableEntry
from pipelines.warehouse.connection import open_file, open_published
from pipelines.warehouse.publish import publish

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.policy import Policy
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.publication import Publication
    from pipelines.warehouse.workspace import Workspace

FACETS = {
    "grain": "what one row is",
    "owner": "sales",
    "subject": "customer",
    "organisation": "group",
    "business_process": "billing",
    "form": "mart",
    "use": "analysis",
    "knowledge_kind": "about",
    "seven_p": "Profiling",
}


def entry(name: str, key: str, columns: str) -> TableEntry:
    """A table of the catalogue, each column described by its own name."""
    schema, _, table = name.partition(".")
    described = tuple(ColumnEntry(column, f"Column {column} of {table}, said to be 'it'.", unit="day") for column in columns.split())
    return TableEntry(schema, table, f"Table {table}. Nothing is null.", tuple(key.split()), FACETS, described)


CATALOG = (
    entry("core.dim_customer", "customer_key", "customer_key customer_type region"),
    entry(
        "core.fct_customer_month",
        "customer_key month",
        "customer_key month as_of net_amount open_amount overdue_amount is_active",
    ),
    entry("mart.churn_risk_customer", "as_of customer_key", "customer_key as_of risk_band is_abstained probability"),
    entry("mart.churn_trigger", "as_of customer_key trigger", "customer_key as_of trigger size"),
    entry("mart.segmentation_customer", "as_of customer_key", "customer_key as_of pareto_tier rfm_segment"),
    entry("mart.value_movement", "month", "month opening_amount"),
    entry(
        "meta.delivery_ledger",
        "delivery_key record_type",
        "delivery_key record_type known_at rows_landed rows_duplicate rows_excluded rows_quarantined status",
    ),
    entry("meta.reconciliation", "fact source_name measure month", "fact source_name measure month unexplained"),
)

# Rows stand against the order of their keys, so that whoever copies them without sorting is found out.
_ROWS = """
create schema core;
create schema mart;
create schema meta;
create table core.dim_customer as
    from (values (30, 'person', '华东'), (10, 'organisation', '西南'), (20, 'person', null), (-1, 'unknown', null))
    as rows (customer_key, customer_type, region);
create table core.fct_customer_month as
    select
        customer_key, month, last_day(month) as as_of, cast(net as decimal(18, 4)) as net_amount,
        cast(due as decimal(18, 4)) as open_amount, cast(due / 2 as decimal(18, 4)) as overdue_amount, net <> 0 as is_active
    from (values
        (30, date '2025-02-01', 0, 10), (30, date '2025-01-01', 50, 0), (10, date '2025-02-01', 220, 30), (10, date '2025-01-01', 150, 0),
        (20, date '2025-02-01', 20, 0), (-1, date '2025-02-01', 999, 0)
    ) as rows (customer_key, month, net, due);
create table mart.segmentation_customer as
    from (values
        (30, date '2025-02-28', 'C', 'hibernating'), (20, date '2025-02-28', 'C', 'new'), (10, date '2025-02-28', 'A', 'champion'),
        (30, date '2025-01-31', 'B', 'new'), (10, date '2025-01-31', 'A', 'champion')
    ) as rows (customer_key, as_of, pareto_tier, rfm_segment);
create table mart.churn_risk_customer as
    from (values
        (30, date '2025-02-28', 'high', false, 0.9::double), (20, date '2025-02-28', null, true, null),
        (10, date '2025-02-28', 'low', false, 0.2),
        (30, date '2025-01-31', null, true, null), (10, date '2025-01-31', null, true, null)
    ) as rows (customer_key, as_of, risk_band, is_abstained, probability);
create table mart.churn_trigger as
    from (values (30, date '2025-02-28', 'silence', 2.5::double)) as rows (customer_key, as_of, trigger, size);
create table mart.value_movement as
    from (values (date '2025-02-01', 200::decimal(18, 4)), (date '2025-01-01', 0)) as rows (month, opening_amount);
create table meta.delivery_ledger as
    from (values
        (7, 'invoices', timestamp '2025-03-05 08:00:00', 5, 1, 0, 2, 'landed'),
        (6, 'invoices', timestamp '2025-02-05 08:00:00', 4, 0, 1, 0, 'landed'),
        (8, 'customers', timestamp '2025-03-01 00:00:00', 3, 0, 0, 0, 'landed'),
        (9, 'customers', timestamp '2025-04-01 00:00:00', 0, 0, 0, 0, 'held')
    ) as rows (delivery_key, record_type, known_at, rows_landed, rows_duplicate, rows_excluded, rows_quarantined, status);
create table meta.reconciliation as
    from (values ('fct_invoice', 'billing', 'amount', date '2025-02-01', 0::decimal(18, 4)))
    as rows (fact, source_name, measure, month, unexplained);
"""
_MARCH = """
insert into mart.segmentation_customer values (10, date '2025-03-31', 'A', 'champion'), (30, date '2025-03-31', 'C', 'hibernating');
insert into mart.churn_risk_customer values (10, date '2025-03-31', 'low', false, 0.1), (30, date '2025-03-31', 'high', false, 0.95);
insert into core.fct_customer_month values (10, date '2025-03-01', date '2025-03-31', 230, 0, 0, true);
"""


@cache
def shipped_policy() -> Policy:
    """The policy that no workspace has changed."""
    return load_policy()


def make_build(workspace: Workspace) -> None:
    """Write the small build."""
    workspace.prepare()
    change(workspace, _ROWS)


def close_march(workspace: Workspace) -> None:
    """Have another month close: nothing fired in it."""
    change(workspace, _MARCH)


def change(workspace: Workspace, statements: str) -> None:
    """Change the build, as a later run would."""
    with open_file(workspace.build_file, workspace) as build:
        build.execute(f"begin; {statements}; commit")


def published(
    workspace: Workspace, policy: Policy | None = None, catalog: Sequence[TableEntry] = CATALOG, known_by: str = ""
) -> Publication:
    """Publish the build."""
    return publish(workspace, policy or shipped_policy(), catalog, "made from this", known_by=known_by)


@contextmanager
def reading(workspace: Workspace) -> Iterator[Connection]:
    """The current version, opened by its pointer."""
    with open_published(workspace.current_link) as reader:
        yield reader


def rows(workspace: Workspace, query: str) -> list[tuple[object, ...]]:
    """What the current version answers."""
    with reading(workspace) as reader:
        return reader.execute(query).fetchall()
