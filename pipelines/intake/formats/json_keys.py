"""Which keys the objects of a JSON delivery have: found by DuckDB, a part of the text at a time, and kept as a tree."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.warehouse.connection import DatabaseError, identifier, open_sandbox, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

# Objects within objects beyond this, and keys beyond this number, are data rather than columns: they stay text, or the file is refused.
_DEEPEST = 8
MAX_COLUMNS = 10_000
_BATCH_LINES = 4_096
_MEMORY = 1e9

_Path = tuple[str, ...]


@dataclass
class Keys:
    """What stands at one place of the objects.

    Attributes:
        keys: Of the objects that stand there, in order of first appearance; none where no object does.
        has_values: Whether something else than an object stands there in some line.
    """

    keys: dict[str, Keys] = field(default_factory=dict)
    has_values: bool = False

    @classmethod
    def read(cls, text: str) -> Keys:
        """The tree from what `written` gave."""

        def node(has_values: bool, keys: list[tuple[str, bool, list[object]]]) -> Keys:
            return cls({name: node(values, below) for name, values, below in keys}, has_values)  # type: ignore[arg-type]

        return node(False, json.loads(text))

    def written(self) -> str:
        """The tree as text."""

        def below(node: Keys) -> list[object]:
            return [[name, item.has_values, below(item)] for name, item in node.keys.items()]

        return json.dumps(below(self), ensure_ascii=False)

    def columns(self) -> list[str]:
        """The names of the columns."""
        return [".".join(path) for path, node in self.walk() if node.is_column]

    @property
    def is_column(self) -> bool:
        """Whether it is a column by itself, beside what is below it."""
        return self.has_values or not self.keys

    def kinds(self) -> list[tuple[str, str]]:
        """Name and DuckDB type of the keys of a whole line."""
        return [(name, node.kind()) for name, node in self.keys.items()]

    def kind(self) -> str:
        """DuckDB type of what stands there."""
        if not self.keys:
            return "VARCHAR"
        if self.has_values:
            return "JSON"
        return f"STRUCT({', '.join(f'{identifier(name)} {node.kind()}' for name, node in self.keys.items())})"

    def cells(self) -> list[str]:
        """SQL for each column, over what is read with `kinds`."""
        found: list[str] = []
        for name, node in self.keys.items():
            found += node.cells_of(identifier(name))
        return found

    def cells_of(self, value: str) -> list[str]:
        """SQL for each column at and below a place, over the SQL of what stands there."""
        if not self.keys:
            return [value]
        if self.has_values:
            return [self._within(value, path, node) for path, node in [((), self), *self.walk()] if node.is_column]
        return [cell for name, node in self.keys.items() for cell in node.cells_of(f"struct_extract({value}, {quoted(name)})")]

    @staticmethod
    def _within(value: str, path: tuple[str, ...], node: Keys) -> str:
        text = f"json_extract_string({value}, {quoted(pointer(path))})"
        return f"case when json_type({value}, {quoted(pointer(path))}) <> 'OBJECT' then {text} end" if node.keys else text

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Keys]]:
        """Every place below this one, in the order of the columns."""
        for name, node in self.keys.items():
            yield (*path, name), node
            yield from node.walk((*path, name))

    def places(self, *, with_keys: bool) -> list[tuple[tuple[str, ...], Keys]]:
        """The places where an object stands, or those where none does as far as is known."""
        return [(path, node) for path, node in self.walk() if bool(node.keys) == with_keys and len(path) < _DEEPEST]


def pointer(path: tuple[str, ...]) -> str:
    """A place as DuckDB's JSON functions name it."""
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path) or "$"


class Shapes:
    """Finds the keys, a part of the text at a time.

    Attributes:
        keys: What was found so far.
        fault: What keeps the keys from being columns, or None.
    """

    def __init__(self) -> None:
        self.keys = Keys()
        self.fault: str | None = None
        self._known: set[str] = set()
        self._open = ExitStack()

    def __enter__(self) -> Shapes:
        folder = Path(tempfile.gettempdir())
        self._sandbox = self._open.enter_context(open_sandbox([], folder, "UTC", _MEMORY))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def take(self, lines: pa.Array, *, may_nest: bool) -> list[int]:
        """Take in lines.

        Args:
            lines: Each of which begins as an object does.
            may_nest: Whether an object may stand within one of them.

        Returns:
            Places (from 0) of those that are no object, or have a key twice.
        """
        places = pa.array(range(len(lines)), pa.int64())
        table = pa.table({"i": places, "line": lines})
        self._sandbox.register("lines", pa.Table.from_batches(table.to_batches(max_chunksize=_BATCH_LINES), table.schema))
        paths: list[_Path] = [(), *(path for path, _ in self.keys.places(with_keys=True))]
        broken: set[int] = set()
        tried: set[_Path] = set(paths)
        try:
            while paths and self.fault is None:
                for path in paths:
                    broken |= self._learn(path)
                paths = [path for path in self._objects(may_nest=may_nest) if path not in tried]
                tried.update(paths)
        except DatabaseError:
            invalid = {place for (place,) in self._sandbox.execute("select i from lines where not json_valid(line)").fetchall()}
            kept = pc.invert(pc.is_in(places, pa.array(sorted(invalid), pa.int64())))
            rest = places.filter(kept).to_pylist()
            if not invalid:
                raise
            return sorted(invalid | {rest[place] for place in self.take(lines.filter(kept), may_nest=may_nest)})
        return sorted(broken)

    def _learn(self, path: _Path) -> set[int]:
        """Take in the keys of the objects at a place, in order of first appearance; returns the lines in which one stands twice."""
        found = self._sandbox.execute(
            f"select keys, min(i) from (select i, json_keys(line, {quoted(pointer(path))}) as keys from lines) group by keys"
        ).fetchall()
        node = self.keys
        for name in path:
            node = node.keys[name]
        repeating = []
        for keys, _ in sorted((row for row in found if row[0]), key=lambda row: int(row[1])):
            said = "\0".join((*path, "", *keys))
            if said in self._known:
                continue
            if len({key.casefold() for key in keys}) < len(keys):
                repeating.append(keys)
                continue
            self._known.add(said)
            for key in keys:
                node.keys.setdefault(key, Keys())
            if "" in keys:
                self.fault = "a key of its objects is empty"
        if len(node.keys) > MAX_COLUMNS:
            self.fault = f"its objects have more than {MAX_COLUMNS} keys"
        if not repeating:
            return set()
        twice = self._sandbox.execute(
            f"select i from lines where list_contains($1, json_keys(line, {quoted(pointer(path))}))", [repeating]
        ).fetchall()
        return {place for (place,) in twice}

    def _objects(self, *, may_nest: bool) -> list[_Path]:
        """Look what stands at each place of the lines; returns where an object does."""
        nodes = self.keys.places(with_keys=True)
        if not may_nest and not nodes:
            for node in self.keys.keys.values():
                node.has_values = True
            return []
        nodes += self.keys.places(with_keys=False)
        if not nodes:
            return []
        pointers = ", ".join(quoted(pointer(path)) for path, _ in nodes)
        asked = []
        for place, (_, node) in enumerate(nodes, start=1):
            # What is known is not asked again.
            asked.append("true" if node.keys else f"bool_or(kinds[{place}] = 'OBJECT')")
            asked.append("true" if node.has_values else f"bool_or(kinds[{place}] not in ('OBJECT', 'NULL'))")
        told = ", ".join(asked)
        row = self._sandbox.execute(f"select {told} from (select json_type(line, [{pointers}]) as kinds from lines)").fetchone() or ()
        for (_, node), has_values in zip(nodes, row[1::2], strict=True):
            node.has_values = node.has_values or bool(has_values)
        return [path for (path, _), is_object in zip(nodes, row[::2], strict=True) if is_object]
