"""The workspace's secret."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError
from pipelines.warehouse.secrets import load_secret
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

ONE, OTHER = "1f" * 32, "2e" * 32


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_key_is_made_once_for_its_owner_alone(workspace: Workspace) -> None:
    first = load_secret(workspace)
    key = workspace.key_file.read_text()
    assert re.fullmatch(r"[0-9a-f]{64}\n", key)
    assert mode(workspace.key_file) == 0o600
    assert mode(workspace.key_check_file) == 0o600
    assert mode(workspace.vault) == 0o700
    assert load_secret(workspace) == first
    assert workspace.key_file.read_text() == key
    assert sorted(path.name for path in workspace.vault.iterdir()) == ["archive", "key", "key-check", "temp"]


def test_two_workspaces_have_two_keys(workspace: Workspace, tmp_path: Path) -> None:
    assert load_secret(workspace) != load_secret(Workspace.at(tmp_path / "other"))


def test_the_environment_goes_before_the_file(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENTELE_VAULT_KEY", ONE)
    given = load_secret(workspace)
    assert not workspace.key_file.exists()
    workspace.key_file.write_text(ONE + "\n")
    monkeypatch.delenv("CLIENTELE_VAULT_KEY")
    assert load_secret(workspace) == given


@pytest.mark.parametrize("key", ["", "zz" * 32, "1f" * 31, "1f" * 33, "1f" * 31 + "密"])
def test_what_is_not_a_key_is_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    expected = "found something that is not a key; expected 64 hexadecimal digits; restore the key from your backup."
    with monkeypatch.context() as patched:
        patched.setenv("CLIENTELE_VAULT_KEY", key)
        with pytest.raises(ClienteleError) as refusal:
            load_secret(workspace)
        assert str(refusal.value) == f"environment variable CLIENTELE_VAULT_KEY: {expected}"
    workspace.prepare()
    workspace.key_file.write_text(key, encoding="utf-8")
    with pytest.raises(ClienteleError) as refusal:
        load_secret(workspace)
    assert str(refusal.value) == f"{workspace.key_file}: {expected}"
    assert key == "" or key not in str(refusal.value)


@pytest.mark.parametrize("present", ["vault_file", "key_check_file"])
def test_a_lost_key_is_not_replaced_by_a_new_one(workspace: Workspace, present: str) -> None:
    load_secret(workspace)
    workspace.vault_file.write_text("")
    for name in {"vault_file", "key_check_file"} - {present}:
        getattr(workspace, name).unlink()
    workspace.key_file.unlink()
    with pytest.raises(ClienteleError, match=r"the vault's key is missing although .* put the key back from your backup"):
        load_secret(workspace)
    assert not workspace.key_file.exists()


def test_another_key_than_the_vault_was_made_with_is_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    load_secret(workspace)
    monkeypatch.setenv("CLIENTELE_VAULT_KEY", OTHER)
    with pytest.raises(ClienteleError, match="CLIENTELE_VAULT_KEY: this is not the key that"):
        load_secret(workspace)
    monkeypatch.delenv("CLIENTELE_VAULT_KEY")
    workspace.key_file.write_text(OTHER)
    with pytest.raises(ClienteleError, match="key: this is not the key that"):
        load_secret(workspace)


def test_nothing_shows_the_secret(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENTELE_VAULT_KEY", ONE)
    secret = load_secret(workspace)
    for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
        assert ONE not in shown
        assert str(bytes.fromhex(ONE)) not in shown
    assert ONE not in workspace.key_check_file.read_text()


def test_purposes_are_apart(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENTELE_VAULT_KEY", ONE)
    secret = load_secret(workspace)
    assert re.fullmatch("[0-9a-f]{32}", secret.salt("event keys"))
    assert secret.salt("event keys") == load_secret(workspace).salt("event keys")
    assert secret.salt("event keys") != secret.salt("row contents")
    one, same, other = secret.digest("delivery"), secret.digest("delivery"), secret.digest("content")
    for digest in (one, same, other):
        digest.update(b"a row")
    assert one.digest() == same.digest() != other.digest()
    assert len(one.digest()) == 16


def test_salts_stay_what_they_are(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key in every landed row stands on them: another derivation would make every delivery a new one."""
    monkeypatch.setenv("CLIENTELE_VAULT_KEY", ONE)
    assert load_secret(workspace).salt("event keys") == "9d1fe3de5e5e0a094b0e5ff67749c5c2"
