"""What each room may touch: imports by import-linter (its contracts stand in pyproject.toml), the rest by reading the code."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
from importlinter.cli import lint_imports

from tests.architecture.repository import ROOT, modules, shown, syntax

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATEMENT = re.compile(r"^\s*(select|insert|update|delete|merge|create|drop|alter|copy|attach|with)\s+\S+.*\s", re.IGNORECASE)
READS_THE_CLOCK = {"now", "today", "utcnow", "perf_counter", "monotonic"}
TOUCHES_FILES = re.compile(r"^(open|(read|scan|write|sink)_[a-z]+)$")
OWN_RANDOMNESS = {"choice", "normal", "permutation", "rand", "randint", "randn", "random", "sample", "seed", "shuffle", "uniform"}


def calls(path: Path) -> Iterator[tuple[int, str, ast.Call]]:
    """Line, last name and node of every call in the module."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
            yield node.lineno, name, node


def test_imports_keep_to_the_contracts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert status == 0, capsys.readouterr().out


def test_methods_read_neither_clock_nor_files() -> None:
    found = [
        f"{shown(path)}:{line}: {name}()"
        for path in modules("analytics")
        for line, name, _ in calls(path)
        if name in READS_THE_CLOCK or TOUCHES_FILES.match(name)
    ]
    assert not found, "a method gets frames, dates and the policy as arguments:\n" + "\n".join(found)


def test_methods_are_seeded() -> None:
    found = [
        f"{shown(path)}:{line}: {name}()"
        for path in modules("analytics")
        for line, name, call in calls(path)
        if (name == "default_rng" and not call.args and not call.keywords)
        or (
            name in OWN_RANDOMNESS
            and isinstance(call.func, ast.Attribute)
            and ast.unparse(call.func.value) in {"np.random", "numpy.random", "random"}
        )
    ]
    assert not found, "randomness comes from a generator that was given a seed:\n" + "\n".join(found)


def test_definitions_hold_no_sql() -> None:
    found = [
        f"{shown(path)}:{node.lineno}: {node.value.strip()[:60]!r}"
        for path in modules("defs")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_statement(node.value)
    ]
    assert not found, "SQL belongs in a model or in the warehouse room:\n" + "\n".join(found)


def test_definitions_hold_no_arithmetic() -> None:
    found = [
        f"{shown(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in modules("defs")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.BinOp) and is_arithmetic(node)
    ]
    assert not found, "a definition names things and puts them in order; what is computed belongs in a room:\n" + "\n".join(found)


def is_statement(text: str) -> bool:
    """Whether a string reads as an SQL statement; `with` and `select` also begin English sentences, so a second SQL word is asked for."""
    return bool(STATEMENT.match(text)) and bool(re.search(r"\b(from|into|values|set|table|view|schema|as\s*\()", text, re.IGNORECASE))


def is_arithmetic(node: ast.BinOp) -> bool:
    """Products and powers always; sums, differences and ratios when a number is written out (`/` joins paths, `-` also takes assets away).

    Counting on by one is not held to be arithmetic.
    """
    if isinstance(node.op, ast.Mult | ast.FloorDiv | ast.Pow):
        return True
    numbers = [side.value for side in (node.left, node.right) if isinstance(side, ast.Constant) and isinstance(side.value, int | float)]
    return (isinstance(node.op, ast.Add | ast.Sub) and any(number != 1 for number in numbers)) or (
        isinstance(node.op, ast.Div | ast.Mod) and bool(numbers)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select customer_key from core.dim_customer", True),
        ("\n  CREATE TABLE raw.delivery (delivery_key bigint)", True),
        ("with landed as (\n select 1)\n select * from landed", True),
        ("Select the customers of one month and write their estimates.", False),
        ("With the ledger written, the run ends.", False),
        ("Updates the pointer.", False),
    ],
)
def test_statements_are_told_from_sentences(text: str, expected: bool) -> None:
    assert is_statement(text) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a * b", True),
        ("rows + 2", True),
        ("x / 100", True),
        ("step + 1", False),
        ("root / 'landing'", False),
        ("everything - checks", False),
        ("a | b", False),
    ],
)
def test_arithmetic_is_told_from_paths_and_selections(code: str, expected: bool) -> None:
    node = ast.parse(code, mode="eval").body
    assert isinstance(node, ast.BinOp)
    assert is_arithmetic(node) is expected
