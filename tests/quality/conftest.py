"""What every test of quality gets: an empty shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.quality.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    world = Shop(tmp_path / "workspace")
    world.open()
    return world
