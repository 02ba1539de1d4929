"""The sample business: what became of every delivered row, against the truth of what was spoilt and against the files themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from tests.agreement.published import UNITS
from tests.agreement.sample_business import KEYS, PLACE, UNREADABLE, amount

if TYPE_CHECKING:
    from tests.agreement.published import Published
    from tests.agreement.sample_business import Business

FACTS: Final = {
    "fct_invoice": "billing_invoices",
    "fct_invoice_line": "billing_invoice_lines",
    "fct_payment": "billing_payments",
    "fct_contact": "call_centre_contacts",
    "fct_complaint": "complaints_desk_complaints",
}
AMOUNTS: Final = {"fct_invoice": "Total", "fct_invoice_line": "Gross", "fct_payment": "Paid"}
# Lines whose invoice cannot be read have no currency.
NO_RATE: Final = {"fct_invoice_line": {"no_invoice"}}
facts = pytest.mark.parametrize("fact", FACTS)
facts_with_amounts = pytest.mark.parametrize("fact", AMOUNTS)


def caused(sample: Published, fact: str, measure: str, cause: str) -> int:
    """What the published reconciliation ascribes to a cause, over all months; amounts in ten-thousandths."""
    found = sample.query(
        "select coalesce(sum(difference), 0) from meta.reconciliation_cause "
        f"where fact = '{fact}' and measure = '{measure}' and cause = '{cause}'"
    ).item()
    return int(found * (UNITS if measure == "amount" else 1))


def landed(business: Business, source: str) -> pl.DataFrame:
    """The readable rows without those that say what a row of their key has said before."""
    content = [name for name in business.delivered(source).columns if name not in PLACE]
    return business.readable(source).unique(content, keep="first", maintain_order=True)


def repeated(business: Business, source: str) -> pl.DataFrame:
    """The readable rows that say nothing new."""
    return business.readable(source).join(landed(business, source), on=["path", "row"], how="anti")


def not_the_first(business: Business, source: str) -> pl.DataFrame:
    """The readable rows whose key came before."""
    return business.readable(source).filter(pl.int_range(pl.len()).over(KEYS[source]) > 0)


def worth(frame: pl.DataFrame, column: str) -> int:
    """The sum of the amounts that can be read."""
    readable = frame.filter(pl.col(column).str.contains(r"^-?\d+,\d\d$"))
    return int(readable.select(amount(column).sum()).item())


def spoilt(business: Business, source: str) -> pl.DataFrame:
    """The rows that cannot be read."""
    return business.delivered(source).join(business.noted(source, *UNREADABLE), on=["path", "row"], how="semi")


@facts
def test_spoilt_rows_are_quarantined(sample: Published, business: Business, fact: str) -> None:
    assert caused(sample, fact, "rows", "quarantined") == len(business.noted(FACTS[fact], *UNREADABLE))


@pytest.mark.parametrize(("record_type", "source"), [("customers", "crm_customers"), ("payments", "billing_payments")])
def test_quarantine_says_how_many(sample: Published, business: Business, record_type: str, source: str) -> None:
    published = sample.query(f"select sum(row_count) from meta.quarantine_summary where record_type = '{record_type}'").item()
    assert published == len(business.noted(source, *UNREADABLE)) > 0


@facts
def test_repeated_rows_are_duplicates(sample: Published, business: Business, fact: str) -> None:
    assert caused(sample, fact, "rows", "duplicate") == len(repeated(business, FACTS[fact]))


# A bill that is corrected brings all its lines again, changed or not; they have no test of this kind.
@pytest.mark.parametrize("fact", [fact for fact in FACTS if fact != "fct_invoice_line"])
def test_duplicates_are_what_was_repeated_on_purpose(sample: Published, business: Business, fact: str) -> None:
    """A row that was delivered twice on purpose is a duplicate, unless the first of the two could not be read."""
    again = not_the_first(business, FACTS[fact])
    noted = business.noted(FACTS[fact], "repeated_row", "redelivered")
    assert caused(sample, fact, "rows", "duplicate") == len(again.join(noted, on=["path", "row"], how="semi"))


@facts
def test_older_versions_are_superseded(sample: Published, business: Business, fact: str) -> None:
    source = FACTS[fact]
    versions = landed(business, source)
    assert caused(sample, fact, "rows", "superseded") == len(versions) - versions.select(KEYS[source]).n_unique()


@pytest.mark.parametrize("fact", ["fct_invoice", "fct_payment"])
def test_corrections_supersede(sample: Published, business: Business, fact: str) -> None:
    """What was corrected on purpose replaces what was said before, if that could be read."""
    again = not_the_first(business, FACTS[fact])
    noted = business.noted(FACTS[fact], "correction")
    assert caused(sample, fact, "rows", "superseded") == len(again.join(noted, on=["path", "row"], how="semi"))


def test_control_rows_are_excluded(sample: Published, business: Business) -> None:
    assert caused(sample, "fct_invoice", "rows", "excluded") == len(business.files("billing_invoices"))


@facts
def test_no_other_cause_moves_a_row(sample: Published, fact: str) -> None:
    """A record that stands in another month than its row moves between months only; nothing was held, folded or left without a rate."""
    causes = sample.query(f"select distinct cause from meta.reconciliation_cause where fact = '{fact}'")["cause"]
    assert set(causes) <= {"quarantined", "duplicate", "superseded", "excluded", "month_of_record"} | NO_RATE.get(fact, set())
    assert caused(sample, fact, "rows", "month_of_record") == 0


@facts
def test_rows_delivered_and_published(sample: Published, business: Business, fact: str) -> None:
    source = FACTS[fact]
    published = sample.query(
        "select sum(source_total), sum(published_total), sum(abs(unexplained)) from meta.reconciliation "
        f"where fact = '{fact}' and measure = 'rows'"
    ).row(0)
    control_rows = len(business.files(source)) if fact == "fct_invoice" else 0
    assert published == (len(business.delivered(source)) + control_rows, len(business.current(source)), 0)


@facts_with_amounts
def test_amounts_by_cause(sample: Published, business: Business, fact: str) -> None:
    source, column = FACTS[fact], AMOUNTS[fact]
    versions, current = landed(business, source), business.current(source)
    assert {cause: caused(sample, fact, "amount", cause) for cause in ("quarantined", "duplicate", "superseded")} == {
        "quarantined": worth(spoilt(business, source), column),
        "duplicate": worth(repeated(business, source), column),
        "superseded": worth(versions, column) - worth(current, column),
    }


def test_lines_without_their_invoice(sample: Published, business: Business) -> None:
    """They are worth nothing in the reporting currency, and the reconciliation says so."""
    orphans = business.current("billing_invoice_lines").join(business.invoices, left_on="BillNo", right_on="invoice", how="anti")
    assert caused(sample, "fct_invoice_line", "amount", "no_invoice") == worth(orphans, "Gross") != 0


def test_a_file_that_came_twice_is_skipped(sample: Published, business: Business) -> None:
    landed_files = sample.query(
        "select count(*) from meta.delivery_ledger where source_name = 'billing_invoices' and status = 'landed'"
    ).item()
    delivered = list(business.landing.glob("billing/invoices_*.csv.gz"))
    assert landed_files == len(business.files("billing_invoices")) == len(delivered) - 1
