"""What the call centre delivers: the contacts of each month, with Chinese column names and times that carry their offset.

Its own staff write in Chinese. The outsourced desk writes English and sits an hour further west.
"""

from typing import Final

import polars as pl

from pipelines.sample import words
from pipelines.sample.accounts import Accounts
from pipelines.sample.chance import stream
from pipelines.sample.crm import account_number, customer_number
from pipelines.sample.delivery import NOTE, Delivery, Form, chosen, stamp
from pipelines.sample.people import Customers
from pipelines.sample.timeline import Timeline
from pipelines.sample.versions import BLANK_CUSTOMER

DELIVERED_ON: Final = 3
_FORM: Final = Form(delimiter="\t")
_ANONYMOUS: Final = 0.015  # callers whom nobody asked for their number


def call_centre_deliveries(
    seed: int, customers: Customers, accounts: Accounts, contacts: pl.DataFrame, timeline: Timeline
) -> list[Delivery]:
    """One file a month."""
    rng = stream(seed, "contacts", 1)
    is_anonymous = pl.Series(rng.random(len(contacts)) < _ANONYMOUS)
    is_foreign = pl.col("is_outsourced")
    local = pl.concat_str(stamp("occurred", "%Y-%m-%dT%H:%M:%S"), pl.lit("+08:00"))
    western = pl.concat_str((pl.col("occurred") - pl.duration(hours=1)).dt.strftime("%Y-%m-%dT%H:%M:%S"), pl.lit("+07:00"))
    desk = pl.when(is_foreign).then(pl.lit("X")).otherwise(pl.lit("AG"))
    reason = contacts["reason"]
    rows = contacts.select(
        pl.Series("delivered", timeline.index_of(contacts["occurred"].to_numpy())),
        pl.when(is_anonymous).then(pl.lit(BLANK_CUSTOMER)).alias(NOTE),
        contact_numbers(pl.col("contact")).alias("联系编号"),
        pl.when(~is_anonymous).then(customer_number(customers.number).gather(contacts["customer"])).alias("客户编号"),
        pl.when(~is_anonymous).then(account_number(accounts.number).gather(contacts["account"])).alias("账户编号"),
        pl.when(is_foreign).then(western).otherwise(local).alias("开始时间"),
        chosen(words.DIRECTIONS, contacts["is_outbound"].cast(pl.Int64)).alias("方向"),
        chosen(words.CHANNELS, contacts["channel"]).alias("渠道"),
        pl.when(is_foreign).then(chosen(words.ENGLISH_REASONS, reason)).otherwise(chosen(words.REASONS, reason)).alias("原因"),
        pl.when(is_foreign).then(chosen(words.ENGLISH_TOPICS, reason)).otherwise(chosen(words.TOPICS, reason)).alias("内容"),
        pl.concat_str(desk, pl.col("agent").cast(pl.String).str.zfill(3)).alias("坐席"),
        pl.col("wait").cast(pl.String).alias("等待秒数"),
        pl.col("handle").cast(pl.String).alias("处理秒数"),
        pl.when("is_resolved").then(pl.lit("是")).otherwise(pl.lit("否")).alias("是否解决"),
    )
    days = [timeline.delivery_date(month, DELIVERED_ON) for month in range(timeline.count)]
    return [
        Delivery(
            "call_centre_contacts",
            f"call_centre/contacts_{day}.tsv",
            day,
            rows.filter(pl.col("delivered") == month).drop("delivered"),
            _FORM,
        )
        for month, day in enumerate(days)
    ]


def contact_numbers(contact: pl.Expr) -> pl.Expr:
    """The number of each contact, as the call centre writes it."""
    return pl.concat_str(pl.lit("T"), (contact + 20_000_001).cast(pl.String))
