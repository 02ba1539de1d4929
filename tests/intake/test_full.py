"""Full deliveries: each says which records there are, so that an empty or cut one must not end anybody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.intake.world import World

CUSTOMERS = """
    customers:
      columns: {customer_id: Id, region: Region}
"""
FULL = "mode: full\ndelivery_order: {from: file_name, pattern: '(\\d{4}-\\d{2}-\\d{2})'}"


def customers(count: int, region: str = "north") -> str:
    return "Id,Region\n" + "".join(f"c{number},{region}\n" for number in range(count))


def statuses(world: World) -> list[tuple[str, str]]:
    return [(file, status) for file, status, *_ in world.ledger("customers")]


@pytest.mark.parametrize(("kept", "status"), [(8, "landed"), (7, "held"), (0, "held")])
def test_a_delivery_that_has_lost_more_than_a_fifth_is_held(world: World, kept: int, status: str) -> None:
    world.source("crm", CUSTOMERS, FULL)
    world.deliver("crm/2024-01-01.csv", customers(10))
    world.deliver("crm/2024-01-02.csv", customers(kept))
    world.land()
    assert statuses(world) == [("2024-01-01.csv", "landed"), ("2024-01-02.csv", status)]
    assert world.rows("select rows_in, rows_duplicate, records from raw.delivery order by delivery_order") == [
        (10, 0, 10),
        (kept, kept, kept),
    ]


def test_an_empty_delivery_is_held_whatever_a_source_allows(world: World) -> None:
    world.source("crm", CUSTOMERS, f"{FULL}\nmax_loss_share: 1")
    world.deliver("crm/2024-01-01.csv", customers(10))
    world.deliver("crm/2024-01-02.csv", customers(1))
    world.deliver("crm/2024-01-03.csv", "Id,Region\n")
    world.land()
    assert [status for _, status in statuses(world)] == ["landed", "landed", "held"]
    assert world.values("select reason from raw.delivery where status = 'held'") == [
        "no record against 1 in the delivery before; an empty delivery ends nobody until it is released"
    ]


def test_a_source_may_allow_less(world: World) -> None:
    world.source("crm", CUSTOMERS, f"{FULL}\nmax_loss_share: 0")
    world.deliver("crm/2024-01-01.csv", customers(10))
    world.deliver("crm/2024-01-02.csv", customers(9))
    world.land()
    assert [status for _, status in statuses(world)] == ["landed", "held"]
    assert world.values("select reason from raw.delivery where status = 'held'") == [
        "9 records against 10 in the delivery before; more than a share of 0 is lost"
    ]


def test_rows_that_are_quarantined_are_lost_too(world: World) -> None:
    world.source("crm", CUSTOMERS, FULL)
    world.deliver("crm/2024-01-01.csv", customers(10))
    world.deliver("crm/2024-01-02.csv", customers(7) + "c7,east\nc7,west\nc8\n")
    world.land()
    assert world.ledger("customers")[1] == ("2024-01-02.csv", "held", 10, 0, 7, 0, 3, 7)


def test_a_late_older_delivery_is_compared_with_what_came_before_it(world: World) -> None:
    world.source("crm", CUSTOMERS, FULL)
    world.deliver("crm/2024-01-03.csv", customers(100))
    world.land()
    world.deliver("crm/2024-01-01.csv", customers(10))
    world.deliver("crm/2024-01-02.csv", customers(5))
    world.land()
    assert statuses(world) == [("2024-01-03.csv", "landed"), ("2024-01-01.csv", "landed"), ("2024-01-02.csv", "held")]


def test_rows_of_a_held_delivery_do_not_make_later_ones_duplicates(world: World) -> None:
    world.source("crm", CUSTOMERS, FULL)
    world.deliver("crm/2024-01-01.csv", customers(10))
    world.deliver("crm/2024-01-02.csv", customers(1, "south"))
    world.deliver("crm/2024-01-03.csv", customers(10, "south"))
    world.land()
    assert [row[1:] for row in world.ledger("customers")] == [
        ("landed", 10, 10, 0, 0, 0, 10),
        ("held", 1, 1, 0, 0, 0, 1),
        ("landed", 10, 10, 0, 0, 0, 10),
    ]


def test_a_return_to_what_was_before_counts(world: World) -> None:
    world.source("crm", CUSTOMERS, FULL)
    for day, region in ((1, "north"), (2, "south"), (3, "north")):
        world.deliver(f"crm/2024-01-0{day}.csv", customers(2, region))
    report = world.land()
    assert report.skipped == ()
    assert [row[1:] for row in world.ledger("customers")] == [
        ("landed", 2, 2, 0, 0, 0, 2),
        ("landed", 2, 2, 0, 0, 0, 2),
        ("landed", 2, 0, 2, 0, 0, 2),
    ]
    assert (
        world.values("select file_name from raw.repeated_row join raw.delivery using (delivery_key)") == ["landing/crm/2024-01-03.csv"] * 2
    )


def test_one_file_that_is_written_over_again_and_again(world: World) -> None:
    world.source("crm", CUSTOMERS, "mode: full")
    for hour, region in ((1, "north"), (2, "south"), (3, "south"), (4, "north")):
        world.deliver("crm/customers.csv", customers(2, region), datetime(2024, 1, 1, hour, tzinfo=UTC))
        world.land()
    # The third says again, under the same name, what the second said.
    assert [row[1:5] for row in world.ledger("customers")] == [("landed", 2, 2, 0), ("landed", 2, 2, 0), ("landed", 2, 0, 2)]
    assert not world.land().is_new


def test_a_record_whose_row_is_quarantined_was_there(world: World) -> None:
    world.source("crm", CUSTOMERS.replace("region: Region", "region: Region, language: Language"), FULL)
    world.deliver("crm/2024-01-01.csv", "Id,Region,Language\nc1,north,en\nc2,north,en\nc3,north,en\nc4,north,en\nc5,north,en\n")
    world.deliver("crm/2024-01-02.csv", "Id,Region,Language\nc1,north,en\nc2,north,en\nc3,north,en\nc4,north,en\nc5,north,English please\n")
    world.land()
    assert world.ledger("customers")[1] == ("2024-01-02.csv", "landed", 5, 0, 4, 0, 1, 4)
    assert world.rows(
        "select split_part(file_name, '/', -1) from raw.incomplete_key join raw.delivery using (delivery_key) "
        "join raw.customers on record_key = _record_key"
    ) == [("2024-01-02.csv",)]
