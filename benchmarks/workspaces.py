"""The workspaces that deliveries are measured in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.deliveries import source

if TYPE_CHECKING:
    from pathlib import Path


def workspace(root: Path, kind: str = "csv") -> Path:
    """Make a workspace with one source, and return its landing folder."""
    (root / "sources").mkdir(parents=True)
    (root / "landing").mkdir()
    (root / "sources" / "bills.yml").write_text(source(kind).lstrip(), encoding="utf-8")
    return root / "landing"
