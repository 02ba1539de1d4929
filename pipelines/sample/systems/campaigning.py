"""What the campaign tool delivers: the campaigns that started in a month, and who was chosen for them, between tabs."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.systems.notation import amount, flag, label, moment
from pipelines.sample.systems.numbers import campaign_number, customer_number

KINDS: Final = {"retention": "RET", "cross_sell": "XSELL", "win_back": "WIN", "collection": "COLL", "care": "CARE"}
RESPONSES: Final = {"accepted": "Y", "declined": "N", "none": "-"}
_FORM: Final = Form(kind="csv", delimiter="\t", encoding="utf-8")
_DAY: Final = 2

CAMPAIGNS: Final = Feed(
    source="campaign_tool_campaigns", path="campaign_tool/campaigns_{day}.tsv", day=_DAY, form=_FORM, spoiling=Spoiling()
)
MEMBERS: Final = Feed(source="campaign_tool_members", path="campaign_tool/members_{day}.tsv", day=_DAY, form=_FORM, spoiling=Spoiling())


def tell_campaigns(frame: pl.DataFrame) -> pl.DataFrame:
    """The campaigns as text."""
    return frame.select(
        "delivered",
        campaign_number(pl.col("campaign_id")).alias("Campaign"),
        pl.col("name").alias("Title"),
        label("kind", KINDS).alias("Type"),
        pl.col("product_id").alias("Offer"),
        moment("starts_at").alias("Starts"),
        moment("ends_at").alias("Ends"),
        amount("contact_cost").alias("CostPerContact"),
        amount("offer_cost").alias("CostPerOffer"),
    )


def tell_members(frame: pl.DataFrame) -> pl.DataFrame:
    """The members of the campaigns, the held-out ones among them, as text."""
    return frame.select(
        "delivered",
        campaign_number(pl.col("campaign_id")).alias("Campaign"),
        customer_number(pl.col("customer_id")).alias("Customer"),
        moment("assigned_at").alias("Assigned"),
        flag("is_treated", "T", "C").alias("Cell"),
        moment("contacted_at").alias("Contacted"),
        moment("responded_at").alias("Responded"),
        label("response", RESPONSES).alias("Response"),
        amount("revenue").alias("Revenue"),
    )
