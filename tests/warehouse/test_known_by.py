"""A copy of the landed rows as they were known by a moment: what is in it, what is not, and when there is none."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import ClienteleError
from pipelines.warehouse.connection import open_file
from pipelines.warehouse.known_by import as_known_by, moment_of
from pipelines.warehouse.state import open_state
from tests.intake.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace

BY_NAME = (
    "delivery_order: {from: file_name, pattern: '(\\d{4}-\\d{2}-\\d{2})'}\n"
    "known_at: {from: file_name, pattern: '(\\d{4}-\\d{2}-\\d{2})', format: '%Y-%m-%d'}"
)
BILLS = """
    invoices:
      columns: {invoice_id: Id, customer_id: Who, issued_at: Day, amount: Amount}
"""
# Midnight in Shanghai.
FIRST, SECOND = datetime(2024, 2, 4, 16), datetime(2024, 3, 4, 16)

RAW_TABLES = "select table_name from duckdb_tables() where schema_name = 'raw'"


@pytest.mark.parametrize(
    ("stated", "zone", "meant"),
    [
        ("2026-03-31T23:59:59Z", "Asia/Shanghai", datetime(2026, 3, 31, 23, 59, 59)),
        (" 2026-03-31 23:59+08:00", "UTC", datetime(2026, 3, 31, 15, 59)),
        ("2026-03-31T23:59:59.5-0330", "UTC", datetime(2026, 4, 1, 3, 29, 59, 500000)),
        ("2026-03-31", "Asia/Shanghai", datetime(2026, 3, 31, 15, 59, 59, 999999)),
        # The day on which the clocks go forward has 23 hours.
        ("2026-03-29", "Europe/Berlin", datetime(2026, 3, 29, 21, 59, 59, 999999)),
    ],
)
def test_a_moment_is_read_in_utc(stated: str, zone: str, meant: datetime) -> None:
    assert moment_of(stated, zone) == meant


@pytest.mark.parametrize("stated", ["", "yesterday", "2026-03-31T23:59:59", "31.03.2026", "20260331", "2026-02-30", "2026-03-31T25:00Z"])
def test_what_is_no_moment_is_told_so(stated: str) -> None:
    with pytest.raises(ClienteleError, match=rf"--known-by: found '{stated}'.*expected a day such as 2026-03-31.*2026-03-31T23:59:59Z"):
        moment_of(stated, "Asia/Shanghai")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One delivery known in February 2024 and one in March, which corrects one invoice and repeats another."""
    world = World(tmp_path / "工作区 one's")
    world.source("billing", BILLS, BY_NAME)
    world.deliver("billing/2024-02-05.csv", "Id,Who,Day,Amount\nA,c1,2024-01-10,10\nB,c2,2024-01-11,20\nC,c2,never,1\n")
    world.deliver("billing/2024-03-05.csv", "Id,Who,Day,Amount\nA,c1,2024-01-10,12\nB,c2,2024-01-11,20\nD,c3,2024-02-11,30\nE,,,\n")
    world.land()
    return world


def read(workspace: Workspace, query: str) -> list[tuple[Any, ...]]:
    with open_file(workspace.build_file, workspace, read_only=True) as build:
        return build.execute(query).fetchall()


def test_only_what_was_known_is_copied(world: World) -> None:
    told: list[str] = []
    with as_known_by(world.workspace, FIRST, lambda *said: told.append(said[0])) as then:
        assert read(then, "select invoice_id, amount from raw.invoices order by all") == [("A", 10), ("B", 20)]
        assert read(then, "select known_at, rows_in from raw.delivery") == [(FIRST, 3)]
        keyed = [table for (table,) in read(then, "select table_name from duckdb_columns() where column_name = 'delivery_key'")]
        assert {"landing_total", "quarantine_summary", "repeated_row", "incomplete_key"} <= set(keyed)
        for table in keyed:
            later = f"select count(*) from raw.{table} where delivery_key not in (select delivery_key from raw.delivery)"
            assert read(then, later) == [(0,)], table
        assert read(then, "select sum(row_count) from raw.quarantine_summary") == [(1,)]
        assert told == sorted(f"raw.{name}" for (name,) in read(world.workspace, RAW_TABLES))
    with as_known_by(world.workspace, SECOND) as then:
        for table in told:
            assert read(then, f"from {table} order by all") == read(world.workspace, f"from {table} order by all"), table


def test_the_copy_vanishes(world: World) -> None:
    def interrupt(then: Workspace) -> None:
        assert then.root.is_relative_to(world.workspace.temp)
        assert then.vault.stat().st_mode & 0o077 == 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), as_known_by(world.workspace, FIRST) as then:
        interrupt(then)
    assert list(world.workspace.temp.iterdir()) == []


def test_an_interrupted_statement_is_told_plainly(world: World) -> None:
    def interrupt(*_: object) -> None:
        raise RuntimeError("Query interrupted") from KeyboardInterrupt()

    said = "interrupted while the landed rows were copied; nothing was written"
    with pytest.raises(ClienteleError, match=said), as_known_by(world.workspace, FIRST, interrupt):
        pass
    assert list(world.workspace.temp.iterdir()) == []


def test_before_the_first_delivery_nothing_was_known(world: World) -> None:
    said = r"nothing was known by 2024-02-04 15:59:59 UTC; the first delivery was known on 2024-02-04 at 16:00:00 UTC; name a later moment"
    with pytest.raises(ClienteleError, match=said), as_known_by(world.workspace, datetime(2024, 2, 4, 15, 59, 59)):
        pass


def test_before_anything_landed_there_is_nothing_to_copy(tmp_path: Path) -> None:
    world = World(tmp_path / "workspace")
    world.source("billing", BILLS)
    with pytest.raises(ClienteleError, match="nothing has landed yet"), as_known_by(world.workspace, FIRST):
        pass


def test_landed_rows_of_an_older_project_are_told_so(world: World) -> None:
    with open_file(world.workspace.build_file, world.workspace) as build:
        build.execute("alter table raw.payments drop column method")
    said = r"raw\.payments is not as this version .* run 'clientele run' once"
    with pytest.raises(ClienteleError, match=said), as_known_by(world.workspace, FIRST):
        pass


def test_rows_that_an_older_file_repeats_are_lent_by_the_newer_one(world: World) -> None:
    """The file of 20 February arrives last; its row of D had landed from the file of 5 March."""
    world.deliver("billing/2024-02-20.csv", "Id,Who,Day,Amount\nD,c3,2024-02-11,30\nB,c2,2024-01-11,20\n")
    world.land()
    with as_known_by(world.workspace, datetime(2024, 2, 20)) as then:
        assert read(then, "select count(*) from raw.delivery where known_at > timestamp '2024-02-20'") == [(1,)]
        assert read(then, "select invoice_id from raw.invoices where invoice_id = 'D'") == [("D",)]
    with as_known_by(world.workspace, FIRST) as then:
        assert read(then, "select count(*) from raw.delivery") == [(1,)]


def test_what_a_person_decided_later_is_taken_back(world: World) -> None:
    march = world.values("select delivery_key from raw.delivery order by known_at")[1]
    told = [("rejected", "2024-03-06", "cut off"), ("released", "2024-03-08", "it is whole")]
    with open_state(world.workspace) as state:
        for number, (decision, day, reason) in enumerate(told, start=1):
            state.execute("insert into delivery_decision values (?, ?, ?, ?, 'Ann', ?)", [number, march, decision, day, reason])
    decide = """
        update raw.delivery
        set decision = 'released', decided_at = '2024-03-08', reason = 'it is whole', held_reason = ?
        where delivery_key = ?
    """
    ledger = "select status, reason, decision, cast(decided_at as varchar) from raw.delivery order by known_at desc limit 1"
    decided = {
        6: ("rejected", "cut off", "rejected", "2024-03-06 00:00:00"),
        8: ("landed", "it is whole", "released", "2024-03-08 00:00:00"),
    }
    # The decision is on all feeds of the delivery; the door had held one, and another not.
    for held_reason, status in (("lost half", "held"), (None, "landed")):
        with open_file(world.workspace.build_file, world.workspace) as build:
            build.execute(decide, [held_reason, march])
        for march_day, line in ({5: (status, held_reason, None, None)} | decided).items():
            with as_known_by(world.workspace, datetime(2024, 3, march_day)) as then:
                assert read(then, ledger) == [line], march_day


def test_what_had_been_published_is_copied_with_it(world: World) -> None:
    with open_state(world.workspace) as state:
        state.execute("insert into publication by name select 'one' as version, timestamp '2024-02-06' as published_at")
        state.execute("insert into publication by name select 'two' as version, timestamp '2024-03-06' as published_at")
        state.execute(
            "create table as_reported.churn as from (values (1, timestamp '2024-02-06'), (2, timestamp '2024-03-06')) "
            "as rows (customer_key, first_published_at)"
        )
    remembered = world.workspace.state_file.read_bytes()
    for moment, versions in ((FIRST, 0), (datetime(2024, 2, 6), 1), (datetime(2024, 3, 7), 2)):
        with as_known_by(world.workspace, moment) as then, open_state(then) as state:
            assert state.execute("select count(*) from publication").fetchone() == (versions,)
            assert state.execute("select count(*) from as_reported.churn").fetchone() == (versions,)
    assert world.workspace.state_file.read_bytes() == remembered


def test_the_policy_in_force_goes_with_it(world: World) -> None:
    world.workspace.policy_file.write_text("publish.keep_versions: 7\n", encoding="utf-8")
    with as_known_by(world.workspace, FIRST) as then:
        assert then.policy_file.read_text(encoding="utf-8") == "publish.keep_versions: 7\n"
