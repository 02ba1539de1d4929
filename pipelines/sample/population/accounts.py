"""The accounts at operations: who holds what, on which terms, and when it is billed. The subsidiaries' systems know no accounts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sample.chance import Booleans, Floats, Integers, Times, bell, stream
from pipelines.sample.industries.industry import Industry
from pipelines.sample.population.entities import Entities
from pipelines.sample.population.memberships import HARBOUR, MAIN, TWICE, Memberships
from pipelines.sample.timeline import Timeline

ACCOUNTS_A_CUSTOMER: Final = 3
SUBSCRIPTIONS_AN_ACCOUNT: Final = 4
NONE: Final = -1
FIRST, SECOND, OFFICE = range(3)  # kinds of account, in the order of Accounts.ladders
_WITHIN_DAYS, _LAST_DAYS, _MOST_LINES = 720, 40, 20
_BILLING_DAYS: Final = np.array([1, 5, 10, 15, 20], dtype=np.int64)


@dataclass(frozen=True)
class Accounts:
    """One position an account, those of a customer next to one another.

    Attributes:
        customer: Position of the customer among the memberships of the chunk.
        number: Global number of the account.
        kind: FIRST, SECOND or OFFICE.
        tier: Step of the kind's ladder of plans on which it starts.
        extras: Accounts × 3 positions in the catalogue, NONE where nothing is held.
        lines: How many lines the plan has: persons one.
        use: Usual quantity of everything metered; 1 is an ordinary subscription of a person.
        discount: Per cent off everything recurring.
        cycle: Months between two bills: 1, or 3.
        billing_day: Day of the month on which it is billed.
        terms: Days from bill to due date.
        has_discount_terms: Whether it may pay 2 per cent less within ten days.
        opened: When it was opened.
        opened_month: Month index of that; -1 before the sample begins.
        is_prepaid: Whether it is paid in advance.
        contract_start: Month index in which the minimum term began (may be negative); far in the past without one.
        has_contract: Whether there is a minimum term.
        deposit: Security deposit in fen, 0 for none.
        credit_limit: In fen, 0 for none.
        usual_bill: What a usual month costs by list price, what is metered included, in fen.
        ladders: The plans of each kind, cheapest first, as positions in the catalogue.
    """

    customer: Integers
    number: Integers
    kind: Integers
    tier: Integers
    extras: Integers
    lines: Integers
    use: Floats
    discount: Integers
    cycle: Integers
    billing_day: Integers
    terms: Integers
    has_discount_terms: Booleans
    opened: Times
    opened_month: Integers
    is_prepaid: Booleans
    contract_start: Integers
    has_contract: Booleans
    deposit: Integers
    credit_limit: Integers
    usual_bill: Integers
    ladders: tuple[Integers, ...]

    @property
    def count(self) -> int:
        """How many accounts there are in the chunk."""
        return len(self.customer)

    @property
    def is_first(self) -> Booleans:
        """Whether it is the customer's first account."""
        return np.asarray(self.number % ACCOUNTS_A_CUSTOMER == 0)

    def plan(self, account: Integers, step: Integers) -> Integers:
        """Position of the plan in the catalogue, `step` rungs (may be negative) from the start; only first accounts step."""
        rung = self.tier[account] + np.where(self.is_first[account], step, 0)
        kind = self.kind[account]
        plan = np.zeros(len(account), dtype=np.int64)
        for which, ladder in enumerate(self.ladders):
            plan = np.where(kind == which, ladder[np.clip(rung, 0, len(ladder) - 1)], plan)
        return plan

    def subscription(self, account: Integers, place: Integers | int) -> Integers:
        """Global number of a subscription: place 0 is the plan, 1-3 the extras."""
        return np.asarray(self.number[account] * SUBSCRIPTIONS_AN_ACCOUNT + place)


def make_accounts(seed: int, chunk: int, entities: Entities, memberships: Memberships, industry: Industry, timeline: Timeline) -> Accounts:
    """Draw one or two accounts for every customer of operations, with holdings that follow the entity's level of consumption."""
    rng = stream(seed, "accounts", chunk)
    at_operations = np.flatnonzero(memberships.slot < HARBOUR)
    is_office = entities.is_organisation[memberships.entity[at_operations]]
    second_share = np.where(is_office, 1.5, 1.0) * industry.second_share / 100.0
    has_second = (rng.random(len(at_operations)) < second_share) & (memberships.slot[at_operations] == MAIN)
    customer = np.repeat(at_operations, 1 + has_second)
    place = np.concatenate([[0], np.where(customer[1:] == customer[:-1], 1, 0)])
    count, entity = len(customer), memberships.entity[customer]
    value, is_office = entities.value[entity], entities.is_organisation[entity]
    # What was registered a second time by mistake is the account of the second kind.
    is_second = ~is_office & ((place == 1) | (memberships.slot[customer] == TWICE))
    kind = np.where(is_office, OFFICE, np.where(is_second, SECOND, FIRST))

    ladders = tuple(industry.ladder(numbers) for numbers in (industry.plans, industry.second_plans, industry.office_plans))
    wanted = np.searchsorted(np.array(industry.plan_bounds), value * np.where(rng.random(count) < 0.8, 1.0, 0.7))
    tier = np.minimum(wanted, np.array([len(ladder) for ladder in ladders])[kind] - 1)
    extras = _extras(rng, industry, value * (0.7 + 0.6 * entities.share_of_wallet[entity]), is_office)
    lines = np.where(is_office, np.minimum(1 + (value * value * rng.random(count)).astype(np.int64), _MOST_LINES), 1)
    cycle = np.where(rng.random(count) < np.where(is_office, 0.12, 0.04), 3, 1)
    has_contract = rng.random(count) < industry.contract_share / 100.0
    age = rng.integers(0, industry.contract_months, count)
    # A second account is opened some time within two years after the first, but not in the last weeks of the sample.
    room = (timeline.end - memberships.registered[customer]).astype("timedelta64[D]").astype(np.int64) - _LAST_DAYS
    later = (rng.random(count) * np.clip(room, 0, _WITHIN_DAYS)).astype(np.int64) * (place == 1)
    opened = memberships.registered[customer] + later.astype("timedelta64[D]")
    opened_month = np.maximum(timeline.index_of(opened), -1)
    plan_price = np.zeros(count, dtype=np.int64)
    for which, ladder in enumerate(ladders):
        plan_price = np.where(kind == which, industry.price[ladder[np.clip(tier, 0, len(ladder) - 1)]], plan_price)
    use = np.maximum(value * (1.0 + 0.25 * bell(rng, count)), 0.05) * np.where(is_office, 2.5, 1.0)
    held = np.where(extras == NONE, 0, industry.price[np.maximum(extras, 0)]).sum(axis=1)
    usual_bill = plan_price * lines + held + _metered(industry, kind, use * lines)
    leaves_deposit = rng.random(count) < industry.deposit_share / 100.0
    is_prepaid = (kind == FIRST) & (rng.random(count) < (0.5 + (1.0 - entities.credit[entity])) * industry.prepaid_share / 60.0)
    limit = (2.0 + 6.0 * entities.credit[entity]) * (1 + usual_bill // 10_000)
    return Accounts(
        customer=customer,
        number=memberships.number[customer] * ACCOUNTS_A_CUSTOMER + place,
        kind=kind,
        tier=tier,
        extras=extras,
        lines=lines,
        use=use,
        discount=np.where(rng.random(count) < 0.1 + 0.25 * entities.price_sensitivity[entity], rng.integers(1, 5, count) * 5, 0),
        cycle=np.where(is_prepaid, 1, cycle),
        billing_day=_BILLING_DAYS[rng.integers(0, len(_BILLING_DAYS), count)],
        terms=np.where(is_prepaid, 0, np.where(is_office, 30, 15)),
        has_discount_terms=is_office & (rng.random(count) < 0.3),
        opened=opened,
        opened_month=opened_month,
        is_prepaid=is_prepaid,
        contract_start=np.where(has_contract, np.where(opened_month >= 0, opened_month, -age), -10_000),
        has_contract=has_contract & ~is_prepaid,
        deposit=np.where(leaves_deposit, industry.deposit * np.where(is_office, 10, 1), 0),
        credit_limit=np.where(is_prepaid, 0, limit.astype(np.int64) * 10_000),
        usual_bill=usual_bill,
        ladders=ladders,
    )


def _metered(industry: Industry, kind: Integers, use: Floats) -> Integers:
    """What a usual month's use costs beyond what the plan includes, in fen."""
    charged = np.zeros(len(use), dtype=np.int64)
    for measure in industry.measures:
        beyond = measure.usual * measure.price * (100 - measure.included)
        is_metered = (kind != SECOND) | measure.is_of_second
        charged += np.where(is_metered, (use * beyond).astype(np.int64) // 10_000, 0)
    return charged


def _extras(rng: np.random.Generator, industry: Industry, liking: Floats, is_office: Booleans) -> Integers:
    """Up to three different products held besides the plan; the more somebody consumes, the more."""
    count = len(liking)
    chance = np.clip(0.10 + 0.14 * liking, 0.0, 0.6)
    columns = []
    for place in range(SUBSCRIPTIONS_AN_ACCOUNT - 1):
        held = np.full(count, NONE)
        for is_of_kind, numbers in ((~is_office, industry.add_ons), (is_office, industry.office_add_ons)):
            offered = industry.ladder(numbers[place :: SUBSCRIPTIONS_AN_ACCOUNT - 1])
            if len(offered):
                held = np.where(is_of_kind, offered[rng.integers(0, len(offered), count)], held)
        columns.append(np.where(rng.random(count) < chance, held, NONE))
        chance = chance * 0.6
    return np.stack(columns, axis=1)
