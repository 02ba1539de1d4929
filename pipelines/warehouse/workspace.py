"""Where things lie in a workspace. Paths only: nothing here opens or creates a file, except `prepare`, which makes the empty folders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ClienteleError

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Workspace:
    """One business's deliveries, vault, build file and published versions, below one folder.

    Attributes:
        root: The workspace folder, absolute.
    """

    root: Path

    @classmethod
    def at(cls, root: Path | str) -> Workspace:
        """The workspace at a path, made absolute so that a change of the working folder does not move it."""
        return cls(Path(root).expanduser().resolve())

    @classmethod
    def current(cls) -> Workspace:
        """The workspace named by the environment variable CLIENTELE_WORKSPACE, else `data/` in the checkout."""
        return cls.at(os.environ.get("CLIENTELE_WORKSPACE") or CHECKOUT / "data")

    @property
    def sources(self) -> Path:
        """One YAML file a source."""
        return self.root / "sources"

    @property
    def landing(self) -> Path:
        """Where deliveries are dropped."""
        return self.root / "landing"

    @property
    def policy_file(self) -> Path:
        """Optional overrides of policy values for this workspace."""
        return self.root / "policy.yml"

    @property
    def build_file(self) -> Path:
        """The private DuckDB file in which everything is built."""
        return self.root / "warehouse" / "build.duckdb"

    @property
    def vault(self) -> Path:
        """The folder of personal data, mode 0700."""
        return self.root / "vault"

    @property
    def vault_file(self) -> Path:
        """Key registry, personal columns and quarantined rows."""
        return self.vault / "vault.duckdb"

    @property
    def key_file(self) -> Path:
        """The workspace's secret, mode 0600."""
        return self.vault / "key"

    @property
    def key_check_file(self) -> Path:
        """Derived from the secret: tells the right one from another, mode 0600."""
        return self.vault / "key-check"

    @property
    def archive(self) -> Path:
        """The delivered files as they came."""
        return self.vault / "archive"

    @property
    def temp(self) -> Path:
        """Where connections spill. Inside the vault, since what spills may be personal."""
        return self.vault / "temp"

    @property
    def state_file(self) -> Path:
        """What cannot be rebuilt from landed rows."""
        return self.root / "state.duckdb"

    @property
    def state_backups(self) -> Path:
        """Copies of the state file, one for each of the latest publications."""
        return self.root / "state-backups"

    @property
    def published(self) -> Path:
        """Immutable published versions and the pointer to the current one."""
        return self.root / "published"

    @property
    def current_link(self) -> Path:
        """The pointer that readers open."""
        return self.published / "current.duckdb"

    @property
    def current_manifest(self) -> Path:
        """The pointer for programs: the manifest of the current version."""
        return self.published / "current.json"

    @property
    def failure_report(self) -> Path:
        """The full words behind the failure of the last run, where there are more than its sentence."""
        return self.root / "last-failure.log"

    @property
    def lock_file(self) -> Path:
        """Held by the one run that may write."""
        return self.root / ".lock"

    def prepare(self) -> None:
        """Make the folders that a run needs; the vault is readable by its owner alone.

        Raises:
            ClienteleError: A folder cannot be made.
        """
        try:
            for folder in (self.root, self.sources, self.landing, self.build_file.parent, self.published):
                folder.mkdir(parents=True, exist_ok=True)
            for folder in (self.vault, self.archive, self.temp):
                folder.mkdir(mode=0o700, exist_ok=True)
                folder.chmod(0o700)
        except OSError as fault:
            message = (
                f"{fault.filename}: the folder cannot be made ({fault.strerror}); check the workspace {self.root} and its permissions."
            )
            raise ClienteleError(message) from fault
