"""What the whole group refers to: the list of products, month by month, and the list of campaigns.

Units and employees are in `reference_organisation`, calendar and service targets in `reference_calendar`, what each unit is to reach in
`reference_targets`, exchange rates in `reference_rates`. All of it is made once for the business, not by chunk.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Business
from pipelines.sample.industries.industry import Product, tax_within
from pipelines.sample.records.reference_organisation import HARBOUR_CODE, LEASING_CODE, OPERATIONS_CODE
from pipelines.sample.story.campaigns import CROSS_SELL, KINDS

# Sold over the counter and online, priced in Hong Kong cents; the port city levies no value-added tax.
HARBOUR_GOODS: Final = (
    Product("HB-1001", "Tea gift box", "Tea gift box", "food", 12_800, 0, 45, "2010-03-01"),
    Product("HB-1002", "Coffee beans 500 g", "Coffee beans 500 g", "food", 9_600, 0, 50, "2010-03-01"),
    Product("HB-1003", "Mooncake tin", "Mooncake tin", "food", 23_800, 0, 48, "2011-07-01"),
    Product("HB-2001", "Phone case", "Phone case", "accessories", 8_800, 0, 30, "2010-03-01"),
    Product("HB-2002", "Travel adapter", "Travel adapter", "accessories", 15_800, 0, 42, "2010-03-01"),
    Product("HB-2003", "Wireless headphones", "Wireless headphones", "electronics", 69_800, 0, 62, "2012-09-01"),
    Product("HB-3001", "Silk scarf", "Silk scarf", "fashion", 48_800, 0, 38, "2010-03-01"),
    Product("HB-3002", "Umbrella", "Umbrella", "fashion", 16_800, 0, 40, "2010-03-01"),
    Product("HB-4001", "Desk lamp", "Desk lamp", "home", 32_800, 0, 55, "2013-05-01"),
    Product("HB-4002", "Air purifier", "Air purifier", "home", 198_000, 0, 66, "2013-05-01"),
)

# Leased by the month, in fen. Leasing of movables is taxed at 13 %, services at 6 %.
LEASING_SERVICES: Final = (
    Product("LS-10", "车辆租赁 紧凑型", "Car lease compact", "vehicle", 268_000, 13, 70, "2010-06-01"),
    Product("LS-11", "车辆租赁 商务型", "Car lease business", "vehicle", 458_000, 13, 68, "2010-06-01"),
    Product("LS-12", "货车租赁", "Van lease", "vehicle", 398_000, 13, 72, "2011-01-01"),
    Product("LS-20", "办公设备租赁", "Office equipment lease", "equipment", 86_000, 13, 64, "2010-06-01"),
    Product("LS-21", "机械设备租赁", "Machinery lease", "equipment", 720_000, 13, 71, "2012-04-01"),
    Product("LS-22", "电动自行车租赁", "E-bike lease", "vehicle", 19_800, 13, 60, "2012-04-01"),
    Product("LS-30", "保养服务", "Maintenance", "service", 24_000, 6, 58, "2010-06-01"),
    Product("LS-31", "保险代办", "Insurance handling", "service", 12_000, 6, 50, "2010-06-01"),
)

_CAMPAIGN_NAMES: Final = ("客户挽留", "交叉销售", "流失赢回", "欠费提醒", "客户关怀")  # in the order of KINDS


def make_products(business: Business) -> pl.DataFrame:
    """The full list of what the group offers, delivered every month.

    A product is on the list from the month in which it is launched; that it was withdrawn is said from the month in which it was.

    Returns:
        product_id, name, product_line, organisation_unit, list_price and unit_cost (fen, or cents of the unit's currency),
        launched_at, withdrawn_at, delivered. Ordered by month and catalogue.
    """
    timeline, industry = business.timeline, business.industry
    offered = (*industry.products, *HARBOUR_GOODS, *LEASING_SERVICES)
    own = len(industry.products)
    unit = [OPERATIONS_CODE] * own + [HARBOUR_CODE] * len(HARBOUR_GOODS) + [LEASING_CODE] * len(LEASING_SERVICES)
    tax = np.array([product.tax for product in offered], dtype=np.int64)
    cost = np.array([product.cost for product in offered], dtype=np.int64)
    launched = np.array([product.launched for product in offered], dtype="datetime64[ms]")
    last_day = np.array([product.withdrawn or "NaT" for product in offered], dtype="datetime64[D]")
    withdrawn = (last_day + np.timedelta64(1, "D")).astype("datetime64[ms]") - np.timedelta64(1, "s")
    elsewhere = np.array([product.price for product in offered[own:]], dtype=np.int64)
    months = []
    for month in range(timeline.count):
        price = np.concatenate([industry.price_at(np.arange(own), np.full(own, month), timeline.count), elsewhere])
        after = timeline.month(month + 1).astype("datetime64[ms]")
        list_of_month = pl.DataFrame(
            {
                "product_id": [product.number for product in offered],
                "name": [product.name for product in offered],
                "product_line": [product.line for product in offered],
                "organisation_unit": unit,
                "list_price": price,
                "unit_cost": ((price - tax_within(price, tax)) * cost + 50) // 100,
                "launched_at": launched,
                "withdrawn_at": np.where(withdrawn < after, withdrawn, np.datetime64("NaT")),
                "delivered": np.full(len(offered), month, dtype=np.int64),
            },
            schema_overrides={"launched_at": pl.Datetime("ms"), "withdrawn_at": pl.Datetime("ms")},
        )
        months.append(list_of_month.filter(launched < after))
    return pl.concat(months)


def make_campaign_list(business: Business) -> pl.DataFrame:
    """The campaigns, each delivered in the month in which it starts.

    Cross-selling offers the add-ons of persons in turn; the other kinds offer no product.

    Returns:
        campaign_id, name, kind, product_id, starts_at, ends_at, contact_cost and offer_cost (fen), delivered.
    """
    timeline, campaigns, add_ons = business.timeline, business.campaigns, business.industry.add_ons
    is_cross_sell = campaigns.kind == CROSS_SELL
    turn = np.maximum(np.cumsum(is_cross_sell) - 1, 0) % len(add_ons)
    one = np.ones(campaigns.count, dtype=np.int64)
    starts = timeline.at(campaigns.month, one, 0 * one)
    ends = timeline.at(campaigns.month + 1, one, -one)
    kinds = pl.Series(KINDS).gather(campaigns.kind)
    return pl.DataFrame(
        {
            "campaign_id": np.arange(campaigns.count, dtype=np.int64),
            "name": pl.Series(_CAMPAIGN_NAMES).gather(campaigns.kind) + pl.Series(starts).dt.strftime(" %Y-%m"),
            "kind": kinds,
            "product_id": pl.Series(add_ons).gather(turn).set(pl.Series(~is_cross_sell), None),
            "starts_at": starts,
            "ends_at": ends,
            "contact_cost": campaigns.contact_cost,
            "offer_cost": campaigns.offer_cost,
            "delivered": campaigns.month,
        },
        schema_overrides={"starts_at": pl.Datetime("ms"), "ends_at": pl.Datetime("ms"), "product_id": pl.String},
    )
