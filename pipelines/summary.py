"""What a run ends with: the published file in numbers that a person reads at a glance. Reads the published interface only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.warehouse.connection import Connection, open_published

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal
    from pathlib import Path


@dataclass(frozen=True)
class Intake:
    """What became of the delivered rows of one record type, over all deliveries that landed."""

    record_type: str
    deliveries: int
    landed: int
    duplicate: int
    excluded: int
    quarantined: int


@dataclass(frozen=True)
class Headline:
    """One figure with what it means."""

    name: str
    figure: str
    detail: str


@dataclass(frozen=True)
class Summary:
    """The published version at a glance.

    Attributes:
        as_of: Last day of the last closed month; None when no month is closed yet.
        intake: A line a record type.
        tables: Rows by `schema.table`, `meta` left out.
        headlines: Five figures; empty when no month is closed.
    """

    as_of: date | None
    intake: tuple[Intake, ...]
    tables: dict[str, int]
    headlines: tuple[Headline, ...]


_INTAKE = """
select record_type, count(*), sum(rows_landed), sum(rows_duplicate), sum(rows_excluded), sum(rows_quarantined)
from meta.delivery_ledger where status = 'landed' group by record_type order by record_type
"""
_TABLES = "select schema_name || '.' || table_name, row_count from meta.table_catalog where schema_name in ('core', 'mart') order by 1"
_MONTH = """
select
    count(*) filter (where month = date_trunc('month', $as_of)) as customers,
    count(*) filter (where month = date_trunc('month', $as_of) and is_active) as active,
    sum(net_amount) filter (where month = date_trunc('month', $as_of)) as billed,
    sum(net_amount) filter (where month = date_trunc('month', $as_of) - interval 1 month) as billed_before,
    sum(open_amount) filter (where month = date_trunc('month', $as_of)) as open_amount,
    sum(overdue_amount) filter (where month = date_trunc('month', $as_of)) as overdue_amount
from core.fct_customer_month
where customer_key in (select customer_key from core.dim_customer where customer_type <> 'unknown')
"""
_CONCENTRATION = "select count(*) filter (where pareto_tier = 'A'), count(*) from mart.segmentation_customer where as_of = $as_of"
_RISK = """
select count(*) filter (where risk_band = 'high'), count(*) filter (where not is_abstained), sum(probability)
from mart.churn_risk_customer where as_of = $as_of
"""


def summarise(path: Path) -> Summary:
    """Read a published file's summary."""
    with open_published(path) as reader:
        as_of: date | None = _row(reader, "select max(as_of) from mart.segmentation_customer")[0]
        currency = _row(reader, "select value from meta.policy where name = 'reporting.currency'")[0]
        intake = tuple(Intake(*row) for row in reader.execute(_INTAKE).fetchall())
        tables = dict(reader.execute(_TABLES).fetchall())
        headlines = _headlines(reader, as_of, currency) if as_of is not None else ()
    return Summary(as_of, intake, tables, headlines)


def _headlines(reader: Connection, as_of: date, currency: str) -> tuple[Headline, ...]:
    customers, active, billed, before, open_amount, overdue = _row(reader, _MONTH, as_of=as_of)
    top, ranked = _row(reader, _CONCENTRATION, as_of=as_of)
    high, scored, expected = _row(reader, _RISK, as_of=as_of)
    change = f"{(billed - before) / before:+.1%} on the month before" if before else "first month"
    return (
        Headline("Customers active", f"{active:,}", f"{_share(active, customers)} of {customers:,} ever billed"),
        Headline("Billed, net", f"{_money(billed)} {currency}", change),
        Headline("Bring 80 % of the value", f"{top:,} customers", f"{_share(top, ranked)} of all known"),
        Headline("Open on invoices", f"{_money(open_amount)} {currency}", f"{_money(overdue)} {currency} of it overdue"),
        Headline("At high risk of leaving", f"{high:,} customers", f"{expected or 0:,.0f} of {scored:,} scored are expected to leave"),
    )


def _row(reader: Connection, query: str, **parameters: object) -> tuple[Any, ...]:
    row = reader.execute(query, parameters or None).fetchone()
    return row if row is not None else ()


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _money(amount: Decimal | None) -> str:
    return f"{amount or 0:,.0f}"
