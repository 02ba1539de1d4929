"""Databases as sources, the whole way: read, archived, landed, corrected, rebuilt; and refused as a wrong file is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.intake import ledger
from pipelines.intake.databases.deliveries import read_databases
from pipelines.intake.deciding import decide
from pipelines.intake.notices import notices
from pipelines.warehouse.vault import open_with_vault
from tests.intake.databases.servers import PASSWORD, PASSWORD_IN_URL, READER, Books

if TYPE_CHECKING:
    from tests.intake.world import World

MOMENT = {"postgresql": "timestamptz", "mysql": "timestamp(6)", "sqlite": "text", "duckdb": "timestamptz"}
MONEY = "decimal(18, 4)"
BILLS = """
source: crm
system: crm
{database}
time_zone: Asia/Shanghai
currency: CNY
feeds:
  invoices:
    table: bills
    watermark: {{column: changed_at, overlap: 2 days}}
    columns: {{invoice_id: id, customer_id: customer, issued_at: issued_at, amount: amount}}
  payments:
    query: select id, customer, paid_at, amount from receipts where amount > 0
    columns: {{payment_id: id, customer_id: customer, paid_at: paid_at, amount: amount}}
"""
NEWEST = "select amount from raw.invoices where invoice_id = '{}' order by _known_at desc limit 1"


@pytest.fixture
def shop(books: Books, world: World, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Two bills and a payment, and a source that reads them."""
    for name, value in books.environment.items():
        monkeypatch.setenv(name, value)
    if books.kind == "mysql":
        books.execute("set global time_zone = '+00:00'")
    moment = MOMENT[books.kind]
    books.execute(
        f"create table bills (id varchar(9) primary key, customer varchar(9), issued_at {moment}, amount {MONEY}, changed_at {moment})",
        f"create table receipts (id varchar(9) primary key, customer varchar(9), paid_at {moment}, amount {MONEY})",
        bill(books, "b1", "2024-06-03 18:30:00", "100.25", "2024-07-01 00:00:00"),
        bill(books, "b2", "2024-06-30 20:00:00", "0.1", "2024-07-04 00:00:00"),
        f"insert into receipts values ('p1', 'c1', '{at(books, '2024-06-05 00:00:00')}', 50)",
    )
    world.source_text("crm", BILLS.format(database=books.yaml))
    return books


def at(books: Books, moment: str) -> str:
    """A moment in UTC; MariaDB takes no offset, and its sessions are in UTC."""
    return moment if books.kind == "mysql" else f"{moment}+00:00"


def bill(books: Books, number: str, issued: str, amount: str, changed: str) -> str:
    return f"insert into bills values ('{number}', 'c1', '{at(books, issued)}', {amount}, '{at(books, changed)}')"


def test_what_a_database_holds_lands(shop: Books, world: World) -> None:
    report = world.land()
    assert sorted((feed.record_type, feed.counts.rows_landed) for feed in report.feeds) == [("invoices", 2), ("payments", 1)]
    names = world.values("select file_name from raw.delivery order by file_name")
    assert [name.rpartition("/")[0] for name in names] == ["database/crm/invoices", "database/crm/payments"]
    rows = world.rows("select invoice_id, amount, cast(issued_at as varchar) from raw.invoices order by invoice_id")
    assert [(number, str(amount)) for number, amount, _ in rows] == [("b1", "100.2500"), ("b2", "0.1000")]
    assert [moment for _, _, moment in rows] == ["2024-06-03 18:30:00", "2024-06-30 20:00:00"]
    # Both feeds were read as of one moment, and that is when they were known.
    assert len(set(world.values("select known_at from raw.delivery"))) == 1
    assert world.values("select distinct known_at = received_at from raw.delivery") == [True]


def test_nothing_new_lands_nothing(shop: Books, world: World) -> None:
    world.land()
    report = world.land()
    assert (report.feeds, report.skipped) == ((), ())
    assert world.row("select count(*) from raw.delivery") == (2,)


def test_a_change_is_a_correction_and_a_new_row_lands(shop: Books, world: World) -> None:
    world.land()
    shop.execute(
        f"update bills set amount = 7, changed_at = '{at(shop, '2024-07-05 00:00:00')}' where id = 'b1'",
        bill(shop, "b3", "2024-07-01 00:00:00", "3", "2024-07-05 00:00:00"),
    )
    (feed,) = world.land().feeds
    # The second bill lies in the overlap and had landed.
    assert (feed.record_type, feed.counts.rows_landed, feed.counts.rows_duplicate) == ("invoices", 2, 1)
    assert world.row("select count(*) from raw.invoices where invoice_id = 'b1'") == (2,)
    assert [str(world.row(NEWEST.format(number))[0]) for number in ("b1", "b3")] == ["7.0000", "3.0000"]
    assert world.land().feeds == ()


def test_a_change_back_is_news(shop: Books, world: World) -> None:
    world.land()
    for amount in (7, 50):
        shop.execute(f"update receipts set amount = {amount} where id = 'p1'")
        world.land()
    assert [line[1] for line in world.ledger("payments")] == ["landed"] * 3
    counts = [(line[3], line[4]) for line in world.ledger("payments")]
    assert counts == [(1, 0), (1, 0), (0, 1)]


def test_everything_is_rebuilt_from_the_archive(shop: Books, world: World) -> None:
    def content() -> list[tuple[object, ...]]:
        rows = world.rows("select invoice_id, amount, issued_at, _known_at, _delivery_key from raw.invoices order by all")
        return rows + world.rows("select delivery_key, file_name, delivery_order, known_at, rows_landed from raw.delivery order by all")

    world.land()
    shop.execute(bill(shop, "b3", "2024-07-01 00:00:00", "3", "2024-07-05 00:00:00"))
    world.land()
    before = content()
    shutil.rmtree(world.workspace.build_file.parent)
    world.land()
    assert content() == before


def test_a_rebuild_needs_no_database_that_is_paused(shop: Books, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.land()
    shutil.rmtree(world.workspace.build_file.parent)
    for name in shop.environment:
        monkeypatch.delenv(name)
    world.source_text("crm", BILLS.format(database=shop.yaml.replace("}", ", paused: true}")))
    assert len(world.land().feeds) == 2


def test_a_run_that_breaks_off_loses_nothing(shop: Books, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read and archived, and not landed: the next run reads the same again."""
    with monkeypatch.context() as broken:
        broken.setattr("pipelines.intake.landing.store_rows", interrupted)
        with pytest.raises(KeyboardInterrupt):
            world.land()
    assert {feed.counts.rows_landed for feed in world.land().feeds} == {2, 1}


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_column_that_is_missing_refuses_the_run_until_it_is_there(shop: Books, world: World) -> None:
    world.source_text("crm", BILLS.format(database=shop.yaml).replace("amount: amount}\n  payments", "amount: total}\n  payments"))
    for _ in range(2):
        with pytest.raises(ClienteleError, match="total"):
            world.land()
    assert world.rows("select record_type, status from raw.delivery") == [("invoices", "refused")]
    world.source_text("crm", BILLS.format(database=shop.yaml))
    world.land()
    assert world.values("select distinct status from raw.delivery") == ["landed"]


def test_a_table_that_is_gone_leaves_what_had_landed(shop: Books, world: World) -> None:
    world.land()
    before = world.rows("from raw.invoices order by all")
    shop.execute("drop table receipts", bill(shop, "b3", "2024-07-01 00:00:00", "3", "2024-07-05 00:00:00"))
    with pytest.raises(ClienteleError, match="receipts") as fault:
        world.land()
    assert str(world.workspace.sources / "crm.yml") in str(fault.value)
    assert world.rows("from raw.invoices order by all") == before
    assert world.values("select file_name from raw.delivery where status = 'refused'") == ["database/crm/payments"]


def test_what_a_person_rejected_comes_again_with_the_next_change(shop: Books, world: World) -> None:
    world.land()
    shop.execute(bill(shop, "b3", "2024-07-01 00:00:00", "3", "2024-07-09 00:00:00"))
    world.land()
    (key,) = world.values("select delivery_key from raw.delivery where record_type = 'invoices' order by received_at desc limit 1")
    reject(world, key)
    assert world.land().feeds == ()
    shop.execute(bill(shop, "b4", "2024-07-02 00:00:00", "4", "2024-07-15 00:00:00"))
    (feed,) = world.land().feeds
    assert feed.counts.rows_in == 3


def reject(world: World, key: int) -> None:
    """As a person does with a delivery that a check has held."""
    with open_with_vault(world.workspace) as build:
        ledger.hold(build, key, "invoices", "drift")
    decide(world.workspace, load_contracts(), str(key), "rejected", "Ann", "wrong prices")


def test_no_credential_is_written_anywhere(shop: Books, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if not shop.environment:
        pytest.skip("a file has none")
    world.land()
    monkeypatch.setenv("BOOKS_URL", shop.environment["BOOKS_URL"].replace(PASSWORD_IN_URL, "wr0ng-Wort"))
    with pytest.raises(ClienteleError, match="refused the user's name or password") as fault:
        world.land()
    assert world.values("select reason from raw.delivery where status = 'refused'")
    written = str(fault.value).encode() + b"".join(path.read_bytes() for path in world.root.rglob("*") if path.is_file())
    for secret in (PASSWORD, PASSWORD_IN_URL, "wr0ng-Wort", READER):
        assert secret.encode() not in written


def test_nothing_of_what_was_read_lies_about(shop: Books, world: World) -> None:
    told: list[str] = []
    world.land()
    assert list(world.workspace.temp.iterdir()) == []
    assert {path.stat().st_mode & 0o777 for path in world.workspace.archive.iterdir()} == {0o600}
    assert notices(world.workspace) == []
    with read_databases(world.workspace, [], [], {}, lambda what, *_: told.append(what)) as extracted:
        assert extracted == []
