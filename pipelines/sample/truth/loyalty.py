"""The hidden kind of loyalty of each customer, after Dick & Basu (1994), Customer loyalty: toward an integrated conceptual framework.

Relative attitude (how content and how attached) against repeat patronage (share of the spending that the customer gives to the group).
What follows from it can be observed: share of wallet, surveys, how it reacts to prices and calls. The kind itself cannot.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.story.life import NEVER

ATTITUDE_FROM: Final = 0.64
PATRONAGE_FROM: Final = 0.68
PRICE_FROM: Final = 0.65
KINDS: Final = ("none", "spurious", "latent", "true")
HOLDS: Final = ("price", "contract", "inertia")


def loyalty(chunk: Chunk) -> pl.DataFrame:
    """One row a customer (membership), in their order: loyalty_type (one of KINDS) and, for the spurious, held_by (one of HOLDS)."""
    entity, life = chunk.memberships.entity, chunk.life
    entities = chunk.entities
    served = life.is_served.sum(axis=0)
    mood = np.where(served > 0, (life.mood * life.is_served).sum(axis=0) / np.maximum(served, 1), entities.contentment[entity])
    has_attitude = 0.7 * mood + 0.3 * entities.attachment[entity] >= ATTITUDE_FROM
    has_patronage = entities.share_of_wallet[entity] >= PATRONAGE_FROM
    in_term = ((life.contract_end != NEVER) & life.is_served).sum(axis=0) * 2 > served
    held = np.where(entities.price_sensitivity[entity] >= PRICE_FROM, 0, np.where(in_term, 1, 2))
    kind = has_attitude * 2 + has_patronage
    is_spurious = has_patronage & ~has_attitude
    return pl.DataFrame(
        {
            "loyalty_type": pl.Series(KINDS).gather(kind),
            "held_by": pl.Series([*HOLDS, None], dtype=pl.String).gather(np.where(is_spurious, held, len(HOLDS))),
        }
    )
