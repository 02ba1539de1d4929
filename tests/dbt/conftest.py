"""Worlds built once by the real project, without intake, Dagster or Python estimates."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import reset_adapters
from dbt.cli.main import dbtRunner

from pipelines.policy import load_policy
from pipelines.transform.project import PROJECT, ensure_manifest
from tests.dbt.business import BUSINESS
from tests.dbt.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FEBRUARY, JUNE = date(2024, 2, 29), date(2024, 6, 30)

# What the figures in these tests stand on, whatever the shipped policy says one day.
PINNED: Final = {
    "reporting.currency": "CNY",
    "reporting.time_zone": "Asia/Shanghai",
    "calendar.close_after_days": 5,
    "churn.gap_months": 1,
    "churn.horizon_months": 3,
    "life_cycle.won_back_months": 6,
    "service.repeat_contact_days": 7,
    "service.repeat_complaint_days": 90,
    "publish.natural_ids": [],
}


class Builder:
    """Runs dbt over a world in this process."""

    def __init__(self, artefacts: Path) -> None:
        self._artefacts = artefacts
        self._variables = {"policy": {**load_policy().as_variables(), **PINNED}}
        self._parsed = ensure_manifest(self._variables)

    def __call__(self, world: World, *command: str, variables: Mapping[str, object] | None = None) -> dict[str, str]:
        """Status by node name ('pass', 'success', 'fail', 'error', 'skipped').

        Raises:
            AssertionError: dbt could not run at all.
        """
        arguments = [*command, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        arguments += [
            "--target-path",
            str(self._artefacts),
            "--log-path",
            str(self._artefacts),
            "--log-level",
            "none",
            "--no-version-check",
        ]
        arguments += ["--vars", json.dumps({**self._variables, **(variables or {})})]
        before = os.environ.get("CLIENTELE_BUILD_FILE")
        os.environ["CLIENTELE_BUILD_FILE"] = str(world.file)
        try:
            outcome = dbtRunner(manifest=self._parsed.loaded()).invoke(arguments)
        finally:
            DuckDBConnectionManager.close_all_connections()
            reset_adapters()
            if before is None:
                del os.environ["CLIENTELE_BUILD_FILE"]
            else:
                os.environ["CLIENTELE_BUILD_FILE"] = before
        assert outcome.exception is None, outcome.exception
        results: Any = outcome.result
        return {result.node.name: str(result.status.value) for result in results}


def failed(statuses: Mapping[str, str]) -> list[str]:
    """The nodes that did not succeed."""
    return sorted(name for name, status in statuses.items() if status not in ("success", "pass"))


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("artefacts"))


@dataclass(frozen=True)
class Built:
    """A world after dbt, with the status of every node."""

    world: World
    statuses: Mapping[str, str]


@pytest.fixture(scope="session")
def business(tmp_path_factory: pytest.TempPathFactory, builder: Builder) -> Built:
    """The small business with some estimates, built with all tests; not to be changed."""
    world = World(tmp_path_factory.mktemp("business") / "build.duckdb", BUSINESS)
    world.estimate(
        "segmentation", [{"customer_key": 10, "as_of": JUNE, "recency_score": 5, "pareto_tier": "A", "life_cycle_stage": "mature"}]
    )
    fired = [(10, FEBRUARY), (20, FEBRUARY), (10, JUNE), (99, JUNE)]
    world.estimate("churn_trigger", [{"customer_key": customer, "as_of": as_of, "trigger": "bill_drop"} for customer, as_of in fired])
    return Built(world, builder(world, "build"))
