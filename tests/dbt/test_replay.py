"""The worked example with its broken line mended by a replay: what core and meta say before, then, and of an earlier day."""

from __future__ import annotations

import csv
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipelines.intake.inventory import open_landed
from pipelines.intake.quarantine.exporting import export
from pipelines.intake.quarantine.inventory import quarantined_rows
from pipelines.intake.replay.replaying import replay
from pipelines.policy import load_policy
from pipelines.transform.project import ensure_manifest
from pipelines.transform.runner import build
from tests.intake.test_worked_example import EXPORT, FEEDS
from tests.intake.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

MODELS = (
    "+reconciliation reconciliation_leaves_nothing_unexplained int_month__closed delivery_ledger quarantine_summary replayed_row".split()
)
# The marts need estimates, and no test of them is asked for here.
SELECTED = ("--select", *MODELS, "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")
MENDED_AT = datetime(2024, 8, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Business:
    """A build over the landed rows as they were at some time."""

    file: Path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file), read_only=True) as connection:
            return connection.execute(query).fetchall()


def built(world: World, folder: Path, known_by: str = "9999-12-31 00:00:00", selected: Sequence[str] = SELECTED) -> Business:
    folder.mkdir()
    file = Path(shutil.copy(world.workspace.build_file, folder / "build.duckdb"))
    variables = {"policy": load_policy().as_variables(), "known_by": known_by}
    for _ in build(ensure_manifest(variables), build_file=file, artefacts=folder / "artefacts", variables=variables, selection=selected):
        pass
    return Business(file)


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("mended") / "workspace")
    world.source("till", FEEDS)
    world.deliver("till/export.csv", EXPORT)
    world.land()
    shutil.copytree(world.workspace.build_file.parent, world.root / "before")
    path = world.root / "out.csv"
    with open_landed(world.workspace, with_vault=True) as landed:
        export(lambda: quarantined_rows(landed), path, lambda _: ())
    path.write_text(path.read_text("utf-8").replace("seven", "7.00"), encoding="utf-8")
    os.utime(path, (MENDED_AT.timestamp(), MENDED_AT.timestamp()))
    assert replay(world.workspace, load_policy(), path).is_new
    return world


@pytest.fixture(scope="module")
def now(mended: World, tmp_path_factory: pytest.TempPathFactory) -> Business:
    return built(mended, tmp_path_factory.mktemp("now") / "build")


@pytest.fixture(scope="module")
def then(mended: World, tmp_path_factory: pytest.TempPathFactory) -> Business:
    return built(mended, tmp_path_factory.mktemp("then") / "build", "2024-07-31 23:59:59")


INVOICES = "select round(amount_original, 2), is_incomplete from core.fct_invoice order by issued_at"
LINES = "select billing_month, line_number, amount_original from core.fct_invoice_line order by all"


def test_the_invoice_is_complete_and_its_amount_right(now: Business) -> None:
    assert now.rows(INVOICES) == [(Decimal("22.50"), False), (Decimal("14.25"), False)]
    assert [row[1:] for row in now.rows(LINES)] == [
        (1, Decimal("10.0000")),
        (2, Decimal("10.0000")),
        (3, Decimal("2.5000")),
        (1, Decimal("7.2500")),
        (2, Decimal("7.0000")),
    ]


def test_a_day_before_the_replay_knows_the_invoice_as_incomplete(then: Business) -> None:
    assert then.rows(INVOICES) == [(Decimal("22.50"), False), (Decimal("7.25"), True)]
    assert len(then.rows(LINES)) == 4


@pytest.mark.parametrize("moment", ["now", "then"])
def test_nothing_is_unexplained(moment: str, request: pytest.FixtureRequest) -> None:
    business: Business = request.getfixturevalue(moment)
    assert business.rows("select sum(abs(unexplained)) from meta.reconciliation") == [(Decimal(0),)]
    # What left the quarantine is there no more, whether or not its mended form is known yet.
    causes = business.rows("select distinct cause from meta.reconciliation_cause where fact = 'fct_invoice' order by 1")
    assert causes == [("excluded",), ("folded",), *([("superseded",)] if moment == "then" else [])]


def test_a_row_mended_today_closes_no_month(now: Business, then: Business) -> None:
    closed = "select max(as_of) from intermediate.int_month__closed"
    assert now.rows(closed) == then.rows(closed)


def test_meta_tells_where_the_row_came_from(now: Business) -> None:
    assert now.rows(
        """
        select
            replayed.record_type, row_number, disposition, cast(replayed.known_at as varchar),
            mended.rows_quarantined, replay.rows_quarantined
        from meta.replayed_row as replayed
        join meta.delivery_ledger as mended on mended.delivery_key = mended_delivery_key and mended.record_type = replayed.record_type
        join meta.delivery_ledger as replay on replay.delivery_key = replayed.delivery_key and replay.record_type = replayed.record_type
        where replay.mends_delivery_key = mended.delivery_key
        order by all
        """
    ) == [(record, 5, "landed", "2024-08-01 00:00:00", 1, -1) for record in ("invoice_lines", "invoices")]
    assert now.rows("select record_type, column_name, rule, row_count, replayed_count from meta.quarantine_summary order by all") == [
        (record, "amount", "type", 1, 1) for record in ("invoice_lines", "invoices")
    ]


def test_no_cell_of_a_mended_row_is_in_meta(now: Business) -> None:
    cells = {cell for line in csv.reader(EXPORT.split()) for cell in line if cell} | {"7.00", "seven"}
    for table in ("delivery_ledger", "quarantine_summary", "replayed_row"):
        told = {str(value) for row in now.rows(f"select * from meta.{table}") for value in row}
        assert not told & cells
