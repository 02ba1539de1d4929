"""What is absent leaves tables empty, never missing; what is not known yet is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.dbt.business import BILLS, BUSINESS, TILL
from tests.dbt.conftest import Builder, Built, failed
from tests.dbt.world import World

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHED = (
    "select schema_name || '.' || table_name, estimated_size from duckdb_tables() where schema_name in ('core', 'mart', 'meta', 'features')"
)
# The member that stands for what nobody names.
MEMBERS = dict.fromkeys(("core.dim_account", "core.dim_channel", "core.dim_customer", "core.dim_customer_history", "core.dim_product"), 1)


def test_nothing_delivered_builds_empty_tables(tmp_path: Path, builder: Builder) -> None:
    world = World(tmp_path / "build.duckdb")
    assert failed(builder(world, "run")) == []
    sizes = dict(world.rows(PUBLISHED))
    assert len(sizes) > len(MEMBERS)
    assert {name: size for name, size in sizes.items() if size} == MEMBERS


def test_bills_alone_suffice_and_what_is_known_later_is_left_out(tmp_path: Path, builder: Builder) -> None:
    """Known on 15 March: the shop's broken delivery, so that B is short, and January and February closed."""
    bills = [delivery for delivery in (*BILLS, *TILL) if delivery.record_type in ("invoices", "invoice_lines")]
    world = World(tmp_path / "build.duckdb", bills)
    command = ("build", "--exclude", "resource_type:unit_test", "path:models/staging,resource_type:test")
    assert failed(builder(world, *command, variables={"known_by": "2024-03-15 00:00:00"})) == []
    assert world.rows("select invoice_key, amount, is_incomplete, open_amount from core.fct_invoice") == [
        (5001, 25, False, None),
        (5002, 7, True, None),
    ]
    assert world.row("select count(*) from core.fct_invoice_line") == (4,)
    superseded = world.row(
        "select sum(difference) from meta.reconciliation_cause where fact = 'fct_invoice' and measure = 'rows' and cause = 'superseded'"
    )
    # Eight, one and four of the billing system's rows, five of the shop's; the held one stays held.
    assert superseded == (18,)


def test_the_order_of_landing_makes_no_difference(tmp_path: Path, business: Built, builder: Builder) -> None:
    backwards = World(tmp_path / "build.duckdb", BUSINESS[::-1])
    assert failed(builder(backwards, "run", "--select", "+path:models/core", "+path:models/features")) == []
    tables = [
        table
        for (table,) in backwards.rows(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('core', 'features')"
        )
    ]
    assert "core.fct_customer_month" in tables
    for table in tables:
        assert backwards.rows(f"from {table}") == business.world.rows(f"from {table}"), table
