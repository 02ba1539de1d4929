"""Workspaces that went the whole way, built once a session for all who only read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings

from pipelines.warehouse.workspace import Workspace
from tests.workspaces import Command, Walked, deliver, example, online_retail_files

if TYPE_CHECKING:
    from pathlib import Path

# Property-based tests try the same examples every time: what they find is found by whoever makes the change. Others come with
# `pytest --hypothesis-profile=searching`.
settings.register_profile("fixed", derandomize=True)
settings.register_profile("searching", derandomize=False)
settings.load_profile("fixed")

# The sample that tests share: few customers, of a seed by which every kind of bill, payment and dirt comes up among them all the same.
SAMPLE_CUSTOMERS: Final = 100
SAMPLE_MONTHS: Final = 9
SAMPLE_SEED: Final = 71
SAMPLE_DIRT: Final = (
    "conflicting_key=0.003",
    "correction=0.02",
    "foreign_currency=0.004",
    "bad_encoding=0.02",
    "orphan=0.005",
    "repeated_row=0.005",
)


@pytest.fixture(scope="session")
def clientele(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The command, with an instance as the checkout configures it, elsewhere."""
    home = tmp_path_factory.mktemp("dagster")
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    return Command(home)


@pytest.fixture(scope="session")
def walked_sample(tmp_path_factory: pytest.TempPathFactory, clientele: Command) -> Walked:
    """A small sample business, published once. Shared: tests that change it take a copy."""
    root = tmp_path_factory.mktemp("sample") / "workspace"
    size = ("--customers", str(SAMPLE_CUSTOMERS), "--months", str(SAMPLE_MONTHS), "--seed", str(SAMPLE_SEED))
    made = clientele("sample", "--out", str(root), *size, *(word for rate in SAMPLE_DIRT for word in ("--dirt", rate)))
    assert made.returncode == 0, made.stderr
    return Walked(Workspace.at(root), clientele("run", "--workspace", str(root)))


@pytest.fixture(scope="session")
def online_retail(tmp_path_factory: pytest.TempPathFactory, clientele: Command) -> Workspace:
    """The Online Retail example, all months delivered together and published. Shared: nobody changes it."""
    workspace = example(tmp_path_factory.mktemp("online_retail") / "workspace")
    deliver(workspace, online_retail_files())
    run = clientele("run", "--workspace", str(workspace.root))
    assert run.returncode == 0, run.stderr
    return workspace


@pytest.fixture(scope="session")
def online_retail_months() -> list[Path]:
    """The delivered files, oldest first."""
    return online_retail_files()
