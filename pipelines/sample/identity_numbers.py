"""Telephone and identity numbers that look right and cannot belong to anybody, and the order in which numbers are given away.

Identity numbers carry a region code that was never assigned (00) and a check character that is wrong; telephone numbers begin with 127,
which no network uses. Sources: GB 11643-1999 (citizen identity number), GB 32100-2015 (unified social credit code), the Chinese
numbering plan.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Booleans, Integers, Times

REGION_CODES: Final = np.array([city * 100 + county for city in range(1, 21) for county in range(1, 11)], dtype=np.int64)  # behind 00
_SEQUENCES: Final = 500  # of men, the odd ones of three digits; of women, the even ones
PERSONS_A_DAY: Final = len(REGION_CODES) * _SEQUENCES  # for so many of one sex who were born on one day there are numbers
CREDIT_CODES: Final = 80_000 * 10_000
TELEPHONES: Final = 10_000 * 10_000

_CITIZEN_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_CITIZEN_CHECKS: Final = pl.Series(list("10X98765432"))
_CREDIT_WEIGHTS: Final = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28], dtype=np.int64)
_CREDIT_CHECKS: Final = pl.Series(list("0123456789ABCDEFGHJKLMNPQRTUWXY"))
_PLAIN, _INTERNATIONAL = range(2)  # ways of writing a telephone number
_OF_TELEPHONES, _OF_CREDIT_CODES = 127, 91  # keys of `scattered`
_PRIME: Final = 2_147_483_647  # its square has room in 63 bits
_STEP, _TURN, _ROUNDS = 1_103_515_245, 747_796_405, 2


def scattered(number: Integers, key: int | Integers, high: int, low: int) -> Integers:
    """Another order of the numbers below high * low: what is written tells neither which number it was nor which one comes next.

    Each step adds to one half of the number what a square makes of the other half, so that each can be undone and no two numbers meet
    (Feistel). One multiplication would not do: two numbers of one owner would then differ by the same factor for all owners.

    Args:
        number: Whole numbers, 0 … high * low - 1.
        key: Another key, another order; below 10**9.
        high: How many values the upper half has, below 10**6.
        low: How many the lower half has, below 10**6.
    """
    upper, lower = number // low, number % low
    for place in range(_ROUNDS):
        turn = (key * _TURN + 2 * place * _STEP) % _PRIME
        upper = (upper + _mixed(lower, turn)) % high
        lower = (lower + _mixed(upper, (turn + _STEP) % _PRIME)) % low
    return upper * low + lower


def citizen_numbers(born: Times, serial: Integers, is_woman: Booleans) -> pl.Series:
    """Eighteen characters each: region, birth date, a sequence that is odd for men, a check character.

    Different serials below PERSONS_A_DAY give different numbers to those of one sex who were born on one day.
    """
    day = born.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    date = year * 10_000 + (month.astype(np.int64) % 12 + 1) * 100 + (day - month).astype(np.int64) + 1
    # Another order for every day and sex: those who share a serial have not the same region.
    place = scattered(serial, date * 2 + is_woman, 250, PERSONS_A_DAY // 250)
    sequence = place % _SEQUENCES * 2 + ~is_woman
    body = REGION_CODES[place // _SEQUENCES] * 10**11 + date * 1_000 + sequence
    right = _weighted(body, _CITIZEN_WEIGHTS) % 11
    return _with_check(body, _CITIZEN_CHECKS, (right + 1 + place // 7 % 10) % 11)


def credit_codes(serial: Integers) -> pl.Series:
    """Unified social credit codes of organisations, eighteen characters each; serials below CREDIT_CODES give different ones."""
    place = scattered(serial, _OF_CREDIT_CODES, 80_000, 10_000)
    region = REGION_CODES[place // 11 % len(REGION_CODES)]
    # Where a citizen's number has the tens of the month there is 2-9: what is wrong for one kind must not be right for the other.
    tens, rest = 2 + place // 10**8, place % 10**8
    own = rest // 10**6 * 10**7 + tens * 10**6 + rest % 10**6
    body = (91 + place % 20 // 18) * 10**15 + region * 10**9 + own
    right = (31 - _weighted(body, _CREDIT_WEIGHTS) % 31) % 31
    return _with_check(body, _CREDIT_CHECKS, (right + 1 + place // 13 % 30) % 31)


def telephone_numbers(serial: Integers, way: Integers | None = None) -> pl.Series:
    """Eleven digits beginning with 127; different serials below TELEPHONES give different numbers.

    Args:
        serial: Which number.
        way: How it is written: 0 plain, 1 with the country's code and spaces, 2 with dashes; without it, what the serial says.
    """
    tail = pl.Series(scattered(serial, _OF_TELEPHONES, 10_000, 10_000))
    style = pl.lit(pl.Series(serial % 3 if way is None else way))
    digits = pl.lit(tail).cast(pl.String).str.zfill(8)
    start, end = digits.str.head(4), digits.str.tail(4)
    return pl.select(
        pl.when(style == _PLAIN)
        .then(pl.concat_str(pl.lit("127"), digits))
        .when(style == _INTERNATIONAL)
        .then(pl.concat_str(pl.lit("+86 127 "), start, pl.lit(" "), end))
        .otherwise(pl.concat_str(pl.lit("127-"), start, pl.lit("-"), end))
    ).to_series()


def _mixed(half: Integers, key: int | Integers) -> Integers:
    drawn = (half * _STEP + key) % _PRIME
    return drawn * drawn % _PRIME // 64


def _weighted(body: Integers, weights: Integers) -> Integers:
    total = np.zeros_like(body)
    for place, weight in enumerate(weights.tolist()):
        total += body // 10 ** (16 - place) % 10 * weight
    return total


def _with_check(body: Integers, checks: pl.Series, place: Integers) -> pl.Series:
    return pl.Series(body).cast(pl.String).str.zfill(17) + checks.gather(pl.Series(place))
