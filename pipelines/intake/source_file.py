"""What a source file may say: its keys, their types and what can be checked of each without the contracts."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines.intake.databases.source import DatabasePlace, Extract

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


# What a source may call an encoding.
Encoding = Literal[
    "auto", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk", "big5", "iso-8859-1", "cp1252"
]  # fmt: skip
Compression = Literal["auto", "none", "gzip", "zstd", "zip"]


class FieldPlace(_Strict):
    """Where a field of a fixed-width line stands."""

    start: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]


# One ASCII sign that stands in no number, word or quote: a tab, a control sign (some systems export with one) or a mark.
_DELIMITER = r"^[\t\x01-\x08\x0e-\x1f!#$%&()*,/:;<=>?@\[\]^`{|}~]$"

# The keys of a format that only some types have.
_KEYS_OF_SOME: dict[str, tuple[str, ...]] = {
    "encoding": ("csv", "fixed_width", "json"),
    "compression": ("csv", "fixed_width", "json"),
    "delimiter": ("csv",),
    "quote": ("csv",),
    "title_lines": ("csv", "fixed_width", "excel"),
    "comment": ("csv", "fixed_width", "excel"),
    "totals": ("csv", "fixed_width", "excel"),
    "sheet": ("excel",),
    "measured_in": ("fixed_width",),
    "padding": ("fixed_width",),
}


class FileFormat(_Strict):
    """How the bytes of a delivery are read.

    Attributes:
        type: What kind of file it is; `json` is JSON lines or one array of objects.
        encoding: Of its text; `auto` takes what marks itself (a byte order mark) and what is UTF-8 from end to end.
        delimiter: Between the fields of a CSV line.
        quote: Around a CSV field that holds a delimiter, a quote or a newline; empty where quotes mean nothing.
        compression: Of the file as a whole; `auto` goes by its first bytes.
        title_lines: Lines above the header that belong to no table.
        comment: A line that begins with it is no record.
        totals: The last record is none where its first filled field begins with one of these.
        decimal: Between the whole and the fraction of a number.
        thousands: Between the groups of a number's digits; empty for none.
        date_formats: How dates are written (strptime), tried in turn; ISO 8601 where none is stated.
        timestamp_formats: The same for times.
        sheet: Of an Excel file; its first where none is stated.
        fields: Of a fixed-width file: name to place.
        measured_in: Whether the places of a fixed-width file count characters or bytes.
        padding: Whether fixed-width lines have all their blanks (`kept`), or lack those at their end (`cut`, as many editors leave them).
    """

    type: Literal["csv", "fixed_width", "json", "parquet", "excel"] = "csv"
    encoding: Encoding = "auto"
    delimiter: Annotated[str, Field(pattern=_DELIMITER)] = ","
    quote: Literal['"', "'", ""] = '"'
    compression: Compression = "auto"
    title_lines: Annotated[int, Field(ge=0, le=100)] = 0
    comment: Annotated[str, Field(min_length=1, max_length=10)] | None = None
    totals: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    date_formats: tuple[str, ...] = ()
    timestamp_formats: tuple[str, ...] = ()
    sheet: str | None = None
    fields: dict[str, FieldPlace] = {}
    measured_in: Literal["characters", "bytes"] = "characters"
    padding: Literal["kept", "cut"] = "kept"

    @model_validator(mode="after")
    def _agree(self) -> FileFormat:
        if self.thousands == self.decimal:
            message = "decimal and thousands are the same mark; state which of them it is"
            raise ValueError(message)
        if bool(self.fields) != (self.type == "fixed_width"):
            message = "fields (name to start and width) belong to type fixed_width, and it needs them"
            raise ValueError(message)
        for key in sorted(self.model_fields_set - {"type"}):
            if self.type not in _KEYS_OF_SOME.get(key, (self.type,)):
                message = f"{key} says nothing about type {self.type}; it belongs to {' and '.join(_KEYS_OF_SOME[key])}"
                raise ValueError(message)
        return self


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


class Feed(Extract):
    """How one record type is read from the rows of a delivery, and, of a database, which rows these are."""

    columns: dict[str, str]
    where: str | None = None
    fold: dict[str, Literal["sum", "min", "max", "latest", "any_equal"]] = Field(default_factory=dict)
    accumulate: bool = False
    on_exact_duplicate: Literal["keep", "drop"] = "keep"


class SourceFile(_Strict):
    """One file of the workspace's `sources` folder."""

    source: Name
    system: Name
    description: str = ""
    location: Annotated[str, Field(min_length=1)] | None = None
    database: DatabasePlace | None = None
    format: FileFormat = FileFormat()
    time_zone: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    mode: Literal["append", "full"] = "append"
    delivery_order: DeliveryOrder = DeliveryOrder(origin="received")
    known_at: KnownAt = KnownAt(origin="received")
    ids_from: dict[Name, Name] = {}
    max_loss_share: Annotated[float, Field(ge=0, le=1)] | None = None
    on_new_column: Literal["report", "refuse"] = "report"
    settle_seconds: Annotated[float, Field(ge=0)] | None = None
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
    def _inside(cls, location: str | None) -> str | None:
        if location is not None and (Path(location).is_absolute() or ".." in Path(location).parts):
            message = "is outside the workspace; give a path below it, such as landing/billing/*.csv"
            raise ValueError(message)
        return location
