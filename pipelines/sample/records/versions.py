"""Which months bring a new version of a record that is delivered again whenever it has changed, and once more when it has ended."""

import numpy as np

from pipelines.sample.chance import Booleans, Integers


def versions(is_alive: Booleans, ends_in: Integers, *states: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Booleans:
    """When each record is delivered.

    Args:
        is_alive: Months × records: from the month in which the record begins up to and with that in which it ends.
        ends_in: Month index in which each record ends; any later one for those that do not.
        states: Months × records, each: what the record says in the month.

    Returns:
        Months × records: whether it is delivered with the month: its first, its last, and each that differs from the month before.
    """
    month = np.arange(len(is_alive))[:, None]
    was_alive = np.concatenate([np.zeros((1, is_alive.shape[1]), dtype=np.bool_), is_alive[:-1]])
    has_changed = np.zeros(is_alive.shape, dtype=np.bool_)
    for state in states:
        has_changed[1:] |= state[1:] != state[:-1]
    return np.asarray(is_alive & (~was_alive | has_changed | (month == ends_in)))
