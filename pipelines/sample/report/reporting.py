"""From what is wanted to the shapes: the first chunk of the business is made in memory, and measured. Nothing is written."""

from collections.abc import Callable
from typing import Final, Protocol

from pipelines.sample.business import Chunk
from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import make_business, make_chunk
from pipelines.sample.report.bands import shapes_of
from pipelines.sample.report.delivered import Delivered, deliver, frames
from pipelines.sample.report.lateness import lateness
from pipelines.sample.report.predictability import predictability
from pipelines.sample.report.shape import Shape
from pipelines.sample.report.shapes_leaving import leaving_of, leaving_shapes
from pipelines.sample.report.shapes_paying import rolls
from pipelines.sample.report.shapes_purchases import purchase_shapes
from pipelines.sample.report.shapes_service import service_shapes
from pipelines.sample.timeline import Timeline

Progress = Callable[[str, int, int], None]
_STEPS: Final = len(frames()) + 3  # the story before the records, and shapes and predictability after them


class Wanted(Protocol):
    """What the report needs of what is wanted."""

    @property
    def industry(self) -> str:
        """Name of the industry."""

    @property
    def customers(self) -> int:
        """How many entities."""

    @property
    def seed(self) -> int:
        """Decides every draw."""

    def timeline(self) -> Timeline:
        """The months."""


def report_on(wanted: Wanted, progress: Progress | None = None) -> list[Shape]:
    """Measure a sample.

    Args:
        wanted: The sample. Only its first chunk is looked at, ten thousand entities at most; the others are drawn in the same way.
        progress: Is told what was done, how many steps are done, and how many there are.

    Returns:
        The shapes, in the order of `bands.yml`. What the sample is too small or too short to tell has the value NaN.
    """
    done = 0

    def tell(what: str) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(what, done, _STEPS)

    industry = INDUSTRIES[wanted.industry]
    chunk = make_chunk(make_business(wanted.seed, wanted.customers, wanted.timeline(), industry), 0)
    tell("story")
    records = deliver(chunk, tell)
    values = shape_values(chunk, records)
    tell("shapes")
    values |= predictability(chunk, records)
    tell("predictability")
    return shapes_of(values)


def shape_values(chunk: Chunk, records: Delivered) -> dict[str, float]:
    """The figures of all shapes but how well leaving can be predicted."""
    persons = chunk.memberships.number[~chunk.entities.is_organisation[chunk.memberships.entity]]
    return {
        **purchase_shapes(records.purchases, records.invoices, persons, records.timeline.count),
        **leaving_shapes(leaving_of(chunk), records),
        **rolls(lateness(records.invoices, records.payments, records.accounts, records.timeline)),
        **service_shapes(records, chunk),
    }
