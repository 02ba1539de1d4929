"""The contracts as record types: read once, checked and typed.

What a record states itself goes over what `fields.yml` shares by name, key by key; every contradiction is refused with its line.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from pipelines.contracts.coherence import property_faults, record_faults
from pipelines.contracts.odcs import CustomProperty, LogicalTypeOptions, OdcsContract, OdcsProperty, SharedProperties
from pipelines.contracts.record_type import Bound, Derivation, Property, RawColumn, RecordType, Surrogate
from pipelines.documents import Document, Place, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.errors import ClienteleError

__all__ = ["Property", "RawColumn", "RecordType", "load_contracts"]

FOLDER = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# A contract's type to the types a value may be stored as; the first is taken where the contract names none.
_STORED_AS: dict[str, tuple[str, ...]] = {
    "string": ("VARCHAR",),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP",),
    "number": ("DECIMAL(18,4)", "DECIMAL(28,12)"),
    "integer": ("BIGINT", "INTEGER", "SMALLINT"),
    "boolean": ("BOOLEAN",),
}
_PROPERTY_EXTENSIONS = ("surrogate", "eventKey", "eventTime", "amount", "derive", "optionalKey", "systemFrom")
_RECORD_EXTENSIONS = ("keepVersions", "knowledgeKind", "oneOf")


@cache
def load_contracts(folder: Path = FOLDER) -> dict[str, RecordType]:
    """Every record type by name, from `records/*.yml` and `fields.yml` in the folder, in the order of the names.

    Raises:
        ClienteleError: A contract is not valid; the message has the file, the line and what is wrong.
    """
    document = Document(folder / "fields.yml")
    shared: dict[str, OdcsProperty] = {}
    for index, item in enumerate(document.into(SharedProperties).properties):
        if item.name in shared:
            raise document.fault(("properties", index), f"the shared property '{item.name}' stands twice; keep one.")
        shared[item.name] = item
    files = sorted((folder / "records").glob("*.yml"))
    return {path.stem: _RecordFile(path, shared).record_type() for path in files}


class _RecordFile:
    """One contract file on its way to a record type; holds the document so that each fault names its line."""

    def __init__(self, path: Path, shared: dict[str, OdcsProperty]) -> None:
        self._document = Document(path)
        self._contract = self._document.into(OdcsContract)
        self._shared = shared

    def record_type(self) -> RecordType:
        """The record type, complete and free of contradictions."""
        table = self._contract.schema_[0]
        at: Place = ("schema", 0)
        if table.name != self._document.path.stem:
            file = self._document.path.name
            raise self._fault((*at, "name"), f"the table is called '{table.name}', its file {file}; give both one name.")
        properties = tuple(self._property(item, (*at, "properties", index)) for index, item in enumerate(table.properties))
        extensions = self._extensions(table.custom_properties, (*at, "customProperties"), _RECORD_EXTENSIONS)
        record = RecordType(
            name=table.name,
            title=self._contract.name,
            description=table.description,
            purpose=self._contract.description.purpose,
            usage=self._contract.description.usage,
            limitations=self._contract.description.limitations or "",
            grain=table.granularity,
            business_process=self._contract.domain,
            knowledge_kind=self._one_of(extensions, "knowledgeKind", ("about", "for", "from", "co-created"), at) or "about",
            properties=properties,
            keep_versions=self._flag(extensions, "keepVersions", at),
            freshness_days=self._contract.sla_properties[0].value,
            version=_version(self._contract.version),
            one_of=tuple((self._text(extensions, "oneOf", at) or "").split()),
        )
        self._check(record_faults(record), (*at, "properties"))
        return record

    def _property(self, stated: OdcsProperty, at: Place) -> Property:
        item = stated.over(self._shared.get(stated.name))
        if _NAME.fullmatch(item.name) is None or item.name == "source_system":
            raise self._fault(
                at, f"'{item.name}' cannot name a column; use lower-case words joined by underscores ('source_system' is taken)."
            )
        if item.description is None or item.logical_type is None or item.classification is None:
            lacking = [key for key, value in _needed(item).items() if value is None]
            raise self._fault(at, f"the column '{item.name}' has no {' and no '.join(lacking)}, neither here nor in fields.yml; add it.")
        possible = _STORED_AS[item.logical_type]
        stored = possible[0] if item.physical_type is None else item.physical_type.upper().replace(" ", "")
        if stored not in possible:
            found = f"'{item.name}' is a {item.logical_type} stored as {item.physical_type}"
            raise self._fault((*at, "physicalType"), f"{found}; possible: {', '.join(possible).lower()}.")
        extensions = self._extensions(item.custom_properties or [], (*at, "customProperties"), _PROPERTY_EXTENSIONS)
        surrogate = cast("Surrogate | None", self._one_of(extensions, "surrogate", get_args(Surrogate), at))
        derive = cast("Derivation | None", self._one_of(extensions, "derive", get_args(Derivation), at))
        event_key = extensions.get("eventKey")
        if event_key is not None and (not isinstance(event_key, str) or _NAME.fullmatch(event_key) is None):
            raise self._fault(
                at, f"the eventKey of '{item.name}' is {event_key!r}; name the thing in lower-case words joined by underscores."
            )
        options = item.logical_type_options or LogicalTypeOptions()
        position = item.primary_key_position if item.primary_key else None
        if bool(item.primary_key) != (item.primary_key_position is not None):
            raise self._fault(at, f"'{item.name}' needs primaryKey: true and primaryKeyPosition together, or neither.")
        record = Property(
            name=item.name,
            description=item.description,
            logical_type=item.logical_type,
            duckdb_type=stored,
            required=bool(item.required),
            key_position=position,
            classification=item.classification,
            valid_values=tuple(item.quality[0].arguments.valid_values) if item.quality else (),
            minimum=self._bound(item, "minimum", options.minimum, at),
            maximum=self._bound(item, "maximum", options.maximum, at),
            max_length=options.max_length,
            pattern=options.pattern,
            surrogate=surrogate,
            event_key=event_key,
            is_event_time=self._flag(extensions, "eventTime", at),
            is_amount=self._flag(extensions, "amount", at),
            derive=derive,
            is_optional_key=self._flag(extensions, "optionalKey", at),
            system_from=self._text(extensions, "systemFrom", at),
        )
        self._check(property_faults(record), at)
        return record

    def _extensions(self, stated: list[CustomProperty], at: Place, known: tuple[str, ...]) -> dict[str, str | bool]:
        found: dict[str, str | bool] = {}
        for index, extension in enumerate(stated):
            if extension.property not in known:
                raise self._fault((*at, index), f"unknown custom property '{extension.property}'{nearest(extension.property, known)}.")
            found[extension.property] = extension.value
        return found

    def _flag(self, extensions: dict[str, str | bool], name: str, at: Place) -> bool:
        value = extensions.get(name, False)
        if not isinstance(value, bool):
            raise self._fault(at, f"the custom property '{name}' is {value!r}; say true or false.")
        return value

    def _text(self, extensions: dict[str, str | bool], name: str, at: Place) -> str | None:
        value = extensions.get(name)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        raise self._fault(at, f"the custom property '{name}' is {value!r}; give names of columns, parted by spaces.")

    def _one_of(self, extensions: dict[str, str | bool], name: str, possible: tuple[str, ...], at: Place) -> str | None:
        value = extensions.get(name)
        if value is None or (isinstance(value, str) and value in possible):
            return value
        raise self._fault(at, f"the custom property '{name}' is {value!r}; possible: {', '.join(possible)}.")

    def _bound(self, item: OdcsProperty, key: str, value: float | str | None, at: Place) -> Bound | None:
        if value is None:
            return None
        try:
            if item.logical_type in ("number", "integer") and not isinstance(value, str):
                return Decimal(str(value))
            if item.logical_type == "date" and isinstance(value, str):
                return date.fromisoformat(value)
            if item.logical_type == "timestamp" and isinstance(value, str):
                return datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
        except ValueError:
            pass
        place = (*at, "logicalTypeOptions", key)
        raise self._fault(
            place, f"the {key} of '{item.name}' is {value!r}, not a {item.logical_type} (dates and times as quoted ISO 8601 text)."
        )

    def _check(self, faults: Iterator[str], at: Place) -> None:
        for sentence in faults:
            raise self._fault(at, sentence)

    def _fault(self, at: Place, sentence: str) -> ClienteleError:
        return self._document.fault(at, sentence)


def _needed(item: OdcsProperty) -> dict[str, object]:
    return {"description": item.description, "logicalType": item.logical_type, "classification": item.classification}


def _version(text: str) -> tuple[int, int, int]:
    major, minor, patch = (int(part) for part in text.split("."))
    return major, minor, patch
