"""What the CRM system delivers: each month everything it knows about customers, accounts and products.

It keeps a closed customer for half a year and then forgets it: the number is absent from then on.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.accounts import Accounts
from pipelines.sample.behaviour import Life
from pipelines.sample.catalogue import COST, PRODUCTS, TAX, price_at, tax_within
from pipelines.sample.chance import Integers, Times
from pipelines.sample.delivery import Delivery, Form, chosen, decimal, stamp
from pipelines.sample.identity_numbers import citizen_numbers, credit_codes, telephone_numbers
from pipelines.sample.people import Customers, Particulars, branch_of
from pipelines.sample.timeline import Timeline

DELIVERED_ON: Final = 3
_FORGOTTEN_AFTER_MONTHS: Final = 6
_FORM: Final = Form()


def crm_deliveries(customers: Customers, particulars: Particulars, accounts: Accounts, life: Life, timeline: Timeline) -> list[Delivery]:
    """Three files a month: customers, accounts, products."""
    names = _names(customers)
    deliveries = []
    for month in range(timeline.count):
        is_known = (customers.joined <= month) & (life.last + _FORGOTTEN_AFTER_MONTHS >= month)
        day = timeline.delivery_date(month, DELIVERED_ON)
        for kind, frame in (
            ("customers", _customers(customers, particulars, life, names, np.flatnonzero(is_known), month)),
            ("accounts", _accounts(customers, particulars, accounts, life, np.flatnonzero(is_known[accounts.owner]), month)),
            ("products", _products(month, timeline)),
        ):
            deliveries.append(Delivery(f"crm_{kind}", f"crm/{kind}_{day}.csv", day, frame, _FORM))
    return deliveries


def customer_number(number: Integers) -> pl.Series:
    """A customer's number as the CRM system writes it: eight digits with leading zeros."""
    return pl.Series(number).cast(pl.String).str.zfill(8)


def account_number(number: Integers) -> pl.Series:
    """An account's number as the CRM system writes it."""
    return "A" + pl.Series(number).cast(pl.String)


def _names(customers: Customers) -> pl.DataFrame:
    """What never changes about a customer, as text: number, parent, name, id_number, email; and is_latin."""
    first, last = pl.Series(customers.first_name), pl.Series(customers.last_name)
    organisation, latin = pl.Series(customers.is_organisation), pl.Series(customers.is_latin)
    serial = np.arange(customers.count)
    number = customer_number(customers.number)
    person = _word(words.SURNAMES, last) + _word(words.GIVEN_NAMES, first)
    latin_person = _word(words.LATIN_GIVEN_NAMES, first) + " " + _word(words.LATIN_SURNAMES, last)
    company = _word(words.COMPANY_STEMS, first) + _word(words.COMPANY_TRADES, last) + "示例有限公司"
    latin_company = _word(words.LATIN_COMPANIES, first) + " Sample Trading Co., Ltd"
    return pl.select(
        number=number,
        parent=pl.when(pl.Series(customers.parent >= 0)).then(number.gather(np.maximum(customers.parent, 0))),
        name=pl.when(organisation & latin)
        .then(latin_company)
        .when(organisation)
        .then(company)
        .when(latin)
        .then(latin_person)
        .otherwise(person),
        id_number=pl.Series(np.where(customers.is_organisation, credit_codes(serial), citizen_numbers(customers.born, serial))),
        email="user" + number + "@example." + _word(("com", "org", "net"), first),
        is_latin=latin,
    )


def _customers(
    customers: Customers, particulars: Particulars, life: Life, names: pl.DataFrame, known: Integers, month: int
) -> pl.DataFrame:
    at = (np.minimum(life.last[known], month), known)  # nothing is changed about a customer who has left
    street, region, house = particulars.street[at], particulars.region[at], particulars.house[at]
    is_closed = life.last[known] <= month
    closed = np.where(is_closed, life.closed[known], np.datetime64("NaT"))
    updated = np.where(is_closed, np.maximum(particulars.updated[at], life.closed[known]), particulars.updated[at])
    person = ~pl.Series(customers.is_organisation[known])
    trade = pl.Series(customers.trade[known])
    manager = pl.Series(particulars.manager[at])
    return names[known].select(
        pl.col("number").alias("cust_no"),
        pl.when(person).then(pl.lit("P")).otherwise(pl.lit("O")).alias("kind"),
        "name",
        "id_number",
        pl.when(person).then(pl.Series(customers.born[known]).cast(pl.Date).cast(pl.String)).alias("birth_date"),
        pl.when(person).then(_word(("M", "F"), pl.Series(customers.is_woman[known].astype(np.int64)))).alias("sex"),
        pl.Series("phone", telephone_numbers(known + customers.count * particulars.phone[at])),
        "email",
        pl.when("is_latin").then(_latin_address(street, house)).otherwise(_address(street, house)).alias("address"),
        _word(words.REGIONS, pl.Series(region)).alias("area"),
        pl.when(person).then(_word(words.OCCUPATIONS, trade)).otherwise(_word(words.INDUSTRIES, trade)).alias("sector"),
        _branch(region, street).alias("branch"),
        pl.when(manager >= 0).then("E" + manager.cast(pl.String).str.zfill(4)).alias("rep"),
        pl.col("parent").alias("parent_no"),
        _stamped(customers.registered[known]).alias("registered"),
        _stamped(closed).alias("closed"),
        pl.when("is_latin").then(pl.lit("en")).otherwise(pl.lit("zh-CN")).alias("language"),
        _stamped(updated).alias("last_change"),
    )


def _accounts(customers: Customers, particulars: Particulars, accounts: Accounts, life: Life, known: Integers, month: int) -> pl.DataFrame:
    owner = accounts.owner[known]
    at = (np.minimum(life.last[owner], month), owner)
    is_closed = life.last[owner] <= month
    is_organisation = customers.is_organisation[owner]
    limit = (customers.value[owner] * np.where(is_organisation, 20.0, 4.0)).astype(np.int64) * 100
    early = is_organisation & (customers.credit[owner] > 0.9)
    return pl.DataFrame(
        {
            "account_no": account_number(accounts.number[known]),
            "cust_no": customer_number(customers.number[owner]),
            "branch": _branch(particulars.region[at], particulars.street[at]),
            "opened": _stamped(customers.registered[owner]),
            "closed": _stamped(np.where(is_closed, life.closed[owner], np.datetime64("NaT"))),
            "close_reason": chosen(
                (*words.CLOSE_REASONS, None), pl.Series(np.where(is_closed, life.reason[owner], len(words.CLOSE_REASONS)))
            ),
            "billing_day": pl.Series(accounts.billing_day[known]).cast(pl.String),
            "currency": ["CNY"] * len(known),
            "credit_limit": pl.Series(limit).cast(pl.String) + ".00",
            "payment_days": pl.Series(accounts.terms[known]).cast(pl.String),
            "discount_terms": _word((None, "2/10 net 30"), pl.Series(early.astype(np.int64))),
            "prepaid": ["N"] * len(known),
        }
    )


def _products(month: int, timeline: Timeline) -> pl.DataFrame:
    end = str(timeline.month(month + 1))
    offered = np.array([place for place, product in enumerate(PRODUCTS) if product.launched < end])
    price = price_at(offered, np.full(len(offered), month), timeline)
    products = [PRODUCTS[place] for place in offered]
    return pl.DataFrame(
        {
            "product_no": [product.number for product in products],
            "name": [product.name for product in products],
            "line": [product.line for product in products],
            "price": price,
            "unit_cost": (price - tax_within(price, TAX[offered])) * COST[offered] // 100,
            "launched": [product.launched for product in products],
            "withdrawn": pl.Series([product.withdrawn for product in products], dtype=pl.String),
        }
    ).with_columns(decimal("price"), decimal("unit_cost"), pl.when(pl.col("withdrawn") < end).then("withdrawn").alias("withdrawn"))


def _word(choices: Sequence[str | None], draw: pl.Series) -> pl.Series:
    """A word for each draw, whatever its size."""
    return chosen(choices, draw % len(choices))


def _stamped(times: Times) -> pl.Series:
    return pl.DataFrame({"time": times.astype("datetime64[ms]")}).select(stamp("time")).to_series()


def _branch(region: Integers, street: Integers) -> pl.Series:
    return "BR" + pl.Series(branch_of(region, street) + 1).cast(pl.String).str.zfill(2)


def _address(street: Integers, house: Integers) -> pl.Series:
    town, number = _word(words.TOWNS, pl.Series(street // 16)), pl.Series(house)
    flat = (number % 9 + 1).cast(pl.String) + "0" + (number % 4 + 1).cast(pl.String)
    return town + _word(words.STREETS, pl.Series(street // 2)) + number.cast(pl.String) + "号" + flat + "室"


def _latin_address(street: Integers, house: Integers) -> pl.Series:
    town, number = _word(words.LATIN_TOWNS, pl.Series(street // 16)), pl.Series(house)
    return number.cast(pl.String) + " " + _word(words.LATIN_STREETS, pl.Series(street // 2)) + ", " + town
