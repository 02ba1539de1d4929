"""What had been said on an earlier day is said again, row for row, whatever was delivered since; and asking for it changes nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pipelines.warehouse.connection import open_published
from pipelines.warehouse.workspace import CHECKOUT, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.conftest import Command

BY_NAME = (
    "time_zone: Asia/Shanghai\ncurrency: CNY\n"
    "delivery_order: {from: file_name, pattern: '(\\d{4}-\\d{2}-\\d{2})'}\n"
    "known_at: {from: file_name, pattern: '(\\d{4}-\\d{2}-\\d{2})', format: '%Y-%m-%d'}\n"
)
SOURCES = {
    "billing": """
feeds:
  invoices:
    columns: {invoice_id: Bill, customer_id: Who, issued_at: Day, amount: Total, status: State}
""",
    "crm": """mode: full
max_loss_share: 0.5
feeds:
  customers:
    columns: {customer_id: Who, region: Region}
""",
    # Several rows make one invoice, and a row that cannot be read leaves it incomplete.
    "till": """ids_from: {customer: crm}
feeds:
  invoices:
    columns: {invoice_id: Slip, customer_id: Who, issued_at: Day, amount: Price}
    fold: {issued_at: min, amount: sum}
  invoice_lines:
    columns: {invoice_id: Slip, product_id: Article, amount: Price}
""",
    "bank": """ids_from: {customer: crm}
feeds:
  payments:
    columns: {payment_id: Nr, customer_id: Who, paid_at: Day, amount: Sum, returned_at: Back}
""",
}
FIRST = {
    "crm/2025-01-31.csv": "Who,Region\nc1,north\nc2,south\nc3,west\n",
    "crm/2025-02-28.csv": "Who,Region\nc1,north\nc2,south\nc3,east\n",
    "billing/2025-02-05.csv": (
        "Bill,Who,Day,Total,State\nA1,c1,2025-01-10,100,\nA2,c2,2025-01-12,50,\nA3,c3,2025-01-20,70,\nA4,c1,soon,1,\n"
    ),
    "billing/2025-03-08.csv": "Bill,Who,Day,Total,State\nB1,c1,2025-02-10,110,\nB2,c2,2025-02-12,55,\nA3,c3,2025-01-20,75,\n",
    "till/2025-03-08.csv": (
        "Slip,Who,Day,Article,Price\nS1,c1,2025-02-03,tea,4\nS1,c1,2025-02-03,cup,6\nS2,c2,2025-02-04,tea,x\nS2,c2,2025-02-04,cup,5\n"
    ),
    "bank/2025-03-08.csv": "Nr,Who,Day,Sum,Back\nP1,c1,2025-01-25,100,\nP2,c2,2025-02-20,50,\n",
}
# A correction of January, a late row of February, what March brought, a slip mended, a payment that bounced, and c2 gone.
SINCE = {
    "crm/2025-04-03.csv": "Who,Region\nc1,south\nc3,east\n",
    "billing/2025-04-08.csv": (
        "Bill,Who,Day,Total,State\nA1,c1,2025-01-10,90,\nA3,c3,2025-01-20,70,\nB1,c1,2025-02-10,110,\nB9,c9,2025-02-27,500,\nC1,c1,2025-03-10,120,\n"
    ),
    "till/2025-04-08.csv": "Slip,Who,Day,Article,Price\nS2,c2,2025-02-04,tea,4\nS2,c2,2025-02-04,cup,5\n",
    "bank/2025-04-08.csv": "Nr,Who,Day,Sum,Back\nP1,c1,2025-01-25,100,2025-03-20\nP3,c3,2025-03-21,75,\n",
}
# Its own day says that B9 was known in February, though its row had landed from a newer file.
LATE = {"billing/2025-02-28.csv": "Bill,Who,Day,Total,State\nB9,c9,2025-02-27,500,\n"}


@dataclass(frozen=True)
class History:
    """A workspace that was published twice, and a copy of what its first publication said."""

    workspace: Workspace
    first: Path


def deliver(workspace: Workspace, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = workspace.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory, clientele: Command) -> History:
    """Shared: tests that change it take a copy."""
    workspace = Workspace.at(tmp_path_factory.mktemp("history") / "workspace")
    workspace.prepare()
    for name, rest in SOURCES.items():
        head = f"source: {name}\nsystem: {name}\nlocation: landing/{name}/*.csv\n{BY_NAME}"
        own = "ids_from: {customer: crm}\n" if name == "billing" else ""
        (workspace.sources / f"{name}.yml").write_text(f"{head}{own}{rest.lstrip(chr(10))}", encoding="utf-8")
    kept = workspace.root.parent / "first.duckdb"
    for files in (FIRST, SINCE):
        deliver(workspace, files)
        run = clientele("run", "--workspace", str(workspace.root))
        assert run.returncode == 0, run.stderr
        if files is FIRST:
            shutil.copyfile(workspace.current_link, kept)
    return History(workspace, kept)


def differing(one: Path, other: Path, schemas: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """For each table of some schemas of which not every row is in both: how many rows only one has, and only the other."""
    found = {}
    with open_published(one) as reader:
        reader.execute(f"attach '{other}' as other (read_only)")
        listed = """
            select schema_name, table_name from duckdb_tables()
            where (database_name = 'other') = ? and list_contains(?, schema_name)
            order by all
        """
        tables = reader.execute(listed, [False, list(schemas)]).fetchall()
        assert tables == reader.execute(listed, [True, list(schemas)]).fetchall()
        assert tables
        for schema, table in tables:
            counts = [
                reader.execute(f"select count(*) from (from {left}.{schema}.{table} except all from {right}.{schema}.{table})").fetchone()
                for left, right in ((f'"{one.stem}"', "other"), ("other", f'"{one.stem}"'))
            ]
            only, other_only = (count[0] if count else 0 for count in counts)
            if only or other_only:
                found[f"{schema}.{table}"] = (only, other_only)
    return found


def contents(root: Path) -> dict[str, str]:
    """What lies in a workspace, by content; the lock file names whoever held it last."""
    files = (path for path in root.rglob("*") if not path.is_dir() and path.name != ".lock")
    return {str(path.relative_to(root)): hashlib.md5(path.read_bytes()).hexdigest() for path in files}  # noqa: S324


def test_the_first_publication_is_said_again(history: History, tmp_path: Path, clientele: Command) -> None:
    before, out = contents(history.workspace.root), tmp_path / "then.duckdb"
    changed = differing(history.first, history.workspace.current_link, ("core", "mart"))
    assert {"core.dim_customer", "core.fct_invoice", "core.fct_payment", "core.fct_customer_month", "mart.churn_risk_customer"} <= set(
        changed
    )
    deliver(history.workspace, {"billing/2025-05-08.csv": "a delivery that waits and cannot be read"})
    with open_published(history.workspace.current_link) as reader:
        run = clientele("run", "--workspace", str(history.workspace.root), "--known-by", "2025-03-31T23:59:59Z", "--out", str(out))
        assert reader.execute("select count(*) from core.fct_invoice where amount = 500").fetchone() == (1,)
    (history.workspace.landing / "billing" / "2025-05-08.csv").unlink()
    assert run.returncode == 0, run.stderr
    assert differing(history.first, out, ("core", "mart")) == {}
    assert set(differing(history.first, out, ("meta",))) == {"meta.publication", "meta.table_catalog"}
    assert contents(history.workspace.root) == before
    assert [path.name for path in tmp_path.iterdir()] == ["then.duckdb"]
    with open_published(out) as reader:
        assert reader.execute("select cast(known_by as varchar), cast(as_of as varchar) from meta.publication").fetchall() == [
            ("2025-03-07 16:00:00", "2025-02-28")
        ]
        assert reader.execute("select count(*) from as_reported.churn_risk_customer").fetchone() == (0,)
    assert f"Wrote {out}" in run.stdout
    assert f"duckdb -readonly {out}" in run.stdout


def test_corrections_and_late_rows_reach_the_months_that_they_touch_and_no_other(history: History) -> None:
    flows = "customer_key, month, billed_amount, net_amount, invoice_count, credited_amount, paid_amount, contact_count, complaint_count"
    with open_published(history.workspace.current_link) as reader:
        reader.execute(f"attach '{history.first}' as first (read_only)")
        changed = reader.execute(
            f"""
            select cast(month as varchar), count(distinct customer_key)
            from (
                (select {flows} from core.fct_customer_month except all select {flows} from first.core.fct_customer_month)
                union all
                (select {flows} from first.core.fct_customer_month except all select {flows} from core.fct_customer_month)
            )
            where month < date '2025-03-01'
            group by month order by month
            """
        ).fetchall()
        # January: A1 and A3 were corrected, and P1, which bounced, is c1's too. February: c2's slip is whole, and c9 is new.
        assert changed == [("2025-01-01", 2), ("2025-02-01", 2)]
        untouched = reader.execute(
            "select amount from core.fct_invoice semi join first.core.fct_invoice using (invoice_key, amount, is_incomplete) order by all"
        ).fetchall()
        assert [amount for (amount,) in untouched] == [10, 50, 55, 110]


def test_known_by_today_is_what_is_published(history: History, tmp_path: Path, clientele: Command) -> None:
    out = tmp_path / "now.duckdb"
    run = clientele("run", "-w", str(history.workspace.root), "--known-by", "9999-01-01", "--out", str(out))
    assert run.returncode == 0, run.stderr
    assert differing(history.workspace.current_link.resolve(), out, ("core", "mart", "as_reported")) == {}


def test_an_older_file_that_arrives_last_counts_from_its_own_day(history: History, tmp_path: Path, clientele: Command) -> None:
    shutil.copytree(history.workspace.root, tmp_path / "workspace", symlinks=True)
    workspace, out = Workspace.at(tmp_path / "workspace"), tmp_path / "then.duckdb"
    deliver(workspace, LATE)
    assert clientele("run", "-w", str(workspace.root)).returncode == 0
    run = clientele("run", "-w", str(workspace.root), "--known-by", "2025-03-31", "--out", str(out))
    assert run.returncode == 0, run.stderr
    assert differing(history.first, out, ("core",))["core.fct_invoice"] == (0, 1)
    with open_published(out) as reader:
        late = "select cast(issued_date as varchar), amount from core.fct_invoice where amount > 400"
        assert reader.execute(late).fetchall() == [("2025-02-27", 500)]
        assert reader.execute("select count(*) from meta.reconciliation where unexplained <> 0").fetchone() == (0,)


def test_an_interrupted_run_leaves_nothing_behind(history: History, tmp_path: Path, clientele: Command) -> None:
    before = contents(history.workspace.root)
    command = [sys.executable, "-m", "pipelines.cli", "run", "-w", str(history.workspace.root), "--known-by", "2025-03-31"]
    running = subprocess.Popen(
        [*command, "--out", str(tmp_path / "then.duckdb")],
        cwd=CHECKOUT,
        env={**os.environ, "DAGSTER_HOME": str(clientele.home), "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith("… core "):
            running.send_signal(signal.SIGINT)
    _, complained = running.communicate()
    assert running.returncode == 1
    assert complained.startswith("The run was interrupted")
    assert "Traceback" not in complained
    assert contents(history.workspace.root) == before
    assert list(tmp_path.iterdir()) == []
