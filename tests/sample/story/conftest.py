"""One chunk of a business, which nobody changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk


@pytest.fixture(scope="session")
def chunk() -> Chunk:
    """Ten thousand entities of a telecom business, told over two years."""
    return make_chunk(make_business(5, 10_000, Timeline(24), INDUSTRIES["telecom"]), 0)
