"""To release or reject a delivery that is held: who decides, why, and what of the ledger follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import ClienteleError
from pipelines.intake import ledger
from pipelines.intake.decisions import Decision, Verdict, record_decision
from pipelines.intake.inventory import TakenDelivery, found, open_landed, taken
from pipelines.intake.tables import make_tables
from pipelines.warehouse.lock import hold
from pipelines.warehouse.vault import open_with_vault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.contracts.model import RecordType
    from pipelines.warehouse.workspace import Workspace


@dataclass(frozen=True)
class Decided:
    """A decision that was taken and entered.

    Attributes:
        delivery: As it was before.
        decision: What was decided.
    """

    delivery: TakenDelivery
    decision: Decision


def decide(workspace: Workspace, contracts: Mapping[str, RecordType], text: str, verdict: Verdict, by: str, reason: str) -> Decided:
    """Release or reject a delivery.

    The state file is written first: should the ledger not follow, because the power fails, the next run enters the decision.

    Args:
        workspace: Whose delivery.
        contracts: Every record type, for the tables of an older build file.
        text: The delivery, by its code, its key or its file.
        verdict: released or rejected.
        by: Who decides.
        reason: Why; published with the ledger.

    Raises:
        ClienteleError: No such delivery, or it is not one to decide on; nothing has changed then.
    """
    with hold(workspace):
        with open_landed(workspace) as build:
            delivery = found(taken(build), text, wanted=_DECIDABLE[verdict])
        _refuse(delivery, verdict)
        with open_with_vault(workspace) as build:
            make_tables(build, workspace, dict(contracts))
            decision = record_decision(workspace, delivery.delivery_key, verdict, by, reason)
            ledger.apply_decisions(build, {delivery.delivery_key: decision})
    return Decided(delivery, decision)


# What each verdict may be given of.
_DECIDABLE = {"released": {"held", "rejected"}, "rejected": {"held"}}


def _refuse(delivery: TakenDelivery, verdict: Verdict) -> None:
    """Refuse a verdict that is already in force, or that a delivery is not open to."""
    named = f"The delivery {delivery.code} ({delivery.file_name})"
    statuses = delivery.statuses
    if statuses & _DECIDABLE[verdict] or (verdict == "rejected" and delivery.is_released):
        if delivery.mends is None:
            return
        message = f"{named} is a replay and follows the delivery that it mends; decide on {delivery.mends}."
    elif verdict == "rejected" and statuses == {"rejected"}:
        message = f"{named} is rejected already; 'clientele release {delivery.code}' would let it count."
    elif "landed" in statuses:
        advice = "" if verdict == "released" else "; to change what it says, deliver a corrected file"
        message = f"{named} is not held: it has landed and counts{advice}."
    else:
        status = " and ".join(sorted(statuses))
        said = next((reading.reason for reading in delivery.readings if reading.reason), "")
        message = f"{named} is not held but {status}{f' ({said})' if said else ''}; there is nothing to decide."
    raise ClienteleError(message)
