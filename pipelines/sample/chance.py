"""Random draws that come out the same on every machine.

Everything in the sample is made from uniform draws by addition, multiplication, division, square root and comparison, which IEEE 754 rounds
alike everywhere. No exponentials, no logarithms, no library distributions: their last digit differs between processors.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]
Times: TypeAlias = NDArray[np.datetime64]
Shape: TypeAlias = int | tuple[int, ...]

SUBJECTS: Final = (
    *("people", "attributes", "accounts", "behaviour", "billing", "payments", "contacts", "complaints", "dirt"),
    *("memberships", "names", "particulars", "texts", "usage", "subscriptions", "surveys", "incidents", "campaigns", "consents"),
    *("reference", "balances", "promises", "managers", "wallet", "purchases", "report", "customers", "service", "decisions"),
)


def stream(seed: int, subject: str, part: int = 0) -> np.random.Generator:
    """The generator of one subject (one of SUBJECTS), so that a change in one part of the sample leaves the draws of the others alone."""
    return np.random.Generator(np.random.PCG64([seed, SUBJECTS.index(subject), part]))


def bell(rng: np.random.Generator, shape: Shape) -> Floats:
    """Bell-shaped draws of mean 0 and standard deviation 1, between -3.5 and 3.5: four uniforms added up (Irwin-Hall)."""
    sides: Floats = rng.random(shape) + rng.random(shape) + rng.random(shape) + rng.random(shape)
    return (sides - 2.0) * 1.7320508075688772  # the square root of 3: four uniforms have a variance of one third


def pick(rng: np.random.Generator, weights: Sequence[int], shape: Shape) -> Integers:
    """Positions 0 … len(weights) - 1, each drawn in proportion to its whole-number weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.int64))
    drawn: Integers = np.searchsorted(edges, rng.integers(0, edges[-1], shape), side="right").astype(np.int64)
    return drawn
