"""The campaigns: whom they chose, who was held out, and what the treatment did to each. `living` lets them happen."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.chance import Booleans, Floats, Integers, stream
from pipelines.sample.timeline import Timeline

KINDS: Final = ("retention", "cross_sell", "win_back", "collection", "care")
RETENTION, CROSS_SELL, WIN_BACK, COLLECTION, CARE = range(5)
RESPONSES: Final = ("accepted", "declined", "none")
ACCEPTED, DECLINED, NO_RESPONSE = range(3)
_EVERY: Final = (1, 3, 4, 2, 5)  # months between two campaigns of each kind
_CONTACT_COST: Final = (800, 300, 800, 500, 600)  # fen a treated member
_OFFER_COST: Final = (6_000, 2_000, 9_000, 0, 1_500)  # fen an accepted offer


@dataclass(frozen=True)
class Campaigns:
    """One position a campaign, in the order in which they start.

    Attributes:
        kind: Position in KINDS.
        month: Month index in which it starts; it lasts that month.
        contact_cost: What reaching one member costs, in fen.
        offer_cost: What an accepted offer costs, in fen.
    """

    kind: Integers
    month: Integers
    contact_cost: Integers
    offer_cost: Integers

    @property
    def count(self) -> int:
        """How many campaigns there are."""
        return len(self.kind)


@dataclass(frozen=True)
class Members:
    """One position a member of a campaign.

    Attributes:
        campaign: Position of the campaign.
        customer: Position of the customer in the chunk.
        is_treated: Whether it was contacted; False is the random hold-out.
        response: Position in RESPONSES.
        revenue: Revenue that the response brought, in fen.
        factor: What being contacted does to this customer's monthly chance of leaving in the months after: below 1 it keeps, above 1 it
            drives away; known for the held out too.
        effect: The same as a change of the chance of leaving within the half year after; negative is good.
    """

    campaign: Integers
    customer: Integers
    is_treated: Booleans
    response: Integers
    revenue: Integers
    factor: Floats
    effect: Floats


def make_campaigns(seed: int, timeline: Timeline) -> Campaigns:
    """Each kind in its own rhythm, beginning in a month of the first quarter."""
    rng = stream(seed, "campaigns", -1 % 2**31)
    starts = rng.integers(1, 4, len(KINDS))
    planned = sorted((month, kind) for kind, every in enumerate(_EVERY) for month in range(int(starts[kind]), timeline.count, every))
    month = np.array([month for month, _ in planned], dtype=np.int64)
    kind = np.array([kind for _, kind in planned], dtype=np.int64)
    return Campaigns(kind, month, np.array(_CONTACT_COST, dtype=np.int64)[kind], np.array(_OFFER_COST, dtype=np.int64)[kind])
