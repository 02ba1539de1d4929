"""Cells that a spreadsheet would take for formulas, made harmless on the way out and given back exactly on the way in.

A spreadsheet runs a cell that begins like a formula, whoever wrote it. An apostrophe before it makes it text. A cell that begins with an
apostrophe by itself gets one more, so that what was added can be told from what was there.
"""

from __future__ import annotations

import re

_APOSTROPHE = "'"
# The wide forms are what a spreadsheet with Chinese or Japanese input takes for the others.
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A negative amount stays a number that can be worked with; with a plus sign it may be a telephone number, which would lose the sign.
_PLAIN_NUMBER = re.compile(r"-[0-9]+([.,][0-9]+)*")


def neutralised(cell: str) -> str:
    """A cell as text that no spreadsheet computes."""
    begins = cell.startswith((*_BEGINS_FORMULA, _APOSTROPHE))
    return _APOSTROPHE + cell if begins and not _PLAIN_NUMBER.fullmatch(cell) else cell


def restored(cell: str) -> str:
    """A cell as it was before `neutralised`; one that a person wrote stays as it is."""
    is_added = cell.startswith(_APOSTROPHE) and cell[1:].startswith((*_BEGINS_FORMULA, _APOSTROPHE))
    return cell[1:] if is_added else cell
