"""Verbs at the door: what was delivered, and what a person decides of it."""

from __future__ import annotations

import shlex
from typing import Annotated, Literal

import typer

from pipelines.cli.application import WorkspaceOption, application, existing_place, place_of

Reason = Annotated[str, typer.Option("--reason", help="Why, in a sentence that names nobody: it is published in meta.delivery_ledger.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides (default: your login name); never published.")]
Delivery = Annotated[str, typer.Argument(metavar="DELIVERY", help="Its code (or the beginning of it), or the name of its file.")]


@application.command()
def deliveries(
    workspace: WorkspaceOption = None,
    source: Annotated[str | None, typer.Option("--source", help="Only deliveries of this source.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="Only those landed, held, rejected, skipped or refused.")] = None,
    last: Annotated[int | None, typer.Option("--last", min=1, help="Only so many, the newest.")] = None,
) -> None:
    """List what was delivered and what became of it, the newest last."""
    from pipelines import display, listing
    from pipelines.intake.inventory import open_landed, selected, taken

    with open_landed(existing_place(workspace)) as build:
        found = selected(taken(build), source, status, last)
    screen = display.standard_output()
    if found:
        listing.deliveries(screen, found, at_workspace(workspace))
    elif screen.is_terminal:
        display.say(screen, f"No delivery{f' is {status}' if status else ' was taken in'}.")


@application.command()
def release(delivery: Delivery, reason: Reason, by: By = None, workspace: WorkspaceOption = None) -> None:
    """Let a delivery that is held (or was rejected) count."""
    _decide(workspace, delivery, "released", by, reason)


@application.command()
def reject(delivery: Delivery, reason: Reason, by: By = None, workspace: WorkspaceOption = None) -> None:
    """Keep a delivery that is held (or was released) out for good."""
    _decide(workspace, delivery, "rejected", by, reason)


def _decide(workspace: WorkspaceOption, delivery: str, verdict: Literal["released", "rejected"], by: str | None, reason: str) -> None:
    import getpass

    from pipelines import display
    from pipelines.contracts.model import load_contracts
    from pipelines.intake.deciding import decide

    place = existing_place(workspace)
    done = decide(place, load_contracts(), delivery, verdict, getpass.getuser() if by is None else by, reason)
    screen = display.standard_output()
    named, effect = f"{done.delivery.code} ({done.delivery.file_name})", "counts" if verdict == "released" else "does not count"
    display.say(screen, f"{verdict.capitalize()} {named} by {done.decision.decided_by}: it {effect} from the next publication on.")
    display.say(screen, f"To publish that: clientele run{at_workspace(workspace)}")


def at_workspace(given: WorkspaceOption) -> str:
    """What the next command needs to find the same workspace."""
    return f" --workspace {shlex.quote(str(place_of(given).root))}" if given is not None else ""
