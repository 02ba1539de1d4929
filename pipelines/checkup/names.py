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
    from pipelines.contracts.record_type import RecordType

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
}
# How sure a match is: the column's own name, one that people use, one that says more, one that is spelled nearly so.
OWN, USUAL, LONGER, NEAR = 1.0, 0.95, 0.7, 0.65
_SPELLED_ALIKE = 0.86
_SHORTEST, _MOST_LETTERS = 5, 2


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
    found = re.findall(r"[^\W_]+", parted.casefold())
    return tuple(_WORDS.get(word, word) for word in found)


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
    if any(len(set(one)) > 1 and set(one) < set(delivered) for one in known):
        return LONGER
    text = " ".join(delivered)
    return NEAR if any(_is_alike(text, " ".join(one)) for one in known) else 0.0


def _is_alike(text: str, other: str) -> bool:
    if min(len(text), len(other)) < _SHORTEST or abs(len(text) - len(other)) > _MOST_LETTERS:
        return False
    matcher = difflib.SequenceMatcher(None, text, other)
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
    wanted = text.strip().casefold()
    for value in valid:
        if wanted in (value.casefold(), value.replace("_", " ").casefold()):
            return value
    for value, usual in _synonyms().values.get(column, {}).items():
        if value in valid and wanted in {str(one).casefold() for one in usual}:
            return value
    return None
