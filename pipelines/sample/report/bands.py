"""The bands in which the shapes should lie, as `bands.yml` states them."""

from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, RootModel, model_validator

from pipelines.documents import Document
from pipelines.sample.report.shape import Shape

FILE: Final = Path(__file__).with_name("bands.yml")


class Band(BaseModel):
    """What is known of one shape before the sample is looked at.

    Attributes:
        title: What is measured, with its unit.
        low: Lower end.
        high: Upper end.
        real: The figure of real data, rounded to four digits; None where the band is an assumption.
        source: The data and how the figure was computed, or whose assumption it is.
        why: How the band follows from the real figure.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    low: float
    high: float
    real: float | None
    source: str
    why: str

    @model_validator(mode="after")
    def _is_a_band(self) -> "Band":
        if not self.low < self.high:
            message = f"the band goes from {self.low} to {self.high}; its lower end is below its upper end"
            raise ValueError(message)
        return self


class _Bands(RootModel[dict[str, Band]]):
    model_config = ConfigDict(frozen=True)


@cache
def bands() -> dict[str, Band]:
    """All bands by the key of the shape, in the order in which the shapes are shown.

    Raises:
        ClienteleError: The file is not as it should be.
    """
    return Document(FILE).into(_Bands).root


def shapes_of(values: dict[str, float]) -> list[Shape]:
    """The shapes of the figures, in the order of the bands.

    Args:
        values: The sample's figure by key; NaN where it cannot be told.

    Raises:
        KeyError: A figure without a band, or a band without a figure.
    """
    if strange := values.keys() ^ bands().keys():
        raise KeyError(*sorted(strange))
    return [Shape(band.title, values[key], band.low, band.high, band.real, band.source) for key, band in bands().items()]
