"""The command `clientele`: thin verbs over the functions of the rooms.

What a verb does stands there; here is only how it is asked for and how it looks. A module a group of verbs; `--help` lists them in the
order in which the modules are imported.
"""

from __future__ import annotations

import io
import sys

import typer

from pipelines.cli import building, check, door, making, quarantine
from pipelines.cli.application import application
from pipelines.errors import ClienteleError

__all__ = ["application", "building", "check", "door", "main", "making", "quarantine"]


def main() -> None:
    """Run a verb; an error that is written for people is shown as its sentence, with exit status 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A screen or file that lacks a character gets another in its place, rather than the run an end.
            stream.reconfigure(errors="replace")
    try:
        application(prog_name="clientele")
    except ClienteleError as fault:
        typer.secho(str(fault), err=True, bold=True, fg=typer.colors.RED)
        sys.exit(1)
