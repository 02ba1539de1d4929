"""How well what stands in a delivered column suits a column of a record, whatever its name is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.checkup.names import meant_flag, meant_value, shortened_value

if TYPE_CHECKING:
    from pipelines.checkup.cells import Cells
    from pipelines.contracts.record_type import Property

# A column of another type than its values.
_UNFIT, _MOSTLY, _NEARLY_ALL = 0.0, 0.5, 0.95
# How sure values alone are, which are words of a column's list; several of them, none of a single letter.
_TOLD, _FEWEST_WORDS = 0.6, 2
# What texts look like that could otherwise be anything.
_SHAPES = {"email": re.compile(r".+@.+"), "phone": re.compile(r"(?:\D*\d){5}.*", re.DOTALL)}


def fit(item: Property, cells: Cells) -> float:
    """How well a column's values are of the type: 1 where all are, or nothing is known."""
    if not cells.values:
        return 0.9
    if item.logical_type in ("number", "integer"):
        share = cells.share_of_numbers
    elif item.logical_type in ("date", "timestamp"):
        share = 1.0 if item.logical_type == "date" and cells.month_format is not None else cells.share_of_times
    elif item.logical_type == "boolean":
        share = sum(meant_flag(item.name, value) is not None for value in cells.distinct) / len(cells.distinct)
    elif item.valid_values:
        # A list of its own may still be translated by a person; anything goes for a text of many values, which it is not.
        return max(_known(item, cells), 0.6) if cells.is_list else 0.3
    elif item.name in _SHAPES:
        share = sum(_SHAPES[item.name].match(value) is not None for value in cells.values) / len(cells.values)
    else:
        return 1.0 if item.key_position is None or not cells.is_time_only else 0.6
    return share if share > _MOSTLY else _UNFIT


def _known(item: Property, cells: Cells) -> float:
    known = sum(
        (meant_value(item.name, one, item.valid_values) or shortened_value(one, item.valid_values)) is not None for one in cells.distinct
    )
    return known / len(cells.distinct)


def told_by_values(item: Property, cells: Cells) -> float:
    """How surely a column's values say that it is the one, where its name does not: they are all words of the column's list."""
    words = [text for text in cells.distinct if len(text) > 1 or not text.isascii()]
    if not cells.is_list or len(words) < max(_FEWEST_WORDS, len(cells.distinct)):
        return 0.0
    if item.logical_type == "boolean":
        return _TOLD if all(meant_value(item.name, text, ("true", "false")) for text in words) else 0.0
    return _TOLD if item.valid_values and all(meant_value(item.name, text, item.valid_values) for text in words) else 0.0


def is_left_for(item: Property, cells: Cells) -> bool:
    """Whether a column of which nothing else is known could be the one that a record needs; of a text without a form nobody knows."""
    if not cells.values:
        return False
    if item.logical_type == "number":
        return cells.has_fractions
    if item.logical_type == "boolean":
        # It may as well say the opposite: 是否对照组.
        return False
    if item.logical_type in ("date", "timestamp"):
        return fit(item, cells) >= _NEARLY_ALL and not cells.is_number_like
    if item.valid_values:
        return cells.is_list and _known(item, cells) == 1.0
    return item.pattern is not None and all(re.fullmatch(item.pattern, text) for text in cells.distinct)
