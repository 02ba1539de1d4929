"""The repository as the architecture tests see it: its files, its modules and its models, read as text."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "dbt_project" / "models"


@cache
def repository_files() -> tuple[Path, ...]:
    """Files that are in git, or would be at the next commit. Skips where the checkout came without git (an unpacked archive)."""
    if not (ROOT / ".git").exists():
        pytest.skip("the checkout has no .git: what belongs to the repository cannot be told from what lies in the folder")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return tuple(path for name in sorted(set(listed.stdout.split("\0")) - {""}) if (path := ROOT / name).is_file())


def modules(*rooms: str) -> list[Path]:
    """Python modules of the named rooms of `pipelines`, of all of them when none is named."""
    package = ROOT / "pipelines"
    return sorted(path for folder in ([package / room for room in rooms] or [package]) for path in folder.rglob("*.py"))


def models() -> list[Path]:
    """SQL files under `dbt_project/models`."""
    return sorted(MODELS.rglob("*.sql"))


def syntax(path: Path) -> ast.Module:
    """The parsed module, for tests that look at what the code says rather than at what it imports."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def shown(path: Path) -> str:
    """The path as a person writes it, from the root of the repository."""
    return path.relative_to(ROOT).as_posix()
