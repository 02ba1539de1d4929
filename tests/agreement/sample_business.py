"""The sample business, read straight from its delivered files: what is readable of them, the newest version of each record.

Every time is turned into that of Shanghai, where the business reports, so that their dates are the business dates. Amounts are whole
ten-thousandths of their currency. Which rows cannot be read is the truth of the one who spoilt them.
"""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pyarrow as pa
from python_calamine import CalamineWorkbook

from tests.agreement.published import NOBODY, UNITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REPORTING: Final = "CNY"
UNREADABLE: Final = ("unreadable_date", "unreadable_amount", "missing_key", "bad_encoding", "conflicting_key", "cut_row")
PLACE: Final = ("day", "path", "row")
MAX_LOSS_SHARE: Final = 0.2
STATED_LOSS_SHARES: Final = {"leasing_customers": 0.5, "key_accounts_customers": 0.5}  # by the sources themselves
# Of each record its key, and its columns beside `time`, when it happened; one that a source does not tell is null.
KEYS: Final = {
    "invoices": ["invoice"],
    "lines": ["invoice", "line"],
    "payments": ["payment"],
    "contacts": ["contact"],
    "complaints": ["complaint"],
    "accounts": ["account"],
    "customers": ["customer"],
}
COLUMNS: Final = {
    "invoices": "invoice customer account due currency original tax status cancels",
    "lines": "invoice line original tax quantity cost",
    "payments": "payment customer account invoice currency original kind returned",
    "contacts": "contact customer account resolved",
    "complaints": "complaint customer account settled closed reopened decision",
    "accounts": "account customer terms closed",
    "customers": "customer customer_type birth region industry occupation unit manager parent closed updated",
}
TIMES: Final = {"time", "returned", "settled", "closed", "updated"}
DATES: Final = {"due", "birth"}
AMOUNTS: Final = {"original", "tax", "quantity", "cost"}
COUNTS: Final = {"line", "terms", "reopened"}
ISO: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Style:
    """How a system writes."""

    time: str = ISO
    encoding: str = "utf-8"
    separator: str = ","
    currency: str = REPORTING


@dataclass(frozen=True)
class Source:
    """Where the files of a source are, how they are written, and what they call the record's columns in their order; `-` for none."""

    record: str
    files: str
    names: str
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    style: Style = Style()
    is_full: bool = False
    sheet: str | None = None
    control: tuple[str, str] | None = None  # a column, and what a row that only adds up the others says in it

    def cells(self, path: Path) -> pl.DataFrame:
        """The rows of a file as text; a line that is no row is one of nothing."""
        content = path.read_bytes()
        if self.sheet is not None:
            header, *rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(self.sheet).to_python()
            return frame_of([dict(zip(map(str, header), row, strict=True)) for row in rows], [str(name) for name in header])
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        if path.suffix == ".zst":
            content = pa.CompressedInputStream(pa.BufferReader(content), "zstd").read()
        text = content.decode(self.style.encoding, errors="replace")
        if path.suffix == ".jsonl":
            return frame_of([parsed(line) for line in text.split("\n") if line])
        return pl.read_csv(text.encode(), separator=self.style.separator, infer_schema=False)

    def columns(self) -> list[str]:
        """The common names of what the rows say."""
        return ["time", *COLUMNS[self.record].split()]

    def told(self) -> list[pl.Expr]:
        """What the rows say, by common names; null where it cannot be read or nothing is said."""
        return [self._told(name) for name in self.columns()]

    def is_control(self) -> pl.Expr:
        """Whether a row only adds up the others."""
        column, label = self.control or ("", "")
        return (pl.col(column).eq_missing(label) if column else pl.lit(value=False)).alias("is_control")

    def _told(self, name: str) -> pl.Expr:
        own = dict(zip(self.columns(), self.names.split("|"), strict=True))[name]
        said = pl.lit(None, pl.String) if own == "-" else pl.col(own)
        if name in self.labels:
            said = said.replace_strict(self.labels[name], default=None, return_dtype=pl.String)
        if name in TIMES and self.style.time.endswith("%z"):
            said = said.str.to_datetime(self.style.time, strict=False).dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None)
        elif name in TIMES:
            said = said.str.to_datetime(self.style.time, strict=False)
        elif name in DATES:
            said = said.str.to_date(self.style.time.split(" ")[0], strict=False)
        elif name in AMOUNTS:
            said = (said.str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False) * UNITS).round().cast(pl.Int64)
        elif name in COUNTS:
            said = said.cast(pl.Int64, strict=False)
        elif name == "currency":
            said = said.fill_null(self.style.currency)
        return said.alias(name)


def parsed(line: str) -> dict[str, Any]:
    """A line of JSON; one that is cut off says nothing."""
    try:
        said: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return said


def frame_of(rows: list[dict[str, Any]], names: list[str] | None = None) -> pl.DataFrame:
    """Rows of cells of any type as text, an empty one as null."""
    names = names or list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame({name: [text_of(row.get(name)) for row in rows] for name in names}, dict.fromkeys(names, pl.String))


def text_of(cell: Any) -> str | None:
    if isinstance(cell, datetime):
        return cell.strftime(ISO)
    return None if cell in (None, "") else str(cell)


STATUSES: Final = ("issued", "cancelled", "disputed", "written_off", "opening_balance")
KINDS: Final = ("payment", "refund", "write_off", "deposit", "deposit_return", "top_up")
TYPES: Final = ("person", "organisation")
BILLING: Final = Style("%Y/%m/%d %H:%M", "gb18030")
HARBOUR: Final = Style("%m/%d/%Y %I:%M %p", "utf-16", "\t", "HKD")
LEASING: Final = Style("%Y年%m月%d日 %H:%M:%S")
CALL_CENTRE: Final = Style("%Y-%m-%dT%H:%M:%S%z")


def labels(name: str, told: str, meant: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """What a column's values mean."""
    return {name: dict(zip(told.split("|"), meant, strict=True))}


SOURCES: Final[dict[str, Source]] = {
    "billing_invoices": Source(
        "invoices",
        "billing/invoices_*.csv.gz",
        "开票时间|账单编号|客户编号|账户编号|到期日|币种|价税合计|税额|状态|冲销账单",
        labels("status", "正常|作废|争议|核销|期初", STATUSES),
        control=("单据类型", "合计"),
        style=BILLING,
    ),
    "harbour_invoices": Source(
        "invoices",
        "harbour/invoices_*.txt",
        "Invoice Date|Invoice No|Customer No|-|Due Date|Ccy|Total|Tax|Status|Reverses",
        labels("status", "OPEN|VOID|ON HOLD|WRITTEN OFF|BROUGHT FORWARD|PAID", (*STATUSES, "issued")),
        style=HARBOUR,
    ),
    "leasing_invoices": Source(
        "invoices",
        "leasing/invoices_*.csv",
        "开票时间|发票号|客户号|-|应付日|-|含税金额|税额|状态|红冲发票",
        labels("status", "已开|红冲|异议|坏账|结转", STATUSES),
        style=LEASING,
    ),
    "billing_invoice_lines": Source(
        "lines", "billing/invoice_lines_*.csv.zst", "开票时间|账单编号|行号|金额|税额|数量|成本", style=BILLING
    ),
    "billing_payments": Source(
        "payments",
        "billing/payments_*.csv.gz",
        "入账时间|流水号|客户编号|账户编号|账单编号|币种|金额|类型|退票时间",
        labels("kind", "缴费|退款|核销|收押金|退押金|充值", KINDS),
        style=BILLING,
    ),
    "harbour_payments": Source(
        "payments",
        "harbour/payments_*.txt",
        "Received|Receipt No|Customer No|-|Invoice No|Ccy|Amount|Kind|Returned",
        labels("kind", "RECEIPT|REFUND|WRITE-OFF|DEPOSIT|DEPOSIT RETURN|TOP-UP", KINDS),
        style=HARBOUR,
    ),
    "leasing_payments": Source(
        "payments",
        "leasing/payments_*.csv",
        "收款时间|收款号|客户号|-|发票号|-|金额|类型|退回时间",
        labels("kind", "收款|退款|坏账|保证金|退保证金|预付", KINDS),
        style=LEASING,
    ),
    "call_centre_contacts": Source(
        "contacts",
        "call_centre/contacts_*.jsonl",
        "startedAt|contactId|customerNo|accountNo|result",
        labels("resolved", "已解决|未解决", ("yes", "no")),
        style=CALL_CENTRE,
    ),
    "complaints_desk_complaints": Source(
        "complaints",
        "complaints_desk/complaints_*.csv",
        "opened|case_no|customer_no|account_no|resolved|closed|reopened|ruling",
        labels("decision", "justified|partly justified|not justified", ("upheld", "partly", "rejected")),
    ),
    "crm_accounts": Source("accounts", "crm/accounts_*.csv", "opened|account_no|cust_no|payment_days|closed"),
    "crm_customers": Source(
        "customers",
        "crm/customers_*.csv",
        "registered|cust_no|kind|birth_date|area|sector|sector|branch|rep|parent_no|closed|last_change",
        labels("customer_type", "P|O", TYPES),
    ),
    "harbour_customers": Source(
        "customers",
        "harbour/customers_*.txt",
        "Member Since|Customer No|Type|Date of Birth|Area|-|-|Company|-|-|Closed|Last Edited",
        labels("customer_type", "Individual|Company", TYPES),
        is_full=True,
        style=HARBOUR,
    ),
    "leasing_customers": Source(
        "customers",
        "leasing/customers_*.csv",
        "登记时间|客户号|性质|出生日期|地区|行业|职业|公司|-|-|注销时间|更新时间",
        labels("customer_type", "个人|单位", TYPES),
        is_full=True,
        style=LEASING,
    ),
    "key_accounts_customers": Source(
        "customers",
        "key_accounts/register_*.xlsx",
        "建档时间|客户号|-|-|大区|行业|-|服务网点|客户经理|上级客户号|销户时间|更新时间",
        is_full=True,
        sheet="客户清单",
    ),
}


def month_of(column: str) -> pl.Expr:
    """The first day of a date's month."""
    return pl.col(column).dt.truncate("1mo")


@dataclass(frozen=True)
class Business:
    """The files below `landing`, and the dirt that was put into them."""

    landing: Path
    dirt: pl.DataFrame

    def files(self, source: str) -> list[Path]:
        """The deliveries of a source, oldest first; one that came twice is there once, unless it says what there is in all."""
        paths = sorted(self.landing.glob(SOURCES[source].files))
        distinct: dict[bytes, Path] = {}
        for path in paths:
            distinct.setdefault(path.read_bytes(), path)
        return paths if SOURCES[source].is_full else list(distinct.values())

    def noted(self, source: str, *kinds: str) -> pl.DataFrame:
        """The places of the rows with dirt of these kinds."""
        return self.dirt.filter((pl.col("source") == source) & pl.col("kind").is_in(kinds)).select("path", "row").unique()

    @cached_property
    def rows(self) -> dict[str, pl.DataFrame]:
        """Of each source every row, oldest first, by common names, with its place (day and path of the file, number) and its `fate`.

        The fate is one of: excluded (it only adds up the others), quarantined (it cannot be read), held (its file is), duplicate (a row of
        its key has said the same before), superseded (a later row of its key says something else), current.
        """
        return {source: self._rows(source) for source in SOURCES}

    def _rows(self, name: str) -> pl.DataFrame:
        source = SOURCES[name]
        frames = []
        for path in self.files(name):
            cells = source.cells(path).with_row_index("row", offset=1)
            day = path.name.split("_")[-1][:10]
            frames.append(cells.with_columns(day=pl.lit(day).str.to_date(), path=pl.lit(path.relative_to(self.landing).as_posix())))
        cells = pl.concat(frames, how="diagonal").sort(PLACE)
        content = pl.concat_str([pl.col(column).fill_null("") for column in sorted(set(cells.columns) - set(PLACE))], separator="|")
        told = cells.select(*PLACE, pl.lit(name).alias("source"), content.alias("content"), source.is_control(), *source.told())
        told = told.join(self.noted(name, *UNREADABLE).with_columns(is_spoilt=True), on=["path", "row"], how="left", maintain_order="left")
        told = told.with_columns(
            is_read=~pl.col("is_control") & pl.col("is_spoilt").is_null(), is_held=pl.col("path").is_in(self.held(name, told))
        )
        counted = [*KEYS[source.record], "is_read", "is_held"]
        fate = (
            pl.when("is_control")
            .then(pl.lit("excluded"))
            .when(~pl.col("is_read"))
            .then(pl.lit("quarantined"))
            .when("is_held")
            .then(pl.lit("held"))
            .when(pl.int_range(pl.len()).over([*counted, "content"]) > 0)
            .then(pl.lit("duplicate"))
            .when(pl.col("content") != pl.col("content").last().over(counted))
            .then(pl.lit("superseded"))
            .otherwise(pl.lit("current"))
        )
        return told.select(*PLACE, "source", "content", *source.columns(), fate=fate)

    def held(self, name: str, told: pl.DataFrame | None = None) -> list[str]:
        """The full lists that do not count: each has lost more of the last that counts than it may (mostly a fifth)."""
        if not SOURCES[name].is_full:
            return []
        rows = self.rows[name].filter(pl.col("fate") != "quarantined") if told is None else told.filter(pl.col("is_spoilt").is_null())
        counts = dict(rows.group_by("path").len().iter_rows())
        held, before, most = [], 0, STATED_LOSS_SHARES.get(name, MAX_LOSS_SHARE)
        for path in (path.relative_to(self.landing).as_posix() for path in self.files(name)):
            count = counts.get(path, 0)
            if count == 0 or count < before * (1 - most):
                held.append(path)
            else:
                before = count
        return held

    def told(self, record: str) -> pl.DataFrame:
        """The rows of a record that can be read, of all sources, oldest first."""
        frames = [rows for source, rows in self.rows.items() if SOURCES[source].record == record]
        return pl.concat(frames).filter(~pl.col("fate").is_in(["excluded", "quarantined", "held"])).sort("day", "source", "path", "row")

    def current(self, record: str) -> pl.DataFrame:
        """The newest version of each record."""
        return self.told(record).filter(pl.col("fate") == "current").with_columns(pl.col("time").dt.date().alias("date"))

    @cached_property
    def owners(self) -> pl.DataFrame:
        """Who owns each account, and within how many days its bills are to be paid."""
        return self.current("accounts").select("account", "terms", owner="customer")

    def attributed(self, frame: pl.DataFrame, *others: str) -> pl.DataFrame:
        """`customer` filled up: whom the row names, else the owner of the account it names, else whom others name, else nobody."""
        owned = frame.join(self.owners, on="account", how="left", maintain_order="left")
        return owned.with_columns(pl.coalesce("customer", "owner", *others, pl.lit(NOBODY)).alias("customer"))

    @cached_property
    def invoices(self) -> pl.DataFrame:
        """Bills, credit notes and reversals. `value` and `net` are null where they are not in the reporting currency."""
        takes_back = (pl.col("status") == "cancelled") | pl.col("cancels").is_not_null() | (pl.col("original") < 0)
        owned = self.attributed(self.current("invoices").with_columns(is_cancellation=takes_back))
        return owned.with_columns(
            month_of("date").alias("month"),
            pl.coalesce("due", pl.col("date") + pl.duration(days=1) * pl.col("terms")).alias("due"),
            pl.when(pl.col("currency") == REPORTING).then("original").alias("value"),
            pl.when(pl.col("currency") == REPORTING).then(pl.col("original") - pl.col("tax").fill_null(0)).alias("net"),
        )

    @cached_property
    def lines(self) -> pl.DataFrame:
        """The lines of the bills, with what their bill says; nothing where it is not here. `value` and `net` are as there."""
        bills = self.invoices.select("invoice", "customer", "currency", "status", "month")
        owned = self.current("lines").join(bills, on="invoice", how="left", maintain_order="left")
        is_reporting = pl.col("currency") == REPORTING
        net = pl.col("original") - pl.col("tax").fill_null(0)
        return owned.with_columns(pl.when(is_reporting).then("original").alias("value"), pl.when(is_reporting).then(net).alias("net"))

    @cached_property
    def payments(self) -> pl.DataFrame:
        """Payments, refunds and deposits; one that bounced says when. `value` is null where it is not in the reporting currency."""
        billed = self.invoices.select("invoice", billed="customer")
        owned = self.attributed(self.current("payments").join(billed, on="invoice", how="left", maintain_order="left"), "billed")
        return owned.with_columns(pl.col("returned").dt.date(), pl.when(pl.col("currency") == REPORTING).then("original").alias("value"))

    @cached_property
    def contacts(self) -> pl.DataFrame:
        """Calls, visits and messages."""
        return self.attributed(self.current("contacts"))

    @cached_property
    def complaints(self) -> pl.DataFrame:
        """Complaints; one is over when it was settled or closed, whichever was first."""
        ended = pl.min_horizontal("settled", "closed").dt.date()
        return self.attributed(self.current("complaints").with_columns(ended=ended))
