"""Expressions of source files: DuckDB scalar expressions over the delivered columns of one row, and nothing else.

The allow-list is the first wall (a syntax tree by sqlglot: every node must be of a kind known to be harmless and every function a scalar
one named here); the second is the sandbox in which they run (`warehouse.connection.open_sandbox`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from pipelines.documents import Document, Place, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

# Kinds of syntax node that read the row and compute a value. All else (queries, statements, windows, lambdas, parameters, stars) is
# refused.
_NODES: tuple[type[exp.Expression], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.DataType, exp.DataTypeParam, exp.Paren, exp.Neg, exp.Not, exp.And,
    exp.Or, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is,
    exp.Like, exp.ILike, exp.In, exp.Between, exp.Case, exp.If, exp.Cast, exp.TryCast, exp.Interval, exp.Var, exp.NullSafeEQ,
    exp.NullSafeNEQ,
)  # fmt: skip

# Scalar functions by DuckDB's name. Volatile ones (random, now, uuid) are absent on purpose: the same row must always map to the same
# record.
_FUNCTIONS = frozenset(
    "abs ceil ceiling coalesce concat concat_ws contains date_trunc day ends_with floor greatest hour if ifnull instr last_day left least "
    "length lower lpad ltrim make_date make_timestamp minute month nullif prefix regexp_extract regexp_full_match regexp_matches "
    "regexp_replace replace right round rpad rtrim second sign split_part starts_with strftime strpos strptime substr substring suffix "
    "to_timestamp translate trim try_strptime upper year".split()
)


@dataclass(frozen=True)
class Expression:
    """A checked expression.

    Attributes:
        sql: The expression as written.
        columns: The delivered columns that it reads, as written.
        is_column: Whether it is just a column's name.
    """

    sql: str
    columns: tuple[str, ...]
    is_column: bool


def parse_expression(text: str, document: Document, place: Place) -> Expression:
    """Parse and check one expression of a source file.

    Raises:
        ClienteleError: It does not parse, or holds something that is not allowed; with the file and line.
    """
    refuse = f"'{text}' is not an expression over the delivered columns"
    statement = f"select {text}"
    try:
        tokens = sqlglot.tokenize(statement, read="duckdb")
        if any(token.comments or token.token_type is sqlglot.TokenType.SEMICOLON for token in tokens):
            raise document.fault(place, f"{refuse}: semicolons and comments are not allowed; write one scalar expression.")
        if not _is_balanced(token.token_type for token in tokens):
            raise document.fault(place, f"{refuse}: its parentheses do not match; close each that is opened.")
        tree = sqlglot.parse_one(statement, read="duckdb")
    except SqlglotError as fault:
        detail = str(fault).splitlines()[0].removesuffix(".")
        raise document.fault(place, f"{refuse} ({detail}); write a column's name or a scalar expression.") from fault
    if (
        not isinstance(tree, exp.Select)
        or len(tree.expressions) != 1
        or any(value for key, value in tree.args.items() if key not in ("expressions", "kind"))
    ):
        raise document.fault(place, f"{refuse}: it must be one scalar expression, without from, where or a second column.")
    root = tree.expressions[0]
    for node in root.walk():
        fault_found = _objection(node, statement)
        if fault_found is not None:
            raise document.fault(place, f"{refuse}: {fault_found}.")
    names = dict.fromkeys(column.name for column in root.find_all(exp.Column, bfs=False))
    return Expression(sql=text.strip(), columns=tuple(names), is_column=isinstance(root, exp.Column))


def _is_balanced(kinds: Iterable[sqlglot.TokenType]) -> bool:
    """Whether every parenthesis is closed: the parser forgives one that is not, and the expression will stand between others."""
    depth = 0
    for kind in kinds:
        depth += (kind is sqlglot.TokenType.L_PAREN) - (kind is sqlglot.TokenType.R_PAREN)
        if depth < 0:
            return False
    return depth == 0


def _objection(node: exp.Expression, statement: str) -> str | None:
    """What is wrong with a node, or None."""
    if isinstance(node, exp.Column):
        return "a column's name has no table before it" if node.table else None
    if isinstance(node, _NODES):
        return None
    if isinstance(node, exp.Func):
        name = _function_name(node, statement)
        return None if name in _FUNCTIONS else f"the function {name} is not allowed{nearest(name, _FUNCTIONS)}"
    return f"{type(node).__name__.lower()} is not allowed here"


def _function_name(node: exp.Func, statement: str) -> str:
    """The function's name as written, whatever class sqlglot parsed it into; the few with a grammar of their own carry no position."""
    if "start" in node.meta:
        return statement[node.meta["start"] : node.meta["end"] + 1].lower()
    return node.sql(dialect="duckdb").split("(", 1)[0].lower()
