"""The published sample business, as this folder's tests ask for it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pipelines.warehouse.workspace import Workspace
from tests.workspaces import Command, Walked

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Command", "Walked"]


@pytest.fixture
def sample(walked_sample: Walked) -> Walked:
    """A small sample business, published once. Shared: tests that change it take a copy."""
    return walked_sample


@pytest.fixture
def copied(sample: Walked, tmp_path: Path) -> Workspace:
    """The published sample, for a test to spoil."""
    assert sample.run.returncode == 0, sample.run.stderr
    root = tmp_path / "workspace"
    shutil.copytree(sample.workspace.root, root, symlinks=True)
    return Workspace.at(root)
