from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import pytest

from pipelines.sample.deliveries import Form, Rates, Spoiling, Trailer
from pipelines.sample.deliveries.whole_files import struck_months
from tests.sample.deliveries.told import MONTHS, feed, paths, read, rows, sent, text, typed

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.sample.deliveries import Sent

CLEAN: Final = Rates.of(0, reordered=1, new_column=1, empty=1, truncated=1, repeated_file=1)
TEXTS: Final = {
    "csv": Form(),
    "tabs_in_utf_16": Form(delimiter="\t", encoding="utf-16"),
    "semicolons_with_a_mark": Form(delimiter=";", encoding="utf-8-sig"),
    "gb18030_gzip": Form(encoding="gb18030", compression="gzip"),
    "utf_16_zstd": Form(encoding="utf-16", compression="zstd"),
    "json_lines": Form(kind="json_lines"),
    "json_lines_zstd": Form(kind="json_lines", compression="zstd"),
}
KINDS: Final = {"csv": Form(), "parquet": Form(kind="parquet"), "excel": Form(kind="excel")}


def whole(summary: Sent, kind: str) -> str:
    """The one file that a kind of file dirt struck."""
    (found,) = summary.dirt.filter(pl.col("kind") == kind).to_dicts()
    assert found["row"] is None
    path: str = found["path"]
    return path


def day_after(path: str) -> str:
    assert path.endswith("-06.txt")
    return path.replace("-06.txt", "-07.txt")


def told_as(form: Form, count: int = 3_000) -> pl.DataFrame:
    return typed(rows(count)) if form.kind in ("parquet", "excel") else rows(count)


@pytest.mark.parametrize("form", TEXTS.values(), ids=TEXTS)
def test_a_truncated_file_ends_within_a_row_and_comes_whole_on_the_day_after(tmp_path: Path, form: Form) -> None:
    clean = sent(tmp_path / "clean", feed(form), rows(), Rates.of(0))
    summary = sent(tmp_path / "dirty", feed(form, file_dirt=("truncated",)), rows(), CLEAN)
    path = whole(summary, "truncated")
    (cut,) = summary.dirt.filter(pl.col("kind") == "cut_row")["row"].to_list()
    left, full = text(tmp_path / "dirty" / path, form), text(tmp_path / "dirty" / day_after(path), form)
    assert (tmp_path / "dirty" / day_after(path)).read_bytes() == (tmp_path / "clean" / path).read_bytes()
    assert full.startswith(left)
    assert not left.endswith("\n")
    rows_in_full = len(read(tmp_path / "dirty" / day_after(path), form))
    assert 0.65 * rows_in_full < cut < 0.75 * rows_in_full
    if form.kind == "csv":
        *_, last = read(tmp_path / "dirty" / path, form)
        assert None in last.values(), "the last row lacks cells"
        assert left.count('"') % 2 == 0, "no quote is open"
        assert len(read(tmp_path / "dirty" / path, form)) == cut
    else:
        assert len(left.splitlines()) == cut
    assert summary.files == clean.files + 1
    assert summary.rows["payments"] == clean.rows["payments"] + cut


@pytest.mark.parametrize("form", [TEXTS["csv"], TEXTS["gb18030_gzip"]], ids=["csv", "gzip"])
def test_the_log_of_a_truncated_file_has_the_spoilt_rows_that_are_left_and_that_of_the_whole_one_all(tmp_path: Path, form: Form) -> None:
    summary = sent(tmp_path, feed(form, file_dirt=("truncated",)), rows(), Rates.of(20))
    path = whole(summary, "truncated")
    lines = summary.dirt.filter(pl.col("row").is_not_null())
    (cut,) = lines.filter(pl.col("kind") == "cut_row")["row"].to_list()
    left = lines.filter((pl.col("path") == path) & (pl.col("kind") != "cut_row"))
    full = lines.filter(pl.col("path") == day_after(path))
    assert left.drop("path").equals(full.filter(pl.col("row") < cut).drop("path"))
    assert 0 < len(left) < len(full)
    assert cut not in full["row"]


def test_a_file_is_not_cut_where_a_quote_is_open(tmp_path: Path) -> None:
    told = rows().with_columns(客户=pl.lit('a "long", long name of somebody who is a customer, and of nobody else'))
    summary = sent(tmp_path, feed(file_dirt=("truncated",)), told, CLEAN)
    left = text(tmp_path / whole(summary, "truncated"), Form())
    assert left.count('"') % 2 == 0
    assert 0 < len(left.rsplit("\n", maxsplit=1)[1]) < len("P0000000")


def test_the_files_around_a_truncated_one_are_dated_to_their_days(tmp_path: Path) -> None:
    summary = sent(tmp_path, feed(file_dirt=("truncated",)), rows(), CLEAN)
    for path in (whole(summary, "truncated"), day_after(whole(summary, "truncated"))):
        stamp = datetime.fromtimestamp((tmp_path / path).stat().st_mtime + 8 * 3_600, UTC)
        assert f"{stamp:%Y-%m-%d %H:%M}" == path[-14:-4] + " 06:30"


@pytest.mark.parametrize("form", [*TEXTS.values(), *KINDS.values()])
def test_a_repeated_file_has_the_same_bytes_on_the_day_after(tmp_path: Path, form: Form) -> None:
    summary = sent(tmp_path, feed(form, file_dirt=("repeated_file",)), told_as(form), CLEAN)
    again = whole(summary, "repeated_file")
    assert again.endswith("-07.txt")
    assert (tmp_path / again).read_bytes() == (tmp_path / again.replace("-07.txt", "-06.txt")).read_bytes()
    assert len(paths(tmp_path)) == summary.files == MONTHS + 1
    assert summary.rows["payments"] == 3_000 + len(read(tmp_path / again, form))


@pytest.mark.parametrize("form", KINDS.values(), ids=KINDS)
def test_an_empty_delivery_has_its_header_alone(tmp_path: Path, form: Form) -> None:
    trailer = Trailer(("类型", "合计"), None, ("金额",)) if form.kind != "parquet" else None
    summary = sent(tmp_path, feed(form, file_dirt=("empty",), is_full=True, trailer=trailer), told_as(form), CLEAN)
    path = whole(summary, "empty")
    assert read(tmp_path / path, form) == []
    if form.kind == "csv":
        assert text(tmp_path / path, form) == "单号,客户,日期,金额,币种,类型,备注\n"
    assert summary.files == MONTHS
    assert all(read(other, form) for other in paths(tmp_path) if other != tmp_path / path)


@pytest.mark.parametrize("form", KINDS.values(), ids=KINDS)
def test_one_file_has_its_columns_in_another_order(tmp_path: Path, form: Form) -> None:
    sent(tmp_path / "clean", feed(form), told_as(form), Rates.of(0))
    summary = sent(tmp_path / "dirty", feed(form, file_dirt=("reordered",)), told_as(form), CLEAN)
    path = whole(summary, "reordered")
    for one, other in zip(paths(tmp_path / "clean"), paths(tmp_path / "dirty"), strict=True):
        assert read(one, form) == read(other, form)
        columns = [list(read(found, form)[0]) for found in (one, other)]
        assert (columns[0] != columns[1]) is other.match(path)


def test_a_reordered_file_has_its_control_total_in_order_too(tmp_path: Path) -> None:
    trailer = Trailer(("类型", "合计"), "客户", ("金额",))
    summary = sent(tmp_path, feed(file_dirt=("reordered", "new_column"), trailer=trailer), rows(), CLEAN)
    assert read(tmp_path / whole(summary, "reordered"), Form())[-1]["类型"] == "合计"


@pytest.mark.parametrize("form", [*KINDS.values(), TEXTS["json_lines"]], ids=[*KINDS, "json_lines"])
def test_a_new_column_is_there_from_half_way_on(tmp_path: Path, form: Form) -> None:
    summary = sent(tmp_path, feed(form, file_dirt=("new_column",)), told_as(form), CLEAN)
    assert [list(read(path, form)[0])[-1] for path in paths(tmp_path)] == ["备注"] * 4 + ["备注2"] * 4
    (line,) = summary.dirt.to_dicts()
    assert (line["path"], line["column"]) == (str(paths(tmp_path)[4].relative_to(tmp_path)), "备注2")


def test_the_new_column_of_a_file_in_english_has_an_english_name(tmp_path: Path) -> None:
    told = pl.DataFrame({"id": ["1", "2"], "delivered": [0, 7]})
    sent(tmp_path, feed(spoiling=Spoiling(), file_dirt=("new_column",)), told, CLEAN, chunks=1)
    assert [list(read(path, Form())[0]) for path in paths(tmp_path)] == [["id"], ["id", "extra_flag"]]


@pytest.mark.parametrize("count", [3, 4, 5, 6, 12, 24, 120])
def test_file_dirt_strikes_inside_the_sample_and_what_cannot_meet_does_not(count: int) -> None:
    of = feed(is_full=True, file_dirt=("reordered", "empty", "truncated", "repeated_file", "new_column"))
    met = set()
    for seed in range(50):
        struck = struck_months(np.random.default_rng(seed), of, count, Rates())
        assert struck["new_column"] == count // 2
        months = [struck[kind] for kind in ("empty", "truncated", "repeated_file")]
        assert len(set(months)) == 3
        assert all(0 <= month < count for month in struck.values())
        met |= {month for kind, month in struck.items() if kind != "new_column"}
        if count >= 8:
            assert all(2 <= month < count - 2 for month in struck.values())
    if count >= 12:
        assert len(met) > 6, "each seed has its own months"


def test_in_the_shortest_sample_everything_still_happens(tmp_path: Path) -> None:
    kinds = ("reordered", "empty", "truncated", "repeated_file", "new_column")
    summary = sent(tmp_path, feed(is_full=True, file_dirt=kinds), rows(months=3), CLEAN, months=3)
    assert summary.counts == dict.fromkeys(sorted([*kinds, "cut_row"]), 1)
    assert summary.files == 3 + 2


def test_a_file_of_too_few_rows_is_not_truncated(tmp_path: Path) -> None:
    told = rows(MONTHS).with_columns(delivered=pl.Series(range(MONTHS)))
    summary = sent(tmp_path, feed(file_dirt=("truncated",)), told, CLEAN, chunks=1)
    assert summary.counts == {}
    assert summary.files == MONTHS
