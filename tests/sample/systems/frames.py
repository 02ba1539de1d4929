"""Small frames of the records layer, made from the contracts: what every system must be able to tell."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.contracts.model import load_contracts
from pipelines.sample.systems.billing import METHODS
from pipelines.sample.systems.call_centre import REASONS
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pipelines.contracts.record_type import Property, RecordType

CONTRACTS = load_contracts()
TIMELINE = Timeline(3)
UNITS = ("invoices", "invoice_lines", "payments", "customers")  # frames in which all companies of the group stand
WRITTEN_OUT = ("product", "organisation_unit")  # whose numbers stand in the frames as text
# Numbers that are no money, and so not whole hundredths.
MEASURED = ("quantity", "discount_rate", "score", "scale_min", "scale_max", "rate", "hours", "value")
SYSTEMS = ("crm", "crm", "harbour", "leasing")  # by slot
FITTING: dict[str, tuple[str, ...]] = {
    "currency": ("CNY", "HKD"),
    "language": ("zh-CN", "en"),
    "opens_at": ("08:30", "09:00"),
    "closes_at": ("17:00", "24:00"),
}
FITTING |= {"from_currency": ("HKD", "USD"), "to_currency": ("CNY", "CNY"), "left_system": SYSTEMS, "right_system": SYSTEMS[::-1]}
FITTING |= {"reason": (*REASONS, "something else"), "method": (*METHODS, "Alipay"), "gender": ("female", "male")}
FITTING |= {"measure": ("voice_minutes", "data_mb")}
# What awkward texts hold: the delimiters, a quote, a line end, and letters from everywhere.
TEXTS = ("客户说：\n“网很慢”", 'He said: "a, b; c|d"', "Zoë O'Brien 𠮷")


def is_numbered(item: Property) -> bool:
    """Whether the frame has whole numbers in the place of an id."""
    return item.surrogate is not None or (item.event_key is not None and item.event_key not in WRITTEN_OUT)


def kind_of(item: Property) -> pl.DataType | type[pl.DataType]:
    """The type that a column has in the records layer."""
    if is_numbered(item):
        return pl.Int64()
    if item.logical_type == "number":
        return pl.Float64() if item.name in MEASURED else pl.Int64()
    kinds: dict[str, pl.DataType] = {
        "string": pl.String(),
        "integer": pl.Int64(),
        "boolean": pl.Boolean(),
        "date": pl.Date(),
        "timestamp": pl.Datetime("ms"),
    }
    return kinds[item.logical_type]


def cell(item: Property, row: int, unit: int) -> Any:
    """A value as a frame has it, another one for each row."""
    if is_numbered(item):
        # A customer's number says by itself of which company: its slot is what is left after dividing by four.
        if item.system_from:
            return 4 * (10 + row) + (row if item.system_from == "left_system" else 3 - row) % 4
        return 4 * (10 + row) + (0, 2, 3)[unit] if item.surrogate == "customer" else 1_000 * unit + row
    if item.valid_values or item.name in FITTING:
        values = item.valid_values or FITTING[item.name]
        return values[row % len(values)]
    if item.name == "month":
        return date(2026, 7 + row % 3, 1)
    numbers = {
        "integer": 3 + row % 25,
        "boolean": row % 2 == 0,
        "number": 0.25 * (row % 4 + 1) if item.name in MEASURED else 12_345 * row + 7,
    }
    moment = datetime(2026, 7, 1, 10, 22, 33) + row * timedelta(hours=25)
    plain = {"date": moment.date(), "timestamp": moment}
    return {**numbers, **plain, "string": f"{item.name} {row} {TEXTS[row % 3]}"[:100]}[item.logical_type]


def frame_of(name: str, count: int = 0) -> pl.DataFrame:
    """A frame with every value that has a label, an amount below 0, and a row with nothing but what is required.

    Of each company, where all of them stand in the frame. `count` says how many rows there are at least of each.
    """
    record = CONTRACTS["customers" if name == "key_accounts" else name]
    units = range(3) if name in UNITS else (0,)
    rows = [row for unit in units for row in rows_of(record, unit, count)]
    if name == "key_accounts":  # the register is a whole list of each month
        rows = [{**row, "delivered": month} for month in range(TIMELINE.count) for row in rows]
    columns = {item.name: kind_of(item) for item in record.properties}
    more = {"delivered": pl.Int64(), "_language": pl.String()} | ({"unit": pl.Int64()} if name in UNITS else {})
    return pl.DataFrame(rows, schema={**more, **columns}, orient="row")


def rows_of(record: RecordType, unit: int, count: int) -> list[dict[str, Any]]:
    """The rows of one company."""
    # Twice: each desk of the call centre has labels of its own.
    count = 2 * max(3, count // 2, *(len(item.valid_values or FITTING.get(item.name, ())) for item in record.properties))
    rows = []
    for row in range(count + 1):
        is_bare = row == count
        values = {item.name: cell(item, row, unit) for item in record.properties if not is_bare or is_needed(record, item)}
        if "amount" in values and row == 1:
            values["amount"] = -values["amount"]
        whole = {item.name: values.get(item.name) for item in record.properties}
        more = {"unit": unit} if record.name in UNITS else {}
        rows.append({"delivered": row % 2, "_language": "en" if row < count // 2 else "zh", **whole, **more})
    return rows


def is_needed(record: RecordType, item: Property) -> bool:
    """Whether a row cannot do without the column."""
    return item.required or item.name in record.one_of[:1] or item.name in ("line_number", "currency", "left_system", "right_system")


def in_utc(local: datetime) -> datetime:
    """A local time of the business."""
    return local - timedelta(hours=8)
