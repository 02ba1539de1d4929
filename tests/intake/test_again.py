"""Run after run: nothing lands twice, and whatever breaks off in the middle is whole after the next run."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import ClienteleError
from pipelines.intake import landing
from pipelines.intake.formats.delimited import DelimitedText
from pipelines.policy import load_policy
from tests.intake.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.intake.reading import Survey

FEEDS = """
    invoice_lines:
      columns: {invoice_id: Bill, product_id: Product, amount: Amount}
    customers:
      fold: {region: latest}
      columns: {customer_id: Customer, name: Name, region: Region}
"""
HEADER = "Bill,Product,Amount,Customer,Name,Region\n"
FIRST = f"{HEADER}B1,pen,1,c1,Ann,north\nB1,ink,2,c1,Ann,north\nB2,pen,four,c2,Ben,south\n"
SECOND = f"{HEADER}B3,pen,8,c3,Cai,east\n"
UNREADABLE = "Bill;Product;Amount;Customer;Name;Region\nB4;pen;1;c4;Dee;west\n"


def state(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that landing keeps, but for the clock."""
    tables = world.rows(
        "select database_name, schema_name, table_name from duckdb_tables() where database_name in ('build', 'vault') order by all"
    )
    # The build file is this connection's own, so that its name is left out.
    return {
        f"{database}.{schema}.{table}": world.rows(
            f"select {'* exclude (landed_at)' if table == 'delivery' else '*'} from "
            f"{'vault.' if database == 'vault' else ''}{schema}.{table} order by all"
        )
        for database, schema, table in tables
    }


@pytest.fixture
def shop(world: World) -> World:
    world.source("shop", FEEDS)
    world.deliver("shop/1.csv", FIRST)
    return world


def test_a_second_run_lands_nothing(shop: World) -> None:
    assert shop.land().is_new
    before, written = state(shop), shop.workspace.build_file.read_bytes()
    assert sum(map(len, before.values())) > 10
    report = shop.land()
    assert (report.is_new, report.feeds, report.skipped) == (False, (), ())
    assert state(shop) == before
    assert shop.workspace.build_file.read_bytes() == written, "a run with nothing new leaves the file as it was"


def test_a_file_that_was_only_touched_is_not_landed_again(shop: World) -> None:
    shop.land()
    before = state(shop)
    os.utime(shop.workspace.landing / "shop" / "1.csv", (2e9, 2e9))
    report = shop.land()
    assert (report.is_new, report.skipped) == (False, ())
    assert state(shop) == before


def test_content_that_comes_back_under_its_old_name(shop: World) -> None:
    shop.land()
    shop.deliver("shop/1.csv", SECOND)
    shop.land()
    landed = shop.values("select count(*) from raw.invoice_lines")
    shop.deliver("shop/1.csv", FIRST)
    assert not shop.land().is_new
    assert shop.values("select count(*) from raw.invoice_lines") == landed == [3]
    assert [row[:2] for row in shop.ledger("customers")] == [("1.csv", "landed"), ("1.csv", "landed")]


def test_a_copy_is_skipped_in_whatever_wrapping_it_comes(shop: World) -> None:
    shop.deliver("shop/0.csv.gz", gzip.compress(FIRST.encode()), datetime(2024, 4, 1, tzinfo=UTC))
    report = shop.land()
    # Of two files with one content that wait together the older lands, whatever they are called.
    assert report.skipped == ("landing/shop/0.csv.gz",)
    assert shop.ledger("invoice_lines") == [("1.csv", "landed", 3, 2, 0, 0, 1, 2), ("0.csv.gz", "skipped", 0, 0, 0, 0, 0, 0)]
    assert not shop.land().skipped
    assert len(list(shop.workspace.archive.iterdir())) == 1


def test_the_same_content_from_two_sources_lands_for_both(shop: World) -> None:
    shop.source("branch", FEEDS)
    shop.deliver("branch/1.csv", FIRST)
    assert shop.land().skipped == ()
    assert shop.values("select count(*) from raw.invoice_lines") == [4]


def test_all_at_once_and_one_by_one_are_the_same(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    once = World(tmp_path_factory.mktemp("once"))
    for copy, runs in ((world, 2), (once, 1)):
        copy.workspace.prepare()
        copy.workspace.key_file.write_text("ab" * 32)
        copy.source("shop", FEEDS)
        copy.deliver("shop/1.csv", FIRST)
        if runs == 2:
            copy.land()
        copy.deliver("shop/2.csv", SECOND)
        copy.land()
    everything = [state(copy) for copy in (world, once)]
    for tables in everything:
        # Random by design.
        for name in ("vault.main.registry", "vault.personal.customers", "build.raw.customers"):
            tables[name] = [tuple(value for value in row if not isinstance(value, int) or value < 2**16) for row in tables[name]]
            tables[name].sort(key=repr)
    assert everything[0] == everything[1]


@pytest.mark.parametrize("broken", ["store_personal", "store_rows", "store_totals"])
def test_a_run_that_breaks_off_leaves_nothing_half_landed(shop: World, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    shop.land()
    before = shop.rows("select * from raw.invoice_lines order by all")
    shop.deliver("shop/2.csv", f"{SECOND}B4,ink,many,c4,Dee,west\n")
    real = getattr(landing, broken)

    def break_off(*arguments: Any) -> None:
        real(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(landing, broken, break_off)
        with pytest.raises(KeyboardInterrupt):
            shop.land()
    assert shop.rows("select * from raw.invoice_lines order by all") == before
    assert [row[:2] for row in shop.ledger("customers")] == [("1.csv", "landed")]
    assert shop.values("select count(*) from raw.landing_total") == [3]
    assert list(shop.workspace.temp.iterdir()) == []
    report = shop.land()
    assert [(feed.file_name, feed.record_type) for feed in report.feeds] == [
        ("landing/shop/2.csv", "invoice_lines"),
        ("landing/shop/2.csv", "customers"),
    ]
    # Whole: each row once, in the vault too, where the broken run may have left some.
    assert shop.values("select invoice_id from raw.invoice_lines order by all") == ["B1", "B1", "B3"]
    assert shop.values("select name from vault.personal.customers order by all") == ["Ann", "Ann", "Ben", "Cai", "Dee"]
    assert shop.row("select count(*), count(distinct (delivery_key, record_type, row_number)) from vault.quarantine") == (2, 2)
    assert shop.row("select count(*), count(distinct (entity, source_system, source_id)) from vault.registry") == (4, 4)


def test_what_a_killed_run_left_unpacked_is_taken_away(shop: World) -> None:
    shop.workspace.prepare()
    left = shop.workspace.temp / "shop"
    left.mkdir()
    (left / "records.csv").write_text("B1,pen,1,c1,Ann,north\n", encoding="utf-8")
    (shop.workspace.temp / "spilt.block").write_bytes(b"Ann")
    assert shop.land().is_new
    assert list(shop.workspace.temp.iterdir()) == []


def test_a_run_that_breaks_off_in_the_vault_leaves_the_delivery_to_the_next(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(*_: Any) -> None:
        message = "disk full"
        raise OSError(message)

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.intake.workbench.quote_quarantined", break_off)
        with pytest.raises(OSError, match="disk full"):
            shop.land()
    assert shop.values("select count(*) from raw.delivery") == [0]
    assert shop.land().is_new
    assert shop.ledger("invoice_lines") == [("1.csv", "landed", 3, 2, 0, 0, 1, 2)]


def test_one_delivery_at_fault_leaves_everything_as_it_was(shop: World) -> None:
    shop.land()
    before = state(shop)
    shop.deliver("shop/2.csv", SECOND)
    spoilt = shop.deliver("shop/3.csv", UNREADABLE)
    shop.deliver("shop/4.csv", "")
    with pytest.raises(ClienteleError) as fault:
        shop.land()
    first, _, rest = str(fault.value).partition("\n")
    assert first.startswith(
        f"{spoilt}: the column 'Bill', read by invoice_lines.invoice_id, is missing (none of its 1 column names is near it)"
    )
    assert "4.csv: the file is empty" in rest
    after = state(shop)
    after["build.raw.delivery"] = before["build.raw.delivery"]
    assert after == before
    refused = shop.rows("select file_name, record_type from raw.delivery where status = 'refused' order by all")
    assert refused == [(f"landing/shop/{number}.csv", record) for number in (3, 4) for record in ("customers", "invoice_lines")]
    # Tried again, it is refused again, and said once.
    with pytest.raises(ClienteleError):
        shop.land()
    assert shop.values("select count(*) from raw.delivery where status = 'refused'") == [4]


def test_the_refused_one_lands_once_it_is_mended(shop: World) -> None:
    shop.deliver("shop/2.csv", UNREADABLE)
    with pytest.raises(ClienteleError):
        shop.land()
    assert shop.values("select count(*) from raw.invoice_lines") == [0]
    shop.deliver("shop/2.csv", UNREADABLE.replace(";", ","))
    assert [feed.file_name for feed in shop.land().feeds] == ["landing/shop/1.csv"] * 2 + ["landing/shop/2.csv"] * 2
    assert shop.values("select count(*) from raw.invoice_lines") == [3]


def test_the_refused_one_lands_once_its_source_is_mended(shop: World) -> None:
    shop.deliver("shop/2.csv", UNREADABLE)
    with pytest.raises(ClienteleError):
        shop.land()
    shop.source("shop", FEEDS, "format: {delimiter: ';'}")
    (shop.workspace.landing / "shop" / "1.csv").unlink()
    shop.land()
    assert shop.ledger("invoice_lines") == [("2.csv", "landed", 1, 1, 0, 0, 0, 1)]


def write_on(shop: World) -> None:
    shop.deliver("shop/1.csv", SECOND, datetime(2024, 5, 1, tzinfo=UTC))


def take_away(shop: World) -> None:
    (shop.workspace.landing / "shop" / "1.csv").unlink()


@pytest.mark.parametrize(
    ("happen", "said", "then"),
    [
        (write_on, "was changed while it was read; run again once it is written whole.", ["B3"]),
        (take_away, "was taken away while it was read; put it back, or run again.", []),
    ],
)
def test_a_file_that_changes_while_it_is_read(
    shop: World, monkeypatch: pytest.MonkeyPatch, happen: Callable[[World], None], said: str, then: list[str]
) -> None:
    def survey_meanwhile(*arguments: Any) -> Survey:
        found = survey(*arguments)
        happen(shop)
        return found

    survey = DelimitedText.survey
    shop.deliver("shop/2.csv", "")
    with monkeypatch.context() as patch:
        patch.setattr(DelimitedText, "survey", survey_meanwhile)
        with pytest.raises(ClienteleError) as fault:
            shop.land()
    assert str(fault.value).startswith(f"{shop.workspace.landing / 'shop' / '1.csv'}: {said}")
    assert list(shop.workspace.archive.iterdir()) == []
    shop.deliver("shop/2.csv", HEADER)
    shop.land()
    assert shop.values("select invoice_id from raw.invoice_lines") == then


def test_progress_is_told_delivery_by_delivery(shop: World) -> None:
    shop.deliver("shop/2.csv", SECOND)
    seen: list[tuple[str, int, int]] = []
    landing.land(shop.workspace, load_policy(), lambda *step: seen.append(step))
    assert seen == [("landing/shop/1.csv", 1, 2), ("landing/shop/2.csv", 2, 2)]
