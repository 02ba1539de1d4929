"""The page on the sample names every table of the truth and every column."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from tests.sample.conftest import Written

PAGE = Path(__file__).parents[3] / "docs" / "sample.md"


def test_the_page_and_the_files_agree(small: Written) -> None:
    lines = re.findall(r"^\| `(\w+)` \| [^|]+ \| (.+) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    said = {table: set(re.findall(r"`(\w+)`", columns)) for table, columns in lines if (small.truth / f"{table}.parquet").exists()}
    assert said == {path.stem: set(pl.read_parquet_schema(path)) for path in small.truth.glob("*.parquet")}
