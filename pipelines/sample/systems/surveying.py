"""What the survey tool delivers: every survey sent, answered or not, in the German manner: `;`, decimal comma, days with points."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.systems.notation import figure, label, moment
from pipelines.sample.systems.numbers import complaint_number, contact_number, customer_number, response_number

INSTRUMENTS: Final = {"csat": "CSAT", "nps": "NPS", "ces": "CES", "stay_intent": "STAY"}
_TIME: Final = "%d.%m.%Y %H:%M:%S"

RESPONSES: Final = Feed(
    source="survey_tool_responses",
    path="survey_tool/responses_{day}.csv",
    day=4,
    form=Form(kind="csv", delimiter=";", encoding="utf-8-sig"),
    spoiling=Spoiling(key="ResponseId", date="Answered", amount="Score", text="Comment"),
)


def tell_responses(frame: pl.DataFrame) -> pl.DataFrame:
    """The surveys as text."""
    return frame.select(
        "delivered",
        response_number(pl.col("response_id")).alias("ResponseId"),
        customer_number(pl.col("customer_id")).alias("Customer"),
        moment("sent_at", _TIME).alias("Sent"),
        moment("answered_at", _TIME).alias("Answered"),
        label("instrument", INSTRUMENTS).alias("Questionnaire"),
        figure("score", ",").alias("Score"),
        figure("scale_min", ",").alias("Lowest"),
        figure("scale_max", ",").alias("Highest"),
        contact_number(pl.col("contact_id")).alias("CallRef"),
        complaint_number(pl.col("complaint_id")).alias("CaseRef"),
        pl.col("comment").alias("Comment"),
    )
