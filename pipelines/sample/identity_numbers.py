"""Telephone and identity numbers that look right and cannot belong to anybody.

Identity numbers carry a region code that was never assigned (00) and a check character that is wrong; telephone numbers begin with 127,
which no network uses. Sources: GB 11643-1999 (citizen identity number), GB 32100-2015 (unified social credit code), the Chinese
numbering plan.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Integers, Times

_CITIZEN_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_CITIZEN_CHECKS: Final = pl.Series(list("10X98765432"))
_CREDIT_WEIGHTS: Final = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28], dtype=np.int64)
_CREDIT_CHECKS: Final = pl.Series(list("0123456789ABCDEFGHJKLMNPQRTUWXY"))
_PLAIN, _INTERNATIONAL = range(2)  # ways of writing a telephone number


def citizen_numbers(born: Times, serial: Integers) -> pl.Series:
    """Eighteen characters each, with the birth date in its place; different serials below ten million give different numbers."""
    day = born.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    date = year * 10_000 + (month.astype(np.int64) % 12 + 1) * 100 + (day - month).astype(np.int64) + 1
    body = (serial % 10_000) * 10**11 + date * 1_000 + serial // 10_000 % 1_000
    right = _weighted(body, _CITIZEN_WEIGHTS) % 11
    return _with_check(body, _CITIZEN_CHECKS, (right + 1 + serial % 10) % 11)


def credit_codes(serial: Integers) -> pl.Series:
    """Unified social credit codes of organisations, eighteen characters each; serials below eight million give different ones."""
    # The 9 stands where a citizen's number has the tens of the month: what is wrong for one kind of number must not be right for the other.
    body = (91 + serial // 10**6) * 10**15 + (serial % 10_000) * 10**9 + 9 * 10**6 + (serial * 7_919 + 104_729) % 10**6
    right = (31 - _weighted(body, _CREDIT_WEIGHTS) % 31) % 31
    return _with_check(body, _CREDIT_CHECKS, (right + 1 + serial % 30) % 31)


def telephone_numbers(serial: Integers, way: Integers | None = None) -> pl.Series:
    """Eleven digits beginning with 127; different serials below a hundred million give different numbers.

    Args:
        serial: Which number.
        way: How it is written: 0 plain, 1 with the country's code and spaces, 2 with dashes; without it, what the serial says.
    """
    tail = pl.Series((serial * 7_919 + 20_000_017) % 10**8)  # 7919 shares no factor with the modulus, so this only shuffles
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


def _weighted(body: Integers, weights: Integers) -> Integers:
    total = np.zeros_like(body)
    for place, weight in enumerate(weights.tolist()):
        total += body // 10 ** (16 - place) % 10 * weight
    return total


def _with_check(body: Integers, checks: pl.Series, place: Integers) -> pl.Series:
    return pl.Series(body).cast(pl.String).str.zfill(17) + checks.gather(pl.Series(place))
