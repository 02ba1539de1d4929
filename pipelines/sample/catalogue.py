"""What the business sells. Prices are list prices with tax, in fen (hundredths of a yuan)."""

from typing import Final, NamedTuple

import numpy as np

from pipelines.sample.chance import Booleans, Integers
from pipelines.sample.timeline import Timeline


class Product(NamedTuple):
    """One product. `tax` and `cost` are per cent of the net price: value-added tax, and what it costs to deliver."""

    number: str
    name: str
    bill_text: str
    line: str
    price: int
    tax: int
    cost: int
    launched: str
    withdrawn: str | None = None


# Basic telecommunication is taxed at 9 %, value-added services at 6 %, goods at 13 %.
PRODUCTS: Final = (
    Product("M029", "畅聊套餐29", "Mobile 29", "mobile", 2900, 9, 35, "2018-05-01"),
    Product("M059", "畅聊套餐59", "Mobile 59", "mobile", 5900, 9, 33, "2018-05-01"),
    Product("M099", "畅享套餐99", "Mobile 99", "mobile", 9900, 9, 30, "2019-11-01", "2025-12-31"),
    Product("M109", "畅享套餐109", "Mobile 109", "mobile", 10900, 9, 29, "2026-01-01"),
    Product("M199", "尊享套餐199", "Mobile 199", "mobile", 19900, 9, 26, "2019-11-01"),
    Product("B100", "光纤宽带100M", "Fibre 100", "broadband", 6900, 9, 45, "2015-03-01"),
    Product("B300", "光纤宽带300M", "Fibre 300", "broadband", 9900, 9, 42, "2017-06-01"),
    Product("B1000", "光纤宽带1000M", "Fibre privée 1000", "broadband", 16900, 9, 40, "2021-09-01"),
    Product("T020", "互动电视", "Télé base", "television", 2000, 6, 55, "2016-01-01"),
    Product("A010", "云盘", "Cloud 200 Go", "add_on", 1000, 6, 25, "2019-01-01"),
    Product("A015", "手机保险", "Assurance mobile", "add_on", 1500, 6, 60, "2019-01-01"),
    Product("A025", "国际漫游包", "Roaming été", "add_on", 2500, 6, 50, "2018-01-01"),
    Product("O120", "企业固话", "Office line", "office", 12000, 9, 38, "2014-01-01"),
    Product("O1800", "数据专线50M", "Leased line 50", "office", 180000, 9, 36, "2014-01-01"),
    Product("O3600", "数据专线200M", "Leased line 200", "office", 360000, 9, 34, "2016-01-01"),
    Product("O299", "云主机", "Cloud host", "office", 29900, 6, 48, "2019-07-01"),
    Product("S001", "安装服务", "Installation", "service", 10000, 6, 70, "2014-01-01"),
    Product("F001", "滞纳金", "Pénalité de retard", "service", 500, 6, 0, "2014-01-01"),
    Product("G001", "服务补偿", "Geste commercial", "service", 0, 6, 0, "2014-01-01"),
    Product("D001", "终端设备", "Équipement", "device", 6800, 13, 80, "2014-01-01"),
)
POSITION: Final = {product.number: position for position, product in enumerate(PRODUCTS)}

CALL_PRICE: Final = 15  # a minute beyond the plan

# For each product the plan to which somebody falls back who wants to pay as little as possible; itself where there is none below it.
CHEAPEST: Final = np.arange(len(PRODUCTS))
CHEAPEST[[place for number, place in POSITION.items() if number.startswith("M")]] = POSITION["M029"]
CHEAPEST[[place for number, place in POSITION.items() if number.startswith("B")]] = POSITION["B100"]
CHEAPEST[POSITION["O3600"]] = POSITION["O1800"]

_RISE: Final = (POSITION["M059"], np.datetime64("2026-03", "M"), 6500)

PRICE: Final = np.array([product.price for product in PRODUCTS], dtype=np.int64)
TAX: Final = np.array([product.tax for product in PRODUCTS], dtype=np.int64)
COST: Final = np.array([product.cost for product in PRODUCTS], dtype=np.int64)


def price_at(product: Integers, month: Integers, timeline: Timeline) -> Integers:
    """List price in fen of each product in each month (an index): one plan became dearer once."""
    dearer, since, price = _RISE
    has_risen = month >= int(timeline.index_of(np.array([since]))[0])
    return np.where((product == dearer) & has_risen, price, PRICE[product])


def rises_in(product: Integers, month: int, timeline: Timeline) -> Booleans:
    """Whether the price of each product goes up in a month."""
    dearer, since, _ = _RISE
    return np.asarray((product == dearer) & bool(timeline.month(month) == since))


def tax_within(gross: Integers, per_cent: Integers) -> Integers:
    """The tax contained in a gross amount, in fen, half a fen rounded away from zero."""
    base = 100 + per_cent
    return np.asarray(np.sign(gross) * ((np.abs(gross) * per_cent * 2 + base) // (2 * base)))
