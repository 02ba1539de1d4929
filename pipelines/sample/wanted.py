"""What somebody wants of the generator, checked before anything is made."""

import re
from dataclasses import dataclass
from typing import Final, Literal, cast

import numpy as np

from pipelines.errors import ClienteleError
from pipelines.sample.deliveries.rates import Rates
from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.timeline import LAST_MONTH, Timeline

Detail = Literal["hourly", "daily", "monthly"]
DETAILS: Final = ("hourly", "daily", "monthly")
_CUSTOMERS: Final = (20, 2_000_000)
_MONTHS: Final = (3, 120)
_MONTH: Final = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")
_RATE: Final = re.compile(r"(?:(?P<kind>[a-z_]+)=)?(?P<share>\d+(?:\.\d*)?|\.\d+)")


@dataclass(frozen=True)
class Wanted:
    """The sample that is wanted.

    Attributes:
        industry: telecom, bank or utility.
        customers: How many true persons and organisations there are over the whole time.
        months: How many months.
        seed: Any whole number from 0.
        end: The last month, such as 2026-09.
        usage: How finely usage is metered: hourly, daily or monthly.
        dirt: What goes wrong: a factor on all rates (such as 0 or 2.5), or kind=share for one kind; later ones win.
    """

    industry: str = "telecom"
    customers: int = 2_000
    months: int = 24
    seed: int = 20_260_101
    end: str = str(LAST_MONTH)
    usage: str = "monthly"
    dirt: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be made.

        Raises:
            ClienteleError: A value is out of range; says which, and what is possible.
        """
        _within("customers", self.customers, *_CUSTOMERS)
        _within("months", self.months, *_MONTHS)
        _within("seed", self.seed, 0, 2**63 - 1)
        _one_of("industry", self.industry, tuple(INDUSTRIES))
        _one_of("usage", self.usage, DETAILS)
        if not _MONTH.fullmatch(self.end):
            message = f"the sample's end is {self.end!r}; give a month from 1900 on, such as {LAST_MONTH}."
            raise ClienteleError(message)
        self.rates()

    @property
    def detail(self) -> Detail:
        """How finely usage is metered."""
        return cast("Detail", self.usage)

    def timeline(self) -> Timeline:
        """The months."""
        return Timeline(self.months, np.datetime64(self.end, "M"))

    def rates(self) -> Rates:
        """How often what goes wrong.

        Raises:
            ClienteleError: What is said of dirt cannot be understood, or a kind is unknown.
        """
        factor, by_kind = 1.0, dict[str, float]()
        for said in self.dirt:
            match = _RATE.fullmatch(said)
            if match is None:
                message = f"the dirt {said!r} is neither a factor, such as 0 or 2.5, nor a kind and its share, such as late_row=0.01."
                raise ClienteleError(message)
            if match["kind"] is None:
                factor = float(match["share"])
            else:
                by_kind[match["kind"]] = float(match["share"])
        return Rates.of(factor, **by_kind)


def _within(name: str, value: int, smallest: int, largest: int) -> None:
    if not smallest <= value <= largest:
        message = f"the sample's {name} is {value}; give a whole number from {smallest} to {largest}."
        raise ClienteleError(message)


def _one_of(name: str, value: str, possible: tuple[str, ...]) -> None:
    if value not in possible:
        message = f"the sample's {name} is {value!r}; it can be {', '.join(possible)}."
        raise ClienteleError(message)
