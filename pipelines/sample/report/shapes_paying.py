"""How accounts fall behind and catch up again, from one month's end to the next: beside the credit card holders of Taiwan."""

import numpy as np

from pipelines.sample.chance import Booleans, Integers
from pipelines.sample.report.lateness import Lateness


def rolls(late: Lateness) -> dict[str, float]:
    """The share that is late, and the roll rates between grades of lateness (months begun, 3 standing for 3 and more)."""
    before, after = late.months[:-1], late.months[1:]
    both = late.is_billed[:-1] & late.is_billed[1:]
    return {
        "late_share": share(late.months >= 1, late.is_billed),
        "roll_current_to_late": share(after >= 1, both & (before == 0)),
        "roll_late_stays_late": share(after >= 1, both & (before >= 1)),
        "roll_one_to_two": share(after >= 2, both & (before == 1)),
        "roll_up_to_two_to_three": share(after >= 3, both & (before >= 1) & (before <= 2)),
        "roll_three_stays": share(after >= 3, both & (before >= 3)),
    }


def share(is_so: Booleans, among: Booleans) -> float:
    """The share of those among whom it is so; NaN among nobody."""
    count: int = int(np.count_nonzero(among))
    return float(np.count_nonzero(is_so & among) / count) if count else float("nan")


def months_late(late: Lateness, owner: Integers, customers: Integers) -> Integers:
    """Months × customers: how late the latest account of each customer is.

    Args:
        late: The accounts.
        owner: Customer number of each account.
        customers: Customer numbers, ascending.
    """
    most = np.zeros((len(late.months), len(customers)), dtype=np.int64)
    place = np.searchsorted(customers, owner)
    np.maximum.at(most, (np.arange(len(late.months))[:, None], place[None, :]), late.months)
    return most
