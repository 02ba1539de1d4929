"""What the intake makes of a sample: exactly the rows that were spoilt on purpose end in quarantine, whatever route they take there."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING

from pipelines.intake.landing import land
from pipelines.policy import load_policy
from pipelines.sample import write_sample
from pipelines.warehouse.workspace import Workspace
from tests.sample.delivered import UNREADABLE

if TYPE_CHECKING:
    from pathlib import Path


def test_the_intake_quarantines_what_was_spoilt_and_lands_the_rest(tmp_path: Path) -> None:
    summary = write_sample(tmp_path / "workspace", customers=400, months=3, truth=tmp_path / "truth")
    with (tmp_path / "truth" / "dirt.csv").open(encoding="utf-8", newline="") as lines:
        dirt = list(csv.DictReader(lines))
    report = land(Workspace.at(tmp_path / "workspace"), load_policy())

    spoilt = Counter("landing/" + row["path"] for row in dirt if row["kind"] in UNREADABLE)
    assert {row["kind"] for row in dirt} >= {"unreadable_date", "unreadable_amount", "missing_key"}
    assert {feed.file_name: feed.counts.rows_quarantined for feed in report.feeds if feed.counts.rows_quarantined} == spoilt
    assert {feed.status for feed in report.feeds} == {"landed"}
    assert "landing/billing/invoices_2026-09-07.csv.gz" in report.skipped, "the file that came twice"

    rows_in = Counter[str]()
    for feed in report.feeds:
        rows_in[feed.source_name] += feed.counts.rows_in - feed.counts.rows_excluded
    once = {source: rows for source, rows in summary.rows.items() if source not in ("billing_invoices", "crm_products")}
    assert {source: rows_in[source] for source in once} == once
    assert sum(feed.counts.rows_excluded for feed in report.feeds) == 3, "the control row of each file of bills"
    assert report.absent_columns == ()
