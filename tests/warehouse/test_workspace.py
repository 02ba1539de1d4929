"""Where things lie."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pipelines.errors import ClienteleError
from pipelines.warehouse.workspace import CHECKOUT, Workspace


def test_the_default_is_data_in_the_checkout() -> None:
    assert Workspace.current().root == CHECKOUT / "data"
    assert (CHECKOUT / "pyproject.toml").exists()


def test_the_environment_names_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLIENTELE_WORKSPACE", str(tmp_path))
    assert Workspace.current().root == tmp_path
    monkeypatch.setenv("CLIENTELE_WORKSPACE", "")
    assert Workspace.current().root == CHECKOUT / "data"


def test_a_workspace_stays_where_it_was_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    workspace = Workspace.at("shop")
    monkeypatch.chdir("/")
    assert workspace.root == tmp_path / "shop"
    assert Workspace.at("~/shop").root == Path.home() / "shop"


def test_one_folder_is_one_workspace(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "link").symlink_to("shop")
    assert Workspace.at(tmp_path / "link") == Workspace.at(tmp_path / "shop") == Workspace.at(tmp_path / "shop" / ".." / "shop")


def test_everything_personal_lies_in_the_vault(workspace: Workspace) -> None:
    for path in (workspace.vault_file, workspace.key_file, workspace.key_check_file, workspace.archive, workspace.temp):
        assert path.is_relative_to(workspace.vault)
    for path in (workspace.build_file, workspace.state_file, workspace.published, workspace.failure_report):
        assert not path.is_relative_to(workspace.vault)


def test_naming_a_workspace_makes_nothing(workspace: Workspace) -> None:
    assert workspace.published.name == "published"
    assert not workspace.root.exists()


def test_prepared_folders(workspace: Workspace) -> None:
    workspace.prepare()
    workspace.vault.chmod(0o755)
    workspace.prepare()
    assert {path.name for path in workspace.root.iterdir()} == {"sources", "landing", "warehouse", "published", "vault"}
    for folder in (workspace.vault, workspace.archive, workspace.temp):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_gets_a_sentence(workspace: Workspace) -> None:
    workspace.root.mkdir()
    workspace.landing.write_text("")
    with pytest.raises(ClienteleError, match=r"landing: the folder cannot be made \(File exists\); check the workspace"):
        workspace.prepare()
