"""The workspace's secret and what is derived from it.

The secret is made at first run (256 random bits, file mode 0600) or given in the environment; it never enters a database. Derived keys
are separate by purpose (HMAC with the purpose as the message), so that one does not tell another.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace

_ENVIRONMENT = "CLIENTELE_VAULT_KEY"
_HEX_DIGITS = 64


@dataclass(frozen=True)
class Secret:
    """A workspace's secret. Its text form hides the value."""

    _master: bytes

    def __repr__(self) -> str:
        """Show nothing of the value."""
        return "Secret(…)"

    def salt(self, purpose: str) -> str:
        """A salt for one purpose, 32 hexadecimal digits."""
        return hmac.new(self._master, purpose.encode(), hashlib.sha256).hexdigest()[:32]

    def digest(self, purpose: str) -> hashlib.blake2b:
        """A keyed hash of 16 bytes for contents of any length; feed it with `update`."""
        return hashlib.blake2b(key=bytes.fromhex(self.salt(purpose)), digest_size=16)


def load_secret(workspace: Workspace) -> Secret:
    """Read the workspace's secret, making it at first use.

    Every surrogate and hash stands on it: under another key the same deliveries would land again as new ones. So the first use leaves a
    check beside the vault, a derived value that tells the right key from a wrong one and nothing else.

    Raises:
        ClienteleError: The key is not 64 hexadecimal digits, or it is missing or another one although the vault already holds data
            keyed with it.
    """
    given = os.environ.get(_ENVIRONMENT)
    where = f"environment variable {_ENVIRONMENT}" if given is not None else str(workspace.key_file)
    if given is None:
        if not workspace.key_file.exists():
            _make_key(workspace)
        given = workspace.key_file.read_text(encoding="ascii", errors="replace")
    secret = Secret(_decoded(given, where))
    check = secret.salt("key check")
    if not workspace.key_check_file.exists():
        workspace.prepare()
        _write_once(workspace.key_check_file, check)
    elif workspace.key_check_file.read_text(encoding="ascii", errors="replace").strip() != check:
        message = f"{where}: this is not the key that {workspace.vault_file} was made with; give that one, from your backup."
        raise ClienteleError(message)
    return secret


def _make_key(workspace: Workspace) -> None:
    if workspace.vault_file.exists() or workspace.key_check_file.exists():
        message = (
            f"{workspace.key_file}: the vault's key is missing although {workspace.vault_file} was made with it; "
            "put the key back from your backup."
        )
        raise ClienteleError(message)
    workspace.prepare()
    _write_once(workspace.key_file, secrets.token_hex(_HEX_DIGITS // 2))


def _write_once(path: Path, line: str) -> None:
    """Write a file of one line, mode 0600, that appears whole or not at all; one that is there already stays."""
    unfinished = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(descriptor)
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()


def _decoded(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != _HEX_DIGITS // 2:
        message = (
            f"{where}: found something that is not a key; expected {_HEX_DIGITS} hexadecimal digits; restore the key from your backup."
        )
        raise ClienteleError(message)
    return key
