"""What makes a contract contradict itself, though each of its keys is right by itself: one sentence a contradiction, for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.documents import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.contracts.record_type import Bound, Property, RecordType


def property_faults(item: Property) -> Iterator[str]:
    """What contradicts what in a column, seen by itself."""
    text = item.logical_type == "string"
    rules = (
        (item.surrogate and item.event_key, "is the id of a person and of an event at once; keep surrogate or eventKey"),
        (item.surrogate and not text, "is an id and must be a string"),
        (item.event_key and (item.is_personal or not text), "has an eventKey and must be a string that is not personal"),
        (item.is_event_time and item.logical_type not in ("timestamp", "date"), "is the event time and must be a timestamp or a date"),
        (item.is_amount and item.logical_type != "number", "is the amount and must be a number"),
        (item.derive and not (item.is_personal and item.logical_type == "date"), "derives a birth year and must be a personal date"),
        (not text and (item.valid_values or item.max_length or item.pattern), "has values, a length or a pattern and must be a string"),
        (len(set(item.valid_values)) < len(item.valid_values), "lists a valid value twice"),
        (_is_below(item.maximum, item.minimum), "has a maximum below its minimum"),
        (
            item.is_optional_key and (item.required or item.key_position is None),
            "has optionalKey and must be a part of the key that is not required",
        ),
        (item.system_from and not (item.surrogate or item.event_key), "has systemFrom and must have a surrogate or an eventKey"),
    )
    yield from (f"the column '{item.name}' {reason}." for is_broken, reason in rules if is_broken)
    if item.pattern is not None:
        try:
            re.compile(item.pattern)
        except re.error as error:
            yield f"the pattern of '{item.name}' is not a regular expression ({error})."


def record_faults(record: RecordType) -> Iterator[str]:
    """What contradicts what among the columns of a record."""
    yield from _key_faults(record)
    times = [item.name for item in record.properties if item.is_event_time]
    amounts = [item.name for item in record.properties if item.is_amount]
    for what, found in (("eventTime", times), ("amount", amounts)):
        if len(found) > 1:
            yield f"{record.name} has more than one {what} ({', '.join(found)}); keep one."
    for names in ([item.name for item in record.properties], [column.name for column in record.raw_columns()]):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            yield f"{record.name} has more than one column '{twice[0]}'; rename one of them."
    yield from _reference_faults(record)


def _key_faults(record: RecordType) -> Iterator[str]:
    """Whether the key is whole, and which of its parts may be empty."""
    positions = [item.key_position for item in record.key]
    if positions != list(range(1, len(positions) + 1)) or not positions:
        yield f"the key of {record.name} has the positions {positions}; number its columns 1, 2, … without a gap."
    for part in record.key[:-1]:
        if not (part.required or part.is_optional_key):
            yield f"the key part '{part.name}' of {record.name} is neither required nor has it optionalKey: true; say which."


def _reference_faults(record: RecordType) -> Iterator[str]:
    """Whether the columns that the record's rules name are there and fit."""
    named = {item.name: item for item in record.properties}
    stated = " ".join(record.one_of)
    for name in record.one_of:
        if name not in named:
            yield f"oneOf of {record.name} names '{name}', which is not one of its columns{nearest(name, list(named))}."
        elif named[name].required:
            yield f"oneOf of {record.name} names '{name}', which is required anyway; take oneOf out, or required."
    if len(record.one_of) == 1 or len(set(record.one_of)) < len(record.one_of):
        yield f"oneOf of {record.name} is '{stated}'; name two or more columns, each once, parted by spaces."
    for item in record.properties:
        if item.system_from is None:
            continue
        system = named.get(item.system_from)
        if system is None or system is item or system.logical_type != "string" or system.is_personal:
            found = f"systemFrom of '{item.name}' is '{item.system_from}'"
            yield f"{found}; name another column of {record.name}, a string that is not personal."


def _is_below(one: Bound | None, other: Bound | None) -> bool:
    return one is not None and other is not None and one < other  # type: ignore[operator]
