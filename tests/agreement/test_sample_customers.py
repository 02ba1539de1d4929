"""The sample business: customers as they were, the complaints they have open, and the evidence that their rows stand on.

Whoever is a customer of several systems is several customers here: nobody has matched them yet.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from tests.agreement.published import NOBODY, agree
from tests.agreement.sample_business import SOURCES

if TYPE_CHECKING:
    from tests.agreement.published import Published
    from tests.agreement.sample_business import Business

LAST_CLOSED: Final = date(2026, 9, 30)
ENDS: Final = [date(2026, 2, 28), date(2026, 5, 31), LAST_CLOSED]
STATE: Final = ("customer_type", "birth_year", "region", "industry_or_occupation", "unit", "manager", "parent", "registered_date")
SHOWN: Final = [name for name in STATE if name != "birth_year"]  # the published file has no more than the band
BANDS: Final = {65: "65_and_over", 55: "55_to_64", 45: "45_to_54", 35: "35_to_44", 25: "25_to_34", 18: "18_to_24", 0: "under_18"}


def test_open_complaints(sample: Published, business: Business) -> None:
    """At every month's end from the first bill on."""
    published = sample.by_customer(
        "select customer_key, as_of, open_complaint_count as complaints from core.fct_customer_month where open_complaint_count > 0"
    )
    ends = pl.date_range(date(2025, 12, 1), LAST_CLOSED, "1mo", eager=True).dt.month_end().alias("as_of").to_frame()
    stood = (pl.col("date") <= pl.col("as_of")) & (pl.col("ended").is_null() | (pl.col("ended") > pl.col("as_of")))
    firsts = business.invoices.group_by("customer").agg(pl.col("date").min().alias("billed"))
    counted = business.complaints.join(ends, how="cross").join(firsts, on="customer").filter(stood & (pl.col("billed") <= pl.col("as_of")))
    agree(published, counted.group_by("customer", "as_of").agg(pl.len().alias("complaints")))


@pytest.mark.parametrize("as_of", ENDS)
@pytest.mark.parametrize("mart", ["segmentation_customer", "loyalty_customer", "churn_risk_customer"])
def test_who_has_a_row_and_on_what_evidence(sample: Published, business: Business, mart: str, as_of: date) -> None:
    """Every known customer who was registered or first billed by then, with what had happened to this customer by then."""
    published = sample.by_customer(
        f"select customer_key, has_payments, has_contacts, has_complaints from mart.{mart} where as_of = date '{as_of}'"
    )
    registered = business.current("customers").filter(pl.col("date") <= as_of).select("customer")
    billed = business.invoices.filter((pl.col("date") <= as_of) & (pl.col("customer") != NOBODY)).select("customer")
    known = pl.concat([registered, billed]).unique()
    facts = {"has_payments": business.payments, "has_contacts": business.contacts, "has_complaints": business.complaints}
    seen = {name: frame.filter(pl.col("date") <= as_of)["customer"].implode() for name, frame in facts.items()}
    agree(published, known.with_columns(pl.col("customer").is_in(customers).alias(name) for name, customers in seen.items()))


def versions(business: Business) -> dict[str, list[dict[str, Any]]]:
    """What the systems say of each customer, oldest first."""
    rows = business.told("customers").select(
        "customer",
        "source",
        "day",
        "updated",
        "region",
        "parent",
        registered="time",
        registered_date=pl.col("time").dt.date(),
        closing="closed",
        customer_type=pl.col("customer_type").fill_null("organisation"),  # the register of key accounts has no others
        birth_year=pl.col("birth").dt.year(),
        industry_or_occupation=pl.when(pl.col("customer_type") == "person").then("occupation").otherwise("industry"),
        unit=pl.col("unit").fill_null(NOBODY),
        manager=pl.col("manager").fill_null(NOBODY),
    )
    return {str(customer): group.to_dicts() for (customer,), group in rows.group_by("customer", maintain_order=True)}


def dropped(business: Business) -> dict[str, datetime]:
    """When a full list came that had each customer no longer, of those whom the newest one has not."""
    ends: dict[str, datetime] = {}
    for source, described in SOURCES.items():
        if described.record == "customers" and described.is_full:
            held = business.held(source)
            paths = [path.relative_to(business.landing).as_posix() for path in business.files(source)]
            days = [date.fromisoformat(path.split("_")[-1][:10]) for path in paths if path not in held]
            rows = business.told("customers").filter(pl.col("source") == source)
            for customer, last in rows.group_by("customer").agg(pl.col("day").max()).iter_rows():
                later = [day for day in days if day > last]
                if later:
                    ends[customer] = datetime.combine(later[0], time.min)
    return ends


def beginnings(business: Business) -> dict[str, datetime]:
    """When the first thing happened to each customer."""
    facts = [frame.select("customer", "time") for frame in (business.invoices, business.payments, business.contacts, business.complaints)]
    return dict(pl.concat(facts).group_by("customer").agg(pl.col("time").min()).iter_rows())


def history(said: list[dict[str, Any]], first_fact: datetime | None, end: datetime | None) -> list[tuple[Any, ...]]:
    """Intervals of validity: from, to, what held, and the date of closing.

    Each change holds from when the source says that it changed, but never beyond what a newer version says; the first state holds from the
    registration or the first fact on. A closing starts an interval of its own as soon as it has come.
    """
    starts: dict[datetime, tuple[Any, ...]] = {}
    earliest = datetime.max  # noqa: DTZ901  # of a time that is compared with times of Shanghai
    for version in reversed(said):
        earliest = min(earliest, version["updated"])
        starts.setdefault(earliest, tuple(version[name] for name in STATE))
    spoken = sorted(starts.items())
    begins = [spoken[0][0], said[-1]["registered"], first_fact]
    spoken[0] = (min(begin for begin in begins if begin is not None), spoken[0][1])
    closing = min((moment for moment in (said[-1]["closing"], end) if moment is not None), default=None)
    moments = sorted({start for start, _ in spoken} | ({closing} if closing is not None and closing > spoken[0][0] else set()))
    pieces: list[tuple[datetime, tuple[Any, ...], date | None]] = []
    for moment in moments:
        state = [held for start, held in spoken if start <= moment][-1]
        closed = closing.date() if closing is not None and closing <= moment else None
        if not pieces or pieces[-1][1:] != (state, closed):
            pieces.append((moment, state, closed))
    ends = [start for start, _, _ in pieces[1:]] + [None]
    return [(start, until, *state, closed) for (start, state, closed), until in zip(pieces, ends, strict=True)]


def counted(business: Business) -> pl.DataFrame:
    """Every customer of whom some system knows, interval by interval."""
    firsts, ends = beginnings(business), dropped(business)
    schema = {"customer": pl.String, "valid_from": pl.Datetime, "valid_to": pl.Datetime, **dict.fromkeys(STATE, pl.String)}
    schema |= {"birth_year": pl.Int32, "registered_date": pl.Date, "closed_date": pl.Date}
    rows = [
        (customer, *interval)
        for customer, said in versions(business).items()
        for interval in history(said, firsts.get(customer), ends.get(customer))
    ]
    age = LAST_CLOSED.year - pl.col("birth_year")
    bands = [pl.when(age >= from_age).then(pl.lit(band)) for from_age, band in BANDS.items()]
    billed = business.invoices.group_by("customer").agg(pl.col("month").min().alias("first_bill_month"))
    frame = pl.DataFrame(rows, schema, orient="row").join(billed, on="customer", how="left", maintain_order="left")
    return frame.with_columns(age_band=pl.coalesce(bands), is_closed=pl.col("closed_date").is_not_null())


def named(sample: Published, table: str) -> pl.DataFrame:
    """A published table of customers under the names that the sources use."""
    numbers = sample.numbers_of("customer")
    units = sample.numbers_in("customers", "organisation_unit_key", "organisation_unit")
    return sample.by_customer(f"select * from {table} where customer_type <> 'unknown'").with_columns(
        pl.col("manager_key").replace_strict(sample.numbers_of("employee"), return_dtype=pl.String).alias("manager"),
        pl.col("parent_customer_key").replace_strict(numbers, return_dtype=pl.String).alias("parent"),
        pl.col("organisation_unit_key").replace_strict(units, return_dtype=pl.String).alias("unit"),
    )


def test_customers_as_they_were(sample: Published, business: Business) -> None:
    # Shanghai is eight hours ahead of UTC, summer and winter.
    published = named(sample, "core.dim_customer_history").with_columns(pl.col("valid_from", "valid_to") + pl.duration(hours=8))
    columns = ["customer", "valid_from", "valid_to", *SHOWN, "age_band", "first_bill_month", "is_closed", "closed_date"]
    agree(published.select(columns), counted(business).select(columns))


def test_customers_as_they_are(sample: Published, business: Business) -> None:
    """The last interval of each."""
    columns = ["customer", *SHOWN, "age_band", "first_bill_month", "is_closed", "closed_date"]
    current = counted(business).filter(pl.col("valid_to").is_null())
    agree(named(sample, "core.dim_customer").select(columns), current.select(columns))


def test_each_system_has_customers_of_its_own(sample: Published, business: Business) -> None:
    """And nobody else is one: whoever is named by a fact is known to a system."""
    assert set(business.current("customers")["source"]) == {name for name, described in SOURCES.items() if described.record == "customers"}
    published = sample.by_customer("select customer_key from core.dim_customer")
    known = pl.concat([business.current("customers").select("customer"), pl.DataFrame({"customer": [NOBODY]})])
    agree(published, known)


def test_accounts(sample: Published, business: Business) -> None:
    """Whose they are, from when to when they were open, and when their bills are to be paid."""
    published = sample.by_customer(
        "select account_key, customer_key, opened_date as date, closed_date as closed, payment_terms_days as terms from core.dim_account"
    ).filter(pl.col("account_key") != -1)
    numbers = sample.numbers_of("account")
    published = published.with_columns(pl.col("account_key").replace_strict(numbers, return_dtype=pl.String).alias("account"))
    delivered = business.current("accounts").with_columns(pl.col("closed").dt.date())
    agree(published, delivered.select("account", "customer", "date", "closed", "terms"))
