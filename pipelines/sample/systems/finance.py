"""What the finance department hands over: plans, client money at the custodian, exchange rates, the calendar, service targets."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.systems.notation import amount, day, figure, flag, label

CLOCKS: Final = {"calendar": "24x7", "business": "office hours"}
_FORM: Final = Form(kind="csv", delimiter=",", encoding="utf-8")
_DAY: Final = 5

TARGETS: Final = Feed(source="finance_targets", path="finance/targets_{day}.csv", day=_DAY, form=_FORM, spoiling=Spoiling())
CUSTODY_BALANCES: Final = Feed(
    source="finance_custody_balances", path="finance/custody_{day}.csv", day=_DAY, form=_FORM, spoiling=Spoiling()
)
EXCHANGE_RATES: Final = Feed(source="finance_exchange_rates", path="finance/rates_{day}.csv", day=_DAY, form=_FORM, spoiling=Spoiling())
BUSINESS_CALENDAR: Final = Feed(
    source="finance_business_calendar", path="finance/calendar_{day}.csv", day=_DAY, form=_FORM, spoiling=Spoiling()
)
SERVICE_TARGETS: Final = Feed(
    source="finance_service_targets", path="finance/service_targets_{day}.csv", day=_DAY, form=_FORM, spoiling=Spoiling()
)


def tell_targets(frame: pl.DataFrame) -> pl.DataFrame:
    """The targets as text; `value` is in the measure's own unit."""
    return frame.select(
        "delivered",
        pl.col("organisation_unit").alias("unit"),
        day("month", "%Y-%m").alias("month"),
        "measure",
        figure("value").alias("plan"),
    )


def tell_custody_balances(frame: pl.DataFrame) -> pl.DataFrame:
    """The client money at the custodian as text."""
    return frame.select(
        "delivered", pl.col("organisation_unit").alias("unit"), day("balance_date").alias("day"), "currency", amount("amount").alias("held")
    )


def tell_exchange_rates(frame: pl.DataFrame) -> pl.DataFrame:
    """The rates as text."""
    return frame.select(
        "delivered",
        day("rate_date").alias("day"),
        pl.col("from_currency").alias("base"),
        pl.col("to_currency").alias("quoted_in"),
        figure("rate"),
    )


def tell_business_calendar(frame: pl.DataFrame) -> pl.DataFrame:
    """The calendar as text."""
    return frame.select(
        "delivered",
        pl.col("organisation_unit").alias("unit"),
        day("date").alias("day"),
        pl.col("opens_at").alias("open"),
        pl.col("closes_at").alias("close"),
        flag("is_holiday", "Y", "N").alias("holiday"),
    )


def tell_service_targets(frame: pl.DataFrame) -> pl.DataFrame:
    """The targets for complaints as text."""
    return frame.select(
        "delivered",
        pl.col("measure").str.to_titlecase().alias("stage"),
        "severity",
        day("valid_from").alias("since"),
        day("valid_to").alias("until"),
        figure("hours"),
        label("clock", CLOCKS).alias("counted"),
    )
