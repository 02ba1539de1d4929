"""Verbs that build: run, and those that show what a build stands on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.application import WorkspaceOption, application, existing_place, in_checkout, place_of
from pipelines.cli.making import has_sources, write_default_sample
from pipelines.errors import ClienteleError
from pipelines.warehouse.workspace import CHECKOUT, Workspace


@application.command()
def run(
    workspace: WorkspaceOption = None,
    sample_when_empty: Annotated[
        bool, typer.Option("--sample-when-empty", help="Write a small sample business first when the workspace has no source yet.")
    ] = False,
    known_by: Annotated[
        str | None,
        typer.Option(
            "--known-by",
            metavar="MOMENT",
            help="Take in and publish nothing; write to --out what would have been said at that moment: 2026-03-31T23:59:59Z, or a day.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="The file to write, with --known-by.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file of --out when it is there.")] = False,
) -> None:
    """Take in what waits, build everything, publish a new version."""
    from pipelines import display

    place = place_of(workspace)
    if known_by is not None or out is not None:
        if known_by is None or out is None:
            message = "--known-by and --out go together: the moment, and the file to write, such as --out known.duckdb."
            raise ClienteleError(message)
        _run_known_by(existing_place(place.root), known_by, out.expanduser().absolute(), overwrite=overwrite)
        return
    if sample_when_empty and _is_untouched(place):
        write_default_sample(place)
    existing_place(place.root)
    screen = display.standard_output()
    with in_checkout(place), display.Steps(screen) as steps:
        from pipelines.defs.run import run_build

        result = run_build(place, steps.tell)
    if not result.success:
        raise ClienteleError(_failure(place, result.failure, result.detail))
    place.failure_report.unlink(missing_ok=True)
    display.closing(screen, place, result.is_new, result.seconds)
    from pipelines.intake.notices import notices

    for sentence in (*result.said, *notices(place)):
        display.say(screen, f"Note: {sentence}")


def _run_known_by(place: Workspace, known_by: str, out: Path, *, overwrite: bool) -> None:
    from pipelines import display

    screen = display.standard_output()
    try:
        with in_checkout(place), display.Steps(screen) as steps:
            from pipelines.defs.known_by import run_known_by

            result = run_known_by(place, known_by, out, steps.tell, overwrite=overwrite)
    except KeyboardInterrupt as fault:
        message = "The run was interrupted; nothing was written."
        raise ClienteleError(message) from fault
    if not result.success:
        raise ClienteleError(_failure(place, result.failure, result.detail))
    display.closing_known_by(screen, out, known_by, place.current_link, result.seconds)


@application.command()
def render(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a file differs.")] = False,
) -> None:
    """Write what follows from the contracts: staging models, dbt sources, the dictionary, and the asset graph as text."""
    from pipelines.rendering import stale, write

    differing = stale() if check else write()
    for path in differing:
        sys.stdout.write(f"{'differs' if check else 'wrote'}  {path}\n")
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

    place = place_of(None) if workspace is None else existing_place(workspace)
    in_force = load_policy(place.policy_file)
    if variables:
        sys.stdout.write(json.dumps({"policy": in_force.as_variables()}, ensure_ascii=False) + "\n")
    else:
        display.policies(display.standard_output(), in_force)


def _is_untouched(place: Workspace) -> bool:
    """Whether an invented business may be put here: nobody's sources or files are in the way, and the folder is not a mistyped path."""
    is_meant = place.root.is_dir() or place.root == CHECKOUT / "data"
    return is_meant and not has_sources(place) and not any(path.is_file() for path in place.landing.rglob("*"))


def _failure(place: Workspace, sentence: str, detail: str) -> str:
    """What failed, as the person reads it; the full words behind it go to a file."""
    sentence = sentence or "The run failed and did not say why."
    if not detail:
        return sentence
    place.failure_report.write_text(detail + "\n", encoding="utf-8")
    return f"{sentence}\nThe full report is in {place.failure_report}."
