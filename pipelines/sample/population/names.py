"""What people and companies are called: the parts of their names, and their mail addresses.

How a register puts the parts of a name together is in `spelling`.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Booleans, Integers, pick
from pipelines.sample.population import words

_SINGLE, _PAIRED = 0.22, 0.60  # given names of one character; up to here, of two that go together; the others of any two
_MIDDLE_SHARE, _TOWN_SHARE, _BRACKET_SHARE, _HOME_SHARE = 0.35, 0.65, 0.2, 0.9
_NO_DIGITS, _YEAR, _SHORT_YEAR = (
    0.50,
    0.62,
    0.75,
)  # of mail addresses without digits; up to here, with the year of birth; with two digits of it
_YOUNG_SINCE: Final = 1988  # year of birth from which the younger names are given
_POSITION: Final = {entry[0]: place for place, entry in enumerate(words.GIVEN)}
_OF_GENDER: Final = tuple(np.array(positions, dtype=np.int64) for positions in words.MEN_OR_WOMEN)
_PAIRS: Final = np.array([[[_POSITION[character] for character in pair] for pair in pairs] for pairs in words.GIVEN_PAIRS], dtype=np.int64)
_NONE: Final = len(words.GIVEN)  # the place of "" behind the characters
_MIDDLES: Final = (*(f"{letter}." for letter in "ABCDEFGHJKLMNPRSTVW"), "")


def draw_persons(rng: np.random.Generator, is_latin: Booleans, is_woman: Booleans, year: Integers) -> pl.DataFrame:
    """The parts of the names of as many persons, one row each.

    Args:
        rng: Source of the draws.
        is_latin: Whose name is written in Latin letters by nature: their Chinese parts are null.
        is_woman: Who is a woman.
        year: Years of birth; the names of the old are others than those of the young.

    Returns:
        family_zh, given_zh, slip_zh (the given name as it is misheard), family_latin, given_latin, family_other (another romanisation, or
        without accents), given_plain (without accents), syllable_1 and syllable_2 (of the given name, capitalised; "" where there is none),
        middle (an initial with its dot, or ""), english (a given name by which a Chinese person goes elsewhere).
    """
    count = len(is_latin)
    surname, (first, second) = pick(rng, _falling(len(words.SURNAMES), 4), count), _given(rng, is_woman, year)
    latin_surname = pick(rng, _falling(len(words.LATIN_SURNAMES), 20), count)
    of_men, of_women = rng.integers(0, len(words.LATIN_MEN), count), rng.integers(0, len(words.LATIN_WOMEN), count)
    latin_given = np.where(is_woman, len(words.LATIN_MEN) + of_women, of_men)
    middle = np.where(rng.random(count) < _MIDDLE_SHARE, rng.integers(0, len(_MIDDLES), count), len(_MIDDLES) - 1)

    family_zh, pinyin, family_other = ([entry[form] for entry in words.SURNAMES] for form in range(3))
    zh, syllables, slips = ([*(entry[form] for entry in words.GIVEN), ""] for form in range(3))
    syllable_1, syllable_2 = _word(syllables, first), _word(syllables, second)
    givens = (*words.LATIN_MEN, *words.LATIN_WOMEN)
    # Of two characters the second is misheard.
    has_one = pl.Series(second == _NONE)
    slip = pl.select(pl.when(has_one).then(_word(slips, first)).otherwise(_word(zh, first) + _word(slips, second))).to_series()
    latin = pl.lit(pl.Series(is_latin))
    return pl.select(
        family_zh=pl.when(~latin).then(_word(family_zh, surname)),
        given_zh=pl.when(~latin).then(_word(zh, first) + _word(zh, second)),
        slip_zh=pl.when(~latin).then(slip),
        family_latin=pl.when(latin).then(_word(words.LATIN_SURNAMES, latin_surname)).otherwise(_word(pinyin, surname)),
        given_latin=pl.when(latin).then(_word(givens, latin_given)).otherwise(syllable_1 + syllable_2.str.to_lowercase()),
        family_other=pl.when(latin).then(_word(_plain(words.LATIN_SURNAMES), latin_surname)).otherwise(_word(family_other, surname)),
        given_plain=pl.when(latin).then(_word(_plain(givens), latin_given)).otherwise(syllable_1 + syllable_2.str.to_lowercase()),
        syllable_1=pl.when(~latin).then(syllable_1).otherwise(_word(givens, latin_given)),
        syllable_2=pl.when(~latin).then(syllable_2).otherwise(pl.lit("")),
        middle=pl.when(latin).then(_word(_MIDDLES, middle)).otherwise(pl.lit("")),
        english=_word(_plain(givens), latin_given),
    )


def draw_companies(rng: np.random.Generator, is_latin: Booleans, region: Integers, home: Integers | None = None) -> pl.DataFrame:
    """The parts of the names of as many companies, one row each.

    Args:
        rng: Source of the draws.
        is_latin: Which are foreign: their Chinese parts are null.
        region: Positions of their regions, for the town that may stand in the name.
        home: Positions of the towns of their addresses, which mostly stand in the name, if any does.

    Returns:
        town_zh, town_latin ("" where no town stands in the name), is_bracketed (whether the town follows in brackets), stem_zh,
        stem_slip_zh (as it is misheard), stem_latin, trade_zh, trade_short_zh, trade_latin, trade_short_latin, suffix_zh,
        suffix_other_zh, suffix_latin, suffix_other_latin, suffix_third_latin (as others write it), industry.
    """
    count = len(is_latin)
    front, back = rng.integers(0, len(words.STEM_FRONTS), count), rng.integers(0, len(words.STEM_BACKS), count)
    latin_front, latin_back = rng.integers(0, len(words.LATIN_STEM_FRONTS), count), rng.integers(0, len(words.LATIN_STEM_BACKS), count)
    trade = pick(rng, _falling(len(words.TRADES), 8), count)
    suffix = pick(rng, [entry[0] for entry in words.SUFFIXES], count)
    latin_suffix = pick(rng, [entry[0] for entry in words.LATIN_SUFFIXES], count)
    has_town = ~is_latin & (rng.random(count) < _TOWN_SHARE)
    any_town = region * words.TOWNS_OF_REGION + rng.integers(0, words.TOWNS_OF_REGION, count)
    is_bracketed = has_town & (rng.random(count) < _BRACKET_SHARE)
    is_of_home = rng.random(count) < _HOME_SHARE
    town = np.where(has_town, any_town if home is None else np.where(is_of_home, home, any_town), len(words.TOWNS))

    front_zh, front_slip = [stem[0] for stem in words.STEM_FRONTS], _word([stem[0] for stem in words.STEM_FRONTS], front)
    back_zh, back_slip = _word([stem[0] for stem in words.STEM_BACKS], back), _word([stem[-1] for stem in words.STEM_BACKS], back)
    pinyin = _word([stem[1:-1].capitalize() for stem in words.STEM_FRONTS], front) + _word([stem[1:-1] for stem in words.STEM_BACKS], back)
    foreign = _word(words.LATIN_STEM_FRONTS, latin_front) + _word(words.LATIN_STEM_BACKS, latin_back)
    trades = [_word([entry[form] for entry in words.TRADES], trade) for form in range(5)]
    suffixes = [_word([str(entry[form]) for entry in words.SUFFIXES], suffix) for form in range(1, 6)]
    foreign_suffixes = [_word([str(entry[form]) for entry in words.LATIN_SUFFIXES], latin_suffix) for form in range(1, 4)]
    latin = pl.lit(pl.Series(is_latin))
    return pl.select(
        town_zh=_word([*(entry[0] for entry in words.TOWNS), ""], town),
        town_latin=_word([*(entry[1] for entry in words.TOWNS), ""], town),
        is_bracketed=pl.Series(is_bracketed),
        stem_zh=pl.when(~latin).then(_word(front_zh, front) + back_zh),
        stem_slip_zh=pl.when(~latin).then(front_slip + back_slip),
        stem_latin=pl.when(latin).then(foreign).otherwise(pinyin),
        trade_zh=pl.when(~latin).then(trades[0]),
        trade_short_zh=pl.when(~latin).then(trades[1]),
        trade_latin=trades[2],
        trade_short_latin=trades[3],
        suffix_zh=pl.when(~latin).then(suffixes[0]),
        suffix_other_zh=pl.when(~latin).then(suffixes[1]),
        suffix_latin=pl.when(latin).then(foreign_suffixes[0]).otherwise(suffixes[2]),
        suffix_other_latin=pl.when(latin).then(foreign_suffixes[1]).otherwise(suffixes[3]),
        suffix_third_latin=pl.when(latin).then(foreign_suffixes[2]).otherwise(suffixes[4]),
        industry=trades[4],
    )


def with_mails(described: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Adds email and email_other, which is at another host; no address tells who somebody is beyond name and year of birth.

    Who bears a name first in the chunk may have it as an address; the others need some digits, as they do at a real provider. So those who
    share an address have the same name in Latin letters, but for spaces.

    Args:
        described: The columns of `draw_persons` and `draw_companies`, is_latin, is_organisation and birth_date.
        rng: Source of the draws.
    """
    count = len(described)
    given = pl.col("given_plain").str.to_lowercase()
    family = pl.when("is_latin").then("family_other").otherwise("family_latin").str.to_lowercase().str.replace_all("'", "", literal=True)
    host = pl.concat_str("town_latin", "stem_latin", pl.col("trade_short_latin").str.replace_all("[^A-Za-z]", "")).str.to_lowercase()
    year = pl.col("birth_date").dt.year()
    is_first = pl.concat_str(family, given).is_first_distinct()
    places = (len(words.MAIL_PROVIDERS), len(words.MAIL_DESKS), len(words.MAIL_DOMAINS))
    provider, desk, domain = (rng.integers(0, many, count) for many in places)
    added = []
    for name in ("email", "email_other"):
        way, kind = pl.lit(pl.Series(rng.integers(0, 3, count))), pl.lit(pl.Series(rng.random(count)))
        figure = pl.Series(rng.integers(0, 10 ** rng.integers(1, 4, count)))
        digits = (
            pl.when((kind < _NO_DIGITS) & is_first)
            .then(pl.lit(""))
            .when((kind >= _NO_DIGITS) & (kind < _YEAR))
            .then(year.cast(pl.String))
            .when((kind >= _NO_DIGITS) & (kind < _SHORT_YEAR))
            .then((year % 100).cast(pl.String).str.zfill(2))
            .otherwise(pl.lit(figure).cast(pl.String))
        )
        local = (
            pl.when(way == 0)
            .then(pl.concat_str(given, pl.lit("."), family))
            .when(way == 1)
            .then(pl.concat_str(family, given))
            .otherwise(pl.concat_str(family, pl.lit("_"), given))
        )
        of_person = pl.concat_str(local, digits, pl.lit("@"), pl.lit(_word(words.MAIL_PROVIDERS, provider)))
        of_company = pl.concat_str(
            pl.lit(_word(words.MAIL_DESKS, desk)), pl.lit("@"), host, pl.lit("."), pl.lit(_word(words.MAIL_DOMAINS, domain))
        )
        added.append(pl.when("is_organisation").then(of_company).otherwise(of_person).alias(name))
        provider, desk, domain = (
            (last + rng.integers(1, many, count)) % many for last, many in zip((provider, desk, domain), places, strict=True)
        )
    return described.with_columns(added)


def _given(rng: np.random.Generator, is_woman: Booleans, year: Integers) -> tuple[Integers, Integers]:
    """Positions in words.GIVEN of the first and the second character; _NONE where there is no second."""
    count = len(is_woman)
    drawn = []
    for _ in range(2):
        men, women = (characters[pick(rng, _falling(len(characters), 12), count)] for characters in _OF_GENDER)
        drawn.append(np.where(is_woman, women, men))
    kind = is_woman.astype(np.int64) + 2 * (year >= _YOUNG_SINCE)
    pair = _PAIRS[kind, rng.integers(0, _PAIRS.shape[1], count)]
    way = rng.random(count)
    is_paired = (way >= _SINGLE) & (way < _PAIRED)
    first = np.where(is_paired, pair[:, 0], drawn[0])
    return first, np.where(way < _SINGLE, _NONE, np.where(is_paired, pair[:, 1], drawn[1]))


def _falling(count: int, head: int) -> list[int]:
    """Weights that fall with the position, the faster the smaller `head`: the first surnames are borne by a fifth of all people."""
    return [100_000 // (place + head) for place in range(count)]


def _word(choices: Sequence[str], position: Integers) -> pl.Series:
    return pl.Series(choices, dtype=pl.String).gather(pl.Series(position))


def _plain(choices: Sequence[str]) -> list[str]:
    return [choice.translate(words.WITHOUT_ACCENTS) for choice in choices]
