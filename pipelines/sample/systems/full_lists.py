"""Full lists: what a system sends that names everything it knows anew each month, made from the versions of the records layer."""

from typing import Final

import polars as pl

from pipelines.sample.timeline import Timeline

FORGOTTEN_AFTER_MONTHS: Final = 6


def monthly_list(versions: pl.DataFrame, key: str, timeline: Timeline, closed: str | None = None) -> pl.DataFrame:
    """Each month's list: of everything known by then, the newest version.

    Args:
        versions: The records layer's rows; `delivered` says from which month on a version is known. Of two versions of one key in one month
            the later row counts.
        key: The column that says whose version it is.
        timeline: The months.
        closed: A column of times; in the seventh month after that of its newest version a key is forgotten. Without it nothing is.

    Returns:
        The rows of all lists with the columns of `versions`, `delivered` being the month of the list; ordered by month, then by key.
    """
    ordered = versions.filter(pl.col("delivered") < timeline.count).sort(key, "delivered", maintain_order=True)
    until = pl.col("delivered").shift(-1, fill_value=timeline.count)
    until = pl.when(pl.col(key) == pl.col(key).shift(-1)).then(until).otherwise(timeline.count)
    if closed is not None:
        month = pl.col(closed).dt.year().cast(pl.Int64) * 12 + pl.col(closed).dt.month().cast(pl.Int64) - 1
        first = int(timeline.first.astype("int64")) + 1970 * 12
        until = pl.min_horizontal(until, month - first + FORGOTTEN_AFTER_MONTHS + 1)
    spans = ordered.with_columns(_until=until).filter(pl.col("_until") > pl.col("delivered"))
    months = pl.int_ranges("delivered", "_until", dtype=pl.Int64)
    return spans.with_columns(delivered=months).drop("_until").explode("delivered").sort("delivered", maintain_order=True)
