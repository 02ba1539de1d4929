"""What a run should say although nothing failed: what was read in another way than today's, what nobody finds, what is in no total."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contracts.model import load_contracts
from pipelines.intake.finding import find
from pipelines.intake.sources import load_sources
from pipelines.warehouse.connection import open_file, open_published

if TYPE_CHECKING:
    from pipelines.warehouse.workspace import Workspace

_LANDED = """
select count(distinct delivery_key), count(distinct delivery_key) filter (not list_contains(?, mapping_key))
from raw.delivery
where source_name = ? and status in ('landed', 'held')
"""


_UNCONVERTED = """
select currency, count(distinct month) from meta.reconciliation_cause where cause = 'no_exchange_rate' group by currency order by currency
"""


def notices(workspace: Workspace) -> list[str]:
    """Sentences for the person, one a matter, after a run that succeeded."""
    said = _unconverted(workspace)
    if not workspace.build_file.exists():
        return said
    with open_file(workspace.build_file, workspace, read_only=True) as build:
        for source in load_sources(workspace, load_contracts()):
            landed, otherwise = build.execute(_LANDED, [[part.mapping_key for part in source.parts], source.name]).fetchone() or (0, 0)
            if otherwise:
                said.append(
                    f"{source.path} has changed since {otherwise} of its {landed} deliveries landed; they stand as they were read then. "
                    f"To read them anew, delete {workspace.build_file.parent} and run again: every delivery is kept in the vault."
                )
            if not landed and source.database is None and not find(workspace, source):
                said.append(f"{source.path}: no file lies at {source.location}; put one there, or correct 'location'.")
    return said


def _unconverted(workspace: Workspace) -> list[str]:
    """Amounts that are in no published total: books in another currency than the policy's look like a business without any business."""
    if not workspace.current_link.exists():
        return []
    with open_published(workspace.current_link) as reader:
        found = reader.execute(_UNCONVERTED).fetchall()
    return [
        f"amounts in {currency}, of {months} months, are not converted and are in no total; where the books are in {currency}, "
        f"say so in {workspace.policy_file}: 'reporting.currency: {currency}'."
        for currency, months in found
    ]
