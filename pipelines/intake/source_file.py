"""What a source file may say: its keys, their types and what can be checked of each without the contracts."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class FileFormat(_Strict):
    """How the bytes of a delivery are read: CSV with a header line."""

    type: Literal["csv"] = "csv"
    encoding: Literal["utf-8", "iso-8859-1"] = "utf-8"
    delimiter: Literal[",", ";", "\t"] = ","
    quote: Literal['"', "'", ""] = '"'
    compression: Literal["auto", "none", "gzip"] = "auto"


class _FromName(_Strict):
    """A rule that may take a part of the file's name: what the pattern's one group matches."""

    pattern: str | None = None

    @field_validator("pattern")
    @classmethod
    def _one_group(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        try:
            groups = re.compile(pattern).groups
        except re.error as fault:
            message = f"is not a regular expression ({fault})"
            raise ValueError(message) from fault
        if groups != 1:
            message = "must hold exactly one (group): the part of the name that counts"
            raise ValueError(message)
        return pattern


class DeliveryOrder(_FromName):
    """What decides which of two deliveries is the newer: a part of the file's name, else the time received."""

    origin: Literal["file_name", "received"] = Field(alias="from")


class KnownAt(_FromName):
    """When what a delivery says could have been known: from the file's name, as the latest event time in it, or the time received."""

    origin: Literal["file_name", "latest_event", "received"] = Field(alias="from")
    format: str = "%Y-%m-%d"


class Feed(_Strict):
    """How one record type is read from the rows of a delivery."""

    columns: dict[str, str]
    where: str | None = None
    fold: dict[str, Literal["sum", "min", "max", "latest", "any_equal"]] = {}
    accumulate: bool = False
    on_exact_duplicate: Literal["keep", "drop"] = "keep"


class SourceFile(_Strict):
    """One file of the workspace's `sources` folder."""

    source: Name
    system: Name
    description: str = ""
    location: Annotated[str, Field(min_length=1)]
    format: FileFormat = FileFormat()
    time_zone: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    mode: Literal["append", "full"] = "append"
    delivery_order: DeliveryOrder = DeliveryOrder(origin="received")
    known_at: KnownAt = KnownAt(origin="received")
    ids_from: dict[Name, Name] = {}
    max_loss_share: Annotated[float, Field(ge=0, le=1)] | None = None
    feeds: Annotated[dict[str, Feed], Field(min_length=1)]

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        # Every zone by region and place is known to DuckDB too; of the short names some are not.
        zones = {zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith(("posix/", "right/"))} | {"UTC"}
        if name not in zones:
            near = sorted(zone for zone in zones if name and name.casefold() in zone.casefold())[:3]
            near = near or difflib.get_close_matches(name, sorted(zones), n=3) or ["Asia/Shanghai"]
            message = f"is not a time zone by region and place, such as {' or '.join(near)}"
            raise ValueError(message)
        return name

    @field_validator("location")
    @classmethod
    def _inside(cls, location: str) -> str:
        if Path(location).is_absolute() or ".." in Path(location).parts:
            message = "is outside the workspace; give a path below it, such as landing/billing/*.csv"
            raise ValueError(message)
        return location
