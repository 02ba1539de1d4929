"""Staging over the awkward world: newest wins, folds, replacement, absence, what was known by when. Every figure was worked out by hand."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipelines.contracts.model import RecordType, load_contracts
from pipelines.contracts.staging import models_of
from pipelines.transform.project import PROJECT, ensure_manifest
from pipelines.transform.runner import build
from tests.contracts import world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Staged:
    """The staging schema of one build."""

    connection: duckdb.DuckDBPyConnection

    def rows(self, columns: str, table: str, where: str = "true") -> list[tuple[Any, ...]]:
        """The rows of a staging model, ordered by their columns."""
        return self.connection.execute(f"select {columns} from staging.{table} where {where} order by all").fetchall()


@pytest.fixture(scope="module")
def staging_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dbt project with nothing but its staging models, so that no later layer has a say here."""
    project = tmp_path_factory.mktemp("dbt") / "project"
    for part in ("macros", "tests/generic", "models/staging"):
        shutil.copytree(PROJECT / part, project / part)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / name, project / name)
    return project


def staged(project: Path, folder: Path, known_by: str) -> Iterator[Staged]:
    """Build staging, with its data tests, over the world as it was known by then."""
    file = folder / "build.duckdb"
    world.write(file)
    variables = {"known_by": known_by}
    for _ in build(ensure_manifest(variables, project), build_file=file, artefacts=folder / "artefacts", variables=variables, selection=()):
        pass
    with duckdb.connect(str(file), read_only=True) as connection:
        yield Staged(connection)


@pytest.fixture(scope="module")
def now(staging_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staged]:
    """With all that is known."""
    yield from staged(staging_project, tmp_path_factory.mktemp("now"), "9999-12-31 00:00:00")


@pytest.fixture(scope="module")
def in_april(staging_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staged]:
    """With what was known by 1 April 2024."""
    yield from staged(staging_project, tmp_path_factory.mktemp("april"), "2024-04-01 00:00:00")


def test_newest_delivery_wins_and_late_ones_do_not_overwrite(now: Staged, in_april: Staged) -> None:
    assert in_april.rows("payment_id, amount", "stg_payments") == [
        ("P1", Decimal(90)),
        ("P2", Decimal(50)),
        ("P3", Decimal(30)),
        ("P5", Decimal(2)),
    ]
    assert now.rows("payment_id, amount", "stg_payments", "payment_id in ('P2', 'P3')") == [("P2", Decimal(50)), ("P3", Decimal(30))]


def test_a_repeated_content_is_current_again(now: Staged) -> None:
    """The row stays where it landed, of P4 where that counts; its rank and its time are those of the delivery that repeats it."""
    assert now.rows(
        "payment_id, amount, _delivery_key, _row_number, order_rank, _known_at", "stg_payments", "payment_id in ('P1', 'P4', 'P5')"
    ) == [
        ("P1", Decimal(110), 13, 1, 5, datetime(2024, 5, 5)),
        ("P4", Decimal(70), 15, 1, 5, datetime(2024, 5, 5)),
        ("P5", Decimal(2), 12, 2, 5, datetime(2024, 5, 5)),
    ]
    assert now.rows("amount, order_rank", "stg_payments__rows", "payment_id = 'P1'") == [(Decimal(110), 5)]


def test_held_deliveries_stay_out(now: Staged) -> None:
    held = [delivery.number for delivery in world.DELIVERIES if delivery.status == "held"]
    assert held == [14, 34, 43]
    for record in ("payments", "products", "customers"):
        assert now.rows("_delivery_key", f"stg_{record}__rows", f"_delivery_key in {tuple(held)}") == []
        assert now.rows("delivery_key", "stg_deliveries", f"record_type = '{record}' and delivery_key in {tuple(held)}") == []


FOLDED = "amount, tax_amount, issued_at, due_at, period_end, status, currency, customer_key, _row_count, is_folded, is_incomplete"


def test_rows_fold_as_the_source_declares(in_april: Staged) -> None:
    """Delivery 21: sum 10 + 20 + 5, earliest time, latest due date, last status and customer that is not missing."""
    assert in_april.rows(FOLDED, "stg_invoices", "invoice_id = 'A'") == [
        (Decimal(35), None, datetime(2024, 1, 2), date(2024, 2, 2), date(2024, 1, 5), "disputed", "EUR", 7, 3, True, False)
    ]


def test_a_newer_delivery_replaces_a_folded_record(now: Staged) -> None:
    """Delivery 22 brings two lines of A, 8 and 9: nothing of 21 or of the older, late 23 is left in it."""
    assert now.rows(FOLDED, "stg_invoices", "invoice_id = 'A'") == [
        (Decimal(17), None, datetime(2024, 1, 11), None, None, None, "EUR", None, 2, True, False)
    ]


def test_a_record_that_lost_a_row_is_incomplete(now: Staged) -> None:
    """B, not in 22, stands on 21: 4.5 + 6.25, the greater tax, the lesser currency; its third row was quarantined."""
    assert now.rows(FOLDED, "stg_invoices", "invoice_id = 'B'") == [
        (Decimal("10.75"), Decimal(2), datetime(2024, 1, 8), None, None, None, "EUR", 8, 2, True, True)
    ]


def test_a_record_that_does_not_fold_is_its_row(now: Staged) -> None:
    assert now.rows(FOLDED, "stg_invoices", "invoice_id = 'C'") == [
        (Decimal(70), None, datetime(2024, 1, 20), None, None, "issued", "CNY", None, 1, False, False)
    ]


MENDED = "amount, issued_at, status, _row_count, is_incomplete, cast(_known_at as date), order_rank"


def test_mended_rows_fold_with_their_delivery(now: Staged, in_april: Staged) -> None:
    """D: 40 landed, 2 was mended in March and 0.5 in May. The last row by its place says the status, whenever it was mended."""
    (rank,) = now.rows("order_rank", "stg_deliveries", "record_type = 'invoices' and delivery_key = 21")[0]
    assert now.rows(MENDED, "stg_invoices", "invoice_id = 'D'") == [
        (Decimal("42.5"), datetime(2024, 1, 14), "issued", 3, False, date(2024, 5, 10), rank)
    ]
    (rank,) = in_april.rows("order_rank", "stg_deliveries", "record_type = 'invoices' and delivery_key = 21")[0]
    assert in_april.rows(MENDED, "stg_invoices", "invoice_id = 'D'") == [
        (Decimal(42), datetime(2024, 1, 14), "issued", 2, True, date(2024, 3, 20), rank)
    ]


def test_a_record_of_mended_rows_alone_is_incomplete_until_the_last_of_them(now: Staged, in_april: Staged) -> None:
    assert [row[:5] for row in now.rows(MENDED, "stg_invoices", "invoice_id = 'E'")] == [(Decimal(6), datetime(2024, 1, 17), None, 1, True)]
    assert in_april.rows(MENDED, "stg_invoices", "invoice_id = 'E'") == []


def test_a_mended_row_of_a_replaced_record_says_nothing(now: Staged) -> None:
    assert now.rows("amount, _row_count, is_incomplete", "stg_invoices", "invoice_id = 'A'") == [(Decimal(17), 2, False)]
    assert now.rows("is_replay, count(*)", "stg_invoices__rows", "invoice_id in ('A', 'D') group by 1") == [(False, 3), (True, 2)]


def test_what_a_person_releases_is_known_from_then_on(now: Staged, in_april: Staged) -> None:
    assert now.rows("invoice_id, is_incomplete", "stg_invoices", "invoice_id in ('F', 'G')") == [("F", False), ("G", False)]
    assert in_april.rows("invoice_id", "stg_invoices", "invoice_id in ('F', 'G')") == []


def test_a_mended_record_of_a_full_delivery_ends_when_the_next_one_lacks_it(now: Staged, in_april: Staged) -> None:
    assert now.rows("region, _ended_at, cast(_known_at as date)", "stg_customers", f"customer_key = {world.MENDED}") == [
        ("north", datetime(2024, 5, 1), date(2024, 4, 20))
    ]
    assert now.rows("version_known_at, region", "stg_customers__versions", f"customer_key = {world.MENDED}") == [
        (datetime(2024, 4, 20), "north")
    ]
    assert in_april.rows("region", "stg_customers", f"customer_key = {world.MENDED}") == []


def test_a_mended_line_without_a_number_stands_where_it_was_delivered(now: Staged, in_april: Staged) -> None:
    assert now.rows("line_number, amount", "stg_invoice_lines", "invoice_id = 'D'") == [(1, Decimal(1)), (2, Decimal(2)), (3, Decimal(3))]
    assert in_april.rows("line_number, amount", "stg_invoice_lines", "invoice_id = 'D'") == [(1, Decimal(1)), (2, Decimal(3))]


PRODUCT = "product_id, name, launched_at, list_price, unit_cost, _known_at, _row_count, is_folded"


def test_accumulated_rows_add_up_over_deliveries(now: Staged, in_april: Staged) -> None:
    """X: first launch of all three, highest price, newest name, newest cost that is there. The earliest delivery comes last."""
    assert now.rows(PRODUCT, "stg_products", "product_id = 'X'") == [
        ("X", "newest", datetime(2023, 12, 1), Decimal(5), Decimal(2), datetime(2024, 5, 1), 3, True)
    ]
    assert in_april.rows(PRODUCT, "stg_products", "product_id = 'X'") == [
        ("X", "newest", datetime(2024, 3, 1), Decimal(5), Decimal(2), datetime(2024, 3, 1), 2, True)
    ]


def test_a_whole_record_ends_what_had_accumulated(now: Staged) -> None:
    """Y accumulated before the catalogue delivered it whole, Z after: one record each, and of one kind."""
    assert now.rows(PRODUCT, "stg_products", "product_id <> 'X'") == [
        ("Y", "whole", datetime(2022, 1, 1), Decimal(2), None, datetime(2024, 3, 2), 1, False),
        ("Z", "seen again", datetime(2023, 1, 1), Decimal(3), None, datetime(2024, 3, 3), 1, True),
    ]


def test_lines_without_a_number_are_numbered_as_they_came(now: Staged, in_april: Staged) -> None:
    def lines(staging: Staged, invoice: str) -> list[tuple[Any, ...]]:
        return staging.rows("line_number, amount", "stg_invoice_lines", f"invoice_id = '{invoice}'")

    assert lines(in_april, "A") == [(1, Decimal(10)), (2, Decimal(5)), (3, Decimal(20))]
    assert lines(now, "A") == [(1, Decimal(8)), (2, Decimal(9))]
    assert lines(now, "B") == [(1, Decimal("4.5")), (2, Decimal("6.25")), (3, Decimal("4.5"))]
    assert lines(now, "C") == [(10, Decimal(30)), (20, Decimal(39))]


def test_what_is_missing_from_a_full_delivery_has_ended(now: Staged, in_april: Staged) -> None:
    """GONE is last in 41, TWICE in 42, LATE in the late 45, which 42 follows. The held, empty 43 ends nobody."""
    others = f"customer_key <> {world.MENDED}"
    assert now.rows("customer_key, region, _ended_at", "stg_customers", others) == [
        (world.NORTH, "north", None),
        (world.TWICE, "east", datetime(2024, 5, 1)),
        (world.GONE, "west", datetime(2024, 3, 1)),
        (world.LATE, "west", datetime(2024, 3, 1)),
        (world.BROKEN, "west", datetime(2024, 5, 1)),
        (world.SHOPPER, "farther", None),
    ]
    # BROKEN was there in 42, in a row that could not land.
    assert in_april.rows("customer_key, region, _ended_at", "stg_customers") == [
        (world.NORTH, "south", None),
        (world.TWICE, "east", None),
        (world.GONE, "west", datetime(2024, 3, 1)),
        (world.BROKEN, "west", None),
        (world.SHOPPER, "farther", None),
    ]


def test_nothing_ends_that_is_delivered_as_changes(now: Staged) -> None:
    """P2 is missing from every later delivery of its source, which does not deliver in full."""
    for record in ("payments", "invoices", "products", "invoice_lines"):
        assert now.rows("distinct _ended_at", f"stg_{record}") == [(None,)]


def test_versions_follow_the_order_of_deliveries(now: Staged) -> None:
    """NORTH moves south in 45, which comes last but is older than 42, where the move was known first; 44 has it back in the north."""
    assert now.rows("order_rank, version_known_at, region", "stg_customers__versions", f"customer_key = {world.NORTH}") == [
        (2, datetime(2024, 2, 1), "north"),
        (3, datetime(2024, 3, 1), "south"),
        (5, datetime(2024, 5, 1), "north"),
    ]
    assert now.rows(
        "customer_key, version_known_at, region, registered_at, _ended_at",
        "stg_customers__versions",
        f"customer_key not in ({world.NORTH}, {world.MENDED})",
    ) == [
        (world.TWICE, datetime(2024, 2, 1), "east", datetime(2023, 1, 1), datetime(2024, 5, 1)),
        (world.GONE, datetime(2024, 2, 1), "west", datetime(2023, 1, 1), datetime(2024, 3, 1)),
        (world.LATE, datetime(2024, 6, 1), "west", datetime(2023, 1, 1), datetime(2024, 3, 1)),
        (world.BROKEN, datetime(2024, 2, 1), "west", datetime(2023, 1, 1), datetime(2024, 5, 1)),
        (world.SHOPPER, datetime(2024, 2, 3), "farther", datetime(2023, 1, 4), None),
    ]


def test_what_was_not_yet_known_is_not_there(in_april: Staged) -> None:
    for record in ("customers", "invoices", "invoice_lines", "payments", "products"):
        assert in_april.rows("max(_known_at)", f"stg_{record}__rows") <= [(datetime(2024, 4, 1),)]
        assert in_april.rows("count(*)", f"stg_{record}")[0][0] > 0


def test_records_never_delivered_are_empty_tables(now: Staged) -> None:
    for table in ("stg_accounts", "stg_accounts__rows", "stg_accounts__versions", "stg_contacts", "stg_complaints"):
        assert now.rows("count(*)", table) == [(0,)]


@pytest.mark.parametrize("record", load_contracts().values(), ids=load_contracts())
def test_models_have_the_columns_that_their_yaml_says(now: Staged, record: RecordType) -> None:
    for model in models_of(record):
        built = now.connection.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = 'staging' and table_name = ? order by column_index",
            [model.name],
        ).fetchall()
        types = {"string": "VARCHAR"}
        assert built == [(column.name, types.get(column.sql_type, column.sql_type.upper().replace(" ", ""))) for column in model.columns]
        assert all(column.description for column in model.columns)
