"""What the leasing subsidiary delivers: its customers, the invoices of their contracts and what was paid, in Chinese and in yuan."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.population.memberships import LEASING_UNIT
from pipelines.sample.systems.full_lists import monthly_list
from pipelines.sample.systems.notation import amount, day, label, label_or_own, moment
from pipelines.sample.systems.numbers import customer_number, invoice_number, payment_number
from pipelines.sample.timeline import Timeline

CUSTOMER_TYPES: Final = {"person": "个人", "organisation": "单位"}
GENDERS: Final = {"female": "女", "male": "男"}
STATUSES: Final = {"issued": "已开", "cancelled": "红冲", "disputed": "异议", "written_off": "坏账", "opening_balance": "结转"}
PAYMENT_KINDS: Final = {
    "payment": "收款",
    "refund": "退款",
    "write_off": "坏账",
    "deposit": "保证金",
    "deposit_return": "退保证金",
    "top_up": "预付",
}
_TIME: Final = "%Y年%m月%d日 %H:%M:%S"
_DATE: Final = "%Y年%m月%d日"
_FORM: Final = Form(kind="csv", delimiter=",", encoding="utf-8")
_DAY: Final = 6  # as billing: by then the month before is closed (calendar.close_after_days)

CUSTOMERS: Final = Feed(
    source="leasing_customers",
    path="leasing/customers_{day}.csv",
    day=_DAY,
    form=_FORM,
    spoiling=Spoiling(key="客户号", is_snapshot=True),
    is_full=True,
)
INVOICES: Final = Feed(
    source="leasing_invoices",
    path="leasing/invoices_{day}.csv",
    day=_DAY,
    form=_FORM,
    spoiling=Spoiling(key="发票号", date="开票时间", amount="含税金额"),
)
PAYMENTS: Final = Feed(
    source="leasing_payments",
    path="leasing/payments_{day}.csv",
    day=_DAY,
    form=_FORM,
    spoiling=Spoiling(key="收款号", date="收款时间", amount="金额"),
)


def tell_customers(frame: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """The whole list of the subsidiary's customers of each month as text; a closed one stays for half a year."""
    own = frame.filter(pl.col("unit") == LEASING_UNIT)
    return monthly_list(own, "customer_id", timeline, closed="closed_at").select(
        "delivered",
        customer_number(pl.col("customer_id"), LEASING_UNIT).alias("客户号"),
        label("customer_type", CUSTOMER_TYPES).alias("性质"),
        pl.col("name").alias("名称"),
        pl.col("national_id").alias("证照号"),
        day("birth_date", _DATE).alias("出生日期"),
        label_or_own("gender", GENDERS).alias("性别"),
        pl.col("phone").alias("电话"),
        pl.col("email").alias("邮箱"),
        pl.col("address").alias("地址"),
        pl.col("region").alias("地区"),
        pl.col("industry").alias("行业"),
        pl.col("occupation").alias("职业"),
        pl.col("organisation_unit").alias("公司"),
        moment("registered_at", _TIME).alias("登记时间"),
        moment("closed_at", _TIME).alias("注销时间"),
        pl.col("language").alias("语言"),
        moment("updated_at", _TIME).alias("更新时间"),
    )


def tell_invoices(frame: pl.DataFrame) -> pl.DataFrame:
    """The subsidiary's invoices as text."""
    return frame.filter(pl.col("unit") == LEASING_UNIT).select(
        "delivered",
        invoice_number(pl.col("invoice_id"), LEASING_UNIT).alias("发票号"),
        customer_number(pl.col("customer_id"), LEASING_UNIT).alias("客户号"),
        moment("issued_at", _TIME).alias("开票时间"),
        day("due_at", _DATE).alias("应付日"),
        day("period_start", _DATE).alias("租期起"),
        day("period_end", _DATE).alias("租期止"),
        amount("amount").alias("含税金额"),
        amount("tax_amount").alias("税额"),
        label("status", STATUSES).alias("状态"),
        invoice_number(pl.col("cancels_invoice_id"), LEASING_UNIT).alias("红冲发票"),
    )


def tell_payments(frame: pl.DataFrame) -> pl.DataFrame:
    """What was paid to the subsidiary as text."""
    return frame.filter(pl.col("unit") == LEASING_UNIT).select(
        "delivered",
        payment_number(pl.col("payment_id"), LEASING_UNIT).alias("收款号"),
        customer_number(pl.col("customer_id"), LEASING_UNIT).alias("客户号"),
        invoice_number(pl.col("invoice_id"), LEASING_UNIT).alias("发票号"),
        moment("paid_at", _TIME).alias("收款时间"),
        amount("amount").alias("金额"),
        label("kind", PAYMENT_KINDS).alias("类型"),
        pl.col("method").alias("方式"),
        moment("returned_at", _TIME).alias("退回时间"),
    )
