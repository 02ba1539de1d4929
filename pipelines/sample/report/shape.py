"""One figure of the sample beside the real one, and how it is shown. What the figures are is in `shapes_*`, their bands in `bands`."""

from dataclasses import dataclass
from typing import Final

UNKNOWN: Final = "–"
_PLACES: Final = 4


@dataclass(frozen=True)
class Shape:
    """A figure of the sample and the band in which it should lie.

    Attributes:
        name: What is measured, with its unit.
        value: The sample's figure; NaN where the sample is too small or too short to tell.
        low: Lower end of the band, within it.
        high: Upper end of the band, within it.
        real: The same figure of a real business; None where the band is an assumption.
        source: The real data and how the figure was computed, or whose assumption it is.
    """

    name: str
    value: float
    low: float
    high: float
    real: float | None
    source: str

    @property
    def is_known(self) -> bool:
        """Whether the sample is large and long enough to tell."""
        return self.value == self.value  # NaN alone differs from itself

    @property
    def is_inside(self) -> bool:
        """Whether the figure lies in its band. What cannot be told is not outside it."""
        return not self.is_known or self.low <= self.value <= self.high

    def cells(self) -> tuple[str, ...]:
        """Name, sample, from, to, real and source as texts."""
        return (
            self.name,
            *(_shown(figure) for figure in (self.value if self.is_known else None, self.low, self.high, self.real)),
            self.source,
        )


def _shown(figure: float | None) -> str:
    """Four figures after the point at most, without zeros at the end."""
    if figure is None:
        return UNKNOWN
    return f"{figure:.{_PLACES}f}".rstrip("0").rstrip(".")
