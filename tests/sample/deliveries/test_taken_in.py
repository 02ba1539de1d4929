"""What the intake makes of the files: exactly the rows that were spoilt on purpose end in quarantine, whatever the form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import duckdb
import polars as pl
import pytest

from pipelines.intake.landing import land
from pipelines.policy import load_policy
from pipelines.sample.deliveries import Feed, Form, Rates, Spoiling, Trailer
from pipelines.sample.deliveries.rates import UNREADABLE
from pipelines.warehouse.workspace import Workspace
from tests.sample.deliveries.told import SPOILING, rows, sent, typed

if TYPE_CHECKING:
    from pathlib import Path

FORMS: Final = {
    "gb18030": (Form(encoding="gb18030"), "{type: csv, encoding: gb18030}"),
    "tabs_in_utf_16": (Form(delimiter="\t", encoding="utf-16"), '{type: csv, encoding: utf-16, delimiter: "\\t"}'),
    "semicolons_with_a_mark": (Form(delimiter=";", encoding="utf-8-sig"), '{type: csv, encoding: utf-8, delimiter: ";"}'),
    "zstd": (Form(compression="zstd"), "{type: csv, encoding: utf-8}"),
    "gb18030_gzip": (Form(encoding="gb18030", compression="gzip"), "{type: csv, encoding: gb18030}"),
    "json_lines": (Form(kind="json_lines"), "{type: json, encoding: utf-8}"),
    "excel": (Form(kind="excel", sheet="回款"), "{type: excel, sheet: 回款}"),
}
SOURCE: Final = """
source: payments
system: payments
location: landing/billing/payments_*.txt
format: {form}
time_zone: Asia/Shanghai
currency: CNY
known_at: {{from: file_name, pattern: '_(\\d{{4}}-\\d{{2}}-\\d{{2}})', format: '%Y-%m-%d'}}
delivery_order: {{from: file_name, pattern: '_(\\d{{4}}-\\d{{2}}-\\d{{2}})'}}
feeds:
  payments:
    where: coalesce(类型, '') <> '合计'
    columns:
      payment_id: 单号
      customer_id: 客户
      paid_at: cast(日期 as timestamp)
      currency: 币种
      amount: 金额
      kind: case 类型 when '退款' then 'refund' when '押金' then 'deposit' else 'payment' end
"""


@pytest.mark.parametrize("name", FORMS)
def test_the_intake_quarantines_what_was_spoilt_and_lands_the_rest(tmp_path: Path, name: str) -> None:
    form, described = FORMS[name]
    told = typed(rows()) if form.kind == "excel" else rows()
    trailer = Trailer(("类型", "合计"), "客户", ("金额",)) if form.kind in ("csv", "excel") else None
    dirt = ("reordered", "new_column", "repeated_file", *(("truncated",) if form.is_text else ()))
    of = Feed("payments", "billing/payments_{day}.txt", 6, form, SPOILING, trailer, file_dirt=dirt)
    summary = sent(tmp_path / "landing", of, told, Rates.of(10))
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "payments.yml").write_text(SOURCE.format(form=described), encoding="utf-8")

    report = land(Workspace.at(tmp_path), load_policy())

    spoilt = summary.dirt.filter(pl.col("kind").is_in(UNREADABLE))
    assert quarantined(tmp_path) == {("landing/" + path, row) for path, row in spoilt.select("path", "row").iter_rows()}
    assert {feed.status for feed in report.feeds} == {"landed"}
    again = summary.dirt.filter(pl.col("kind") == "repeated_file")["path"].item()
    assert report.skipped == ("landing/" + again,)
    took_in = sum(feed.counts.rows_in - feed.counts.rows_excluded for feed in report.feeds)
    came_again = summary.rows["payments"] - took_in
    assert 300 < came_again < 500, "the rows of the file that was skipped"
    assert sum(feed.counts.rows_duplicate for feed in report.feeds) >= summary.counts["repeated_row"]


def quarantined(root: Path) -> set[tuple[str, int]]:
    """File and row of everything that waits in quarantine."""
    with duckdb.connect(str(root / "warehouse" / "build.duckdb"), read_only=True) as build:
        names = dict(build.sql("select delivery_key, file_name from raw.delivery").fetchall())
    with duckdb.connect(str(root / "vault" / "vault.duckdb"), read_only=True) as vault:
        found = vault.sql("select distinct delivery_key, row_number from quarantine").fetchall()
    return {(names[key], row) for key, row in found}


def test_a_full_list_that_comes_empty_is_held(tmp_path: Path) -> None:
    told = pl.concat([rows(300).with_columns(delivered=pl.lit(month)) for month in range(8)])
    of = Feed("payments", "billing/payments_{day}.txt", 6, Form(), Spoiling(key="单号"), is_full=True, file_dirt=("empty",))
    summary = sent(tmp_path / "landing", of, told, Rates(), chunks=1)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "payments.yml").write_text(SOURCE.format(form="{type: csv}") + "mode: full\n", encoding="utf-8")
    report = land(Workspace.at(tmp_path), load_policy())
    (empty,) = summary.dirt.filter(pl.col("kind") == "empty")["path"].to_list()
    assert {feed.file_name for feed in report.feeds if feed.status == "held"} == {"landing/" + empty}
