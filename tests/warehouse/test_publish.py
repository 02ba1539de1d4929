"""What a published version holds, and when nothing is published."""

from __future__ import annotations

import json
import stat
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipelines.policy import Policy, load_policy
from pipelines.warehouse.publish import publish, published_fingerprint
from tests.warehouse.small import CATALOG, FACETS, change, published, reading, rows

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace

# The version number in a DuckDB file's header, for each storage version that the policy allows.
HEADER_NUMBERS = {"v1.2.0": 65, "v1.4.0": 67}
OWN = {"meta.publication", "meta.table_catalog", "meta.column_catalog", "meta.policy"}


def test_links_lead_to_the_version(built: Workspace) -> None:
    publication = published(built)
    assert built.current_link.resolve() == publication.path
    assert built.current_link.readlink().as_posix() == "current/clientele.duckdb"
    assert built.current_manifest.resolve() == publication.path.with_name("manifest.json")
    assert (built.published / "current").readlink().as_posix() == publication.version


def test_nothing_but_the_version_and_its_links_is_left(built: Workspace) -> None:
    publication = published(built)
    assert {path.name for path in built.published.iterdir()} == {"current", "current.duckdb", "current.json", publication.version}
    assert {path.name for path in publication.path.parent.iterdir()} == {"clientele.duckdb", "manifest.json"}


def test_a_version_is_read_only(built: Workspace) -> None:
    publication = published(built)
    for path in publication.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_manifest(built: Workspace) -> None:
    publication = published(built)
    manifest = json.loads(built.current_manifest.read_text(encoding="utf-8"))
    assert datetime.strptime(manifest["published_at"], "%Y-%m-%dT%H:%M:%S.%fZ") == publication.published_at
    assert manifest == {
        "version": publication.version,
        "database": "clientele.duckdb",
        "published_at": manifest["published_at"],
        "known_by": "2025-03-05T08:00:00Z",
        "as_of": "2025-02-28",
        "is_replay": False,
        "duckdb_version": duckdb.__version__,
        "storage_version": "v1.2.0",
        "fingerprint": "made from this",
        "tables": publication.tables,
    }
    assert published_fingerprint(built) == "made from this"


def test_tables(built: Workspace) -> None:
    publication = published(built)
    reported = {"as_reported.churn_risk_customer": 5, "as_reported.churn_trigger": 1, "as_reported.segmentation_customer": 5}
    copied = {
        "core.dim_customer": 4,
        "core.fct_customer_month": 6,
        "mart.churn_risk_customer": 5,
        "mart.churn_trigger": 1,
        "mart.segmentation_customer": 5,
        "mart.value_movement": 2,
        "meta.delivery_ledger": 4,
        "meta.reconciliation": 1,
    }
    assert {name: count for name, count in publication.tables.items() if name not in OWN} == copied | reported
    with reading(built) as reader:
        names = reader.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        for (name,) in names:
            assert reader.execute(f"select count(*) from {name}").fetchall() == [(publication.tables[name],)], name
        assert {name for (name,) in names} == set(publication.tables)
        assert reader.execute("select * from duckdb_views() where not internal").fetchall() == []


def test_everything_has_a_comment(built: Workspace) -> None:
    published(built)
    assert rows(built, "select table_name from duckdb_tables() where comment is null") == []
    assert rows(built, "select table_name, column_name from duckdb_columns() where comment is null and not internal") == []
    said = "select comment from duckdb_columns() where table_name = 'dim_customer' and column_name = 'region'"
    assert rows(built, said) == [("Column region of dim_customer, said to be 'it'.",)]


def test_rows_stand_in_the_order_of_their_key(built: Workspace) -> None:
    published(built)
    assert rows(built, "select customer_key from core.dim_customer") == [(-1,), (10,), (20,), (30,)]
    keys = [(date(2025, 1, 31), 10), (date(2025, 1, 31), 30), (date(2025, 2, 28), 10), (date(2025, 2, 28), 20), (date(2025, 2, 28), 30)]
    for schema in ("mart", "as_reported"):
        assert rows(built, f"select as_of, customer_key from {schema}.segmentation_customer") == keys


@pytest.mark.parametrize("version", HEADER_NUMBERS)
def test_storage_version_is_the_one_stated(built: Workspace, tmp_path: Path, version: str) -> None:
    publication = published(built, overridden(tmp_path, f"publish.storage_version: {version}"))
    header = publication.path.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == HEADER_NUMBERS[version]
    assert rows(built, "select storage_version from meta.publication") == [(version,)]


def test_publication_lists_every_version(built: Workspace) -> None:
    first, second = published(built), published(built)
    told = "select version, published_at, known_by, as_of, duckdb_version, storage_version, table_count, row_count from meta.publication"
    known_by, as_of = datetime(2025, 3, 5, 8), date(2025, 2, 28)
    assert rows(built, told) == [
        (item.version, item.published_at, known_by, as_of, duckdb.__version__, "v1.2.0", 15, 34) for item in (first, second)
    ]
    assert rows(built, "select count(*) from meta.publication where project_version is null") == [(0,)]


def test_table_catalog_describes_every_table(built: Workspace) -> None:
    publication = published(built)
    listed: dict[str, tuple[Any, ...]] = {
        str(row[0]): row[1:] for row in rows(built, "select schema_name || '.' || table_name, * from meta.table_catalog")
    }
    assert set(listed) == set(publication.tables)
    facets = tuple(FACETS[name] for name in ("subject", "organisation", "business_process", "form", "use", "knowledge_kind", "seven_p"))
    assert listed["mart.value_movement"][2:] == (
        "Table value_movement. Nothing is null.",
        FACETS["grain"],
        "sales",
        2,
        publication.published_at,
        *facets,
    )
    assert listed["as_reported.churn_trigger"][2] == "As first published, never changed since. Table churn_trigger. Nothing is null."
    assert {name: row[5] for name, row in listed.items()} == publication.tables
    assert rows(built, "select * from meta.table_catalog where columns(*) is null") == []


def test_column_catalog_describes_every_column(built: Workspace) -> None:
    published(built)
    actual = "select schema_name, table_name, column_name, data_type, comment from duckdb_columns() where not internal order by all"
    listed = "select schema_name, table_name, column_name, type, description from meta.column_catalog order by all"
    assert rows(built, actual) == rows(built, listed)
    told = "select unit, classification from meta.column_catalog where table_name = 'dim_customer' and column_name = 'region'"
    assert rows(built, told) == [("day", "internal")]


def test_policy_is_the_one_in_force(built: Workspace, tmp_path: Path) -> None:
    policy = overridden(tmp_path, "publish.keep_versions: 7")
    published(built, policy)
    stated = [tuple(entry[name] for name in ("name", "value", "unit", "why", "source")) for entry in policy.entries()]
    assert rows(built, "select * from meta.policy") == sorted(stated)
    assert rows(built, "select value from meta.policy where name = 'publish.keep_versions'") == [("7",)]


def test_a_workspace_without_a_closed_month_is_published(built: Workspace) -> None:
    change(built, "; ".join(f"delete from mart.{entry.table_name}" for entry in CATALOG if entry.schema_name == "mart"))
    change(built, "delete from meta.delivery_ledger")
    publication = published(built)
    assert publication.as_of is None
    assert publication.known_by is None
    assert rows(built, "select as_of, known_by from meta.publication") == [(None, None)]
    assert rows(built, "select * from as_reported.segmentation_customer") == []
    assert json.loads(built.current_manifest.read_text(encoding="utf-8"))["as_of"] is None


def test_equal_builds_give_equal_content_in_equal_order(built: Workspace) -> None:
    names = [entry.name for entry in CATALOG if entry.schema_name in ("core", "mart")]
    published(built)
    first = [rows(built, f"select * from {name}") for name in names]
    # The same rows, in the order in which another run happened to write them.
    change(built, "; ".join(f"create or replace table {name} as select * from {name} order by random()" for name in names))
    published(built)
    assert [rows(built, f"select * from {name}") for name in names] == first


def test_progress_counts_every_table(built: Workspace) -> None:
    told: list[tuple[str, int, int]] = []
    publish(built, load_policy(), CATALOG, "", lambda *what: told.append(what))
    assert [number for _, number, _ in told] == list(range(1, 12))
    assert {total for _, _, total in told} == {11}
    assert told[0][0] == "core.dim_customer"
    assert told[-1][0] == "as_reported.segmentation_customer"


def test_an_unreadable_manifest_counts_as_nothing_published(built: Workspace) -> None:
    assert published_fingerprint(built) is None
    manifest = published(built).path.with_name("manifest.json")
    manifest.chmod(0o644)
    manifest.write_text("{", encoding="utf-8")
    assert published_fingerprint(built) is None
    published(built)
    assert published_fingerprint(built) == "made from this"


def overridden(folder: Path, line: str) -> Policy:
    """The shipped policy with one value set by a workspace."""
    path = folder / "policy.yml"
    path.write_text(line, encoding="utf-8")
    return load_policy(path)
