"""dbt inside this process: results while it works, plain failures, and the file free afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from pipelines.transform.failure import TransformError
from pipelines.transform.project import BUILD_FILE_VARIABLE, ensure_manifest
from pipelines.transform.runner import build, stop
from tests.transform.tiny import change, rows, tiny_project, tiny_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.warehouse.workspace import Workspace

ENDLESS = "select sum(a.range * b.range) as customer_key from range(100000000) a, range(100000000) b, {{ ref('stg_invoices') }}"
VARIABLES: dict[str, object] = {"policy": {"tiny.factor": 1}}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that tests only read, and that is parsed once."""
    return tiny_project(tmp_path_factory.mktemp("dbt"))


@pytest.fixture
def own_source(tmp_path: Path) -> Path:
    """A project for tests that change a model."""
    return tiny_project(tmp_path)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return tiny_workspace(tmp_path)


def run(source: Path, workspace: Workspace, *selection: str, variables: dict[str, object] = VARIABLES) -> Iterator[dict[str, Any]]:
    parsed = ensure_manifest(VARIABLES, source)
    artefacts = workspace.root / "dbt"
    return build(parsed, build_file=workspace.build_file, artefacts=artefacts, variables=variables, selection=selection)


def names(events: Iterator[dict[str, Any]]) -> list[str]:
    return [event["data"]["node_info"]["node_name"] for event in events]


def test_every_model_and_test_gives_an_event_and_the_unit_test_none(
    source: Path, workspace: Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    events = list(run(source, workspace))
    assert sorted(names(iter(events))) == [
        "dim_customer",
        "fct_invoice",
        "not_null_dim_customer_customer_key",
        "relationships_fct_invoice_customer_key__customer_key__ref_dim_customer_",
        "risk_customer",
        "source_not_null_raw_invoices_amount",
        "stg_invoices",
        "unique_combination_of_columns_risk_customer_customer_key__as_of",
        "unique_dim_customer_customer_key",
        "unique_fct_invoice_invoice_key",
    ]
    assert {event["info"]["name"] for event in events} == {"LogModelResult", "LogTestResult"}
    assert rows(workspace, "select sum(amount) from core.fct_invoice") == [(35,)]
    assert capfd.readouterr() == ("", "")


def test_a_selection_is_built_alone(source: Path, workspace: Workspace) -> None:
    built = names(run(source, workspace, "--exclude", "source:estimates+"))
    assert "fct_invoice" in built
    assert "risk_customer" not in built
    assert names(run(source, workspace, "--select", "source:estimates+")) == [
        "risk_customer",
        "unique_combination_of_columns_risk_customer_customer_key__as_of",
    ]


def test_the_variables_of_the_run_count_and_not_those_of_the_parse(source: Path, workspace: Workspace) -> None:
    list(run(source, workspace, "--select", "+fct_invoice", "--exclude", "resource_type:test", variables={"policy": {"tiny.factor": 3}}))
    assert rows(workspace, "select sum(amount) from core.fct_invoice") == [(105,)]


def test_events_come_while_dbt_works(own_source: Path, workspace: Workspace) -> None:
    (own_source / "models/core/dim_customer.sql").write_text(
        "select distinct customer_key from {{ ref('stg_invoices') }}, (select count(*) from range(300000000) where hash(range) = 0)"
    )
    events = run(own_source, workspace, "--select", "+dim_customer", "--exclude", "resource_type:test")
    assert next(events)["data"]["node_info"]["node_name"] == "stg_invoices"
    assert "dbt" in {thread.name for thread in threading.enumerate()}
    assert names(events) == ["dim_customer"]


def test_a_listener_that_leaves_stops_dbt_and_frees_the_file(own_source: Path, workspace: Workspace) -> None:
    (own_source / "models/core/dim_customer.sql").write_text(ENDLESS)
    events = run(own_source, workspace, "--select", "+dim_customer", "--exclude", "resource_type:test")
    next(events)
    time.sleep(0.5)
    left = time.monotonic()
    events.close()  # type: ignore[attr-defined]
    assert time.monotonic() - left < 10
    assert "dbt" not in {thread.name for thread in threading.enumerate()}
    assert rows(workspace, "select count(*) from staging.stg_invoices") == [(3,)]


def test_a_run_that_was_left_open_can_be_stopped(own_source: Path, workspace: Workspace) -> None:
    (own_source / "models/core/dim_customer.sql").write_text(ENDLESS)
    events = run(own_source, workspace, "--select", "+dim_customer", "--exclude", "resource_type:test")
    next(events)
    stop()
    assert rows(workspace, "select count(*) from staging.stg_invoices") == [(3,)]
    assert BUILD_FILE_VARIABLE not in os.environ
    with pytest.raises(TransformError, match="dim_customer failed"):
        list(events)


def test_a_broken_model_is_named_with_the_words_of_the_database(own_source: Path, workspace: Workspace) -> None:
    (own_source / "models/core/dim_customer.sql").write_text("select customer from {{ ref('stg_invoices') }}")
    (own_source / "models/core/fct_invoice.sql").write_text("select invoice from {{ ref('stg_invoices') }}")
    with pytest.raises(TransformError) as caught:
        list(run(own_source, workspace))
    said = str(caught.value)
    assert said.startswith('The model core.dim_customer failed: Binder Error: Referenced column "customer" not found in FROM clause!')
    assert "mend models/core/dim_customer.sql (as run: " in said
    assert "and run again. 1 more failed: core.fct_invoice. What stands on it was left out (6 models and tests)." in said
    assert "LINE" not in said
    assert "LINE" in caught.value.detail


def test_a_broken_model_is_told_before_a_broken_rule(own_source: Path, workspace: Workspace) -> None:
    (own_source / "models/core/fct_invoice.sql").write_text("select invoice from {{ ref('stg_invoices') }}")
    change(workspace, "insert into raw.invoices values (null, 99, 1)")
    with pytest.raises(TransformError, match=r"^The model core\.fct_invoice failed.* 1 more failed: not_null_dim_customer_customer_key\."):
        list(run(own_source, workspace))


def test_a_broken_rule_is_named_with_its_model_and_rows(source: Path, workspace: Workspace) -> None:
    change(workspace, "insert into raw.invoices values (7, 11, 1), (7, 12, 1)")
    with pytest.raises(TransformError) as caught:
        list(run(source, workspace))
    said = str(caught.value)
    assert said.startswith("The test unique_fct_invoice_invoice_key on fct_invoice failed: 2 rows break it; see them with the query in ")
    query = said.split("with the query in ")[1].split(",", maxsplit=1)[0]
    # dbt's own file, run as it stands, shows the rows.
    assert len(rows(workspace, Path(query).read_text(encoding="utf-8"))) == 2


def test_a_test_that_cannot_run_is_told_from_one_that_fails(source: Path, workspace: Workspace) -> None:
    change(workspace, "alter table raw.invoices rename amount to total")
    with pytest.raises(TransformError, match=r"^The test source_not_null_raw_invoices_amount on invoices could not run: Binder Error"):
        list(run(source, workspace, "--select", "source:raw"))


def test_a_run_that_cannot_start_says_so(source: Path, workspace: Workspace) -> None:
    workspace.build_file.unlink()
    workspace.build_file.mkdir()
    with pytest.raises(TransformError, match=r"^dbt could not run: .*; see .*dbt\.log and run again\.$"):
        list(run(source, workspace))


def test_the_file_is_free_even_while_somebody_remembers_the_adapter(source: Path, workspace: Workspace) -> None:
    events = run(source, workspace, "--select", "stg_invoices")
    next(events)
    remembered = DuckDBConnectionManager._ENV
    list(events)
    assert rows(workspace, "select count(*) from staging.stg_invoices") == [(3,)]
    assert remembered is not None


def test_the_file_is_free_after_a_failure(source: Path, workspace: Workspace) -> None:
    change(workspace, "insert into raw.invoices values (7, 11, 1)")
    with pytest.raises(TransformError):
        list(run(source, workspace))
    change(workspace, "delete from raw.invoices where customer_key = 7")
    list(run(source, workspace))


def test_importing_dbt_does_not_make_other_libraries_speak() -> None:
    code = "import logging; from pipelines.transform.runner import _dbt; _dbt(); print(logging.root.handlers)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=Path(__file__).parents[2])
    assert (said.stdout, said.stderr) == ("[]\n", "")
