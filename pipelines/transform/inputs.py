"""What a build is made from, as one fingerprint: where it is equal the published content would be too, and nothing is built again."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.transform.project import fingerprint
from pipelines.warehouse.build import Build, open_build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.policy import Policy
    from pipelines.warehouse.workspace import Workspace

_PACKAGE = Path(__file__).parents[1]
_COMPUTE_WITH = ("duckdb", "polars")
# What the models read of the ledger. A delivery that was skipped or refused is entered there too and changes nothing.
_LEDGER = (
    "delivery_key",
    "record_type",
    "source_name",
    "source_system",
    "mode",
    "delivery_order",
    "known_at",
    "is_folded",
    "is_accumulated",
    "is_keyed",
    "status",
    "decision",
    "decided_at",
    "mends_delivery_key",
)
_FOLDS = ("source_name", "record_type", "column_name", "fold")
_WITHOUT_ROWS = ("skipped", "refused")


def build_fingerprint(workspace: Workspace, policy: Policy, known_by: str = "") -> str:
    """Digest of the landed deliveries, the policy, the code and the models; 24 hexadecimal digits.

    Args:
        workspace: Whose landed rows; intake has run.
        policy: The policy in force.
        known_by: The moment up to which the build may know; empty for no limit.
    """
    digest = hashlib.blake2b(digest_size=12)
    parts = [known_by, fingerprint({"policy": policy.as_variables()}), *(f"{name} {version(name)}" for name in _COMPUTE_WITH)]
    with open_build(workspace) as build:
        parts += _landed(build)
    for part in parts:
        digest.update(f"{part}\n".encode())
    for path in _code():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _landed(build: Build) -> list[str]:
    deliveries = build.frame("raw.delivery", _LEDGER).rows(named=True)
    folds = build.frame("raw.feed_fold", _FOLDS).rows()
    return sorted(str(sorted(row.items())) for row in deliveries if row["status"] not in _WITHOUT_ROWS) + sorted(map(str, folds))


def _code() -> Iterator[Path]:
    """Every module and every file that modules read, in a fixed order."""
    yield from sorted(path for path in _PACKAGE.rglob("*") if path.suffix in {".py", ".yml"})
