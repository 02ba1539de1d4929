"""How often what goes wrong: for each kind of dirt the share of rows that it is chosen for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Self

from pipelines.errors import ClienteleError

# Where a kind of file permits it. A pair of conflicting rows is two rows that cannot be read, so that these are 3 in 1,000 in all.
ROW_RATES: Final[Mapping[str, float]] = MappingProxyType(
    {
        "unreadable_date": 0.0008,
        "unreadable_amount": 0.0008,
        "missing_key": 0.0006,
        "bad_encoding": 0.0004,
        "conflicting_key": 0.0002,
        "repeated_row": 0.001,
        "late_row": 0.003,
        "correction": 0.002,
        "total_differs": 0.0005,
        "orphan": 0.001,
        "foreign_currency": 0.0005,
    }
)
# What happens to whole files. Each happens once to a kind of file that says so; a rate of 0 keeps it from happening.
FILE_KINDS: Final = ("reordered", "new_column", "empty", "truncated", "repeated_file")
# The row in which a truncated file ends: it comes with "truncated" and has no rate of its own.
CUT_ROW: Final = "cut_row"
# Rows of these kinds end in quarantine; all others land or are counted as duplicates.
UNREADABLE: Final = ("unreadable_date", "unreadable_amount", "missing_key", "bad_encoding", "conflicting_key", CUT_ROW)


def _standard() -> Mapping[str, float]:
    return MappingProxyType({**ROW_RATES, **dict.fromkeys(FILE_KINDS, 1.0)})


@dataclass(frozen=True)
class Rates:
    """How often each kind of dirt is chosen.

    Attributes:
        by_kind: For each kind of row dirt the share of rows, for each kind of file dirt whether it happens (above 0).
    """

    by_kind: Mapping[str, float] = field(default_factory=_standard)

    @classmethod
    def of(cls, factor: float = 1.0, **by_kind: float) -> Self:
        """The usual rates times a factor.

        Args:
            factor: 0 for files without any dirt, 2 for twice as much.
            by_kind: Rates of single kinds, taken as they are.

        Raises:
            ClienteleError: There is no such kind, or a rate is none.
        """
        rates = {kind: rate * factor for kind, rate in _standard().items()}
        unknown = sorted(by_kind.keys() - rates.keys())
        if unknown:
            message = f"there is no dirt of kind '{unknown[0]}'; there are {', '.join(rates)}."
            raise ClienteleError(message)
        rates |= by_kind
        if min(rates.values()) < 0 or sum(rates[kind] for kind in ROW_RATES) > 1:
            message = "the rates of dirt must be 0 or more, and those of rows at most 1 in all."
            raise ClienteleError(message)
        return cls(MappingProxyType(rates))

    def __getitem__(self, kind: str) -> float:
        return self.by_kind[kind]
