"""What every method asks of the frame it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

# net_amount_6m is compared with net_amount_prior_6m: so many months must lie within the relation.
COMPARED_MONTHS = 12


def only_as_of(frame: pl.DataFrame) -> date | None:
    """The one `as_of` of a frame; None when it has no rows.

    Ranks, shares and rates compare customers of one month; over two months at once they would be wrong without a sign of it.

    Raises:
        ValueError: The frame holds more than one `as_of`.
    """
    found = frame.get_column("as_of").unique().sort()
    if found.len() > 1:
        message = f"expected the rows of one as_of, found {found.len()} from {found[0]} to {found[-1]}"
        raise ValueError(message)
    only: date | None = found[0] if found.len() else None
    return only
