"""What the key-account office keeps in workbooks: large customers under numbers of its own, and estimates of their wallets."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.systems.numbers import customer_number, employee_number, key_account_number

_DAY: Final = 4

CUSTOMERS: Final = Feed(
    source="key_accounts_customers",
    path="key_accounts/register_{day}.xlsx",
    day=_DAY,
    form=Form(kind="excel", sheet="客户清单"),
    spoiling=Spoiling(key="客户号", is_snapshot=True),
    is_full=True,
)
WALLET: Final = Feed(
    source="key_accounts_wallet",
    path="key_accounts/wallet_{day}.xlsx",
    day=_DAY,
    form=Form(kind="excel", sheet="钱包份额"),
    spoiling=Spoiling(amount="估算支出"),
)


def tell_customers(frame: pl.DataFrame) -> pl.DataFrame:
    """The whole register of each month: text, and times as the workbook's own.

    Args:
        frame: The register's rows of each month, with columns of the record `customers`; `customer_id` is the global number of the
            organisation's main record at operations.
    """
    return frame.select(
        "delivered",
        key_account_number(pl.col("customer_id")).alias("客户号"),
        pl.col("name").alias("客户名称"),
        pl.col("national_id").alias("统一社会信用代码"),
        pl.col("phone").alias("联系电话"),
        pl.col("email").alias("邮箱"),
        pl.col("address").alias("地址"),
        pl.col("region").alias("大区"),
        pl.col("industry").alias("行业"),
        pl.col("organisation_unit").alias("服务网点"),
        employee_number(pl.col("manager_id")).alias("客户经理"),
        key_account_number(pl.col("parent_customer_id")).alias("上级客户号"),
        pl.col("registered_at").alias("建档时间"),
        pl.col("closed_at").alias("销户时间"),
        pl.col("language").alias("语言"),
        pl.col("updated_at").alias("更新时间"),
    )


def tell_wallet(frame: pl.DataFrame) -> pl.DataFrame:
    """The estimates: the month as its first day, the spending as a number in yuan, the rest text. Customers have their CRM numbers."""
    return frame.select(
        "delivered",
        customer_number(pl.col("customer_id")).alias("CRM客户号"),
        pl.col("month").alias("月份"),
        pl.col("product_line").alias("产品线"),
        (pl.col("total_spend") / 100).alias("估算支出"),
        pl.col("currency").alias("币种"),
    )
