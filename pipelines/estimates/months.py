"""The months that estimates are made for, and the features of one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from pipelines.warehouse.build import Build

# Called with a month, its number and how many there are.
Progress = Callable[[str, int, int], None]

_FEATURES = "features.feature_customer_month"


def each_month(build: Build, columns: Sequence[str], progress: Progress | None) -> Iterator[tuple[date, pl.DataFrame]]:
    """Every closed `as_of` that has customers, earliest first, with customer_key, as_of and the columns asked for."""
    months = sorted(build.distinct(_FEATURES, "as_of"))
    for number, as_of in enumerate(months, start=1):
        if progress is not None:
            progress(f"{as_of:%B %Y}", number, len(months))
        yield as_of, build.frame(_FEATURES, ["customer_key", "as_of", *columns], where={"as_of": as_of})
