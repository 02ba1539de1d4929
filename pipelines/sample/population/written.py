"""How one and the same person or organisation stands in different registers: what each clerk wrote, misheard, abbreviated or never asked.

What does not change from month to month is here; telephone numbers and addresses follow the calendar in `records.customers`.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Integers, stream
from pipelines.sample.population.addresses import CHINESE, LATIN
from pipelines.sample.population.memberships import HARBOUR, SLOTS
from pipelines.sample.population.spelling import (
    COMPANY_VARIATIONS,
    PERSON_VARIATIONS,
    chinese_company,
    chinese_person,
    latin_company,
    latin_person,
)

KEY_ACCOUNT: Final = SLOTS  # the key-account system's own register, beside the four slots of memberships
# How often each variation is drawn in the registers MAIN, TWICE, HARBOUR, LEASING and KEY_ACCOUNT. It shows only where it can:
# nothing without a second syllable is hyphenated.
RATES: Final[Mapping[str, tuple[float, float, float, float, float]]] = {
    "latin": (0.0, 0.0, 1.0, 0.0, 0.85),
    "slip": (0.0, 0.25, 0.10, 0.12, 0.06),
    "given_first": (0.0, 0.0, 0.40, 0.0, 0.0),
    "comma": (0.0, 0.0, 0.06, 0.04, 0.0),
    "other_romanisation": (0.0, 0.0, 0.08, 0.0, 0.0),
    "english_name": (0.0, 0.0, 0.05, 0.0, 0.0),
    "initials": (0.0, 0.0, 0.06, 0.04, 0.0),
    "missing_part": (0.0, 0.05, 0.05, 0.05, 0.0),
    "upper_case": (0.0, 0.0, 0.20, 0.05, 0.15),
    "split": (0.0, 0.0, 0.18, 0.0, 0.0),
    "hyphen": (0.0, 0.0, 0.15, 0.0, 0.0),
    "no_accents": (0.0, 0.10, 0.60, 0.40, 0.60),
    "other_suffix": (0.0, 0.10, 0.25, 0.35, 0.55),
    "no_suffix": (0.0, 0.0, 0.10, 0.15, 0.12),
    "short_trade": (0.0, 0.0, 0.10, 0.20, 0.15),
    "no_town": (0.0, 0.0, 0.10, 0.15, 0.40),
    "brackets": (0.0, 0.0, 0.10, 0.15, 0.10),
    "old_phone": (0.0, 0.35, 0.30, 0.25, 0.15),
    "old_address": (0.0, 0.20, 0.20, 0.15, 0.08),
    "no_phone": (0.01, 0.06, 0.15, 0.05, 0.08),
    "no_id": (0.04, 0.30, 0.75, 0.12, 0.15),
    "no_birth_date": (0.05, 0.20, 0.12, 0.30, 1.0),
    "swapped_birth_date": (0.0, 0.03, 0.03, 0.02, 0.0),
    "no_email": (0.30, 0.45, 0.40, 0.50, 0.60),
    "other_email": (0.0, 0.30, 0.30, 0.30, 0.10),
}
_NO_GENDER, _NO_SECTOR, _NO_ADDRESS, _SHORT_ADDRESS = 0.06, 0.12, 0.02, 0.25
_OF_NAME: Final = tuple(dict.fromkeys((*PERSON_VARIATIONS, *COMPANY_VARIATIONS)))


def written(seed: int, part: int, people: pl.DataFrame, entity: Integers, slot: Integers) -> pl.DataFrame:
    """What stands in each register's record, one row a record.

    Args:
        seed: Decides every draw.
        part: Part of the stream; another one for every register that is drawn by itself.
        people: The entities, from `people.describe`.
        entity: Position of each record's entity in `people`.
        slot: Of each record: MAIN, TWICE, HARBOUR, LEASING or KEY_ACCOUNT.

    Returns:
        name, national_id*, birth_date*, gender*, email*, industry*, occupation*, language, parent*, phone_of; has_old_phone,
        has_old_address, has_phone, has_address; phone_way, address_way (see `identity_numbers`, `addresses`); variations: what was changed
        against the true identity, joined by "+", without telephone and address.
    """
    rng = stream(seed, "particulars", part)
    count = len(entity)
    flags = {name: pl.Series(rng.random(count) < np.array(rates)[slot]) for name, rates in RATES.items()}
    records = people[entity].with_columns(
        **flags,
        place=pl.Series(rng.integers(0, 1_000_000, count)),
        mistake=pl.Series(rng.integers(0, 1_000_000, count)),
        _no_gender=pl.Series(rng.random(count) < _NO_GENDER),
        _no_sector=pl.Series(rng.random(count) < _NO_SECTOR),
        has_address=pl.Series(rng.random(count) >= _NO_ADDRESS),
        phone_way=pl.Series(rng.integers(0, 3, count)),
        _is_short=pl.Series((rng.random(count) < _SHORT_ADDRESS) | ((slot == HARBOUR) & (rng.random(count) < 0.3))),
    )
    organisation = pl.col("is_organisation")
    records = records.with_columns(in_latin=pl.col("is_latin") | pl.col("latin"))
    records = records.with_columns(latin=pl.col("latin") & ~pl.col("is_latin"))
    records = records.with_columns(_possible(name).alias(name) for name in _OF_NAME)
    day, month = pl.col("birth_date").dt.day().cast(pl.Int64), pl.col("birth_date").dt.month().cast(pl.Int64)
    can_swap = (day <= 12) & (day != month) & ~pl.col("no_birth_date")
    records = records.with_columns(
        name=_names(records),
        no_birth_date=pl.col("no_birth_date") & ~organisation,
        swapped_birth_date=(pl.col("swapped_birth_date") & can_swap).fill_null(value=False),
        other_email=pl.col("other_email") & ~pl.col("no_email"),
    )
    swapped = pl.date(pl.col("birth_date").dt.year(), pl.min_horizontal(day, 12), month)
    return records.select(
        "name",
        "is_organisation",
        pl.when(~pl.col("no_id")).then("national_id").alias("national_id"),
        pl.when(~pl.col("no_birth_date")).then(pl.when("swapped_birth_date").then(swapped).otherwise("birth_date")).alias("birth_date"),
        pl.when(~pl.col("_no_gender")).then("gender").alias("gender"),
        pl.when(~pl.col("no_email")).then(pl.when("other_email").then("email_other").otherwise("email")).alias("email"),
        pl.when(~pl.col("_no_sector")).then("industry").alias("industry"),
        pl.when(~pl.col("_no_sector")).then("occupation").alias("occupation"),
        "language",
        "parent",
        "phone_of",
        pl.col("old_phone").alias("has_old_phone"),
        pl.col("old_address").alias("has_old_address"),
        (~pl.col("no_phone")).alias("has_phone"),
        "has_address",
        "phone_way",
        (pl.when("in_latin").then(LATIN).otherwise(CHINESE) + pl.col("_is_short").cast(pl.Int64)).cast(pl.Int64).alias("address_way"),
        _labels().alias("variations"),
    )


def _names(records: pl.DataFrame) -> pl.Series:
    """The name in each record."""
    organisation, latin = pl.col("is_organisation"), pl.col("in_latin")
    kinds = (
        (organisation & latin, latin_company),
        (organisation & ~latin, chinese_company),
        (~organisation & latin, latin_person),
        (~organisation & ~latin, chinese_person),
    )
    numbered = records.with_row_index("_place")
    named = []
    for is_kind, spell in kinds:
        of_kind = numbered.filter(is_kind)
        named.append(of_kind.select("_place", name=spell(of_kind)))
    return pl.concat(named).sort("_place")["name"]


def _possible(name: str) -> pl.Expr:
    """Whether a variation of the name that was drawn shows: not where another one hides it, or there is nothing that it could change."""
    organisation, latin, chinese = pl.col("is_organisation"), pl.col("in_latin"), ~pl.col("is_latin")
    takes_given = (pl.col("english_name") & chinese) | pl.col("initials")
    has_two = latin & chinese & (pl.col("syllable_2") != "") & ~takes_given
    has_given_accents = (pl.col("given_plain") != pl.col("given_latin")) & ~pl.col("initials")
    has_accents = (pl.col("family_other") != pl.col("family_latin")) | has_given_accents
    in_latin, in_chinese = (pl.col(f"trade_{form}") != pl.col(f"trade_short_{form}") for form in ("latin", "zh"))
    long_trade = pl.when(latin).then(in_latin).otherwise(in_chinese)
    town = pl.col("town_zh") != ""
    of_person = {
        "slip": pl.lit(value=True),
        "given_first": latin & chinese & ~pl.col("comma"),
        "comma": latin,
        "other_romanisation": latin & chinese & (pl.col("family_other") != pl.col("family_latin")),
        "english_name": latin & chinese,
        "initials": latin & ~(pl.col("english_name") & chinese),
        "missing_part": latin & pl.when(chinese).then(has_two).otherwise((pl.col("middle") != "") & ~pl.col("initials")),
        "upper_case": latin,
        "split": has_two & ~pl.col("missing_part"),
        "hyphen": has_two & ~pl.col("missing_part") & ~pl.col("split"),
        "no_accents": ~chinese & has_accents,
    }
    of_company = {
        "slip": pl.lit(value=True),
        "other_suffix": ~pl.col("no_suffix"),
        "no_suffix": pl.lit(value=True),
        "short_trade": long_trade,
        "no_town": town,
        "brackets": town & ~pl.col("no_town"),
        "upper_case": latin,
    }
    nothing = pl.lit(value=False)
    possible = pl.when(organisation).then(of_company.get(name, nothing)).otherwise(of_person.get(name, nothing))
    return (pl.col(name) & possible).fill_null(value=False)


def _labels() -> pl.Expr:
    labelled = [name for name in RATES if name not in ("old_phone", "old_address", "no_phone", "slip")]
    typo = pl.when(pl.col("slip") & pl.col("in_latin")).then(pl.lit("typo")).when("slip").then(pl.lit("homophone"))
    return pl.concat_str([*(pl.when(name).then(pl.lit(name)) for name in labelled), typo], separator="+", ignore_nulls=True)
