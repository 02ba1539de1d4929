"""The verb that says, before anything runs, what a file would come to."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.application import WorkspaceOption, application, place_of
from pipelines.cli.door import at_workspace
from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pipelines.contracts.record_type import RecordType
    from pipelines.warehouse.workspace import Workspace


@application.command()
def check(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The file, anywhere on the disk.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--source", metavar="NAME", help="The source to read it with, by its name or its YAML file (default: by where it lies)."
        ),
    ] = None,
    record: Annotated[
        str | None, typer.Option("--record", metavar="TYPE", help="Without a source: the record type that it is, such as invoices.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Without a source: where to write the one that is proposed (default: shown)."),
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Say what a file is and what a run would make of it, without changing anything; with no source for it, propose one."""
    from pipelines.checkup.files import check_path, source_for
    from pipelines.contracts.model import load_contracts

    place = place_of(workspace)
    path = path.expanduser().absolute()
    check_path(path)
    contracts = load_contracts()
    known = source_for(place, contracts, path, source)
    if known is None:
        _propose(place, path, contracts, record, out.expanduser().absolute() if out is not None else None, workspace)
        return
    if record is not None or out is not None:
        message = f"{path}: is read with the source '{known.name}'; --record and --out are for a file without a source."
        raise ClienteleError(message)
    from pipelines import display
    from pipelines.checkup.rehearsal import rehearse
    from pipelines.checkup.screen import Patience, checkup, standard_error
    from pipelines.checkup.sniffing import refuse_strange
    from pipelines.policy import load_policy

    refuse_strange(path)
    with Patience(standard_error(), path.name) as patience:
        found = rehearse(place, known, path, load_policy(place.policy_file), patience.tell)
    named = f" --source {shlex.quote(source)}" if source is not None else ""
    again = f"clientele check {shlex.quote(str(path))}{named}{at_workspace(workspace)}"
    if found.objection is None:
        steps = [f"clientele run{at_workspace(workspace)}"]
    else:
        # What has been delivered before needs no mending.
        steps = [f"mend the file or {known.path}, then {again}"] if not found.is_known else []
    checkup(display.standard_output(), found, steps)
    if found.objection is not None:
        raise typer.Exit(1)


def _propose(
    place: Workspace, path: Path, contracts: dict[str, RecordType], record: str | None, out: Path | None, workspace: WorkspaceOption
) -> None:
    """Show or write a source for a file that none reads, and check the file with it."""
    from pipelines import display
    from pipelines.checkup.proposing import propose
    from pipelines.checkup.rehearsal import rehearse
    from pipelines.checkup.screen import Patience, checkup, standard_error
    from pipelines.checkup.source_text import source_text
    from pipelines.intake.sources import load_source
    from pipelines.policy import load_policy

    if out is not None and out.exists():
        message = f"{out}: is there already; name another file with --out."
        raise ClienteleError(message)
    policy = load_policy(place.policy_file)
    with Patience(standard_error(), path.name) as patience:
        proposal = propose(path, contracts, record)
    text = source_text(proposal, place, policy)
    # The text is for a file; what is said of it is for the person.
    screen = standard_error() if out is None else display.standard_output()
    if out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as fault:
            message = f"{out}: cannot be written ({fault.strerror}); check the folder."
            raise ClienteleError(message) from fault
        display.say(screen, f"Wrote {out}.")
    for doubt in proposal.doubts:
        display.say(screen, f"To confirm: {doubt}.", style="yellow")
    if proposal.lacking:
        message = (
            f"{path}: looks like {proposal.best.record.name}, but no column was found for {' and '.join(proposal.lacking)}; "
            f"complete the source, or name another type with --record."
        )
        raise ClienteleError(message)
    with TemporaryDirectory(prefix="clientele-check-") as folder:
        file = Path(folder) / "proposed.yml"
        file.write_text(text, encoding="utf-8")
        with Patience(standard_error(), path.name) as patience:
            found = rehearse(place, load_source(file, contracts), path, policy, patience.tell)
    kept = out if out is not None else "PROPOSAL.yml"
    checkup(
        screen,
        found,
        [f"look at each '# confirm' in the source, then clientele check {shlex.quote(str(path))} --source {kept}{at_workspace(workspace)}"],
    )
    if found.objection is not None:
        raise typer.Exit(1)
