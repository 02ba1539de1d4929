"""Before anything lands, each delivery is bound to the columns that it has and each expression is tried: faults come first and together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import ClienteleError
from pipelines.intake import ledger
from pipelines.intake.faults import DeliveryError
from pipelines.intake.mapping import Mapping, bind
from pipelines.warehouse.connection import Connection, DatabaseError, identifier, open_sandbox

if TYPE_CHECKING:
    from pipelines.intake.deliveries import Delivery
    from pipelines.intake.reading import Survey
    from pipelines.intake.sources import Source
    from pipelines.warehouse.workspace import Workspace


def plan(workspace: Workspace, build: Connection, waiting: list[Delivery]) -> list[tuple[Delivery, list[Mapping]]]:
    """Bind each delivery's feeds to its header; what cannot be taken in is entered as refused.

    Raises:
        ClienteleError: For all deliveries at fault together.
    """
    plans: list[tuple[Delivery, list[Mapping]]] = []
    faults: list[DeliveryError] = []
    checked: set[tuple[str, tuple[str, ...], tuple[str, ...]]] = set()
    for delivery in waiting:
        source, mappings = delivery.source, []
        try:
            if delivery.fault is not None and not delivery.repeats:
                raise delivery.fault
            if not delivery.repeats and delivery.survey is not None:
                mappings = [bind(source, feed, delivery.survey, delivery.path) for feed in source.feeds]
                shape = source.name, delivery.survey.header, delivery.survey.kinds
                if shape not in checked:
                    _check_expressions(workspace, source, mappings, delivery.survey)
                    checked.add(shape)
        except DeliveryError as fault:
            ledger.record_status(build, delivery, "refused", fault.reason)
            faults.append(fault)
        plans.append((delivery, mappings))
    if faults:
        raise _together(faults)
    return plans


def _check_expressions(workspace: Workspace, source: Source, mappings: list[Mapping], held: Survey) -> None:
    """Have each mapping run over no row, so that an unknown type or a wrong argument shows before anything is landed."""
    columns = ", ".join(f"cast(null as {held.kind(name)}) as {identifier(name)}" for name in held.header)
    with open_sandbox([], workspace.temp / "trial", source.time_zone) as sandbox:
        sandbox.execute(f"create view delivered as select {columns} limit 0")
        for mapping in mappings:
            try:
                sandbox.execute(mapping.query)
                sandbox.execute(mapping.faults_query)
            except DatabaseError as fault:
                reason = f"an expression of the feed {mapping.feed.record.name} cannot be computed ({str(fault).splitlines()[0]})"
                raise DeliveryError(source.path, reason, "correct it") from fault


def _together(faults: list[DeliveryError]) -> ClienteleError:
    """One error for all, in which each fault is said once."""
    sentences = list(dict.fromkeys(map(str, faults)))
    if len(sentences) == 1:
        return ClienteleError(sentences[0])
    rest = "\n".join(f"  {sentence}" for sentence in sentences[1:])
    return ClienteleError(f"{sentences[0]}\nand what else cannot be taken in:\n{rest}")
