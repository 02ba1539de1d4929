"""The set-up happens once, again when what it stands on has changed, and says in one sentence what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.architecture.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# Stands in for .ci/set-up: counts its calls, and makes what the verbs call.
STAND_IN = """#!/bin/sh
set -e
mkdir -p .venv/bin
echo called >>calls
printf '#!/bin/sh\\necho "clientele $*"\\n' >.venv/bin/clientele
cp .venv/bin/clientele .venv/bin/python
chmod +x .venv/bin/clientele .venv/bin/python
: >"$1"
"""
NO_PYTHON = "No Python 3.11, 3.12 or 3.13 was found"
WRONG_PYTHON = "is not a Python 3.11, 3.12 or 3.13"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the set-up consists of, in a folder whose name holds a space."""
    root = tmp_path / "a checkout"
    (root / ".ci").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", ".ci/requirements.lock", ".ci/set-up"):
        shutil.copy(ROOT / name, root / name)
    return root


def call(checkout: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command there, without what an outer `make` or a chosen Python would hand down."""
    outer = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON"}}
    return subprocess.run(
        command, cwd=checkout, env=outer | environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60
    )


def test_set_up_happens_once_and_again_after_a_change(checkout: Path) -> None:
    (checkout / ".ci/set-up").write_text(STAND_IN, encoding="utf-8")
    assert call(checkout, "make", "run").stdout.splitlines()[-1] == "clientele run --sample-when-empty"

    assert call(checkout, "make", "run").stdout == "clientele run --sample-when-empty\n"
    assert (checkout / "calls").read_text(encoding="utf-8").count("called") == 1

    for number, changed in enumerate((".ci/requirements.lock", "pyproject.toml"), start=2):
        with (checkout / changed).open("a", encoding="utf-8") as file:
            file.write("# changed\n")
        call(checkout, "make", "run")
        call(checkout, "make", "run")
        assert (checkout / "calls").read_text(encoding="utf-8").count("called") == number

    (checkout / ".venv/bin/python").unlink()
    call(checkout, "make", "run")
    assert (checkout / "calls").read_text(encoding="utf-8").count("called") == number + 1


def test_make_alone_lists_the_verbs_and_sets_nothing_up(checkout: Path) -> None:
    told = call(checkout, "make")
    assert told.returncode == 0
    assert [line.split()[:2] for line in told.stdout.splitlines()][:3] == [["make", "help"], ["make", "run"], ["make", "test"]]
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("body", ["exit 1", "echo 3.10"], ids=["an older one", "not a Python"])
def test_a_chosen_python_that_does_not_fit_is_refused(checkout: Path, body: str) -> None:
    chosen = checkout / "python-of-mine"
    chosen.write_text(f"#!/bin/sh\n{body}\nexit 1\n", encoding="utf-8")
    chosen.chmod(0o755)
    told = call(checkout, "make", "run", PYTHON=str(chosen))
    assert told.returncode != 0
    assert WRONG_PYTHON in told.stderr.splitlines()[0]
    assert not (checkout / ".venv").exists()


def test_a_machine_without_python_is_told_so(checkout: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("sh", "make", "git", "cat", "date", "dirname", "rm"):
        found = shutil.which(name)
        assert found
        (bare / name).symlink_to(found)
    told = call(checkout, "make", "run", PATH=str(bare))
    assert told.returncode != 0
    assert NO_PYTHON in told.stderr.splitlines()[0]
    assert not (checkout / ".venv").exists()
