"""What the call centre delivers: contacts as JSON lines, with times that carry their offset.

Its own staff write Chinese. The outsourced desk writes English and sits an hour further west.
"""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.systems.notation import flag, label, label_or_own, moment_at_offset
from pipelines.sample.systems.numbers import account_number, campaign_number, contact_number, customer_number, employee_number
from pipelines.sample.texts import CONTACT_REASON_LABELS_EN, CONTACT_REASON_LABELS_ZH, CONTACT_REASONS

DIRECTIONS: Final = {"inbound": "呼入", "outbound": "呼出"}
CHANNELS: Final = {
    "phone": "电话",
    "branch": "营业厅",
    "web": "网站",
    "app": "手机应用",
    "email": "邮件",
    "chat": "在线客服",
    "sms": "短信",
    "visit": "上门",
}
REASONS: Final = dict(zip(CONTACT_REASONS, CONTACT_REASON_LABELS_ZH, strict=True))
ENGLISH_DIRECTIONS: Final = {"inbound": "in", "outbound": "out"}
ENGLISH_CHANNELS: Final = {
    "phone": "call",
    "branch": "shop",
    "web": "website",
    "app": "mobile app",
    "email": "e-mail",
    "chat": "live chat",
    "sms": "text message",
    "visit": "home visit",
}
ENGLISH_REASONS: Final = dict(zip(CONTACT_REASONS, CONTACT_REASON_LABELS_EN, strict=True))
SOLVED: Final = ("已解决", "未解决")

CONTACTS: Final = Feed(
    source="call_centre_contacts",
    path="call_centre/contacts_{day}.jsonl",
    day=3,
    form=Form(kind="json_lines"),
    spoiling=Spoiling(key="contactId", date="startedAt", text="notes", correctable=("result", SOLVED), repeats=True),
    file_dirt=("truncated",),
)


def tell_contacts(frame: pl.DataFrame) -> pl.DataFrame:
    """The contacts: text, but for the seconds, which are whole numbers. `_language` says which desk wrote it."""
    is_english = pl.col("_language") == "en"

    def by_desk(english: pl.Expr, own: pl.Expr) -> pl.Expr:
        return pl.when(is_english).then(english).otherwise(own)

    return frame.select(
        "delivered",
        contact_number(pl.col("contact_id")).alias("contactId"),
        customer_number(pl.col("customer_id")).alias("customerNo"),
        account_number(pl.col("account_id")).alias("accountNo"),
        by_desk(moment_at_offset("occurred_at", 7), moment_at_offset("occurred_at", 8)).alias("startedAt"),
        by_desk(label("direction", ENGLISH_DIRECTIONS), label("direction", DIRECTIONS)).alias("direction"),
        by_desk(label("channel", ENGLISH_CHANNELS), label("channel", CHANNELS)).alias("channel"),
        by_desk(label_or_own("reason", ENGLISH_REASONS), label_or_own("reason", REASONS)).alias("reason"),
        pl.col("topic_text").alias("notes"),
        employee_number(pl.col("employee_id")).alias("agent"),
        pl.col("wait_seconds").cast(pl.Int64).alias("waitSeconds"),
        pl.col("handle_seconds").cast(pl.Int64).alias("handleSeconds"),
        flag("is_resolved", *SOLVED).alias("result"),
        campaign_number(pl.col("campaign_id")).alias("campaign"),
        "outcome",
    )
