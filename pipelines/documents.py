"""YAML files written by people, read into pydantic models so that every fault names its file and line.

What a document means does not belong here: the policy, the contracts and the sources each define their own model.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, RootModel, ValidationError

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


Model = TypeVar("Model", bound=BaseModel)
Place = tuple[int | str, ...]

# libyaml's parser where PyYAML was built with it, as its wheels are: ten times as fast, and policy and contracts are read at every start.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# A sentence has room for so many names, and for so many characters of what was found.
_NAMES_SHOWN, _LENGTH_SHOWN = 30, 80

# What the parser was at when something was left open: it notices only at the end of the file, and the line to mend is where it began.
_LEFT_OPEN = ("while scanning a quoted scalar", "while parsing a flow")

_EXPECTED = {
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type"), "expected a mapping, a line 'key: value' each"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type"), "expected a list, a line '- value' each"),
}


class Document:
    """A parsed YAML file that knows on which line each key and item stands.

    Attributes:
        path: The file.
        value: Its content as plain Python values; None for an empty file.
    """

    def __init__(self, path: Path) -> None:
        """Read and parse the file.

        Raises:
            ClienteleError: It cannot be read, is not UTF-8, is not YAML, states a key twice, or holds a value that contains itself.
        """
        self.path = path
        self._lines: dict[Place, int] = {}
        self.value: Any = self._parsed(self._text())

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except OSError as fault:
            message = f"{self.path}: cannot be read ({fault.strerror}); check the path and its permissions."
            raise ClienteleError(message) from fault
        except UnicodeDecodeError as fault:
            message = f"{self.path}: byte {fault.start} is not UTF-8; save the file as UTF-8."
            raise ClienteleError(message) from fault

    def _parsed(self, text: str) -> Any:
        unreadable = yaml.reader.Reader.NON_PRINTABLE.search(text)
        if unreadable:
            line = text.count("\n", 0, unreadable.start()) + 1
            raise self._refusal(line, f"the character {unreadable.group()!r} may not stand in YAML; take it out.")
        try:
            loader = _Loader(text)
            root = loader.get_single_node()
            self._walk(root, (), ())
            return loader.construct_document(root) if root is not None else None
        except yaml.MarkedYAMLError as fault:
            is_open = fault.context_mark is not None and str(fault.context).startswith(_LEFT_OPEN)
            mark = fault.context_mark if is_open else fault.problem_mark
            sentence = f"this is not YAML ({fault.problem}); mend the line (indentation, a missing colon, an unclosed quote)."
            raise self._refusal(mark.line + 1 if mark else 1, sentence) from fault
        except ValueError as fault:
            # Looks like a date or a number and is none; which value it is, the parser does not say.
            line, value = next(((node.start_mark.line + 1, node.value) for node in _scalars(root) if not _is_readable(node)), (1, ""))
            raise self._refusal(line, f"'{value}' is no value ({fault}); correct it, or put it in quotes.") from fault

    def _walk(self, node: yaml.Node | None, place: Place, above: tuple[yaml.Node, ...]) -> None:
        """Enter the line of every key and item below a node."""
        if node is not None and any(node is one for one in above):
            raise self._refusal(node.start_mark.line + 1, "a value contains itself (an anchor '&' and its alias '*'); write it out.")
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, child in node.value:
                name = str(key.value)
                if name in seen:
                    raise self._refusal(key.start_mark.line + 1, f"the key '{name}' stands twice; keep one.")
                seen.add(name)
                self._lines[(*place, name)] = key.start_mark.line + 1
                self._walk(child, (*place, name), (*above, node))
        elif isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                self._lines[(*place, index)] = child.start_mark.line + 1
                self._walk(child, (*place, index), (*above, node))

    def _refusal(self, line: int, sentence: str) -> ClienteleError:
        return ClienteleError(f"{self.path}, line {line}: {sentence}")

    def line(self, place: Place) -> int:
        """The line of the deepest part of `place` that stands in the file, from 1."""
        for depth in range(len(place), 0, -1):
            if place[:depth] in self._lines:
                return self._lines[place[:depth]]
        return 1

    def fault(self, place: Place, sentence: str) -> ClienteleError:
        """An error that begins with the file and the line of `place`."""
        return self._refusal(self.line(place), sentence)

    def into(self, model: type[Model]) -> Model:
        """Validate the document as a model that forbids unknown keys.

        Raises:
            ClienteleError: One fault, with its line. An unknown key goes first, with the nearest known one: often it is what another key is
                missing for.
        """
        try:
            return model.model_validate(self.value if self.value is not None else {})
        except ValidationError as fault:
            details = sorted(fault.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
            raise self._explained(details[0], model) from fault

    def _explained(self, detail: Mapping[str, Any], model: type[BaseModel]) -> ClienteleError:
        place = tuple(part for part in detail["loc"] if part != "[key]")
        where = ".".join(map(str, place)) or "the document"
        if detail["type"] == "extra_forbidden":
            meant = nearest(str(place[-1]), _keys_at(model, place[:-1]))
            return self.fault(place, f"unknown key '{place[-1]}'{meant}{'' if meant.endswith('?') else '.'}")
        if detail["type"] == "missing":
            return self.fault(place, f"the key '{where}' is missing; add it.")
        if detail["type"] == "string_type" and isinstance(detail["input"], bool):
            return self.fault(
                place, f"'{where}' is read as {str(detail['input']).lower()}, as YAML does with yes, no, on and off; put it in quotes."
            )
        reason = _EXPECTED.get(detail["type"]) or detail["msg"].removeprefix("Value error, ").replace("Input should", "it should")
        return self.fault(place, f"'{where}' is {_shortened(repr(detail['input']))}: {reason}.")


def nearest(name: str, known: Iterable[str]) -> str:
    """A clause that names what was perhaps meant: `; did you mean 'x'?`, else what is known, unless that is much: ` (known: a, b)`."""
    names = sorted(known)
    # Letter case is no difference that a person sees when they look for a typing error.
    folded = {known_name.casefold(): known_name for known_name in names}
    close = [folded[match] for match in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)]
    if close:
        return "; did you mean " + " or ".join(f"'{match}'" for match in close) + "?"
    return f" (known: {', '.join(names)})" if 0 < len(names) <= _NAMES_SHOWN else ""


def _shortened(text: str) -> str:
    return text if len(text) <= _LENGTH_SHOWN else text[: _LENGTH_SHOWN - 1] + "…"


def _scalars(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for child in pair:
                yield from _scalars(child)
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _scalars(child)


def _is_readable(node: yaml.ScalarNode) -> bool:
    try:
        _Loader("").construct_document(node)
    except ValueError:
        return False
    return True


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that the model knows at a place, following nested models, mappings of models and lists of models."""
    annotation: Any = _shape(model)
    for part in place:
        annotation = _shape(_below(annotation, part))
    return [field.alias or name for name, field in annotation.model_fields.items()] if _is_model(annotation) else []


def _below(annotation: Any, part: int | str) -> Any:
    """The annotation one key or item deeper: of a model's field, else of what the container holds."""
    if _is_model(annotation):
        return next((field.annotation for name, field in annotation.model_fields.items() if part in (name, field.alias)), None)
    inside = get_args(annotation) or (None,)
    return inside[-1] if get_origin(annotation) is dict else inside[0]


def _shape(annotation: Any) -> Any:
    """The model or container in an annotation such as `Feed | None` or `Annotated[list[Feed], …]`; None when it has neither."""
    if _is_model(annotation):
        return _shape(annotation.model_fields["root"].annotation) if issubclass(annotation, RootModel) else annotation
    if get_origin(annotation) in (dict, list, tuple):
        return annotation
    return next((found for found in map(_shape, get_args(annotation)) if found is not None), None)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
