from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from pipelines.errors import ClienteleError
from pipelines.sample.deliveries import Form, Rates, Spoiling
from pipelines.sample.deliveries.rates import ROW_RATES, UNREADABLE
from tests.sample.deliveries.told import CHUNKS, MONTHS, SPOILING, Row, feed, paths, read, rows, sent, typed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.sample.deliveries import Sent

KEY: Final = SPOILING.key or ""
FORMS: Final = {
    "csv": Form(),
    "tabs_in_utf_16": Form(delimiter="\t", encoding="utf-16"),
    "gb18030_gzip": Form(encoding="gb18030", compression="gzip"),
    "json_lines": Form(kind="json_lines"),
    "parquet": Form(kind="parquet"),
    "excel": Form(kind="excel"),
}
UNTOUCHED: Final = ("late_row", "repeated_row")


class Delivered:
    """What was told, what was delivered, and the log of what is between the two."""

    def __init__(self, landing: Path, form: Form, rates: Rates, spoiling: Spoiling = SPOILING, **other: Any) -> None:
        told = rows() if form.kind in ("csv", "json_lines") else typed(rows())
        self.told: dict[str, Row] = {row[KEY]: row for row in told.drop("_truth").to_dicts()}
        self.sent: Sent = sent(landing, feed(form, spoiling, **other), told, rates)
        self.files = {str(path.relative_to(landing)): read(path, form) for path in paths(landing)}
        self.months = {path: month for month, path in enumerate(self.files)}
        self.dirt: list[Row] = self.sent.dirt.to_dicts()

    def of(self, kind: str) -> list[tuple[Row, Row]]:
        """The lines of the log about a kind, each with the row that it is about."""
        return [(line, self.files[line["path"]][line["row"] - 1]) for line in self.dirt if line["kind"] == kind]

    def original(self, row: Row) -> Row:
        """What was told of a delivered row's key, without the month."""
        return {name: value for name, value in self.told[row[KEY]].items() if name != "delivered"}


def only(kind: str, rate: float = 0.03) -> Rates:
    return Rates.of(0, **{kind: rate})


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_delivered_row_is_as_it_was_told_or_stands_in_the_log(tmp_path: Path, form: Form) -> None:
    delivered = Delivered(tmp_path, form, Rates.of(8))
    noted = {(line["path"], line["row"]): line for line in delivered.dirt}
    assert len(noted) == len(delivered.dirt), "more than one kind a row"
    came: Counter[str] = Counter()
    for path, lines in delivered.files.items():
        for number, row in enumerate(lines, start=1):
            line = noted.pop((path, number), None)
            if line is None or line["kind"] in UNTOUCHED:
                assert row == delivered.original(row)
            else:
                key = line["was"] if line["column"] == KEY and line["was"] is not None else row[KEY]
                different = {name for name, value in delivered.told[key].items() if name != "delivered" and row[name] != value}
                if line["kind"] == "foreign_currency":
                    different.remove("币种")
                assert different == ({line["column"]} if line["was"] is not None else set())
            came[row[KEY] or (line or {})["was"]] += 1
    assert noted == {}, "the log names rows that are not there"
    assert came.keys() == delivered.told.keys(), "rows were lost"
    kinds = ROW_RATES.keys() - (set() if form.is_text else {"bad_encoding"})
    assert delivered.sent.counts.keys() == kinds


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_row_comes_in_the_file_of_its_month_unless_the_log_says_otherwise(tmp_path: Path, form: Form) -> None:
    delivered = Delivered(tmp_path, form, Rates.of(8))
    noted = {(line["path"], line["row"]) for line in delivered.dirt if line["kind"] in ("late_row", "repeated_row")}
    corrected = {row[KEY] for _, row in delivered.of("correction")}
    for path, lines in delivered.files.items():
        for number, row in enumerate(lines, start=1):
            if (path, number) not in noted and row[KEY] and row[KEY] not in corrected:
                assert delivered.told[row[KEY]]["delivered"] == delivered.months[path]


def test_a_spoilt_row_stays_where_it_was_and_a_copy_stands_right_behind_it(tmp_path: Path) -> None:
    delivered = Delivered(tmp_path, Form(), Rates.of(8, late_row=0, correction=0))
    missing = {(line["path"], line["row"]): line["was"] for line, _ in delivered.of("missing_key")}
    again = {(line["path"], line["row"]) for line, _ in delivered.of("repeated_row")}
    for path, lines in delivered.files.items():
        keys: list[str] = [missing.get((path, number)) or row[KEY] for number, row in enumerate(lines, start=1)]
        own = [key for key in keys if delivered.told[key]["delivered"] == delivered.months[path]]
        assert own == sorted(own)
        assert all(keys[row - 1] == keys[row - 2] for place, row in again if place == path and keys[row - 1] in own)


def test_dates_and_amounts_become_unreadable_and_keys_go_missing(tmp_path: Path) -> None:
    delivered = Delivered(tmp_path, Form(), Rates.of(10))
    for kind, column in (("unreadable_date", "日期"), ("unreadable_amount", "金额"), ("missing_key", KEY)):
        assert len(delivered.of(kind)) > 5
        for line, row in delivered.of(kind):
            assert line["column"] == column
            told = delivered.told[line["was"] if kind == "missing_key" else row[KEY]]
            assert line["was"] == told[column]
            assert row[column] == "" if kind == "missing_key" else row[column] not in ("", told[column])
    assert not any(row["金额"].replace(".", "").replace(",", "").isdigit() for _, row in delivered.of("unreadable_amount"))


@pytest.mark.parametrize("form", [FORMS["parquet"], FORMS["excel"]], ids=["parquet", "excel"])
def test_typed_cells_that_are_unreadable_are_empty(tmp_path: Path, form: Form) -> None:
    delivered = Delivered(tmp_path, form, Rates.of(10))
    for kind, column in (("unreadable_date", "日期"), ("unreadable_amount", "金额"), ("missing_key", KEY)):
        assert delivered.of(kind)
        assert all(row[column] in (None, "") for _, row in delivered.of(kind))


@pytest.mark.parametrize("name", ["csv", "tabs_in_utf_16", "gb18030_gzip", "json_lines"])
def test_a_byte_that_does_not_decode_spoils_its_row_alone(tmp_path: Path, name: str) -> None:
    delivered = Delivered(tmp_path, FORMS[name], only("bad_encoding"))
    damaged = {(path, place) for path, lines in delivered.files.items() for place, row in enumerate(lines, 1) if "\ufffd" in str(row)}
    assert damaged == {(line["path"], line["row"]) for line in delivered.dirt}
    assert len(damaged) > 50
    for line, row in delivered.of("bad_encoding"):
        assert row["备注"].replace("\ufffd", "") == line["was"] == delivered.told[row[KEY]]["备注"]


def test_conflicting_rows_come_in_pairs_of_one_key_and_two_amounts(tmp_path: Path) -> None:
    delivered = Delivered(tmp_path, Form(), only("conflicting_key"))
    pairs = delivered.of("conflicting_key")
    assert len(pairs) > 100
    for (first, one), (second, other) in zip(pairs[::2], pairs[1::2], strict=True):
        assert (first["path"], first["row"] + 1) == (second["path"], second["row"])
        assert one[KEY] == other[KEY]
        assert one["金额"] == second["was"] != other["金额"]
        assert float(other["金额"]) > 0


def test_a_conflicting_amount_below_nothing_stays_an_amount(tmp_path: Path) -> None:
    told = rows(20).with_columns(金额=pl.lit("-5.20"), delivered=pl.lit(0))
    sent(tmp_path, feed(), told, only("conflicting_key", 1.0), chunks=1)
    assert {row["金额"] for row in read(paths(tmp_path)[0], Form())} == {"-5.20", "-15.20"}


def test_a_repeated_row_comes_again_in_the_same_file_or_the_next(tmp_path: Path) -> None:
    delivered = Delivered(tmp_path, Form(), only("repeated_row"))
    after = Counter(delivered.months[line["path"]] - delivered.told[row[KEY]]["delivered"] for line, row in delivered.of("repeated_row"))
    assert set(after) == {0, 1}
    assert min(after.values()) > 20
    assert sum(after.values()) == sum(delivered.sent.rows.values()) - len(delivered.told)
    assert all(row == delivered.original(row) for _, row in delivered.of("repeated_row"))


def test_a_late_row_comes_once_and_a_month_later(tmp_path: Path) -> None:
    delivered = Delivered(tmp_path, Form(), only("late_row"))
    assert len(delivered.of("late_row")) > 50
    for line, row in delivered.of("late_row"):
        month = delivered.told[row[KEY]]["delivered"]
        assert delivered.months[line["path"]] == month + 1
        assert line["was"] == f"2026-{month + 2:02}"
    assert sum(delivered.sent.rows.values()) == len(delivered.told)


def test_a_correction_is_wrong_at_first_and_right_in_the_next_month(tmp_path: Path) -> None:
    delivered = Delivered(tmp_path, Form(), only("correction"))
    assert len(delivered.of("correction")) > 50
    for line, row in delivered.of("correction"):
        assert row["类型"] != line["was"] == delivered.told[row[KEY]]["类型"]
        assert row["类型"] in ("缴费", "退款", "押金")
        following = list(delivered.files.values())[delivered.months[line["path"]] + 1]
        assert [other for other in following if other[KEY] == row[KEY]] == [delivered.original(row)]
    assert sum(delivered.sent.rows.values()) == len(delivered.told) + len(delivered.dirt)


@pytest.mark.parametrize("kind", ["late_row", "correction", "repeated_row"])
def test_what_comes_again_anyway_is_neither_late_nor_corrected_nor_repeated_later(tmp_path: Path, kind: str) -> None:
    twice = pl.concat([rows(500), rows(500).with_columns(pl.col("delivered") + 1)])
    summary = sent(tmp_path, feed(), twice, only(kind, 0.2), chunks=1)
    if kind != "repeated_row":
        assert summary.counts == {}
    else:
        for path in paths(tmp_path):
            told = twice.filter(pl.col("delivered") == paths(tmp_path).index(path))[KEY]
            assert {row[KEY] for row in read(path, Form())} == set(told)
        assert summary.counts["repeated_row"] > 100


def test_a_total_differs_by_less_than_ten(tmp_path: Path) -> None:
    for line, row in Delivered(tmp_path, Form(), only("total_differs")).of("total_differs"):
        assert 0 < round(100 * (float(row["金额"]) - float(line["was"]))) < 1_000


def test_an_orphan_names_something_that_nobody_else_names(tmp_path: Path) -> None:
    delivered = Delivered(tmp_path, Form(), only("orphan"))
    known = {row["客户"] for row in delivered.told.values()}
    assert delivered.of("orphan")
    assert all(row["客户"] not in known and line["was"] in known for line, row in delivered.of("orphan"))


@pytest.mark.parametrize("mark", [".", ","])
def test_a_foreign_row_has_a_seventh_of_the_amount_rounded_to_the_nearest(tmp_path: Path, mark: str) -> None:
    amounts = ["0.03", "0.04", "-0.04", "70.00", "-7.03", "-7.04", "0.00"]
    told = rows(len(amounts)).with_columns(pl.Series("金额", amounts).str.replace(".", mark, literal=True), delivered=pl.lit(0))
    sent(tmp_path, feed(), told, only("foreign_currency", 1.0), chunks=1)
    found = read(paths(tmp_path)[0], Form())
    expected = ["0.00", "0.01", "-0.01", "10.00", "-1.00", "-1.01", "0.00"]
    assert [row["金额"] for row in found] == [amount.replace(".", mark) for amount in expected]
    assert {row["币种"] for row in found} == {"USD"}


def test_what_is_foreign_already_is_left_alone(tmp_path: Path) -> None:
    assert sent(tmp_path, feed(), rows(100).with_columns(币种=pl.lit("USD")), only("foreign_currency", 1.0)).counts == {}


def test_of_a_full_list_no_row_is_spoilt_away_and_rows_without_a_key_are_added(tmp_path: Path) -> None:
    months = pl.concat([rows(400).with_columns(delivered=pl.lit(month)) for month in range(MONTHS)])
    summary = sent(tmp_path, feed(is_full=True), months, Rates.of(8), chunks=1)
    assert summary.counts.keys() == {"missing_key", "repeated_row", "correction", "total_differs", "orphan", "foreign_currency"}
    for path in paths(tmp_path):
        found = read(path, Form())
        assert {row[KEY] for row in found} - {""} == set(rows(400)[KEY])
    wrong = summary.dirt.filter(pl.col("kind") == "correction")
    assert not (wrong["path"] == str(paths(tmp_path)[-1].relative_to(tmp_path))).any(), "nothing follows the last list"
    added = summary.counts["missing_key"] + summary.counts["repeated_row"]
    assert summary.rows == {"payments": len(months) + added}


def test_a_feed_that_says_nothing_of_spoiling_is_delivered_as_it_is(tmp_path: Path) -> None:
    assert sent(tmp_path, feed(spoiling=Spoiling()), rows(), Rates.of(20)).dirt.is_empty()


def test_an_amount_that_is_written_in_another_manner_is_left_alone(tmp_path: Path) -> None:
    told = rows(500).with_columns(金额=pl.lit("1,234.50"))
    for kind in ("total_differs", "foreign_currency", "conflicting_key"):
        assert sent(tmp_path / kind, feed(), told, only(kind, 0.5)).counts == {}


def test_three_rows_in_a_thousand_cannot_be_read(tmp_path: Path) -> None:
    summary = sent(tmp_path, feed(), rows(60_000))
    unreadable = sum(summary.counts[kind] for kind in UNREADABLE if kind in summary.counts)
    assert abs(unreadable - 180) < 4 * 180**0.5
    for kind, rate in ROW_RATES.items():
        if kind in ("late_row", "correction"):  # not possible in the last month
            rate *= 1 - 1 / MONTHS  # noqa: PLW2901
        times = 2 if kind == "conflicting_key" else 1
        assert abs(summary.counts[kind] / times - 60_000 * rate) < 4 * (60_000 * rate) ** 0.5


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: Rates.of(1, mud=0.1), "no dirt of kind 'mud'"),
        (lambda: Rates.of(-1), "must be 0 or more"),
        (lambda: Rates.of(1, late_row=1.0), "at most 1 in all"),
    ],
)
def test_a_rate_that_is_none_is_refused(make: Callable[[], Rates], fault: str) -> None:
    with pytest.raises(ClienteleError, match=fault):
        make()


def test_the_log_counts_rows_over_all_chunks(tmp_path: Path) -> None:
    told = rows(900).with_columns(delivered=pl.lit(0))
    summary = sent(tmp_path, feed(), told, only("missing_key", 0.1))
    places = summary.dirt["row"].to_list()
    assert places == [number for number, row in enumerate(read(paths(tmp_path)[0], Form()), start=1) if not row[KEY]]
    assert max(places) > 900 * (1 - 1 / CHUNKS)
