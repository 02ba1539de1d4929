"""Which delivered cells a person may see without asking for them: those that a source maps to columns which are public or internal.

What no feed reads may hold anything, and so does a source that is gone: such cells are masked as personal ones are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.intake.sources import MappedFeed, Source

MASK = "•••"


@dataclass(frozen=True)
class Masking:
    """What may be seen of the deliveries of one source.

    Attributes:
        plain: Delivered columns that are known to hold nothing personal, in small letters.
        reads: Delivered columns that each column of a record reads, by record type and column.
    """

    plain: frozenset[str]
    reads: dict[tuple[str, str], tuple[str, ...]]

    @classmethod
    def of(cls, source: Source | None) -> Masking:
        """The masking of a source; of None, which is a source that is gone, everything is masked."""
        plain: set[str] = set()
        masked: set[str] = set()
        reads: dict[tuple[str, str], tuple[str, ...]] = {}
        for feed in source.feeds if source is not None else ():
            personal = _personal_columns(feed)
            for column, expression in feed.columns.items():
                reads[feed.record.name, column] = expression.columns
                (masked if column in personal else plain).update(name.casefold() for name in expression.columns)
        return cls(frozenset(plain - masked), reads)

    def hides(self, delivered_column: str) -> bool:
        """Whether a delivered column is masked."""
        return delivered_column.casefold() not in self.plain

    def hides_value_of(self, record_type: str, column: str | None) -> bool:
        """Whether what was delivered for a column of a record is masked: it is personal, or was read from a cell that is masked."""
        if column is None or (record_type, column) not in self.reads:
            return True
        return any(self.hides(name) for name in self.reads[record_type, column])

    def cell(self, delivered_column: str, value: str | None) -> str | None:
        """A cell as it may be seen; an empty one says nothing and stays empty."""
        return MASK if value is not None and self.hides(delivered_column) else value


def _personal_columns(feed: MappedFeed) -> set[str]:
    """The columns of a record that hold personal data, and the ids that name persons and organisations."""
    return {item.name for item in feed.record.properties if item.is_personal or item.surrogate is not None}
