"""The workspace's secret and what is derived from it.

The secret is made at first run (256 random bits, file mode 0600) or given in the environment; it never enters a database. Derived keys are separate by
purpose (HMAC with the purpose as the message), so that one does not tell another.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass

from pipelines.errors import ClienteleError
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
        """A keyed hash for contents of any length; feed it with `update`."""
        return hashlib.blake2b(key=bytes.fromhex(self.salt(purpose)), digest_size=16)


def load_secret(workspace: Workspace) -> Secret:
    """Read the workspace's secret, making it at first use.

    Raises:
        ClienteleError: The key is not 64 hexadecimal digits, or it is missing although the vault already holds data keyed with it.
    """
    given = os.environ.get(_ENVIRONMENT)
    if given is not None:
        return Secret(_decoded(given, f"environment variable {_ENVIRONMENT}"))
    if not workspace.key_file.exists():
        if workspace.vault_file.exists():
            message = f"{workspace.key_file}: the vault's key is missing although {workspace.vault_file} was made with it; put the key back from your backup."
            raise ClienteleError(message)
        workspace.prepare()
        descriptor = os.open(workspace.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(_HEX_DIGITS // 2) + "\n")
    return Secret(_decoded(workspace.key_file.read_text(), str(workspace.key_file)))


def _decoded(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != _HEX_DIGITS // 2:
        message = f"{where}: found something that is not a key; expected {_HEX_DIGITS} hexadecimal digits; restore the key from your backup."
        raise ClienteleError(message)
    return key
