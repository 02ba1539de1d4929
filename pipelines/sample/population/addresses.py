"""Addresses in invented towns, in Chinese and in Latin letters; the same place whichever way it is written."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Integers
from pipelines.sample.population import words
from pipelines.sample.population.staff import BRANCHES_PER_REGION

CHINESE, CHINESE_SHORT, LATIN, LATIN_SHORT = range(4)  # ways of writing an address
BRANCHES: Final = tuple(f"OP-{region[0]}{branch + 1}" for region in words.REGIONS for branch in range(BRANCHES_PER_REGION))
_BUILDINGS, _FLOORS, _DOORS = 20, 30, 4


def addresses(region: Integers, street: Integers, house: Integers, way: Integers) -> pl.Series:
    """Each address as text.

    Args:
        region: Position of the region.
        street: The draw (0-999,999) that stands for town, district, street and building.
        house: Number of the house; storey and door follow from it.
        way: CHINESE, CHINESE_SHORT, LATIN or LATIN_SHORT.
    """
    town = town_of(region, street)
    rest = street // BRANCHES_PER_REGION // words.TOWNS_OF_REGION
    district, rest = rest % len(words.DISTRICTS), rest // len(words.DISTRICTS)
    name, rest = rest % len(words.STREETS), rest // len(words.STREETS)
    kind, rest = rest % len(words.STREET_KINDS), rest // len(words.STREET_KINDS)
    building, number = _figure(rest % _BUILDINGS + 1), _figure(house)
    flat = _figure((house % _FLOORS + 1) * 100 + (house // 7) % _DOORS + 1)
    town_zh, town_latin = _forms(words.TOWNS, town)
    district_zh, district_latin = _forms(words.DISTRICTS, district)
    name_zh, name_latin = _forms(words.STREETS, name)
    kind_zh, kind_latin, kind_short = _forms(words.STREET_KINDS, kind)
    style = pl.lit(pl.Series(way))
    text = pl.lit
    street_zh, street_latin = (name_zh, kind_zh, number, text("号")), (number, text(" "), name_latin, text(" "))
    place_latin = (text(", "), district_latin, text(" District, "), town_latin)
    return pl.select(
        pl.when(style == CHINESE)
        .then(pl.concat_str(town_zh, text("市"), district_zh, text("区"), *street_zh, building, text("栋"), flat, text("室")))
        .when(style == CHINESE_SHORT)
        .then(pl.concat_str(town_zh, district_zh, *street_zh, building, text("-"), flat))
        .when(style == LATIN)
        .then(pl.concat_str(text("Room "), flat, text(", Building "), building, text(", "), *street_latin, kind_latin, *place_latin))
        .otherwise(pl.concat_str(flat, text("/"), building, text(", "), *street_latin, kind_short, text(", "), town_latin))
    ).to_series()


def town_of(region: Integers, street: Integers) -> Integers:
    """Position of the town of each address in words.TOWNS; region and street as in `addresses`."""
    return region * words.TOWNS_OF_REGION + street // BRANCHES_PER_REGION % words.TOWNS_OF_REGION


def earlier_address(
    street: Integers, house: Integers, is_earlier: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> tuple[Integers, Integers]:
    """Street and house, where asked for those from which the entity had come: another street of the same region and branch."""
    return np.where(is_earlier, (street + 314_158) % 1_000_000, street), np.where(is_earlier, house * 7 % 399 + 1, house)


def _figure(number: Integers) -> pl.Expr:
    return pl.lit(pl.Series(number)).cast(pl.String)


def _forms(choices: Sequence[tuple[str, ...]], position: Integers) -> list[pl.Expr]:
    place = pl.Series(position)
    return [pl.lit(pl.Series(form, dtype=pl.String).gather(place)) for form in zip(*choices, strict=True)]
