"""Phrase lists and how one phrase is drawn from each. What the phrases are joined to is decided by `complaints`, `contacts` and `surveys`.

The lists stand in `zh/` and `en/`: one file an industry and `shared.yml` for what all say alike. A file maps a key to lines; a line is one
alternative. `[a|b|]` in a line is a choice (it may be empty), `{word}` is a placeholder that `placeholders` fills in. Keys:

- `outage` … `poor_service`: what went wrong; `vague`: a complaint that does not say.
- `detail`, `aside_<failure>`, `figure`, `context`: what was tried, another grievance in passing, the amount, who is writing.
- `consequence_<outage|money|time>_<severity>`, `feeling_<severity>`, `demand_<severity>`, `closing_<severity>`; severity 0-3.
- any of these with `_home` or `_office` behind it: further lines that only persons or only organisations write.
- `remedy`, `remedy_<failure>`; `contact_<reason>`, `contact_suffix`, `contact_suffix_call`.
- `contact_prefix`, `contact_prefix_<medium>` where the customer began it, `contact_prefix_out_<medium>` where the company did.
- `purpose_<reason>`: what a contact that the company began was to be about, where nobody answered.
- `result_<accepted|declined>_<reason>`, `result_no_answer_<medium>`, `result_promised`, `result_reached` (each of the last two also for
  `_payment_reminder`): how a contact ended that the company began.
- `survey_<mood>`, `survey_bad`, `survey_good`, `survey_thing`.
"""

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import yaml

from pipelines.sample.chance import Booleans, Integers

ZH, EN = "zh", "en"
NO_GROUP: Final = -1
DRAWN_BELOW: Final = 1 << 40  # one draw of this range chooses a line by its lower half and a variant of the line by its upper half
_HALF: Final = 20
_CHOICE: Final = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Pool:
    """Alternatives in groups.

    Every line of a group is equally likely, however many variants it has.

    Attributes:
        variants: All variants of all lines of all groups, one after the other; the first is empty and belongs to none.
        first_variant: Position of each line's first variant.
        variant_count: How many each line has.
        first_line: Position of each group's first line.
        line_count: How many each group has.
    """

    variants: pl.Series
    first_variant: Integers
    variant_count: Integers
    first_line: Integers
    line_count: Integers

    def draw(self, group: Integers, drawn: Integers) -> pl.Series:
        """One alternative a row.

        Args:
            group: Position of the group of each row, NO_GROUP for an empty text.
            drawn: Whole numbers of 0 … DRAWN_BELOW - 1.

        Returns:
            The texts, of type String.
        """
        line = self.first_line[group] + (drawn & ((1 << _HALF) - 1)) % self.line_count[group]
        variant = self.first_variant[line] + (drawn >> _HALF) % self.variant_count[line]
        return self.variants.gather(np.where(group == NO_GROUP, 0, variant))


def pool_of(groups: Iterable[Iterable[str]]) -> Pool:
    """The pool of these groups of lines; `[a|b]` in a line makes variants of it.

    Raises:
        ValueError: If a group has no line.
    """
    lines = [list(group) for group in groups]
    if not all(lines):
        raise ValueError("a group of phrases is empty")
    variants = [_variants(line) for line in itertools.chain.from_iterable(lines)]
    variant_count = np.array([len(of_line) for of_line in variants], dtype=np.int64)
    line_count = np.array([len(group) for group in lines], dtype=np.int64)
    return Pool(
        variants=pl.Series(["", *itertools.chain.from_iterable(variants)], dtype=pl.String),
        first_variant=1 + np.cumsum(variant_count) - variant_count,
        variant_count=variant_count,
        first_line=np.cumsum(line_count) - line_count,
        line_count=line_count,
    )


@cache
def pool(language: str, industry: str, groups: tuple[tuple[str, ...], ...]) -> Pool:
    """The pool whose groups consist of the lines under the given keys, those of the industry and those that all industries share.

    Raises:
        KeyError: If neither file has one of the keys.
    """
    files = (lines_of(language, industry), lines_of(language, "shared"))
    unknown = sorted({key for group in groups for key in group if not any(key in file for file in files)})
    if unknown:
        raise KeyError(f"no phrases in {language} for {industry} under {unknown}")
    return pool_of([line for key in group for file in files for line in file.get(key, ())] for group in groups)


@cache
def by_writer(language: str, industry: str, keys: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Groups of keys for `pool`: first those of persons, one for each key, then those of organisations in the same order."""
    files = (lines_of(language, industry), lines_of(language, "shared"))

    def known(key: str, writer: str) -> tuple[str, ...]:
        return tuple(name for name in (key, f"{key}_{writer}") if any(name in file for file in files)) or (key,)

    return tuple(known(key, writer) for writer in ("home", "office") for key in keys)


@cache
def lines_of(language: str, name: str) -> dict[str, tuple[str, ...]]:
    """The lines of one file by key. It is read once."""
    content = yaml.safe_load((Path(__file__).parent / language / f"{name}.yml").read_text(encoding="utf-8"))
    return {key: tuple(text.splitlines()) for key, text in content.items()}


def in_both(is_english: Booleans, write: Callable[[str, Integers], pl.Series]) -> pl.Series:
    """Texts in row order, of which `write(language, rows)` makes those of each language from the positions of their rows."""
    chinese, english = np.flatnonzero(~is_english), np.flatnonzero(is_english)
    written = pl.concat([write(ZH, chinese), write(EN, english)])
    return written.gather(np.argsort(np.concatenate([chinese, english]), kind="stable"))


def capitalised(texts: pl.Series) -> pl.Series:
    """Each text with its first letter in upper case."""
    return texts.str.slice(0, 1).str.to_uppercase() + texts.str.slice(1)


def _variants(line: str) -> list[str]:
    parts = _CHOICE.split(line)  # every second part is the inside of a choice
    choices = [part.split("|") if position % 2 else [part] for position, part in enumerate(parts)]
    return ["".join(chosen) for chosen in itertools.product(*choices)]
