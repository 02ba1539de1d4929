"""The example on the public Online Retail file: it ties to its source, and the order in which months arrive makes no difference."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from pipelines.intake.landing import land
from pipelines.policy import load_policy
from pipelines.warehouse.connection import open_published
from tests.workspaces import SHARED, deliver, example, needs_online_retail

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace
    from tests.workspaces import Command

CHECK = SHARED / "checks" / "online_retail.py"
pytestmark = needs_online_retail


def test_it_ties_to_the_source(online_retail: Workspace) -> None:
    checked = subprocess.run([sys.executable, str(CHECK), str(online_retail.current_link)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "FAILS" not in checked.stdout


def test_months_one_by_one_in_any_order_publish_the_same(
    online_retail: Workspace, online_retail_months: list[Path], tmp_path: Path, clientele: Command
) -> None:
    """Thirteen landings, the newest month first and the rest shuffled, against one; with one vault's keys, so that rows can be compared."""
    workspace = example(tmp_path / "workspace")
    workspace.prepare()
    # Without the archive, from which all months would come back at once.
    shutil.copytree(online_retail.vault, workspace.vault, dirs_exist_ok=True, ignore=shutil.ignore_patterns("archive"))
    policy = load_policy(workspace.policy_file)
    shuffled = [online_retail_months[position] for position in (12, 3, 7, 0, 9, 5, 1, 11, 4, 8, 2, 10, 6)]
    for month in shuffled:
        deliver(workspace, [month])
        assert land(workspace, policy).is_new
    run = clientele("run", "--workspace", str(workspace.root))
    assert run.returncode == 0, run.stderr
    with open_published(online_retail.current_link) as reader:
        reader.execute(f"attach '{workspace.current_link}' as shuffled (read_only)")
        tables = reader.execute(
            "select schema_name, table_name from duckdb_tables() where database_name <> 'shuffled' and schema_name in ('core', 'mart')"
        ).fetchall()
        assert len(tables) > 10
        for schema, table in tables:
            differing = reader.execute(
                f"""
                select
                    (select count(*) from (from {schema}.{table} except all from shuffled.{schema}.{table}))
                    + (select count(*) from (from shuffled.{schema}.{table} except all from {schema}.{table}))
                """
            ).fetchone()
            assert differing == (0,), f"{schema}.{table}"


def test_the_probability_of_leaving_beats_the_rate_of_all(online_retail: Workspace) -> None:
    """A back-test on real invoices: each score against what happened, which it could not know, and against the rate known at the time."""
    with open_published(online_retail.current_link) as reader:
        row = reader.execute(
            """
            with
                bills as (select distinct customer_key, billing_month from core.fct_invoice where not is_cancellation),
                last_closed as (select max(month) as month from mart.churn_risk_customer),
                at_risk as (
                    select customer_key, as_of, month, probability
                    from mart.churn_risk_customer
                    where
                        abstain_reason is distinct from 'closed' and abstain_reason is distinct from 'already_lost'
                        and month + interval 4 month <= (select month from last_closed)
                        and exists (
                            select 1 from bills where bills.customer_key = churn_risk_customer.customer_key and billing_month <= month
                        )
                ),
                outcomes as (
                    select
                        at_risk.*,
                        not exists (
                            select 1 from bills
                            where bills.customer_key = at_risk.customer_key
                                and bills.billing_month between at_risk.month + interval 2 month and at_risk.month + interval 4 month
                        ) as is_churned
                    from at_risk
                ),
                known as (
                    select months.as_of, avg(outcomes.is_churned::int) as rate
                    from (select distinct as_of, month from outcomes) as months
                    join outcomes on outcomes.month + interval 4 month <= months.month
                    group by months.as_of
                )
            select count(*), count(distinct as_of), avg(power(probability - is_churned::int, 2)), avg(power(rate - is_churned::int, 2))
            from outcomes join known using (as_of)
            where probability is not null
            """
        ).fetchone()
    assert row is not None
    customers, months, brier, brier_of_all = row
    assert customers > 3000
    assert months >= 3
    assert brier < 0.99 * brier_of_all, (brier, brier_of_all)
