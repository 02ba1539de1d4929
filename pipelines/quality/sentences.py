"""What a person is told of deliveries as a whole when a run ends: what is held, what to do, and what warns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contracts.model import load_contracts
from pipelines.intake.delivery_codes import codes
from pipelines.quality.suites import rules
from pipelines.quality.validation import sentence
from pipelines.warehouse.connection import open_file

if TYPE_CHECKING:
    from pipelines.policy import Policy
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.workspace import Workspace

# More lines than these push the figures off the screen.
_MOST_LINES = 5

_HELD = """
select file_name, delivery_key, string_agg(record_type || ': ' || reason, '; ' order by record_type)
from raw.delivery where status = 'held'
group by file_name, delivery_key, delivery_order
order by delivery_order desc, file_name
"""

# Of each source and record type the newest delivery that counts: what an older one was warned of is past.
_WARNINGS = """
with newest as (
    select source_name, record_type, max_by(delivery_key, delivery_order) as delivery_key
    from raw.delivery
    where status = 'landed' and mends_delivery_key is null
    group by source_name, record_type
)
select
    any_value(delivery.file_name), record_type, expectation, min_by(column_name, column_name), count(*) - 1,
    min_by(observed, column_name), min_by(expected_low, column_name), min_by(expected_high, column_name),
    any_value(observed), any_value(expected_low), any_value(expected_high)
from newest
inner join raw.delivery using (source_name, record_type, delivery_key)
inner join raw.delivery_check using (record_type, delivery_key)
where not is_met and severity = 'warning'
group by source_name, record_type, expectation
order by source_name, record_type, expectation
"""


def held_and_warned(workspace: Workspace, policy: Policy) -> list[str]:
    """Sentences, one a delivery or warning, each with what to do; the first few of each kind and how many more there are.

    Args:
        workspace: Whose build file; nothing is said where there is none.
        policy: For the words of the expectations.

    Raises:
        ClienteleError: The build file cannot be opened.
    """
    if not workspace.build_file.exists():
        return []
    with open_file(workspace.build_file, workspace, read_only=True) as build:
        return [*_held(build), *_warned(build, policy)]


def _held(build: Connection) -> list[str]:
    held = build.execute(_HELD).fetchall()
    if not held:
        return []
    code = codes(key for (key,) in build.execute("select distinct delivery_key from raw.delivery").fetchall())
    said = [
        f"Held, not counted: {file_name} ({reason}). If it is right: clientele release {code[key]} --reason '…'; if not: clientele reject "
        f"{code[key]} --reason '…'."
        for file_name, key, reason in held[:_MOST_LINES]
    ]
    return said + _more(len(held), "held", "clientele deliveries --status held")


def _warned(build: Connection, policy: Policy) -> list[str]:
    found = build.execute(_WARNINGS).fetchall()
    suites = {name: {rule.name: rule for rule in rules(record, policy)} for name, record in load_contracts().items()}
    said = []
    for file_name, record_type, name, column, others, *figures in found[:_MOST_LINES]:
        # Of the delivery as a whole there is one line, without a column to choose it by.
        observed, low, high = figures[:3] if column is not None else figures[3:]
        more = f", and {others} more of its columns" if others else ""
        words = sentence(suites[record_type][name], column, observed, low, high)
        said.append(f"Warning: {file_name} ({record_type}): {words}{more}. It counts; look whether the delivering system has changed.")
    return said + _more(len(found), "warned of", "from meta.delivery_check where not is_met")


def _more(count: int, what: str, where: str) -> list[str]:
    return [f"… and {count - _MOST_LINES:,} more {what}: {where}"] if count > _MOST_LINES else []
