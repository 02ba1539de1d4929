"""What people decide of deliveries: kept in the state file, entered in the ledger, and entered again where the ledger was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.render import intake_table_ddl
from pipelines.errors import ClienteleError
from pipelines.intake import ledger
from pipelines.intake.decisions import decided, record_decision
from pipelines.warehouse.connection import open_file

if TYPE_CHECKING:
    from pipelines.warehouse.workspace import Workspace
    from tests.intake.world import World

LINE = """
insert into raw.delivery by name select
    {key} as delivery_key, 'crm' as source_name, 'crm' as source_system, 'landing/crm/{key}.csv' as file_name, 1 as file_size,
    1 as content_key, '{record}' as record_type, 'full' as mode, '{key}' as delivery_order, timestamp '2024-03-01' as received_at,
    timestamp '2024-03-01' as landed_at, 0 as rows_in, 0 as rows_landed, 0 as rows_duplicate, 0 as rows_excluded, 0 as rows_quarantined,
    0 as records, false as is_folded, false as is_accumulated, true as is_keyed, '{status}' as status, {mends} as mends_delivery_key
"""


@pytest.fixture
def place(world: World) -> Workspace:
    """A ledger with three deliveries: 1 landed, 2 held as customers and landed as accounts, 3 refused; 4 mends rows of 2."""
    world.workspace.prepare()
    with open_file(world.workspace.build_file, world.workspace) as build:
        build.execute("create schema raw")
        build.execute(intake_table_ddl(load_intake_tables()["delivery"]))
        for key, record, status, mends in (
            (1, "customers", "landed", "null"),
            (2, "customers", "held", "null"),
            (2, "accounts", "landed", "null"),
            (3, "customers", "refused", "null"),
            (4, "customers", "held", "2"),
        ):
            build.execute(LINE.format(key=key, record=record, status=status, mends=mends))
    return world.workspace


def entered(place: Workspace) -> list[tuple[object, ...]]:
    with open_file(place.build_file, place, read_only=True) as build:
        return build.execute(
            "select delivery_key, record_type, status, reason, decision, decided_at is not null from raw.delivery order by all"
        ).fetchall()


def apply(place: Workspace) -> int:
    with open_file(place.build_file, place) as build:
        return ledger.apply_decisions(build, decided(place))


def test_nothing_is_decided_before_somebody_decides(place: Workspace) -> None:
    assert decided(place) == {}
    assert not place.state_file.exists()
    assert apply(place) == 0


def test_the_last_decision_is_in_force(place: Workspace) -> None:
    record_decision(place, 2, "released", "ana", "the loss is real")
    record_decision(place, 1, "rejected", "ana", "cut short")
    last = record_decision(place, 2, "rejected", " ben ", "the  loss\nwas not real")
    assert decided(place)[2] == last
    assert (last.decision, last.status, last.decided_by, last.reason) == ("rejected", "rejected", "ben", "the loss was not real")
    assert set(decided(place)) == {1, 2}


@pytest.mark.parametrize(("reason", "by", "said"), [("  ", "ana", "needs its reason"), ("x" * 501, "ana", "501"), ("true", " ", "--by")])
def test_a_decision_without_reason_or_name_is_not_kept(place: Workspace, reason: str, by: str, said: str) -> None:
    with pytest.raises(ClienteleError, match=said):
        record_decision(place, 2, "released", by, reason)
    assert decided(place) == {}


def test_a_decision_concerns_the_whole_delivery_and_its_replays(place: Workspace) -> None:
    before = entered(place)
    record_decision(place, 2, "rejected", "ana", "cut short")
    assert apply(place) == 1
    assert entered(place) == [
        before[0],
        (2, "accounts", "rejected", "cut short", "rejected", True),
        (2, "customers", "rejected", "cut short", "rejected", True),
        before[3],
        (4, "customers", "rejected", "cut short", "rejected", True),
    ]
    after = entered(place)
    assert apply(place) == 0
    assert entered(place) == after


def test_a_released_delivery_is_not_held_again(place: Workspace) -> None:
    record_decision(place, 2, "released", "ana", "the loss is real")
    apply(place)
    with open_file(place.build_file, place) as build:
        assert ledger.hold(build, 1, "customers", "too few rows")
        assert not ledger.hold(build, 1, "customers", "too few rows")
        assert not ledger.hold(build, 2, "customers", "too few rows")
        assert not ledger.hold(build, 3, "customers", "too few rows")
    assert [(key, record, status) for key, record, status, *_ in entered(place)] == [
        (1, "customers", "held"),
        (2, "accounts", "landed"),
        (2, "customers", "landed"),
        (3, "customers", "refused"),
        (4, "customers", "landed"),
    ]


def test_who_decided_is_in_the_state_file_alone(place: Workspace) -> None:
    record_decision(place, 2, "released", "ana.garcia", "the loss is real")
    apply(place)
    assert b"ana.garcia" in place.state_file.read_bytes()
    assert b"ana.garcia" not in place.build_file.read_bytes()
