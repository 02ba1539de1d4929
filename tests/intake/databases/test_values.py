"""Values as each kind of database writes them: none is rounded, none is moved to another hour, none is turned into another character."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.intake.databases.source import Extract, Watermark
from tests.intake.databases.reading import Reading
from tests.intake.databases.servers import READER, Books, Server, mariadb_books, postgresql_books, sqlite_books

if TYPE_CHECKING:
    from pathlib import Path


def test_postgresql_values_as_they_are(postgresql: Server, tmp_path: Path) -> None:
    books = postgresql_books(postgresql, tmp_path)
    books.execute(
        'create table "Values" (exact numeric, many numeric(38, 10), moment timestamptz, local timestamp, day date, yes boolean,'
        " real_number double precision, bytes bytea, list integer[], doc jsonb, span interval, endless timestamp, text text)",
        "insert into \"Values\" values (0.1234567890123456789012345678901234567890, 1e27, '2024-10-27 02:30:00+02', '2024-10-27 02:30:00',"
        " '2024-02-29', true, 0.1, '\\x00ff', '{1,2}', '{\"a\": 1}', '1 day 02:00', 'infinity', E'龍😀 \\t\\n')",
        "insert into \"Values\" values (null, null, '2024-10-27 02:30:00+01')",
    )
    rows = Reading(books, Extract(table="Values"), tmp_path / "reading", time_zone="Europe/Berlin").read()
    assert rows is not None
    assert rows[1] | {"doc": None} == {
        "exact": "0.1234567890123456789012345678901234567890",
        "many": "1000000000000000000000000000.0000000000",
        "moment": "2024-10-27 02:30:00+02",
        "local": "2024-10-27 02:30:00",
        "day": "2024-02-29",
        "yes": "true",
        "real_number": "0.1",
        "bytes": "\\x00ff",
        "list": "{1,2}",
        "doc": None,
        "span": "1 day 02:00:00",
        "endless": "infinity",
        "text": "龍😀 \t\n",
    }
    # The same reading of the clock, an hour later.
    assert rows[0]["moment"] == "2024-10-27 02:30:00+01"


def test_postgresql_watermark_with_an_offset(postgresql: Server, tmp_path: Path) -> None:
    books = postgresql_books(postgresql, tmp_path)
    books.execute("create table events (id int, at timestamptz)", "insert into events values (1, '2024-07-01 00:00:00+08')")
    reading = Reading(books, Extract(table="public.events", watermark=Watermark(column="at", overlap="1 hour")), tmp_path / "reading")
    reading.read()
    books.execute("insert into events values (2, '2024-06-30 15:00:00+00'), (3, '2024-06-30 14:59:59+00')")
    assert reading.ids() == ["2", "1"]


def test_postgresql_in_another_encoding(postgresql: Server, tmp_path: Path) -> None:
    books = postgresql_books(postgresql, tmp_path)
    books.execute("create database gb encoding 'EUC_CN' template template0 locale 'C'")
    address = books.environment["BOOKS_URL"].rpartition("/")[0] + "/gb"
    owner = address.replace(READER, "owner")
    import psycopg  # noqa: PLC0415

    with psycopg.connect(owner, autocommit=True, client_encoding="UTF8") as connection:
        connection.execute("create table t (id text)")
        connection.execute("grant select on t to public")
        connection.execute("insert into t values ('王芳')")
    other = Books(books.place, books.execute, books.root, {"BOOKS_URL": address})
    assert Reading(other, Extract(table="t"), tmp_path / "reading").ids() == ["王芳"]


def test_mariadb_values_as_they_are(mariadb: Server, tmp_path: Path) -> None:
    books = mariadb_books(mariadb, tmp_path)
    books.execute(
        "set time_zone = '+08:00'",
        "create table `values` (day date, local datetime, moment timestamp(3) null, zero timestamp null, span time,"
        " single float, num double,"
        " exact decimal(65, 30), large bigint unsigned, bytes varbinary(10), flag bit(1), bits bit(12), year year, text text,"
        " gb varchar(10) character set gbk)",
        "insert into `values` values ('0000-00-00', '2016-00-00 00:00:00', '2024-07-01 08:00:00.5', '0000-00-00', '-12:00:01', 0.1, 0.1,"
        " 12345678901234567890123456789012345.123456789012345678901234567890, 18446744073709551615, x'00ff', 1, 5, 2024, '龍😀', '王芳')",
    )
    rows = Reading(books, Extract(table="values"), tmp_path / "reading").read()
    assert rows == [
        {
            "day": "0000-00-00",
            "local": "2016-00-00 00:00:00",
            "moment": "2024-07-01 00:00:00.500+00:00",
            "zero": "0000-00-00 00:00:00",
            "span": "-12:00:01",
            "single": "0.1",
            "num": "0.1",
            "exact": "12345678901234567890123456789012345.123456789012345678901234567890",
            "large": "18446744073709551615",
            "bytes": "\\x00ff",
            "flag": "1",
            "bits": "5",
            "year": "2024",
            "text": "龍😀",
            "gb": "王芳",
        }
    ]


def test_mariadb_watermark_with_a_zone(mariadb: Server, tmp_path: Path) -> None:
    books = mariadb_books(mariadb, tmp_path, encoding="gbk")
    books.execute("create table events (id int, at timestamp null)", "set time_zone = '+08:00'")
    books.execute("set time_zone = '+00:00'", "insert into events values (1, '2024-07-01 00:00:00')")
    reading = Reading(books, Extract(table="events", watermark=Watermark(column="at", overlap="1 hour")), tmp_path / "reading")
    reading.read()
    books.execute("set time_zone = '+00:00'", "insert into events values (2, '2024-06-30 23:00:00'), (3, '2024-06-30 22:59:59')")
    assert reading.ids() == ["2", "1"]


def test_sqlite_values_as_they_are(tmp_path: Path) -> None:
    books = sqlite_books(tmp_path / "files")
    books.execute(
        "create table t (a, b decimal(18, 4), c, d)",
        "insert into t values (9223372036854775807, 19.99, x'00ff', '2024-07-01T09:00:00Z'), (1, 100, 1e22, '')",
    )
    rows = Reading(books, Extract(table="t"), tmp_path / "reading").read()
    assert rows == [
        {"a": "1", "b": "100", "c": "1e+22", "d": ""},
        {"a": "9223372036854775807", "b": "19.99", "c": "\\x00ff", "d": "2024-07-01T09:00:00Z"},
    ]
