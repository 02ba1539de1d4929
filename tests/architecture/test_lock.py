"""The lock file: complete, hashed, without addresses, and in step with pyproject.toml; and pyproject.toml in step with the code."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.architecture.repository import ROOT, modules, shown, syntax

LOCK = ROOT / ".ci" / "requirements.lock"
ADDRESS = re.compile(r"://|--(?:extra-)?index-url|--find-links|^-i ", re.MULTILINE)

# Imported here, and part of what is declared under another name.
PART_OF: Final = {"dbt_common": "dbt-core"}
# Needed at run time, imported by nobody here.
NEVER_IMPORTED: Final = {
    "dbt-duckdb": "dbt finds its adapter by name",
    "s3fs": "fsspec finds the store by the scheme of an address",
    "pytz": "duckdb imports it to hand out timestamps with a zone",
    "tzdata": "zoneinfo reads it where the system has no time zones",
}


@cache
def project() -> dict[str, Any]:
    """pyproject.toml as parsed."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def pins() -> dict[str, list[Requirement]]:
    """Entries of the lock file by name; several where versions differ by Python version or system."""
    found: dict[str, list[Requirement]] = {}
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in " #":
            requirement = Requirement(line.removesuffix("\\").strip())
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for: at run time, in every group, and to build."""
    groups = project()["dependency-groups"].values()
    texts = [*project()["project"]["dependencies"], *project()["build-system"]["requires"], *(text for group in groups for text in group)]
    return [Requirement(text) for text in texts]


def test_the_lock_names_no_address() -> None:
    assert not ADDRESS.findall(LOCK.read_text(encoding="utf-8"))


def test_every_entry_is_pinned_and_hashed() -> None:
    entries = re.split(r"\n(?=[^ #])", LOCK.read_text(encoding="utf-8"))[1:]
    assert len(entries) == sum(map(len, pins().values()))
    for entry in entries:
        assert re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==[^ ,]+ (; .+ )?\\\n", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_lock_answers_pyproject() -> None:
    for requirement in wanted():
        locked = pins().get(canonicalize_name(requirement.name), [])
        assert locked, f"{requirement.name} is in pyproject.toml and not in the lock file: run `make lock`"
        for pin in locked:
            version = Version(next(iter(pin.specifier)).version)
            assert requirement.specifier.contains(version), (
                f"the lock file has {pin}, pyproject.toml asks for {requirement}: run `make lock`"
            )


def test_what_is_imported_is_declared() -> None:
    providers = packages_distributions()
    stated = project()["project"]
    wanted = [*stated["dependencies"], *(text for extra in stated.get("optional-dependencies", {}).values() for text in extra)]
    declared = {canonicalize_name(Requirement(text).name) for text in wanted}
    used: set[str] = set()
    for path in modules():
        for name in imported_names(syntax(path)) - set(sys.stdlib_module_names) - {"pipelines"}:
            distributions = {
                canonicalize_name(distribution) for distribution in [PART_OF.get(name), *providers.get(name, [name])] if distribution
            }
            assert distributions & declared, f"{shown(path)} imports {name}, which pyproject.toml does not declare"
            used |= distributions
    unused = {name for name in declared if name not in used and name not in NEVER_IMPORTED}
    assert not unused, f"declared in pyproject.toml and imported nowhere: {sorted(unused)}"


def imported_names(tree: ast.Module) -> set[str]:
    """Top-level names of all absolute imports in a module, wherever in it they stand."""
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.partition(".")[0] for name in names}
