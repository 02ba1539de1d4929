"""What the CRM system delivers: who the customers of operations are, and what they hold.

Each month what is new or has changed, the first files all that it knew at the start; of products each month the whole list of the group.
"""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.population.memberships import OPERATIONS_UNIT
from pipelines.sample.systems.full_lists import monthly_list
from pipelines.sample.systems.notation import amount, day, figure, flag, label, label_or_own, moment
from pipelines.sample.systems.numbers import account_number, change_number, customer_number, employee_number, subscription_number
from pipelines.sample.timeline import Timeline

CUSTOMER_TYPES: Final = {"person": "P", "organisation": "O"}
GENDERS: Final = {"female": "F", "male": "M"}
CHANGES: Final = {
    "activate": "ACT",
    "upgrade": "UP",
    "downgrade": "DOWN",
    "price_change": "PRICE",
    "suspend": "SUSP",
    "resume": "RES",
    "port_out_request": "PORT",
    "retention_offer": "OFFER",
    "terminate": "TERM",
}
_FORM: Final = Form(kind="csv", delimiter=",", encoding="utf-8")
_DAY: Final = 3

CUSTOMERS: Final = Feed(
    source="crm_customers",
    path="crm/customers_{day}.csv",
    day=_DAY,
    form=_FORM,
    # A customer whose row is spoilt would be one whom nobody knows: rows without a number are added, none is lost.
    spoiling=Spoiling(key="cust_no", is_snapshot=True),
    file_dirt=("new_column",),
)
ACCOUNTS: Final = Feed(source="crm_accounts", path="crm/accounts_{day}.csv", day=_DAY, form=_FORM, spoiling=Spoiling())
SUBSCRIPTIONS: Final = Feed(source="crm_subscriptions", path="crm/subscriptions_{day}.csv", day=_DAY, form=_FORM, spoiling=Spoiling())
SERVICE_CHANGES: Final = Feed(
    source="crm_service_changes",
    path="crm/changes_{day}.csv",
    day=_DAY,
    form=_FORM,
    spoiling=Spoiling(key="change_no", date="changed"),
)
CONSENTS: Final = Feed(source="crm_consents", path="crm/consents_{day}.csv", day=_DAY, form=_FORM, spoiling=Spoiling(date="changed"))
PRODUCTS: Final = Feed(source="crm_products", path="crm/products_{day}.csv", day=_DAY, form=_FORM, spoiling=Spoiling(), is_full=True)


def tell_customers(frame: pl.DataFrame) -> pl.DataFrame:
    """The customers of operations, a row each version, as text."""
    return frame.filter(pl.col("unit") == OPERATIONS_UNIT).select(
        "delivered",
        customer_number(pl.col("customer_id")).alias("cust_no"),
        label("customer_type", CUSTOMER_TYPES).alias("kind"),
        "name",
        pl.col("national_id").alias("id_number"),
        day("birth_date"),
        label_or_own("gender", GENDERS).alias("sex"),
        "phone",
        "email",
        "address",
        pl.col("region").alias("area"),
        pl.when(pl.col("customer_type") == "organisation").then("industry").otherwise("occupation").alias("sector"),
        pl.col("organisation_unit").alias("branch"),
        employee_number(pl.col("manager_id")).alias("rep"),
        customer_number(pl.col("parent_customer_id")).alias("parent_no"),
        moment("registered_at").alias("registered"),
        moment("closed_at").alias("closed"),
        "language",
        moment("updated_at").alias("last_change"),
    )


def tell_accounts(frame: pl.DataFrame) -> pl.DataFrame:
    """The accounts, a row each version, as text."""
    return frame.select(
        "delivered",
        account_number(pl.col("account_id")).alias("account_no"),
        customer_number(pl.col("customer_id")).alias("cust_no"),
        pl.col("organisation_unit").alias("branch"),
        moment("opened_at").alias("opened"),
        moment("closed_at").alias("closed"),
        "close_reason",
        figure("billing_day"),
        "currency",
        amount("credit_limit"),
        figure("payment_terms_days").alias("payment_days"),
        "discount_terms",
        flag("is_prepaid", "Y", "N").alias("prepaid"),
    )


def tell_subscriptions(frame: pl.DataFrame) -> pl.DataFrame:
    """The subscriptions, a row each version, as text."""
    return frame.select(
        "delivered",
        subscription_number(pl.col("subscription_id")).alias("subs_no"),
        account_number(pl.col("account_id")).alias("account_no"),
        customer_number(pl.col("customer_id")).alias("cust_no"),
        pl.col("product_id").alias("product_no"),
        moment("started_at").alias("started"),
        moment("ended_at").alias("ended"),
        "end_reason",
        day("contract_end_at").alias("bound_until"),
        amount("list_price").alias("price"),
        figure("discount_rate").alias("discount"),
    )


def tell_service_changes(frame: pl.DataFrame) -> pl.DataFrame:
    """The service changes as text."""
    return frame.select(
        "delivered",
        change_number(pl.col("change_id")).alias("change_no"),
        customer_number(pl.col("customer_id")).alias("cust_no"),
        account_number(pl.col("account_id")).alias("account_no"),
        subscription_number(pl.col("subscription_id")).alias("subs_no"),
        moment("changed_at").alias("changed"),
        label("change", CHANGES).alias("action"),
        pl.col("from_product_id").alias("old_product"),
        pl.col("to_product_id").alias("new_product"),
        "reason",
        "competitor",
    )


def tell_consents(frame: pl.DataFrame) -> pl.DataFrame:
    """The consents as text."""
    return frame.select(
        "delivered",
        customer_number(pl.col("customer_id")).alias("cust_no"),
        "purpose",
        "channel",
        moment("changed_at").alias("changed"),
        flag("is_given", "Y", "N").alias("opted_in"),
    )


def tell_products(frame: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """The whole catalogue of each month as text."""
    return monthly_list(frame, "product_id", timeline).select(
        "delivered",
        pl.col("product_id").alias("product_no"),
        "name",
        pl.col("product_line").alias("line"),
        pl.col("organisation_unit").alias("company"),
        amount("list_price").alias("price"),
        amount("unit_cost"),
        moment("launched_at").alias("launched"),
        moment("withdrawn_at").alias("withdrawn"),
    )
