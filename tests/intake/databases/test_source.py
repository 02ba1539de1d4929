"""What a source file may say of a database; what it says wrongly is refused with its line, and credentials are not repeated."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pipelines.contracts.model import load_contracts
from pipelines.errors import ClienteleError
from pipelines.intake.databases.source import Watermark
from pipelines.intake.sources import load_source

if TYPE_CHECKING:
    from tests.intake.world import World

GOOD = """\
source: crm
system: crm
database: {kind: postgresql, url_env: CRM_URL}
time_zone: UTC
currency: EUR
feeds:
  payments:
    table: public.payments
    watermark: {column: changed_at, overlap: 2 days}
    columns: {payment_id: id, paid_at: paid_at, amount: amount}
"""
PLACE = "database: {kind: postgresql, url_env: CRM_URL}\n"
COLUMNS = "{payment_id: id, paid_at: paid_at, amount: amount}\n"
QUERY = "    table: public.payments\n"


def said(world: World, text: str) -> str:
    with pytest.raises(ClienteleError) as fault:
        load_source(world.source_text("crm", text), load_contracts())
    # What Dagster and a traceback would show beside the sentence.
    assert "s3cret" not in f"{fault.value} {fault.value.__cause__}"
    return str(fault.value)


def test_a_source_of_a_database(world: World) -> None:
    source = load_source(world.source_text("crm", GOOD), load_contracts())
    assert source.database is not None
    assert (source.database.url_env, source.format.type, source.location) == ("CRM_URL", "parquet", "database/crm")
    extract = source.feeds[0].extract
    assert extract is not None
    assert (extract.table, extract.watermark) == ("public.payments", Watermark(column="changed_at", overlap="2 days"))


@pytest.mark.parametrize(
    "database",
    [
        "{kind: postgresql, url_env: 'postgresql://ann:s3cret@db/crm'}",
        "{kind: postgresql, url: 'postgresql://ann:s3cret@db/crm'}",
        "{kind: postgresql, url_env: CRM_URL, password: s3cret}",
        "{kind: postgresql, url_env: 's3cret word'}",
        "postgresql://ann:s3cret@db/crm",
        "s3cret",
        "[postgresql, 'mysql://ann:s3cret@db/crm']",
    ],
)
def test_credentials_in_a_source_are_refused_and_not_repeated(world: World, database: str) -> None:
    message = said(world, GOOD.replace("{kind: postgresql, url_env: CRM_URL}", database))
    assert "crm.yml, line 3: credentials do not belong into a source file" in message


def test_credentials_anywhere_else_are_refused_as_well(world: World) -> None:
    assert "line 2: credentials" in said(world, GOOD.replace("system: crm", "description: mysql://ann:s3cret@db/crm"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("url_env: CRM_URL", "path: a.db", "is reached by a URL"),
        ("postgresql, url_env: CRM_URL", "sqlite, url_env: CRM_URL", "is a file"),
        ("postgresql, url_env: CRM_URL", "sqlite, path: ../a.db", "outside the workspace"),
        ("postgresql, url_env: CRM_URL", "sqlite, path: /etc/a.db", "outside the workspace"),
        ("postgresql", "oracle", "line 3"),
        (PLACE, "", "the key 'location' is missing"),
        (PLACE, "location: landing/*\n", "line 8: 'table' belongs to a source with a 'database'"),
        ("time_zone: UTC", "time_zone: UTC\nlocation: landing/*", "line 5: 'location' is of files"),
        ("time_zone: UTC", "time_zone: UTC\nformat: {type: csv}", "line 5: 'format' is of files"),
        ("time_zone: UTC", "time_zone: UTC\nmode: full", "line 10: a watermark reads what is new"),
        ("time_zone: UTC", "time_zone: UTC\nknown_at: {from: file_name, pattern: '(a)'}", "line 5: 'known_at' is taken from a file's name"),
        (QUERY, "", "either a 'table' or a 'query'"),
        (QUERY, f"{QUERY}    query: select 1\n", "either a 'table' or a 'query'"),
        ("2 days", "2 fortnights", "is no overlap"),
        (", overlap: 2 days", "", "overlap"),
        (COLUMNS, f"{COLUMNS}    fold: {{amount: sum}}\n", "line 9: a watermark reads some rows of a record and not its others"),
    ],
)
def test_what_does_not_fit_is_refused(world: World, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert expected in said(world, GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    "query",
    [
        "delete from payments",
        "select 1; drop table payments",
        "with gone as (delete from payments returning *) select * from gone",
        "select * into copied from payments",
        "select * from payments for update",
        "select * from payments order by 1",
        "select * from payments limit 5",
        "copy payments to program 'cat'",
        "set transaction read write",
        "select 1 /*! into outfile 'x' */",
        "select 1 /*M! into outfile 'x' */",
        "call pay()",
        "select $1",
        "pay",
        "",
        "--",
    ],
)
def test_a_query_that_is_not_one_select_is_refused(world: World, query: str) -> None:
    assert "line 8: " in said(world, GOOD.replace("table: public.payments", f"query: {query!r}"))


@pytest.mark.parametrize(
    "query",
    [
        "select * from payments",
        "select * from payments;",
        "with p as (select * from payments) select * from p -- all of them",
        "(select 1) union all (select 2)",
        "select ';' as a, 'x' like '%y' from payments where note !~ '/\\*' and id in (select max(id) from payments limit 1)",
    ],
)
def test_one_select_is_taken(world: World, query: str) -> None:
    source = load_source(world.source_text("crm", GOOD.replace("table: public.payments", f"query: {query!r}")), load_contracts())
    assert source.feeds[0].extract is not None
    assert source.feeds[0].extract.query == query


@pytest.mark.parametrize(
    ("overlap", "distance"),
    [("30 minutes", timedelta(minutes=30)), ("1 hour", timedelta(hours=1)), ("2 weeks", timedelta(weeks=2)), (1000, 1000), ("1000", 1000)],
)
def test_overlaps(overlap: str | int, distance: timedelta | int) -> None:
    assert Watermark(column="a", overlap=overlap).distance == distance
