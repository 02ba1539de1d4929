"""What a system says about a kind of file that it delivers: where, when, how written, and what may be spoilt in it."""

from dataclasses import dataclass, field
from typing import Final

from pipelines.sample.deliveries.form import Form
from pipelines.sample.deliveries.rates import FILE_KINDS

_KINDS_OF: Final = {
    "truncated": ("csv", "json_lines"),  # the others cannot be read at all when their end is missing
    "empty": ("csv", "parquet", "excel"),  # JSON lines have no header
}


@dataclass(frozen=True)
class Trailer:
    """A control total at a file's end: one row.

    Attributes:
        label: A column and what stands in it, such as ("单据类型", "合计").
        count: The column that carries the number of rows; None for none.
        sums: The columns that carry the sum of theirs, with two decimals after the mark that the file uses.
    """

    label: tuple[str, str]
    count: str | None
    sums: tuple[str, ...]


@dataclass(frozen=True)
class Spoiling:
    """What can be spoilt in a kind of file. All names are the delivered columns' own.

    Attributes:
        key: Identifies a row, or at least the record that it belongs to.
        date: A time without which a row cannot land.
        amount: An amount without which a row cannot land: text with two decimals, or a number.
        text: Where a byte that does not decode may stand; only in csv and json_lines.
        correctable: A column, and other values that it wrongly had at first; the right row follows a month later.
        conflicts: Whether two rows of one key and different amounts may come in one file.
        repeats: Whether a row may come twice.
        is_snapshot: Whether the absence of a key has a meaning: then no row is spoilt away, and rows without key are added.
        total: An amount that may differ from the sum of its lines.
        reference: A column that may name something that does not exist.
        currency: Currency column and amount column: a few rows come in dollars instead, the amount divided by 7.
    """

    key: str | None = None
    date: str | None = None
    amount: str | None = None
    text: str | None = None
    correctable: tuple[str, tuple[str, ...]] | None = None
    conflicts: bool = False
    repeats: bool = False
    is_snapshot: bool = False
    total: str | None = None
    reference: str | None = None
    currency: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if self.conflicts and (self.key is None or self.amount is None):
            message = "rows can conflict only where there is a key and an amount"
            raise ValueError(message)

    @property
    def columns(self) -> frozenset[str]:
        """All columns that are named here."""
        named = (self.key, self.date, self.amount, self.text, self.total, self.reference, *(self.currency or ()))
        return frozenset(name for name in (*named, *(self.correctable or ())[:1]) if isinstance(name, str))


@dataclass(frozen=True)
class Feed:
    """A kind of file that a system delivers every month.

    Attributes:
        source: Name of the source that reads it.
        path: Where its files lie below the landing folder; `{day}` in it is the day of delivery.
        day: The day of the following month on which the file of a month is delivered.
        form: How it is written.
        spoiling: What can be spoilt in its rows; by default nothing.
        trailer: Its last row, if that is a control total; only of csv and excel.
        is_full: Whether each file is the complete list. Implies that absence has a meaning.
        file_dirt: What happens to whole files: some of "reordered", "new_column", "empty" (of full lists only), "truncated",
            "repeated_file".

    Raises:
        ValueError: These do not go together.
    """

    source: str
    path: str
    day: int
    form: Form = field(default_factory=Form)
    spoiling: Spoiling = field(default_factory=Spoiling)
    trailer: Trailer | None = None
    is_full: bool = False
    file_dirt: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for fault in self._faults():
            message = f"{self.path}: {fault}"
            raise ValueError(message)

    def _faults(self) -> list[str]:
        faults = [f"unknown file dirt '{kind}'" for kind in self.file_dirt if kind not in FILE_KINDS]
        faults += [
            f"a file of kind {self.form.kind} cannot be {kind}"
            for kind in self.file_dirt
            if self.form.kind not in _KINDS_OF.get(kind, (self.form.kind,))
        ]
        if "{day}" not in self.path:
            faults.append("the path has no {day}")
        if "empty" in self.file_dirt and not self.is_full:
            faults.append("only a full list may come empty: the rows of any other would be lost")
        if self.trailer is not None and self.form.kind not in ("csv", "excel"):
            faults.append(f"a file of kind {self.form.kind} has no trailer")
        return faults

    @property
    def absence_counts(self) -> bool:
        """Whether a key that is absent from a file has ended."""
        return self.is_full or self.spoiling.is_snapshot

    @property
    def named(self) -> frozenset[str]:
        """The columns that its rows must have for what is said here."""
        trailer = (self.trailer.label[0], *filter(None, [self.trailer.count]), *self.trailer.sums) if self.trailer is not None else ()
        return self.spoiling.columns | frozenset(trailer)
