"""A proposal taken at its word: written down, loaded as a person would, and what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.checkup.source_text import source_text
from pipelines.contracts.model import load_contracts
from pipelines.intake.sources import Source, load_source
from pipelines.policy import load_policy
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.checkup.proposing import Proposal

CONTRACTS: Final = load_contracts()


def loaded(proposal: Proposal, folder: Path) -> Source:
    path = folder / "proposed.yml"
    path.write_text(source_text(proposal, Workspace.at(folder / "workspace"), load_policy()), encoding="utf-8")
    return load_source(path, CONTRACTS)


def reads(source: Source) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(feed.record.name, name): item.columns for feed in source.feeds for name, item in feed.columns.items()}
