"""The months pass: each brings troubles, prices, money, decisions and campaigns, one after the other, to a chunk of customers."""

from typing import Final

import numpy as np

from pipelines.sample.business import Business
from pipelines.sample.chance import Booleans, Floats, Times, bell, stream
from pipelines.sample.industries.industry import Industry
from pipelines.sample.population.accounts import Accounts
from pipelines.sample.population.entities import Entities
from pipelines.sample.population.memberships import Memberships
from pipelines.sample.population.particulars import Particulars
from pipelines.sample.story.campaigns import Members
from pipelines.sample.story.leaving import decide, hazard, run_short, suspended
from pipelines.sample.story.life import NEVER, NOTHING, Life
from pipelines.sample.story.state import State, begin
from pipelines.sample.story.treatment import joined, treat
from pipelines.sample.story.trouble import befall, charge_more
from pipelines.sample.timeline import Timeline

TOP_TIER_MONTHS: Final = 6  # so long at the level of Industry.top_tier_bill earns the tier, so long below loses it
_BEFORE: Final = 4  # months before the sample, so that some are on their way out when it begins
_FALL: Final = np.array([1.0, 0.86, 0.71, 0.58, 0.48, 0.42])  # of the use, by months since the decision
_DIP_SHARE, _DIP, _BURST_SHARE, _BURST = 0.04, 0.55, 0.015, 1.9
_RENEWS: Final = 0.35


def live(
    business: Business,
    chunk: int,
    entities: Entities,
    memberships: Memberships,
    particulars: Particulars,
    accounts: Accounts,
) -> tuple[Life, Members]:
    """Let the months pass.

    Args:
        business: What is one for all chunks.
        chunk: Number of the chunk.
        entities: With their traits.
        memberships: The customers.
        particulars: Regions and managers by month.
        accounts: What they hold at the start.

    Returns:
        What happened, and who was a member of which campaign.
    """
    industry, campaigns = business.industry, business.campaigns
    rng = stream(business.seed, "behaviour", chunk)
    state = begin(rng, entities, memberships, accounts, industry)
    months = business.timeline.count
    for month in range(-_BEFORE, 0):
        may = (state.joined < 0) & (state.decided == NEVER)
        decide(rng, state, industry, may, hazard(state, industry, may, month), month)
        run_short(rng, state, may, month)
    rises = industry.rises(months)
    region, manager = particulars.region[:, memberships.entity], particulars.manager[:, memberships.entity]
    kept: dict[str, list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]]] = {}
    members = []
    for month in range(months):
        served = state.served(month)
        trouble = befall(
            rng, state, industry, business.outages[month, region[month]], served, business.staff.skill_of(manager[month]), month
        )
        for product, since, _ in rises:
            if since == month:
                charge_more(state, served & _holds(state, accounts, product), month)
        _renew(rng, state, industry, month)
        use = _use(rng, state, month)
        _step(rng, state, served, month)
        _rank(state, industry, use)
        run_short(rng, state, served, month)
        may = served & (state.decided == NEVER)
        chance = hazard(state, industry, may, month)
        decide(rng, state, industry, may, chance, month)
        members += [
            treat(rng, state, campaign, int(campaigns.kind[campaign]), served, chance, month)
            for campaign in np.flatnonzero(campaigns.month == month).tolist()
        ]
        is_suspended = suspended(state, month)
        now = {
            "is_served": served,
            "failure": trouble.failure,
            "complains": trouble.complains,
            "handling": trouble.handling,
            "mood": state.mood,
            "hazard": chance,
            "step": state.step,
            "use": np.where(is_suspended, 0.0, use),
            "saving": np.where(month <= state.saving_until, state.saving, 0),
            "contract_end": state.contract_end,
            "is_top": state.is_top,
            "is_short": state.is_short,
            "is_suspended": is_suspended,
        }
        for name, values in now.items():
            kept.setdefault(name, []).append(np.array(values))
    by_month = {name: np.stack(values) for name, values in kept.items()}
    life = Life(
        **by_month,
        decided=state.decided,
        last=state.last,
        reason=state.reason,
        has_sign=state.has_sign,
        asks_along=state.asks_along,
        stopped=state.stopped,
        closed=_closed(rng, state, business.timeline),
    )
    return life, joined(members)


def strike(seed: int, industry: Industry, regions: int, timeline: Timeline) -> Booleans:
    """Months × regions: whether an outage strikes. The same for all chunks."""
    return stream(seed, "incidents", -1 % 2**31).random((timeline.count, regions)) < industry.outage_rate


def _holds(state: State, accounts: Accounts, product: int) -> Booleans:
    """Whose first account is on the plan."""
    first = np.flatnonzero(accounts.is_first)
    holds = np.zeros(state.count, dtype=np.bool_)
    customer = accounts.customer[first]
    holds[customer] = accounts.plan(first, state.step[customer]) == product
    return holds


def _renew(rng: np.random.Generator, state: State, industry: Industry, month: int) -> None:
    """A minimum term that has ended is renewed by the content; the others are free to go."""
    draw = rng.random(state.count)
    has_ended = state.contract_end < month
    renews = has_ended & (draw < _RENEWS + 0.4 * state.mood) & (state.decided == NEVER)
    state.contract_end = np.where(has_ended, np.where(renews, month + industry.contract_months, NEVER), state.contract_end)


def _use(rng: np.random.Generator, state: State, month: int) -> Floats:
    """Factor on the usual use: a level that wanders, dips and bursts that mean nothing, and the fall that does."""
    count = state.count
    wander, chance = bell(rng, count), rng.random(count)
    state.level = np.clip(1.0 + 0.85 * (state.level - 1.0) + state.drift + 0.09 * wander, 0.2, 3.0)
    use = state.level * np.where(chance < _DIP_SHARE, _DIP, np.where(chance > 1.0 - _BURST_SHARE, _BURST, 1.0))
    state.mood = np.where(chance > 1.0 - _BURST_SHARE, np.maximum(state.mood - 0.05, 0.0), state.mood)  # the bill will be a shock
    return np.asarray(use * _FALL[np.minimum(state.falling(month), len(_FALL) - 1)])


def _step(rng: np.random.Generator, state: State, served: Booleans, month: int) -> None:
    """Up a plan when more is used, down when prices matter and the mood is low, a price has risen, or one is about to leave."""
    draw = rng.random(state.count)
    goes_up = served & (state.level > 1.15) & (draw < 0.03) & (state.falling(month) == 0)
    grim = 0.004 + 0.02 * state.price_sensitivity * (state.mood < 0.6) + 0.06 * state.price_sensitivity * (month - state.dearer <= 1)
    grim = grim + 0.35 * (state.falling(month) >= 1)
    goes_down = served & ~goes_up & (draw > 1.0 - grim)
    state.step = np.clip(state.step + goes_up - goes_down, -2, 2)


def _rank(state: State, industry: Industry, use: Floats) -> None:
    """The top tier is earned by a sustained monthly bill, and lost when that has not been reached for as long."""
    is_high = state.bill * (0.7 + 0.3 * use) * (1.0 + 0.25 * state.step) >= industry.top_tier_bill
    state.high = np.where(is_high, state.high + 1, 0)
    state.low = np.where(is_high, 0, state.low + 1)
    state.is_top = (state.is_top & (state.low < TOP_TIER_MONTHS)) | (state.high >= TOP_TIER_MONTHS)


def _closed(rng: np.random.Generator, state: State, timeline: Timeline) -> Times:
    """In the last days of the last month; nothing is known of what lies after the end."""
    count = state.count
    day, second = rng.integers(20, 29, count), rng.integers(9 * 3_600, 18 * 3_600, count)
    is_closed = (state.reason != NOTHING) & (state.last < timeline.count)
    closed = timeline.at(np.where(is_closed, state.last, 0), day, second)
    return np.where(is_closed, closed, np.datetime64("NaT")).astype("datetime64[ms]")
