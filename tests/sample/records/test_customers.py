"""The customer records of the three companies: versions follow what changed, as far as a company hears of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.population.memberships import HARBOUR, LEASING, MAIN, SLOTS, TWICE
from pipelines.sample.records.customers import last_variations, make_customers
from pipelines.sample.records.key_accounts import make_key_accounts, matching
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk

MONTHS = 24


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    return make_chunk(make_business(5, 4_000, Timeline(MONTHS), INDUSTRIES["telecom"]), 0)


@pytest.fixture(scope="module")
def customers(chunk: Chunk) -> pl.DataFrame:
    return make_customers(chunk)


def state(chunk: Chunk, month: int, entity: int) -> tuple[int, ...]:
    particulars = chunk.particulars
    arrays = (particulars.region, particulars.street, particulars.house, particulars.phone, particulars.manager)
    return tuple(int(values[month, entity]) for values in arrays)


def test_the_same_seed_makes_the_same_records(chunk: Chunk, customers: pl.DataFrame) -> None:
    assert make_customers(chunk).equals(customers)


def test_every_membership_is_first_delivered_when_it_is_known(chunk: Chunk, customers: pl.DataFrame) -> None:
    first = customers.group_by("customer_id").agg(pl.col("delivered").min()).sort("customer_id")
    assert first["customer_id"].to_list() == chunk.memberships.number.tolist()
    assert first["delivered"].to_list() == np.maximum(chunk.memberships.joined, 0).tolist()
    assert customers.select("customer_id", "delivered").is_duplicated().sum() == 0
    assert customers["delivered"].is_sorted()
    assert (customers["customer_id"] == customers["entity"] * SLOTS + customers["slot"]).all()


def test_operations_has_a_version_for_every_month_with_a_change_and_no_other(chunk: Chunk, customers: pl.DataFrame) -> None:
    timeline, memberships, closed = chunk.business.timeline, chunk.memberships, chunk.life.closed
    closing = np.where(np.isnat(closed), MONTHS + 1, timeline.index_of(np.where(np.isnat(closed), timeline.end, closed)))
    delivered = dict(customers.group_by("customer_id").agg("delivered").iter_rows())
    changes = 0
    for place in np.flatnonzero(memberships.slot <= TWICE)[:2_500].tolist():
        entity, first = int(memberships.entity[place]), max(int(memberships.joined[place]), 0)
        expected = {first} | {month for month in range(first + 1, MONTHS) if state(chunk, month, entity) != state(chunk, month - 1, entity)}
        expected = {month for month in expected if month <= closing[place]} | ({int(closing[place])} if closing[place] < MONTHS else set())
        assert set(delivered[int(memberships.number[place])]) == expected
        changes += len(expected) - 1
    assert changes > 500


def test_the_subsidiaries_hear_of_nothing_but_the_closing(chunk: Chunk, customers: pl.DataFrame) -> None:
    versions = (
        customers.filter(pl.col("slot") >= HARBOUR)
        .group_by("customer_id")
        .agg(pl.len(), pl.col("closed_at").count(), "slot", "phone", "address")
    )
    assert versions.filter(pl.col("len") > 1 + pl.col("closed_at")).is_empty()
    for column in ("phone", "address"):
        assert (versions[column].list.n_unique() == 1).all()
    assert customers.filter(pl.col("slot") == HARBOUR)["closed_at"].null_count() == len(customers.filter(pl.col("slot") == HARBOUR))
    assert customers.filter((pl.col("slot") == LEASING) & pl.col("closed_at").is_not_null()).height > 0


def test_a_new_telephone_number_and_a_move_show_at_operations(chunk: Chunk, customers: pl.DataFrame) -> None:
    main = customers.filter((pl.col("slot") == MAIN) & pl.col("phone").is_not_null() & pl.col("address").is_not_null())
    entity, month = main["entity"].to_numpy(), main["delivered"].to_numpy()
    particulars = chunk.particulars
    shown = main.with_columns(
        serial=pl.Series(particulars.phone[month, entity]),
        place=pl.concat_list(
            pl.Series(particulars.region[month, entity]),
            pl.Series(particulars.street[month, entity]),
            pl.Series(particulars.house[month, entity]),
        ),
    )
    for true, told in (("serial", "phone"), ("place", "address")):
        counted = shown.group_by("entity").agg(true=pl.col(true).n_unique(), told=pl.col(told).n_unique())
        assert (counted["true"] == counted["told"]).all()
        assert (counted["told"] > 1).any()


def test_a_customer_is_closed_from_the_closing_month_on(chunk: Chunk, customers: pl.DataFrame) -> None:
    first = int(chunk.business.timeline.first.astype("int64"))
    month = pl.col("closed_at").dt.year().cast(pl.Int64) * 12 + pl.col("closed_at").dt.month() - 1 - 1970 * 12 - first
    assert customers.filter(month > pl.col("delivered")).is_empty()
    closes = ~np.isnat(chunk.life.closed) & (chunk.memberships.slot != HARBOUR)
    last = customers.group_by("customer_id", maintain_order=True).last().sort("customer_id")
    assert last["closed_at"].is_not_null().to_list() == closes.tolist()


def test_a_record_is_touched_after_the_registration_and_within_the_month_of_its_delivery(chunk: Chunk, customers: pl.DataFrame) -> None:
    assert customers.filter(pl.col("updated_at") < pl.col("registered_at")).is_empty()
    touched = chunk.business.timeline.index_of(customers["updated_at"].to_numpy())
    is_change = customers.select(pl.col("delivered") > pl.col("delivered").min().over("customer_id")).to_series().to_numpy()
    assert (touched[is_change] == customers["delivered"].to_numpy()[is_change]).all()
    assert (touched <= customers["delivered"].to_numpy()).all()


def test_nobody_belongs_to_itself_in_a_round(customers: pl.DataFrame) -> None:
    pairs = customers.filter(pl.col("parent_customer_id").is_not_null()).unique("customer_id")
    parent = dict(pairs.select("customer_id", "parent_customer_id").iter_rows())
    assert len(parent) > 20
    assert all(owner % SLOTS == MAIN for owner in parent.values())
    organisations = set(customers.filter(pl.col("customer_type") == "organisation")["customer_id"])
    assert set(parent.values()) <= organisations
    for customer in parent:
        seen, place = set(), customer
        while place in parent:
            assert place not in seen
            seen.add(place)
            place = parent[place]


def test_no_telephone_number_is_assigned_and_few_are_shared_by_two(customers: pl.DataFrame) -> None:
    digits = customers.drop_nulls("phone").with_columns(pl.col("phone").str.replace_all(r"^\+86|[ -]", ""))
    assert digits["phone"].str.contains(r"^127\d{8}$").all()
    owners = digits.group_by("phone").agg(pl.col("entity").n_unique())["entity"]
    assert owners.max() == 2
    assert 0.015 < (owners == 2).sum() / len(owners) < 0.04


def test_what_only_operations_knows_is_missing_elsewhere(customers: pl.DataFrame) -> None:
    here, there = customers.filter(pl.col("unit") == 0), customers.filter(pl.col("unit") > 0)
    assert here["region"].null_count() == 0
    assert here["organisation_unit"].str.contains(r"^OP-[NESWC][12]$").all()
    assert (here["organisation_unit"].str.slice(3, 1) == here["region"].str.head(1)).all()
    for column in ("region", "manager_id", "parent_customer_id"):
        assert there[column].null_count() == len(there)
    assert set(there["organisation_unit"]) == {"HB", "LS"}


def test_values_are_missing_at_their_rates(customers: pl.DataFrame) -> None:
    main = customers.filter(pl.col("slot") == MAIN)
    persons = main.filter(pl.col("customer_type") == "person")
    assert main["email"].null_count() / len(main) == pytest.approx(0.30, abs=0.03)
    assert main["national_id"].null_count() / len(main) == pytest.approx(0.04, abs=0.02)
    assert persons["birth_date"].null_count() / len(persons) == pytest.approx(0.05, abs=0.02)
    harbour = customers.filter(pl.col("slot") == HARBOUR)
    assert harbour["national_id"].null_count() / len(harbour) == pytest.approx(0.75, abs=0.05)


def test_an_old_number_is_called_old(chunk: Chunk, customers: pl.DataFrame) -> None:
    def plain(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.col("phone").str.replace_all(r"^\+86|[ -]", ""))

    newest = (
        plain(customers.filter(pl.col("slot") == MAIN))
        .group_by("entity", maintain_order=True)
        .last()
        .select("entity", true="phone", left="closed_at")
    )
    last = plain(customers.filter(pl.col("slot") > MAIN)).group_by("customer_id", maintain_order=True).last().sort("customer_id")
    at_the_end = pl.DataFrame({"customer_id": chunk.memberships.number, "at_the_end": last_variations(chunk)})
    joined = last.join(newest, on="entity", maintain_order="left").join(at_the_end, on="customer_id", maintain_order="left")
    compared = joined.filter(
        pl.col("true").is_not_null() & pl.col("phone").is_not_null() & pl.col("left").is_null() & pl.col("closed_at").is_null()
    )
    old = compared["at_the_end"].str.contains("old_phone")
    assert 0.25 < old.sum() / len(old) < 0.6
    assert old.to_list() == (compared["phone"] != compared["true"]).to_list()


def test_a_hand_made_change_and_closing_in_one_month_give_one_version(chunk: Chunk) -> None:
    still = chunk.particulars
    months = np.zeros_like(still.phone)
    phone = months.copy()
    phone[5:, 0] = 1
    changed = np.full(months.shape, np.datetime64("NaT"), dtype="datetime64[ms]")
    timeline = chunk.business.timeline
    changed[5:, 0] = (timeline.month(5).astype("datetime64[D]") + 9).astype("datetime64[ms]")
    quiet = replace(still, region=months, street=months, house=months + 1, phone=phone, manager=months - 1, changed=changed)
    closed = np.full(chunk.memberships.count, np.datetime64("NaT"), dtype="datetime64[ms]")
    closed[chunk.memberships.slot == HARBOUR] = timeline.month(6).astype("datetime64[ms]")  # which never closes anybody
    closed[0] = (timeline.month(5).astype("datetime64[D]") + 20).astype("datetime64[ms]")
    rows = make_customers(replace(chunk, particulars=quiet, life=replace(chunk.life, closed=closed)))
    mine = rows.filter(pl.col("customer_id") == 0)
    assert mine["delivered"].to_list() == [0, 5]
    assert mine["closed_at"].is_null().to_list() == [True, False]
    assert mine["updated_at"][1] == mine["closed_at"][1]
    others = rows.filter(pl.col("entity") > 0)
    assert len(others) == others["customer_id"].n_unique()
    assert others["closed_at"].null_count() == len(others)


def test_a_handful_of_customers_in_a_short_time_is_no_special_case() -> None:
    for seed in range(6):
        few = make_chunk(make_business(seed, 20, Timeline(3), INDUSTRIES["bank"]), 0)
        assert make_customers(few)["customer_id"].n_unique() == few.memberships.count
        assert make_key_accounts(few).columns == make_key_accounts(replace(few, index=1)).columns
        assert len(matching(few)) >= few.memberships.count
