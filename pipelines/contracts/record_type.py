"""Record types as the rest of the warehouse sees them. Nothing else in the project states a column of an input.

From a record type follow the raw table (what stands outside the vault) and the vault's table (what only the vault may hold): lists of
columns here, SQL text in `render`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pipelines.documents import nearest
from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pipelines.contracts.odcs import Classification, LogicalType

Surrogate = Literal["customer", "account", "subscription", "employee"]
Derivation = Literal["birth_year"]
Fold = Literal["sum", "min", "max", "latest", "any_equal"]
Bound = Decimal | date | datetime

# How many delivered rows may become one value: quantities add up, what is ordered has a first and a last, keys and flags can only agree.
_AGREEING: tuple[Fold, ...] = ("latest", "any_equal")
_ORDERED: tuple[Fold, ...] = ("min", "max", *_AGREEING)
_ADDED: tuple[Fold, ...] = ("sum", *_ORDERED)


@dataclass(frozen=True, slots=True)
class RawColumn:
    """A column of a table that landing writes.

    Attributes:
        name: Its name in the table (`customer_key` for the property `customer_id`).
        duckdb_type: Its type in DuckDB's words.
        description: What it holds and what a null means.
        classification: public, internal, personal or sensitive.
        property_name: The contract's property that it comes from; None for a technical column.
        is_required: Whether it is never null.
        folds: How several delivered rows may become one value of it, where a feed folds.
    """

    name: str
    duckdb_type: str
    description: str
    classification: Classification = "internal"
    property_name: str | None = None
    is_required: bool = False
    folds: tuple[Fold, ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """A column as a file delivers it.

    Attributes:
        duckdb_type: The type that its text is read as.
        key_position: Its place (from 1) in the record's key; None outside the key.
        valid_values: The only values it may have; empty when any will do.
        minimum, maximum: Bounds, both included: a Decimal for numbers, a date for dates, a naive UTC datetime for timestamps.
        pattern: A regular expression that the whole value matches, in the words that ECMA-262 and RE2 share.
        surrogate: The kind of person or organisation whose id it is; the vault's random key takes its place at the door.
        event_key: The kind of thing whose internal id it is; a salted hash stands beside it.
        is_event_time: Whether it is the record's own time.
        is_amount: Whether it is the amount that reconciliation adds up.
        derive: What is kept of it outside the vault.
        is_optional_key: Whether it is a part of the key that may be empty or not delivered; empty then counts as a value of its own.
        system_from: The column of the same row that names the system whose number it is; None where the row's own system gave it.
    """

    name: str
    description: str
    logical_type: LogicalType
    duckdb_type: str
    required: bool
    key_position: int | None
    classification: Classification
    valid_values: tuple[str, ...]
    minimum: Bound | None
    maximum: Bound | None
    max_length: int | None
    pattern: str | None
    surrogate: Surrogate | None
    event_key: str | None
    is_event_time: bool
    is_amount: bool
    derive: Derivation | None
    is_optional_key: bool = False
    system_from: str | None = None

    @property
    def is_personal(self) -> bool:
        """Whether its value may stand in the vault only."""
        return self.classification in ("personal", "sensitive")

    @property
    def key_column(self) -> str:
        """Name of the key in its place or beside it: `customer_key` of `customer_id`, `organisation_unit_key` of `organisation_unit`."""
        return f"{self.name.removesuffix('_id')}_key"

    @property
    def folds(self) -> tuple[Fold, ...]:
        """How several delivered rows may become one value of it."""
        if self.surrogate or self.event_key or self.key_position or self.logical_type == "boolean":
            return _AGREEING
        return _ADDED if self.logical_type in ("number", "integer") else _ORDERED

    def raw_columns(self) -> list[RawColumn]:
        """What of it lands in the raw table; empty when all of it belongs to the vault."""
        if self.surrogate:
            return [self._key(f"{self.description} In its place the vault's random key of the {self.surrogate}.")]
        if self.is_personal:
            return [self._birth_year()] if self.derive else []
        own = RawColumn(self.name, self.duckdb_type, self.description, self.classification, self.name, self.required, self.folds)
        if self.event_key is None:
            return [own]
        thing = self.event_key.replace("_", " ")
        return [own, self._key(f"Key of the {thing}: salted hash of {self.name} and of the system whose number it is.")]

    def vault_columns(self) -> list[RawColumn]:
        """What of it lands in the vault's table: the key of a person or organisation, or the personal value itself."""
        if self.surrogate:
            return self.raw_columns()
        return [RawColumn(self.name, self.duckdb_type, self.description, self.classification, self.name)] if self.is_personal else []

    def _key(self, description: str) -> RawColumn:
        missing = "" if self.required else " Null when none was delivered."
        return RawColumn(self.key_column, "BIGINT", description + missing, "internal", self.name, self.required, _AGREEING)

    def _birth_year(self) -> RawColumn:
        text = "Year of birth of a person; the full date stands in the vault. Null when it was not delivered."
        return RawColumn("birth_year", "SMALLINT", text, "internal", self.name, is_required=False, folds=_ORDERED)


@dataclass(frozen=True, slots=True)
class RecordType:
    """One record type: its columns as delivered, and the tables that follow.

    Attributes:
        name: Name of the raw table (`invoice_lines`).
        title: Name in words (`Invoice lines`).
        description: What one row is.
        purpose, usage, limitations: What it is for, how it is delivered, what not to expect.
        grain: What makes a row of its own.
        properties: The columns in the contract's order.
        business_process: The process that its rows come from.
        knowledge_kind: Whether it is knowledge about customers or comes from them.
        keep_versions: Whether every landed version is wanted, not only the newest.
        freshness_days: Days after which the newest record counts as late.
        version: Version of the contract, as three numbers: a greater first number takes no older table over.
        one_of: Columns of which each row has at least one; empty where there is no such rule.
    """

    name: str
    title: str
    description: str
    purpose: str
    usage: str
    limitations: str
    grain: str
    business_process: str
    knowledge_kind: str
    properties: tuple[Property, ...]
    keep_versions: bool
    freshness_days: int
    version: tuple[int, int, int] = (1, 0, 0)
    one_of: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[Property, ...]:
        """The properties that make the key within a source system, in their order."""
        parts = [(item.key_position, item) for item in self.properties if item.key_position is not None]
        return tuple(item for _, item in sorted(parts, key=lambda part: part[0]))

    @property
    def sequence(self) -> Property | None:
        """The last part of the key where it may be left out; landed rows without it are numbered in the order of their delivery."""
        last = self.key[-1]
        return None if last.required or last.is_optional_key else last

    @property
    def event_time(self) -> Property | None:
        """The record's own time; None for a record that takes that of another (a line that of its invoice)."""
        return next((item for item in self.properties if item.is_event_time), None)

    @property
    def amount(self) -> Property | None:
        """The amount that reconciliation adds up; None for a record that is only counted."""
        return next((item for item in self.properties if item.is_amount), None)

    def property(self, name: str) -> Property:
        """The property of that name.

        Raises:
            ClienteleError: There is none; the message has the nearest names.
        """
        for item in self.properties:
            if item.name == name:
                return item
        message = f"The record type {self.name} has no column '{name}'{nearest(name, [item.name for item in self.properties])}."
        raise ClienteleError(message)

    def data_columns(self) -> list[RawColumn]:
        """The raw table's columns that come from the delivered row."""
        return [column for item in self.properties for column in item.raw_columns()]

    def raw_columns(self) -> list[RawColumn]:
        """The raw table: what may be seen outside the vault, then where each row came from."""
        return [*self.data_columns(), *TECHNICAL_COLUMNS]

    def vault_columns(self) -> list[RawColumn]:
        """The vault's table: where a row came from, whose it is, and its personal values. Empty for a record without any."""
        if not any(item.is_personal and item.surrogate is None for item in self.properties):
            return []
        position = [column for column in TECHNICAL_COLUMNS if column.name in ("_delivery_key", "_row_number")]
        return [*position, *(column for item in self.properties for column in item.vault_columns())]


TECHNICAL_COLUMNS: tuple[RawColumn, ...] = (
    RawColumn("source_system", "VARCHAR", "System or subsidiary whose record it is; keys are unique within it.", is_required=True),
    RawColumn("_source_name", "VARCHAR", "Source (a file of the workspace's sources folder) that delivered the row.", is_required=True),
    RawColumn(
        "_record_key",
        "BIGINT",
        "Salted 63-bit hash of record type, system and delivered key; for invoice lines without a delivered line number, of the invoice.",
        is_required=True,
    ),
    RawColumn("_content_hash", "BIGINT", "Salted 63-bit hash of the row's values, to tell a correction from a repetition."),
    RawColumn("_delivery_key", "BIGINT", "Delivery that brought the row.", is_required=True),
    RawColumn("_row_number", "BIGINT", "Place of the row in its delivery.", is_required=True),
    RawColumn("_known_at", "TIMESTAMP", "When the row could have been known, UTC.", is_required=True),
)
