"""Deliveries to measure with: invoices, the same bytes for the same size and seed, written in a stream without a look at the clock."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

SEED: Final = 20260101
FORMATS: Final = ("csv", "json", "parquet")
# What the source maps of each row, with the type that a plain reader is told; `remark` is delivered and not mapped.
TYPES: Final = {
    "bill": "varchar",
    "subscriber": "varchar",
    "billed_at": "timestamp",
    "due_on": "date",
    "currency": "varchar",
    "amount": "decimal(18, 4)",
    "tax": "decimal(18, 4)",
    "state": "varchar",
}
_TRIAL_ROWS, _ROWS_PER_CUSTOMER = 20_000, 25
# Two whole-number sequences from one seed, squared so that neighbours have nothing in common; plain arithmetic, so that no version of any
# library makes another file of them.
_ROWS = """
    select
        'B' || lpad(cast(i as varchar), 10, '0') as bill,
        'C' || lpad(cast(a % {customers} as varchar), 8, '0') as subscriber,
        timestamp '2024-01-01 00:00:00' + to_seconds(b % 31536000) as billed_at,
        cast(date '2024-01-15' + cast(b % 365 as integer) as date) as due_on,
        'CNY' as currency,
        cast(a % 2000000 - 20000 as decimal(18, 2)) / 100 as gross,
        ['issued', 'issued', 'issued', 'issued', 'disputed', 'written_off', 'issued', 'issued'][1 + b % 8] as state,
        ['话费账单', '宽带月租，含税', '国际漫游', '"优惠"活动', '', '家庭套餐、副卡', '集团专线 2024', '补缴'][1 + a % 8] as remark
    from (
        select i, s * s % 2147483647 as a, t * t % 2147483629 as b
        from (select i, (i * 48271 + {seed}) % 2147483647 as s, (i * 69621 + {seed}) % 2147483629 as t from range({first}, {last}) as n (i))
    )
"""
_COLUMNS = """
    select
        bill, subscriber, {billed_at} as billed_at, due_on, currency, cast(gross as decimal(18, 2)) as amount,
        cast(gross * 6 / 106 as decimal(18, 2)) as tax, state, remark
    from ({rows})
"""
_WRITERS = {
    "csv": "format csv, header true, delimiter ','",
    "json": "format json",
    "parquet": "format parquet, compression zstd, row_group_size 122880",
}


def rows_for(size: int, kind: str = "csv", seed: int = SEED) -> int:
    """How many rows make a file of about so many bytes."""
    with TemporaryDirectory() as folder:
        trial = Path(folder, "trial")
        write(trial, _TRIAL_ROWS, kind, seed)
        return max(1, size * _TRIAL_ROWS // trial.stat().st_size)


def write(path: Path, rows: int, kind: str = "csv", seed: int = SEED, first: int = 0) -> None:
    """Write some invoices.

    Args:
        path: The file; its folder is there.
        rows: How many.
        kind: csv, json (a line a row) or parquet.
        seed: Another seed gives other invoices.
        first: Number of the first; files with numbers of their own have no invoice in common.
    """
    made = _ROWS.format(customers=max(1, rows // _ROWS_PER_CUSTOMER), seed=seed, first=first, last=first + rows)
    moment = "billed_at" if kind == "parquet" else "strftime(billed_at, '%Y-%m-%d %H:%M:%S')"
    # Not before it is needed: who measures imports this for the source file, and stays small.
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"copy ({_COLUMNS.format(rows=made, billed_at=moment)}) to '{path}' ({_WRITERS[kind]})")


def source(kind: str = "csv") -> str:
    """The source file of a workspace to which they are delivered, each on a day of its own name."""
    shape = "{type: csv}" if kind == "csv" else f"{{type: {kind}}}"
    return f"""
source: bills
system: billing
location: landing/bills_*
format: {shape}
time_zone: Asia/Shanghai
currency: CNY
mode: append
delivery_order: {{from: file_name, pattern: '_(\\d+)'}}
known_at: {{from: latest_event}}
feeds:
  invoices:
    columns:
      invoice_id: bill
      customer_id: subscriber
      issued_at: billed_at
      due_at: due_on
      currency: currency
      amount: amount
      tax_amount: tax
      status: state
"""


def reading(path: Path, kind: str) -> str:
    """SQL of a plain reader for the mapped columns of a file, with their types."""
    names = ", ".join(TYPES)
    if kind == "parquet":
        return f"select {names} from read_parquet('{path}')"
    types = ", ".join(f"'{name}': '{sort}'" for name, sort in (TYPES | {"remark": "varchar"}).items())
    if kind == "json":
        return f"select {names} from read_json('{path}', format = 'newline_delimited', columns = {{{types}}})"
    return f"select {names} from read_csv('{path}', header = true, delim = ',', quote = '\"', columns = {{{types}}})"
