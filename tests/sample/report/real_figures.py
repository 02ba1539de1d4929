"""The figures of the real data that the bands name, computed from the files in the shared data folder as each band's source says."""

from __future__ import annotations

import gzip
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from python_calamine import CalamineWorkbook

from tests.workspaces import SHARED

if TYPE_CHECKING:
    from pathlib import Path

DATA: Final = SHARED / "data"
# Grade of lateness from April to September 2005; August and September go by other names.
PAY: Final = ("PAY_6", "PAY_5", "PAY_4", "PAY_3", "PAY_2", "PAY_0")


def _csv(path: Path, encoding: str = "utf8") -> pl.DataFrame:
    with gzip.open(path) as opened:
        return pl.read_csv(opened.read(), encoding=encoding, infer_schema=False)


@cache
def online_retail() -> pl.DataFrame:
    """Invoice lines of customers in the last twelve months: from 2010-12-10."""
    months = [_csv(path, "iso-8859-1") for path in sorted((DATA / "online_retail").glob("*.csv.gz"))]
    lines = pl.concat(months).filter(pl.col("CustomerID").str.len_chars() > 0)
    lines = lines.with_columns(
        at=pl.col("InvoiceDate").str.to_datetime("%m/%d/%Y %H:%M"),
        amount=pl.col("Quantity").cast(pl.Float64) * pl.col("UnitPrice").cast(pl.Float64),
        is_bought=~pl.col("InvoiceNo").str.starts_with("C"),
    )
    return lines.filter(pl.col("at") >= pl.date(2010, 12, 10))


@cache
def online_retail_customers() -> pl.DataFrame:
    bought = online_retail().filter("is_bought")
    return bought.group_by("CustomerID").agg(times=pl.col("InvoiceNo").n_unique(), first=pl.col("at").min())


def repeat_rate() -> float:
    return float((online_retail_customers()["times"] >= 2).mean())  # type: ignore[arg-type]


def one_and_done() -> float:
    early = online_retail_customers().filter(pl.col("first") < pl.date(2011, 6, 10))
    return float((early["times"] == 1).mean())  # type: ignore[arg-type]


def _positive(frame: pl.DataFrame, by: str, value: str) -> list[float]:
    return frame.group_by(by).agg(pl.col(value).sum()).filter(pl.col(value) > 0)[value].sort().to_list()


def _top_fifth(amounts: list[float]) -> float:
    return sum(amounts[len(amounts) - round(len(amounts) / 5) :]) / sum(amounts)


def _gini(amounts: list[float]) -> float:
    count = len(amounts)
    return sum((2 * place - count - 1) * amount for place, amount in enumerate(amounts, start=1)) / (count * sum(amounts))


def top_fifth_purchases() -> float:
    return _top_fifth(_positive(online_retail(), "CustomerID", "amount"))


def gini_purchases() -> float:
    return _gini(_positive(online_retail(), "CustomerID", "amount"))


def top_fifth_persons() -> float:
    baskets = pl.read_parquet(DATA / "complete_journey" / "transactions.parquet", columns=["household_id", "sales_value"])
    return _top_fifth(_positive(baskets, "household_id", "sales_value"))


@cache
def cell2cell() -> pl.DataFrame:
    return pl.read_parquet(DATA / "cell2cell" / "cell2celltrain.parquet").with_columns(left=pl.col("Churn") == "Yes")


def _falls(column: str) -> float:
    return float((cell2cell()[column].drop_nulls() < 0).mean())  # type: ignore[arg-type]


def _odds(left: pl.Series) -> float:
    count = int(left.sum())
    return count / (len(left) - count)


def _after_a_fall(column: str) -> float:
    known = cell2cell().filter(pl.col(column).is_not_null())
    tenth, fourth, sixth = (known[column].quantile(share, "linear") for share in (0.1, 0.4, 0.6))
    fell, middle = known.filter(pl.col(column) <= tenth), known.filter(pl.col(column).is_between(fourth, sixth))
    return _odds(fell["left"]) / _odds(middle["left"])


def _after_calls(column: str) -> float:
    return _odds(cell2cell().filter(pl.col(column) > 0)["left"]) / _odds(cell2cell().filter(pl.col(column) == 0)["left"])


def use_falls() -> float:
    return _falls("PercChangeMinutes")


def bill_falls() -> float:
    return _falls("PercChangeRevenues")


def leaving_after_use_fell() -> float:
    return _after_a_fall("PercChangeMinutes")


def leaving_after_bill_fell() -> float:
    return _after_a_fall("PercChangeRevenues")


def leaving_after_care_calls() -> float:
    return _after_calls("CustomerCareCalls")


def leaving_after_retention_calls() -> float:
    return _after_calls("RetentionCalls")


def auc_leaving() -> float:
    """The same trees as the report's, learnt from four fifths of the customers and tried on every fifth."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]  # noqa: PLC0415
    from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]  # noqa: PLC0415

    figures = cell2cell().drop("CustomerID", "Churn", "left").select(pl.selectors.numeric()).to_numpy().astype(np.float64)
    left = cell2cell()["left"].to_numpy()
    is_tried = np.arange(len(left)) % 5 == 0
    model = HistGradientBoostingClassifier(
        max_iter=100,
        learning_rate=0.05,
        max_leaf_nodes=8,
        min_samples_leaf=60,
        l2_regularization=1.0,
        max_features=0.3,
        early_stopping=False,
        random_state=0,
    ).fit(figures[~is_tried], left[~is_tried])
    return float(roc_auc_score(left[is_tried], model.predict_proba(figures[is_tried])[:, 1]))


@cache
def grades() -> pl.DataFrame:
    return _csv(DATA / "card_default_tw" / "UCI_Credit_Card.csv.gz").select(pl.col(PAY).cast(pl.Int64))


@cache
def transitions() -> pl.DataFrame:
    """The grade of each card at the end of one month and of the next."""
    return pl.concat([grades().select(before=before, after=after) for before, after in pairwise(PAY)])


def _rolls(among: pl.Expr, to: pl.Expr) -> float:
    return float(transitions().filter(among).select(to.mean()).item())


def late_share() -> float:
    return float(np.mean(grades().to_numpy() >= 1))


def roll_current_to_late() -> float:
    return _rolls(pl.col("before") <= 0, pl.col("after") >= 1)


def roll_late_stays_late() -> float:
    return _rolls(pl.col("before") >= 1, pl.col("after") >= 1)


def roll_up_to_two_to_three() -> float:
    return _rolls(pl.col("before").is_between(1, 2), pl.col("after") >= 3)


def roll_three_stays() -> float:
    return _rolls(pl.col("before") >= 3, pl.col("after") >= 3)


@cache
def case_days() -> pl.Series:
    """Days from opening to closing, null for cases that are open."""
    cases = _csv(DATA / "nyc_cases" / "cases_2015_2018.csv.gz")
    opened, closed = (cases[name].str.slice(0, 10).str.to_date() for name in ("opendate", "closedate"))
    return (closed - opened).dt.total_days()


def days_to_close_median() -> float:
    return float(case_days().quantile(0.5, "linear"))  # type: ignore[arg-type]


def days_to_close_p90() -> float:
    return float(case_days().quantile(0.9, "linear"))  # type: ignore[arg-type]


def open_after_90_days() -> float:
    return float((case_days().fill_null(1_000_000) > 90).mean())  # type: ignore[arg-type]


def complaints_open() -> float:
    status = _csv(DATA / "comcast_complaints" / "Comcast_telecom_complaints_data.csv.gz", "utf8-lossy")["Status"]
    return float(status.is_in(["Open", "Pending"]).mean())  # type: ignore[arg-type]


@cache
def message_signs() -> pl.Series:
    rows = CalamineWorkbook.from_path(DATA / "citizen_complaints_zh" / "附件3.xlsx").get_sheet_by_index(0).to_python()
    column = rows[0].index("留言详情")
    return pl.Series([len("".join(str(row[column]).split())) for row in rows[1:]])


def text_signs_median() -> float:
    return float(message_signs().quantile(0.5, "linear"))  # type: ignore[arg-type]


def text_signs_p90() -> float:
    return float(message_signs().quantile(0.9, "linear"))  # type: ignore[arg-type]


FIGURES: Final = {
    "repeat_rate": repeat_rate,
    "one_and_done": one_and_done,
    "top_fifth_purchases": top_fifth_purchases,
    "gini_purchases": gini_purchases,
    "top_fifth_persons": top_fifth_persons,
    "top_fifth_all": top_fifth_purchases,
    "use_falls": use_falls,
    "bill_falls": bill_falls,
    "leaving_after_use_fell": leaving_after_use_fell,
    "leaving_after_bill_fell": leaving_after_bill_fell,
    "leaving_after_care_calls": leaving_after_care_calls,
    "leaving_after_retention_calls": leaving_after_retention_calls,
    "late_share": late_share,
    "roll_current_to_late": roll_current_to_late,
    "roll_late_stays_late": roll_late_stays_late,
    "roll_up_to_two_to_three": roll_up_to_two_to_three,
    "roll_three_stays": roll_three_stays,
    "days_to_close_median": days_to_close_median,
    "days_to_close_p90": days_to_close_p90,
    "open_after_90_days": open_after_90_days,
    "complaints_open": complaints_open,
    "text_signs_median": text_signs_median,
    "text_signs_p90": text_signs_p90,
    "auc_leaving": auc_leaving,
}
