"""The vault keeps every delivery: a lost build file is made anew from it, a lost vault is not made anew in silence."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError
from pipelines.intake.notices import notices

if TYPE_CHECKING:
    from tests.intake.world import World

PAYMENTS = """
    payments:
      columns: {payment_id: Id, customer_id: Customer, paid_at: Paid, amount: Amount}
"""
LANDED = "select payment_id, customer_key, amount, _known_at from raw.payments order by all"


@pytest.fixture
def till(world: World) -> World:
    """Two deliveries, the second with a correction."""
    order = r"delivery_order: {from: file_name, pattern: '(\d+)'}"
    world.source("till", PAYMENTS, f"{order}\nknown_at: {{from: latest_event}}")
    world.deliver("till/1.csv", "Id,Customer,Paid,Amount\np1,c1,2024-01-05,10\np2,c2,2024-01-06,20\n")
    world.deliver("till/2.csv", "Id,Customer,Paid,Amount\np2,c2,2024-02-06,25\n")
    assert world.land().is_new
    return world


def test_a_lost_build_file_is_made_anew_from_the_archive(till: World) -> None:
    before, ledger = till.rows(LANDED), till.ledger("payments")
    shutil.rmtree(till.workspace.landing / "till")
    (till.workspace.landing / "till").mkdir()
    shutil.rmtree(till.workspace.build_file.parent)
    assert till.land().is_new
    assert till.rows(LANDED) == before
    assert till.ledger("payments") == ledger
    assert not till.land().is_new


def test_what_lies_in_both_places_lands_once(till: World) -> None:
    before = till.rows(LANDED)
    shutil.rmtree(till.workspace.build_file.parent)
    assert till.land().is_new
    assert till.rows(LANDED) == before


def test_a_lost_vault_is_refused(till: World) -> None:
    till.workspace.vault_file.unlink()
    with pytest.raises(ClienteleError, match=r"registry is missing .* put it back from your backup"):
        till.land()
    assert not till.workspace.vault_file.exists()


def test_nothing_delivered_is_said(world: World) -> None:
    world.source("till", PAYMENTS)
    with pytest.raises(ClienteleError, match=r"nothing was delivered yet; no file lies at landing/till/\*"):
        world.land()


def test_a_source_that_has_changed_since_is_noticed(till: World) -> None:
    assert notices(till.workspace) == []
    path = till.workspace.sources / "till.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"# A remark changes nothing.\n{text}", encoding="utf-8")
    assert notices(till.workspace) == []
    path.write_text(text.replace("amount: Amount", "amount: 'cast(Amount as decimal(18, 4)) * 2'"), encoding="utf-8")
    (sentence,) = notices(till.workspace)
    assert "till.yml has changed since 2 of its 2 deliveries landed" in sentence
    shutil.rmtree(till.workspace.build_file.parent)
    till.land()
    assert notices(till.workspace) == []
    assert till.values("select sum(amount) from raw.payments") == [110]


def test_a_location_that_finds_nothing_is_noticed(till: World) -> None:
    till.source("desk", PAYMENTS)
    till.land()
    (sentence,) = notices(till.workspace)
    assert "no file lies at landing/desk/*" in sentence


def test_an_amount_that_no_total_could_hold_is_quarantined(world: World) -> None:
    world.source("till", PAYMENTS)
    world.deliver("till/1.csv", "Id,Customer,Paid,Amount\np1,c1,2024-01-05,99999999999999\np2,c2,2024-01-06,10000000000\n")
    world.land()
    assert world.rows("select column_name, rule from vault.quarantine") == [("amount", "maximum")]
    assert world.values("select payment_id from raw.payments") == ["p2"]
