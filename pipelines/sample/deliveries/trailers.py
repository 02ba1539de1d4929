"""The control total at a file's end."""

from dataclasses import dataclass, field

import polars as pl

from pipelines.sample.deliveries.amounts import fen, mark_of, written
from pipelines.sample.deliveries.feed import Trailer


@dataclass
class Totals:
    """Counts and adds up the rows of one file. An unreadable amount counts as what it was: the system that adds up can read it.

    Attributes:
        trailer: Which columns.
        count: Rows so far.
        sums: Hundredths so far, a number a column of `trailer.sums`.
        mark: What stands before the decimals.
    """

    trailer: Trailer
    count: int = 0
    sums: dict[str, int] = field(default_factory=dict)
    mark: str | None = None

    def add(self, rows: pl.DataFrame, notes: pl.DataFrame | None) -> None:
        """Count in rows.

        Args:
            rows: As they are written.
            notes: What is remarkable about them (`dirt.NOTES`).
        """
        self.count += len(rows)
        for column in self.trailer.sums:
            of = rows.schema[column]
            amounts = [rows.select(fen(column, of))]
            if notes is not None:
                blotted = notes.filter((pl.col("kind") == "unreadable_amount") & (pl.col("column") == column))
                amounts.append(blotted.select(pl.col("was").cast(of).alias(column)).select(fen(column, of)))
            self.sums[column] = self.sums.get(column, 0) + sum(int(amount[column].sum()) for amount in amounts)
            if self.mark is None and of == pl.String:
                marks = rows.select(mark_of(column)).filter(pl.col(column).is_in([".", ","]))
                self.mark = str(marks.item(0, 0)) if len(marks) else None

    def row(self, columns: pl.DataFrame) -> pl.DataFrame:
        """The control total as a row.

        Args:
            columns: A frame with the file's columns.
        """
        values: dict[str, pl.Expr] = {self.trailer.label[0]: pl.lit(self.trailer.label[1])}
        if self.trailer.count is not None:
            values[self.trailer.count] = pl.lit(str(self.count))
        for column in self.trailer.sums:
            values[column] = written(pl.lit(self.sums.get(column, 0)), columns.schema[column], pl.lit(self.mark or "."))
        nothing = pl.lit(None)
        return pl.select(values.get(name, nothing).cast(of).alias(name) for name, of in columns.schema.items())
