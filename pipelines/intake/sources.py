"""The source files of a workspace: where deliveries come from and how their columns map to record types.

A source file is checked whole before anything is read: unknown keys, record types, columns and folds are refused with the line and the
nearest known name. What its keys may be stands in `source_file`; expressions are checked in `expressions`; reading files belongs to
`reading`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pipelines.documents import Document, nearest
from pipelines.errors import ClienteleError
from pipelines.intake.databases.source import DatabasePlace, Extract, check_database, refuse_credentials
from pipelines.intake.expressions import Expression, parse_expression
from pipelines.intake.source_file import DeliveryOrder, Feed, FileFormat, KnownAt, SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.contracts.model import RecordType
    from pipelines.warehouse.workspace import Workspace

# A column that a feed may map although no contract lists it.
SYSTEM_COLUMN = "source_system"


@dataclass(frozen=True)
class MappedFeed:
    """A feed bound to its record type.

    Attributes:
        record: The record type that it delivers.
        columns: Column of the record to the expression that gives its value.
        where: What a row must meet to belong to the feed; None for every row.
        fold: Column to the way in which several delivered rows become one value of it.
        accumulate: Whether older deliveries of a folded record stay part of it.
        on_exact_duplicate: What becomes of equal rows of a record without a delivered key.
        extract: What is read for it of a database; None where the source delivers files.
    """

    record: RecordType
    columns: dict[str, Expression]
    where: Expression | None
    fold: dict[str, str]
    accumulate: bool
    on_exact_duplicate: Literal["keep", "drop"]
    extract: Extract | None = None

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
        location: Where its deliveries lie: a pattern of paths below the workspace.
        format: How their bytes are read.
        time_zone: Where timestamps without an offset were written.
        currency: Of amounts whose row does not say.
        mode: Whether a key that a delivery lacks has ended (full) or not (append).
        delivery_order: What decides which delivery is the newer.
        known_at: When what a delivery says could have been known.
        ids_from: What an id names (customer, product, …) to the system whose numbers this source uses for it, where that is not its own.
        max_loss_share: Share of its records that a full delivery may have lost; None for the policy's.
        on_new_column: Whether a delivered column that no feed reads is reported or refused.
        settle_seconds: How long a file must have been left alone before it is taken in; None for the policy's.
        feeds: The record types that are read from each delivery.
        database: What is read instead of files; each of its deliveries has one feed.
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
    on_new_column: Literal["report", "refuse"]
    settle_seconds: float | None
    feeds: tuple[MappedFeed, ...]
    database: DatabasePlace | None = None

    @property
    def parts(self) -> tuple[Source, ...]:
        """The source as its deliveries know it: of a database with one feed each, of files with all of them."""
        return (self,) if self.database is None else tuple(replace(self, feeds=(feed,)) for feed in self.feeds)

    @property
    def restates(self) -> bool:
        """Whether a delivery that equals an older one is news: that the records stand so again."""
        return self.mode == "full" or self.database is not None

    @property
    def mapping_key(self) -> int:
        """Hash, 63 bits, of all that decides how a delivery is read and mapped; folds are left out, since the models apply them."""
        feeds = [
            (
                feed.record.name,
                {name: item.sql for name, item in feed.columns.items()},
                feed.where and feed.where.sql,
                feed.on_exact_duplicate,
            )
            for feed in self.feeds
        ]
        reading = (self.system, self.format, self.time_zone, self.currency, self.mode, self.delivery_order, self.known_at, self.ids_from)
        digest = hashlib.blake2b(repr((reading, feeds)).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 1


def load_sources(workspace: Workspace, contracts: dict[str, RecordType]) -> list[Source]:
    """Read every source file of the workspace, in the order of their names.

    Raises:
        ClienteleError: A file is not a valid source, or two files give one name.
    """
    sources: dict[str, Source] = {}
    for path in sorted(path for path in workspace.sources.glob("*") if path.suffix in (".yml", ".yaml")):
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
    refuse_credentials(document)
    given = document.into(SourceFile)
    check_database(document, given)
    for rule, place in ((given.delivery_order, "delivery_order"), (given.known_at, "known_at")):
        if rule.origin == "file_name" and rule.pattern is None:
            sentence = f"'{place}' is taken from the file's name but has no pattern; add one, such as '_(\\d{{4}}-\\d{{2}}-\\d{{2}})'."
            raise document.fault((place,), sentence)
    _check_named(document, given.ids_from, contracts.values())
    return Source(
        path=path,
        name=given.source,
        system=given.system,
        location=given.location or f"database/{given.source}",
        format=given.format if given.database is None else FileFormat(type="parquet"),
        time_zone=given.time_zone,
        currency=given.currency,
        mode=given.mode,
        delivery_order=given.delivery_order,
        known_at=given.known_at,
        ids_from=given.ids_from,
        max_loss_share=given.max_loss_share,
        on_new_column=given.on_new_column,
        settle_seconds=given.settle_seconds,
        feeds=tuple(_bound(document, name, feed, contracts) for name, feed in given.feeds.items()),
        database=given.database,
    )


def _check_named(document: Document, ids_from: dict[str, str], records: Iterable[RecordType]) -> None:
    known = {item.surrogate or item.event_key for record in records for item in record.properties} - {None}
    for entity in ids_from:
        if entity not in known:
            raise document.fault(("ids_from", entity), f"no id names a '{entity}'{nearest(entity, map(str, known))}.")


def _check_window(document: Document, feed: MappedFeed) -> None:
    if feed.extract is not None and feed.extract.watermark is not None and (feed.is_folded or not feed.is_keyed):
        sentence = "a watermark reads some rows of a record and not its others: map the whole key, and let the query sum instead of a fold."
        raise document.fault(("feeds", feed.record.name, "watermark"), sentence)


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
    extract = Extract(table=feed.table, query=feed.query, watermark=feed.watermark) if feed.table or feed.query else None
    bound = MappedFeed(record, columns, where, dict(feed.fold), feed.accumulate, feed.on_exact_duplicate, extract)
    _check_window(document, bound)
    if bound.is_folded and not bound.is_keyed:
        lacking = next(key.name for key in record.key if key.name not in columns)
        raise document.fault(
            ("feeds", name, "fold" if feed.fold else "accumulate"),
            f"{name} folds by its key, but '{lacking}' is not mapped; map it, or leave out fold and accumulate.",
        )
    return bound
