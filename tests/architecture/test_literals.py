"""Every number that someone may argue about stands in the policy file.

No search can tell a threshold from a constant of nature. So a model or method writes out 0, 1, 2 and 100 at most (nothing, one, a pair, per
cent); any other number is a policy, or is listed in `literals.yml` with the reason why nobody would set it otherwise.
"""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from tests.architecture.repository import ROOT, models, modules, shown, syntax

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FREE: Final = frozenset(map(Decimal, (0, 1, 2, 100)))
ROOMS: Final = ("analytics", "estimates", "defs")

COMMENT = re.compile(r"\{#.*?#\}|/\*.*?\*/|--[^\n]*", re.DOTALL)
INTERVAL = re.compile(r"interval\s+'(\d+)'", re.IGNORECASE)
TEXT = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
TYPE = re.compile(r"\b(?:decimal|numeric|varchar|char)\s*\(\s*\d+\s*(?:,\s*\d+\s*)?\)", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\w.$])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)", re.IGNORECASE)


def numbers_in_sql(text: str) -> Iterator[tuple[int, Decimal]]:
    """Line and value of every number a model writes out: in SQL, in Jinja and in intervals; not in comments, texts and types."""
    for pattern in (COMMENT, TYPE):
        text = pattern.sub(lambda found: "\n" * found.group().count("\n"), text)
    text = TEXT.sub(lambda found: "\n" * found.group().count("\n"), INTERVAL.sub(r"interval \1", text))
    for line, code in enumerate(text.splitlines(), start=1):
        for found in NUMBER.finditer(code):
            yield line, Decimal(found.group())


def numbers_in_python(tree: ast.Module) -> Iterator[tuple[int, Decimal]]:
    """Line and value of every number a module writes out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            yield node.lineno, Decimal(str(node.value))


def written_out() -> Iterator[tuple[Path, int, Decimal]]:
    """File, line and value of every number that is not free."""
    for path in models():
        yield from ((path, line, value) for line, value in numbers_in_sql(path.read_text(encoding="utf-8")) if value not in FREE)
    for path in modules(*ROOMS):
        yield from ((path, line, value) for line, value in numbers_in_python(syntax(path)) if value not in FREE)


@cache
def allowed() -> dict[tuple[str, Decimal], str]:
    """Reason by file and value."""
    entries = yaml.safe_load((ROOT / "tests/architecture/literals.yml").read_text(encoding="utf-8"))
    return {(entry["path"], Decimal(str(value))): entry["reason"] for entry in entries for value in entry["values"]}


def test_numbers_are_policy() -> None:
    found = [f"{shown(path)}:{line}: {value}" for path, line, value in written_out() if (shown(path), value) not in allowed()]
    assert not found, (
        "make it a policy (pipelines/policy.yml), or list it with its reason in tests/architecture/literals.yml:\n" + "\n".join(found)
    )


def test_every_exception_is_used_and_explained() -> None:
    used = {(shown(path), value) for path, _, value in written_out()}
    stale = [f"{path}: {value}" for path, value in allowed() if (path, value) not in used]
    assert not stale, "these stand in tests/architecture/literals.yml and nowhere else; take them out:\n" + "\n".join(stale)
    assert all(len(reason.split()) > 2 for reason in allowed().values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select amount * 0.35 from x", ["0.35"]),
        ("where days > 90 -- not 180\n", ["90"]),
        ("{# 7 #}{% for month in range(13) %}{{ month }}{% endfor %}", ["13"]),
        ("month + interval '12' month", ["12"]),
        ("cast(x as decimal(18, 4)), cast(y as varchar(64)), net_amount_12m, p95, '1999-12-31', {{ policy('churn.horizon_months') }}", []),
        ("case when a = 1 then 100 else -1 end", ["1", "100", "1"]),
    ],
)
def test_numbers_are_found_in_sql(text: str, expected: list[str]) -> None:
    assert [value for _, value in numbers_in_sql(text)] == [Decimal(number) for number in expected]
