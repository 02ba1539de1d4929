"""What a file is, found out from its bytes."""

from __future__ import annotations

import gzip
import sqlite3
import zipfile
from typing import TYPE_CHECKING

import duckdb
import pytest
from openpyxl import Workbook

from pipelines.checkup.cells import Cells, Numbers, numbers_of, other_day_first
from pipelines.checkup.sampling import sample
from pipelines.checkup.sniffing import packing_of, sniff
from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pathlib import Path

SIMPLIFIED = "客户编号,姓名,地区,备注\n" + "".join(f"C{number},王国庆,北京市,这是一位老客户\n" for number in range(30))
TRADITIONAL = "客戶編號,姓名,地區,備註\n" + "".join(f"C{number},陳志明,臺北市,這是一位老客戶的資料\n" for number in range(30))
WESTERN = "Nr,Name,Straße\n" + "".join(f"{number},Müller,Grüner Weg für Fußgänger\n" for number in range(30))


def file(tmp_path: Path, content: str | bytes, name: str = "delivered.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "encoding", "is_guessed"),
    [
        (SIMPLIFIED.encode(), "auto", False),
        (SIMPLIFIED.encode("utf-8-sig"), "auto", False),
        (SIMPLIFIED.encode("utf-16"), "auto", False),
        (WESTERN.encode("utf-16-le"), "auto", False),
        (SIMPLIFIED.encode("gb18030"), "gb18030", True),
        (TRADITIONAL.encode("big5"), "big5", True),
        (WESTERN.encode("iso-8859-1"), "iso-8859-1", True),
        ((WESTERN + "31,Café – Wien €,x\n").encode("cp1252"), "cp1252", True),
        (WESTERN.encode().replace(b"Gr\xc3", b"Gr\xff", 1), "utf-8", False),
    ],
    ids=["utf-8", "bom", "utf-16", "utf-16-le", "gb18030", "big5", "iso-8859-1", "cp1252", "damaged utf-8"],
)
def test_encodings(tmp_path: Path, content: bytes, encoding: str, is_guessed: bool) -> None:
    path = file(tmp_path, content)
    found = sniff(path)
    assert (found.encoding, found.is_guessed) == (encoding, is_guessed)
    assert sample(path).header[0] in {"客户编号", "客戶編號", "Nr"}


@pytest.mark.parametrize(("delimiter", "shown"), [(",", ","), (";", ";"), ("\t", "\t"), ("|", "|")])
def test_delimiters_are_told_from_decimal_commas(tmp_path: Path, delimiter: str, shown: str) -> None:
    cell = '"3,50"' if delimiter == "," else "3,50"
    text = (
        delimiter.join(("nr", "amount", "note"))
        + "\n"
        + "".join(delimiter.join((str(n), cell, "a; b") if delimiter == "," else (str(n), cell, "x y")) + "\n" for n in range(9))
    )
    found = sample(file(tmp_path, text))
    assert found.header == ("nr", "amount", "note")
    assert found.form == {"type": "csv", "delimiter": shown}
    assert found.rows[0][1] == "3,50"


def test_titles_comments_and_totals_are_found(tmp_path: Path) -> None:
    text = "Report of March 2024\n\nnr;amount\n" + "".join(f"{number};1\n" for number in range(9)) + "Total;9\n"
    found = sample(file(tmp_path, text))
    assert found.form == {"type": "csv", "delimiter": ";", "title_lines": 2, "totals": ["Total"]}
    assert len(found.rows) == 9
    found = sample(file(tmp_path, "# made by hand\nnr;amount\n1;2\n合计;2\n"))
    assert found.form == {"type": "csv", "delimiter": ";", "comment": "#", "totals": ["合计"]}


def test_the_end_of_a_long_file_is_looked_at(tmp_path: Path) -> None:
    text = "nr,at\n" + "".join(f"{number},01/02/2024\n" for number in range(300_000)) + "9,25/02/2024\nsum,\n"
    for path in (file(tmp_path, text), file(tmp_path, gzip.compress(text.encode()), "delivered.csv.gz")):
        found = sample(path)
        assert found.rows[-1] == ("9", "25/02/2024")
        assert found.form["totals"] == ["sum"]


def test_packing_is_told_by_the_bytes(tmp_path: Path) -> None:
    assert packing_of(file(tmp_path, gzip.compress(b"a,b\n1,2\n"), "x.csv")) == "gzip"
    path = tmp_path / "one.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.csv", "a,b\n1,2\n")
    assert packing_of(path) == "zip"
    assert sample(path).header == ("a", "b")


def test_workbooks_objects_and_parquet(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["Report"])
    book.active.append(["nr", "amount"])
    book.active.append(["A1", 12.0])
    book.save(tmp_path / "a.xlsx")
    found = sample(tmp_path / "a.xlsx")
    assert (found.header, found.rows, found.form) == (("nr", "amount"), (("A1", "12"),), {"type": "excel", "title_lines": 1})
    found = sample(file(tmp_path, '{"nr": "A1", "amount": 12}\n', "a.txt"))
    assert (found.header, found.form) == (("nr", "amount"), {"type": "json"})
    duckdb.sql(f"copy (select 'A1' as nr, date '2024-01-05' as at) to '{tmp_path / 'a.parquet'}'")
    found = sample(tmp_path / "a.parquet")
    assert (found.header, found.rows, found.form) == (("nr", "at"), (("A1", "2024-01-05"),), {"type": "parquet"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7 x", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n", "is a picture"),
        (b"<?xml version='1.0'?><a/>", "is XML or HTML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old office program"),
        (bytes(range(256)) * 8, "is no text"),
        (b"one line of words\nand another   line\n", "no delimiter parts its lines"),
    ],
)
def test_what_nobody_reads_is_refused_in_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ClienteleError, match=said) as refused:
        sample(file(tmp_path, content))
    assert "\n" not in str(refused.value)


def test_databases_and_documents_are_refused(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "a.db").execute("create table t (a)").connection.close()
    with pytest.raises(ClienteleError, match="SQLite"):
        sample(tmp_path / "a.db")
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("word/document.xml", "")
    with pytest.raises(ClienteleError, match="text document"):
        sample(tmp_path / "a.docx")


@pytest.mark.parametrize(
    ("values", "expected", "is_open"),
    [
        (["1.5", "20"], Numbers(), False),
        (["1,5", "20"], Numbers(","), False),
        (["1.234,50", "7,00"], Numbers(",", "."), False),
        (["1,234.50", "7.00"], Numbers(".", ","), False),
        (["1 234,50"], Numbers(",", " "), False),
        (["1'234.50"], Numbers(".", "'"), False),
        (["1,234", "20"], Numbers(".", ","), True),
    ],
)
def test_how_numbers_are_written(values: list[str], expected: Numbers, is_open: bool) -> None:
    assert numbers_of([Cells(tuple(values), len(values))]) == (expected, is_open)


@pytest.mark.parametrize(
    ("values", "first", "swapped"),
    [
        (["2024-01-05"], "%Y-%m-%d", None),
        (["25.01.2024 10:00"], "%d.%m.%Y %H:%M", None),
        (["01/25/2024"], "%m/%d/%Y", None),
        (["01/02/2024", "03/04/2024"], "%d/%m/%Y", "%m/%d/%Y"),
        (["01/02/2024", "13/04/2024"], "%d/%m/%Y", None),
        (["2024年3月5日"], "%Y年%m月%d日", None),
        (["20240305"], "%Y%m%d", None),
        (["5 Mar 2024"], "%d %b %Y", None),
    ],
)
def test_how_days_are_written(values: list[str], first: str, swapped: str | None) -> None:
    formats = Cells(tuple(values), len(values)).time_formats
    assert formats[0] == first
    assert other_day_first(formats) == swapped


def test_words_are_no_days() -> None:
    assert Cells(("A1", "B2"), 2).time_formats == ()
    assert Cells(("12345678",), 1).time_formats == ()
