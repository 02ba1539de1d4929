"""The file of rows to be mended: what goes out, and what is taken back however a spreadsheet has saved it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.intake.delivery_codes import whole_code
from pipelines.intake.inventory import TakenDelivery
from pipelines.intake.quarantine.exporting import export
from pipelines.intake.quarantine.inventory import Fault, QuarantinedRow
from pipelines.intake.quarantine.masking import MASK, Masking
from pipelines.intake.quarantine.mended import read_mended
from pipelines.intake.sources import load_source

if TYPE_CHECKING:
    from pathlib import Path

    from tests.intake.world import World

DELIVERY = TakenDelivery(7, "d0000000", "till", "landing/till/a.csv", datetime(2024, 1, 1), None, ())
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
CELLS = TEXT | st.sampled_from(["=1", "'=1", "-1.50", "+49", "\t=a", "'"])


def row(number: int, text: str, rule: str = "type", column: str | None = "amount") -> QuarantinedRow:
    return QuarantinedRow(DELIVERY, number, text, [Fault("invoices", column, rule, "x")])


def as_json(cells: dict[str, str]) -> str:
    return json.dumps(cells, ensure_ascii=False)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4), st.sampled_from(["Name", "=cmd()", "_delivery", "a,b", "数"]))
def test_cells_come_back_as_they_went_out(tmp_path: Path, cells: list[tuple[str, str]], second: str) -> None:
    out = tmp_path / "out.csv"
    rows = [row(number, as_json({"Id": one, second: other})) for number, (one, other) in enumerate(cells, start=1)]
    export(lambda: iter(rows), out, lambda _: ())
    lines = read_mended(out)
    out.unlink()
    # A row without any cell is one that nobody has mended.
    filled = [(one, other) for one, other in cells if one.strip() or other.strip()]
    assert [(line.cells["Id"] or "", line.cells[second] or "") for line in lines] == filled
    assert {line.delivery for line in lines} <= {whole_code(7)}


def test_nothing_that_runs_is_in_the_file(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    rows = [row(1, as_json({"=A1": "=1+1", "b": "@SUM(1)"})), row(2, "=broken,row", "broken_quotes", None)]
    export(lambda: iter(rows), out, lambda _: ())
    lines = out.read_text("utf-8-sig").splitlines()
    assert lines == [
        "_delivery,_record_type,_row_number,_faults,'=A1,b,_row_text",
        f"{whole_code(7)},invoices,1,invoices.amount: type,'=1+1,'@SUM(1),",
        f'{whole_code(7)},invoices,2,invoices: broken_quotes,,,"\'=broken,row"',
    ]


HEAD = "_delivery,_record_type,_row_number,_faults,Id,Name"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"{HEAD}\nd1,invoices,3,,c1,张伟\n".encode("utf-8-sig"), id="UTF-8 with a mark"),
        pytest.param(f"{HEAD}\nd1,invoices,3,,c1,张伟\n".encode(), id="UTF-8"),
        pytest.param(f"{HEAD}\r\nd1,invoices,3,,c1,张伟\r\n\r\n,,,,,\r\n".replace(",", ";").encode(), id="semicolons, empty lines"),
        pytest.param(f"{HEAD}\nd1,invoices,3,,c1,张伟\n".replace(",", "\t").encode("utf-16"), id="Unicode text of Excel"),
        pytest.param("Name,_row_number,Id,_delivery,_record_type\n张伟,3,c1,d1,invoices\n".encode(), id="columns moved, one left out"),
    ],
)
def test_files_are_read_however_they_were_saved(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mended.csv"
    path.write_bytes(content)
    (line,) = read_mended(path)
    assert (line.delivery, line.row_number, line.cells) == ("d1", 3, {"Id": "c1", "Name": "张伟"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "lacks the column '_delivery'"),
        (b"Id,Name\nc1,x\n", "lacks the column '_delivery'"),
        (f"{HEAD}\nd1,invoices,3,,c1,张伟\n".encode("gb18030"), "line 2: is not UTF-8"),
        (f"{HEAD}\nd1,invoices,3,,c1,x,y\n".encode(), "line 2: has 7 cells where the first line has 6"),
        (f'{HEAD}\nd1,invoices,3,,"c1"1,x\n'.encode(), "is not a CSV file"),
        (f"{HEAD}\nd1,invoices,3.0,,c1,x\n".encode(), "'3.0' is not a row number"),
    ],
)
def test_what_is_no_mended_file_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "mended.csv"
    path.write_bytes(content)
    with pytest.raises(ClienteleError, match=said.replace("(", r"\(")):
        read_mended(path)


def test_what_lies_there_is_not_written_over(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("somebody's work")
    with pytest.raises(ClienteleError, match="lies there already"):
        export(lambda: iter([row(1, as_json({"a": "b"}))]), out, lambda _: ())
    assert out.read_text() == "somebody's work"


def test_what_was_begun_is_taken_away_when_it_cannot_be_ended(tmp_path: Path) -> None:
    calls = iter([[row(1, as_json({"a": "b"}))], [row(1, as_json({"a": "b"})), row(2, "{")]])
    with pytest.raises(ValueError, match="Expecting"):
        export(lambda: iter(next(calls)), tmp_path / "out.csv", lambda _: ())
    assert list(tmp_path.iterdir()) == []


def test_a_column_is_seen_only_where_all_that_read_it_may_be(world: World) -> None:
    path = world.source(
        "crm",
        "customers:\n  where: Kind = 'a'\n"
        "  columns: {customer_id: Id, name: Name, region: 'concat(Region, Name2)', language: Lang, industry: Name}",
    )
    masking = Masking.of(load_source(path, load_contracts()))
    assert [name for name in ("Id", "Name", "Region", "region", "Name2", "Lang", "Kind", "New") if not masking.hides(name)] == [
        "Region", "region", "Name2", "Lang"
    ]  # fmt: skip
    assert masking.hides_value_of("customers", "industry")
    assert masking.hides_value_of("customers", None)
    assert masking.hides_value_of("customers", "customer_id")
    assert not masking.hides_value_of("customers", "region")
    assert (masking.cell("Name", "Mira"), masking.cell("Name", None), masking.cell("Lang", "en")) == (MASK, None, "en")
    assert Masking.of(None).hides("Lang")
