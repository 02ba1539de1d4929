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
    """What became of the delivered rows of one record type, over all deliveries that landed.

    Attributes:
        record_type: Its name.
        deliveries: Number of deliveries.
        landed: Rows landed.
        duplicate: Rows that had been delivered before.
        excluded: Rows that the source leaves out.
        quarantined: Rows that do not keep to the contract.
    """

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
        intake: A line a record type, by name.
        held: Deliveries that landed and are kept out until somebody decides.
        tables: Rows by `schema.table`, core and mart.
        headlines: Five figures; empty when no month is closed.
    """

    as_of: date | None
    intake: tuple[Intake, ...]
    held: int
    tables: dict[str, int]
    headlines: tuple[Headline, ...]


# A replay, which takes rows out of quarantine, is no delivery of its own to a reader.
_INTAKE = """
select
    record_type, count(*) filter (rows_quarantined >= 0), sum(rows_landed), sum(rows_duplicate), sum(rows_excluded), sum(rows_quarantined)
from meta.delivery_ledger where status = 'landed' group by record_type order by record_type
"""
_HELD = "select count(distinct delivery_key) from meta.delivery_ledger where status = 'held'"
_TABLES = "select schema_name || '.' || table_name, row_count from meta.table_catalog where schema_name in ('core', 'mart') order by 1"
_POLICY = "select value from meta.policy where name = $name"
_MONTH = """
select
    count(*) filter (as_of = $as_of),
    count(*) filter (as_of = $as_of and is_active),
    sum(net_amount) filter (as_of = $as_of),
    sum(net_amount) filter (as_of = last_day(cast($as_of as date) - interval 1 month)),
    sum(open_amount) filter (as_of = $as_of),
    sum(overdue_amount) filter (as_of = $as_of)
from core.fct_customer_month
where customer_key in (select customer_key from core.dim_customer where customer_type is distinct from 'unknown')
"""
_CONCENTRATION = "select count(*) filter (pareto_tier = 'A'), count(*) from mart.segmentation_customer where as_of = $as_of"
_RISK = """
select count(*) filter (risk_band = 'high'), count(*) filter (not is_abstained), sum(probability)
from mart.churn_risk_customer where as_of = $as_of
"""


def summarise(path: Path) -> Summary:
    """Read a published file's summary.

    Raises:
        ClienteleError: The file is not there or cannot be opened.
    """
    with open_published(path) as reader:
        as_of: date | None = _row(reader, "select max(as_of) from mart.segmentation_customer")[0]
        return Summary(
            as_of=as_of,
            intake=tuple(Intake(*row) for row in reader.execute(_INTAKE).fetchall()),
            held=_row(reader, _HELD)[0],
            tables=dict(reader.execute(_TABLES).fetchall()),
            headlines=_headlines(reader, as_of) if as_of is not None else (),
        )


def _headlines(reader: Connection, as_of: date) -> tuple[Headline, ...]:
    (currency,) = _row(reader, _POLICY, name="reporting.currency")
    (share,) = _row(reader, _POLICY, name="segmentation.pareto_a_share")
    customers, active, billed, before, open_amount, overdue = _row(reader, _MONTH, as_of=as_of)
    top, known = _row(reader, _CONCENTRATION, as_of=as_of)
    high, scored, expected = _row(reader, _RISK, as_of=as_of)
    return (
        Headline("Customers active", f"{active:,}", f"{_share(active, customers)} of {customers:,} ever billed"),
        Headline("Billed, net", _money(billed, currency), _change(billed, before)),
        Headline(f"Bring {float(share):.0%} of the value", f"{top:,} customers", f"{_share(top, known)} of {known:,} known"),
        Headline("Open on invoices", _money(open_amount, currency), f"{_money(overdue, currency)} of it overdue"),
        Headline("At high risk of leaving", f"{high:,} customers", f"{expected or 0:,.0f} of {scored:,} scored are expected to leave"),
    )


def _row(reader: Connection, query: str, **parameters: object) -> tuple[Any, ...]:
    row = reader.execute(query, parameters or None).fetchone()
    return row if row is not None else ()


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _money(amount: Decimal | None, currency: str) -> str:
    return "not known" if amount is None else f"{amount:,.0f} {currency}"


def _change(amount: Decimal | None, before: Decimal | None) -> str:
    """Against the month before, where there is something to compare with."""
    if amount is None or before is None:
        return ""
    if before > 0:
        return f"{(amount - before) / before:+.1%} on the month before"
    return "nothing billed in the month before" if before == 0 else "more credited than billed in the month before"
