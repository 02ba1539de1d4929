from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pipelines.warehouse.workspace import Workspace
from tests.warehouse.small import make_build

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _of_this_test_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that the person at the terminal has set."""
    for name in ("CLIENTELE_WORKSPACE", "CLIENTELE_VAULT_KEY", "CLIENTELE_MEMORY", "CLIENTELE_THREADS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    return Workspace.at(tmp_path / "工作区 one's")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small build; nobody changes it."""
    workspace = Workspace.at(tmp_path_factory.mktemp("built") / "workspace")
    make_build(workspace)
    return workspace


@pytest.fixture
def built(template: Workspace, workspace: Workspace) -> Workspace:
    """A workspace with the small build."""
    shutil.copytree(template.root, workspace.root)
    return workspace
