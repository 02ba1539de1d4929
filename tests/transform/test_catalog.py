"""What the models say of themselves reaches the catalogue of a publication."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.transform.catalog import published_tables
from pipelines.transform.project import ensure_manifest
from pipelines.warehouse.catalog import ColumnEntry
from tests.transform.tiny import tiny_project

if TYPE_CHECKING:
    from pipelines.warehouse.catalog import TableEntry


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TableEntry]:
    parsed = ensure_manifest({"policy": {"tiny.factor": 1}}, tiny_project(tmp_path_factory.mktemp("dbt")))
    return {f"{table.schema_name}.{table.table_name}": table for table in published_tables(parsed)}


def test_published_schemas_only_in_order(tables: dict[str, TableEntry]) -> None:
    assert list(tables) == ["core.dim_customer", "core.fct_invoice", "mart.risk_customer"]


def test_descriptions_are_one_line(tables: dict[str, TableEntry]) -> None:
    assert tables["core.dim_customer"].description == "One row a customer. Nothing is null."


def test_facets_are_those_stated(tables: dict[str, TableEntry]) -> None:
    assert tables["core.dim_customer"].facets == {"grain": "customer", "owner": "customer data", "use": "analysis, service"}


def test_keys_are_what_the_tests_say(tables: dict[str, TableEntry]) -> None:
    assert tables["core.fct_invoice"].key == ("invoice_key",)
    assert tables["mart.risk_customer"].key == ("customer_key", "as_of")


def test_columns_keep_their_order_unit_and_classification(tables: dict[str, TableEntry]) -> None:
    assert tables["core.fct_invoice"].columns == (
        ColumnEntry("invoice_key", "The invoice.", classification="public"),
        ColumnEntry("customer_key", "The customer."),
        ColumnEntry("amount", "The amount.", unit="reporting currency"),
    )
