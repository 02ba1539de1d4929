"""What is read of a database: exactly, only what is new, and never more than read. Against real servers and files."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from pipelines.intake.databases import reading as databases
from pipelines.intake.databases.extraction import Bench, Kept, extract, open_database
from pipelines.intake.databases.reading import ExtractionError
from pipelines.intake.databases.source import Extract, Watermark
from tests.intake.databases.reading import Reading

if TYPE_CHECKING:
    from pathlib import Path

    from tests.intake.databases.servers import Books

MOMENT = {"postgresql": "timestamp", "mysql": "datetime(6)", "sqlite": "text", "duckdb": "timestamp"}
TWO_DAYS = Watermark(column="updated_at", overlap="2 days")
# In the third quarter of the year nobody's clock is put back.
FIRST, SECOND, THIRD = "2024-07-01 09:00:00", "2024-07-05 09:00:00", "2024-07-06 10:30:00.5"


@pytest.fixture
def customers(books: Books, tmp_path: Path) -> Reading:
    """Three customers, read by when they were changed."""
    books.execute(
        f"create table customers (id integer primary key, name varchar(60), amount decimal(18, 4), updated_at {MOMENT[books.kind]})",
        f"insert into customers values (2, '王芳', 0.1, '{SECOND}'), (1, 'O''Neil', 12345678901234.5678, '{FIRST}'), (3, null, -7, null)",
    )
    return Reading(books, Extract(table="customers", watermark=TWO_DAYS), tmp_path / "reading")


def test_every_row_comes_as_text_in_the_order_of_the_watermark(customers: Reading) -> None:
    rows = customers.read()
    assert rows is not None
    assert [(row["id"], row["name"]) for row in rows] == [("3", None), ("1", "O'Neil"), ("2", "王芳")]
    assert [row["updated_at"] and row["updated_at"][:19] for row in rows] == [None, FIRST, SECOND]
    if customers.books.kind != "sqlite":
        assert [row["amount"] for row in rows] == ["-7.0000", "12345678901234.5678", "0.1000"]


def test_nothing_new_is_no_delivery(customers: Reading) -> None:
    assert customers.ids() == ["3", "1", "2"]
    assert customers.ids() is None
    assert customers.ids() is None


def test_what_changed_comes_with_the_overlap(customers: Reading) -> None:
    customers.read()
    customers.books.execute(
        f"update customers set amount = 5, updated_at = '{THIRD}' where id = 1", f"insert into customers values (4, 'd', 1, '{SECOND}')"
    )
    # The third has no watermark and so comes each time, the second lies in the overlap; the fourth was committed late.
    assert customers.ids() == ["3", "2", "4", "1"]
    assert customers.ids() is None


def test_a_row_behind_the_overlap_is_not_read_again(customers: Reading) -> None:
    customers.read()
    customers.books.execute("insert into customers values (5, 'e', 1, '2024-07-02 09:00:00')")
    assert customers.ids() is None
    customers.books.execute("insert into customers values (6, 'f', 1, '2024-07-03 09:00:00')")
    ids = customers.ids()
    assert ids is not None
    assert "6" in ids
    # SQLite compares whole days.
    assert "5" not in ids


def test_what_was_read_but_did_not_land_is_read_again(customers: Reading) -> None:
    assert customers.read(keep=False) == customers.read(keep=False)
    customers.read()
    customers.books.execute(f"insert into customers values (4, 'd', 1, '{THIRD}')")
    first = customers.read(keep=False)
    assert first is not None
    assert customers.read(keep=False) == first


def test_equal_rows_make_an_equal_file(customers: Reading) -> None:
    with_first = customers.read(keep=False)
    first = (customers.folder / "bench" / "extracted.parquet").read_bytes()
    customers.books.execute(
        "delete from customers where id = 3", "insert into customers (updated_at, amount, name, id) values (null, -7, null, 3)"
    )
    assert customers.read(keep=False) == with_first
    assert (customers.folder / "bench" / "extracted.parquet").read_bytes() == first


def test_a_row_dated_far_ahead_hides_nothing(customers: Reading) -> None:
    customers.books.execute("insert into customers values (9, 'z', 1, '2999-12-31 00:00:00')")
    customers.read()
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ", "seconds")
    customers.books.execute(f"insert into customers values (4, 'd', 1, '{now}')")
    ids = customers.ids()
    assert ids is not None
    assert "4" in ids


def test_what_was_rejected_is_still_to_come_once_something_changes(customers: Reading) -> None:
    customers.read()
    customers.books.execute(f"insert into customers values (4, 'd', 1, '{THIRD}')")
    customers.read()
    customers.kept[-1] = Kept(customers.kept[-1].path, is_rejected=True)
    assert customers.ids() is None
    customers.books.execute("insert into customers values (5, 'e', 1, '2024-07-09 00:00:00')")
    assert customers.ids() == ["3", "2", "4", "5"]


def test_another_query_is_read_from_the_beginning(customers: Reading) -> None:
    customers.read()
    customers.extract = Extract(query="select id, updated_at from customers where id < 3;", watermark=TWO_DAYS)
    assert customers.ids() == ["1", "2"]


def test_a_column_that_is_new_is_news(customers: Reading) -> None:
    customers.read()
    customers.books.execute("alter table customers add column city varchar(10)")
    rows = customers.read()
    assert rows is not None
    assert rows[0]["city"] is None


def test_without_a_watermark_all_is_read_and_a_lost_row_is_news_where_all_is_delivered(customers: Reading, tmp_path: Path) -> None:
    customers.extract = Extract(table="customers")
    whole = Reading(customers.books, customers.extract, tmp_path / "whole", is_full=True)
    assert customers.ids() == whole.ids() == ["1", "2", "3"]
    customers.books.execute("delete from customers where id = 2")
    assert customers.ids() is None
    assert whole.ids() == ["1", "3"]
    assert whole.ids() is None
    customers.books.execute("delete from customers")
    assert whole.ids() == []


def test_rows_as_often_as_they_stand(books: Books, tmp_path: Path) -> None:
    books.execute(
        "create table bill_lines (id integer, text varchar(5))", "insert into bill_lines values (1, 'a'), (1, 'a'), (1, ''), (1, null)"
    )
    reading = Reading(books, Extract(table="bill_lines"), tmp_path / "reading")
    rows = reading.read()
    assert rows is not None
    assert [row["text"] for row in rows] == [None, "", "a", "a"]
    books.execute("insert into bill_lines values (1, 'a')")
    assert reading.ids() == ["1"] * 5


def test_a_number_as_watermark(books: Books, tmp_path: Path) -> None:
    books.execute("create table events (id integer)", "insert into events values (9), (10), (11)")
    reading = Reading(books, Extract(table="events", watermark=Watermark(column="ID", overlap=1)), tmp_path / "reading")
    assert reading.ids() == ["9", "10", "11"]
    books.execute("insert into events values (8), (100)")
    assert reading.ids() == ["10", "11", "100"]


def test_a_day_as_watermark(books: Books, tmp_path: Path) -> None:
    books.execute("create table events (id integer, day date)", "insert into events values (1, '2024-07-01'), (2, '2024-07-09')")
    reading = Reading(books, Extract(table="events", watermark=Watermark(column="day", overlap="1 day")), tmp_path / "reading")
    assert reading.ids() == ["1", "2"]
    books.execute("insert into events values (3, '2024-07-08'), (4, '2024-07-07')")
    assert reading.ids() == ["3", "2"]


@pytest.mark.parametrize(("column", "overlap", "said"), [("name", "2 days", "holds no times"), ("updated_at", 5, "holds no whole numbers")])
def test_an_overlap_of_the_wrong_kind_is_said(customers: Reading, column: str, overlap: str | int, said: str) -> None:
    customers.extract = Extract(table="customers", watermark=Watermark(column=column, overlap=overlap))
    customers.read()
    with pytest.raises(ExtractionError, match=said):
        customers.read()


def test_the_file_holds_the_moment_that_was_read_and_the_later_one_is_newer(customers: Reading) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    customers.read()
    read = datetime.fromtimestamp(customers.kept[0].path.stat().st_mtime, UTC)
    assert before < read < datetime.now(UTC) + timedelta(seconds=5)
    # A clock that was put back, or a file copied back with its old time.
    ahead = datetime.now(UTC).timestamp() + 10**6
    os.utime(customers.kept[0].path, (ahead, ahead))
    customers.books.execute(f"insert into customers values (4, 'd', 1, '{THIRD}')")
    customers.read()
    first, second = (kept.path.stat().st_mtime_ns for kept in customers.kept)
    assert second // 1000 == first // 1000 + 1


def test_batches_are_cut_by_size(customers: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "_BATCH_BYTES", 40)
    monkeypatch.setattr("pipelines.intake.databases.extraction._TELL_EVERY", 1)
    customers.books.execute(*(f"insert into customers values ({number}, '{'x' * 50}', 1, null)" for number in range(10, 150)))
    rows = customers.read()
    assert rows is not None
    assert len(rows) == 143
    # One row a batch after the first; DuckDB makes its own batches.
    assert len(customers.told) >= (1 if customers.books.kind == "duckdb" else 40)


def test_rows_of_one_moment(books: Books, tmp_path: Path) -> None:
    """Two feeds of a source agree: what is committed between them is seen by neither."""
    if books.kind == "duckdb":
        pytest.skip("nobody writes to a DuckDB file while it is read")
    books.execute("create table one (id integer)", "create table two (id integer)", "insert into one values (1)")
    if books.kind == "sqlite":
        # Otherwise a writer waits until the reader is through.
        books.execute("pragma journal_mode = wal")
    bench = Bench(tmp_path / "bench", "UTC")
    bench.folder.mkdir()
    with open_database(books.place, books.root, books.environment, bench.folder, "UTC") as database:
        books.execute("insert into one values (2)", "insert into two values (1)")
        made = extract(database, Extract(table="one"), [], bench, is_full=False)
        assert made is not None
        assert pq.read_table(made).num_rows == 1
        made = extract(database, Extract(table="two"), [], bench, is_full=False)
    assert made is not None
    assert pq.read_table(made).num_rows == 0
