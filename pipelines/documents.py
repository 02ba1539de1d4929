"""YAML files written by people, read into pydantic models so that every fault names its file and line.

What a document means does not belong here: the policy, the contracts and the sources each define their own model.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[int | str, ...]

# libyaml's parser where PyYAML was built with it (as its wheels are): ten times as fast, and the policy and contracts are read at every start.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Document:
    """A parsed YAML file that knows on which line each key and item stands.

    Attributes:
        path: The file.
        value: Its content as plain Python values; None for an empty file.
    """

    def __init__(self, path: Path) -> None:
        """Read and parse the file.

        Raises:
            ClienteleError: It cannot be read, is not UTF-8, is not YAML, or states a key twice.
        """
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as fault:
            message = f"{path}: cannot be read ({fault.strerror}); check the path and its permissions."
            raise ClienteleError(message) from fault
        except UnicodeDecodeError as fault:
            message = f"{path}: byte {fault.start} is not UTF-8; save the file as UTF-8."
            raise ClienteleError(message) from fault
        self._lines: dict[Place, int] = {}
        try:
            loader = _Loader(text)
            root = loader.get_single_node()
            self._walk(root, ())
            self.value: Any = loader.construct_document(root) if root is not None else None
        except yaml.MarkedYAMLError as fault:
            line = fault.problem_mark.line + 1 if fault.problem_mark else 1
            message = (
                f"{path}, line {line}: this is not YAML ({fault.problem}); mend the line (indentation, a missing colon, an unclosed quote)."
            )
            raise ClienteleError(message) from fault

    def _walk(self, node: yaml.Node | None, place: Place) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, child in node.value:
                name = str(key.value)
                if name in seen:
                    message = f"{self.path}, line {key.start_mark.line + 1}: the key '{name}' stands twice; keep one."
                    raise ClienteleError(message)
                seen.add(name)
                self._lines[(*place, name)] = key.start_mark.line + 1
                self._walk(child, (*place, name))
        elif isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                self._lines[(*place, index)] = child.start_mark.line + 1
                self._walk(child, (*place, index))

    def line(self, place: Place) -> int:
        """The line of the deepest part of `place` that stands in the file."""
        for depth in range(len(place), 0, -1):
            if place[:depth] in self._lines:
                return self._lines[place[:depth]]
        return 1

    def fault(self, place: Place, sentence: str) -> ClienteleError:
        """An error that begins with the file and the line of `place`."""
        return ClienteleError(f"{self.path}, line {self.line(place)}: {sentence}")

    def into(self, model: type[Model]) -> Model:
        """Validate the document as a model that forbids unknown keys.

        Raises:
            ClienteleError: The first fault found, with its line; an unknown key comes with the nearest known one.
        """
        try:
            return model.model_validate(self.value if self.value is not None else {})
        except ValidationError as fault:
            first = fault.errors()[0]
            place = tuple(part for part in first["loc"] if (part != "[key]"))
            where = ".".join(str(part) for part in place) or "the document"
            if first["type"] == "extra_forbidden":
                known = _keys_at(model, place[:-1])
                raise self.fault(place, f"unknown key '{place[-1]}'{nearest(str(place[-1]), known)}.") from fault
            if first["type"] == "missing":
                raise self.fault(place, f"the key '{where}' is missing; add it.") from fault
            found = first.get("input")
            reason = first["msg"].removeprefix("Value error, ")
            raise self.fault(place, f"'{where}' is {found!r}: {reason}.") from fault


def nearest(name: str, known: Iterable[str]) -> str:
    """A clause that names what was perhaps meant: `; did you mean 'x'?`, else the list of what is known."""
    names = sorted(known)
    close = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.6)
    if close:
        return "; did you mean " + " or ".join(f"'{match}'" for match in close) + "?"
    return f" (known: {', '.join(names)})" if names else ""


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that the model knows at a place, following nested models, mappings of models and lists of models."""
    annotation: Any = model
    for part in place:
        annotation = _step(annotation, part)
    found = _model_in(annotation)
    return _keys(found) if found is not None else []


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _step(annotation: Any, part: int | str) -> Any:
    """The annotation one key or item deeper: a model's field, else whatever the container holds."""
    model = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    if model is None and get_origin(annotation) not in (dict, list, tuple):
        model = _model_in(annotation)
    if model is not None:
        return next((field.annotation for name, field in model.model_fields.items() if part in (name, field.alias)), None)
    return get_args(annotation)[-1] if get_origin(annotation) is dict else next(iter(get_args(annotation)), None)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as `Feed | None`; a container's items do not count."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (dict, list, tuple):
        return None
    return next((found for found in map(_model_in, get_args(annotation)) if found is not None), None)
