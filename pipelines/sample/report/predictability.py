"""How well leaving can be predicted: from what could be seen, and from what nobody can see (the hidden hazard), which is the ceiling.

Leaving within three months is learnt from earlier months and tried on later ones, and all that was learnt from had happened before the
months on which it is tried. The model is gradient boosted trees (scikit-learn), small and seeded.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.business import Chunk
from pipelines.sample.chance import Booleans, Floats, Integers
from pipelines.sample.population.memberships import HARBOUR
from pipelines.sample.report.delivered import Delivered
from pipelines.sample.report.observables import observables
from pipelines.sample.report.shapes_leaving import leaving_of
from pipelines.sample.story.life import NON_PAYMENT

AHEAD: Final = 3  # months within which somebody leaves or not
_FIRST: Final = 9  # the first month from which is learnt: before it there is too little to look back on
_TRIED_ON: Final = 4  # the last so many months of which the outcome is known
_FEWEST: Final = 25  # leavers to learn from, and to try on


@dataclass(frozen=True)
class Split:
    """The months from which is learnt, and those on which it is tried, as indices."""

    learnt: Integers
    tried: Integers


def split(months: int) -> Split:
    """Whose outcome is known; the outcomes of what is learnt from lie before the first month that is tried. Either may be empty."""
    known = np.arange(_FIRST, max(months - AHEAD, _FIRST))
    tried = known[-_TRIED_ON:]
    learnt = known[known + AHEAD < (tried[0] if len(tried) else 0)]
    return Split(learnt, tried)


def predictability(chunk: Chunk, records: Delivered) -> dict[str, float]:
    """How well leaving within three months is told apart from staying.

    Returns:
        AUC of what could be seen (`auc_leaving`; `auc_by_choice` without those closed for not paying), of the hidden hazard on the same
        customers and months (`auc_ceiling`), and by how much it is higher. NaN where there are too few months or leavers.
    """
    leaving = leaving_of(chunk)
    is_ours = chunk.memberships.slot < HARBOUR
    hazard = hidden_hazard(chunk.life.hazard[:, is_ours], chunk.life.decided[is_ours])
    months = split(records.timeline.count)
    leaves, at_stake = leaving.within(AHEAD), leaving.at_stake(AHEAD)
    score = scores(observables(records), leaves, at_stake, months)
    rows = _rows(at_stake, months.tried)
    is_by_choice = np.broadcast_to(chunk.life.reason[is_ours] != NON_PAYMENT, leaves.shape)[rows] | ~leaves[rows]
    seen, ceiling = auc(score, leaves[rows]), auc(hazard[rows], leaves[rows])
    return {
        "auc_leaving": seen,
        "auc_by_choice": auc(score[is_by_choice], leaves[rows][is_by_choice]),
        "auc_ceiling": ceiling,
        "auc_headroom": ceiling - seen,
    }


def hidden_hazard(hazard: Floats, decided: Integers) -> Floats:
    """Months × customers: the chance of deciding in the month to leave, and 1 for those who have decided."""
    return np.where(decided <= np.arange(len(hazard))[:, None], 1.0, hazard)


def scores(seen: dict[str, Floats], leaves: Booleans, at_stake: Booleans, months: Split) -> Floats:
    """Learn from some months who leaves, and say how likely it is in the others.

    Args:
        seen: Months × customers by name, as `observables` returns them.
        leaves: Months × customers: whether it leaves.
        at_stake: Months × customers: who is learnt from or tried on.
        months: Which months are what.

    Returns:
        A score for each customer at stake in each of the months that are tried, month by month; NaN where too little can be learnt.
    """
    learnt, tried = _rows(at_stake, months.learnt), _rows(at_stake, months.tried)
    left = leaves[learnt]
    if left.sum() < _FEWEST or leaves[tried].sum() < _FEWEST:
        return np.full(len(tried[0]), np.nan)
    # The import takes a second. On one core: with others at work on the machine, two wait for each other and take ten times as long.
    from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # noqa: PLC0415

    # Of six settings tried on samples of other seeds than the default, one that does well with 2,000 customers and with 10,000.
    model = HistGradientBoostingClassifier(
        max_iter=100,
        learning_rate=0.05,
        max_leaf_nodes=8,
        min_samples_leaf=60,
        l2_regularization=1.0,
        max_features=0.3,
        early_stopping=False,
        random_state=0,
    )
    with threadpool_limits(limits=1):
        model.fit(np.column_stack([values[learnt] for values in seen.values()]), left)
        chance = model.predict_proba(np.column_stack([values[tried] for values in seen.values()]))[:, 1]
    return np.asarray(chance, dtype=np.float64)


def auc(score: Floats, is_so: Booleans) -> float:
    """The chance that of two customers, one of whom leaves, the leaver has the higher score; NaN without either or without scores."""
    positives: int = int(np.count_nonzero(is_so))
    negatives = len(is_so) - positives
    if not positives or not negatives or np.isnan(score).any():
        return float("nan")
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2.0
    return float((rank[place][is_so].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def _rows(at_stake: Booleans, months: Integers) -> tuple[Integers, Integers]:
    """Months and customers at stake in these months, month by month."""
    month, customer = np.nonzero(at_stake[months])
    return months[month], customer
