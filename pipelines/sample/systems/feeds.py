"""All that the systems deliver: the feeds, which record each tells, and how it tells it."""

from collections.abc import Callable
from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed
from pipelines.sample.systems import (
    billing,
    call_centre,
    campaigning,
    collections_ledger,
    complaints_desk,
    crm,
    finance,
    harbour,
    hr,
    key_accounts,
    leasing,
    mediation,
    network,
    stewards,
    surveying,
)
from pipelines.sample.timeline import Timeline

# Feeds whose rows are those of the records layer: the record that is told, and how.
_PLAIN: Final[tuple[tuple[Feed, str, Callable[[pl.DataFrame], pl.DataFrame]], ...]] = (
    (crm.CUSTOMERS, "customers", crm.tell_customers),
    (crm.ACCOUNTS, "accounts", crm.tell_accounts),
    (crm.SUBSCRIPTIONS, "subscriptions", crm.tell_subscriptions),
    (crm.SERVICE_CHANGES, "service_changes", crm.tell_service_changes),
    (crm.CONSENTS, "consents", crm.tell_consents),
    (billing.INVOICES, "invoices", billing.tell_invoices),
    (billing.INVOICE_LINES, "invoice_lines", billing.tell_invoice_lines),
    (billing.PAYMENTS, "payments", billing.tell_payments),
    (billing.BALANCES, "balances", billing.tell_balances),
    (call_centre.CONTACTS, "contacts", call_centre.tell_contacts),
    (complaints_desk.COMPLAINTS, "complaints", complaints_desk.tell_complaints),
    (complaints_desk.EVENTS, "complaint_events", complaints_desk.tell_events),
    (key_accounts.CUSTOMERS, "key_accounts", key_accounts.tell_customers),
    (key_accounts.WALLET, "wallet_estimates", key_accounts.tell_wallet),
    (mediation.USAGE, "usage", mediation.tell_usage),
    (surveying.RESPONSES, "surveys", surveying.tell_responses),
    (collections_ledger.PROMISES, "promises_to_pay", collections_ledger.tell_promises),
    (network.INCIDENTS, "incidents", network.tell_incidents),
    (campaigning.CAMPAIGNS, "campaigns", campaigning.tell_campaigns),
    (campaigning.MEMBERS, "campaign_members", campaigning.tell_members),
    (finance.TARGETS, "targets", finance.tell_targets),
    (finance.CUSTODY_BALANCES, "custody_balances", finance.tell_custody_balances),
    (finance.EXCHANGE_RATES, "exchange_rates", finance.tell_exchange_rates),
    (finance.BUSINESS_CALENDAR, "business_calendar", finance.tell_business_calendar),
    (finance.SERVICE_TARGETS, "service_targets", finance.tell_service_targets),
    (harbour.INVOICES, "invoices", harbour.tell_invoices),
    (harbour.PAYMENTS, "payments", harbour.tell_payments),
    (leasing.INVOICES, "invoices", leasing.tell_invoices),
    (leasing.PAYMENTS, "payments", leasing.tell_payments),
    (stewards.IDENTITY_DECISIONS, "identity_decisions", stewards.tell_identity_decisions),
)
# Feeds of whole lists that are made of what is new or changed.
_LISTS: Final[tuple[tuple[Feed, str, Callable[[pl.DataFrame, Timeline], pl.DataFrame]], ...]] = (
    (crm.PRODUCTS, "products", crm.tell_products),
    (hr.EMPLOYEES, "employees", hr.tell_employees),
    (hr.ORGANISATION_UNITS, "organisation_units", hr.tell_organisation_units),
    (harbour.CUSTOMERS, "customers", harbour.tell_customers),
    (leasing.CUSTOMERS, "customers", leasing.tell_customers),
)

FEEDS: Final[tuple[Feed, ...]] = (*(feed for feed, _, _ in _PLAIN), *(feed for feed, _, _ in _LISTS))
# Name of the records layer's frame that each source tells; the register of key accounts is a frame of its own, `key_accounts`.
RECORD_OF: Final[dict[str, str]] = {feed.source: record for feed, record, *_ in (*_PLAIN, *_LISTS)}
_TELL_PLAIN: Final = {feed.source: tell for feed, _, tell in _PLAIN}
_TELL_LIST: Final = {feed.source: tell for feed, _, tell in _LISTS}


# Sources whose rows are put in the order of their first column, a number that tells nothing: the order of the records layer is that of the
# true customers, and the same in every system.
_BY_NUMBER: Final = frozenset(
    feed.source
    for feed in FEEDS
    if feed.source.startswith(("crm_", "harbour_", "leasing_", "key_accounts_", "mediation_", "collections_"))
    and feed.source != "crm_products"
)


def feeds_of(record: str) -> list[Feed]:
    """The feeds that tell a frame of the records layer, in the order of FEEDS."""
    return [feed for feed in FEEDS if RECORD_OF[feed.source] == record]


def tell(source: str, frame: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """The rows of a source's files, with the month of each in `delivered`.

    Args:
        source: Name of the source: a key of RECORD_OF.
        frame: The records layer's frame of that record, of one chunk or of the whole business. Rows of other companies are left out.
        timeline: The months; whole lists are made for each of them.

    Raises:
        KeyError: There is no such source.
    """
    told = _TELL_LIST[source](frame, timeline) if source in _TELL_LIST else _TELL_PLAIN[source](frame)
    if source not in _BY_NUMBER:
        return told
    number = next(name for name in told.columns if name != "delivered")
    return told.sort("delivered", number, nulls_last=True, maintain_order=True)
