"""The walk from the door to a published file, as the person who types the command sees it."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

from pipelines.warehouse.connection import open_file, open_published
from pipelines.warehouse.vault import open_with_vault

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace
    from tests.end_to_end.conftest import Command, Walked


def ledger(workspace: Workspace) -> tuple[object, ...] | None:
    """How many lines the ledger has, and when the last was written."""
    with open_file(workspace.build_file, workspace, read_only=True) as build:
        return build.execute("select count(*), max(landed_at), sum(rows_landed) from raw.delivery").fetchone()


def test_a_run_ends_with_what_a_person_wants_to_know(sample: Walked) -> None:
    assert sample.run.returncode == 0, sample.run.stderr
    shown = sample.run.stdout
    words = (
        "invoices",
        "quarantined",
        "core.fct_invoice",
        "mart.churn_risk_customer",
        "As of 30 September 2026",
        "At high risk of leaving",
    )
    for word in words:
        assert word in shown
    assert f"duckdb -readonly {sample.workspace.current_link}" in shown


def test_everything_promised_so_far_is_published(sample: Walked) -> None:
    with open_published(sample.workspace.current_link) as reader:
        tables = {f"{schema}.{name}" for schema, name in reader.execute("select schema_name, table_name from duckdb_tables()").fetchall()}
        marts = {name for name in tables if name.startswith("mart.")}
        bare = reader.execute("select count(*) from duckdb_columns() where not internal and comment is null").fetchone()
        unexplained = reader.execute("select count(*) from meta.reconciliation where unexplained <> 0").fetchone()
        unbalanced = reader.execute(
            "select count(*) from meta.delivery_ledger where rows_in <> rows_landed + rows_duplicate + rows_excluded + rows_quarantined"
        ).fetchone()
        uncatalogued = reader.execute(
            "select count(*) from meta.table_catalog where grain is null or owner is null or subject is null or seven_p is null"
        ).fetchone()
    assert marts == {"mart.segmentation_customer", "mart.loyalty_customer", "mart.churn_risk_customer", "mart.churn_trigger"}
    assert {f"as_reported.{name.removeprefix('mart.')}" for name in marts} <= tables
    assert (bare, unexplained, unbalanced, uncatalogued) == ((0,), (0,), (0,), (0,))


def test_each_customer_has_one_row_in_every_closed_month(sample: Walked) -> None:
    with open_published(sample.workspace.current_link) as reader:
        for mart in ("segmentation_customer", "loyalty_customer", "churn_risk_customer"):
            missing = reader.execute(
                f"""
                select count(*)
                from (select distinct as_of from core.fct_customer_month) as months
                cross join core.dim_customer as customers
                left join mart.{mart} as rows using (customer_key, as_of)
                where
                    customers.customer_type is distinct from 'unknown' and rows.customer_key is null
                    and (customers.registered_date <= months.as_of or customers.first_bill_month <= months.as_of)
                """
            ).fetchone()
            assert missing == (0,), mart


def test_nothing_new_lands_computes_and_publishes_nothing(copied: Workspace, clientele: Command) -> None:
    before = json.loads(copied.current_manifest.read_text(encoding="utf-8"))["version"]
    landed = ledger(copied)
    again = clientele("run", "--workspace", str(copied.root))
    assert again.returncode == 0, again.stderr
    assert "Nothing new" in again.stdout
    assert json.loads(copied.current_manifest.read_text(encoding="utf-8"))["version"] == before
    with open_published(copied.current_link) as reader:
        assert reader.execute("select count(*) from meta.publication").fetchone() == (1,)
    assert ledger(copied) == landed


def test_a_changed_policy_is_something_new(copied: Workspace, clientele: Command) -> None:
    copied.policy_file.write_text("segmentation.pareto_a_share: 0.5\n", encoding="utf-8")
    with open_published(copied.current_link) as reader:
        before = reader.execute("select count(*) from mart.segmentation_customer where pareto_tier = 'A'").fetchone()
        reported = reader.execute("select count(*) from as_reported.segmentation_customer where pareto_tier = 'A'").fetchone()
    again = clientele("run", "--workspace", str(copied.root))
    assert again.returncode == 0, again.stderr
    with open_published(copied.current_link) as reader:
        after = reader.execute("select count(*) from mart.segmentation_customer where pareto_tier = 'A'").fetchone()
        still = reader.execute("select count(*) from as_reported.segmentation_customer where pareto_tier = 'A'").fetchone()
        assert reader.execute("select count(*) from meta.publication").fetchone() == (2,)
    assert before is not None
    assert after is not None
    assert after[0] < before[0]
    assert still == reported == before


def test_the_vault_and_its_files_are_their_owners_alone(sample: Walked) -> None:
    vault = sample.workspace.vault
    assert stat.S_IMODE(vault.stat().st_mode) == 0o700
    for path in (sample.workspace.key_file, sample.workspace.vault_file, *sample.workspace.archive.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_no_personal_value_is_published_or_logged(sample: Walked, clientele: Command) -> None:
    with open_with_vault(sample.workspace) as build:
        people = build.execute(
            "select phone, email, national_id from vault.personal.customers "
            "where phone is not null and email is not null and national_id is not null limit 20"
        ).fetchall()
        numbers = build.execute("select source_id from vault.registry where entity = 'customer' limit 20").fetchall()
    values = {value for row in people for value in row} | {row[0] for row in numbers if len(row[0]) >= 6}
    assert len(values) > 20
    with open_published(sample.workspace.current_link) as reader:
        texts = reader.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where not internal and data_type = 'VARCHAR'"
        ).fetchall()
        for schema, table, column in texts:
            found = {row[0] for row in reader.execute(f'select distinct "{column}" from {schema}."{table}"').fetchall()}
            assert not found & values, f"{schema}.{table}.{column}"
    folders = (clientele.home, sample.workspace.root / "warehouse" / "dbt")
    written = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert written
    for path in written:
        content = path.read_bytes()
        assert not any(value.encode() in content for value in values), path


def test_books_in_another_currency_are_said(tmp_path: Path, clientele: Command) -> None:
    """Two invoices and nothing else: a workspace with bills alone gives everything that bills can give."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "landing").mkdir()
    (tmp_path / "sources" / "bills.yml").write_text(
        "source: bills\nsystem: shop\nlocation: landing/*.csv\ntime_zone: Europe/Berlin\ncurrency: EUR\nknown_at: {from: latest_event}\n"
        "feeds:\n  invoices:\n    columns: {invoice_id: Bill, customer_id: Customer, issued_at: Day, amount: Total}\n",
        encoding="utf-8",
    )
    (tmp_path / "landing" / "bills.csv").write_text("Bill,Customer,Day,Total\nA1,c1,2025-01-10,10\nA2,c1,2025-03-08,12\n", encoding="utf-8")
    first = clientele("run", "--workspace", str(tmp_path))
    assert first.returncode == 0, first.stderr
    assert "amounts in EUR, of 2 months, are not converted" in first.stdout
    (tmp_path / "policy.yml").write_text("reporting.currency: EUR\nreporting.time_zone: Europe/Berlin\n", encoding="utf-8")
    second = clientele("run", "--workspace", str(tmp_path))
    assert second.returncode == 0, second.stderr
    assert "exchange rate" not in second.stdout
    with open_published(tmp_path / "published" / "current.duckdb") as reader:
        assert reader.execute("select sum(net_amount) from core.fct_customer_month").fetchone() == (10,)
        rows = reader.execute("select as_of, pareto_tier, life_cycle_stage from mart.segmentation_customer order by as_of").fetchall()
    assert [(str(as_of), tier, stage) for as_of, tier, stage in rows] == [
        ("2025-01-31", "A", "onboarding"),
        ("2025-02-28", "A", "onboarding"),
    ]
