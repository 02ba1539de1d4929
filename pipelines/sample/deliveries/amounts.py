"""Amounts as a file has them (text with two decimals, or numbers), and as whole fen to reckon with."""

import polars as pl

PLAIN = r"^-?\d+[.,]\d\d$"  # text that can be changed and written again in the same manner


def is_plain(column: str, kind: pl.DataType) -> pl.Expr:
    """Whether an amount is there and can be changed."""
    return pl.col(column).str.contains(PLAIN).fill_null(value=False) if kind == pl.String else pl.col(column).is_not_null()


def fen(column: str, kind: pl.DataType) -> pl.Expr:
    """An amount in hundredths; null where it cannot be read. Whole numbers are hundredths already."""
    if kind == pl.String:
        bare = pl.col(column).str.replace_all(",", "", literal=True).str.replace_all(".", "", literal=True)
        return bare.cast(pl.Int64, strict=False)
    if kind.is_integer():
        return pl.col(column).cast(pl.Int64)
    return (pl.col(column).cast(pl.Float64) * 100).round().cast(pl.Int64)


def written(amount: pl.Expr, kind: pl.DataType, mark: pl.Expr) -> pl.Expr:
    """Hundredths as a file of that kind of column has them.

    Args:
        amount: Hundredths.
        kind: The column's type.
        mark: What stands before the decimals, if it is text.
    """
    if kind == pl.String:
        sign, digits = pl.when(amount < 0).then(pl.lit("-")).otherwise(pl.lit("")), amount.abs().cast(pl.String).str.zfill(3)
        return pl.concat_str(sign, digits.str.head(-2), mark, digits.str.tail(2))
    if kind.is_integer():
        return amount.cast(kind)
    return (amount.cast(pl.Float64) / 100).cast(kind)


def mark_of(column: str) -> pl.Expr:
    """The sign before the two decimals of an amount that is text."""
    return pl.col(column).str.slice(-3, 1)
