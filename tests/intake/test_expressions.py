"""Expressions of source files: what is an expression over one row, and every way out of that which is closed twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.documents import Document
from pipelines.errors import ClienteleError
from pipelines.intake.expressions import _FUNCTIONS, Expression, parse_expression
from pipelines.warehouse.connection import DatabaseError, open_sandbox
from pipelines.warehouse.workspace import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

PLACE = ("feeds", "payments", "columns", "amount")


def parse(text: str, tmp_path: Path) -> Expression:
    path = tmp_path / "bank.yml"
    path.write_text("source: bank\nfeeds:\n  payments:\n    columns:\n      payment_id: Id\n      amount: x\n", encoding="utf-8")
    return parse_expression(text, Document(path), PLACE)


@pytest.mark.parametrize(
    ("text", "columns", "is_column"),
    [
        ("Amount", ("Amount",), True),
        ('"Amount; net -- of tax"', ("Amount; net -- of tax",), True),
        ("金额", ("金额",), True),
        ("'CNY'", (), False),
        ("cast(Quantity as decimal(18, 4)) * cast(UnitPrice as decimal(9, 4))", ("Quantity", "UnitPrice"), False),
        ("strptime(InvoiceDate, '%m/%d/%Y %H:%M')", ("InvoiceDate",), False),
        ("case left(InvoiceNo, 1) when 'C' then 'cancelled' else 'issued' end", ("InvoiceNo",), False),
        ("split_part(Codes, ';', 2)", ("Codes",), False),
        ("replace(Note, '--', '/*')", ("Note",), False),
        ("coalesce(nullif(trim(A), '-'), B, A) || '/' || upper(B)", ("A", "B"), False),
        ("A is not null and B in ('x', 'y') or not C between 1 and 2", ("A", "B", "C"), False),
        ("Day::date + interval 1 day", ("Day",), False),
        ("try_cast(A as integer) % 2 = 0", ("A",), False),
        ("if(A > B, -A, A // 2)", ("A", "B"), False),
        ("to_timestamp(cast(Epoch as bigint))", ("Epoch",), False),
        ("regexp_extract(A, '(\\d+)', 1) ilike '9%'", ("A",), False),
        ("date_trunc('month', cast(A as timestamp))", ("A",), False),
        ("A = \n  'over two lines'", ("A",), False),
    ],
)
def test_expressions_over_the_delivered_columns(text: str, columns: tuple[str, ...], is_column: bool, tmp_path: Path) -> None:
    found = parse(text, tmp_path)
    assert (found.sql, found.columns, found.is_column) == (text, columns, is_column)


ABUSE = [
    "read_text('/etc/passwd')",
    "read_csv('/etc/passwd')",
    "read_blob('key')",
    "glob('*')",
    "getenv('HOME')",
    "current_setting('temp_directory')",
    "current_query()",
    "current_database()",
    "current_user",
    "current_date",
    "now()",
    "random()",
    "uuid()",
    "gen_random_uuid()",
    "nextval('s')",
    "getvariable('x')",
    "error('x')",
    "query('select 1')",
    "json_execute_serialized_sql('x')",
    "count(*)",
    "sum(Amount)",
    "sum(Amount) over ()",
    "row_number() over (order by Amount)",
    "lag(Amount) over (order by Id)",
    "(select 1)",
    "(select max(source_id) from vault.registry)",
    "(from vault.registry)",
    "(values (1))",
    "exists (select 1)",
    "Amount in (select 1)",
    "Amount = any (select 1)",
    "Amount from delivered",
    "Amount where true",
    "Amount limit 1",
    "Amount union select 1",
    "Amount union all by name select 1",
    "Amount, Id",
    "distinct Amount",
    "Amount as x",
    "Amount x",
    "x: Amount",
    "*",
    "delivered.*",
    "* exclude (Amount)",
    "columns('.*')",
    "delivered.Amount",
    "vault.registry.source_id",
    "main.upper(Amount)",
    '"read_text"(Amount)',
    "unnest([1, 2])",
    "[1, 2]",
    "{'a': 1}",
    "Amount[1]",
    "list_transform([1], lambda v: v)",
    "Amount -> '$.x'",
    "$1",
    "?",
    "#1",
    "Amount; drop table delivered",
    "Amount;",
    "Amount -- comment",
    "Amount /* comment */",
    "E'\\'' || Amount",
    "$$text$$",
    "cast(Amount as decimal",
    "Amount +",
    "'open",
    "insert into x values (1)",
    "copy (select 1) to 'x'",
    "attach 'x.duckdb'",
    "pragma version",
    "set threads = 1",
    "",
    " ",
]


@pytest.mark.parametrize("text", ABUSE)
def test_what_is_no_expression_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(ClienteleError) as fault:
        parse(text, tmp_path)
    assert str(fault.value).startswith(f"{tmp_path / 'bank.yml'}, line 6: '{text}' is not an expression over the delivered columns")
    assert str(fault.value).endswith((".", "?"))


def test_a_misspelt_function_is_named_with_its_neighbours(tmp_path: Path) -> None:
    with pytest.raises(ClienteleError, match="the function regexp_mtches is not allowed; did you mean 'regexp_matches'"):
        parse("regexp_mtches(A, 'x')", tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_text('{outside}')",
        "select * from read_csv('{outside}')",
        "select * from '{outside}'",
        "select * from glob('{folder}/*')",
        "copy (select 1) to '{folder}/out.csv'",
        "attach '{folder}/other.duckdb'",
        "attach '{outside}' (type duckdb)",
        "export database '{folder}/dump'",
        "install httpfs",
        "load httpfs",
        "select * from 'https://example.org/x.csv'",
        "set enable_external_access = true",
        "set allowed_paths = ['{outside}']",
        "set allowed_directories = ['{folder}']",
        "set lock_configuration = false",
        "reset lock_configuration",
        "set TimeZone = 'UTC'",
        "set temp_directory = '{folder}'",
        "pragma enable_profiling = 'json'",
        "set memory_limit = '1TB'",
    ],
)
def test_the_sandbox_is_a_second_wall(statement: str, tmp_path: Path) -> None:
    inside, outside = tmp_path / "sandbox" / "inside.csv", tmp_path / "outside.csv"
    inside.parent.mkdir()
    for path in (inside, outside):
        path.write_text("a\n1\n", encoding="utf-8")
    with open_sandbox([inside], inside.parent, "Asia/Shanghai") as sandbox:
        assert sandbox.execute(f"select * from read_csv('{inside}')").fetchall() == [(1,)]
        with pytest.raises(DatabaseError):
            sandbox.execute(statement.format(inside=inside, outside=outside, folder=tmp_path))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["inside.csv", "outside.csv", "sandbox"]
    assert inside.read_text(encoding="utf-8") == "a\n1\n"


def test_an_error_in_one_of_two_equal_expressions_stays_with_its_row(tmp_path: Path) -> None:
    with open_sandbox([], tmp_path, "UTC") as sandbox:
        assert sandbox.execute(
            "select try(cast(a as integer) + 1), try(cast(a as integer) + 2) from (values ('1'), ('x')) as t(a)"
        ).fetchall() == [(2, 3), (None, None)]


def test_the_page_on_sources_lists_every_function() -> None:
    page = (CHECKOUT / "docs" / "sources.md").read_text(encoding="utf-8")
    listed = page.split("Allowed beside operators", 1)[1].split("`", 20)
    words = {word for part in listed[1::2] for word in part.split()}
    assert set(_FUNCTIONS) <= words
