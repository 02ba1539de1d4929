"""What people have decided of deliveries that were held, with who and why: kept in the state file, since nothing else could give it again.

A delivery's key is the same whenever its file lands, so that a build made anew from the archive finds every decision again. Who decided
stays in the state file; the rest is published with the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pipelines.errors import ClienteleError
from pipelines.warehouse.connection import open_file
from pipelines.warehouse.lock import hold
from pipelines.warehouse.state import open_state

if TYPE_CHECKING:
    from pipelines.warehouse.workspace import Workspace

Verdict = Literal["released", "rejected"]
# As long as a sentence: it stands in a table.
_MAX_REASON = 500


@dataclass(frozen=True)
class Decision:
    """What was last decided of a delivery.

    Attributes:
        delivery_key: The delivery.
        decision: released (it counts) or rejected (it never will).
        decided_at: When, UTC.
        decided_by: Who; a person's name, so never published.
        reason: Why.
    """

    delivery_key: int
    decision: Verdict
    decided_at: datetime
    decided_by: str
    reason: str

    @property
    def status(self) -> str:
        """What the ledger says of the delivery."""
        return "landed" if self.decision == "released" else "rejected"


def decided(workspace: Workspace) -> dict[int, Decision]:
    """The decision in force for each delivery that a person has decided on, by delivery key.

    Raises:
        ClienteleError: The state file cannot be opened.
    """
    if not workspace.state_file.exists():
        return {}
    with open_file(workspace.state_file, workspace, read_only=True) as state:
        # A state file of an older project has no such table until something is written to it.
        if not state.execute("select 1 from duckdb_tables() where table_name = 'delivery_decision'").fetchone():
            return {}
        rows = state.execute(
            """
            select delivery_key, decision, decided_at, decided_by, reason
            from delivery_decision
            qualify row_number() over (partition by delivery_key order by decision_number desc) = 1
            order by decision_number
            """
        ).fetchall()
    return {row[0]: Decision(*row) for row in rows}


def record_decision(workspace: Workspace, delivery_key: int, decision: Verdict, decided_by: str, reason: str) -> Decision:
    """Keep a decision for ever; of several on one delivery the last is in force.

    Args:
        workspace: Whose state file.
        delivery_key: The delivery.
        decision: released or rejected.
        decided_by: Who decided.
        reason: Why; published with the ledger.

    Raises:
        ClienteleError: No reason or no name is given, or the state file cannot be opened.
    """
    said, who = " ".join(reason.split()), " ".join(decided_by.split())
    if not said:
        message = "A decision needs its reason: say in a sentence why, without naming anybody; it is published with the ledger."
        raise ClienteleError(message)
    if len(said) > _MAX_REASON:
        message = f"The reason has {len(said)} characters; {_MAX_REASON} are enough for a sentence in a table."
        raise ClienteleError(message)
    if not who:
        message = "A decision needs the name of who decides; give it with --by."
        raise ClienteleError(message)
    moment = datetime.now(UTC).replace(tzinfo=None)
    with hold(workspace), open_state(workspace) as state:
        state.execute(
            """
            insert into delivery_decision
            select coalesce(max(decision_number), 0) + 1, ?, ?, ?, ?, ? from delivery_decision
            """,
            [delivery_key, decision, moment, who, said],
        )
    return Decision(delivery_key, decision, moment, who, said)
