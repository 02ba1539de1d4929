"""YAML files written by people: what is read from them, and what is said of their faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

from pipelines.documents import Document, nearest
from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pathlib import Path


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Order(Strict):
    origin: Literal["file_name", "received"] = Field(alias="from")


class Feed(Strict):
    columns: dict[str, str]
    where: str | None = None
    order: Order | None = None


class Source(Strict):
    source: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    feeds: dict[str, Feed] = {}
    rows: list[Order] = []
    pair: tuple[Order, ...] | None = None
    known_at: Order | None = Field(default=None, alias="known at")

    @field_validator("source")
    @classmethod
    def _not_taken(cls, name: str) -> str:
        if name == "taken":
            message = "is the name of another source"
            raise ValueError(message)
        return name


class Orders(RootModel[list[Order]]):
    """A document that is a list."""


def document(folder: Path, text: str | bytes) -> Document:
    path = folder / "账单.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Document(path)


def fault_of(folder: Path, text: str | bytes) -> str:
    """What is said of a document, from the name of its file on."""
    with pytest.raises(ClienteleError) as raised:
        document(folder, text).into(Source)
    said = str(raised.value)
    assert said.startswith(f"{folder}/账单.yml")
    assert "\n" not in said
    return said.removeprefix(f"{folder}/")


def test_values_are_plain(tmp_path: Path) -> None:
    read = document(tmp_path, "a: 1\nb: [x, 2.5, true, null]\n值: 华东\n")
    assert read.value == {"a": 1, "b": ["x", 2.5, True, None], "值": "华东"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_states_nothing(tmp_path: Path, text: str) -> None:
    assert document(tmp_path, text).value is None
    assert fault_of(tmp_path, text) == "账单.yml, line 1: the key 'source' is missing; add it."


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert document(tmp_path, b"\xef\xbb\xbfsource: shop\r\n").value == {"source": "shop"}


def test_a_model_is_filled(tmp_path: Path) -> None:
    text = "source: shop\nfeeds:\n  bills:\n    columns: {a: b}\n    order: {from: received}\n"
    assert document(tmp_path, text).into(Source) == Source(
        source="shop", feeds={"bills": Feed(columns={"a": "b"}, order=Order(origin="received"))}
    )


def test_an_alias_may_be_used_twice(tmp_path: Path) -> None:
    read = document(tmp_path, "one: &shared\n  a: 1\ntwo: *shared\nthree: {<<: *shared, b: 2}\n")
    assert read.value == {"one": {"a": 1}, "two": {"a": 1}, "three": {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("source",), 2),
        (("feeds", "bills", "columns", "b"), 7),
        (("feeds", "bills", "columns", "not there"), 5),
        (("rows", 1), 10),
        (("rows", 2, "from"), 11),
        (("rows", 9), 8),
        (("nowhere",), 1),
        ((), 1),
    ],
)
def test_every_key_and_item_has_its_line(tmp_path: Path, place: tuple[int | str, ...], line: int) -> None:
    lines = [
        "# a shop",
        "source: shop",
        "feeds:",
        "  bills:",
        "    columns:",
        "      a: x",
        "      b: y",
        "rows:",
        "- from: a",
        "- {}",
        "- from: b",
    ]
    read = document(tmp_path, "\n".join(lines))
    assert read.line(place) == line
    assert str(read.fault(place, "so it is.")) == f"{tmp_path}/账单.yml, line {line}: so it is."


NOT_YAML = "; mend the line (indentation, a missing colon, an unclosed quote)."


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("source: shop\ncurrency: 'CNY\nrows: []\n", 2, "this is not YAML (found unexpected end of stream)" + NOT_YAML),
        ("source: shop\nrows: [\nfeeds: {}\n", 2, "this is not YAML (did not find expected ',' or ']')" + NOT_YAML),
        ("source: shop\n currency: CNY\n", 2, "this is not YAML (mapping values are not allowed in this context)" + NOT_YAML),
        ("source: shop\n\tcurrency: CNY\n", 2, "this is not YAML (found a tab character that violates indentation)" + NOT_YAML),
        ("source: shop\ncurrency CNY\n", 3, "this is not YAML (could not find expected ':')" + NOT_YAML),
        ("source: shop\n---\nsource: other\n", 2, "this is not YAML (but found another document)" + NOT_YAML),
        ("source: shop\nrows: [!!python/name:os.system x]\n", 2, "this is not YAML (could not determine a constructor"),
        ("源: 商店\n# 注释\nsource: shop\x07\n", 3, r"the character '\x07' may not stand in YAML; take it out."),
        (
            "source: shop\nfeeds:\n  # the day\n  day: 2024-13-45\n",
            4,
            "'2024-13-45' is no value (month must be in 1..12); correct it, or put it in quotes.",
        ),
        ("source: shop\nsource: other\n", 2, "the key 'source' stands twice; keep one."),
        ("source: shop\nrows:\n- a: 1\n  b: 2\n  a: 3\n", 5, "the key 'a' stands twice; keep one."),
        ("source: shop\nrows: &all\n- *all\n", 2, "a value contains itself (an anchor '&' and its alias '*'); write it out."),
    ],
)
def test_what_is_not_yaml_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    assert fault_of(tmp_path, text).startswith(f"账单.yml, line {line}: {said}")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("# a shop\ncurrency: CNY\n", 1, "the key 'source' is missing; add it."),
        ("source: shop\nfeeds:\n  bills:\n    where: x\n", 3, "the key 'feeds.bills.columns' is missing; add it."),
        ("source: shop\ncurrency: yuan\n", 2, "'currency' is 'yuan': String should match pattern '^[A-Z]{3}$'."),
        ("currency: CNY\nsource: taken\n", 2, "'source' is 'taken': is the name of another source."),
        ("source: 5\n", 1, "'source' is 5: it should be a valid string."),
        ("source: shop\nfeeds: [bills]\n", 2, "'feeds' is ['bills']: expected a mapping, a line 'key: value' each."),
        ("source: shop\nrows: {from: received}\n", 2, "'rows' is {'from': 'received'}: expected a list, a line '- value' each."),
        ("- source: shop\n", 1, "'the document' is [{'source': 'shop'}]: expected a mapping, a line 'key: value' each."),
        ("just a text\n", 1, "'the document' is 'just a text': expected a mapping, a line 'key: value' each."),
        ("source: shop\nrows:\n- from: received\n- from: mail\n", 4, "'rows.1.from' is 'mail': it should be 'file_name' or 'received'."),
        ("source: shop\nfeeds:\n  bills: {columns: {1: a}}\n", 3, "'feeds.bills.columns.1' is 1: it should be a valid string."),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    assert fault_of(tmp_path, text) == f"账单.yml, line {line}: {said}"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("sourc: shop\n", 1, "unknown key 'sourc'; did you mean 'source'?"),
        ("source: shop\nfoods: {}\n", 2, "unknown key 'foods'; did you mean 'feeds'?"),
        ("source: shop\nfeeds:\n  bills:\n    columns: {}\n    wehre: x\n", 5, "unknown key 'wehre'; did you mean 'where'?"),
        (
            "source: shop\nfeeds:\n  bills:\n    columns: {}\n    order:\n      form: received\n",
            6,
            "unknown key 'form'; did you mean 'from'?",
        ),
        ("source: shop\nrows:\n- from: received\n- {from: received, xyz: 1}\n", 4, "unknown key 'xyz' (known: from)."),
        ("source: shop\npair:\n- {from: received, xyz: 1}\n", 3, "unknown key 'xyz' (known: from)."),
        ("source: shop\nknown at:\n  xyz: 1\n", 3, "unknown key 'xyz' (known: from)."),
        ("source: shop\nzzz: 1\n", 2, "unknown key 'zzz' (known: currency, feeds, known at, pair, rows, source)."),
    ],
)
def test_an_unknown_key_comes_with_the_nearest_known_one(tmp_path: Path, text: str, line: int, said: str) -> None:
    assert fault_of(tmp_path, text) == f"账单.yml, line {line}: {said}"


def test_a_list_may_be_the_whole_document(tmp_path: Path) -> None:
    with pytest.raises(ClienteleError, match=r"line 2: unknown key 'form'; did you mean 'from'\?$"):
        document(tmp_path, "- from: received\n- form: received\n").into(Orders)


def test_a_long_value_is_shortened(tmp_path: Path) -> None:
    said = fault_of(tmp_path, f"source: [{', '.join(['shop'] * 100)}]\n")
    assert said.endswith("'shop'…: it should be a valid string.")
    assert len(said) < 160


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ClienteleError, match=r"gone.yml: cannot be read \(No such file or directory\); check the path and its permissions\.$"
    ):
        Document(tmp_path / "gone.yml")
    with pytest.raises(ClienteleError, match=r"cannot be read \(Is a directory\)"):
        Document(tmp_path)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClienteleError, match=r"账单.yml: byte 8 is not UTF-8; save the file as UTF-8\.$"):
        document(tmp_path, b"source: " + "商店".encode("gb18030"))


@pytest.mark.parametrize(
    ("name", "known", "clause"),
    [
        ("issued", ["issued_at", "is_sued", "amount"], "; did you mean 'is_sued' or 'issued_at'?"),
        ("AMOUNT", ["issued_at", "amount"], "; did you mean 'amount'?"),
        ("xyz", ["b", "a"], " (known: a, b)"),
        ("xyz", [], ""),
        ("xyz", map(str, range(600)), ""),
    ],
)
def test_nearest_names(name: str, known: Any, clause: str) -> None:
    assert nearest(name, known) == clause


def test_a_bare_no_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "source.yml"
    path.write_text("source: no\n", encoding="utf-8")
    with pytest.raises(ClienteleError, match="line 1: 'source' is read as false, as YAML does with yes, no, on and off; put it in quotes"):
        Document(path).into(Source)
