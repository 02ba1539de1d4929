"""How delivered text is shown: without what would draw on the screen, cut where it is long, and of personal values the shape alone."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 28
# What no column is called and what people, numbers and days are: where one stands in a header, the header is a record.
_DATUM = re.compile(r"[-+(]?[\d.,'\s]*\d[\d.,'\s%)]*|\S+@\S+\.\S+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\+?[\d\s()/-]{7,}")


def shape(text: str) -> str:
    """The shape of a text: • for each letter, # for each digit, and what stands between them."""
    return "".join("#" if sign.isdigit() else "•" if sign.isalnum() else seen(sign) for sign in text)


def seen(text: str) -> str:
    """Text in which nothing moves the cursor or turns the direction of writing."""
    return "".join(sign if sign.isprintable() else " " if sign in "\t\n\r" else "\N{REPLACEMENT CHARACTER}" for sign in text)


def shown(value: object, *, is_personal: bool) -> str:
    """A value as it may be shown.

    Args:
        value: What was delivered, or what was made of it.
        is_personal: Whether only its shape may be seen.
    """
    if isinstance(value, Decimal):
        text = f"{value:f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    elif isinstance(value, datetime):
        text = value.isoformat(sep=" ").removesuffix(" 00:00:00")
    else:
        text = str(value)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return shape(text) if is_personal else seen(text)


def is_datum(name: str) -> bool:
    """Whether a column's name looks like a value: a number, a day, an address."""
    return bool(_DATUM.fullmatch(name.strip()))


def names_records(header: Iterable[str]) -> bool:
    """Whether a header names columns; where a value stands in it, it is a record, and may name people."""
    return not any(map(is_datum, header))
