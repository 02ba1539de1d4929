"""What the complaints desk delivers: each month the complaints that are new or have moved on, in the state of the month's end."""

from typing import Final

import polars as pl

from pipelines.sample import words
from pipelines.sample.accounts import Accounts
from pipelines.sample.call_centre import contact_numbers
from pipelines.sample.chance import stream
from pipelines.sample.complaints import STAGES
from pipelines.sample.crm import account_number, customer_number
from pipelines.sample.delivery import Delivery, Form, chosen, decimal, stamp
from pipelines.sample.people import Customers
from pipelines.sample.timeline import Timeline

DELIVERED_ON: Final = 3
_FORM: Final = Form()
_BEFORE_STAGES: Final = ("case_no", "customer_no", "account_no", "call_no", "bill_no", "amount_in_dispute")
_AFTER_STAGES: Final = ("reopened", "about", "level", "team", "story", "wish", "ruling", "paid_back")


def complaints_desk_deliveries(
    seed: int,
    customers: Customers,
    accounts: Accounts,
    complaints: pl.DataFrame,
    contacts: pl.DataFrame,
    bill_numbers: pl.Series,
    timeline: Timeline,
) -> list[Delivery]:
    """One file a month. `bill_numbers` has the number of each document (`billing.bill_numbers`)."""
    calls = contacts.filter(pl.col("complaint").is_not_null()).select("complaint", call=contact_numbers(pl.col("contact")))
    rng = stream(seed, "complaints", 1)
    wish = pl.Series(rng.integers(0, len(words.REMEDIES), len(complaints)))
    english, topic = pl.col("is_english"), complaints["topic"]
    rows = complaints.join(calls, on="complaint", how="left", maintain_order="left").select(
        *STAGES,
        pl.concat_str(pl.lit("CP"), (pl.col("complaint") + 300_001).cast(pl.String)).alias("case_no"),
        customer_number(customers.number).gather(complaints["customer"]).alias("customer_no"),
        account_number(accounts.number).gather(complaints["account"]).alias("account_no"),
        pl.col("call").alias("call_no"),
        bill_numbers.gather(complaints["document"]).alias("bill_no"),
        decimal("disputed").alias("amount_in_dispute"),
        chosen(words.COMPLAINT_TOPICS, topic).alias("about"),
        pl.col("severity").alias("level"),
        chosen(words.COMPLAINT_TEAMS, topic).alias("team"),
        pl.when(english).then(chosen(words.ENGLISH_COMPLAINT_TEXTS, topic)).otherwise(chosen(words.COMPLAINT_TEXTS, topic)).alias("story"),
        pl.when(english).then(chosen(words.ENGLISH_REMEDIES, wish)).otherwise(chosen(words.REMEDIES, wish)).alias("wish"),
        pl.col("decision").alias("ruling"),
        decimal("compensation").alias("paid_back"),
        pl.col("reopened").cast(pl.String).alias("reopened"),
    )
    return [_delivery(rows, month, timeline) for month in range(timeline.count)]


def _delivery(rows: pl.DataFrame, month: int, timeline: Timeline) -> Delivery:
    """The complaints touched in a month; of later stages nothing is known yet."""
    start, end = (timeline.month(month + ahead).astype("datetime64[ms]") for ahead in (0, 1))
    is_touched = pl.any_horizontal(pl.col(stage).is_between(pl.lit(start), pl.lit(end), closed="left") for stage in STAGES)
    touched = rows.filter(is_touched & (pl.col("opened") < pl.lit(end)))
    is_settled = (pl.col("resolved") < pl.lit(end)).fill_null(value=False)
    known = touched.with_columns(
        *(pl.when(is_settled).then(name).alias(name) for name in ("ruling", "paid_back")),
        pl.when(is_settled).then("reopened").otherwise(pl.lit("0")).alias("reopened"),
        *(pl.when(pl.col(stage) < pl.lit(end)).then(stamp(stage)).alias(stage) for stage in STAGES),
    )
    day = timeline.delivery_date(month, DELIVERED_ON)
    told = known.select(*_BEFORE_STAGES, *STAGES, *_AFTER_STAGES)
    return Delivery("complaints_desk_complaints", f"complaints_desk/complaints_{day}.csv", day, told, _FORM)
