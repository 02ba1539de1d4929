"""Wrong input: one sentence that names the file, the place in it and what to do, and nothing landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.intake.world import World

SOURCE = """
source: bank
system: bank
location: landing/bank/*.csv
time_zone: Asia/Shanghai
currency: CNY
feeds:
  payments:
    columns:
      payment_id: Id
      paid_at: Paid
      amount: Amount
"""


def sentence(world: World) -> str:
    """What a run says that must fail."""
    with pytest.raises(ClienteleError) as fault:
        world.land()
    return str(fault.value)


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("currency", "curency", 6, "unknown key 'curency'; did you mean 'currency'?"),
        ("currency: CNY\n", "", 1, "the key 'currency' is missing; add it"),
        ("currency: CNY", "currency: yuan", 6, "'currency' is 'yuan'"),
        ("Asia/Shanghai", "Shanghai", 5, "'time_zone' is 'Shanghai': is not a time zone by region and place, such as Asia/Shanghai"),
        ("Asia/Shanghai", "CST", 5, "is not a time zone by region and place, such as"),
        ("landing/bank", "/landing/bank", 4, "is outside the workspace; give a path below it"),
        ("landing/bank", "landing/../../bank", 4, "is outside the workspace"),
        (
            "landing/bank/*.csv",
            "landing/bank",
            4,
            "'landing/bank' is a folder; say which of its files are delivered, such as 'landing/bank/*.csv'",
        ),
        ("landing/bank/*.csv", "landing/banc/*.csv", 4, "the folder {root}/landing/banc does not exist; create it, or correct 'location'"),
        ("landing/bank/*.csv", "''", 4, "'location' is ''"),
        ("feeds:", "format: {delimeter: ';'}\nfeeds:", 7, "unknown key 'delimeter'; did you mean 'delimiter'?"),
        ("feeds:", "format: {encoding: latin}\nfeeds:", 7, "it should be 'auto', 'utf-8', 'utf-16'"),
        ("feeds:", "mode: complete\nfeeds:", 7, "should be 'append' or 'full'"),
        ("feeds:", "max_loss_share: 20\nfeeds:", 7, "'max_loss_share' is 20"),
        ("feeds:", "known_at: {from: file_name}\nfeeds:", 7, "'known_at' is taken from the file's name but has no pattern; add one"),
        ("feeds:", "known_at: {from: file_name, pattern: '(a'}\nfeeds:", 7, "is not a regular expression"),
        ("feeds:", "delivery_order: {from: file_name, pattern: 'a'}\nfeeds:", 7, "must hold exactly one (group)"),
        ("feeds:", "ids_from: {custmer: crm}\nfeeds:", 7, "no id names a 'custmer'; did you mean 'customer'?"),
        ("payments:", "paymets:", 8, "there is no record type 'paymets'; did you mean 'payments'?"),
        ("amount: Amount", "amuont: Amount", 12, "the record type payments has no column 'amuont'; did you mean 'amount'"),
        ("      amount: Amount\n", "", 9, "the required column 'amount' of payments is not mapped; add 'amount: <delivered column>'"),
        ("amount: Amount", "amount: Amount +", 12, "'Amount +' is not an expression over the delivered columns"),
        ("amount: Amount", "amount: 5", 12, "'feeds.payments.columns.amount' is 5"),
        (
            "    columns:",
            "    where: (select 1)\n    columns:",
            9,
            "is not an expression over the delivered columns: subquery is not allowed here",
        ),
        ("    columns:", "    fold: {amuont: sum}\n    columns:", 9, "'amuont' is folded but not mapped; did you mean 'amount'"),
        (
            "    columns:",
            "    fold: {paid_at: sum}\n    columns:",
            9,
            "'paid_at' of payments cannot be folded by sum (possible: min, max, latest, any_equal)",
        ),
        ("    columns:", "    fold: {amount: total}\n    columns:", 9, "'feeds.payments.fold.amount' is 'total'"),
        ("    columns:", "    folds: {amount: sum}\n    columns:", 9, "unknown key 'folds'; did you mean 'fold'?"),
        ("system: bank", "system: [bank", 3, "this is not YAML"),
        ("system: bank", "system: bank\nsystem: crm", 4, "the key 'system' stands twice; keep one"),
        ("system: bank", "system: Bank Ltd", 3, "'system' is 'Bank Ltd'"),
    ],
)
def test_a_source_file_at_fault(world: World, before: str, after: str, line: int, said: str) -> None:
    assert before in SOURCE
    path = world.source_text("bank", SOURCE.replace(before, after, 1))
    message = sentence(world)
    assert message.startswith(f"{path}, line {line}: "), message
    assert said.format(root=world.root) in message
    assert message.endswith((".", "?")), message
    assert "\n" not in message
    assert len(message) < 600, "a sentence, not a list"


def test_a_fold_without_the_whole_key(world: World) -> None:
    source = world.source("till", "invoice_lines:\n  fold: {amount: sum}\n  columns: {invoice_id: Bill, amount: Amount}")
    assert sentence(world) == (
        f"{source}, line 10: invoice_lines folds by its key, but 'line_number' is not mapped; map it, or leave out fold and accumulate."
    )


def test_two_sources_of_one_name(world: World) -> None:
    first = world.source_text("bank", SOURCE)
    second = world.source_text("bank_again", SOURCE)
    assert sentence(world) == f"{second}: the source 'bank' is already defined in {first}; give one of them another name."


def test_a_source_file_may_end_in_yaml(world: World) -> None:
    world.source_text("bank", SOURCE).rename(world.workspace.sources / "bank.yaml")
    world.deliver("bank/1.csv", "Id,Paid,Amount\n1,2024-01-01,1\n")
    assert world.land().is_new


def test_no_source_at_all(world: World) -> None:
    assert sentence(world).startswith(f"{world.workspace.sources}: no source is defined; write one YAML file for each system that delivers")
    assert not world.workspace.build_file.exists()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Id,Paid,Amuont", "the column 'Amount', read by payments.amount, is missing; did you mean 'Amuont'?"),
        ("ID_,PAID,AMOUNT", "the column 'Id', read by payments.payment_id, is missing; did you mean 'ID_' or 'PAID'?"),
        ("Id;Paid;Amount", "the column 'Id', read by payments.payment_id, is missing (none of its 1 column names is near it)"),
        ("Id,Paid,x,y,z", "the column 'Amount', read by payments.amount, is missing (none of its 5 column names is near it)"),
    ],
)
def test_a_required_column_that_is_missing(world: World, header: str, said: str) -> None:
    source = world.source_text("bank", SOURCE)
    path = world.deliver("bank/1.csv", f"{header}\n1,2024-01-01,1\n")
    assert sentence(world) == f"{path}: {said}; mend the file, its header line or the mapping and format in {source}."
    reason = said.split(";", maxsplit=1)[0].split(" (", maxsplit=1)[0]
    assert world.rows("select status, reason from raw.delivery") == [("refused", reason)]


def test_a_column_that_only_the_where_reads(world: World) -> None:
    world.source_text("bank", SOURCE.replace("    columns:", "    where: Kind = 'x'\n    columns:"))
    world.deliver("bank/1.csv", "Id,Paid,Amount\n1,2024-01-01,1\n")
    assert "the column 'Kind', read by the where of payments, is missing" in sentence(world)


@pytest.mark.parametrize(
    "expression",
    ["Amount * 2", "cast(Amount as no_such_type)", "strptime(Amount, Paid, 1)", "case Amount when 1 then 2 end + 'x'"],
)
def test_an_expression_that_cannot_be_computed(world: World, expression: str) -> None:
    source = world.source_text("bank", SOURCE.replace("amount: Amount", f'amount: "{expression}"'))
    world.deliver("bank/1.csv", "Id,Paid,Amount\n1,2024-01-01,1\n")
    message = sentence(world)
    assert message.startswith(f"{source}: an expression of the feed payments cannot be computed (")
    assert "\n" not in message
    assert world.values("select count(*) from raw.payments") == [0]


def test_a_fault_of_the_source_is_said_once_for_all_its_deliveries(world: World) -> None:
    world.source_text("bank", SOURCE.replace("amount: Amount", "amount: Amount * 2"))
    for number in range(3):
        world.deliver(f"bank/{number}.csv", f"Id,Paid,Amount\n{number},2024-01-01,1\n")
    assert "\n" not in sentence(world)
    assert world.values("select count(*) from raw.delivery where status = 'refused'") == [3]


def cannot_be_read(world: World) -> str:
    (world.workspace.landing / "bank" / "1.csv").symlink_to("nowhere.csv")
    return "1.csv: cannot be read (No such file or directory); check that the file is whole and may be read."


def leads_out(world: World) -> str:
    outside = world.root.parent / "outside.csv"
    outside.write_text("Id,Paid,Amount\n1,2024-01-01,1\n", encoding="utf-8")
    (world.workspace.landing / "bank" / "1.csv").symlink_to(outside)
    return "1.csv: is a link that leads out of the workspace; put the file itself there."


def folder_leads_out(world: World) -> str:
    outside = world.root.parent / "outside"
    outside.mkdir()
    (outside / "1.csv").write_text("Id,Paid,Amount\n1,2024-01-01,1\n", encoding="utf-8")
    (world.workspace.landing / "bank").rmdir()
    (world.workspace.landing / "bank").symlink_to(outside)
    return "1.csv: is a link that leads out of the workspace; put the file itself there."


@pytest.mark.parametrize("spoil", [cannot_be_read, leads_out, folder_leads_out])
def test_a_delivered_file_at_fault(world: World, spoil: Callable[[World], str]) -> None:
    world.source_text("bank", SOURCE)
    expected = spoil(world)
    assert sentence(world) == f"{world.workspace.landing}/bank/{expected}"
    assert world.values("select count(*) from raw.payments") == [0]
