"""What the company knows to have gone wrong for single customers. Outages, which hit whole regions, are in `outages`."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Floats, Integers, Times, stream
from pipelines.sample.records.reference_organisation import BRANCH_CODES, REGIONS
from pipelines.sample.records.served import bills, is_at_operations, later, positions, some_time
from pipelines.sample.story.life import BROKEN_PROMISE
from pipelines.sample.timeline import SECONDS_A_DAY

_KNOWN_BILLS, _KNOWN_PROMISES = 0.50, 0.40
_NOTICED, _PUT_RIGHT = 35, 12  # days at most until it is noticed, and from then until it is over
_STILL_LASTS: Final = 0.05
_NAMES_SERVICE: Final = 0.7


def make_incidents(chunk: Chunk, invoices: pl.DataFrame) -> pl.DataFrame:
    """Wrong bills and promises not kept, as far as the company has noticed them: a row when noticed, another when over in a later month.

    Args:
        chunk: What happened.
        invoices: The chunk's invoices, of which half of the wrong ones are found out.

    Returns:
        The columns of the contract and `delivered`, in order of delivery.
    """
    rng = stream(chunk.business.seed, "incidents", chunk.index)
    timeline = chunk.business.timeline
    wrong = bills(invoices).filter("_is_wrong")
    wrong = wrong.filter(pl.Series(rng.random(len(wrong)) < _KNOWN_BILLS, dtype=pl.Boolean))
    month, customer = np.nonzero((chunk.life.failure == BROKEN_PROMISE) & is_at_operations(chunk))
    is_known = rng.random(len(month)) < _KNOWN_PROMISES
    month, customer = month[is_known], customer[is_known]
    frame = pl.concat(
        [
            _frame("billing_error", positions(chunk, wrong["customer_id"]), wrong["issued_at"].to_numpy(), wrong["invoice_id"]),
            _frame("delivery_failure", customer, some_time(rng, month, timeline), pl.repeat(None, len(month), dtype=pl.Int64, eager=True)),
        ]
    ).sort("started_at", "customer", maintain_order=True)
    noticed, ended = _course(rng, frame["started_at"].to_numpy())
    at = np.clip(timeline.index_of(frame["started_at"].to_numpy()), 0, timeline.count - 1)
    entity = chunk.memberships.entity[frame["customer"].to_numpy()]
    told = frame.select(
        pl.Series("delivered", timeline.index_of(noticed)),
        pl.Series("over", np.where(np.isnat(ended), timeline.count, timeline.index_of(ended))),
        pl.Series("incident_id", chunk.business.numbering.take("incident", len(frame))),
        "started_at",
        pl.Series("ended_at", ended),
        "kind",
        pl.Series("organisation_unit", BRANCH_CODES).gather(chunk.particulars.branch[at, entity]),
        pl.Series("region", REGIONS).gather(chunk.particulars.region[at, entity]),
        _service(rng, chunk, frame["customer"].to_numpy(), at),
        pl.Series("customer_id", chunk.memberships.number[frame["customer"].to_numpy()]),
        "invoice_id",
    )
    is_over_at_once = pl.col("over") == pl.col("delivered")
    first = told.with_columns(ended_at=pl.when(is_over_at_once).then("ended_at"))
    again = told.filter(~is_over_at_once).with_columns(delivered=pl.col("over"))
    both = pl.concat([first, again]).filter(pl.col("delivered") < timeline.count).drop("over")
    return both.sort("delivered", "incident_id", maintain_order=True)


def _frame(kind: str, customer: Integers, started: Times, invoice: pl.Series) -> pl.DataFrame:
    columns = {"customer": customer, "started_at": started.astype("datetime64[ms]"), "invoice_id": invoice}
    return pl.DataFrame(columns).with_columns(kind=pl.lit(kind))


def _service(rng: np.random.Generator, chunk: Chunk, customer: Integers, month: Integers) -> pl.Series:
    """The plan of the customer's first account, which most tickets name as what it is about."""
    accounts = chunk.accounts
    account = np.searchsorted(accounts.customer, customer)
    plan = accounts.plan(account, chunk.life.step[month, customer])
    is_named = (rng.random(len(customer)) < _NAMES_SERVICE) & (accounts.opened_month[account] <= month)
    numbers = pl.Series([product.number for product in chunk.business.industry.products], dtype=pl.String).gather(plan)
    return pl.select(pl.when(pl.Series(is_named)).then(numbers).alias("product_id")).to_series()


def _course(rng: np.random.Generator, started: Times) -> tuple[Times, Times]:
    """When each is noticed, mostly soon, and when it is over; a few are left lying."""
    count = len(started)
    haste: Floats = rng.random(count) * rng.random(count) * rng.random(count)
    noticed = later(started, 3_600 + (_NOTICED * SECONDS_A_DAY * haste).astype(np.int64))
    ended = later(noticed, 3_600 + (_PUT_RIGHT * SECONDS_A_DAY * rng.random(count)).astype(np.int64))
    return noticed, np.where(rng.random(count) < _STILL_LASTS, np.datetime64("NaT", "ms"), ended)
