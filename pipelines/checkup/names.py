"""What a delivered column's name may mean: names brought to one form, and held against what people call the contracts' columns."""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from pipelines.documents import Document

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.contracts.record_type import Property, RecordType

SYNONYMS_FILE = Path(__file__).with_name("synonyms.yml")

# Words that are written in many ways.
_WORDS = {
    **dict.fromkeys(("no", "nr", "num", "number", "code", "key", "ref", "reference", "identifier"), "id"),
    **dict.fromkeys(("cust", "custid", "kunde", "customers"), "customer"),
    **dict.fromkeys(("acct", "acc"), "account"),
    **dict.fromkeys(("amt",), "amount"),
    **dict.fromkeys(("qty",), "quantity"),
    **dict.fromkeys(("inv",), "invoice"),
    **dict.fromkeys(("prod",), "product"),
    **dict.fromkeys(("desc",), "description"),
    **dict.fromkeys(("org",), "organisation"),
    **dict.fromkeys(("dt",), "date"),
    **dict.fromkeys(("addr",), "address"),
    **dict.fromkeys(("subs",), "subscription"),
    **dict.fromkeys(("emp",), "employee"),
    **dict.fromkeys(("ts",), "time"),
}
# Words that say what kind of value it is, and nothing of which: `closed_at` and `closed`, `is_prepaid` and `prepaid`.
_FIRST_WORDS, _LAST_WORDS = {"is", "has"}, {"at", "on"}
# How sure a match is: the column's own name, one that people use, one that says more, one that is spelled nearly so.
OWN, USUAL, LONGER, NEAR, LAST = 1.0, 0.95, 0.7, 0.65, 0.5
_OWN_KEYS = {("id",), ("编号",), ("序号",)}
_OWN_TIMES = {(word,) for word in ("created", "date", "time", "timestamp", "datetime", "日期", "时间")} | {
    ("created", "date"),
    ("创建时间",),
}
_SPELLED_ALIKE = 0.86
_SHORTEST, _MOST_LETTERS = 5, 2
# What Chinese numbers and times are called: 客户编码 is 客户号, 办结日期 is 办结时间.
_ENDINGS = ((re.compile(r"(?<=.)(?:编号|编码|代码|号码|代号|流水号|唯一标识|标识)$"), "号"), (re.compile(r"(?<=.)(?:日期|时刻)$"), "时间"))
_TIMES = {"date", "time", "datetime", "timestamp", "day"}
# A Chinese name that ends in a usual one of so many signs says more than that one: 关联客户编号.
_FEWEST_SIGNS, _PAIR = 3, 2
# An abbreviation of a value, and of a word within one.
_SHORTEST_VALUE, _SHORTEST_WORD = 2, 3


class _Synonyms(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, list[str]]
    records: dict[str, _Usual]
    values: dict[str, dict[str, list[str | int | bool]]]


class _Usual(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    names: list[str]
    columns: dict[str, list[str]] = {}


_Synonyms.model_rebuild()


@cache
def _synonyms() -> _Synonyms:
    return Document(SYNONYMS_FILE).into(_Synonyms)


@cache
def words(name: str) -> tuple[str, ...]:
    """A name as its words: `Cust. No.`, `custNo` and `CUSTOMER_ID` are all customer, id."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", unicodedata.normalize("NFKC", name))
    # What stands behind in brackets is a unit: 金额（元）.
    parted = re.sub(r"[(\[].*?[)\]]\s*$", "", parted) or parted
    # Beside Chinese signs Latin letters are words of their own: CRM客户号.
    found = [_WORDS.get(word, word) for word in re.findall(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+", parted.casefold())]
    for pattern, usual in _ENDINGS:
        found = [pattern.sub(usual, word) for word in found]
    found = found[1:] if len(found) > 1 and found[0] in _FIRST_WORDS else found
    found = found[:-1] if len(found) > 1 and found[-1] in _LAST_WORDS else found
    return tuple([found[0] + "号"] if len(found) == _PAIR and not found[0].isascii() and found[1] == "id" else found)


@cache
def meant(record: RecordType, column: str, name: str) -> float:
    """How surely a delivered column's name means a column of a record, from 0 to 1."""
    delivered = words(name)
    if not delivered:
        return 0.0
    if delivered == words(column):
        return OWN
    usual = _usual(record.name, column)
    # What is usual for this record type tells more than what is usual anywhere.
    if delivered in usual:
        return USUAL if usual[delivered] else USUAL - 0.05
    known = {words(column), *usual}
    signs = "".join(delivered)
    is_key = len(record.key) == 1 and record.key[0].name == column
    is_event_time = record.event_time is not None and record.event_time.name == column
    # The first that holds.
    ways: tuple[tuple[float, Callable[[], bool]], ...] = (
        (USUAL - 0.1, lambda: _core(record.property(column), delivered) in known or signs in {"".join(one) for one in known}),
        (LONGER, lambda: any(len(set(one)) > 1 and set(one) < set(delivered) for one in known)),
        (LONGER, lambda: not signs.isascii() and any(_is_end(signs, "".join(one)) for one in known)),
        (NEAR, lambda: any(_is_alike(delivered, one) for one in known)),
        # A record's own number and time often have no other name.
        (LAST, lambda: (is_key and delivered in _OWN_KEYS) or (is_event_time and delivered in _OWN_TIMES)),
    )
    return next((sureness for sureness, holds in ways if holds()), 0.0)


def _core(item: Property, delivered: tuple[str, ...]) -> tuple[str, ...]:
    """A name without what its type says anyway: the date of what happened, the number of what is numbered."""
    if item.logical_type in ("date", "timestamp"):
        return tuple(word for word in delivered if word not in _TIMES)
    if item.name.endswith(("_id", "_unit")):
        return delivered[:-1] if delivered[-1] == "id" else (*delivered[:-1], delivered[-1].removesuffix("号"))
    return delivered


def _is_end(signs: str, other: str) -> bool:
    return len(other) >= _FEWEST_SIGNS and not other.isascii() and signs.endswith(other)


def _is_alike(delivered: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two names differ in one word alone, and that by its spelling: `billing country` is no `billing account`."""
    if len(delivered) != len(other):
        return False
    pairs = [(one, two) for one, two in zip(delivered, other, strict=True) if one != two]
    if len(pairs) != 1 or min(map(len, pairs[0])) < _SHORTEST or abs(len(pairs[0][0]) - len(pairs[0][1])) > _MOST_LETTERS:
        return False
    matcher = difflib.SequenceMatcher(None, *pairs[0])
    return matcher.quick_ratio() >= _SPELLED_ALIKE and matcher.ratio() >= _SPELLED_ALIKE


@cache
def _usual(record: str, column: str) -> dict[tuple[str, ...], bool]:
    """What people call a column, and whether they do so of this record type above all."""
    said = _synonyms()
    own = said.records[record].columns.get(column, []) if record in said.records else []
    return {words(name): False for name in said.columns.get(column, [])} | {words(name): True for name in own}


def told_by_file(record: str, stem: str) -> float:
    """How much of a file's name tells the record type: the length of the longest of the type's words in it."""
    said = _synonyms().records.get(record)
    tokens = words(re.sub(r"\d+", " ", stem))
    usual = [words(name) for name in said.names] if said is not None else []
    usual.append(words(record))
    text = f" {' '.join(tokens)} "
    lengths = [len(one) + 1 for one in usual if one and (f" {' '.join(one)} " in text or (not one[0].isascii() and one[0] in text))]
    return max(lengths, default=0)


def meant_value(column: str, text: str, valid: tuple[str, ...]) -> str | None:
    """The value of a column's list that a delivered one means; None where nobody knows."""
    wanted = _plain(text)
    for value in valid:
        if wanted == _plain(value):
            return value
    for value, usual in _synonyms().values.get(column, {}).items():
        if value in valid and wanted in {_plain(str(one)) for one in usual}:
            return value
    return None


def meant_flag(column: str, text: str) -> str | None:
    """`true` or `false`, where a delivered value means one of them: in this column above all, or anywhere."""
    return meant_value(column, text, ("true", "false")) or meant_value("yes_no", text, ("true", "false"))


def shortened_value(text: str, valid: tuple[str, ...]) -> str | None:
    """The one value of a list that a delivered one may be short for, such as `SUSP` or `AM`; a guess, and None where there are several."""
    wanted = _plain(text)
    if len(wanted) < _SHORTEST_VALUE or not wanted.isascii() or not wanted.replace(" ", "").isalpha():
        return None
    plain = {value: _plain(value) for value in valid}
    for found in (
        [value for value, said in plain.items() if said.startswith(wanted)],
        [value for value, said in plain.items() if " " in said and "".join(word[0] for word in said.split()) == wanted],
        [value for value, said in plain.items() if len(wanted) >= _SHORTEST_WORD and any(word.startswith(wanted) for word in said.split())],
    ):
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.strip().casefold()).strip() or text.strip()
