"""Each feed on its whole way: a typed frame is told, written, taken in by the intake, and the tables hold what the frame held."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import pipelines.sample.systems
from pipelines.sample.deliveries import Outbox, Rates
from pipelines.sample.deliveries.rates import UNREADABLE
from pipelines.sample.systems import numbers
from pipelines.sample.systems.feeds import FEEDS, RECORD_OF, tell
from tests.intake.world import World
from tests.sample.systems.frames import CONTRACTS, MEASURED, TIMELINE, UNITS, frame_of, in_utc, is_numbered

if TYPE_CHECKING:
    from pipelines.contracts.record_type import Property
    from pipelines.intake.landing import LandingReport

SOURCES = Path(pipelines.sample.systems.__file__).parents[1] / "sources"
SOURCE_NAMES = [feed.source for feed in FEEDS]
UNIT_OF = {"harbour": 1, "leasing": 2}
# What comes after the system's name in the name of a source, the longest first.
ENDINGS: tuple[str, ...] = (
    "identity_decisions",
    "organisation_units",
    "business_calendar",
    "custody_balances",
    "service_changes",
    "service_targets",
)
ENDINGS += ("exchange_rates", "invoice_lines", "subscriptions", "complaints", "customers", "campaigns", "employees", "incidents")
ENDINGS += ("responses", "accounts", "balances", "consents", "contacts", "invoices", "payments", "products", "promises", "members")
ENDINGS += ("targets", "events", "wallet", "usage")
WITHOUT_SECONDS = ("billing", "harbour")
OWNERS = {"customer": "crm", "account": "crm", "subscription": "crm", "employee": "hr"}
NUMBER = {
    "account": numbers.account_number,
    "subscription": numbers.subscription_number,
    "employee": numbers.employee_number,
    "contact": numbers.contact_number,
    "complaint": numbers.complaint_number,
    "campaign": numbers.campaign_number,
    "service_change": numbers.change_number,
    "survey_response": numbers.response_number,
    "incident": numbers.incident_number,
    "promise": numbers.promise_number,
}
# What a system does not say of a record.
NOT_TOLD = {
    "key_accounts_customers": {"birth_date", "gender", "occupation"},
    "harbour_customers": {"industry", "occupation", "manager_id", "parent_customer_id"},
    "leasing_customers": {"manager_id", "parent_customer_id"},
    "harbour_invoices": {"account_id", "period_start", "period_end"},
    "harbour_payments": {"account_id"},
    "leasing_invoices": {"account_id", "currency"},
    "leasing_payments": {"account_id", "currency"},
    "mediation_usage": {"account_id"},
}


class Everything:
    """A workspace into which every system has delivered every record once."""

    def __init__(self, root: Path) -> None:
        self.world = World(root)
        shutil.copytree(SOURCES, self.world.workspace.sources)
        outbox = Outbox(self.world.workspace.landing, TIMELINE, 1, Rates.of(0))
        for feed in FEEDS:
            outbox.put(feed, tell(feed.source, frame_of(RECORD_OF[feed.source]), TIMELINE))
        outbox.close()
        self.report: LandingReport = self.world.land()


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Everything:
    return Everything(tmp_path_factory.mktemp("everything"))


def record_of(source: str) -> str:
    return {"key_accounts": "customers"}.get(RECORD_OF[source], RECORD_OF[source])


def system_of(source: str) -> str:
    return source.removesuffix("_" + next(end for end in ENDINGS if source.endswith("_" + end)))


def told(source: str) -> list[str]:
    return [item.name for item in CONTRACTS[record_of(source)].properties if item.name not in NOT_TOLD.get(source, ())]


def number(item: Property, value: int, source: str, row: dict[str, Any]) -> str:
    """A number as the system that gave it writes it."""
    whole = pl.lit(value, dtype=pl.Int64)
    kind = item.surrogate or item.event_key or ""
    unit = UNIT_OF.get(system_of(source), 0)
    if item.system_from:
        written = numbers.own_customer_number(whole)
    elif kind == "customer":
        written = numbers.key_account_number(whole) if source == "key_accounts_customers" else numbers.customer_number(whole, unit)
    elif kind in ("invoice", "payment"):
        written = {"invoice": numbers.invoice_number, "payment": numbers.payment_number}[kind](whole, unit)
    else:
        written = NUMBER[kind](whole)
    return str(pl.select(written).item())


def owner(item: Property, source: str, row: dict[str, Any]) -> str:
    """The system whose number an id of a person or organisation is."""
    if item.system_from:
        return str(row[item.system_from])
    system = system_of(source)
    if item.surrogate == "customer" and (system in UNIT_OF or source == "key_accounts_customers"):
        return system
    return OWNERS[item.surrogate or ""]


def expected(item: Property, row: dict[str, Any], source: str) -> Any:
    """What the table has in the place of a frame's value."""
    kind = {"industry": "organisation", "occupation": "person"}.get(item.name) if source == "crm_customers" else None
    value = row[item.name] if kind in (None, row.get("customer_type")) else None
    if item.name == "customer_type" and source == "key_accounts_customers":
        value = "organisation"
    if value is None:
        return None
    if is_numbered(item):
        written = number(item, value, source, row)
        return (owner(item, source, row), written) if item.surrogate else written
    if isinstance(value, datetime):
        return in_utc(value.replace(second=0) if system_of(source) in WITHOUT_SECONDS else value)
    if item.logical_type == "number":
        return Decimal(str(value)) if item.name in MEASURED else Decimal(value) / (10_000 if item.name == "unit_price" else 100)
    return value


def landed(everything: Everything, source: str) -> list[tuple[Any, ...]]:
    """The landed rows of a source: ids of people and organisations as system and number, personal values from the vault."""
    record = CONTRACTS[record_of(source)]
    columns = []
    for item in [record.property(name) for name in told(source)]:
        if item.surrogate:
            columns.append(f"(select (source_system, source_id) from vault.registry as k where k.surrogate = r.{item.key_column})")
        else:
            columns.append(f"{'p' if item.is_personal else 'r'}.{item.name}")
    personal = f"left join vault.personal.{record.name} as p using (_delivery_key, _row_number)"
    join = personal if any(item.is_personal and not item.surrogate for item in record.properties) else ""
    return everything.world.rows(f"select {', '.join(columns)} from raw.{record.name} as r {join} where _source_name = '{source}'")


def as_told(source: str) -> list[tuple[Any, ...]]:
    frame = frame_of(RECORD_OF[source])
    if "unit" in frame.columns and RECORD_OF[source] in UNITS:
        frame = frame.filter(pl.col("unit") == UNIT_OF.get(system_of(source), 0))
    record = CONTRACTS[record_of(source)]
    if source == "key_accounts_customers":
        frame = frame.filter(pl.col("delivered") == 0)  # each month has the same
    return [tuple(expected(record.property(name), row, source) for name in told(source)) for row in frame.to_dicts()]


@pytest.mark.parametrize("source", SOURCE_NAMES)
def test_the_tables_hold_what_the_frame_held(everything: Everything, source: str) -> None:
    assert sorted(set(landed(everything, source)), key=repr) == sorted(as_told(source), key=repr)


@pytest.mark.parametrize("source", SOURCE_NAMES)
def test_no_row_is_quarantined_and_only_control_totals_are_left_out(everything: Everything, source: str) -> None:
    feeds = [feed for feed in everything.report.feeds if feed.source_name == source]
    assert {feed.status for feed in feeds} == {"landed"}
    assert sum(feed.counts.rows_quarantined for feed in feeds) == 0
    assert [feed.counts.rows_excluded for feed in feeds] == [int(source == "billing_invoices")] * len(feeds)
    has_lists = next(feed for feed in FEEDS if feed.source == source).is_full
    assert len(feeds) == (TIMELINE.count if has_lists else 2), "a file a month in which there was something to tell"


def test_every_column_that_is_mapped_is_delivered_and_every_one_delivered_is_mapped(everything: Everything) -> None:
    assert everything.report.absent_columns == ()
    assert everything.report.unread_columns == ()


def test_every_record_type_is_delivered() -> None:
    assert {record_of(source) for source in SOURCE_NAMES} == set(CONTRACTS)


def test_of_spoilt_files_exactly_the_rows_that_were_spoilt_end_in_quarantine(tmp_path: Path) -> None:
    world = World(tmp_path)
    shutil.copytree(SOURCES, world.workspace.sources)
    outbox = Outbox(world.workspace.landing, TIMELINE, 3, Rates.of(8, empty=0))
    for feed in FEEDS:
        outbox.put(feed, tell(feed.source, frame_of(RECORD_OF[feed.source], 300), TIMELINE))
    sent = outbox.close()
    report = world.land()
    spoilt = Counter(sent.dirt.filter(pl.col("kind").is_in(UNREADABLE))["path"].to_list())
    assert {feed.file_name: feed.counts.rows_quarantined for feed in report.feeds if feed.counts.rows_quarantined} == {
        f"landing/{path}": count for path, count in spoilt.items()
    }
    assert {feed.status for feed in report.feeds} == {"landed"}
    expected_dirt = {"reordered", "new_column", "truncated", "repeated_file", "foreign_currency", "orphan", "total_differs", "bad_encoding"}
    assert set(sent.counts) >= expected_dirt
