"""What the published file says, under the names that the sources use.

Keys say nothing by themselves, so each is turned back into the number that the source knows: customers and employees by the vault's
registry, events by the private build file. Only names come from there; every figure is the published one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
from polars.testing import assert_frame_equal

from pipelines.warehouse.connection import open_file, open_published

if TYPE_CHECKING:
    from pipelines.warehouse.workspace import Workspace

NOBODY: Final = "nobody"
UNITS: Final = 10_000  # of an amount, which has four decimals: both routes then count whole numbers


def units(*columns: str) -> list[pl.Expr]:
    """Amounts as whole ten-thousandths of the currency."""
    return [(pl.col(column) * UNITS).cast(pl.Int64) for column in columns]


@dataclass(frozen=True)
class Published:
    """The published file of a workspace."""

    workspace: Workspace

    def query(self, sql: str) -> pl.DataFrame:
        """Rows of published tables; amounts as they are, keys as they are."""
        with open_published(self.workspace.current_link) as reader:
            return reader.sql(sql).pl()

    def by_customer(self, sql: str) -> pl.DataFrame:
        """The same with `customer`, the source's number, in place of customer_key."""
        return named(self.query(sql), "customer_key", "customer", self.numbers_of("customer"))

    def by_event(self, sql: str, event: str, record_type: str | None = None) -> pl.DataFrame:
        """The same as `by_customer` with `<event>` in place of `<event>_key` as well; the records that name the event may be others."""
        numbers = self.numbers_in(record_type or f"{event}s", f"{event}_key", f"{event}_id")
        return named(self.by_customer(sql), f"{event}_key", event, numbers)

    def numbers_of(self, entity: str) -> dict[int, str]:
        """Which number of the source stands behind each surrogate."""
        with open_file(self.workspace.vault_file, self.workspace, read_only=True) as vault:
            rows = vault.execute("select surrogate, source_id from registry where entity = ?", [entity]).fetchall()
        return {-1: NOBODY, **dict(rows)}

    def numbers_in(self, record_type: str, key: str, number: str) -> dict[int, str]:
        """Which number of the source stands behind each key of an event, as the landed rows of a record type say it."""
        with open_file(self.workspace.build_file, self.workspace, read_only=True) as build:
            return {-1: NOBODY, **dict(build.execute(f"select distinct {key}, {number} from raw.{record_type}").fetchall())}


def named(frame: pl.DataFrame, key: str, name: str, numbers: dict[int, str]) -> pl.DataFrame:
    """A frame with a key turned into the source's number."""
    return frame.with_columns(pl.col(key).replace_strict(numbers, return_dtype=pl.String).alias(name)).drop(key)


def agree(published: pl.DataFrame, counted: pl.DataFrame) -> None:
    """Hold two frames of the same columns against each other: in any order, whatever the width of numbers, fractions to nine digits."""
    assert len(counted) > 0
    order = counted.columns
    assert_frame_equal(published.select(order).sort(order), counted.sort(order), check_dtypes=False, rel_tol=1e-9)
