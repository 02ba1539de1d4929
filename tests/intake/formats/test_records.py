"""The splitter of records, against Python's own reader and whatever way the text is cut into chunks."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.intake.formats import records
from pipelines.intake.formats.layout import Layout
from pipelines.intake.formats.records import RecordSplitter
from pipelines.intake.rules import BROKEN_QUOTES, FEWER_FIELDS, MORE_FIELDS


def split(text: bytes, cuts: tuple[int, ...] = (), delimiter: str = ",", quote: str = '"') -> tuple[RecordSplitter, bytes]:
    """Feed a text in the pieces between the cuts."""
    splitter = RecordSplitter(Layout(delimiter, quote))
    places = [0, *sorted(cuts), len(text)]
    body = b"".join(splitter.feed(text[start:end]) for start, end in pairwise(places))
    return splitter, body + splitter.finish()


@pytest.mark.parametrize(
    ("text", "body", "count"),
    [
        (b"h\na\nb\n", b"a\nb\n", 2),
        (b"h\na\nb", b"a\nb\n", 2),
        (b"\n\nh\n\n\na\n\n", b"a\n", 1),
        (b'h,i\n"a\n\nb",c\nd,e\n', b'"a\n\nb",c\nd,e\n', 2),
        (b'h,i\n"a"",\n""b",c\n', b'"a"",\n""b",c\n', 1),
        (b'h\na"\nb"\n', b'a"\nb"\n', 2),
        (b'h\n "a\nb"\n', b' "a\nb"\n', 1),
        (b'h\n  "a\nb"\n', b'  "a\nb"\n', 2),
        (b'"h\ni"\na\n', b"a\n", 1),
        (b"h", b"", 0),
    ],
)
def test_where_records_end(text: bytes, body: bytes, count: int) -> None:
    splitter, found = split(text)
    assert (found, splitter.records, splitter.broken, splitter.fault) == (body, count, {}, None)


def test_broken_quotes_take_no_other_record_with_them() -> None:
    splitter, body = split(b'h,i\na,\n"b"b,"c"c\n\nd,\n"e",f"\n1,"no "yes, "no"",2\ng,\n')
    assert splitter.broken == {2: (BROKEN_QUOTES, b'"b"b,"c"c'), 5: (BROKEN_QUOTES, b'1,"no "yes, "no"",2')}
    assert body == b'a,\nd,\n"e",f"\ng,\n'
    assert splitter.records == 6


def test_a_quote_that_is_never_closed() -> None:
    splitter, _ = split(b'h\na\n"c\nd\n')
    assert splitter.fault == "a quote is opened in record 2 and not closed"


def test_a_record_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 100)
    splitter, body = split(b"h\na\n" + b"x" * 300, cuts=(50, 100, 150, 200))
    assert (splitter.fault, body) == ("no line ends in record 2", b"a\n")


def test_quotes_broken_all_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_MAX_BROKEN", 3)
    splitter, _ = split(b"h\n" + b'"a"a\n' * 4)
    assert splitter.fault == "4 of its first 4 records have broken quotes or another number of fields"


def test_records_with_another_number_of_fields_than_the_header() -> None:
    splitter, body = split(b'h,i\n1,2\n3\n"4,4",5\n6,7,8\n"9,9"\n')
    assert body == b'1,2\n"4,4",5\n'
    assert splitter.broken == {2: (FEWER_FIELDS, b"3"), 4: (MORE_FIELDS, b"6,7,8"), 5: (FEWER_FIELDS, b'"9,9"')}


def laid_out(text: bytes, cuts: tuple[int, ...] = (), **layout: Any) -> tuple[RecordSplitter, bytes]:
    """The same as `split` under a layout."""
    splitter = RecordSplitter(Layout(",", '"', **layout))
    places = [0, *sorted(cuts), len(text)]
    body = b"".join(splitter.feed(text[start:end]) for start, end in pairwise(places))
    return splitter, body + splitter.finish()


REPORT = b'Revenue, 2024\n"by" month\n# one, two, "three\nh,i\n1,2\n#4,4,4\n3,"#4"\nTotal,6\n\n'


@pytest.mark.parametrize("cut", range(0, len(REPORT), 3))
def test_title_comments_and_totals_are_no_records(cut: int) -> None:
    splitter, body = laid_out(REPORT, (cut,), title_lines=2, comment="#", totals=("Total", "合计"))
    assert (splitter.header, body, splitter.records) == (b"h,i", b'1,2\n3,"#4"\n', 2)
    assert (splitter.totals, splitter.has_gaps, splitter.broken) == (b"Total,6", True, {})


@pytest.mark.parametrize("ending", [b"3,4", b"3,4\n", b"3,4\n\n\n"])
def test_where_the_totals_line_is_missing_nothing_is_lost(ending: bytes) -> None:
    splitter, body = laid_out(b"h,i\n1,2\n" + ending, totals=("Total",))
    assert (body, splitter.records, splitter.totals) == (b"1,2\n3,4\n", 2, None)


def test_only_the_last_record_can_be_the_totals() -> None:
    splitter, body = laid_out(b'h,i\nTotal,1\n"Total",2\n', totals=("Total",))
    assert (body, splitter.records, splitter.totals) == (b"Total,1\n", 1, b'"Total",2')


TEXTS = st.lists(st.sampled_from(["a", "b", ",", ",", '"', '"', "\n", '"a",', '"\n', "é", 'x"', " "]), max_size=40).map("".join)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, cuts=st.lists(st.integers(0, 60), max_size=4))
def test_how_a_text_is_cut_changes_nothing(text: str, cuts: list[int]) -> None:
    whole, body = split(f"h\n{text}".encode())
    pieces, joined = split(f"h\n{text}".encode(), tuple(cuts))
    assert (joined, pieces.records, pieces.broken, pieces.fault) == (body, whole.records, whole.broken, whole.fault)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS.map(lambda text: text.replace(" ", "")))
def test_records_are_those_that_python_reads(text: str) -> None:
    splitter, body = split(f"h\n{text}".encode())
    if splitter.fault is not None:
        return
    assert len(list(csv.reader(io.StringIO(body.decode(), newline="")))) == splitter.records - len(splitter.broken)
    if not splitter.broken:
        assert [row for row in csv.reader(io.StringIO(text, newline="")) if row] == list(csv.reader(io.StringIO(body.decode(), newline="")))
