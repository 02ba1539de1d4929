"""The verb `sample`: a made-up business."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.application import application, place_of
from pipelines.errors import ClienteleError
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.sample import SampleSummary


@application.command()
def sample(
    out: Annotated[
        Path | None, typer.Option("--out", help="Workspace folder to write into, an empty one (default: CLIENTELE_WORKSPACE).")
    ] = None,
    industry: Annotated[str, typer.Option(help="telecom, bank or utility.")] = "telecom",
    customers: Annotated[int | None, typer.Option(help="Number of true customers, 20 to 2,000,000 (default 2,000).")] = None,
    months: Annotated[int | None, typer.Option(help="Number of months, 3 to 120 (default 24).")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, a whole number from 0; the same seed gives the same content.")] = None,
    end: Annotated[str | None, typer.Option(metavar="MONTH", help="Last month (default 2026-09, whatever the day).")] = None,
    usage: Annotated[str, typer.Option(help="How finely usage is metered: hourly, daily or monthly.")] = "monthly",
    dirt: Annotated[
        list[str] | None,
        typer.Option(metavar="RATE", help="What goes wrong: a factor on all rates (0 for nothing), or KIND=SHARE of one; may be repeated."),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Print the shapes of the sample beside real ones; without --out nothing is written.")
    ] = False,
) -> None:
    """Write the deliveries of a made-up business into a workspace, and what only its maker knows into a folder beside it.

    What is beside it is told at the end; docs/sample.md describes both.
    """
    from pipelines import display
    from pipelines.sample import Wanted, make_sample

    stated: dict[str, Any] = {"customers": customers, "months": months, "seed": seed, "end": end}
    wanted = Wanted(industry=industry, usage=usage, dirt=tuple(dirt or ()), **{name: it for name, it in stated.items() if it is not None})
    screen = display.standard_output()
    if report and out is None:
        _print_report(wanted)
        return
    place = _empty_place(out)
    try:
        with display.Bar(screen, "sample") as bar:
            summary = make_sample(place.root, wanted, progress=bar.tell)
    except OSError as fault:
        message = f"{fault.filename or place.root}: {fault.strerror}; the sample is not written. Give another folder with --out."
        raise ClienteleError(message) from fault
    _print_summary(summary)
    if report:
        _print_report(wanted)
    if summary.apart is not None:
        display.say(screen, f"What only its maker knows: {summary.apart}")
    display.say(screen, f"Next: clientele run --workspace {place.root}")


def _empty_place(out: Path | None) -> Workspace:
    """The workspace to write into, where nothing of anybody's lies in the way.

    Raises:
        ClienteleError: No folder is named, or it is none, or it has deliveries or sources.
    """
    if str(out or os.environ.get("CLIENTELE_WORKSPACE", "")) in ("", "."):
        message = "name the folder that the sample is written into, such as --out shops/telecom."
        raise ClienteleError(message)
    place = place_of(out)
    if place.root.exists() and not place.root.is_dir():
        message = f"{place.root}: this is a file; give a folder with --out."
        raise ClienteleError(message)
    if has_sources(place):
        message = f"{place.sources}: the workspace has sources already; give an empty folder with --out."
        raise ClienteleError(message)
    if any(path.is_file() and not path.is_relative_to(place.landing / ".unfinished") for path in place.landing.rglob("*")):
        message = f"{place.landing}: files lie here already, which a sample would mix with; give an empty folder with --out."
        raise ClienteleError(message)
    return place


def has_sources(place: Workspace) -> bool:
    """Whether a workspace describes its deliveries already."""
    return any(path.suffix in (".yml", ".yaml") for path in place.sources.glob("*"))


def write_default_sample(place: Workspace) -> None:
    """Write the default sample, and nothing beside the workspace."""
    from pipelines import display
    from pipelines.sample import write_sample

    with display.Bar(display.standard_output(), "sample") as bar:
        write_sample(place.root, progress=bar.tell)


def _print_summary(summary: SampleSummary) -> None:
    """What was delivered and what went wrong on the way, as two tables; elsewhere than on a terminal a line each."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from pipelines import display

    screen = display.standard_output()
    tables: tuple[tuple[str, str, dict[str, int]], ...] = (
        ("Delivered", "rows", summary.rows),
        ("Went wrong on the way", "times", summary.dirt),
    )
    for title, unit, counts in tables:
        if not screen.is_terminal:
            screen.file.writelines(f"{title}\t{name}\t{count}\n" for name, count in counts.items())
            continue
        table = Table(title=title, box=SIMPLE_HEAD, title_justify="left")
        table.add_column("source" if unit == "rows" else "kind")
        table.add_column(unit, justify="right")
        for name, count in counts.items():
            table.add_row(Text(name), f"{count:,}")
        screen.print(table)
    display.say(screen, f"{summary.files:,} files of {summary.customers:,} customers over {summary.months} months.")


def _print_report(wanted: Any) -> None:
    """The shapes of the sample beside real ones."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from pipelines import display
    from pipelines.sample.report import report_on

    screen = display.standard_output()
    with display.Bar(screen, "report") as bar:
        shapes = report_on(wanted, progress=bar.tell)
    names = ("shape", "sample", "from", "to", "real", "source")
    if not screen.is_terminal:
        screen.file.writelines("\t".join(line) + "\n" for line in (names, *(shape.cells() for shape in shapes)))
        return
    table = Table(box=SIMPLE_HEAD)
    for name in names:
        table.add_column(name, justify="left" if name in ("shape", "source") else "right", overflow="fold")
    for shape in shapes:
        table.add_row(*(Text(cell) for cell in shape.cells()), style=None if shape.is_inside else "red")
    screen.print(table)
