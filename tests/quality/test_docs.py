"""Data Docs: pages that stand by themselves, hold figures and no cell, and say what to do."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

import pytest

from pipelines.intake.delivery_codes import short_code
from pipelines.policy import load_policy
from pipelines.quality.docs import findings_table, folder, write_docs

if TYPE_CHECKING:
    from tests.quality.shop import Shop


@pytest.fixture
def pages(shop: Shop) -> dict[str, str]:
    shop.source("crm", "customers: {columns: {customer_id: Number, name: Name, region: Region}}", system="shop")
    shop.deliver("crm/customers.csv", "Number,Name,Region\n" + "".join(f"customer-{n},Person {n},Northland\n" for n in range(40)))
    shop.usual(3)
    shop.bills(4, 1, amount=7777.77)
    shop.bills(5, statuses=20, amount=8888.88)
    shop.judge()
    first = write_docs(shop.workspace, load_policy())
    return {path.name: path.read_text(encoding="utf-8") for path in first.parent.glob("*.html")}


def test_they_hold_no_value_that_was_delivered(pages: dict[str, str], shop: Shop) -> None:
    cells = set()
    for path in shop.workspace.landing.rglob("*.csv"):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            cells |= {cell for cell in line.split(",") if len(cell) > 3}
    assert len(cells) > 200
    text = "\n".join(pages.values())
    # A status and a day are words of the pages as well: "issued" is in the description of a contract.
    assert {cell for cell in cells if cell in text} <= {"issued"}


def test_they_need_nothing_from_the_network(pages: dict[str, str]) -> None:
    assert set(pages) == {"index.html", "customers.html", "invoices.html"}
    for text in pages.values():
        assert not re.search(r"https?://|<script|<link|<img|@import|url\(", text)
        assert set(re.findall(r'href="([^"]+)"', text)) <= set(pages)


def test_they_say_what_is_held_and_what_warns(pages: dict[str, str], shop: Shop) -> None:
    (key,) = shop.values("select delivery_key from raw.delivery where status = 'held'")
    held, _, warnings = pages["index.html"].partition("<h2>Warnings</h2>")
    assert short_code(key) in held
    assert "row_count_is_plausible" in held
    assert "clientele release CODE" in held
    assert "mean_amount_is_usual" in warnings
    assert "column_is_filled_as_usual" in warnings
    assert "row_count_is_plausible" not in warnings


def test_the_shrink_guard_shows_as_well(shop: Shop) -> None:
    shop.open("mode: full")
    shop.bills(1)
    shop.bills(2, 10)
    shop.judge()
    text = write_docs(shop.workspace, load_policy()).read_text(encoding="utf-8")
    assert "10 records against 40" in text


def test_they_are_the_owners_alone(pages: dict[str, str], shop: Shop) -> None:
    assert stat.S_IMODE(folder(shop.workspace).stat().st_mode) == 0o700


def test_the_table_for_dagster_lists_what_is_not_met(shop: Shop) -> None:
    shop.usual(3)
    shop.bills(4, 1)
    new = shop.judge().new
    table = findings_table(new, "critical")
    assert table.splitlines()[0].startswith("| delivery | code | expectation |")
    assert "| row_count_is_plausible |  | 1 | 2 to 820 |" in table
    assert findings_table(new[:3], "critical") == ""
