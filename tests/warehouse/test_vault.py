"""The registry of surrogates."""

from __future__ import annotations

import os
import stat
from itertools import pairwise
from typing import TYPE_CHECKING

from pipelines.warehouse.vault import open_with_vault, register

if TYPE_CHECKING:
    import pytest

    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.workspace import Workspace

PEOPLE = "select 'crm' as source_system, 'C' || i as source_id from range({}) as numbers (i)"


def registry(connection: Connection) -> dict[tuple[str, str, str], int]:
    rows = connection.execute("select entity, source_system, source_id, surrogate from vault.registry").fetchall()
    found = {row[:3]: row[3] for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_surrogate_stays(workspace: Workspace) -> None:
    workspace.prepare()
    with open_with_vault(workspace) as connection:
        assert register(connection, "customer", PEOPLE.format(50)) == 50
        first = registry(connection)
        assert register(connection, "customer", PEOPLE.format(50)) == 0
    with open_with_vault(workspace) as connection:
        assert register(connection, "customer", PEOPLE.format(60) + " union all " + PEOPLE.format(60)) == 10
        after = registry(connection)
    assert first.items() <= after.items()
    assert len(after) == 60
    assert stat.S_IMODE(workspace.vault_file.stat().st_mode) == 0o600


def test_surrogates_are_unique_over_entities_and_systems(workspace: Workspace) -> None:
    workspace.prepare()
    with open_with_vault(workspace) as connection:
        for entity in ("customer", "account"):
            register(connection, entity, PEOPLE.format(500))
        assert register(connection, "customer", PEOPLE.format(500).replace("'crm'", "'billing'")) == 500
        found = registry(connection)
    assert len(set(found.values())) == len(found) == 1500
    assert all(0 <= surrogate < 1 << 62 for surrogate in found.values())


def test_surrogates_say_nothing_of_the_order_of_the_ids(workspace: Workspace) -> None:
    workspace.prepare()
    with open_with_vault(workspace) as connection:
        register(connection, "customer", PEOPLE.format(1000))
        surrogates = [surrogate for _, surrogate in sorted(registry(connection).items())]
    rising = sum(later > earlier for earlier, later in pairwise(surrogates))
    assert 400 < rising < 600
    # Each of the 62 bits is set about half the time.
    assert all(300 < sum(surrogate >> bit & 1 for surrogate in surrogates) < 700 for bit in range(62))


def test_a_number_that_is_taken_is_not_given_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.prepare()
    drawn = [bytes(range(16)), bytes(range(16)), bytes(range(8)) * 2, bytes(range(16, 32))]
    monkeypatch.setattr(os, "urandom", lambda _: drawn.pop(0))
    with open_with_vault(workspace) as connection:
        register(connection, "customer", PEOPLE.format(2))
        # The second draw repeats what the registry has, the third repeats itself.
        register(connection, "account", PEOPLE.format(2))
        assert len(set(registry(connection).values())) == 4
    assert drawn == []
