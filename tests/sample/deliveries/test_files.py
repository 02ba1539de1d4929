from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import polars as pl
import pyarrow.parquet as pq
import pytest

from pipelines.sample.deliveries import Feed, Form, Outbox, Rates, Spoiling, Trailer
from pipelines.sample.timeline import Timeline
from tests.sample.deliveries.told import MONTHS, feed, paths, read, rows, sent, text, typed

if TYPE_CHECKING:
    from pathlib import Path

FORMS = {
    "csv": Form(),
    "semicolons_with_a_mark": Form(delimiter=";", encoding="utf-8-sig"),
    "gb18030": Form(encoding="gb18030"),
    "gb18030_gzip": Form(encoding="gb18030", compression="gzip"),
    "tabs_in_utf_16": Form(delimiter="\t", encoding="utf-16"),
    "tabs_in_utf_16_zstd": Form(delimiter="\t", encoding="utf-16", compression="zstd"),
    "zstd": Form(compression="zstd"),
    "json_lines": Form(kind="json_lines"),
    "json_lines_gzip": Form(kind="json_lines", compression="gzip"),
    "parquet": Form(kind="parquet"),
    "excel": Form(kind="excel", sheet="回款"),
}
CLEAN = Rates.of(0)
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def told_as(form: Form, count: int = 3_000) -> pl.DataFrame:
    return rows(count) if form.kind == "csv" else typed(rows(count))


def expected(told: pl.DataFrame, month: int, form: Form) -> list[dict[str, Any]]:
    kept = told.filter(pl.col("delivered") == month).drop("delivered", "_truth")
    if form.kind == "json_lines":
        kept = kept.with_columns(pl.col("日期").dt.strftime("%Y-%m-%d %H:%M:%S"))
    return kept.to_dicts()


@each_form
def test_clean_files_have_all_rows_of_all_chunks_in_their_order_and_nothing_else(tmp_path: Path, form: Form) -> None:
    told = told_as(form)
    summary = sent(tmp_path, feed(form, file_dirt=("new_column", "repeated_file")), told, CLEAN)
    assert len(paths(tmp_path)) == summary.files == MONTHS
    assert summary.rows == {"payments": len(told)}
    assert summary.dirt.is_empty()
    assert summary.counts == {}
    for month, path in enumerate(paths(tmp_path)):
        assert read(path, form) == expected(told, month, form)


@each_form
def test_the_same_seed_gives_the_same_bytes_at_another_time_in_another_folder(tmp_path: Path, form: Form) -> None:
    of = feed(form, file_dirt=("reordered", "repeated_file"))
    first, again = (sent(tmp_path / name, of, told_as(form)) for name in ("one", "two"))
    assert [path.read_bytes() for path in paths(tmp_path / "one")] == [path.read_bytes() for path in paths(tmp_path / "two")]
    assert first.dirt.equals(again.dirt)


def test_another_seed_spoils_other_rows(tmp_path: Path) -> None:
    first, other = (sent(tmp_path / str(seed), feed(), rows(), seed=seed) for seed in (1, 2))
    assert not first.dirt.equals(other.dirt)


def test_feeds_draw_apart_and_so_do_chunks(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, Timeline(MONTHS), 5, Rates.of(20))
    told = rows().with_columns(delivered=pl.lit(0))
    for name in ("one", "two"):
        of = Feed(name, name + "_{day}.csv", 6, Form(), Spoiling(key="单号"))
        for chunk in range(2):
            outbox.put(of, told, chunk)
    missing = outbox.close().dirt.filter(pl.col("kind") == "missing_key")
    spoilt = [set(missing.filter(pl.col("source") == name)["was"]) for name in ("one", "two")]
    assert min(map(len, spoilt)) > 20
    assert len(spoilt[0] & spoilt[1]) < 10
    one = missing.filter(pl.col("source") == "one")["was"]
    assert one.n_unique() > 0.9 * len(one), "both chunks had the same rows"


@pytest.mark.parametrize("name", ["tabs_in_utf_16", "tabs_in_utf_16_zstd", "semicolons_with_a_mark"])
def test_a_byte_order_mark_stands_at_the_beginning_and_nowhere_else(tmp_path: Path, name: str) -> None:
    sent(tmp_path, feed(FORMS[name]), rows())
    for path in paths(tmp_path):
        content = text(path, FORMS[name])
        assert content.startswith("\ufeff单号")
        assert content.count("\ufeff") == 1


def test_a_gzip_file_says_neither_when_nor_where_it_was_made(tmp_path: Path) -> None:
    sent(tmp_path, feed(FORMS["gb18030_gzip"]), rows())
    for path in paths(tmp_path):
        header = path.read_bytes()[:10]
        assert header[3:8] == b"\0" * 5, "a name, a comment or a time"
        assert header[9] == 255, "the operating system"


def test_a_workbook_says_that_it_was_made_on_its_day_of_delivery(tmp_path: Path) -> None:
    sent(tmp_path, feed(FORMS["excel"]), typed(rows(100)))
    with ZipFile(paths(tmp_path)[-1]) as book:
        said = book.read("docProps/core.xml").decode()
    assert set(re.findall(r">(\d{4}-[^<]+)<", said)) == {"2026-10-06T00:00:00Z"}


def test_a_file_is_dated_to_half_past_six_local_time_on_its_day_of_delivery(tmp_path: Path) -> None:
    sent(tmp_path, feed(), rows())
    newest = paths(tmp_path)[-1]
    assert newest.name == "payments_2026-10-06.txt"
    assert datetime.fromtimestamp(newest.stat().st_mtime, UTC) == datetime(2026, 10, 5, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize("form", [FORMS["csv"], FORMS["parquet"], FORMS["excel"]], ids=["csv", "parquet", "excel"])
def test_nothing_is_seen_of_a_file_before_all_are_complete(tmp_path: Path, form: Form) -> None:
    outbox = Outbox(tmp_path, Timeline(MONTHS), 5, CLEAN)
    outbox.put(feed(form), told_as(form), 0)
    visible = [path for path in tmp_path.rglob("*") if not any(part.startswith(".") for part in path.relative_to(tmp_path).parts)]
    assert visible == []
    outbox.close()
    assert [path.name for path in tmp_path.iterdir()] == ["billing"]


def test_what_an_interrupted_run_left_is_not_continued(tmp_path: Path) -> None:
    Outbox(tmp_path, Timeline(MONTHS), 5, CLEAN).put(feed(), rows(), 0)
    told = rows(100)
    sent(tmp_path, feed(), told, CLEAN)
    assert sum(len(read(path, Form())) for path in paths(tmp_path)) == len(told)


def test_writing_again_over_delivered_files_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        sent(tmp_path, feed(), rows())
        found = [(path.read_bytes(), path.stat().st_mtime_ns) for path in paths(tmp_path)]
    sent(tmp_path, feed(), rows())
    assert found == [(path.read_bytes(), path.stat().st_mtime_ns) for path in paths(tmp_path)]


def test_rows_outside_the_timeline_are_dropped_and_a_month_without_rows_has_no_file(tmp_path: Path) -> None:
    told = rows(6).with_columns(delivered=pl.Series([-1, 0, 0, 3, MONTHS, MONTHS + 5]))
    summary = sent(tmp_path, feed(), told, CLEAN, chunks=1)
    assert [path.name for path in paths(tmp_path)] == ["payments_2026-03-06.txt", "payments_2026-06-06.txt"]
    assert summary.rows == {"payments": 3}


def test_a_feed_without_rows_has_no_files(tmp_path: Path) -> None:
    assert sent(tmp_path, feed(), rows(0), chunks=1).files == 0


@pytest.mark.parametrize(("mark", "name"), [(".", "gb18030"), (",", "semicolons_with_a_mark"), (".", "gb18030_gzip")])
def test_the_control_total_counts_and_adds_up_all_chunks(tmp_path: Path, mark: str, name: str) -> None:
    form, told = FORMS[name], rows().with_columns(pl.col("金额").str.replace(".", mark, literal=True))
    summary = sent(tmp_path, feed(form, trailer=Trailer(("类型", "合计"), "客户", ("金额",))), told, Rates.of(10))
    true = {(line["path"], line["row"]): line["was"] for line in summary.dirt.filter(pl.col("kind") == "unreadable_amount").to_dicts()}
    assert len(true) > 5
    for path in paths(tmp_path):
        *lines, total = read(path, form)
        place = str(path.relative_to(tmp_path))
        amounts: list[str] = [true.get((place, row)) or line["金额"] for row, line in enumerate(lines, start=1)]
        hundredths: list[int] = [int(amount.replace(mark, "")) for amount in amounts]
        fen = sum(hundredths)
        assert total == dict.fromkeys(total, "") | {"类型": "合计", "客户": str(len(lines)), "金额": f"{fen // 100}{mark}{fen % 100:02}"}
    assert summary.rows == {"payments": sum(len(read(path, form)) - 1 for path in paths(tmp_path))}


def test_a_workbook_has_its_control_total_as_a_number(tmp_path: Path) -> None:
    form = FORMS["excel"]
    sent(tmp_path, feed(form, trailer=Trailer(("类型", "合计"), "客户", ("金额",))), typed(rows()), CLEAN)
    for path in paths(tmp_path):
        *lines, total = read(path, form)
        assert (total["类型"], total["客户"]) == ("合计", str(len(lines)))
        assert total["金额"] == round(sum(line["金额"] for line in lines), 2)


def test_a_negative_total_below_one_keeps_its_sign(tmp_path: Path) -> None:
    told = rows(2).with_columns(pl.Series("金额", ["0.95", "-1.00"]), delivered=pl.lit(0))
    sent(tmp_path, feed(trailer=Trailer(("类型", "合计"), None, ("金额",))), told, CLEAN, chunks=1)
    assert read(paths(tmp_path)[0], Form())[-1]["金额"] == "-0.05"


def test_parquet_has_a_row_group_a_chunk_and_does_not_say_what_made_its_columns(tmp_path: Path) -> None:
    sent(tmp_path, feed(FORMS["parquet"]), typed(rows()), CLEAN, chunks=3)
    with pq.ParquetFile(paths(tmp_path)[0]) as file:
        assert file.num_row_groups == 3
        assert not file.metadata.metadata


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda told: told.drop("金额"), "the rows have no column 金额"),
        (lambda told: told.drop("delivered"), "the rows have no column delivered"),
        (typed, "the rows of a csv are text, but 日期, 金额 is not"),
    ],
)
def test_rows_that_do_not_fit_their_feed_are_refused(tmp_path: Path, change: Any, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        sent(tmp_path, feed(), change(rows(10)), chunks=1)


def test_a_later_chunk_with_other_columns_is_refused(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, Timeline(MONTHS), 5, CLEAN)
    outbox.put(feed(), rows(10), 0)
    with pytest.raises(ValueError, match="chunk 1 differs from the first one"):
        outbox.put(feed(), rows(10).rename({"币种": "币"}).with_columns(币种=pl.lit("CNY")), 1)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (lambda: Form(encoding="latin-1"), "no file is written in 'latin-1'"),
        (lambda: Form(delimiter="||"), "a delimiter is one ASCII sign"),
        (lambda: Feed("a", "b.csv", 6), "no {day}"),
        (lambda: Feed("a", "b_{day}.csv", 6, file_dirt=("empty",)), "only a full list may come empty"),
        (lambda: Feed("a", "b_{day}.csv", 6, file_dirt=("lost",)), "unknown file dirt 'lost'"),
        (lambda: Feed("a", "b_{day}.p", 6, Form(kind="parquet"), file_dirt=("truncated",)), "of kind parquet cannot be truncated"),
        (lambda: Feed("a", "b_{day}.p", 6, Form(kind="parquet"), trailer=Trailer(("a", "b"), None, ())), "has no trailer"),
        (lambda: Spoiling(key="a", conflicts=True), "a key and an amount"),
    ],
)
def test_what_does_not_go_together_is_refused(wrong: Any, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        wrong()
