"""`clientele quarantine`: the rows that could not land, seen, handed out to be mended, and replayed."""

from __future__ import annotations

import shlex
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.application import WorkspaceOption, application, existing_place
from pipelines.cli.door import at_workspace
from pipelines.errors import ClienteleError
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.intake.sources import Source

quarantine = typer.Typer(help="Rows that could not land: list, show, export, replay.", no_args_is_help=True)
application.add_typer(quarantine, name="quarantine")

SourceOption = Annotated[str | None, typer.Option("--source", help="Only deliveries of this source.")]
DeliveryOption = Annotated[str | None, typer.Option("--delivery", help="Only this one: its code, or the name of its file.")]
RecordOption = Annotated[str | None, typer.Option("--record", help="Only rows that could not land as this record type.")]


@quarantine.command("list")
def list_counts(workspace: WorkspaceOption = None, source: SourceOption = None, delivery: DeliveryOption = None) -> None:
    """Count them by delivery, record type, column and rule; a row that breaks two rules is in two lines."""
    from pipelines import display, listing
    from pipelines.intake.inventory import open_landed
    from pipelines.intake.quarantine.inventory import fault_counts

    place = existing_place(workspace)
    with open_landed(place, with_vault=True) as build:
        counts = fault_counts(build, source, delivery)
    screen = display.standard_output()
    if counts:
        listing.fault_counts(screen, counts)
    if not screen.is_terminal:
        return
    waiting = next((count.delivery.code for count in reversed(counts) if count.open_rows), None)
    if waiting is None:
        display.say(screen, "No row waits in quarantine.")
    else:
        display.say(screen, f"To see rows: clientele quarantine show {waiting}{at_workspace(workspace)}")


@quarantine.command()
def show(
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="Its code (or the beginning of it), or the name of its file.")],
    workspace: WorkspaceOption = None,
    record: RecordOption = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Only rows that break this rule.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")] = 20,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show personal values too.")] = False,
) -> None:
    """Show rows with every rule that they break; what is or may be personal is masked."""
    from pipelines import display, listing
    from pipelines.intake.inventory import open_landed
    from pipelines.intake.quarantine.inventory import quarantined_rows
    from pipelines.intake.quarantine.masking import Masking

    place = existing_place(workspace)
    with open_landed(place, with_vault=True) as build:
        found = list(islice(quarantined_rows(build, delivery=delivery, record_type=record, rule=rule), limit + 1))
    screen = display.standard_output()
    shown = found[:limit]
    if shown:
        source = _sources(place).get(shown[0].delivery.source_name)
        listing.quarantined_rows(screen, shown, None if reveal else Masking.of(source))
    if not screen.is_terminal:
        return
    if not shown:
        display.say(screen, "No such row waits in quarantine.")
        return
    if len(found) > limit:
        display.say(screen, f"… and more; --limit shows more than {limit}.")
    display.say(
        screen, f"To mend them: clientele quarantine export --delivery {shown[0].delivery.code} --out mended.csv{at_workspace(workspace)}"
    )


@quarantine.command()
def export(
    out: Annotated[Path, typer.Option("--out", help="A new file ending in .csv, or a folder for rows with different columns.")],
    workspace: WorkspaceOption = None,
    source: SourceOption = None,
    delivery: DeliveryOption = None,
    record: RecordOption = None,
) -> None:
    """Write rows to a file that a spreadsheet opens, to be mended there and replayed. Holds personal data."""
    from pipelines import display
    from pipelines.intake.inventory import open_landed
    from pipelines.intake.quarantine import exporting
    from pipelines.intake.quarantine.inventory import quarantined_rows

    place = existing_place(workspace)
    with open_landed(place, with_vault=True) as build:
        waiting = partial(quarantined_rows, build, source, delivery, record)
        written = exporting.export(waiting, out.expanduser().resolve(), exporting.header_reader(place, _sources(place)))
    screen = display.standard_output()
    if not written:
        display.say(screen, "No such row waits in quarantine; nothing was written.")
    for file in written:
        rows = "1 row" if file.rows == 1 else f"{file.rows:,} rows"
        display.say(screen, f"Wrote {rows} of {file.source_name} to {file.path}, readable by you alone: it holds personal data.")
        if file.with_text:
            display.say(
                screen, f"  {file.with_text:,} could not be split into cells: fill them in from the last column, _row_text, which may stay."
            )
    for file in written:
        next_command = f"clientele quarantine replay {shlex.quote(str(file.path))}{at_workspace(workspace)}"
        display.say(screen, f"Mend the cells, leave the columns that begin with _ alone, then: {next_command}")


@quarantine.command()
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What 'quarantine export' wrote, with its rows mended.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Land mended rows; what is still wrong stays in quarantine."""
    from pipelines import display, listing
    from pipelines.intake.replay.replaying import replay as land_mended
    from pipelines.policy import load_policy

    place = existing_place(workspace)
    report = land_mended(place, load_policy(place.policy_file), file.expanduser().resolve())
    screen = display.standard_output()
    listing.replayed(screen, report)
    if report.wrong:
        next_command = f"clientele quarantine replay {shlex.quote(str(file))}{at_workspace(workspace)}"
        display.say(screen, f"Mend these lines and replay the same file again: {next_command}")
    if report.is_new:
        display.say(screen, f"To publish what has left the quarantine: clientele run{at_workspace(workspace)}")


def _sources(place: Workspace) -> dict[str, Source]:
    """The sources as they are today; none where they cannot be read, which masks everything."""
    from pipelines.contracts.model import load_contracts
    from pipelines.intake.sources import load_sources

    try:
        return {source.name: source for source in load_sources(place, load_contracts())}
    except ClienteleError:
        return {}
