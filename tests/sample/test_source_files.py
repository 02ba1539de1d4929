from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from pipelines.contracts.model import load_contracts
from pipelines.intake.sources import load_sources
from pipelines.sample import write_sample
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sample.delivered import Sample

SOURCES = {
    "crm_customers": "customers",
    "crm_accounts": "accounts",
    "crm_products": "products",
    "billing_invoices": "invoices",
    "billing_invoice_lines": "invoice_lines",
    "billing_payments": "payments",
    "call_centre_contacts": "contacts",
    "complaints_desk_complaints": "complaints",
}
# What this business does not have, or its systems do not say.
NOT_DELIVERED = {
    "products": {"organisation_unit"},
    "contacts": {"campaign_id", "outcome"},
}


def test_the_intake_accepts_every_source_file(sample: Sample) -> None:
    sources = load_sources(Workspace.at(sample.root), load_contracts())
    assert {source.name: tuple(feed.record.name for feed in source.feeds) for source in sources} == {
        name: (record,) for name, record in SOURCES.items()
    }


@pytest.mark.parametrize("name", SOURCES)
def test_every_column_that_the_business_has_is_mapped(sample: Sample, name: str) -> None:
    record = load_contracts()[SOURCES[name]]
    mapped = set(sample.source(name)["feeds"][record.name]["columns"])
    assert {item.name for item in record.properties} - mapped == NOT_DELIVERED.get(record.name, set())


@pytest.mark.parametrize("name", SOURCES)
def test_every_delivered_label_becomes_a_value_of_the_contract(sample: Sample, name: str) -> None:
    record = load_contracts()[SOURCES[name]]
    columns = sample.source(name)["feeds"][record.name]["columns"]
    delivered = pl.DataFrame([row for delivery in sample.clean(name) for row in delivery])
    delivered = delivered.with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)).name.keep())
    for item in record.properties:
        if item.valid_values:
            found = values(delivered, columns[item.name])
            assert found <= {*item.valid_values, *([None] if item.name == "decision" else [])}, item.name
            assert len(found) > 1, f"{item.name} is always the same"


def test_both_desks_give_the_same_reasons(sample: Sample) -> None:
    delivered = pl.DataFrame([row for delivery in sample.clean("call_centre_contacts") for row in delivery])
    columns = sample.source("call_centre_contacts")["feeds"]["contacts"]["columns"]
    is_english = delivered["坐席"].str.starts_with("X")
    own, outsourced = (values(delivered.filter(chosen), columns["reason"]) for chosen in (~is_english, is_english))
    assert own == {
        "billing_question",
        "network_fault",
        "plan_advice",
        "complaint",
        "wants_to_leave",
        "payment",
        "payment_reminder",
        "change_of_details",
    }
    assert outsourced == own
    assert values(delivered, columns["is_resolved"]) == {True, False}


def values(delivered: pl.DataFrame, expression: str) -> set[object]:
    """What the expression makes of the delivered rows."""
    with duckdb.connect() as connection:
        connection.register("delivered", delivered.to_arrow())
        return {value for (value,) in connection.execute(f"select distinct {expression} from delivered").fetchall()}


@pytest.mark.parametrize("name", SOURCES)
def test_one_file_a_month_dated_by_its_name(sample: Sample, name: str) -> None:
    described = sample.source(name)
    dates = [
        date.fromisoformat(found.group(1))
        for path in sample.files(name)
        if (found := re.search(described["known_at"]["pattern"], path.name))
    ]
    months = [day.replace(day=1) for day in dates]
    assert months[0] == date(2025, 5, 1)
    assert months[-1] == date(2026, 10, 1)
    assert len(set(months)) == 18
    assert len(dates) == (19 if name == "billing_invoices" else 18)
    for path, day in zip(sample.files(name), dates, strict=True):
        modified = pl.Series([int(path.stat().st_mtime)]).cast(pl.Int64)
        local = pl.from_epoch(modified).dt.replace_time_zone("UTC").dt.convert_time_zone(described["time_zone"])
        assert local.dt.date().to_list() == [day]


def test_the_last_bills_close_september(sample: Sample) -> None:
    last = sample.files("billing_invoices")[-1]
    assert last.name == "invoices_2026-10-06.csv.gz", "five days after the end of September, and not before"


def test_nothing_lies_outside_the_sources(sample: Sample) -> None:
    matched = {path for name in SOURCES for path in sample.files(name)}
    assert {path for path in (sample.root / "landing").rglob("*") if path.is_file()} == matched
    assert len(matched) == sample.summary.files


def test_counts_are_those_of_the_files(sample: Sample) -> None:
    counted = {name: sum(row.get("Kind") != "total" for rows in sample.rows(name) for row in rows) for name in SOURCES}
    assert sample.summary.rows == counted


def test_sources_are_the_last_thing_written(tmp_path: Path) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt(what)

    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path, customers=60, months=4, progress=interrupt)
    assert not (tmp_path / "sources").exists(), "a workspace without sources counts as empty: the sample is then written anew"
