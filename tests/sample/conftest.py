from __future__ import annotations

import pytest

from pipelines.sample import write_sample
from tests.sample.delivered import Sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The default sample; nobody changes it."""
    folder = tmp_path_factory.mktemp("sample")
    summary = write_sample(folder / "workspace", truth=folder / "truth")
    return Sample(folder / "workspace", folder / "truth", summary)
