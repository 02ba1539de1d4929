"""From what happened to what is delivered: the records of a chunk, one kind after the other, each told by every system that knows of it."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pipelines.sample.business import Business, Chunk
from pipelines.sample.deliveries import Outbox
from pipelines.sample.records.account_terms import make_account_terms
from pipelines.sample.records.balances import make_balances
from pipelines.sample.records.bills import make_bills
from pipelines.sample.records.campaign_members import make_campaign_members
from pipelines.sample.records.complaint_events import make_complaint_events
from pipelines.sample.records.complaints import make_complaints
from pipelines.sample.records.consents import make_consents
from pipelines.sample.records.contacts import make_contacts
from pipelines.sample.records.custody import CustodyBook, custody_balances
from pipelines.sample.records.customers import make_customers
from pipelines.sample.records.decisions import make_identity_decisions
from pipelines.sample.records.deposits import make_deposits
from pipelines.sample.records.extras import make_extras
from pipelines.sample.records.incidents import make_incidents
from pipelines.sample.records.key_accounts import make_key_accounts, matching
from pipelines.sample.records.leasing import make_leasing
from pipelines.sample.records.outages import make_outages
from pipelines.sample.records.payments import make_payments
from pipelines.sample.records.promises import make_promises
from pipelines.sample.records.purchases import make_purchases
from pipelines.sample.records.reference import make_campaign_list, make_products
from pipelines.sample.records.reference_calendar import make_business_calendar, make_service_targets
from pipelines.sample.records.reference_organisation import make_employees, make_organisation_units
from pipelines.sample.records.reference_rates import make_exchange_rates
from pipelines.sample.records.reference_targets import make_targets
from pipelines.sample.records.service_changes import make_service_changes
from pipelines.sample.records.subscriptions import make_subscriptions
from pipelines.sample.records.surveys import make_surveys
from pipelines.sample.records.usage import metered
from pipelines.sample.records.usage_detail import make_usage
from pipelines.sample.records.wallet import make_wallet_estimates
from pipelines.sample.systems.feeds import feeds_of, tell
from pipelines.sample.truth import record_truths, tables
from pipelines.sample.truth.book import TruthBook
from pipelines.sample.wanted import Detail

Told = tuple[str, pl.DataFrame]
PARTS_OF_A_CHUNK: Final = 6  # how often `tell_chunk` says that something is done


def tell_business(business: Business, outbox: Outbox, book: TruthBook) -> None:
    """What is one for the whole business."""
    for record, frame in (
        ("products", make_products(business)),
        ("organisation_units", make_organisation_units(business)),
        ("employees", make_employees(business)),
        ("business_calendar", make_business_calendar(business)),
        ("service_targets", make_service_targets(business)),
        ("targets", make_targets(business)),
        ("exchange_rates", make_exchange_rates(business)),
        ("campaigns", make_campaign_list(business)),
    ):
        _tell(business, outbox, record, frame, 0)
    book.add("managers", tables.managers(business))


def tell_custody(business: Business, custody: CustodyBook, outbox: Outbox, book: TruthBook) -> None:
    """What the custodian holds, when all deposits are known."""
    balances, shortfalls = custody_balances(business, custody)
    _tell(business, outbox, "custody_balances", balances, 0)
    book.add("shortfalls", shortfalls)


def tell_chunk(chunk: Chunk, detail: Detail, custody: CustodyBook, outbox: Outbox, book: TruthBook) -> Iterator[str]:
    """Everything of a chunk; yields what is done, PARTS_OF_A_CHUNK times."""
    for part in (_who_there_is, _what_they_hold):
        for record, frame in part(chunk):
            _tell(chunk.business, outbox, record, frame, chunk.index)
        yield part.__name__.strip("_").replace("_", " ")
    book.add("customers", tables.customers(chunk))
    book.add("customer_months", tables.customer_months(chunk))
    book.add("failures", tables.failures(chunk))
    book.add("campaign_effects", tables.campaign_effects(chunk))
    book.add("matching", record_truths.matches(matching(chunk)))
    yield "truth"

    used = metered(chunk)
    for part_of_use in make_usage(chunk, used, detail):
        _tell(chunk.business, outbox, "usage", part_of_use, chunk.index)
    yield "usage"

    extras = make_extras(chunk)
    bills = make_bills(chunk, used, extras)
    payments = make_payments(chunk, bills)
    deposits, purchases, (leases, lease_payments) = make_deposits(chunk), make_purchases(chunk), make_leasing(chunk)
    custody.add(chunk, deposits)
    for record, frame in (
        ("invoices", pl.concat([bills.invoices, purchases.invoices, leases], how="diagonal")),
        ("invoice_lines", bills.lines),
        ("payments", pl.concat([payments, deposits, purchases.payments, lease_payments], how="diagonal")),
        ("promises_to_pay", make_promises(chunk, bills, payments)),
        ("balances", make_balances(chunk, bills, payments)),
    ):
        _tell(chunk.business, outbox, record, frame, chunk.index)
    book.add("wrong_bills", record_truths.wrong_bills(bills.invoices))
    book.add("purchasing", record_truths.purchasing(purchases.truth, chunk.business.timeline))
    yield "money"

    complaints = make_complaints(chunk, bills.invoices)
    contacts = make_contacts(chunk, complaints, bills.invoices, payments)
    incidents = [make_incidents(chunk, bills.invoices)] + ([make_outages(chunk.business)] if chunk.index == 0 else [])
    for record, frame in (
        ("contacts", contacts),
        ("complaints", complaints),
        ("complaint_events", make_complaint_events(chunk, complaints)),
        ("surveys", make_surveys(chunk, contacts, complaints)),
        ("incidents", pl.concat(incidents, how="diagonal")),
    ):
        _tell(chunk.business, outbox, record, frame, chunk.index)
    book.add("complaint_labels", record_truths.complaint_labels(complaints))
    yield "service"


def _who_there_is(chunk: Chunk) -> Iterator[Told]:
    yield "customers", make_customers(chunk)
    yield "key_accounts", make_key_accounts(chunk)
    yield "identity_decisions", make_identity_decisions(chunk)
    yield "consents", make_consents(chunk)
    yield "campaign_members", make_campaign_members(chunk)


def _what_they_hold(chunk: Chunk) -> Iterator[Told]:
    extras = make_extras(chunk)
    yield "accounts", make_account_terms(chunk)
    yield "subscriptions", make_subscriptions(chunk, extras)
    yield "service_changes", make_service_changes(chunk, extras)
    yield "wallet_estimates", make_wallet_estimates(chunk, extras)


def _tell(business: Business, outbox: Outbox, record: str, frame: pl.DataFrame, chunk: int) -> None:
    """Let every system that knows of a record deliver it."""
    for feed in feeds_of(record):
        outbox.put(feed, tell(feed.source, frame, business.timeline), chunk)
