"""What the intake makes of a sample: exactly the rows that were spoilt on purpose end in quarantine, and only the empty list is held."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl
import pytest

from pipelines.intake.landing import land
from pipelines.policy import load_policy
from pipelines.sample import Wanted, write_sample
from pipelines.sample.deliveries.rates import UNREADABLE
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("industry", ["telecom", "bank", "utility"])
def test_the_intake_quarantines_what_was_spoilt_and_lands_the_rest(tmp_path: Path, industry: str) -> None:
    summary = write_sample(tmp_path / "workspace", Wanted(industry=industry, customers=900, months=6), truth=tmp_path / "truth")
    dirt = pl.read_parquet(tmp_path / "truth" / "dirt.parquet")
    report = land(Workspace.at(tmp_path / "workspace"), load_policy())

    unreadable = dirt.filter(pl.col("kind").is_in(UNREADABLE))
    spoilt = Counter("landing/" + path for path in unreadable["path"])
    assert {feed.file_name: feed.counts.rows_quarantined for feed in report.feeds if feed.counts.rows_quarantined} == spoilt
    assert {"unreadable_date", "unreadable_amount", "missing_key"} <= set(unreadable["kind"])

    empty = dirt.filter(pl.col("kind") == "empty")["path"].to_list()
    assert [feed.file_name for feed in report.feeds if feed.status != "landed"] == [f"landing/{path}" for path in empty]
    assert [feed.status for feed in report.feeds if feed.status != "landed"] == ["held"]
    assert list(report.skipped) == ["landing/" + path for path in dirt.filter(pl.col("kind") == "repeated_file")["path"]]
    assert report.absent_columns == ()

    rows_in = Counter[str]()
    for feed in report.feeds:
        rows_in[feed.source_name] += feed.counts.rows_in - feed.counts.rows_excluded
    repeated = {"billing_invoices"}
    assert {source: rows_in[source] for source in summary.rows if source not in repeated} == {
        source: rows for source, rows in summary.rows.items() if source not in repeated
    }
    records = {feed.record_type for feed in report.feeds if feed.counts.rows_landed}
    assert len(records) == 28, "every record type"
