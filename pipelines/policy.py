"""The policy: every threshold, window, weight and target, typed, ranged and frozen.

`policy.yml` beside this module states each entry with its unit, reason and source. A workspace may set other values, and nothing
else, in its own `policy.yml`, a plain mapping of name to value. Nobody else reads either file.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import re
import zoneinfo
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from pipelines.documents import Document, Place, nearest

POLICY_FILE = Path(__file__).with_name("policy.yml")

Scalar = int | float | str
Row = dict[str, Scalar]


class Allowed(BaseModel):
    """What a value of the policy may be.

    Attributes:
        type: A whole number, any finite number, a text, one of `choices`, a list of `items`, or a table with `columns`.
        minimum: The least number allowed.
        maximum: The greatest number allowed.
        choices: The words allowed.
        pattern: A regular expression that the whole text matches.
        format: `time_zone` asks for a name of the IANA time zone database.
        items: What each item of a list may be.
        ascending: A list rises strictly.
        columns: What each column of a table may be; every row has all of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["integer", "number", "text", "choice", "list", "table"]
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    format: Literal["time_zone"] | None = None
    items: Allowed | None = None
    ascending: bool = False
    columns: dict[str, Allowed] = {}

    def read(self, value: Any, what: str, document: Document, place: Place) -> Any:
        """The value as its type has it (1 as a number is 1.0, so that equal policies have equal fingerprints).

        Raises:
            ClienteleError: The value is not allowed; the message names the line of `place`, what it is, its value and what is expected.
        """
        if self.type == "list" and self.items is not None and isinstance(value, list):
            items = [self.items.read(item, f"an item of {what}", document, (*place, index)) for index, item in enumerate(value)]
            if self.ascending and any(later <= earlier for earlier, later in pairwise(items)):
                raise document.fault(place, f"{what} is {value!r}; expected each item to be greater than the one before it.")
            return items
        if self.type == "table" and isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            return [self._row(row, f"row {index + 1} of {what}", document, (*place, index)) for index, row in enumerate(value)]
        if not self._fits(value):
            raise document.fault(place, f"{what} is {value!r}; expected {self.expected}.")
        return float(value) if self.type == "number" else value

    def _row(self, row: dict[Any, Any], what: str, document: Document, place: Place) -> Row:
        for name in row:
            if name not in self.columns:
                raise document.fault((*place, str(name)), f"{what} has an unknown column '{name}'{nearest(str(name), self.columns)}.")
        for name, allowed in self.columns.items():
            if name not in row:
                raise document.fault(place, f"{what} has no '{name}'; expected {allowed.expected}.")
        return {name: allowed.read(row[name], f"{name} in {what}", document, (*place, name)) for name, allowed in self.columns.items()}

    def _fits(self, value: Any) -> bool:
        if self.type in ("integer", "number"):
            # A boolean is an int to Python; nobody means `yes` as 1.
            if isinstance(value, bool) or not isinstance(value, int if self.type == "integer" else int | float):
                return False
            low = -math.inf if self.minimum is None else self.minimum
            high = math.inf if self.maximum is None else self.maximum
            return bool(low <= value <= high and abs(value) != math.inf)
        if self.type == "choice":
            return value in self.choices
        if self.type != "text" or not isinstance(value, str):
            return False
        if self.format == "time_zone":
            return value in zoneinfo.available_timezones()
        return self.pattern is None or re.fullmatch(self.pattern, value) is not None

    @property
    def expected(self) -> str:
        """What is allowed, in words."""
        match self.type:
            case "choice":
                return "one of " + ", ".join(self.choices)
            case "list":
                return f"a list, each item {self.items.expected if self.items else 'anything'}"
            case "table":
                return "a list of rows, each with " + ", ".join(self.columns)
            case "text":
                like = f" like {self.pattern}" if self.pattern else ""
                return "an IANA time zone such as Asia/Shanghai" if self.format else f"a text{like}"
        limits = ((word, limit) for word, limit in (("from", self.minimum), ("to", self.maximum)) if limit is not None)
        return " ".join(["a whole number" if self.type == "integer" else "a number", *(f"{word} {limit:.10g}" for word, limit in limits)])


class Entry(Allowed):
    """One policy as `policy.yml` states it.

    Attributes:
        name: `<domain>.<what>`.
        value: The value in force.
        unit: What the value counts.
        above: The name of another policy that this number exceeds.
        why: The reason for the value.
        source: Where the value comes from.
        is_overridden: The workspace set the value.
    """

    name: str = Field(pattern=r"^[a-z][a-z_]*\.[a-z][a-z0-9_]*$")
    value: Any
    unit: str = Field(min_length=1)
    above: str | None = None
    why: str = Field(min_length=1)
    source: str = Field(min_length=1)
    is_overridden: bool = False

    def with_value(self, value: Any, document: Document, place: Place, *, is_overridden: bool) -> Entry:
        """The entry with the value that stands at `place`.

        Raises:
            ClienteleError: The value is not allowed.
        """
        return self.model_copy(update={"value": self.read(value, self.name, document, place), "is_overridden": is_overridden})


class _PolicyFile(RootModel[tuple[Entry, ...]]):
    """The shipped file: a list of entries."""


class Policy(BaseModel):
    """Every policy in force. Reading a name that is not there, or as another type, is a programming fault (KeyError, TypeError)."""

    model_config = ConfigDict(frozen=True)

    stated: tuple[Entry, ...]

    @cached_property
    def _by_name(self) -> dict[str, Entry]:
        return {entry.name: entry for entry in self.stated}

    def _read(self, name: str, *types: str) -> Any:
        if name not in self._by_name:
            message = f"no policy is called '{name}'{nearest(name, self._by_name)}"
            raise KeyError(message)
        entry = self._by_name[name]
        if entry.type not in types:
            message = f"the policy {name} has the type {entry.type}, not {' or '.join(types)}"
            raise TypeError(message)
        # A copy, since a list handed out could be changed by its reader.
        return copy.deepcopy(entry.value)

    def integer(self, name: str) -> int:
        """The value of an integer policy."""
        return int(self._read(name, "integer"))

    def number(self, name: str) -> float:
        """The value of a number or integer policy."""
        return float(self._read(name, "number", "integer"))

    def text(self, name: str) -> str:
        """The value of a text or choice policy."""
        return str(self._read(name, "text", "choice"))

    def values(self, name: str) -> list[Scalar]:
        """The items of a list policy."""
        return list(self._read(name, "list"))

    def table(self, name: str) -> list[Row]:
        """The rows of a table policy, in the order stated."""
        return list(self._read(name, "table"))

    def as_variables(self) -> dict[str, object]:
        """Name to plain value, as dbt takes it: `--vars {'policy': …}`."""
        return {entry.name: copy.deepcopy(entry.value) for entry in self.stated}

    def entries(self) -> list[dict[str, str | bool]]:
        """Rows for meta.policy: name, value (as text; lists and tables as JSON), unit, why, source, is_overridden."""
        texts = (entry.value if isinstance(entry.value, str) else json.dumps(entry.value, ensure_ascii=False) for entry in self.stated)
        stated = (entry.model_dump(include={"name", "unit", "why", "source", "is_overridden"}) for entry in self.stated)
        return [{**row, "value": text} for row, text in zip(stated, texts, strict=True)]

    def fingerprint(self) -> str:
        """SHA-256 over names and values: equal for equal policies, whoever set the values and in whatever order."""
        return hashlib.sha256(json.dumps(self.as_variables(), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def load_policy(overrides: Path | None = None, *, stated_in: Path = POLICY_FILE) -> Policy:
    """The shipped policy with the values that a workspace sets.

    Args:
        overrides: The workspace's policy.yml; None or a file that does not exist sets nothing.
        stated_in: The file that states every policy.

    Raises:
        ClienteleError: A file is not a valid policy, a name is unknown, or a value has the wrong type or lies outside its range.
    """
    shipped = Document(stated_in)
    entries: dict[str, Entry] = {}
    places: dict[str, tuple[Document, Place]] = {}
    for index, entry in enumerate(shipped.into(_PolicyFile).root):
        if entry.name in entries:
            raise shipped.fault((index, "name"), f"{entry.name} stands twice; keep one.")
        places[entry.name] = shipped, (index, "value")
        entries[entry.name] = entry.with_value(entry.value, *places[entry.name], is_overridden=False)
    if overrides is not None and overrides.exists():
        workspace = Document(overrides)
        if not isinstance(workspace.value, dict | None):
            raise workspace.fault((), "expected a mapping, one line 'name: value' a policy.")
        for name, value in (workspace.value or {}).items():
            if name not in entries:
                inside = [known for known in entries if known.startswith(f"{name}.")]
                meant = f"; write one line a policy, such as '{inside[0]}: …'." if inside else nearest(str(name), entries)
                raise workspace.fault((str(name),), f"'{name}' is not a policy{meant}")
            places[name] = workspace, (name,)
            entries[name] = entries[name].with_value(value, *places[name], is_overridden=True)
    for entry in entries.values():
        if entry.above is not None and entry.value <= entries[entry.above].value:
            # The line that the workspace wrote is the one to mend.
            blamed = entry.above if entries[entry.above].is_overridden and not entry.is_overridden else entry.name
            document, place = places[blamed]
            sentence = f"{entry.name} is {entry.value!r}; expected more than {entry.above}, which is {entries[entry.above].value!r}."
            raise document.fault(place, sentence)
    return Policy(stated=tuple(entries.values()))
