"""The story of a chunk: what happened to each customer in each month. `living` tells it; here is only what it consists of."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.chance import Booleans, Floats, Integers, Times

NOTHING: Final = -1
OUTAGE, WRONG_BILL, LONG_WAIT, BROKEN_PROMISE, POOR_SERVICE = range(5)  # failures, in the order of Industry.categories
FAILURES: Final = ("outage", "wrong_bill", "long_wait", "broken_promise", "poor_service")
SLOW, WELL = range(2)  # how a complaint is handled; NOTHING where there is none
NEVER: Final = 9_999
COMPETITOR, SERVICE, PRICE, MOVED_AWAY, NON_PAYMENT = range(5)
REASONS: Final = ("competitor", "service", "price", "moved_away", "non_payment")


@dataclass(frozen=True)
class Life:
    """Arrays of months × customers (positions among the memberships), and of customers.

    Customers of harbour are never served: they buy when they like, see `records.purchases`.

    Attributes:
        is_served: Whether the customer has a running service in the month, and so gets a bill: after `joined`, up to and with `last`.
        failure: NOTHING or the failure of the month (at most one).
        complains: Whether that failure made the customer complain.
        handling: Of those: SLOW or WELL; NOTHING for the others.
        mood: Satisfaction at the month's end, 0-1.
        hazard: Chance of deciding in this month to leave, before the draw; 0 where it was not at stake.
        step: Rungs on the ladder of plans above (or below) where the first account started.
        use: Factor on the usual use: own ups and downs, bursts, and the fall before leaving; without the season.
        saving: Per cent off everything recurring, granted to keep the customer.
        contract_end: Month index in which the minimum term in force ends; NEVER without one.
        is_top: Whether it holds the top tier, earned by a sustained monthly bill.
        is_short: Whether money is short in this month, so that bills are paid late.
        is_suspended: Whether the service is suspended for not paying.
        decided: Month in which the customer made up its mind to leave (negative: before the sample begins; NEVER: did not).
        last: Month of the last bill (may lie after the end of the sample; NEVER).
        reason: COMPETITOR … NON_PAYMENT; NOTHING for those who stay.
        has_sign: Whether the leaving shows beforehand (use falls, then the bill, then the contacts).
        asks_along: Month in which the leaver asks to take number or account along; NEVER when it does not.
        stopped: Month from which it pays no bill any more; NEVER for payers.
        closed: When the customer was closed, NaT where that is never or after the end of the sample.
    """

    is_served: Booleans
    failure: Integers
    complains: Booleans
    handling: Integers
    mood: Floats
    hazard: Floats
    step: Integers
    use: Floats
    saving: Integers
    contract_end: Integers
    is_top: Booleans
    is_short: Booleans
    is_suspended: Booleans
    decided: Integers
    last: Integers
    reason: Integers
    has_sign: Booleans
    asks_along: Integers
    stopped: Integers
    closed: Times

    def months_falling(self, customer: Integers, month: Integers) -> Integers:
        """For how many months each customer has shown that it is leaving: 0 until the decision and for those without sign, then 1, 2, 3."""
        shows = self.has_sign[customer] & (self.decided[customer] != NEVER)
        return np.where(shows, np.maximum(month - self.decided[customer], 0), 0)
