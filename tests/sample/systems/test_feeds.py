from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import pipelines.sample.systems
from pipelines.contracts.model import load_contracts
from pipelines.sample.systems.feeds import FEEDS, RECORD_OF, feeds_of, tell
from tests.sample.systems.frames import TIMELINE, frame_of, is_numbered

SOURCES = Path(pipelines.sample.systems.__file__).parents[1] / "sources"
DESCRIBED: dict[str, dict[str, Any]] = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in SOURCES.glob("*.yml")}
KINDS = {"csv": "csv", "json_lines": "json", "parquet": "parquet", "excel": "excel"}
# Whose numbers an id is where it is not the system's own.
GIVEN_BY = {"contact": "call_centre", "complaint": "complaints_desk", "campaign": "campaign_tool", "organisation_unit": "hr"}
GIVEN_BY |= {"employee": "hr", "product": "crm", "subscription": "crm", "account": "crm"}
SUBSIDIARIES = ("harbour", "leasing")
each_feed = pytest.mark.parametrize("feed", FEEDS, ids=[feed.source for feed in FEEDS])


def test_there_is_one_source_for_each_feed() -> None:
    assert sorted(DESCRIBED) == sorted(feed.source for feed in FEEDS) == sorted(RECORD_OF)
    assert len(FEEDS) == len(RECORD_OF)
    assert all(source == described["source"] for source, described in DESCRIBED.items())


@each_feed
def test_a_source_finds_the_files_of_its_feed_and_reads_them_as_they_are_written(feed: Any) -> None:
    described, format_ = DESCRIBED[feed.source], DESCRIBED[feed.source]["format"]
    assert described["location"] == "landing/" + feed.path.replace("{day}", "*")
    assert described["system"] == Path(feed.path).parent.name
    assert described["mode"] == ("full" if feed.is_full else "append")
    assert format_["type"] == KINDS[feed.form.kind]
    if feed.form.kind == "csv":
        assert format_["delimiter"] == feed.form.delimiter
    if feed.form.is_text:
        assert format_["encoding"] == feed.form.encoding.removesuffix("-sig")
    if feed.form.kind == "excel":
        assert format_["sheet"] == feed.form.sheet


@each_feed
def test_what_is_to_be_spoilt_or_added_up_is_told(feed: Any) -> None:
    told = tell(feed.source, frame_of(RECORD_OF[feed.source]), TIMELINE)
    assert feed.named <= set(told.columns)
    assert "delivered" in told.columns
    if feed.form.kind == "csv":
        assert set(told.drop("delivered").dtypes) == {pl.String}
    if feed.trailer is not None:
        assert told[feed.trailer.label[0]].null_count() == 0, "a row without it would be taken for the control row"
    if feed.spoiling.correctable is not None:
        column, values = feed.spoiling.correctable
        assert set(told[column].drop_nulls()) <= set(values)


@each_feed
def test_an_empty_frame_is_told_with_the_same_columns(feed: Any) -> None:
    frame = frame_of(RECORD_OF[feed.source])
    assert tell(feed.source, frame.clear(), TIMELINE).schema == tell(feed.source, frame, TIMELINE).schema


@each_feed
def test_each_id_is_said_to_be_of_the_system_that_gave_it(feed: Any) -> None:
    described = DESCRIBED[feed.source]
    ((record, reads),) = described["feeds"].items()
    system, given = described["system"], described.get("ids_from", {})
    for item in [load_contracts()[record].property(column) for column in reads["columns"]]:
        kind = item.surrogate or item.event_key
        if kind is None or item.system_from:
            continue
        own = given.get(kind, system)
        if kind == "customer":
            assert own == (system if system in (*SUBSIDIARIES, "crm") or feed.source == "key_accounts_customers" else "crm")
        elif kind == "invoice":
            assert own == (system if system in SUBSIDIARIES else "billing")
        elif kind in GIVEN_BY:
            assert own == GIVEN_BY[kind], kind
        else:
            assert own == system, kind
            assert is_numbered(item)


def test_a_company_tells_its_own_rows_alone() -> None:
    for record, units in (("customers", (0, 1, 2)), ("invoices", (0, 1, 2)), ("payments", (0, 1, 2)), ("invoice_lines", (0,))):
        frame = frame_of(record)
        feeds = feeds_of(record)
        assert len(feeds) == len(units)
        for feed, unit in zip(feeds, units, strict=True):
            assert tell(feed.source, frame.filter(pl.col("unit") != unit), TIMELINE).is_empty()
            assert not tell(feed.source, frame.filter(pl.col("unit") == unit), TIMELINE).is_empty()


def test_the_bills_come_when_the_month_is_closed() -> None:
    assert {feed.day for feed in FEEDS if RECORD_OF[feed.source] in ("invoices", "payments", "invoice_lines")} == {6}
