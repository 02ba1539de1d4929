"""The layers of the models: each folder reads only what lies before it on the walk."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import pytest

from tests.architecture.repository import MODELS, models, shown

if TYPE_CHECKING:
    from pathlib import Path

# Folder of dbt_project/models -> what its models may read: folders by ref(), sources by source().
MAY_READ: Final = {
    "staging": {"source raw", "staging"},
    "intermediate": {"staging", "intermediate", "core"},
    "core": {"staging", "intermediate", "core"},
    "features": {"intermediate", "core", "features"},
    # Reconciliation compares with what intake counted at the door, so its steps read that account.
    "intermediate/reconciliation": {"source raw", "staging", "intermediate", "intermediate/reconciliation", "core"},
    "marts": {"core", "features", "marts", "source estimates"},
    "meta": {"source raw", "staging", "intermediate", "intermediate/reconciliation", "core", "meta"},
}
PREFIXES: Final = {
    "staging": ("stg_",),
    "intermediate": ("int_",),
    "intermediate/reconciliation": ("int_",),
    "core": ("dim_", "fct_", "bridge_"),
    "features": ("feature_",),
}
CALL = re.compile(r"\b(ref|source)\s*\(\s*['\"](\w+)['\"](?:\s*,\s*['\"](\w+)['\"])?\s*\)")
JINJA_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
ENDS_WITH_STAR = re.compile(r"\bselect\s+(distinct\s+)?(\w+\.)?\*\s+from\s+[^()]*$", re.IGNORECASE)


def folder_of(path: Path) -> str:
    """The layer a model stands in: a folder of `dbt_project/models`, or one below it that has a rule of its own."""
    layer, domain, *_ = (*path.relative_to(MODELS).parts[:-1], "", "")
    return f"{layer}/{domain}" if f"{layer}/{domain}" in MAY_READ else layer


def code(path: Path) -> str:
    """The model without its comments, of either kind."""
    return SQL_COMMENT.sub(" ", JINJA_COMMENT.sub(" ", path.read_text(encoding="utf-8")))


def reads(path: Path) -> list[tuple[str, str]]:
    """What the model reads: (`folder` or `source name`, the name of the model or table)."""
    layers = {model.stem: folder_of(model) for model in models()}
    found = []
    for kind, first, second in CALL.findall(code(path)):
        if kind == "source":
            found.append((f"source {first}", second))
        else:
            assert first in layers, f"{shown(path)}: ref('{first}') names no model under dbt_project/models"
            found.append((layers[first], first))
    return found


def test_every_folder_is_a_layer() -> None:
    unknown = sorted({folder_of(path) for path in models()} - MAY_READ.keys())
    assert not unknown, f"no rule says what models in {unknown} may read: give the folder its line in MAY_READ"


def test_models_read_only_what_lies_before_them() -> None:
    found = [
        f"{shown(path)}: reads {name} ({layer})"
        for path in models()
        for layer, name in reads(path)
        if layer not in MAY_READ[folder_of(path)]
    ]
    assert not found, "\n".join(found)


def test_staging_joins_no_records() -> None:
    """A staging model reads the raw table and the models of its own record, and what intake says about deliveries."""
    found = [
        f"{shown(path)}: reads {name}"
        for path in models()
        if folder_of(path) == "staging"
        for layer, name in reads(path)
        if layer == "staging" and not re.fullmatch(rf"stg_{path.parent.name}(__\w+)?|stg_deliveries", name)
    ]
    assert not found, "records meet in intermediate models:\n" + "\n".join(found)


def test_models_end_in_named_columns() -> None:
    found = [shown(path) for path in models() if folder_of(path) != "staging" and ENDS_WITH_STAR.search(code(path))]
    assert not found, "the last select names its columns:\n" + "\n".join(found)


def test_models_are_named_for_their_layer() -> None:
    found = [shown(path) for path in models() if not path.stem.startswith(PREFIXES.get(folder_of(path), ""))]
    assert not found, "\n".join(found)


def test_no_two_models_share_a_name() -> None:
    twice = [name for name, count in Counter(path.stem for path in models()).items() if count > 1]
    assert not twice, twice


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("with a as (select * from b)\nselect a.x from a", False),
        ("with a as (select x from b)\nselect * from a", True),
        ("select a.* from a where x = 1", True),
    ],
)
def test_a_star_at_the_end_is_found(text: str, expected: bool) -> None:
    assert bool(ENDS_WITH_STAR.search(text)) is expected
