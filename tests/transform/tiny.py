"""A dbt project of four models, small enough to run in a second, and a build file for it.

Its one unit test is wrong on purpose: no run may run it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from pipelines.warehouse.workspace import Workspace

_PROJECT = Path(__file__).with_name("tiny_project")


def tiny_project(folder: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(_PROJECT, folder / "project"))


def tiny_workspace(folder: Path) -> Workspace:
    """A workspace whose build file holds what the models read: three invoices of two customers, and an estimate for each."""
    workspace = Workspace(folder / "workspace")
    workspace.prepare()
    change(
        workspace,
        "create schema raw; create schema estimates;"
        "create table raw.invoices as select * from (values (1, 11, 10), (1, 12, 20), (2, 21, 5)) t (customer_key, invoice_key, amount);"
        "create table estimates.estimate_risk as"
        " select * from (values (1, date '2024-01-31', 0.5), (2, date '2024-01-31', 0.1)) t (customer_key, as_of, probability);",
    )
    return workspace


def change(workspace: Workspace, statements: str) -> None:
    """Run statements in the build file, with a configuration that another connection left open would contradict."""
    with duckdb.connect(str(workspace.build_file), config={"temp_directory": str(workspace.temp)}) as connection:
        connection.execute(statements)


def rows(workspace: Workspace, query: str) -> list[tuple[object, ...]]:
    """What a query gives."""
    with duckdb.connect(str(workspace.build_file), config={"temp_directory": str(workspace.temp)}) as connection:
        return connection.execute(query).fetchall()
