"""Rows as a system might tell them, and its files as somebody reads them who knows nothing of how they were written."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from pipelines.sample.deliveries import Feed, Form, Outbox, Rates, Sent, Spoiling
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from pathlib import Path

MONTHS: Final = 8
CHUNKS: Final = 3
SPOILING: Final = Spoiling(
    key="单号",
    date="日期",
    amount="金额",
    text="备注",
    correctable=("类型", ("缴费", "退款", "押金")),
    conflicts=True,
    repeats=True,
    total="金额",
    reference="客户",
    currency=("币种", "金额"),
)
Row = dict[str, Any]


def rows(count: int = 3_000, months: int = MONTHS, first: int = 0) -> pl.DataFrame:
    """Payments: every column text, and the month in whose file each goes."""
    rng = np.random.default_rng(first)
    places = first + np.arange(count)
    return pl.DataFrame(
        {
            "单号": [f"P{place:07}" for place in places.tolist()],
            "客户": [f"C{customer:05}" for customer in rng.integers(0, 500, count).tolist()],
            "日期": ["2026-03-04 10:00:00"] * count,
            "金额": [f"{fen // 100}.{fen % 100:02}" for fen in rng.integers(100, 99_999, count).tolist()],
            "币种": ["CNY"] * count,
            "类型": [("缴费", "退款")[place] for place in rng.integers(0, 2, count).tolist()],
            "备注": [("按时", 'said "yes", twice', "分两行\n写", "a;b\tc")[place] for place in rng.integers(0, 4, count).tolist()],
            "_truth": rng.random(count),
            "delivered": rng.integers(0, months, count),
        }
    )


def typed(told: pl.DataFrame) -> pl.DataFrame:
    """The same with types, as Parquet, Excel and JSON have them."""
    return told.with_columns(pl.col("金额").cast(pl.Float64), pl.col("日期").str.to_datetime(time_unit="ms"))


def feed(form: Form | None = None, spoiling: Spoiling = SPOILING, **other: Any) -> Feed:
    return Feed("payments", "billing/payments_{day}.txt", 6, form or Form(), spoiling, **other)


def sent(
    landing: Path,
    of: Feed,
    told: pl.DataFrame,
    rates: Rates | None = None,
    *,
    seed: int = 5,
    chunks: int = CHUNKS,
    months: int = MONTHS,
) -> Sent:
    """Put the rows into the outbox in so many chunks, and let the files go."""
    outbox = Outbox(landing, Timeline(months), seed, rates or Rates())
    size = -(-len(told) // chunks)
    for chunk in range(chunks):
        outbox.put(of, told.slice(chunk * size, size), chunk)
    return outbox.close()


def paths(landing: Path) -> list[Path]:
    """All files in the order of their names."""
    return sorted(path for path in landing.rglob("*") if path.is_file())


def text(path: Path, form: Form) -> str:
    """A text file's content, bytes that do not decode as U+FFFD, its byte order mark as U+FEFF."""
    content = path.read_bytes()
    if form.compression == "gzip":
        content = gzip.decompress(content)
    if form.compression == "zstd":
        with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
            content = stream.read()
    codec = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(form.encoding, form.encoding)
    return content.decode(codec, "replace")


def read(path: Path, form: Form) -> list[Row]:
    """A file's rows; an empty cell of a csv is an empty text."""
    if form.kind == "parquet":
        found: list[Row] = pq.ParquetFile(path).read().to_pylist()
        return found
    if form.kind == "excel":
        header, *lines = CalamineWorkbook.from_path(path).get_sheet_by_name(form.sheet or "Sheet1").to_python()
        return [dict(zip(map(str, header), line, strict=True)) for line in lines]
    whole = text(path, form).removeprefix("\ufeff")
    if form.kind == "json_lines":
        return [json.loads(line) for line in whole.splitlines()]
    return list(csv.DictReader(io.StringIO(whole, newline=""), delimiter=form.delimiter, strict=True))
