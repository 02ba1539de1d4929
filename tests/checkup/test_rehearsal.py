"""What check says of a file with a source is what a run then does, and nothing changes by asking."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from pipelines.checkup.files import source_for
from pipelines.checkup.rehearsal import rehearse
from pipelines.contracts.model import load_contracts
from pipelines.policy import load_policy
from pipelines.quality.assessment import assess
from pipelines.warehouse.connection import open_file
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.checkup.figures import Checkup
    from tests.intake.world import World

INVOICES = """
    invoices:
      columns: {invoice_id: nr, customer_id: who, issued_at: at, amount: total, status: state}
"""
LINES = """
    invoice_lines:
      on_exact_duplicate: drop
      where: kind <> 'sum'
      columns: {invoice_id: nr, amount: total, product_id: item}
    invoices:
      where: kind <> 'sum'
      fold: {amount: sum, issued_at: min, customer_id: any_equal}
      columns: {invoice_id: nr, customer_id: who, issued_at: at, amount: total}
"""
CUSTOMERS = """
    customers:
      columns: {customer_id: nr, name: called, phone: rings, birth_date: born, region: lives}
"""
HEAD = "nr,who,at,total,state\n"
LINES_HEAD = "nr,who,at,total,item,kind\n"
CUSTOMERS_HEAD = "nr,called,rings,born,lives\n"

DELIVERIES: dict[str, tuple[str, str, str | bytes]] = {
    "whole": (INVOICES, "", HEAD + "A,c1,2024-01-05,10,issued\nB,c2,2024-01-06,20,\n"),
    "bad values": (INVOICES, "", HEAD + "A,c1,yesterday,x,issued\nB,c2,2024-01-06,20,odd\nC,c3,2024-01-07,30,\n,c4,2024-01-07,30,\n"),
    "one key twice": (INVOICES, "", HEAD + "A,c1,2024-01-05,10,\nA,c1,2024-01-05,11,\nB,c2,2024-01-05,10,\nB,c2,2024-01-05,10,\n"),
    "cut rows": (INVOICES, "", HEAD + 'A,c1,2024-01-05\nB,c2,2024-01-05,10,,,7\nC,"c"3,2024-01-05,10,\nD,c4,2024-01-05,10,\n'),
    "optional column missing": (INVOICES, "", "nr,who,at,total\nA,c1,2024-01-05,10\n"),
    "new column": (INVOICES, "", "nr,who,at,total,state,hat\nA,c1,2024-01-05,10,issued,red\n"),
    "no rows": (INVOICES, "", HEAD),
    "folded lines": (
        LINES,
        "",
        LINES_HEAD + "A,c1,2024-01-05,1,x,l\nA,c1,2024-01-05,1,x,l\nA,c2,2024-01-05,2,y,l\nB,c1,,x,y,l\n,,,3,,sum\n",
    ),
    "empty and full": (CUSTOMERS, "mode: full", CUSTOMERS_HEAD),
    "people": (CUSTOMERS, "mode: full", CUSTOMERS_HEAD + "1,Anna Li,13800001111,1980-02-30,North\n2,王国庆,13800002222,1980-02-03,South\n"),
    "other encoding": (CUSTOMERS, "format: {type: csv, encoding: gb18030}", (CUSTOMERS_HEAD + "1,王国庆,1,,北京\n").encode("gb18030")),
}


def checked(world: World, path: Path, name: str | None = None) -> Checkup:
    source = source_for(world.workspace, load_contracts(), path, name)
    assert source is not None
    return rehearse(world.workspace, source, path, load_policy())


def said(found: Checkup) -> list[tuple[object, ...]]:
    return sorted(
        (
            line.record_type,
            line.status,
            line.rows_in,
            line.rows_landed,
            line.rows_duplicate,
            line.rows_excluded,
            line.rows_quarantined,
            line.records,
        )
        for line in found.ledger
    )


def ledger(world: World, file: str) -> list[tuple[object, ...]]:
    assess(world.workspace, load_policy())
    return world.rows(
        f"""
        select record_type, status, rows_in, rows_landed, rows_duplicate, rows_excluded, rows_quarantined, records
        from raw.delivery where file_name = '{file}' order by record_type
        """
    )


def content(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file and folder, with content and time."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder",
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("case", DELIVERIES)
def test_what_is_said_is_what_a_run_does(world: World, case: str) -> None:
    feeds, more, text = DELIVERIES[case]
    world.source("shop", feeds, more)
    path = world.deliver("shop/1.csv", text)
    found = checked(world, path)
    world.land()
    assert said(found) == ledger(world, "landing/shop/1.csv")
    faults = world.rows("select record_type, column_name, rule, count(*) from vault.quarantine group by all order by all")
    assert sorted((item.record_type, item.column or "", item.rule, item.rows) for item in found.faults) == sorted(
        (record, column or "", rule, count) for record, column, rule, count in faults
    )
    is_whole = all(line[1] == "landed" and line[6] == 0 for line in said(found)) and any(line[2] for line in said(found))
    assert (found.objection is None) == (is_whole and not found.missing)


def test_what_has_landed_is_looked_at(world: World) -> None:
    world.source("shop", INVOICES)
    world.deliver("shop/1.csv", HEAD + "A,c1,2024-01-05,10,\nB,c2,2024-01-06,20,\n")
    world.land()
    path = world.deliver("shop/2.csv", HEAD + "A,c1,2024-01-05,10,\nB,c2,2024-01-06,21,\nC,c2,2024-01-06,21,\n")
    found = checked(world, path)
    assert said(found) == [("invoices", "landed", 3, 2, 1, 0, 0, 3)]
    world.land()
    assert said(found) == ledger(world, "landing/shop/2.csv")


def test_a_delivery_that_repeats_another_would_be_skipped(world: World) -> None:
    world.source("shop", INVOICES)
    text = HEAD + "A,c1,2024-01-05,10,\n"
    first = world.deliver("shop/1.csv", text)
    world.land()
    for path in (first, world.deliver("shop/2.csv", text)):
        found = checked(world, path)
        assert [line.status for line in found.ledger] == ["skipped"]
        assert found.is_known
        assert "delivered before, as landing/shop/1.csv" in str(found.objection)
    world.land()
    assert [row[1] for row in world.ledger("invoices")] == ["landed", "skipped"]


def test_a_full_delivery_that_has_shrunk_would_be_held(world: World) -> None:
    world.source("crm", CUSTOMERS, "mode: full")
    world.deliver("crm/1.csv", CUSTOMERS_HEAD + "".join(f"{number},n,1,,x\n" for number in range(50)))
    world.land()
    path = world.deliver("crm/2.csv", CUSTOMERS_HEAD + "1,n,1,,x\n")
    found = checked(world, path)
    assert "would be held (1 records against 50" in str(found.objection)
    world.land()
    assert said(found) == ledger(world, "landing/crm/2.csv")


def test_a_delivery_of_the_wrong_shape_would_be_held(world: World) -> None:
    world.source("shop", INVOICES)
    good = "".join(f"A{number},c1,2024-01-05,10,\n" for number in range(40))
    path = world.deliver("shop/1.csv", HEAD + good + "".join(f"B{number},c1,never,10,\n" for number in range(90)))
    found = checked(world, path)
    assert [line.status for line in found.ledger] == ["held"]
    world.land()
    assert said(found) == ledger(world, "landing/shop/1.csv")


def test_nothing_changes_in_the_workspace(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    world.source("shop", INVOICES)
    path = world.deliver("shop/1.csv", HEAD + "A,c1,2024-01-05,10,\nB,c2,x,20,\n")
    before = content(world.root)
    assert not checked(world, path).notes
    assert content(world.root) == before
    world.land()
    path = world.deliver("shop/2.csv", HEAD + "A,c1,2024-01-05,10,\nD,c2,x,20,\n")
    before = content(world.root)
    assert not checked(world, path).notes
    assert content(world.root) == before
    assert not list(elsewhere.iterdir())


def test_it_works_while_another_has_the_build_file_open(world: World) -> None:
    world.source("shop", INVOICES)
    world.deliver("shop/1.csv", HEAD + "A,c1,2024-01-05,10,\n")
    world.land()
    path = world.deliver("shop/2.csv", HEAD + "A,c1,2024-01-05,10,\nC,c2,2024-01-06,21,\n")
    with open_file(world.workspace.build_file, world.workspace):
        found = checked(world, path)
    assert said(found) == [("invoices", "landed", 2, 2, 0, 0, 0, 2)]
    (note,) = found.notes
    assert note.startswith("Repetitions of landed rows and losses against earlier deliveries were not looked for")


def test_a_file_elsewhere_is_read_with_a_source_that_is_named(world: World, tmp_path: Path) -> None:
    world.source("shop", INVOICES)
    path = tmp_path / "download.csv"
    path.write_text(HEAD + "A,c1,2024-01-05,10,\n", encoding="utf-8")
    found = checked(world, path, "shop")
    assert found.objection is None
    assert found.notes == ("A run reads landing/shop/* of the workspace; put the file there.",)
    outside = Workspace.at(tmp_path / "nothing")
    source = source_for(outside, load_contracts(), path, str(world.workspace.sources / "shop.yml"))
    assert source is not None
    assert rehearse(outside, source, path, load_policy()).objection is None
    assert not outside.root.exists()


def test_missing_columns_come_with_the_nearest_names(world: World) -> None:
    world.source("shop", "invoices: {columns: {invoice_id: BillNo, issued_at: BillDate, amount: Total, due_at: DueDate}}")
    path = world.deliver("shop/1.csv", "账单编号,BilDate,Total,DueDates\nA,2024-01-05,10,2024-02-01\n")
    found = checked(world, path)
    assert [(item.name, item.is_needed, item.near) for item in found.missing] == [
        ("BillNo", True, ("账单编号",)),
        ("BillDate", True, ("BilDate",)),
        ("DueDate", False, ("DueDates",)),
    ]
    assert set(found.new) == {"账单编号", "BilDate", "DueDates"}
    assert "is missing" in str(found.objection)


def test_personal_values_are_shapes(world: World) -> None:
    world.source("crm", CUSTOMERS)
    path = world.deliver("crm/1.csv", CUSTOMERS_HEAD + "77,Anna Li,+86 138-0000,1980-02-30,North\n78,王国庆,138,1980-02-03,South\n")
    found = checked(world, path)
    examples = {item.name: set(item.examples) for item in found.columns}
    assert examples["name"] == {"•••", "•••• ••"}
    assert examples["phone"] == {"+## ###-####", "###"}
    assert examples["region"] == {"South", "North"}
    assert [(item.column, item.examples) for item in found.faults] == [("birth_date", ((1, "####-##-##"),))]
    text = repr(found)
    for personal in ("Anna", "Li,", "国庆", "138", "1980", "'77'", "'78'"):
        assert personal not in text


def test_a_header_that_is_a_record_is_not_shown(world: World) -> None:
    world.source("crm", CUSTOMERS)
    path = world.deliver("crm/1.csv", "77,Anna Li,13800001111,1980-02-03,North\n78,王国庆,138,1980-02-03,South\n")
    found = checked(world, path)
    assert not found.file.has_header
    assert "looks like a record" in str(found.objection)
    for personal in ("Anna", "国庆", "1380", "1980", "77"):
        assert personal not in repr(found).replace(str(path), "")
