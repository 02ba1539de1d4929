"""The feeds that are proposed for a file: that of the record type which it looks like, and those that fold out of invoice lines."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipelines.checkup.expressions import Filled, filled, named, with_clock
from pipelines.checkup.matching import Match, match
from pipelines.warehouse.connection import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.checkup.cells import Cells
    from pipelines.contracts.record_type import RecordType

# An invoice number that returns in so many of the rows is that of lines.
_LINES_SHARE = 0.1


@dataclass(frozen=True)
class FeedProposal:
    """A feed as it is proposed.

    Attributes:
        record: Its record type.
        columns: What fills its columns.
        lacking: Required columns that found none.
        keys: Other keys of the feed with their YAML values, such as `fold`.
        remark: What the feed is, for a person.
    """

    record: RecordType
    columns: list[Filled]
    lacking: tuple[str, ...] = ()
    keys: dict[str, str] = field(default_factory=dict)
    remark: str = ""

    @property
    def expressions(self) -> list[str]:
        """All that is read of the file."""
        return [item.sql for item in self.columns if item.sql is not None] + [self.keys[key] for key in ("where",) if key in self.keys]


def _formats(form: Mapping[str, object], kind: str) -> tuple[str, ...]:
    stated = form.get({"date": "date_formats", "timestamp": "timestamp_formats"}.get(kind, ""), [])
    return tuple(stated) if isinstance(stated, list) else ()


def main_feed(best: Match, cells: Mapping[str, Cells], form: Mapping[str, object]) -> FeedProposal:
    """The feed of the record type that a file looks like.

    Args:
        best: The type and its columns.
        cells: What stands in each delivered column.
        form: The keys of the format that is proposed.
    """
    columns = []
    for column, name in best.columns.items():
        item = best.record.property(column)
        clock = _clock(best, cells) if item.is_event_time and item.logical_type == "timestamp" and cells[name].is_day_only else None
        columns.append(
            with_clock(column, (name, cells[name]), (clock, cells[clock]))
            if clock is not None
            else filled(item, name, cells[name], _formats(form, item.logical_type))
        )
    columns = [
        replace(item, remark=_with_guess(item)) if item.column in best.guessed and item.sql is not None else item for item in columns
    ]
    by_name = {item.column: item for item in columns if item.sql is not None}
    if best.record.name == "invoice_lines" and "amount" not in by_name and {"quantity", "unit_price"} <= set(by_name):
        product = " * ".join(f"cast({_plain(by_name[name].sql or '', form)} as decimal(18, 4))" for name in ("quantity", "unit_price"))
        columns.append(Filled("amount", product, "confirm: no column with the amount of a line was found"))
    return FeedProposal(best.record, columns, best.lacking)


def without_total(feed: FeedProposal, column: str, word: str) -> FeedProposal:
    """The same without the row of totals, which has a word in a column."""
    condition = f"{named(column)} is distinct from {quoted(word)}"
    return replace(feed, keys=feed.keys | {"where": f"{feed.keys['where']} and {condition}" if "where" in feed.keys else condition})


def _with_guess(item: Filled) -> str:
    said = "no name says it, and nothing else in the file can be it"
    return (
        f"{item.remark}; {said}" if item.remark.startswith("confirm") else f"confirm: {said}" + (f"; {item.remark}" if item.remark else "")
    )


def _clock(best: Match, cells: Mapping[str, Cells]) -> str | None:
    """The one column with times of the day that nothing else reads."""
    clocks = [name for name, one in cells.items() if one.is_time_only and name not in best.columns.values()]
    return clocks[0] if len(clocks) == 1 else None


def _plain(sql: str, form: Mapping[str, object]) -> str:
    """A number within an expression, which is not read by the file's format."""
    if form.get("thousands"):
        sql = f"replace({sql}, '{str(form['thousands']).replace(chr(39), chr(39) * 2)}', '')"
    return f"replace({sql}, ',', '.')" if form.get("decimal") == "," else sql


def folded_feeds(
    lines: FeedProposal, contracts: Mapping[str, RecordType], cells: Mapping[str, Cells], form: Mapping[str, object], stem: str
) -> list[FeedProposal]:
    """Invoices, customers and products that are read from lines, where the lines say whose they are."""
    by_name = {item.column: item for item in lines.columns if item.sql is not None}
    # What says whose subscription a line is does not say whose invoice it is: 用户编号 may be either.
    taken = by_name["subscription_id"].sql if "subscription_id" in by_name else None
    others = {name: one for name, one in cells.items() if named(name) != taken}
    invoice = match(contracts["invoices"], others, stem)
    customer = match(contracts["customers"], others, stem)
    owner = next((name for name in ("customer_id", "account_id") if name in invoice.columns), None)
    number = next((name for name in cells if "invoice_id" in by_name and named(name) == by_name["invoice_id"].sql), None)
    if number is None or owner is None or "issued_at" not in by_name or "amount" not in by_name:
        return []
    values = cells[number].values
    if not values or 1 - len(cells[number].distinct) / len(values) < _LINES_SHARE:
        return []
    own = {
        name: filled(contracts["invoices"].property(name), invoice.columns[name], cells[invoice.columns[name]], ())
        for name in ("customer_id", "account_id", "currency")
        if name in invoice.columns
    }
    columns = [by_name["invoice_id"], *(item for item in own.values() if item.sql), by_name["issued_at"], by_name["amount"]]
    folds = {name: "any_equal" for name, item in own.items() if item.sql} | {"issued_at": "min", "amount": "sum"}
    found = [FeedProposal(contracts["invoices"], columns, keys={"fold": _flow(folds)}, remark="an invoice is the sum of its lines")]
    since = Filled("registered_at", by_name["issued_at"].sql, "the first invoice")
    if "customer_id" in own:
        extra = [item for item in main_feed(customer, cells, form).columns if item.column in ("name", "region") and item.sql]
        keys = {"where": f"{own['customer_id'].sql} is not null", "accumulate": "true"}
        keys["fold"] = _flow({"registered_at": "min", **{item.column: "latest" for item in extra}})
        found.append(FeedProposal(contracts["customers"], [own["customer_id"], since, *extra], keys=keys))
    product = match(contracts["products"], cells, stem)
    if "product_id" in by_name and "name" in product.columns:
        code = by_name["product_id"].sql
        names = Filled("name", f"coalesce({named(product.columns['name'])}, {code})")
        keys = {"where": f"{code} is not null", "accumulate": "true", "fold": _flow({"name": "latest", "launched_at": "min"})}
        launched = Filled("launched_at", by_name["issued_at"].sql, "the first sale")
        found.append(FeedProposal(contracts["products"], [by_name["product_id"], names, launched], keys=keys))
    return found


def _flow(pairs: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in pairs.items()) + "}"
