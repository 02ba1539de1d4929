"""Rules that fire when something has just happened to a customer that often comes before leaving.

Only customers at risk set off a trigger: not closed, and with a bill in the window. Each trigger carries a size in its own unit, the date
on which its limit was passed, and a strength (how many times its limit it reached) by which different triggers are compared.

| trigger | fires when | size |
|---|---|---|
| bill_drop | the month's net amount falls far below the customer's median and last year's same month | share below the median |
| payment_stop | money is overdue and the latest payment is longer ago than the limit | days since the latest payment |
| unresolved_complaint | the oldest open complaint is older than the limit | days it has been open |
| silence | the silence is longer than the limit of own typical intervals | rhythm_ratio |

A bill drop is dated at the end of its month, the others on the first day beyond their limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from pipelines.analytics.frames import only_as_of

if TYPE_CHECKING:
    from pipelines.policy import Policy

FEATURES = (
    "customer_key",
    "as_of",
    "is_closed",
    "bill_count_12m",
    "first_bill_date",
    "last_bill_date",
    "has_payments",
    "last_payment_date",
    "overdue_amount",
    "oldest_open_complaint_days",
)
BILLS = ("customer_key", "month", "net_amount", "invoice_count")
TRIGGERS = ("bill_drop", "payment_stop", "unresolved_complaint", "silence")
TRIGGER_SCHEMA = pl.Schema(
    {"customer_key": pl.Int64, "as_of": pl.Date, "trigger": pl.String, "fired_date": pl.Date, "size": pl.Float64, "strength": pl.Float64},
)
# Scales the median absolute deviation to the standard deviation of a normal distribution: 1 / quantile(3/4).
MAD_TO_SIGMA = 1.482602218505602


@dataclass(frozen=True, slots=True)
class TriggerParameters:
    """Limits of the triggers; days, shares and ratios as the policy states them."""

    bill_drop_minimum_months: int
    bill_drop_z: float
    bill_drop_share: float
    bill_drop_floor_share: float
    payment_stop_days: int
    unresolved_complaint_days: int
    silence_ratio: float

    @classmethod
    def from_policy(cls, policy: Policy) -> TriggerParameters:
        """Read churn.* as far as it sets off triggers."""
        return cls(
            policy.integer("churn.bill_drop_minimum_months"),
            policy.number("churn.bill_drop_z"),
            policy.number("churn.bill_drop_share"),
            policy.number("churn.bill_drop_floor_share"),
            policy.integer("churn.payment_stop_days"),
            policy.integer("churn.unresolved_complaint_days"),
            policy.number("churn.silence_ratio"),
        )


def triggers(features: pl.DataFrame, placed: pl.DataFrame, bills: pl.DataFrame, parameters: TriggerParameters) -> pl.DataFrame:
    """Every trigger that fired, one row a customer and trigger.

    Args:
        features: `FEATURES` of one `as_of`; a null never fires.
        placed: What `rhythm.cells` gave for the same `as_of`.
        bills: customer_key, month (first day), net_amount, invoice_count for the month of `as_of` and the twelve before, without gaps from
            the first bill.
        parameters: Limits.

    Returns:
        customer_key, as_of, trigger, fired_date, size, strength; sorted by customer_key and trigger.

    Raises:
        ValueError: More than one `as_of`.
    """
    only_as_of(features)
    at_risk = features.filter(~pl.col("is_closed").fill_null(value=False) & (pl.col("bill_count_12m") > 0))
    fired = (
        bill_drop(at_risk, bills, parameters),
        payment_stop(at_risk, parameters),
        unresolved_complaint(at_risk, parameters),
        silence(at_risk, placed, parameters),
    )
    return pl.concat(fired).sort("customer_key", "trigger")


def bill_drop(at_risk: pl.DataFrame, bills: pl.DataFrame, parameters: TriggerParameters) -> pl.DataFrame:
    """A fall of the month's net amount far below the customer's own level.

    The level is the median of the twelve months before, months without a bill counted as nothing, so that customers who are billed now and
    then have no level to fall from. The distance is measured in robust standard deviations (Iglewicz and Hoaglin, 1993: the median absolute
    deviation), of at least `bill_drop_floor_share` of the level, since a flat bill deviates by nothing. Where the same month of last year
    is known, the amount must have fallen as much from there: a quiet August every year is no news.
    """
    as_of = only_as_of(at_risk)
    if as_of is None:
        return TRIGGER_SCHEMA.to_frame()
    this_month = pl.lit(as_of.replace(day=1))
    amounts = bills.select("customer_key", "month", pl.col("net_amount").cast(pl.Float64).alias("amount"), "invoice_count").filter(
        pl.col("amount").is_not_null() & (pl.col("month") >= this_month.dt.offset_by("-12mo"))
    )
    now = amounts.filter(pl.col("month") == this_month).select("customer_key", pl.col("amount").alias("now"))
    before = amounts.filter(pl.col("month") < this_month)
    is_last_year = pl.col("month") == this_month.dt.offset_by("-12mo")
    usual = before.group_by("customer_key").agg(
        pl.col("amount").median().alias("level"),
        (pl.col("invoice_count") > 0).sum().alias("billed_months"),
        pl.col("amount").filter(is_last_year).first().alias("last_year"),
    )
    share = parameters.bill_drop_share
    fallen = (
        usual.filter((pl.col("level") > 0) & (pl.col("billed_months") >= parameters.bill_drop_minimum_months))
        .join(now, on="customer_key", how="inner", validate="1:1")
        .filter(pl.col("level") - pl.col("now") >= share * pl.col("level"))
        .filter(
            pl.col("last_year").is_null()
            | ((pl.col("last_year") > 0) & (pl.col("last_year") - pl.col("now") >= share * pl.col("last_year")))
        )
    )
    # Only now, for the few that fell: the deviations of a million customers would cost as much again.
    deviation = (
        before.join(fallen.select("customer_key", "level"), on="customer_key", how="inner", validate="m:1")
        .group_by("customer_key")
        .agg((pl.col("amount") - pl.col("level")).abs().median().alias("deviation"))
    )
    sigma = pl.max_horizontal(pl.col("deviation") * MAD_TO_SIGMA, pl.col("level") * parameters.bill_drop_floor_share)
    drop = pl.col("level") - pl.col("now")
    return _rows(
        "bill_drop",
        at_risk.join(fallen.join(deviation, on="customer_key", validate="1:1"), on="customer_key", how="inner", validate="1:1"),
        fired_date=pl.col("as_of"),
        size=drop / pl.col("level"),
        strength=drop / sigma / parameters.bill_drop_z,
        fires=drop / sigma >= parameters.bill_drop_z,
    )


def payment_stop(at_risk: pl.DataFrame, parameters: TriggerParameters) -> pl.DataFrame:
    """Money is overdue and nothing has been paid for longer than the limit; never where no payments are delivered."""
    limit = parameters.payment_stop_days
    latest = pl.coalesce("last_payment_date", "first_bill_date")
    days = (pl.col("as_of") - latest).dt.total_days()
    return _rows(
        "payment_stop",
        at_risk,
        fired_date=latest.dt.offset_by(f"{limit + 1}d"),
        size=days,
        strength=days / limit,
        fires=pl.col("has_payments") & (pl.col("overdue_amount") > 0) & (days > limit),
    )


def unresolved_complaint(at_risk: pl.DataFrame, parameters: TriggerParameters) -> pl.DataFrame:
    """A complaint has been open for longer than the limit."""
    limit = parameters.unresolved_complaint_days
    days = pl.col("oldest_open_complaint_days").cast(pl.Int64)
    return _rows(
        "unresolved_complaint",
        at_risk,
        fired_date=pl.col("as_of") - pl.duration(days=days - limit - 1),
        size=days,
        # A limit of no days means that any open complaint fires; a day then is the unit.
        strength=days / max(limit, 1),
        fires=days > limit,
    )


def silence(at_risk: pl.DataFrame, placed: pl.DataFrame, parameters: TriggerParameters) -> pl.DataFrame:
    """The customer has been silent for longer than the limit of own intervals; needs the history that a rhythm needs."""
    limit = parameters.silence_ratio
    with_rhythm = placed.filter(pl.col("abstain_reason").is_null()).select("customer_key", "typical_interval_days", "rhythm_ratio")
    allowed_days = (pl.col("typical_interval_days") * limit).floor().cast(pl.Int64)
    return _rows(
        "silence",
        at_risk.join(with_rhythm, on="customer_key", how="inner", validate="1:1"),
        fired_date=pl.col("last_bill_date") + pl.duration(days=allowed_days + 1),
        size=pl.col("rhythm_ratio"),
        strength=pl.col("rhythm_ratio") / limit,
        fires=pl.col("rhythm_ratio") > limit,
    )


def _rows(trigger: str, frame: pl.DataFrame, *, fired_date: pl.Expr, size: pl.Expr, strength: pl.Expr, fires: pl.Expr) -> pl.DataFrame:
    columns = {"trigger": pl.lit(trigger), "fired_date": fired_date, "size": size, "strength": strength}
    return frame.filter(fires).select("customer_key", "as_of", **columns).cast(TRIGGER_SCHEMA).sort("customer_key")
