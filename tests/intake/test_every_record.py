"""Every record type on its whole way: delivered rows made from its contract land, and staging has them."""

from __future__ import annotations

import csv
import io
import re
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pipelines.contracts.model import RecordType, load_contracts
from pipelines.transform.project import PROJECT, ensure_manifest
from pipelines.transform.runner import build
from tests.intake.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.contracts.record_type import Property

CONTRACTS = load_contracts()
FITTING = ("CNY", "08:30", "zh-CN")


def cell(item: Property, number: int) -> str:
    """A value as a file has it, another one for each number."""
    if item.valid_values:
        return item.valid_values[number % len(item.valid_values)]
    if item.pattern is not None:
        return next(text for text in FITTING if re.fullmatch(item.pattern, text))
    return {
        "string": f"{item.name} {number}",
        "date": f"2024-01-0{number}",
        "timestamp": f"2024-01-0{number} 08:00:00",
        "number": f"0.{number}",
        "integer": str(number),
        "boolean": "yes" if number % 2 else "no",
    }[item.logical_type]


def needed(record: RecordType) -> set[str]:
    """The columns that a row cannot do without."""
    return {item.name for item in record.properties if item.required or item == record.sequence} | set(record.one_of[:1])


def delivered(record: RecordType) -> list[dict[str, str]]:
    """Two rows: one with every column, one with those only that it needs."""
    whole = {item.name: cell(item, 1) for item in record.properties}
    bare = {item.name: cell(item, 2) if item.name in needed(record) else "" for item in record.properties}
    return [whole, bare]


def written(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A workspace into which each record type was delivered, and then once more, the other way round; with staging built."""
    world = World(tmp_path_factory.mktemp("everything"))
    for record in CONTRACTS.values():
        columns = "\n".join(f"    {item.name}: '\"{item.name}\"'" for item in record.properties)
        world.source(record.name, f"{record.name}:\n  columns:\n{columns}", system="crm")
        rows = delivered(record)
        for name, content, hour in (("1", rows, 8), ("2", rows[::-1], 9)):
            world.deliver(f"{record.name}/{name}.csv", written(content), datetime(2024, 3, 1, hour, tzinfo=UTC))
    world.land()
    stage(world, tmp_path_factory.mktemp("dbt") / "project")
    return world


def stage(world: World, project: Path) -> None:
    """Build the staging models alone, with their data tests."""
    for part in ("macros", "tests/generic", "models/staging"):
        shutil.copytree(PROJECT / part, project / part)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / name, project / name)
    variables = {"known_by": "9999-12-31 00:00:00"}
    parsed = ensure_manifest(variables, project)
    for _ in build(parsed, build_file=world.workspace.build_file, artefacts=project / "artefacts", variables=variables, selection=()):
        pass


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_row_lands_once(everything: World, name: str) -> None:
    assert everything.ledger(name) == [("1.csv", "landed", 2, 2, 0, 0, 0, 2), ("2.csv", "landed", 2, 0, 2, 0, 0, 2)]


@pytest.mark.parametrize("record", CONTRACTS.values(), ids=CONTRACTS)
def test_staging_has_the_rows_with_what_they_hold(everything: World, record: RecordType) -> None:
    names = [column.name for column in record.data_columns()]
    counts = ", ".join(f"count({name})" for name in names)
    assert everything.row(f"select count(*), count(distinct _record_key), {counts} from staging.stg_{record.name}") == (
        2,
        2,
        *(2 if column.property_name in needed(record) | {"currency"} else 1 for column in record.data_columns()),
    )


@pytest.mark.parametrize("name", sorted(name for name, record in CONTRACTS.items() if record.keep_versions))
def test_versions_have_the_rows_too(everything: World, name: str) -> None:
    assert everything.row(f"select count(*), count(distinct _record_key) from staging.stg_{name}__versions") == (2, 2)


def test_numbers_of_other_systems_are_those_systems_customers(everything: World) -> None:
    """Two numbers of two systems: the keys that those systems' own deliveries would get."""
    found = everything.rows(
        """
        select i.left_system, l.source_system, l.source_id, i.right_system, r.source_system, r.source_id
        from raw.identity_decisions as i
        inner join vault.registry as l on i.left_customer_key = l.surrogate
        inner join vault.registry as r on i.right_customer_key = r.surrogate
        order by all
        """
    )
    assert found == [
        ("left_system 1", "left_system 1", "left_customer_id 1", "right_system 1", "right_system 1", "right_customer_id 1"),
        ("left_system 2", "left_system 2", "left_customer_id 2", "right_system 2", "right_system 2", "right_customer_id 2"),
    ]
