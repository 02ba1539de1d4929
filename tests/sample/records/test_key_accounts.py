"""The key-account office's own register, and who is who in all registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.population.memberships import MAIN, SLOTS
from pipelines.sample.records.customers import make_customers
from pipelines.sample.records.key_accounts import FORGOTTEN_AFTER_MONTHS, LARGE_FROM, make_key_accounts, matching
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return make_chunk(make_business(5, 6_000, Timeline(MONTHS), INDUSTRIES["telecom"]), 0)


@pytest.fixture(scope="module")
def register(chunk: Chunk) -> pl.DataFrame:
    return make_key_accounts(chunk)


def test_the_same_seed_makes_the_same_register(chunk: Chunk, register: pl.DataFrame) -> None:
    assert make_key_accounts(chunk).equals(register)
    assert matching(chunk).equals(matching(chunk))


def test_it_names_the_larger_organisations_and_no_others(chunk: Chunk, register: pl.DataFrame) -> None:
    entities = chunk.entities
    assert set(register["entity"]) == set(np.flatnonzero(entities.is_organisation & (entities.value > LARGE_FROM)).tolist())
    assert (register["customer_id"] == register["entity"] * SLOTS + MAIN).all()


def test_each_month_lists_all_who_are_customers_and_those_who_closed_lately(chunk: Chunk, register: pl.DataFrame) -> None:
    listed = dict(register.group_by("customer_id").agg("delivered").iter_rows())
    timeline, memberships, gone = chunk.business.timeline, chunk.memberships, 0
    for place in np.flatnonzero(np.isin(memberships.number, list(listed))).tolist():
        closed = chunk.life.closed[place]
        end = MONTHS if np.isnat(closed) else int(timeline.index_of(np.array([closed]))[0]) + FORGOTTEN_AFTER_MONTHS
        expected = list(range(max(int(memberships.joined[place]), 0), min(end, MONTHS)))
        assert sorted(listed[int(memberships.number[place])]) == expected
        gone += end < MONTHS
    assert gone > 3
    assert register["delivered"].is_sorted()


def test_it_is_mostly_english_with_other_suffixes(register: pl.DataFrame) -> None:
    first = register.group_by("entity", maintain_order=True).first()
    english = ~first["name"].str.contains(r"[\x{4e00}-\x{9fff}]")
    assert 0.8 < english.sum() / len(first) < 0.95
    assert first["_variations"].str.contains("other_suffix").sum() > 0.4 * len(first)
    assert first["national_id"].null_count() / len(first) == pytest.approx(0.15, abs=0.07)


def test_it_follows_moves_and_new_numbers_as_operations_does(chunk: Chunk, register: pl.DataFrame) -> None:
    assert register.group_by("entity").agg(pl.col("manager_id").n_unique())["manager_id"].to_numpy().max() > 1
    customers = (
        make_customers(chunk)
        .filter(pl.col("slot") == MAIN)
        .select("customer_id", "delivered", crm_manager="manager_id", crm_region="region")
    )
    both = register.join_asof(customers, on="delivered", by="customer_id", check_sortedness=False)
    assert (both["manager_id"] == both["crm_manager"]).all()
    assert (both["region"] == both["crm_region"]).all()
    assert both["updated_at"].to_numpy().max() < chunk.business.timeline.end
    touched = chunk.business.timeline.index_of(register["updated_at"].to_numpy())
    assert (touched <= register["delivered"].to_numpy()).all()


def test_the_matching_names_every_record_once(chunk: Chunk, register: pl.DataFrame) -> None:
    matched = matching(chunk)
    assert matched.select("system", "customer_id").is_duplicated().sum() == 0
    assert len(matched) == chunk.memberships.count + register["entity"].n_unique()
    assert set(matched["system"]) == {"operations", "harbour", "leasing", "key_accounts"}
    assert (matched["customer_id"] // SLOTS == matched["entity"]).all()
    records = make_customers(chunk).group_by("customer_id", maintain_order=True).last().select("customer_id", "_variations")
    joined = matched.filter(pl.col("system") != "key_accounts").join(records, on="customer_id", maintain_order="left")

    def of_name(column: str) -> pl.Expr:
        return pl.col(column).str.replace_all(r"\+?(old_phone|old_address)", "").str.strip_chars("+")

    assert joined.filter(of_name("variations") != of_name("_variations")).is_empty()
