"""What tests of the intake get: an empty workspace, and real databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.intake.databases.servers import (
    Books,
    Server,
    duckdb_books,
    mariadb_books,
    mariadb_server,
    postgresql_books,
    postgresql_server,
    sqlite_books,
)
from tests.intake.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "workspace")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    with mariadb_server() as server:
        yield server


@pytest.fixture(params=["postgresql", "mysql", "sqlite", "duckdb"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    """An empty database of each kind, below the workspace of `world` where it is a file."""
    root = tmp_path / "workspace"
    if request.param == "postgresql":
        return postgresql_books(request.getfixturevalue("postgresql"), root)
    if request.param == "mysql":
        return mariadb_books(request.getfixturevalue("mariadb"), root)
    return sqlite_books(root) if request.param == "sqlite" else duckdb_books(root)
