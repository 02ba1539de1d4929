"""Both routes, read once a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from pipelines.sample import Wanted, write_sample
from tests.agreement.online_retail import read_invoices, read_lines
from tests.agreement.published import Published
from tests.agreement.sample_business import Business
from tests.conftest import SAMPLE_CUSTOMERS, SAMPLE_DIRT, SAMPLE_MONTHS, SAMPLE_SEED

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.warehouse.workspace import Workspace
    from tests.workspaces import Walked


@pytest.fixture(scope="session")
def lines(online_retail_months: list[Path]) -> pl.DataFrame:
    """The lines of Online Retail, from its files."""
    return read_lines(online_retail_months)


@pytest.fixture(scope="session")
def invoices(lines: pl.DataFrame) -> pl.DataFrame:
    """The invoices of Online Retail, from its lines."""
    return read_invoices(lines)


@pytest.fixture(scope="session")
def retail(online_retail: Workspace) -> Published:
    """The published Online Retail example."""
    return Published(online_retail)


@pytest.fixture(scope="session")
def sample(walked_sample: Walked) -> Published:
    """The published sample business."""
    assert walked_sample.run.returncode == 0, walked_sample.run.stderr
    return Published(walked_sample.workspace)


@pytest.fixture(scope="session")
def business(walked_sample: Walked, tmp_path_factory: pytest.TempPathFactory) -> Business:
    """The delivered files of the sample business, and the truth of one made again from the same numbers."""
    again, truth = tmp_path_factory.mktemp("again"), tmp_path_factory.mktemp("truth")
    write_sample(again, Wanted(customers=SAMPLE_CUSTOMERS, months=SAMPLE_MONTHS, seed=SAMPLE_SEED, dirt=SAMPLE_DIRT), truth=truth)
    landing = walked_sample.workspace.landing
    delivered = sorted(path.relative_to(landing) for path in landing.rglob("*") if path.is_file())
    assert [path for path in delivered if (landing / path).read_bytes() != (again / "landing" / path).read_bytes()] == []
    return Business(landing, pl.read_parquet(truth / "dirt.parquet").with_columns(pl.col("row").cast(pl.UInt32)))
