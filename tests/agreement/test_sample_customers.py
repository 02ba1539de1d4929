"""The sample business: customers as they were, the complaints they have open, and the evidence that their rows stand on."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from tests.agreement.published import NOBODY, agree
from tests.agreement.sample_business import desk_time

if TYPE_CHECKING:
    from tests.agreement.published import Published
    from tests.agreement.sample_business import Business

ENDS: Final = [date(2026, 2, 28), date(2026, 5, 31), date(2026, 9, 30)]
STATE: Final = ("customer_type", "birth_year", "region", "industry_or_occupation", "unit", "manager", "parent")


@pytest.mark.parametrize("as_of", ENDS)
def test_open_complaints(sample: Published, business: Business, as_of: date) -> None:
    published = sample.by_customer(
        "select customer_key, open_complaint_count as complaints from core.fct_customer_month "
        f"where as_of = date '{as_of}' and open_complaint_count > 0"
    )
    stood = (pl.col("date") <= as_of) & (pl.col("ended").is_null() | (pl.col("ended") > as_of))
    billed = business.invoices.filter(pl.col("date") <= as_of)
    counted = business.complaints.filter(stood).join(billed, on="customer", how="semi")
    agree(published, counted.group_by("customer").agg(pl.len().alias("complaints")))


@pytest.mark.parametrize("as_of", ENDS)
@pytest.mark.parametrize("mart", ["segmentation_customer", "loyalty_customer", "churn_risk_customer"])
def test_who_has_a_row_and_on_what_evidence(sample: Published, business: Business, mart: str, as_of: date) -> None:
    """Every known customer who was registered or first billed by then, with what had happened to this customer by then."""
    published = sample.by_customer(
        f"select customer_key, has_payments, has_contacts, has_complaints from mart.{mart} where as_of = date '{as_of}'"
    )
    registered = business.current("crm_customers").filter(desk_time("registered").dt.date() <= as_of).select(customer="cust_no")
    billed = business.invoices.filter((pl.col("date") <= as_of) & (pl.col("customer") != NOBODY)).select("customer")
    known = pl.concat([registered, billed]).unique()
    facts = {"has_payments": business.payments, "has_contacts": business.contacts, "has_complaints": business.complaints}
    seen = {name: frame.filter(pl.col("date") <= as_of)["customer"].implode() for name, frame in facts.items()}
    agree(published, known.with_columns(pl.col("customer").is_in(customers).alias(name) for name, customers in seen.items()))


def versions(business: Business) -> dict[str, list[dict[str, Any]]]:
    """What the full deliveries say of each customer, oldest first."""
    rows = business.readable("crm_customers").select(
        "day",
        "closed",
        customer="cust_no",
        since=desk_time("last_change"),
        registered=desk_time("registered"),
        closing=desk_time("closed"),
        customer_type=pl.col("kind").replace_strict({"P": "person", "O": "organisation"}),
        birth_year=pl.col("birth_date").str.slice(0, 4),
        region="area",
        industry_or_occupation="sector",
        unit=pl.col("branch").fill_null(NOBODY),
        manager=pl.col("rep").fill_null(NOBODY),
        parent="parent_no",
    )
    return {str(customer): group.to_dicts() for (customer,), group in rows.group_by("customer", maintain_order=True)}


def history(said: list[dict[str, Any]], known_until: datetime) -> list[tuple[Any, ...]]:
    """Intervals of validity: from, to, what held, and the date of closing.

    Each change holds from when the source says that it changed, the first state from the registration on; a closing starts an interval of
    its own as soon as it has come.
    """
    starts: list[tuple[datetime, tuple[Any, ...]]] = []
    for version in said:
        state = tuple(version[name] for name in STATE)
        if not starts or starts[-1][1] != state:
            starts.append((version["since"] if starts else version["registered"], state))
    closing = said[-1]["closing"]
    if closing is None or closing > known_until:
        pieces = [(start, state, None) for start, state in starts]
    else:
        before = [(start, state, None) for start, state in starts if start < closing]
        pieces = [
            *before,
            (closing, before[-1][1], closing.date()),
            *((start, state, closing.date()) for start, state in starts if start > closing),
        ]
    ends = [start for start, _, _ in pieces[1:]] + [None]
    return [(start, end, *state, closed) for (start, state, closed), end in zip(pieces, ends, strict=True)]


def test_customers_as_they_were(sample: Published, business: Business) -> None:
    """Every customer of whom CRM knows; nothing happens to any of them before the registration."""
    published = sample.by_customer("select * from core.dim_customer_history where customer_type <> 'unknown'")
    numbers = sample.numbers_of("customer")
    published = published.with_columns(
        pl.col("valid_from", "valid_to") + pl.duration(hours=8),  # Shanghai is eight hours ahead of UTC, summer and winter
        pl.col("manager_key").replace_strict(sample.numbers_of("employee")).alias("manager"),
        pl.col("parent_customer_key").replace_strict(numbers, return_dtype=pl.String).alias("parent"),
        pl.col("organisation_unit_key")
        .replace_strict(sample.numbers_in("customers", "organisation_unit_key", "organisation_unit"), return_dtype=pl.String)
        .alias("unit"),
    )
    shown = [name for name in STATE if name != "birth_year"]  # the file has no more than the band
    known_until = datetime.combine(business.readable("billing_invoices")["day"].to_list()[-1], time.min)
    rows = [(customer, *interval) for customer, said in versions(business).items() for interval in history(said, known_until)]
    schema = {
        "customer": pl.String,
        "valid_from": pl.Datetime,
        "valid_to": pl.Datetime,
        **dict.fromkeys(STATE, pl.String),
        "closed_date": pl.Date,
    }
    agree(
        published.select("customer", "valid_from", "valid_to", *shown, "closed_date"),
        pl.DataFrame(rows, schema, orient="row").drop("birth_year"),
    )
