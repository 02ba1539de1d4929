"""Workspaces that went the whole way, built once a session by the command that a person types."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.warehouse.workspace import CHECKOUT, Workspace

SHARED = CHECKOUT.parent / "shared"


@dataclass(frozen=True)
class Command:
    """`clientele`, run in a process of its own with a Dagster home of its own."""

    home: Path

    def __call__(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if key != "CLIENTELE_WORKSPACE"}
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments],
            cwd=folder or CHECKOUT,
            env={**environment, "DAGSTER_HOME": str(self.home), "PYTHONPATH": str(CHECKOUT), "COLUMNS": "140"},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture(scope="session")
def clientele(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The command, with an instance as the checkout configures it, elsewhere."""
    home = tmp_path_factory.mktemp("dagster")
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    return Command(home)


@dataclass(frozen=True)
class Walked:
    """A workspace after its first run."""

    workspace: Workspace
    run: subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory, clientele: Command) -> Walked:
    """A small sample business, published once. Shared: tests that change it take a copy."""
    root = tmp_path_factory.mktemp("sample") / "workspace"
    made = clientele("sample", "--out", str(root), "--customers", "80", "--months", "9")
    assert made.returncode == 0, made.stderr
    return Walked(Workspace.at(root), clientele("run", "--workspace", str(root)))


@pytest.fixture
def copied(sample: Walked, tmp_path: Path) -> Workspace:
    """The published sample, for a test to spoil."""
    assert sample.run.returncode == 0, sample.run.stderr
    root = tmp_path / "workspace"
    shutil.copytree(sample.workspace.root, root, symlinks=True)
    return Workspace.at(root)
