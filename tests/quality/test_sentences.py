"""What is said when a run ends: each held delivery and each warning of today, with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.intake.delivery_codes import short_code
from pipelines.policy import load_policy
from pipelines.quality.sentences import held_and_warned

if TYPE_CHECKING:
    from tests.quality.shop import Shop


def said(shop: Shop) -> list[str]:
    return held_and_warned(shop.workspace, load_policy())


def test_nothing_is_said_of_ordinary_deliveries(shop: Shop) -> None:
    assert said(shop) == [], "nothing has landed"
    shop.usual(5)
    shop.judge()
    assert said(shop) == []


def test_a_held_delivery_is_named_with_its_reason_and_what_to_do(shop: Shop) -> None:
    shop.usual(3)
    shop.bills(4, 1)
    shop.judge()
    code = short_code(shop.values("select delivery_key from raw.delivery where status = 'held'")[0])
    (sentence,) = said(shop)
    assert sentence.startswith("Held, not counted: landing/shop/bills_20240501.csv (invoices: rows delivered: 1, expected 2 to 820). ")
    assert sentence.endswith(f"If it is right: clientele release {code} --reason '…'; if not: clientele reject {code} --reason '…'.")


def test_a_warning_of_the_newest_delivery_is_said_and_an_older_one_is_past(shop: Shop) -> None:
    shop.usual(3)
    shop.bills(4, amount=1000)
    shop.judge()
    (sentence,) = said(shop)
    assert sentence.startswith("Warning: landing/shop/bills_20240501.csv (invoices): mean amount: 1,000.98, expected 33.")
    shop.bills(5)
    shop.judge()
    assert said(shop) == []


def test_only_the_first_few_are_said(shop: Shop) -> None:
    shop.usual(3)
    for month in range(4, 11):
        shop.bills(month, 1)
    shop.judge()
    sentences = said(shop)
    assert len(sentences) == 6
    assert "bills_20241101" in sentences[0], "the newest first"
    assert sentences[-1] == "… and 2 more held: clientele deliveries --status held"
