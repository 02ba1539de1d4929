"""The source files of a workspace: where deliveries come from and how their columns map to record types.

A source file is checked whole before anything is read: unknown keys, record types, columns and folds are refused with the line and the nearest known name.
Expressions are checked in `expressions`; reading files belongs to `reading`.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipelines.contracts.model import RecordType
from pipelines.documents import Document, nearest
from pipelines.errors import ClienteleError
from pipelines.intake.expressions import Expression, parse_expression

if TYPE_CHECKING:
    from pipelines.warehouse.workspace import Workspace

# Columns that a feed may map although no contract lists them.
SYSTEM_COLUMN = "source_system"

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


class DeliveryOrder(_Strict):
    """What decides which of two deliveries is the newer: a part of the file's name, else the time received."""

    origin: Literal["file_name", "received"] = Field(alias="from")
    pattern: str | None = None

    @field_validator("pattern")
    @classmethod
    def _one_group(cls, pattern: str | None) -> str | None:
        return _with_group(pattern)


class KnownAt(_Strict):
    """When what a delivery says could have been known: from the file's name, as the latest event time in it, or the time received."""

    origin: Literal["file_name", "latest_event", "received"] = Field(alias="from")
    pattern: str | None = None
    format: str = "%Y-%m-%d"

    @field_validator("pattern")
    @classmethod
    def _one_group(cls, pattern: str | None) -> str | None:
        return _with_group(pattern)


class Feed(_Strict):
    """How one record type is read from the rows of a delivery."""

    columns: dict[str, str]
    where: str | None = None
    fold: dict[str, Literal["sum", "min", "max", "latest", "any_equal"]] = {}
    accumulate: bool = False
    on_exact_duplicate: Literal["keep", "drop"] = "keep"


class _SourceFile(_Strict):
    source: Name
    system: Name
    description: str = ""
    location: str
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
        if name not in zoneinfo.available_timezones():
            message = f"is not a time zone{nearest(name, zoneinfo.available_timezones())}"
            raise ValueError(message)
        return name

    @field_validator("location")
    @classmethod
    def _inside(cls, location: str) -> str:
        if Path(location).is_absolute() or ".." in Path(location).parts:
            message = "is outside the workspace; give a path below it, such as landing/billing/*.csv"
            raise ValueError(message)
        return location


@dataclass(frozen=True)
class MappedFeed:
    """A feed bound to its record type, with its expressions parsed."""

    record: RecordType
    columns: dict[str, Expression]
    where: Expression | None
    fold: dict[str, str]
    accumulate: bool
    on_exact_duplicate: Literal["keep", "drop"]

    @property
    def is_folded(self) -> bool:
        """Whether several delivered rows form one record."""
        return bool(self.fold) or self.accumulate

    @property
    def is_keyed(self) -> bool:
        """Whether the whole key of the record is delivered."""
        return all(key.name in self.columns for key in self.record.key)


@dataclass(frozen=True)
class Source:
    """A source, checked against the contracts.

    Attributes:
        path: Its file, for messages.
        name: The source's name, unique in the workspace.
        system: The `source_system` of its rows.
        ids_from: Entity to the system whose numbers this source uses for it, where that is not its own.
    """

    path: Path
    name: str
    system: str
    location: str
    format: FileFormat
    time_zone: str
    currency: str
    mode: Literal["append", "full"]
    delivery_order: DeliveryOrder
    known_at: KnownAt
    ids_from: dict[str, str]
    max_loss_share: float | None
    feeds: tuple[MappedFeed, ...]


def load_sources(workspace: Workspace, contracts: dict[str, RecordType]) -> list[Source]:
    """Read every `sources/*.yml` of the workspace, in the order of their names.

    Raises:
        ClienteleError: A file is not a valid source, or two files give one name.
    """
    sources: dict[str, Source] = {}
    for path in sorted(workspace.sources.glob("*.yml")):
        source = load_source(path, contracts)
        if source.name in sources:
            message = (
                f"{path}: the source '{source.name}' is already defined in {sources[source.name].path}; give one of them another name."
            )
            raise ClienteleError(message)
        sources[source.name] = source
    return list(sources.values())


def load_source(path: Path, contracts: dict[str, RecordType]) -> Source:
    """Read one source file and bind it to the contracts.

    Raises:
        ClienteleError: With file, line, what was found and what is known.
    """
    document = Document(path)
    given = document.into(_SourceFile)
    for rule, place in ((given.delivery_order, "delivery_order"), (given.known_at, "known_at")):
        if rule.origin == "file_name" and rule.pattern is None:
            raise document.fault(
                (place,), f"'{place}' is taken from the file's name but has no pattern; add one, such as '_(\\d{{4}}-\\d{{2}}-\\d{{2}})'."
            )
    feeds = tuple(_bound(document, name, feed, contracts) for name, feed in given.feeds.items())
    values = given.model_dump(include={"system", "location", "time_zone", "currency", "mode", "ids_from", "max_loss_share"})
    return Source(
        path=path,
        name=given.source,
        format=given.format,
        delivery_order=given.delivery_order,
        known_at=given.known_at,
        feeds=feeds,
        **values,
    )


def _bound(document: Document, name: str, feed: Feed, contracts: dict[str, RecordType]) -> MappedFeed:
    if name not in contracts:
        raise document.fault(("feeds", name), f"there is no record type '{name}'{nearest(name, contracts)}.")
    record = contracts[name]
    known = {item.name for item in record.properties} | {SYSTEM_COLUMN}
    columns: dict[str, Expression] = {}
    for column, text in feed.columns.items():
        place = ("feeds", name, "columns", column)
        if column not in known:
            raise document.fault(place, f"the record type {name} has no column '{column}'{nearest(column, known)}.")
        columns[column] = parse_expression(text, document, place)
    for item in record.properties:
        if item.required and item.name not in columns:
            raise document.fault(
                ("feeds", name, "columns"),
                f"the required column '{item.name}' of {name} is not mapped; add '{item.name}: <delivered column>'.",
            )
    for column, function in feed.fold.items():
        place = ("feeds", name, "fold", column)
        if column not in columns:
            raise document.fault(place, f"'{column}' is folded but not mapped{nearest(column, columns)}.")
        allowed = ("latest", "any_equal") if column == SYSTEM_COLUMN else record.property(column).folds
        if function not in allowed:
            raise document.fault(place, f"'{column}' of {name} cannot be folded by {function} (possible: {', '.join(allowed)}).")
    where = parse_expression(feed.where, document, ("feeds", name, "where")) if feed.where is not None else None
    return MappedFeed(
        record=record,
        columns=columns,
        where=where,
        fold=dict(feed.fold),
        accumulate=feed.accumulate,
        on_exact_duplicate=feed.on_exact_duplicate,
    )


def _with_group(pattern: str | None) -> str | None:
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
