"""How a workspace goes the whole way: by the command that a person types, from delivered files to a published version."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from pipelines.warehouse.workspace import CHECKOUT, Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHARED: Final = CHECKOUT.parent / "shared"
ONLINE_RETAIL: Final = SHARED / "data" / "online_retail"
needs_online_retail = pytest.mark.skipif(
    not ONLINE_RETAIL.is_dir(), reason=f"the public Online Retail files are not at {ONLINE_RETAIL}; they are never part of the repository"
)


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


@dataclass(frozen=True)
class Walked:
    """A workspace after its first run."""

    workspace: Workspace
    run: subprocess.CompletedProcess[str]


def example(root: Path) -> Workspace:
    """The Online Retail example's workspace, without a delivery."""
    shutil.copytree(CHECKOUT / "examples" / "online_retail", root)
    workspace = Workspace.at(root)
    (workspace.landing / "online_retail").mkdir(parents=True)
    return workspace


def deliver(workspace: Workspace, files: Sequence[Path]) -> None:
    """Drop files as a person would: they keep the time at which they were made."""
    for path in files:
        shutil.copy2(path, workspace.landing / "online_retail" / path.name)


def online_retail_files() -> list[Path]:
    """One file a month, oldest first."""
    return sorted(ONLINE_RETAIL.glob("*.csv.gz"))
