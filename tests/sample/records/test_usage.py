"""What is metered by month."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.industries.industry import TARIFF_PERIODS
from pipelines.sample.population.accounts import SECOND
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.records import usage
from pipelines.sample.records.usage import BILLED_AFTER, NO_TARIFF, metered, service_start
from pipelines.sample.story.life import NEVER
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.sample.business import Chunk
    from pipelines.sample.chance import Integers

MONTHS = 24


@pytest.fixture(scope="module", params=sorted(INDUSTRIES))
def chunk(request: pytest.FixtureRequest) -> Chunk:
    return make_chunk(make_business(5, 3_000, Timeline(MONTHS), INDUSTRIES[request.param]), 0)


@pytest.fixture(scope="module")
def rows(chunk: Chunk) -> pl.DataFrame:
    customer = pl.Series(chunk.accounts.customer)
    frame = metered(chunk)
    return frame.with_columns(customer=customer.gather(frame["account"]))


def test_the_same_chunk_is_metered_alike_every_time(chunk: Chunk) -> None:
    assert metered(chunk).equals(metered(chunk))
    other = make_chunk(make_business(6, 3_000, Timeline(MONTHS), chunk.business.industry), 0)
    assert not metered(chunk).equals(metered(other))


def test_rows_stand_in_order_and_none_twice(rows: pl.DataFrame) -> None:
    keys = ["account", "month", "measure", "tariff"]
    assert rows.select(keys).equals(rows.select(keys).sort(keys))
    assert not rows.select(keys).is_duplicated().any()


def test_every_served_month_of_an_account_is_metered_and_no_other(chunk: Chunk, rows: pl.DataFrame) -> None:
    accounts, life = chunk.accounts, chunk.life
    is_served = life.is_served[:, accounts.customer] & (np.arange(MONTHS)[:, None] > accounts.opened_month)
    # The bill after the end charges the last month to those who were customers in it and stay.
    stays = (life.last > MONTHS - 1) & (chunk.memberships.joined <= MONTHS - 1)
    is_served = np.concatenate([is_served, (stays[accounts.customer] & (accounts.opened_month <= MONTHS - 1))[None, :]])
    is_metered = np.zeros_like(is_served)
    is_metered[rows["month"].to_numpy(), rows["account"].to_numpy()] = True
    assert not (is_metered & ~is_served).any()
    # Opened on the last day of a month: the service begins with the next.
    month, account = np.nonzero(is_served & ~is_metered)
    assert (service_start(chunk)[account].astype("datetime64[M]") >= chunk.business.timeline.first + month).all()
    assert len(account) < 0.05 * accounts.count
    assert (rows["month"].to_numpy() <= life.last[rows["customer"].to_numpy()]).all()


def test_the_last_month_of_the_calendar_is_metered_like_the_one_before(chunk: Chunk, rows: pl.DataFrame) -> None:
    measure = chunk.business.industry.measures[_common(chunk)]
    last = rows.filter((pl.col("measure") == _common(chunk)) & (pl.col("month") >= MONTHS - 1))
    season = np.array(measure.season)[chunk.business.timeline.calendar_month(last["month"].to_numpy() - BILLED_AFTER)]
    used = last.with_columns(pl.col("quantity") / season).group_by("month").agg(pl.col("quantity").sum(), pl.col("account").n_unique())
    before, after = used.sort("month").iter_rows(named=True)
    assert (before["month"], after["month"]) == (MONTHS - 1, MONTHS)
    assert after["account"] == pytest.approx(before["account"], rel=0.05)
    assert after["quantity"] == pytest.approx(before["quantity"], rel=0.15)
    leavers = np.flatnonzero(chunk.life.last < MONTHS)
    assert len(leavers) > 100
    assert last.filter((pl.col("month") == MONTHS) & pl.col("customer").is_in(leavers.tolist())).is_empty()


def test_nothing_is_used_in_a_suspended_month_and_something_in_the_month_before(chunk: Chunk, rows: pl.DataFrame) -> None:
    calendar = rows["month"].to_numpy() - BILLED_AFTER
    customer, quantity = rows["customer"].to_numpy(), rows["quantity"].to_numpy()
    is_suspended = chunk.life.is_suspended
    known = calendar >= 0
    suspended = known & is_suspended[np.maximum(calendar, 0), customer]
    assert suspended.sum() > 50
    assert (quantity[suspended] == 0).all()
    before = known & (calendar + 1 < MONTHS) & is_suspended[np.minimum(calendar + 1, MONTHS - 1), customer] & ~suspended
    assert before.sum() > 50
    assert (quantity[before] > 0).mean() > 0.95


def test_use_comes_back_with_the_service_after_a_suspension(chunk: Chunk) -> None:
    life, accounts = chunk.life, chunk.accounts
    account = int(np.flatnonzero(np.asarray(life.is_served.sum(axis=0) == MONTHS)[accounts.customer])[0])
    customer, suspended = accounts.customer[account], np.arange(5, 8)
    is_suspended, use = life.is_suspended.copy(), life.use.copy()
    is_suspended[suspended, customer], use[suspended, customer] = True, 0.0
    changed = dataclasses.replace(chunk, life=dataclasses.replace(life, is_suspended=is_suspended, use=use))
    total = metered(changed).filter(pl.col("account") == account).group_by("month").agg(pl.col("quantity").sum())
    assert sorted(total.filter(pl.col("quantity") == 0)["month"]) == (suspended + BILLED_AFTER).tolist()


def test_those_cut_off_for_a_while_use_something_again_in_the_month_of_their_return(chunk: Chunk, rows: pl.DataFrame) -> None:
    is_suspended = chunk.life.is_suspended
    calendar, customer = rows["month"].to_numpy() - BILLED_AFTER, rows["customer"].to_numpy()
    # Leaving for good, the story may end before the bill of the month.
    known = (calendar > 0) & (calendar < MONTHS - 1)
    now, before, after = (is_suspended[np.clip(calendar + shift, 0, MONTHS - 1), customer] for shift in (0, -1, 1))
    returns = known & before & ~now & ~after
    assert returns.sum() > 50
    assert (rows["quantity"].to_numpy()[returns] > 0).mean() > 0.95


def _common(chunk: Chunk) -> int:
    """The last measure, which every kind of account has."""
    return len(chunk.business.industry.measures) - 1


def _against_before(chunk: Chunk, rows: pl.DataFrame, customers: Integers) -> float:
    """How the use of the last month compares with five months earlier, in the middle, season taken out."""
    total = (
        rows.filter((pl.col("measure") == _common(chunk)) & pl.col("customer").is_in(customers.tolist()))
        .group_by("customer", "month", maintain_order=True)
        .agg(pl.col("quantity").sum())
    )
    season = np.array(chunk.business.industry.measures[_common(chunk)].season)
    calendar = chunk.business.timeline.calendar_month(total["month"].to_numpy() - BILLED_AFTER)
    total = total.with_columns(quantity=total["quantity"].to_numpy() / season[calendar], last=chunk.life.last[total["customer"].to_numpy()])
    end = total.filter(pl.col("month") == pl.col("last")).select("customer", end="quantity")
    start = total.filter(pl.col("month") == pl.col("last") - 5).select("customer", start="quantity")
    ratio = start.join(end, on="customer").filter(pl.col("start") > 0).select(pl.col("end") / pl.col("start")).to_series()
    assert len(ratio) > 25
    return float(np.median(ratio.to_numpy()))


def test_use_falls_before_those_leave_who_show_it_and_only_of_those(chunk: Chunk, rows: pl.DataFrame) -> None:
    life = chunk.life
    leaves = (life.decided != NEVER) & (life.last < MONTHS) & (life.stopped == NEVER)
    shows, hides = np.flatnonzero(leaves & life.has_sign), np.flatnonzero(leaves & ~life.has_sign)
    assert _against_before(chunk, rows, shows) < 0.72
    assert 0.85 < _against_before(chunk, rows, hides) < 1.15


def test_it_does_not_fall_more_than_the_story_says(chunk: Chunk, rows: pl.DataFrame) -> None:
    measure = _common(chunk)
    which = chunk.business.industry.measures[measure]
    total = rows.filter(pl.col("measure") == measure).group_by("account", "month", maintain_order=True).agg(pl.col("quantity").sum())
    account, month = total["account"].to_numpy(), total["month"].to_numpy()
    accounts = chunk.accounts
    season = np.array(which.season)[chunk.business.timeline.calendar_month(month - BILLED_AFTER)]
    # Of the month after the end nothing is told; it is as the last one was.
    use = chunk.life.use[np.minimum(month, MONTHS - 1), accounts.customer[account]]
    # What is used after a suspension begins with its end, which is charged a month later.
    was_suspended = chunk.life.is_suspended[np.maximum(month - BILLED_AFTER, 0), accounts.customer[account]]
    whole = (
        (use > 0)
        & ~was_suspended
        & (service_start(chunk)[account] <= (chunk.business.timeline.first + month - BILLED_AFTER).astype("datetime64[D]"))
    )
    expected = which.usual * accounts.use[account] * accounts.lines[account] * use * season
    ratio = total["quantity"].to_numpy()[whole] / expected[whole]
    assert np.median(ratio) == pytest.approx(1.0, abs=0.01)
    assert ratio.std() == pytest.approx(usage._NOISE, rel=0.05)


def test_the_second_account_has_only_the_measures_of_its_kind(chunk: Chunk, rows: pl.DataFrame) -> None:
    measures = chunk.business.industry.measures
    is_second = pl.Series(chunk.accounts.kind == SECOND).gather(rows["account"])
    of_second = {position for position, measure in enumerate(measures) if measure.is_of_second}
    assert set(rows.filter(is_second)["measure"]) == of_second
    assert set(rows.filter(~is_second)["measure"]) == set(range(len(measures)))


def test_what_is_metered_by_tariff_divides_about_as_the_industry_says(chunk: Chunk, rows: pl.DataFrame) -> None:
    for position, measure in enumerate(chunk.business.industry.measures):
        of_measure = rows.filter(pl.col("measure") == position)
        if not measure.periods:
            assert set(of_measure["tariff"]) == {NO_TARIFF}
            continue
        total = float(of_measure["quantity"].sum())
        for tariff in range(len(TARIFF_PERIODS)):
            share = float(of_measure.filter(pl.col("tariff") == tariff)["quantity"].sum()) / total
            assert share * 100 == pytest.approx(measure.periods[tariff], abs=2.5)
        own = of_measure.filter(pl.col("tariff") == 0).group_by("account").agg(pl.col("quantity").sum()).sort("account")
        whole = of_measure.group_by("account").agg(pl.col("quantity").sum()).sort("account")
        used = whole["quantity"] > 0
        assert (own["quantity"] / whole["quantity"]).filter(used).to_numpy().std() > 0.02  # habits differ


def test_quantities_have_the_decimals_of_their_measure(chunk: Chunk, rows: pl.DataFrame) -> None:
    assert (rows["quantity"] >= 0).all()
    for position, measure in enumerate(chunk.business.industry.measures):
        quantity = rows.filter(pl.col("measure") == position)["quantity"]
        assert (quantity == quantity.round(measure.decimals)).all()
        assert measure.decimals == 0 or (quantity != quantity.round(measure.decimals - 1)).any()


def test_a_newcomer_uses_only_the_part_of_the_first_month_that_was_left(chunk: Chunk, rows: pl.DataFrame) -> None:
    timeline, accounts = chunk.business.timeline, chunk.accounts
    measure = chunk.business.industry.measures[_common(chunk)]
    first = rows.filter(pl.col("measure") == _common(chunk)).group_by("account", "month").agg(pl.col("quantity").sum())
    account, month = first["account"].to_numpy(), first["month"].to_numpy()
    is_opening = timeline.index_of(accounts.opened)[account] == month - BILLED_AFTER
    late = is_opening & (
        (accounts.opened[account] - accounts.opened[account].astype("datetime64[M]")).astype("timedelta64[D]").astype(int) >= 20
    )
    assert late.sum() > 20
    season = np.array(measure.season)[timeline.calendar_month(month - BILLED_AFTER)]
    level = first["quantity"].to_numpy() / (measure.usual * accounts.use[account] * accounts.lines[account] * season)
    assert np.median(level[late]) < 0.4 * np.median(level[~is_opening])
