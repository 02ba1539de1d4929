"""What an industry is to the generator: what people buy there, how much of it they use, and how often things happen.

The figures are assumptions of an invented business, not policy. What happens to whom is decided in `story`, what it costs in `records`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from pipelines.sample.chance import Integers

TARIFF_PERIODS: Final = ("peak", "flat", "off_peak")


@dataclass(frozen=True)
class Product:
    """One product of the catalogue.

    Attributes:
        number: The product's number, the same in every system.
        name: Its name in the catalogue, in Chinese.
        bill_text: Its name in English.
        line: The product line.
        price: List price with tax in fen: a month, or once.
        tax: Value-added tax in per cent of the net price.
        cost: What it costs to deliver, in per cent of the net price.
        launched: Day from which it was sold, ISO 8601.
        withdrawn: Last day on which it was sold, None while it is.
        is_once: Whether it is charged once rather than every month.
    """

    number: str
    name: str
    bill_text: str
    line: str
    price: int
    tax: int
    cost: int
    launched: str
    withdrawn: str | None = None
    is_once: bool = False


@dataclass(frozen=True)
class Measure:
    """Something that is metered.

    Attributes:
        name: The measure, as in the contract of `usage`.
        unit: Its unit.
        usual: Quantity a month of an ordinary subscription of a person (value 1).
        price: Price of one unit beyond what is included, in hundredths of a fen, with tax.
        included: Of an ordinary month's use of the plan's tier, the per cent that is not charged by unit.
        product: Number of the product under which it is billed.
        season: Twelve factors, January first, of mean 1.
        periods: Shares of TARIFF_PERIODS in per cent; empty when it is not metered by tariff period.
        period_prices: Price of a unit in each of TARIFF_PERIODS in per cent of `price`; empty when it is the same in all.
        is_of_second: Whether the second kind of account (see `Industry.second_plans`) has it too.
        decimals: Decimals to which the quantity is metered.
    """

    name: str
    unit: str
    usual: float
    price: int
    included: int
    product: str
    season: tuple[float, ...]
    periods: tuple[int, ...] = ()
    is_of_second: bool = False
    decimals: int = 0
    period_prices: tuple[int, ...] = ()

    def price_in(self, period: int) -> int:
        """Price of one unit in a tariff period (position in TARIFF_PERIODS, -1 for none), in hundredths of a fen, with tax."""
        return self.price * self.period_prices[period] // 100 if self.period_prices and period >= 0 else self.price


@dataclass(frozen=True)
class Industry:
    """One industry.

    Attributes:
        name: telecom, bank or utility.
        products: The catalogue of operations.
        plans: Numbers of the plans of a person's first account, cheapest first.
        second_plans: The same of a person's second account.
        office_plans: The same of an organisation's accounts.
        plan_bounds: Levels of consumption (value) at which the next dearer plan is taken; one fewer than the longest ladder has steps.
        add_ons: What a person may hold besides.
        office_add_ons: What an organisation may hold besides.
        dearer: Per price rise: number of the product, share of the sample's months that have passed when it happens, new price in fen.
        late_fee: Number of the product under which a late fee is billed.
        installation: Number of the product of the first bill.
        credit: Number of the product under which goodwill is credited.
        one_offs: What is sold once besides, at several prices, the most usual first; it also stands on some wrong bills.
        measures: What is metered.
        second_share: Per cent of the persons with a second account; organisations have it half as often again.
        prepaid_share: Per cent of the persons' first accounts that are paid in advance.
        contract_share: Per cent of the accounts opened under a minimum term.
        contract_months: The minimum term.
        deposit_share: Per cent of the accounts that leave a security deposit.
        deposit: The deposit in fen; organisations leave ten times as much.
        top_tier_bill: Monthly bill in fen that, sustained, earns the top tier.
        base_hazard: Chance a month of deciding to leave when content.
        mood_hazard: What dissatisfaction adds to it.
        outage_rate: Chance a month that an outage strikes a region.
        outage_hits: Share of the region's customers whom it hits.
        wrong_bill_rate: Chance a month of a wrong bill.
        long_wait_rate: Chance a month of a long wait that annoys.
        broken_promise_rate: Chance a month that something promised is not kept.
        poor_service_rate: Chance a month of other poor service.
        categories: What a complaint about each failure is called, in the order outage, wrong bill, long wait, broken promise, poor service.
        departments: Who must act on each.
        competitors: Names under which customers leave to somebody else, invented.
        has_port_out: Whether a leaver asks to take a number or an account along before leaving.
        balance_types: Balances at each month's end, as in the contract of `balances`.
    """

    name: str
    products: tuple[Product, ...]
    plans: tuple[str, ...]
    second_plans: tuple[str, ...]
    office_plans: tuple[str, ...]
    plan_bounds: tuple[float, ...]
    add_ons: tuple[str, ...]
    office_add_ons: tuple[str, ...]
    dearer: tuple[tuple[str, float, int], ...]
    late_fee: str
    installation: str
    credit: str
    one_offs: tuple[str, ...]
    measures: tuple[Measure, ...]
    second_share: int
    prepaid_share: int
    contract_share: int
    contract_months: int
    deposit_share: int
    deposit: int
    top_tier_bill: int
    base_hazard: float
    mood_hazard: float
    outage_rate: float
    outage_hits: float
    wrong_bill_rate: float
    long_wait_rate: float
    broken_promise_rate: float
    poor_service_rate: float
    categories: tuple[str, ...]
    departments: tuple[str, ...]
    competitors: tuple[str, ...]
    has_port_out: bool
    balance_types: tuple[str, ...]

    @cached_property
    def position(self) -> dict[str, int]:
        """Position in the catalogue by product number."""
        return {product.number: position for position, product in enumerate(self.products)}

    @cached_property
    def price(self) -> Integers:
        """List price in fen by position, before any rise."""
        return np.array([product.price for product in self.products], dtype=np.int64)

    @cached_property
    def tax(self) -> Integers:
        """Tax in per cent by position."""
        return np.array([product.tax for product in self.products], dtype=np.int64)

    @cached_property
    def cost(self) -> Integers:
        """Cost in per cent of the net price by position."""
        return np.array([product.cost for product in self.products], dtype=np.int64)

    def ladder(self, numbers: tuple[str, ...]) -> Integers:
        """Positions of the plans of a ladder, cheapest first."""
        return np.array([self.position[number] for number in numbers], dtype=np.int64)

    def rises(self, months: int) -> list[tuple[int, int, int]]:
        """Each price rise: position of the product, index of the first month with the new price, new price in fen."""
        return [(self.position[number], int(share * months), price) for number, share, price in self.dearer]

    def price_at(self, product: Integers, month: Integers, months: int) -> Integers:
        """List price in fen of each product in each month (an index in a sample of `months` months)."""
        price = self.price[product]
        for dearer, since, new in self.rises(months):
            price = np.where((product == dearer) & (month >= since), new, price)
        return price


def tax_within(gross: Integers, per_cent: Integers) -> Integers:
    """The tax contained in a gross amount, in fen, half a fen rounded away from zero."""
    base = 100 + per_cent
    return np.asarray(np.sign(gross) * ((np.abs(gross) * per_cent * 2 + base) // (2 * base)))
