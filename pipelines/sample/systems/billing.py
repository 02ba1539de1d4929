"""What the billing system of operations delivers: bills, their lines, payments and the balances of the accounts.

Its columns have Chinese names, its encoding is GB18030, its clock knows no seconds. Each file of bills ends with a control row.
"""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling, Trailer
from pipelines.sample.population.memberships import OPERATIONS_UNIT
from pipelines.sample.systems.notation import amount, day, figure, label, label_or_own, moment
from pipelines.sample.systems.numbers import account_number, customer_number, invoice_number, payment_number, subscription_number

STATUSES: Final = {"issued": "正常", "cancelled": "作废", "disputed": "争议", "written_off": "核销", "opening_balance": "期初"}
CHARGES: Final = {"recurring": "月租", "usage": "用量", "one_off": "一次性", "discount": "优惠", "penalty": "违约金", "credit": "补偿"}
PAYMENT_KINDS: Final = {
    "payment": "缴费",
    "refund": "退款",
    "write_off": "核销",
    "deposit": "收押金",
    "deposit_return": "退押金",
    "top_up": "充值",
}
METHODS: Final = {"direct debit": "代扣", "bank transfer": "转账", "card": "刷卡", "cash": "现金", "book entry": "转入"}
BALANCE_TYPES: Final = {"assets": "资产", "credit_used": "已用额度", "prepaid": "预存"}
TOTAL: Final = "合计"
_TIME: Final = "%Y/%m/%d %H:%M"
_DATE: Final = "%Y/%m/%d"
_DAY: Final = 6  # by then the month before is closed (calendar.close_after_days)
_FORM: Final = Form(kind="csv", delimiter=",", encoding="gb18030", compression="gzip")

INVOICES: Final = Feed(
    source="billing_invoices",
    path="billing/invoices_{day}.csv.gz",
    day=_DAY,
    form=_FORM,
    spoiling=Spoiling(key="账单编号", date="开票时间", amount="价税合计", total="价税合计"),
    # The label stands in a column that no row leaves empty, so that a row without its number is not taken for the control row.
    trailer=Trailer(label=("单据类型", TOTAL), count="账单编号", sums=("价税合计", "税额")),
    file_dirt=("repeated_file",),
)
INVOICE_LINES: Final = Feed(
    source="billing_invoice_lines",
    path="billing/invoice_lines_{day}.csv.zst",
    day=_DAY,
    form=Form(kind="csv", delimiter=",", encoding="gb18030", compression="zstd"),
    spoiling=Spoiling(key="账单编号", amount="金额"),
)
PAYMENTS: Final = Feed(
    source="billing_payments",
    path="billing/payments_{day}.csv.gz",
    day=_DAY,
    form=_FORM,
    spoiling=Spoiling(
        key="流水号", date="入账时间", amount="金额", conflicts=True, repeats=True, reference="账单编号", currency=("币种", "金额")
    ),
    file_dirt=("reordered",),
)
BALANCES: Final = Feed(source="billing_balances", path="billing/balances_{day}.csv.gz", day=_DAY, form=_FORM, spoiling=Spoiling())


def tell_invoices(frame: pl.DataFrame) -> pl.DataFrame:
    """The bills of operations as text."""
    is_correction = pl.col("cancels_invoice_id").is_not_null()
    return frame.filter(pl.col("unit") == OPERATIONS_UNIT).select(
        "delivered",
        invoice_number(pl.col("invoice_id")).alias("账单编号"),
        customer_number(pl.col("customer_id")).alias("客户编号"),
        account_number(pl.col("account_id")).alias("账户编号"),
        moment("issued_at", _TIME).alias("开票时间"),
        day("due_at", _DATE).alias("到期日"),
        day("period_start", _DATE).alias("账期起"),
        day("period_end", _DATE).alias("账期止"),
        pl.col("currency").alias("币种"),
        amount("amount").alias("价税合计"),
        amount("tax_amount").alias("税额"),
        pl.when(is_correction).then(pl.lit("红字")).otherwise(pl.lit("账单")).alias("单据类型"),
        label("status", STATUSES).alias("状态"),
        invoice_number(pl.col("cancels_invoice_id")).alias("冲销账单"),
    )


def tell_invoice_lines(frame: pl.DataFrame) -> pl.DataFrame:
    """The lines of the bills of operations as text."""
    return frame.filter(pl.col("unit") == OPERATIONS_UNIT).select(
        "delivered",
        invoice_number(pl.col("invoice_id")).alias("账单编号"),
        figure("line_number").alias("行号"),
        moment("issued_at", _TIME).alias("开票时间"),
        pl.col("product_id").alias("产品编号"),
        subscription_number(pl.col("subscription_id")).alias("用户编号"),
        label("charge_type", CHARGES).alias("费用类型"),
        figure("quantity").alias("数量"),
        amount("unit_price", places=4).alias("单价"),
        amount("amount").alias("金额"),
        amount("tax_amount").alias("税额"),
        amount("cost").alias("成本"),
        day("period_start", _DATE).alias("账期起"),
        day("period_end", _DATE).alias("账期止"),
    )


def tell_payments(frame: pl.DataFrame) -> pl.DataFrame:
    """What was paid to operations, and paid back, as text."""
    return frame.filter(pl.col("unit") == OPERATIONS_UNIT).select(
        "delivered",
        payment_number(pl.col("payment_id")).alias("流水号"),
        customer_number(pl.col("customer_id")).alias("客户编号"),
        account_number(pl.col("account_id")).alias("账户编号"),
        invoice_number(pl.col("invoice_id")).alias("账单编号"),
        moment("paid_at", _TIME).alias("入账时间"),
        pl.col("currency").alias("币种"),
        amount("amount").alias("金额"),
        label("kind", PAYMENT_KINDS).alias("类型"),
        label_or_own("method", METHODS).alias("缴费方式"),
        moment("returned_at", _TIME).alias("退票时间"),
    )


def tell_balances(frame: pl.DataFrame) -> pl.DataFrame:
    """The balances of the accounts as text."""
    return frame.select(
        "delivered",
        account_number(pl.col("account_id")).alias("账户编号"),
        day("balance_date", _DATE).alias("日期"),
        label("balance_type", BALANCE_TYPES).alias("余额类型"),
        pl.col("currency").alias("币种"),
        amount("amount").alias("余额"),
    )
