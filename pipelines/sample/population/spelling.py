"""How the parts of a name are put together, in Chinese and in Latin letters, with what a clerk leaves out, abbreviates or gets wrong.

All functions take records with the columns of `people.describe` and one Boolean column for each of the variations: whether it was drawn for
the record. Which are drawn how often is in `written`. For typos there are two columns of whole numbers from 0: `place` and `mistake`.
"""

from typing import Final

import polars as pl

PERSON_VARIATIONS: Final = (
    *("slip", "given_first", "comma", "other_romanisation", "english_name", "initials", "missing_part", "upper_case", "split", "hyphen"),
    "no_accents",
)
COMPANY_VARIATIONS: Final = ("slip", "other_suffix", "no_suffix", "short_trade", "no_town", "brackets", "upper_case")
_NEIGHBOURS: Final = dict(zip("abcdefghijklmnopqrstuvwxyz", "svvfrghjoklknmpowtdyibezux", strict=True))
_NOTHING: Final = pl.lit("")


def chinese_person(records: pl.DataFrame) -> pl.Series:
    """Family name, then given name."""
    return records.select(pl.concat_str("family_zh", pl.when("slip").then("slip_zh").otherwise("given_zh"))).to_series()


def latin_person(records: pl.DataFrame) -> pl.Series:
    """Given name and family name in one of their orders."""
    chinese = ~pl.col("is_latin")
    has_two = chinese & (pl.col("syllable_2") != "")
    parts = records.with_columns(
        _given=pl.when(chinese & pl.col("english_name"))
        .then("english")
        .when(pl.col("initials"))
        .then(pl.concat_str(pl.col("syllable_1").str.head(1), pl.lit(".")))
        .when(has_two & pl.col("missing_part"))
        .then("syllable_1")
        .when(has_two & pl.col("split"))
        .then(pl.concat_str("syllable_1", pl.lit(" "), "syllable_2"))
        .when(has_two & pl.col("hyphen"))
        .then(pl.concat_str("syllable_1", pl.lit("-"), pl.col("syllable_2").str.to_lowercase()))
        .when(pl.col("no_accents"))
        .then("given_plain")
        .otherwise("given_latin"),
        _family=pl.when(pl.when(chinese).then("other_romanisation").otherwise("no_accents")).then("family_other").otherwise("family_latin"),
    )
    # A slip in an initial would not be seen as one.
    hits_given = (pl.col("_given").str.len_chars() > 2) & (pl.col("mistake") % 5 < 3)
    parts = _mistyped(parts, _given=pl.col("slip") & hits_given, _family=pl.col("slip") & ~hits_given)
    upper_given = pl.col("upper_case") & (pl.col("mistake") % 2 == 0)
    parts = parts.with_columns(
        _family=pl.when("upper_case").then(pl.col("_family").str.to_uppercase()).otherwise("_family"),
        _given=pl.when(upper_given).then(pl.col("_given").str.to_uppercase()).otherwise("_given"),
        _middle=pl.when((pl.col("middle") != "") & ~pl.col("missing_part") & ~pl.col("initials"))
        .then(pl.concat_str(pl.lit(" "), "middle"))
        .otherwise(_NOTHING),
    )
    family_first = pl.concat_str("_family", pl.when("comma").then(pl.lit(", ")).otherwise(pl.lit(" ")), "_given", "_middle")
    is_given_first = ~pl.col("comma") & (~chinese | pl.col("given_first") | pl.col("english_name"))
    given_first = pl.concat_str("_given", "_middle", pl.lit(" "), "_family")
    return parts.select(pl.when(is_given_first).then(given_first).otherwise(family_first)).to_series()


def chinese_company(records: pl.DataFrame) -> pl.Series:
    """Town, stem, trade, suffix; or the town in brackets behind the stem."""
    town = pl.when("no_town").then(_NOTHING).otherwise("town_zh")
    # Who moves the town into brackets writes Chinese ones; where it stands in such by right, ASCII ones take their place.
    is_narrow, is_within = pl.col("is_bracketed") & pl.col("brackets"), (town != "") & (pl.col("is_bracketed") | pl.col("brackets"))
    narrow, wide = pl.concat_str(pl.lit("("), town, pl.lit(")")), pl.concat_str(pl.lit("（"), town, pl.lit("）"))
    return records.select(
        pl.concat_str(
            pl.when(~is_within).then(town).otherwise(_NOTHING),
            pl.when("slip").then("stem_slip_zh").otherwise("stem_zh"),
            pl.when(is_within).then(pl.when(is_narrow).then(narrow).otherwise(wide)).otherwise(_NOTHING),
            pl.when("short_trade").then("trade_short_zh").otherwise("trade_zh"),
            pl.when("no_suffix").then(_NOTHING).when("other_suffix").then("suffix_other_zh").otherwise("suffix_zh"),
        )
    ).to_series()


def latin_company(records: pl.DataFrame) -> pl.Series:
    """The same in Latin letters: Yunze Qinglan Trading Co., Ltd."""
    space = pl.lit(" ")
    town = pl.when("no_town").then(_NOTHING).otherwise("town_latin")
    is_within = (town != "") & (pl.col("is_bracketed") != pl.col("brackets"))
    other = pl.when(pl.col("mistake") % 2 == 0).then("suffix_other_latin").otherwise("suffix_third_latin")
    suffix = pl.concat_str(space, pl.when("other_suffix").then(other).otherwise("suffix_latin"))
    parts = _mistyped(records, stem_latin=pl.col("slip")).with_columns(
        _name=pl.concat_str(
            pl.when((town != "") & ~is_within).then(pl.concat_str(town, space)).otherwise(_NOTHING),
            "stem_latin",
            pl.when(is_within).then(pl.concat_str(pl.lit(" ("), town, pl.lit(")"))).otherwise(_NOTHING),
            space,
            pl.when("short_trade").then("trade_short_latin").otherwise("trade_latin"),
            pl.when("no_suffix").then(_NOTHING).otherwise(suffix),
        )
    )
    return parts.select(pl.when("upper_case").then(pl.col("_name").str.to_uppercase()).otherwise("_name")).to_series()


def _mistyped(records: pl.DataFrame, **where: pl.Expr) -> pl.DataFrame:
    """The records with a typo in each column that is named, where its expression is true: only there the costly work is done."""
    marked = records.with_columns(condition.alias(f"_hits_{name}") for name, condition in where.items()).with_row_index("_row")
    for name in where:
        wrong = marked.filter(pl.col(f"_hits_{name}")).select("_row", _wrong=_with_typo(pl.col(name)))
        joined = marked.join(wrong, on="_row", how="left", maintain_order="left")
        marked = joined.with_columns(pl.coalesce("_wrong", name).alias(name)).drop("_wrong")
    return marked.drop("_row")


def _with_typo(text: pl.Expr) -> pl.Expr:
    """A letter behind the first doubled, left out, exchanged with the next or replaced, by the columns `place` and `mistake`."""
    length = text.str.len_chars().cast(pl.Int64)
    at = 1 + pl.col("place") % pl.max_horizontal(length - 1, 1)
    before, letter, after = text.str.slice(0, at), text.str.slice(at, 1), text.str.slice(at + 1)
    kind = pl.when(length < 4).then(0).otherwise(pl.col("mistake") % 4)
    following = after.str.slice(0, 1)
    return (
        pl.when((kind == 1) & (letter != following))
        .then(pl.concat_str(before, after))
        .when((kind == 2) & (following != "") & (letter != following))
        .then(pl.concat_str(before, following, letter, after.str.slice(1)))
        .when(kind == 3)
        .then(pl.concat_str(before, letter.replace_strict(_NEIGHBOURS, default="h"), after))
        .otherwise(pl.concat_str(before, letter, letter.str.to_lowercase(), after))
    )
