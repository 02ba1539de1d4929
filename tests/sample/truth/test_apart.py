"""Nothing of the warehouse knows the truth, and the truth joins with what was delivered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from tests.sample.conftest import Written

PACKAGE = Path(__file__).parents[3] / "pipelines"
MODELS = Path(__file__).parents[3] / "dbt_project"
READ = {".py", ".yml", ".yaml", ".sql", ".toml"}


def test_nothing_outside_the_generator_mentions_the_truth() -> None:
    mentions = [
        path
        for folder in (PACKAGE, MODELS / "models", MODELS / "macros", MODELS / "tests")
        for path in folder.rglob("*")
        if path.suffix in READ and not path.is_relative_to(PACKAGE / "sample") and "truth" in path.read_text(encoding="utf-8").lower()
    ]
    assert mentions == []
    assert any("truth" in path.read_text(encoding="utf-8") for path in (PACKAGE / "sample").rglob("*.py")), "the search finds what is there"


@pytest.fixture(scope="module")
def delivered(small: Written) -> pl.DataFrame:
    """Numbers of the customers that CRM delivered."""
    files = sorted((small.root / "landing" / "crm").glob("customers_*.csv"))
    numbers = pl.concat(pl.read_csv(path, infer_schema=False).select("cust_no") for path in files)
    return numbers.drop_nulls().unique()


def test_every_customer_delivered_is_known_by_its_number(small: Written, delivered: pl.DataFrame) -> None:
    for table in ("customers", "matching"):
        known = pl.read_parquet(small.truth / f"{table}.parquet").filter(pl.col("source_system") == "crm")
        assert delivered.join(known, left_on="cust_no", right_on="customer_id", how="anti").is_empty(), table


def test_records_of_one_entity_are_matched_across_the_systems(small: Written) -> None:
    matching = pl.read_parquet(small.truth / "matching.parquet")
    assert set(matching["source_system"]) == {"crm", "harbour", "leasing", "key_accounts"}
    assert matching.select("source_system", "customer_id").is_unique().all()
    shared = matching.group_by("entity").agg(pl.col("source_system").n_unique()).filter(pl.col("source_system") > 1)
    assert 0.1 < len(shared) / matching["entity"].n_unique() < 0.5
    varied = matching.filter(pl.col("source_system") == "harbour")["variations"]
    assert (varied != "").mean() > 0.5  # type: ignore[operator]


def test_every_month_with_a_service_has_its_mood_and_hazard(small: Written) -> None:
    months = pl.read_parquet(small.truth / "customer_months.parquet")
    assert months["month"].n_unique() == 12
    assert months.select("source_system", "customer_id", "month").is_unique().all()
    assert months.select(pl.col("mood", "hazard").is_between(0, 1).all()).row(0) == (True, True)
    assert (months.filter("has_decided")["hazard"] == 0).mean() > 0.5  # type: ignore[operator]


def test_what_went_wrong_is_listed_row_by_row(small: Written) -> None:
    dirt = pl.read_parquet(small.truth / "dirt.parquet")
    assert dict(dirt["kind"].value_counts().sort("kind").iter_rows()) == small.summary.dirt
    for path, rows in dirt.drop_nulls("row").group_by("path").agg(pl.col("row").max()).iter_rows():
        assert (small.root / "landing" / path).is_file()
        assert rows >= 1


def test_wrong_bills_say_what_should_have_been_billed(small: Written) -> None:
    wrong = pl.read_parquet(small.truth / "wrong_bills.parquet")
    assert len(wrong) > 10
    assert (wrong["billed_amount"] > wrong["true_amount"]).all()


def test_the_client_money_was_short_three_times(small: Written) -> None:
    shortfalls = pl.read_parquet(small.truth / "shortfalls.parquet")
    assert len(shortfalls) == 3
    assert (shortfalls["started_on"] <= shortfalls["ended_on"]).all()
