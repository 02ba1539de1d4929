"""Samples that nobody changes, written once a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pipelines.sample import SampleSummary, Wanted, write_sample

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Written:
    """A sample: its workspace, the folder of its truth, and what was said of it."""

    root: Path
    truth: Path
    summary: SampleSummary


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Six hundred customers over twelve months."""
    folder = tmp_path_factory.mktemp("small")
    summary = write_sample(folder / "workspace", Wanted(customers=600, months=12), truth=folder / "truth")
    return Written(folder / "workspace", folder / "truth", summary)
