"""The sample business: what became of every delivered row, against the truth of what was spoilt and against the files themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from tests.agreement.published import UNITS, agree, units
from tests.agreement.sample_business import KEYS, REPORTING, SOURCES, UNREADABLE, month_of

if TYPE_CHECKING:
    from tests.agreement.published import Published
    from tests.agreement.sample_business import Business

FACTS: Final = {
    "invoices": "fct_invoice",
    "lines": "fct_invoice_line",
    "payments": "fct_payment",
    "contacts": "fct_contact",
    "complaints": "fct_complaint",
}
FACT_SOURCES: Final = [source for source, described in SOURCES.items() if described.record in FACTS]
AMOUNT_SOURCES: Final = [source for source in FACT_SOURCES if SOURCES[source].record in {"invoices", "lines", "payments"}]
FATES: Final = ("quarantined", "duplicate", "superseded", "excluded")
sources = pytest.mark.parametrize("source", FACT_SOURCES)
sources_with_amounts = pytest.mark.parametrize("source", AMOUNT_SOURCES)


def caused(sample: Published, source: str, measure: str) -> dict[str, int]:
    """What the published reconciliation ascribes to each cause, over all months; amounts in ten-thousandths."""
    found = sample.query(
        "select cause, sum(difference) from meta.reconciliation_cause "
        f"where fact = '{FACTS[SOURCES[source].record]}' and source_name = '{source}' and measure = '{measure}' group by cause"
    )
    by_cause = {cause: int(difference * (UNITS if measure == "amount" else 1)) for cause, difference in found.iter_rows()}
    return {cause: difference for cause, difference in by_cause.items() if difference}


def of_fate(business: Business, source: str, fate: str) -> pl.DataFrame:
    return business.rows[source].filter(pl.col("fate") == fate)


def not_the_first(business: Business, source: str) -> pl.DataFrame:
    """The readable rows whose key came before."""
    rows = business.rows[source].filter(~pl.col("fate").is_in(["excluded", "quarantined"]))
    return rows.filter(pl.int_range(pl.len()).over(KEYS[SOURCES[source].record]) > 0)


def places(business: Business, frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """The rows with the month and the currency that the balance counts them in: their own, and a line the source's."""
    currency = pl.col("currency") if "currency" in frame.columns else pl.lit(SOURCES[source].style.currency)
    assert frame.is_empty() or business.rows[source].columns == frame.columns
    return frame.with_columns(month_of("time").dt.date().alias("month"), currency.alias("currency"))


@sources
def test_every_row_has_a_cause_or_a_record(sample: Published, business: Business, source: str) -> None:
    """No cause moves a row but that it could not be read, said nothing new, was replaced, or only adds up the others.

    A record that stands in another month than its row moves between months only, which adds up to nothing.
    """
    counts = {fate: len(of_fate(business, source, fate)) for fate in FATES}
    assert caused(sample, source, "rows") == {fate: count for fate, count in counts.items() if count}


def test_every_cause_is_in_the_sample(business: Business) -> None:
    """Else what is compared says nothing: another seed in tests/conftest.py has it."""
    assert {fate for source in FACT_SOURCES for fate in business.rows[source]["fate"]} == {*FATES, "current"}


@sources
def test_spoilt_rows_are_quarantined(sample: Published, business: Business, source: str) -> None:
    assert caused(sample, source, "rows").get("quarantined", 0) == len(business.noted(source, *UNREADABLE))


@pytest.mark.parametrize("record_type", ["customers", "invoices", "invoice_lines", "payments", "contacts", "complaints"])
def test_quarantine_says_how_many(sample: Published, business: Business, record_type: str) -> None:
    published = sample.query(f"select coalesce(sum(row_count), 0) from meta.quarantine_summary where record_type = '{record_type}'").item()
    record = "lines" if record_type == "invoice_lines" else record_type
    assert published == sum(len(business.noted(source, *UNREADABLE)) for source, told in SOURCES.items() if told.record == record)


# A payment that bounces and a complaint that moves on come again by themselves; so does every row of a file that was sent again.
@pytest.mark.parametrize("source", ["billing_invoices", "billing_payments", "harbour_payments", "leasing_payments"])
def test_duplicates_are_what_was_repeated_on_purpose(sample: Published, business: Business, source: str) -> None:
    """A row that was delivered twice on purpose is a duplicate, unless the first of the two could not be read."""
    again = not_the_first(business, source).join(business.noted(source, "repeated_row"), on=["path", "row"], how="semi")
    assert caused(sample, source, "rows").get("duplicate", 0) == len(again)


def test_what_came_before_a_file_was_cut_off_comes_twice(sample: Published, business: Business) -> None:
    """The whole file comes the day after."""
    cut = business.dirt.filter((pl.col("source") == "call_centre_contacts") & (pl.col("kind") == "cut_row"))
    before = business.rows["call_centre_contacts"].join(cut.select("path", last="row"), on="path").filter(pl.col("row") < pl.col("last"))
    readable = before.filter(pl.col("fate") != "quarantined")
    again = not_the_first(business, "call_centre_contacts").join(
        business.noted("call_centre_contacts", "repeated_row"), on=["path", "row"], how="semi"
    )
    assert caused(sample, "call_centre_contacts", "rows")["duplicate"] == len(readable) + len(again) > len(again)


def test_corrections_supersede(sample: Published, business: Business) -> None:
    """What was said wrongly is replaced a month later, if both could be read."""
    wrong = business.noted("call_centre_contacts", "correction")
    told = business.rows["call_centre_contacts"].join(wrong, on=["path", "row"], how="semi").filter(pl.col("fate") != "duplicate")
    assert caused(sample, "call_centre_contacts", "rows")["superseded"] == len(told) > 0
    assert set(told["fate"]) == {"superseded"}


def test_control_rows_are_excluded(sample: Published, business: Business) -> None:
    """One closes each file."""
    assert caused(sample, "billing_invoices", "rows")["excluded"] == len(business.files("billing_invoices"))


@sources
def test_rows_by_month(sample: Published, business: Business, source: str) -> None:
    """What was delivered and what is published, month by month, and nothing between the two that no cause explains."""
    published = sample.query(
        "select month, sum(source_total) as delivered, sum(published_total) as published, sum(abs(unexplained)) as unexplained "
        f"from meta.reconciliation where fact = '{FACTS[SOURCES[source].record]}' and source_name = '{source}' and measure = 'rows' "
        "group by month"
    )
    delivered = places(business, business.rows[source], source).group_by("month").agg(delivered=pl.len())
    standing = stood(business, source).group_by("month").agg(published=pl.len())
    both = delivered.join(standing, on="month", how="full", nulls_equal=True, coalesce=True).fill_null(0)
    agree(published.cast({"delivered": pl.Int64, "published": pl.Int64, "unexplained": pl.Int64}), both.with_columns(unexplained=0))


def stood(business: Business, source: str) -> pl.DataFrame:
    """The records of a source with the month, the currency and the value that they have when they are published; a line has its bill's."""
    if SOURCES[source].record == "lines":
        return business.lines
    current = places(business, of_fate(business, source, "current"), source)
    if "original" not in current.columns:
        return current
    return current.with_columns(value=pl.when(pl.col("currency") == REPORTING).then("original"))


@sources_with_amounts
def test_amounts_by_month(sample: Published, business: Business, source: str) -> None:
    """The same of amounts, by currency; what is in another currency than the reporting one is delivered and not published."""
    published = sample.query(
        "select month, currency, sum(source_total) as delivered, sum(published_total) as published, sum(abs(unexplained)) as unexplained "
        f"from meta.reconciliation where fact = '{FACTS[SOURCES[source].record]}' and source_name = '{source}' and measure = 'amount' "
        "group by month, currency"
    )
    place = ["month", "currency"]
    delivered = places(business, business.rows[source], source).group_by(place).agg(delivered=pl.col("original").sum())
    standing = stood(business, source).group_by(place).agg(published=pl.col("value").sum())
    both = delivered.join(standing, on=place, how="full", nulls_equal=True, coalesce=True).with_columns(
        pl.col("delivered", "published").fill_null(0), unexplained=0
    )
    agree(published.with_columns(units("delivered", "published", "unexplained")), both)


@sources_with_amounts
def test_amounts_by_cause(sample: Published, business: Business, source: str) -> None:
    """What cannot be read is worth what its amount says where that can be read; what is not converted yet has no exchange rate."""
    worth = {fate: int(of_fate(business, source, fate)["original"].sum()) for fate in FATES}
    standing = stood(business, source)
    worth["no_invoice"] = int(standing.filter(pl.col("currency").is_null())["original"].sum())
    worth["no_exchange_rate"] = int(standing.filter(pl.col("currency") != REPORTING)["original"].sum())
    assert caused(sample, source, "amount") == {cause: amount for cause, amount in worth.items() if amount}


def test_lines_without_their_invoice(sample: Published, business: Business) -> None:
    """They are worth nothing in the reporting currency, and the reconciliation says so."""
    orphans = business.lines.filter(pl.col("currency").is_null())
    assert caused(sample, "billing_invoice_lines", "amount")["no_invoice"] == orphans["original"].sum() != 0


def test_nothing_is_unexplained(sample: Published) -> None:
    """Of any source in any month."""
    assert sample.query("select count(*) from meta.reconciliation where unexplained <> 0").item() == 0
    known = sample.query("select distinct source_name from meta.reconciliation")["source_name"]
    assert set(known) == set(FACT_SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_what_became_of_each_file(sample: Published, business: Business, source: str) -> None:
    """One that came twice is skipped; a full list that is empty or has lost too much is held."""
    ledger = sample.query(f"select status, count(*) from meta.delivery_ledger where source_name = '{source}' group by status")
    files, held = len(business.files(source)), len(business.held(source))
    delivered = len(list(business.landing.glob(SOURCES[source].files)))
    expected = {"landed": files - held, "held": held, "skipped": delivered - files}
    assert dict(ledger.iter_rows()) == {status: count for status, count in expected.items() if count}


def test_an_empty_list_and_a_file_that_came_twice_are_there(business: Business) -> None:
    """As they were sent on purpose."""
    sent = business.dirt.filter(pl.col("kind").is_in(["empty", "repeated_file"])).select("source", "kind")
    assert set(sent.iter_rows()) == {("harbour_customers", "empty"), ("billing_invoices", "repeated_file")}
    empty = business.dirt.filter(pl.col("kind") == "empty")["path"].to_list()
    assert set(empty) <= set(business.held("harbour_customers"))
