"""Kinds of delivered file, a module each. All give the sandbox the same: a relation of delivered columns, one row a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.intake.formats.delimited import DelimitedText
from pipelines.intake.formats.excel import Excel
from pipelines.intake.formats.fixed_width import FixedWidth
from pipelines.intake.formats.json_objects import JsonObjects
from pipelines.intake.formats.parquet import Parquet

if TYPE_CHECKING:
    from pipelines.intake.reading import Reader

READERS: dict[str, Reader] = {
    "csv": DelimitedText(),
    "excel": Excel(),
    "fixed_width": FixedWidth(),
    "json": JsonObjects(),
    "parquet": Parquet(),
}
