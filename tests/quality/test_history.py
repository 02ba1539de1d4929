"""What counts as history, and that the order in which deliveries are judged makes no difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.intake.decisions import record_decision
from pipelines.intake.ledger import settle
from pipelines.warehouse.build import open_build
from tests.quality.shop import Shop, unmet

if TYPE_CHECKING:
    from pathlib import Path


def release(shop: Shop) -> None:
    """Release all that is held, as a person would."""
    for (key,) in shop.rows("select distinct delivery_key from raw.delivery where status = 'held'"):
        record_decision(shop.workspace, key, "released", "somebody", "it is right")
        with open_build(shop.workspace) as build:
            settle(build.connection, key, "landed", "it is right")


WILD = {4: 1, 5: 1, 6: 1, 7: 900, 9: 1, 10: 42}


@pytest.mark.parametrize("at_once", [True, False])
def test_deliveries_judged_in_one_run_are_judged_as_one_by_one(shop: Shop, *, at_once: bool) -> None:
    """Held deliveries are no history: were they, the second file of one row would look as usual as the first."""
    for month in range(1, 11):
        shop.bills(month, WILD.get(month, 40))
        if not at_once:
            shop.judge()
    if at_once:
        shop.judge()
    assert shop.standing() == ["landed"] * 3 + ["held"] * 4 + ["landed", "held", "landed"]


def test_a_full_rebuild_judges_as_the_first_time(shop: Shop, tmp_path: Path) -> None:
    for month in range(1, 11):
        shop.bills(month, WILD.get(month, 40))
        shop.judge()
    query = """
        select file_name, expectation, column_name, is_met, round(observed, 9), round(expected_low, 9), round(expected_high, 9)
        from raw.delivery_check join raw.delivery using (delivery_key, record_type) order by all
    """
    before = shop.rows(query)
    shop.workspace.build_file.unlink()
    shop.judge()
    assert shop.rows(query) == before
    assert len(before) > 50


def test_a_released_delivery_is_not_held_again(shop: Shop) -> None:
    shop.usual(3)
    shop.bills(4, 1)
    shop.judge()
    assert shop.standing()[-1] == "held"
    release(shop)
    assert shop.standing()[-1] == "landed"
    shop.workspace.build_file.unlink()
    shop.judge()
    assert shop.standing() == ["landed"] * 4
    assert shop.values("select is_met from raw.delivery_check where expectation = 'row_count_is_plausible'")[-1] is False


def test_a_lasting_change_is_released_once(shop: Shop) -> None:
    """A column that is gone for good, and a business that has grown: what a person has let pass is usual from then on."""
    shop.usual(3)
    shop.bills(4, 5000, statuses=0)
    shop.judge()
    assert shop.standing()[-1] == "held"
    release(shop)
    shop.bills(5, 5000, statuses=0)
    assert unmet(shop.judge()) == []


def test_a_late_older_delivery_is_compared_with_those_before_it(shop: Shop) -> None:
    for month in (2, 3, 4, 5):
        shop.bills(month)
    shop.judge()
    shop.bills(1, 1)
    assert unmet(shop.judge()) == []


def test_other_sources_are_no_history(shop: Shop) -> None:
    shop.usual(4)
    shop.source("kiosk", "invoices: {columns: {invoice_id: Bill, issued_at: At, amount: Sum}}", "known_at: {from: latest_event}")
    shop.deliver("kiosk/one.csv", "Bill,At,Sum\n1,2024-06-01 00:00:00,3\n")
    assert unmet(shop.judge()) == []


def test_each_delivery_is_judged_once(shop: Shop) -> None:
    shop.usual(3)
    assert len(shop.judge().new) == 3
    figures = shop.rows("from raw.delivery_metric order by all")
    again = shop.assess()
    assert again.new == ()
    assert dict(again.held) == {"invoices": 0}
    assert shop.rows("from raw.delivery_metric order by all") == figures


def test_a_run_that_breaks_off_leaves_nothing_half_done(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.usual(3)
    shop.bills(4, 1)
    shop.land()
    with monkeypatch.context() as patched:
        patched.setattr("pipelines.intake.ledger.hold", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            shop.assess()
    assert shop.rows("from raw.delivery_metric") == []
    assert shop.rows("from raw.delivery_check") == []
    assert shop.standing() == ["landed"] * 4
    assert len(shop.assess().new) == 4
    assert shop.standing()[-1] == "held"


def test_a_replay_is_neither_judged_nor_history(shop: Shop) -> None:
    shop.usual(4)
    shop.land()
    with open_build(shop.workspace) as build:
        build.connection.execute(
            "update raw.delivery set mends_delivery_key = 1 where delivery_order = (select max(delivery_order) from raw.delivery)"
        )
    assert len(shop.assess().new) == 3
    assert shop.assess().new == ()
