"""Mended rows come back: they land with the delivery that they came with, and nothing is lost, counted twice or told twice."""

from __future__ import annotations

import csv
import os
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.intake.deciding import decide
from pipelines.intake.faults import DeliveryError
from pipelines.intake.inventory import open_landed
from pipelines.intake.quarantine.exporting import export
from pipelines.intake.quarantine.inventory import fault_counts, quarantined_rows
from pipelines.intake.replay.replaying import ReplayReport, replay
from pipelines.policy import load_policy
from tests.intake.test_worked_example import EXPORT, FEEDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.intake.world import World

MENDED_AT = datetime(2024, 5, 2, 10, tzinfo=UTC)
TABLES = (
    "delivery landing_total quarantine_summary replayed_row incomplete_key repeated_row invoices invoice_lines payments customers".split()
)
Row = dict[str, str]


def exported(world: World, name: str = "out.csv") -> Path:
    """What waits, in a file."""
    path = world.root / name
    with open_landed(world.workspace, with_vault=True) as build:
        export(lambda: quarantined_rows(build), path, lambda _: ())
    return path


def mended(world: World, mend: Callable[[Row], Row | None], name: str = "out.csv", when: datetime = MENDED_AT) -> ReplayReport:
    """Export what waits, mend each row (None takes its line out) and replay the file."""
    path = exported(world, name)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = [row for row in map(mend, reader) if row is not None]
        names = list(reader.fieldnames or [])
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return replayed(world, path, when)


def replayed(world: World, path: Path, when: datetime = MENDED_AT) -> ReplayReport:
    os.utime(path, (when.timestamp(), when.timestamp()))
    return replay(world.workspace, load_policy(), path)


def having(**values: str) -> Callable[[Row], Row]:
    """A way to mend: these cells, whatever the row."""
    return lambda row: {**row, **values}


def everything(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """All that landing wrote but the clock's own columns."""
    return {
        table: world.rows(f"select {'* exclude (landed_at)' if table == 'delivery' else '*'} from raw.{table} order by all")
        for table in TABLES
    }


@pytest.fixture
def till(world: World) -> World:
    world.source("till", FEEDS)
    world.deliver("till/export.csv", EXPORT)
    world.land()
    return world


def test_the_mended_line_lands_at_its_place(till: World) -> None:
    report = mended(till, having(Amount="7.00"))
    assert sorted((record, what, count) for (_, record, what), count in report.counts.items()) == [
        ("invoice_lines", "landed", 1),
        ("invoices", "landed", 1),
    ]
    assert (report.wrong, report.replayed_before) == ([], 0)
    assert till.rows(
        """
        select product_id, amount, _row_number, cast(_known_at as varchar), mends_delivery_key = min(_delivery_key) over ()
        from raw.invoice_lines join raw.delivery on delivery_key = _delivery_key and record_type = 'invoice_lines'
        where invoice_id = 'B' and file_name like 'replay/%'
        """
    ) == [("ink", Decimal("7.0000"), 5, "2024-05-02 10:00:00", False)]


def test_sums_over_the_ledger_stay_what_was_delivered(till: World) -> None:
    mended(till, having(Amount="7.00"))
    assert till.ledger("invoices") == [
        ("export.csv", "landed", 6, 4, 0, 1, 1, 2),
        ("out.csv", "landed", 0, 1, 0, 0, -1, 1),
    ]
    assert till.rows(
        """
        select cast(month as varchar), disposition, sum(row_count), sum(amount_original)
        from raw.landing_total where record_type = 'invoices' group by all having sum(row_count) <> 0 order by all
        """
    ) == [
        ("2024-01-01", "landed", 3, Decimal("22.5000")),
        ("2024-02-01", "landed", 2, Decimal("14.2500")),
        (None, "excluded", 1, Decimal("29.7500")),
    ]
    assert till.values("select sum(row_count) from raw.quarantine_summary") == [0]


def test_an_amount_that_could_be_read_leaves_the_quarantine_too(world: World) -> None:
    world.source("bank", "payments:\n  columns: {payment_id: Nr, paid_at: At, amount: Amount}")
    world.deliver("bank/p.csv", "Nr,At,Amount\np1,2024-01-05 09:00:00,5\np2,yesterday,12.50\n")
    world.land()
    assert mended(world, having(At="2024-02-07 10:00:00")).is_new
    assert world.rows(
        "select disposition, cast(month as varchar), sum(row_count), sum(amount_original) from raw.landing_total group by all order by all"
    ) == [
        ("landed", "2024-01-01", 1, Decimal("5.0000")),
        ("landed", "2024-02-01", 1, Decimal("12.5000")),
        ("quarantined", None, 0, Decimal("0.0000")),
    ]


def test_the_same_file_twice_changes_nothing(till: World) -> None:
    mended(till, having(Amount="7.00"))
    before = everything(till)
    report = replayed(till, till.root / "out.csv", datetime(2024, 6, 1, tzinfo=UTC))
    assert (report.counts, report.wrong, report.replayed_before) == ({}, [], 1)
    assert everything(till) == before


def test_a_build_made_anew_from_the_archive_is_the_same(till: World) -> None:
    till.deliver(
        "till/later.csv", "Kind,Invoice,Issued,Product,Amount\nline,C,2024-03-01 10:00:00,pen,nothing\nline,D,2024-03-02 10:00:00,pen,1\n"
    )
    till.land()
    mended(till, lambda row: {**row, "Amount": "7.00"} if row["Invoice"] == "B" else row)
    mended(till, having(Amount="3.00"), "second.csv")
    before, quarantine = everything(till), till.rows("from vault.quarantine order by all")
    personal = till.rows("select * from vault.archived_replay order by all")
    shutil.rmtree(till.workspace.build_file.parent)
    shutil.rmtree(till.workspace.landing / "till")
    (till.workspace.landing / "till").mkdir()
    till.land()
    assert everything(till) == before
    assert till.rows("from vault.quarantine order by all") == quarantine
    assert till.rows("select * from vault.archived_replay order by all") == personal
    assert len(before["replayed_row"]) == 4
    assert not till.land().is_new


def test_a_replay_that_came_between_two_deliveries_comes_between_them_again(world: World) -> None:
    world.source("bank", "payments:\n  columns: {payment_id: Nr, paid_at: At, amount: Amount}")
    world.deliver("bank/1.csv", "Nr,At,Amount\np1,2024-01-05 09:00:00,five\n", datetime(2024, 3, 1, tzinfo=UTC))
    world.land()
    mended(world, having(Amount="5"), when=datetime(2024, 3, 5, tzinfo=UTC))
    world.deliver("bank/2.csv", "Nr,At,Amount\np1,2024-01-05 09:00:00,5\n", datetime(2024, 3, 9, tzinfo=UTC))
    world.land()
    assert [row[:5] for row in world.ledger("payments")] == [
        ("1.csv", "landed", 1, 0, 0),
        ("out.csv", "landed", 0, 1, 0),
        ("2.csv", "landed", 1, 0, 1),
    ]
    before = everything(world)
    shutil.rmtree(world.workspace.build_file.parent)
    world.land()
    assert everything(world) == before


def test_what_an_interruption_has_left_out_lands_with_the_next_run(till: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        message = "power"
        raise RuntimeError(message)

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.intake.replay.part.enter_replay", fail)
        with pytest.raises(RuntimeError):
            mended(till, having(Amount="7.00"))
    assert till.values("select count(*) from raw.delivery where mends_delivery_key is not null") == [0]
    till.land()
    assert till.values("select count(*) from raw.replayed_row") == [2]
    assert replayed(till, till.root / "out.csv").replayed_before == 1


def test_what_is_still_wrong_stays_as_it_was_delivered(till: World) -> None:
    till.deliver("till/later.csv", "Kind,Invoice,Issued,Product,Amount\nline,C,2024-03-01 10:00:00,pen,nothing\n")
    till.land()
    report = mended(till, lambda row: {**row, "Amount": "7.00" if row["Invoice"] == "B" else "still nothing"})
    assert [(item.line, item.record_type, item.column_name, item.rule) for item in report.wrong] == [
        (3, "invoice_lines", "amount", "type"),
        (3, "invoices", "amount", "type"),
    ]
    with open_landed(till.workspace, with_vault=True) as build:
        waiting = [(row.row_number, row.cells) for row in quarantined_rows(build)]
        counts = [(item.record_type, item.open_rows, item.replayed_rows) for item in fault_counts(build)]
    assert [(number, (cells or {})["Amount"]) for number, cells in waiting] == [(1, "nothing")]
    assert counts == [("invoice_lines", 0, 1), ("invoices", 0, 1), ("invoice_lines", 1, 0), ("invoices", 1, 0)]


def test_a_row_waits_until_all_record_types_have_it(world: World) -> None:
    """The line can land with the first mending, the invoice with the second; what has landed is not landed again."""
    world.source("till", FEEDS)
    world.deliver("till/a.csv", "Kind,Invoice,Issued,Product,Amount\nline,A,soon,pen,seven\n")
    world.land()
    first = mended(world, having(Amount="7"))
    assert [record for _, record, _ in first.counts] == ["invoice_lines"]
    second = mended(world, having(Issued="2024-01-05 09:00:00", Amount="8"), "second.csv")
    assert [record for _, record, _ in second.counts] == ["invoices"]
    assert world.values("select amount from raw.invoice_lines") == [Decimal(7)]
    assert world.values("select amount from raw.invoices") == [Decimal(8)]


KEYED = "payments:\n  columns: {payment_id: Nr, paid_at: At, amount: Amount, method: Method}"


@pytest.fixture
def bank(world: World) -> World:
    """p1 landed; p2 came twice with two contents; the fourth row has no readable amount."""
    world.source("bank", KEYED.replace(", method: Method", ""))
    world.deliver(
        "bank/p.csv",
        "Nr,At,Amount\np1,2024-01-05 09:00:00,5\np2,2024-01-05 09:00:00,6\np2,2024-01-05 09:00:00,7\np4,2024-01-05 09:00:00,x\n",
    )
    world.land()
    return world


def test_of_two_rows_with_one_key_the_one_that_is_kept_lands(bank: World) -> None:
    report = mended(bank, lambda row: row if row["Amount"] == "7" else None)
    assert list(report.counts.values()) == [1]
    assert bank.rows("select payment_id, amount from raw.payments order by all") == [("p1", Decimal(5)), ("p2", Decimal(7))]


def test_a_key_that_the_delivery_has_landed_with_other_content_is_a_conflict(bank: World) -> None:
    report = mended(bank, lambda row: {**row, "Nr": "p1", "Amount": "9"} if row["Nr"] == "p4" else None)
    assert [(item.column_name, item.rule) for item in report.wrong] == [("payment_id", "key_conflict")]
    assert not report.is_new


def test_a_row_that_the_delivery_has_landed_leaves_as_a_duplicate(bank: World) -> None:
    report = mended(bank, lambda row: {**row, "Nr": "p1", "Amount": "5"} if row["Nr"] == "p4" else None)
    assert [what for _, _, what in report.counts] == ["duplicate"]
    assert bank.ledger("payments")[1] == ("out.csv", "landed", 0, 0, 1, 0, -1, 0)
    assert bank.values("select count(*) from raw.repeated_row") == [0]


def test_a_row_that_another_delivery_has_landed_says_that_it_holds(bank: World) -> None:
    bank.deliver("bank/q.csv", "Nr,At,Amount\np4,2024-01-05 09:00:00,8\n")
    bank.land()
    mended(bank, lambda row: {**row, "Amount": "8"} if row["Nr"] == "p4" else None)
    assert bank.rows("select split_part(file_name, '/', 1) from raw.repeated_row join raw.delivery using (delivery_key)") == [("replay",)]


def test_mended_rows_are_at_odds_with_each_other_too(bank: World) -> None:
    report = mended(bank, lambda row: row if row["Nr"] == "p2" else None)
    assert [(item.line, item.rule) for item in report.wrong] == [(2, "key_conflict"), (3, "key_conflict")]


def test_a_fold_agrees_with_what_has_landed_of_its_record(world: World) -> None:
    world.source(
        "till",
        "invoices:\n  fold: {amount: sum, issued_at: min, customer_id: any_equal}\n"
        "  columns: {invoice_id: Nr, issued_at: At, customer_id: Who, amount: Amount}",
    )
    world.deliver("till/a.csv", "Nr,At,Who,Amount\nA,2024-01-05,c1,1\nA,2024-01-05,c1,x\nA,2024-01-05,c1,y\n")
    world.land()
    report = mended(world, lambda row: {**row, "Amount": "2", "Who": "c2" if row["_row_number"] == "2" else "c1"})
    assert [(item.line, item.column_name, item.rule) for item in report.wrong] == [(2, "customer_id", "any_equal")]
    assert world.values("select amount from raw.invoices order by 1") == [Decimal(1), Decimal(2)]


def test_a_row_whose_fields_could_not_be_told_apart_is_filled_in(world: World) -> None:
    world.source("bank", KEYED.replace(", method: Method", ""))
    world.deliver("bank/p.csv", 'Nr,At,Amount\np1,2024-01-05 09:00:00,5\n"p"2,2024-01-05 09:00:00,6\np3,x,1\n')
    world.land()
    exported(world, "look.csv")
    assert (world.root / "look.csv").read_text("utf-8-sig").splitlines()[1].endswith('"""p""2,2024-01-05 09:00:00,6"')
    assert not mended(world, lambda row: row if row["_row_text"] else None).counts
    report = mended(
        world, lambda row: {**row, "Nr": "p2", "At": "2024-01-05 09:00:00", "Amount": "6"} if row["_row_text"] else None, "b.csv"
    )
    assert list(report.counts.values()) == [1]
    assert world.rows("select payment_id, _row_number from raw.payments order by 2") == [("p1", 1), ("p2", 2)]
    assert world.values("select sum(row_count) from raw.landing_total where disposition = 'quarantined'") == [1]


def test_a_source_that_was_mended_leaves_nothing_to_replay(till: World) -> None:
    mended(till, having(Amount="7.00"))
    till.source("till", FEEDS.replace("amount: Amount", "amount: replace(Amount, 'seven', '7')"))
    shutil.rmtree(till.workspace.build_file.parent)
    till.land()
    assert till.ledger("invoices") == [("export.csv", "landed", 6, 5, 0, 1, 0, 2), ("out.csv", "skipped", 0, 0, 0, 0, 0, 0)]
    assert till.values("select count(*) from raw.replayed_row") == [0]
    assert not till.land().is_new


def test_a_replay_that_cannot_be_read_fails_no_run_and_is_tried_again(till: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mended(till, having(Amount="7.00"))
    before = everything(till)
    shutil.rmtree(till.workspace.build_file.parent)

    def refuse(*_: object) -> None:
        raise DeliveryError(till.root, "the column 'Item' is missing", "mend the mapping")

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.intake.replay.replaying.land_part", refuse)
        till.land()
    assert [row[:4] for row in till.ledger("invoices")] == [("export.csv", "landed", 6, 4), ("out.csv", "refused", 0, 0)]
    till.land()
    assert everything(till) == before


@pytest.mark.parametrize(
    ("mend", "said"),
    [
        pytest.param(having(_row_number="4"), "line 2: row 4 of d.* is not in quarantine", id="a row that landed"),
        pytest.param(having(_row_number="five"), "line 2: 'five' is not a row number", id="no number"),
        pytest.param(having(_delivery="dzzzzzz1"), "line 2: No delivery is called 'dzzzzzz1'", id="no such delivery"),
    ],
)
def test_a_line_that_names_no_quarantined_row_refuses_the_file(till: World, mend: Callable[[Row], Row], said: str) -> None:
    before = everything(till)
    with pytest.raises(ClienteleError, match=said):
        mended(till, mend)
    assert everything(till) == before
    assert till.values("select count(*) from vault.archived_replay") == [0]


def test_a_row_that_stands_twice_in_the_file_refuses_it(till: World) -> None:
    path = exported(till)
    path.write_text(path.read_text("utf-8-sig") + path.read_text("utf-8-sig").splitlines()[1] + "\n", encoding="utf-8")
    with pytest.raises(ClienteleError, match=r"line 3: is row 5 of d.* once more, after line 2"):
        replayed(till, path)


def test_rows_of_a_held_delivery_are_held_with_it(world: World) -> None:
    world.source("crm", "customers:\n  columns: {customer_id: Id, region: Region, language: Lang}", "mode: full")
    world.deliver("crm/1.csv", "Id,Region,Lang\n" + "".join(f"c{number},north,en\n" for number in range(10)))
    world.deliver("crm/2.csv", "Id,Region,Lang\nc1,south,en\nc2,south,far too long a language\n")
    world.land()
    mended(world, having(Lang="en"))
    assert [row[1] for row in world.ledger("customers")] == ["landed", "held", "held"]
    decide(world.workspace, load_contracts(), "2.csv", "released", "ana", "the loss is real")
    assert [row[1] for row in world.ledger("customers")] == ["landed", "landed", "landed"]
    decide(world.workspace, load_contracts(), "2.csv", "rejected", "ana", "it is not")
    assert [row[1] for row in world.ledger("customers")] == ["landed", "rejected", "rejected"]
    before = everything(world)
    shutil.rmtree(world.workspace.build_file.parent)
    world.land()
    assert everything(world) == before


def test_rows_of_a_rejected_delivery_are_not_replayed(world: World) -> None:
    world.source("crm", "customers:\n  columns: {customer_id: Id, language: Lang}", "mode: full")
    world.deliver("crm/1.csv", "Id,Lang\n" + "".join(f"c{number},en\n" for number in range(10)))
    world.deliver("crm/2.csv", "Id,Lang\nc2,far too long a language\n")
    world.land()
    decide(world.workspace, load_contracts(), "2.csv", "rejected", "ana", "cut short")
    with pytest.raises(ClienteleError, match="was rejected, and its rows with it"):
        mended(world, having(Lang="en"))


def test_personal_values_go_to_the_vault_alone(world: World) -> None:
    world.source("crm", "customers:\n  columns: {customer_id: Id, name: Name, language: Lang}")
    world.deliver("crm/1.csv", "Id,Name,Lang\nc1,Mira Olden,far too long a language\n")
    world.land()
    mended(world, having(Name="Mira Holden", Lang="en"))
    assert world.values("select name from vault.personal.customers") == ["Mira Holden"]
    assert b"Mira" not in world.workspace.build_file.read_bytes()
    assert list(world.workspace.temp.iterdir()) == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in world.workspace.archive.iterdir())


def test_full_deliveries_are_not_compared_with_a_replay(world: World) -> None:
    world.source("crm", "customers:\n  columns: {customer_id: Id, language: Lang}", "mode: full")
    world.deliver("crm/1.csv", "Id,Lang\n" + "".join(f"c{number},en\n" for number in range(10)) + "c11,far too long a language\n")
    world.land()
    mended(world, having(Lang="en"))
    world.deliver("crm/2.csv", "Id,Lang\nc1,en\n")
    world.land()
    assert world.values("select status from raw.delivery where file_name like '%2.csv'") == ["held"]


def test_typed_columns_are_mended_as_text_and_read_as_what_they_are(world: World) -> None:
    world.source("dwh", "payments:\n  columns: {payment_id: Nr, paid_at: Paid, amount: Cents / 100}", "format: {type: parquet}")
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select 'p' || n as "Nr", case when n = 1 then timestamp '2024-01-05 09:00:00' end as "Paid", n * 100 + 400 as "Cents"
                from range(1, 4) as t(n)
            ) to '{world.workspace.landing / "dwh" / "p.parquet"}' (format parquet)
            """
        )
    world.land()
    report = mended(world, lambda row: {**row, "Paid": "2024-02-07 10:00:00" if row["Nr"] == "p2" else "soon"})
    assert [(item.line, item.column_name, item.rule) for item in report.wrong] == [(3, "paid_at", "type")]
    assert world.rows("select payment_id, amount, cast(paid_at as varchar) from raw.payments order by 1") == [
        ("p1", Decimal(5), "2024-01-05 01:00:00"),
        ("p2", Decimal(6), "2024-02-07 02:00:00"),
    ]
    before = everything(world)
    shutil.rmtree(world.workspace.build_file.parent)
    world.land()
    assert everything(world) == before
