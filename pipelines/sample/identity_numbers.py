"""Telephone and identity numbers that look right and cannot belong to anybody.

Identity numbers carry a region code that was never assigned (00) and a check character that is wrong; telephone numbers begin with 127,
which no network uses. Sources: GB 11643-1999 (citizen identity number), GB 32100-2015 (unified social credit code), the Chinese
numbering plan.
"""

from typing import Final

import numpy as np

from pipelines.sample.chance import Integers, Times

_CITIZEN_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_CITIZEN_CHECKS: Final = np.array(list("10X98765432"))
_CREDIT_WEIGHTS: Final = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28], dtype=np.int64)
_CREDIT_CHECKS: Final = np.array(list("0123456789ABCDEFGHJKLMNPQRTUWXY"))


def citizen_numbers(born: Times, serial: Integers) -> list[str]:
    """Eighteen characters each, with the birth date in its place; different serials below ten million give different numbers."""
    day = born.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    date = year * 10_000 + (month.astype(np.int64) % 12 + 1) * 100 + (day - month).astype(np.int64) + 1
    body = (serial % 10_000) * 10**11 + date * 1_000 + serial // 10_000 % 1_000
    right = _weighted(body, _CITIZEN_WEIGHTS) % 11
    return _with_check(body, _CITIZEN_CHECKS[(right + 1 + serial % 10) % 11])


def credit_codes(serial: Integers) -> list[str]:
    """Unified social credit codes of organisations, eighteen characters each; different serials below a million give different codes."""
    # The 9 stands where a citizen's number has the tens of the month: what is wrong for one kind of number must not be right for the other.
    body = 91 * 10**15 + (serial % 10_000) * 10**9 + 9 * 10**6 + (serial * 7_919 + 104_729) % 10**6
    right = (31 - _weighted(body, _CREDIT_WEIGHTS) % 31) % 31
    return _with_check(body, _CREDIT_CHECKS[(right + 1 + serial % 30) % 31])


def telephone_numbers(serial: Integers) -> list[str]:
    """Eleven digits beginning with 127, written in one of three ways; different serials below a hundred million give different numbers."""
    tails = (serial * 7_919 + 20_000_017) % 10**8  # 7919 shares no factor with the modulus, so this only shuffles
    ways = ("127{}{}", "+86 127 {} {}", "127-{}-{}")
    return [
        ways[way].format(f"{tail // 10_000:04d}", f"{tail % 10_000:04d}")
        for tail, way in zip(tails.tolist(), (serial % 3).tolist(), strict=True)
    ]


def _weighted(body: Integers, weights: Integers) -> Integers:
    total = np.zeros_like(body)
    for place, weight in enumerate(weights.tolist()):
        total += body // 10 ** (16 - place) % 10 * weight
    return total


def _with_check(body: Integers, check: np.ndarray[tuple[int, ...], np.dtype[np.str_]]) -> list[str]:
    return [f"{number:017d}{character}" for number, character in zip(body.tolist(), check.tolist(), strict=True)]
