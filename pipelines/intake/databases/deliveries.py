"""The deliveries of databases: read before anything lands, each feed into one file that lies in the vault while it waits."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.intake.databases.extraction import Bench, Kept, extract, open_database
from pipelines.intake.databases.reading import ExtractionError
from pipelines.intake.deliveries import ArchivedDelivery, Extracted
from pipelines.intake.faults import DeliveryError
from pipelines.intake.order import time_of
from pipelines.warehouse.connection import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipelines.intake.databases.reading import Database
    from pipelines.intake.decisions import Decision
    from pipelines.intake.sources import Source
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.workspace import Workspace

_FOLDER = "database"
_MOMENT = "%Y%m%dT%H%M%S_%fZ"


@contextmanager
def read_databases(
    workspace: Workspace,
    sources: Sequence[Source],
    archived: Sequence[ArchivedDelivery],
    decisions: Mapping[int, Decision],
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[list[Extracted]]:
    """Read what is new in every database; the files are gone afterwards, and those that landed are in the archive.

    A database that cannot be read is given as a fault, as a file would be.

    Args:
        workspace: Whose vault takes the files.
        sources: All of them; those without a database are passed over.
        archived: What has landed before.
        decisions: What people have decided of it.
        progress: Called with what is read, and the number of its feed among those of all databases.
    """
    folder = workspace.temp / "databases"
    folder.mkdir(mode=0o700)
    read = _read_now(sources)
    places = [(part.name, part.feeds[0].record.name) for source in read for part in source.parts]
    extracted: list[Extracted] = []
    try:
        for source in read:

            def tell(record: str, rows: int, name: str = source.name) -> None:
                if progress is not None:
                    progress(f"{_named(name, record)}, {rows:,} rows read", places.index((name, record)) + 1, len(places))

            kept = {record: _kept(workspace, source.name, record, archived, decisions) for name, record in places if name == source.name}
            extracted += _read(workspace, source, folder, kept, tell)
        yield extracted
    finally:
        shutil.rmtree(folder)


def forget_unread(build: Connection, sources: Sequence[Source]) -> None:
    """Take out what the ledger says of earlier attempts at databases that are now read again; what fails again is entered again."""
    for source in _read_now(sources):
        names = quoted(f"{_FOLDER}/{source.name}/")
        build.execute(f"delete from raw.delivery where status = 'refused' and starts_with(file_name, {names})")


def _read_now(sources: Sequence[Source]) -> list[Source]:
    return [source for source in sources if source.database is not None and not source.database.paused]


def _named(source_name: str, record: str) -> Path:
    """What the ledger calls the deliveries of a feed."""
    return Path(_FOLDER) / source_name / record


def _kept(
    workspace: Workspace, source_name: str, record: str, archived: Sequence[ArchivedDelivery], decisions: Mapping[int, Decision]
) -> list[Kept]:
    """What was extracted of a feed and has landed, oldest first: its names are the moments."""
    of_feed = sorted(
        (item for item in archived if item.source_name == source_name and Path(item.file_name).parent == _named(source_name, record)),
        key=lambda item: item.file_name,
    )
    found = [
        Kept(
            workspace.archive / f"{item.delivery_key}.parquet",
            is_rejected=item.delivery_key in decisions and decisions[item.delivery_key].decision == "rejected",
        )
        for item in of_feed
    ]
    return [kept for kept in found if kept.path.exists()]


def _read(
    workspace: Workspace, source: Source, folder: Path, kept: Mapping[str, Sequence[Kept]], tell: Callable[[str, int], None]
) -> list[Extracted]:
    """What is new in one database, all feeds as of one moment; the first fault ends it, since nothing of it will land."""
    place = source.database
    if place is None:
        return []
    made: list[Extracted] = []
    at = source.parts[0]
    try:
        with open_database(place, workspace.root, os.environ, folder / "spilled", source.time_zone) as database:
            for part in source.parts:
                at = part
                made += _read_feed(database, part, folder, kept, tell)
    except ExtractionError as fault:
        named = _named(source.name, at.feeds[0].record.name)
        made.append(Extracted(at, folder / "absent", named, DeliveryError(source.path, fault.reason, fault.advice)))
    return made


def _read_feed(
    database: Database, part: Source, folder: Path, kept: Mapping[str, Sequence[Kept]], tell: Callable[[str, int], None]
) -> list[Extracted]:
    """What is new for one feed: a file that is named for the moment that it holds, or none."""
    feed = part.feeds[0]
    if feed.extract is None:
        return []
    named = _named(part.name, feed.record.name)
    bench = Bench(folder / named, part.time_zone)
    bench.folder.mkdir(parents=True)
    file = extract(
        database,
        feed.extract,
        kept[feed.record.name],
        bench,
        is_full=part.mode == "full",
        tell=lambda rows: tell(feed.record.name, rows),
    )
    if file is None:
        return []
    name = f"{time_of(file.stat().st_mtime_ns).strftime(_MOMENT)}.parquet"
    return [Extracted(part, file.rename(bench.folder / name), named / name)]
