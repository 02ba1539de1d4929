"""Files that nobody should send: each is taken in by the rules or refused in a sentence, and what had landed before stays as it was.

The table is small and its records are of three kinds (keyed, unkeyed, folded). What is done to it goes by column, row, cell and byte, in
every kind of file that is read. What landed is judged against the contracts anew, in Python.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.intake.formats import records
from pipelines.intake.reading import MAX_COLUMNS
from pipelines.warehouse.connection import attach, open_file
from tests.intake.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

FEEDS = """
    payments:
      columns: {payment_id: Id, customer_id: Customer, paid_at: Paid, currency: Currency, amount: Amount, kind: Kind}
    invoice_lines:
      on_exact_duplicate: drop
      where: Kind <> 'refund'
      columns: {invoice_id: Id, product_id: Kind, amount: Amount, quantity: "cast(Amount as decimal(18, 4)) / 2"}
    customers:
      fold: {registered_at: min, region: any_equal}
      columns: {customer_id: Customer, registered_at: Paid, region: Currency}
"""
RECORDS = ("payments", "invoice_lines", "customers")
HEADER = ["Id", "Customer", "Paid", "Currency", "Amount", "Kind"]
Rows = list[list[str]]

# What stands in a cell that it should not: numbers too great, days that are none, words for nothing, formulas, statements, odd signs.
CELLS = [
    "1e400", "-1e400", "99999999999999999999", "NaN", "Infinity", "-0", "1_000", "１２３", "12,50", "0x10",
    "0000-00-00", "2024-02-30", "9999-99-99", "1899-12-31", "2500-01-01", "infinity", "epoch", "2024-13-01T25:61:61Z",
    "", " ", "NULL", "null", "\\N", "N/A", "\u3000", "\u200b", "\ufeff", "\ufffd", "\u202e",
    "=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x.test","y")',
    "'; drop table raw.payments; --", '"); attach', "${HOME}", "{{ 1 }}", "../../etc/passwd", "%s%n", "a\x00b", "\x1f", "\x7f",
    "x" * 101, "名" * 101, "x" * 200_000, "payment", "refund", "CNY", "cny", "人民币", "🜚",
]  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[list[str], Rows]:  # noqa: C901, PLR0912  # one branch a thing that goes wrong
    """A good table in which some cells, rows or columns went wrong."""
    header = list(HEADER)
    count = draw(st.integers(0, 8))
    rows = [[f"p{number}", f"c{number % 3}", f"2024-01-{number + 1:02d}", "CNY", f"{number}.25", "payment"] for number in range(count)]
    for _ in range(draw(st.integers(0, 5))):
        if not rows:
            break
        row, column = draw(st.integers(0, len(rows) - 1)), draw(st.integers(0, len(header) - 1))
        match draw(st.sampled_from(["cell", "cell", "cell", "repeat", "drop", "move", "rename", "add", "shorten", "lengthen"])):
            case "cell":
                if column < len(rows[row]):
                    rows[row][column] = draw(st.sampled_from(CELLS))
            case "repeat":
                rows.append(list(rows[row]))
            case "drop":
                del rows[row]
            case "move":
                header.append(header.pop(column))
                for cells in rows:
                    if column < len(cells):
                        cells.append(cells.pop(column))
            case "rename":
                header[column] = draw(st.sampled_from(["", "Id", "ID", "__row", "rowid", "c0", "amount", 'x"; drop', "名称", "payment_id"]))
            case "add":
                header.insert(column, draw(st.sampled_from(["new", "", "Neu", "source_system", "__state"])))
                for cells in rows:
                    cells.insert(min(column, len(cells)), draw(st.sampled_from(CELLS[:8])))
            case "shorten":
                del rows[row][column:]
            case _:
                rows[row].append(draw(st.sampled_from(["", "", "x"])))
    return header, rows


def as_csv(header: list[str], rows: Rows) -> bytes:
    lines = io.StringIO(newline="")
    csv.writer(lines, lineterminator="\n").writerows([header, *rows])
    return lines.getvalue().encode("utf-8", "surrogatepass")


def as_json_lines(header: list[str], rows: Rows) -> bytes:
    return "".join(json.dumps(dict(zip(header, row, strict=False)), ensure_ascii=False) + "\n" for row in rows).encode()


def as_json_array(header: list[str], rows: Rows) -> bytes:
    return json.dumps([dict(zip(header, row, strict=False)) for row in rows]).encode()


WRITERS: dict[str, tuple[str, Callable[[list[str], Rows], bytes]]] = {
    "csv": ("type: csv", as_csv),
    "json lines": ("type: json", as_json_lines),
    "json array": ("type: json", as_json_array),
}
PIECES = [
    b'"',
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b"\xff",
    b"\xc3",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"}",
    b"[",
    b"\\",
]


@st.composite
def damage(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """What happens to the bytes of a file on its way."""
    steps = draw(
        st.lists(
            st.tuples(st.sampled_from(["insert", "flip", "delete", "cut", "newlines"]), st.floats(0, 1), st.sampled_from(PIECES)),
            max_size=3,
        )
    )

    def apply(content: bytes) -> bytes:
        for step, place, piece in steps:
            at = int(place * len(content))
            match step:
                case "insert":
                    content = content[:at] + piece + content[at:]
                case "flip" if at < len(content):
                    content = content[:at] + bytes([content[at] ^ 0x5A]) + content[at + 1 :]
                case "delete":
                    content = content[:at] + content[at + 5 :]
                case "cut":
                    content = content[:at]
                case _:
                    content = content[:at].replace(b"\n", b"\r\n") + content[at:]
        return content

    return apply


def state(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """All that landing keeps, but for its clock and what it says of refused deliveries."""
    with open_file(world.workspace.build_file, world.workspace, read_only=True) as build:
        attach(build, world.workspace.vault_file, "vault", read_only=True)
        tables = build.execute("select table_name from duckdb_tables() where database_name = 'build' and schema_name = 'raw'").fetchall()
        queries = {name: f"select * from raw.{name} order by all" for (name,) in tables}
        queries["delivery"] = "select * exclude (landed_at) from raw.delivery where status <> 'refused' order by all"
        queries["quarantine"] = "select * from vault.quarantine order by all"
        return {name: build.execute(query).fetchall() for name, query in queries.items()}


def assert_contracts_hold(world: World) -> None:
    """Every landed value meets its contract: judged here in Python, from the raw tables."""
    for record in RECORDS:
        contract = load_contracts()[record]
        outside = [item for item in contract.properties if item.surrogate is None and not item.is_personal]
        rows = world.rows(f"select {', '.join(item.name for item in outside)} from raw.{record}")
        for row in rows:
            for item, value in zip(outside, row, strict=True):
                if value is None:
                    assert not item.required, (record, item.name)
                    continue
                if item.minimum is not None:
                    assert value >= item.minimum, (record, item.name, value)
                if item.maximum is not None:
                    assert value <= item.maximum, (record, item.name, value)
                assert not item.valid_values or value in item.valid_values, (record, item.name, value)
                assert item.max_length is None or len(value) <= item.max_length, (record, item.name)
                assert item.pattern is None or re.fullmatch(item.pattern, value), (record, item.name, value)
                assert isinstance(value, str | Decimal | datetime | date | int), (record, item.name, value)


def assert_balance(world: World) -> None:
    for file, record, rows_in, landed, duplicate, excluded, quarantined, key in world.rows(
        """
        select file_name, record_type, rows_in, rows_landed, rows_duplicate, rows_excluded, rows_quarantined, delivery_key
        from raw.delivery where status = 'landed'
        """
    ):
        assert rows_in == landed + duplicate + excluded + quarantined, (file, record)
        (found,) = world.row(f"select count(*) from raw.{record} where _delivery_key = {key}")
        (aside,) = world.row(
            f"select count(distinct row_number) from vault.quarantine where (delivery_key, record_type) = ({key}, '{record}')"
        )
        assert (found, aside) == (landed, quarantined), (file, record)


def refusal(world: World) -> str | None:
    """Land what waits; the sentence with which it was refused, or None."""
    try:
        world.land()
    except ClienteleError as fault:
        return str(fault)
    return None


GOOD = as_csv(HEADER, [["g1", "c1", "2024-01-01", "CNY", "1.5", "payment"], ["g2", "c2", "2024-01-02", "CNY", "-2", "refund"]])


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=st.lists(st.tuples(spoilt(), damage()), min_size=4, max_size=4))
def test_whatever_comes_is_taken_in_by_the_rules_or_refused(
    kind: str, files: list[tuple[tuple[list[str], Rows], Callable[[bytes], bytes]]]
) -> None:
    form, write = WRITERS[kind]
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.source("bank", FEEDS)
        world.source("abused", FEEDS, f"format: {{{form}}}")
        world.deliver("bank/good.csv", GOOD)
        world.land()
        for number, ((header, rows), damaged) in enumerate(files):
            before = state(world)
            path = world.deliver(f"abused/{number}", damaged(write(header, rows)))
            said = refusal(world)
            if said is not None:
                assert str(path) in said or "abused.yml" in said
                assert state(world) == before
                path.unlink()
        assert_balance(world)
        assert_contracts_hold(world)
        assert world.values("select payment_id from raw.payments where source_system = 'bank' order by 1") == ["g1", "g2"]


def one_file(world: World, content: bytes, file: str = "abused/1.csv") -> str | None:
    """Land one file beside a good one; the sentence with which it was refused, or None."""
    world.source("bank", FEEDS)
    world.source("abused", FEEDS)
    world.deliver("bank/good.csv", GOOD)
    world.land()
    before = state(world)
    world.deliver(file, content)
    said = refusal(world)
    if said is not None:
        assert state(world) == before
    assert_balance(world)
    assert_contracts_hold(world)
    return said


def wide(count: int) -> bytes:
    more = ["0"] * count
    rows = [["p1", "c1", "2024-01-01", "CNY", "1", "payment", *more], ["p2", "c1", "never", "CNY", "1", "payment", *more]]
    return as_csv([*HEADER, *(f"x{number}" for number in range(count))], rows)


def test_as_many_columns_as_are_read(world: World) -> None:
    assert one_file(world, wide(MAX_COLUMNS - len(HEADER))) is None
    assert world.ledger("payments")[-1] == ("1.csv", "landed", 2, 1, 0, 0, 1, 1)


def test_ten_thousand_columns(world: World) -> None:
    said = one_file(world, wide(10_000 - len(HEADER)))
    assert said is not None
    assert "has 10000 columns in its header, where 2000 are the most that are read; check the delimiter" in said


def test_a_cell_of_many_megabytes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 1 << 20)
    said = one_file(world, as_csv(HEADER, [["p1", "c1", "2024-01-01", "CNY", "1", "x" * (9 << 20)]]))
    assert said is not None
    assert "no line ends in record 1" in said


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\xef\xbb\xbf", b"\x00" * 100, b'"', b",", b"\xff\xfe"], ids=repr)
def test_files_without_a_table(world: World, content: bytes) -> None:
    said = one_file(world, content)
    assert said is not None
    assert said.startswith(str(world.workspace.landing / "abused" / "1.csv"))


@pytest.mark.parametrize(
    "name",
    ["'; drop table raw.payments; --.csv", 'a"b.csv', "$(touch x).csv", "..csv", "名称.csv", "-rf.csv", "a\nb.csv", "%00.csv", "[x].csv"],
)
def test_statements_in_file_names_are_names(world: World, name: str) -> None:
    assert one_file(world, as_csv(HEADER, [["p1", "c1", "2024-01-01", "CNY", "1", "payment"]]), f"abused/{name}") is None
    assert world.values("select file_name from raw.delivery where source_name = 'abused' and record_type = 'payments'") == [
        f"landing/abused/{name}"
    ]


@pytest.mark.parametrize(
    "column", ['x"; drop table raw.payments; --', "x'y", "${HOME}", "{{ 1 }}", "select", "*", "a.b", "#", "delivered", "__state", "__d0"]
)
def test_statements_in_column_names_are_names(world: World, column: str) -> None:
    rows = [["p1", "c1", "2024-01-01", "CNY", "1", "payment", "x"], ["p2", "c1", "never", "CNY", "1", "payment", "it's"]]
    assert one_file(world, as_csv([*HEADER, column], rows)) is None
    text = world.values("select distinct row_text from vault.quarantine where record_type = 'payments'")
    assert [json.loads(row)[column] for row in text] == ["it's"]


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_is_a_value_and_nothing_else(world: World, cell: str) -> None:
    # An id may be anything that is no longer than its contract says.
    assert one_file(world, as_csv(HEADER, [[cell, "c1", "2024-01-01", "CNY", "1", "payment"]])) is None
    landed = world.values("select payment_id from raw.payments where source_system = 'abused'")
    stripped = cell.strip(" \t\u3000\ufeff")
    assert landed == ([stripped] if 0 < len(stripped) <= 100 else [])
