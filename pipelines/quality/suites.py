"""What is expected of a delivery as a whole: the contract says how late events may be, the policy how far off is too far.

A rule is one expectation over one figure of a small frame. What it compares with (the usual) is part of the figure, so that its limits are
the policy's own numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pipelines.contracts.record_type import RecordType
    from pipelines.policy import Policy

Severity = Literal["critical", "warning"]
# A column and the least that it has to be.
Condition = tuple[str, float]


@dataclass(frozen=True)
class Rule:
    """One expectation.

    Attributes:
        name: Its name, as `raw.delivery_check` has it.
        frame: The frame that it judges: a line a delivery, one a delivery and column, or one a delivery and id.
        severity: critical holds the delivery; a warning is only said.
        meaning: What is expected, in words; in the pages about the deliveries.
        figure: The column that Great Expectations judges; a line without a value is passed over.
        low, high: Its limits, both allowed; None for none.
        below: Whether `high` itself is too much.
        where: The lines that it is for: those that meet every condition.
        observed: The column that is shown in the figure's place.
        base_low, base_high: Columns from which the limits shown follow: the limit times the base, or plus it.
        scale: Which of the two; None when the limits are shown as they are.
        unit: What the observed counts: rows, columns, share, days or money.
        subject: What was observed, in words.
    """

    name: str
    frame: Literal["delivery", "column", "reference"]
    severity: Severity
    meaning: str
    figure: str
    observed: str
    unit: Literal["rows", "columns", "share", "days", "money"]
    subject: str
    low: float | None = None
    high: float | None = None
    below: bool = False
    where: tuple[Condition, ...] = ()
    base_low: str = ""
    base_high: str = ""
    scale: Literal["times", "plus"] | None = None


def rules(record: RecordType, policy: Policy) -> tuple[Rule, ...]:
    """The suite of one record type, in the order in which it is read."""
    return (*_of_counts(policy), *_of_amounts(policy), *_of_columns(policy), _of_freshness(record))


def _of_counts(policy: Policy) -> tuple[Rule, ...]:
    rows = policy.integer("quality.minimum_rows")
    hold, drift = policy.number("quality.row_count_hold_factor"), policy.number("quality.row_count_drift_factor")
    quarantined = policy.number("quality.max_quarantined_share")
    plausible = Rule(
        name="row_count_is_plausible",
        frame="delivery",
        severity="critical",
        meaning=f"A delivery has neither {hold:g} times more nor {hold:g} times fewer rows than usual.",
        figure="row_times",
        observed="rows_in",
        unit="rows",
        subject="rows delivered",
        low=1 / hold,
        high=hold,
        where=(("earlier", policy.integer("quality.earlier_deliveries")),),
        base_low="least_rows",
        base_high="most_rows",
        scale="times",
    )
    return (
        Rule(
            name="delivery_is_not_empty",
            frame="delivery",
            severity="critical",
            meaning=f"A delivery holds rows where none before was empty and {rows} rows or more are usual.",
            figure="rows_in",
            observed="rows_in",
            unit="rows",
            subject="rows delivered",
            low=1,
            where=(("lowest_rows", 1), ("least_rows", rows)),
        ),
        plausible,
        Rule(
            name="few_rows_are_quarantined",
            frame="delivery",
            severity="critical",
            meaning=f"At most a share of {quarantined:g} of the delivered rows is set aside.",
            figure="quarantined_share",
            observed="quarantined_share",
            unit="share",
            subject="share of rows quarantined",
            high=quarantined,
            where=(("rows_in", rows),),
        ),
        replace(
            plausible,
            name="row_count_is_usual",
            severity="warning",
            meaning=f"A delivery has at most {drift:g} times more or fewer rows than usual.",
            low=1 / drift,
            high=drift,
        ),
        Rule(
            name="columns_are_known",
            frame="delivery",
            severity="warning",
            meaning="A delivery brings no more columns that its source does not read than those before it.",
            figure="unread_rise",
            observed="columns_unread",
            unit="columns",
            subject="columns that the source does not read",
            high=0,
            base_high="most_unread",
            scale="plus",
        ),
    )


def _of_amounts(policy: Policy) -> tuple[Rule, ...]:
    factor, rows = policy.number("quality.amount_drift_factor"), policy.integer("quality.minimum_rows")
    return (
        Rule(
            name="mean_amount_is_usual",
            frame="delivery",
            severity="warning",
            meaning=f"The mean amount is at most {factor:g} times the usual, and at least the same part of it.",
            figure="amount_times",
            observed="amount_mean",
            unit="money",
            subject="mean amount",
            low=1 / factor,
            high=factor,
            where=(("rows_landed", rows), ("amount_earlier", policy.integer("quality.earlier_deliveries"))),
            base_low="least_amount",
            base_high="most_amount",
            scale="times",
        ),
    )


def _of_columns(policy: Policy) -> tuple[Rule, ...]:
    large: tuple[Condition, ...] = (("rows_landed", policy.integer("quality.minimum_rows")),)
    compared = (*large, ("earlier", policy.integer("quality.earlier_deliveries")))
    filled, unknown = policy.number("quality.usually_filled_share"), policy.number("quality.unknown_share_rise")
    rise = policy.number("quality.null_share_rise")
    drifting = Rule(
        name="column_is_filled_as_usual",
        frame="column",
        severity="warning",
        meaning=f"The share of rows without a value in a column is not more than {rise:g} above the usual.",
        figure="share_rise",
        observed="share",
        unit="share",
        subject="share of rows without a value",
        high=rise,
        where=compared,
        base_high="usual_share",
        scale="plus",
    )
    return (
        Rule(
            name="column_is_not_lost",
            frame="column",
            severity="critical",
            meaning=f"A column that is usually filled in a share of {filled:g} of the rows or more is not empty in all of them.",
            figure="share",
            observed="share",
            unit="share",
            subject="share of rows without a value",
            high=1,
            below=True,
            where=(*compared, ("least_filled_share", filled)),
        ),
        drifting,
        replace(
            drifting,
            name="ids_are_known",
            frame="reference",
            meaning=f"The share of ids that no delivered record has is not more than {unknown:g} above the usual.",
            subject="share of ids without a record",
            high=unknown,
            where=large,
        ),
    )


def _of_freshness(record: RecordType) -> Rule:
    """How late the newest event may be is the contract's to say."""
    return Rule(
        name="newest_event_is_fresh",
        frame="delivery",
        severity="warning",
        meaning=(
            f"When a delivery in mode append could be known, the newest event known by then of {record.title.lower()} was at most "
            f"{record.freshness_days} days old (the contract's latency)."
        ),
        figure="event_age_days",
        observed="event_age_days",
        unit="days",
        subject="days from the newest event to when it was known",
        high=record.freshness_days,
    )
