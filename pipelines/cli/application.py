"""What the verbs share: the application that they register with, the options, and the place that they work at."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.errors import ClienteleError
from pipelines.warehouse.workspace import CHECKOUT, Workspace

# An unforeseen fault shows where it happened, never the values at hand: they may be personal.
application = typer.Typer(
    help="A customer-analytics warehouse: deliveries in, one published DuckDB file out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

WorkspaceOption = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="Workspace folder (default: CLIENTELE_WORKSPACE, else data/ in the checkout).")
]


def place_of(given: Path | None) -> Workspace:
    """The workspace named on the command line, else the current one."""
    return Workspace.current() if given is None else Workspace.at(given)


def existing_place(given: Path | None) -> Workspace:
    """The same, where it must be there.

    Raises:
        ClienteleError: There is no such folder.
    """
    place = place_of(given)
    if not place.root.is_dir():
        message = f"{place.root}: there is no such workspace folder; check the path, or make one with 'clientele sample --out'."
        raise ClienteleError(message)
    return place


@contextlib.contextmanager
def in_checkout(place: Workspace) -> Any:
    """Where Dagster finds its instance, whose folders are relative to it, and with the workspace as the current one for all that asks."""
    os.environ.setdefault("DAGSTER_HOME", str(CHECKOUT))
    os.environ["CLIENTELE_WORKSPACE"] = str(place.root)
    with contextlib.chdir(CHECKOUT):
        yield
