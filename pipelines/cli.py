"""The command `clientele`: thin verbs over the functions of the rooms. What a verb does stands there; here is only how it is asked for and how it looks."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.errors import ClienteleError
from pipelines.warehouse.workspace import CHECKOUT, Workspace

application = typer.Typer(
    help="A customer-analytics warehouse: deliveries in, one published DuckDB file out.", no_args_is_help=True, add_completion=False
)
screen = Console()
problems = Console(stderr=True)

WorkspaceOption = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="Workspace folder (default: CLIENTELE_WORKSPACE, else data/).")
]


def main() -> None:
    """Run a verb; an error that is written for people is shown as its sentence, with exit status 1."""
    os.environ.setdefault("DAGSTER_HOME", str(CHECKOUT))
    os.chdir(CHECKOUT)
    try:
        application(standalone_mode=True)
    except ClienteleError as fault:
        problems.print(str(fault), style="bold red", highlight=False, soft_wrap=True, markup=False)
        sys.exit(1)


@application.command()
def run(
    workspace: WorkspaceOption = None,
    sample_when_empty: Annotated[
        bool, typer.Option(help="Write a small sample business first when the workspace has no source yet.")
    ] = False,
) -> None:
    """Take in what waits, build everything, publish a new version."""
    from pipelines import display
    from pipelines.defs.run import run_build

    place = _workspace(workspace)
    if sample_when_empty and not any(place.sources.glob("*.yml")):
        _write_sample(place, None, None, None)
    with display.Steps(screen) as steps:
        result = run_build(place, steps.tell)
    if not result.success:
        if result.detail:
            log = place.root / "last-failure.log"
            log.write_text(result.detail + "\n", encoding="utf-8")
            raise ClienteleError(f"{result.failure}\nThe full report is in {log}.")
        raise ClienteleError(result.failure)
    display.closing(screen, place, result.is_new, result.seconds)


@application.command()
def sample(
    out: Annotated[Path | None, typer.Option("--out", help="Workspace folder to write into (default: the current workspace).")] = None,
    customers: Annotated[int | None, typer.Option(min=1, help="Number of customers (default 500).")] = None,
    months: Annotated[int | None, typer.Option(min=1, help="Number of months (default 18).")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed; the same seed gives the same bytes.")] = None,
) -> None:
    """Write the deliveries of a made-up telecom business into a workspace."""
    place = _workspace(out)
    if any(place.sources.glob("*.yml")):
        message = f"{place.sources}: the workspace has sources already; give an empty folder with --out."
        raise ClienteleError(message)
    _write_sample(place, customers, months, seed)
    screen.print(f"Next: clientele run --workspace {place.root}", highlight=False, soft_wrap=True)


@application.command()
def render(
    check: Annotated[bool, typer.Option(help="Write nothing; exit 1 when a file differs.")] = False,
) -> None:
    """Write what follows from the contracts: staging models, dbt sources, the dictionary, and the asset graph as text."""
    from pipelines.rendering import stale, write

    differing = stale() if check else write()
    for path in differing:
        screen.print(f"{'differs' if check else 'wrote'}  {path}", highlight=False)
    if check and differing:
        message = "What is rendered differs from the contracts; run 'make render' and commit the result."
        raise ClienteleError(message)


@application.command()
def policy(
    workspace: WorkspaceOption = None,
    variables: Annotated[bool, typer.Option("--variables", help="Print the dbt variables as JSON.")] = False,
) -> None:
    """Show every policy in force in a workspace: value, unit and reason."""
    from pipelines import display
    from pipelines.policy import load_policy

    place = _workspace(workspace)
    in_force = load_policy(place.policy_file)
    if variables:
        sys.stdout.write(json.dumps({"policy": in_force.as_variables()}, ensure_ascii=False) + "\n")
        return
    display.policies(screen, in_force)


def _workspace(given: Path | None) -> Workspace:
    return Workspace.at(Path(os.environ.get("PWD", ".")) / given) if given is not None else Workspace.current()


def _write_sample(place: Workspace, customers: int | None, months: int | None, seed: int | None) -> None:
    from pipelines import display
    from pipelines.sample import write_sample

    options = {name: value for name, value in (("customers", customers), ("months", months), ("seed", seed)) if value is not None}
    with display.Bar(screen, "sample") as bar:
        write_sample(place.root, progress=bar.tell, **options)


if __name__ == "__main__":
    main()
