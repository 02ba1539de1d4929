"""From a seed to the files of a workspace."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from pipelines.sample.deliveries import Outbox, Sent
from pipelines.sample.industries import INDUSTRIES
from pipelines.sample.population.chunks import chunk_count, make_business, make_chunk
from pipelines.sample.records.custody import CustodyBook
from pipelines.sample.telling import PARTS_OF_A_CHUNK, tell_business, tell_chunk, tell_custody
from pipelines.sample.timeline import SECONDS_A_DAY
from pipelines.sample.truth.book import TruthBook
from pipelines.sample.wanted import Wanted
from pipelines.warehouse.workspace import CHECKOUT

Progress = Callable[[str, int, int], None]
_SOURCES: Final = Path(__file__).parent / "sources"


@dataclass(frozen=True)
class SampleSummary:
    """What was written.

    Attributes:
        customers: True customers in all, newcomers and leavers included.
        months: Months in all.
        files: Delivered files.
        rows: Delivered rows by source, without headers and control rows.
        dirt: What went wrong on the way, by kind.
        apart: The folder of the truth; None where none was written.
    """

    customers: int
    months: int
    files: int
    rows: dict[str, int]
    dirt: dict[str, int]
    apart: Path | None


def make_sample(root: Path, wanted: Wanted | None = None, progress: Progress | None = None) -> SampleSummary:
    """Write a sample, and its truth into the folder `truth/` beside the workspace, under the workspace's name.

    Beside the checkout's own workspace lies the checkout, which is no place for it: none is written there.
    """
    is_own = root.is_relative_to(CHECKOUT)
    return write_sample(root, wanted, progress, truth=None if is_own else root.parent / "truth" / root.name)


def write_sample(root: Path, wanted: Wanted | None = None, progress: Progress | None = None, truth: Path | None = None) -> SampleSummary:
    """Write the deliveries of a business into a workspace, and the source files that describe them.

    What is wanted decides the content, on any machine. The source files come last: while they are absent, the sample is not complete.

    Args:
        root: The workspace; `landing/` and `sources/` are made below it.
        wanted: What business; the default one without.
        progress: Called after each part with what is done, how many parts are done, and how many there are.
        truth: Folder for what a real business does not know, outside the workspace; without it none is written.
    """
    wanted = wanted or Wanted()
    timeline = wanted.timeline()
    business = make_business(wanted.seed, wanted.customers, timeline, INDUSTRIES[wanted.industry])
    outbox, custody = Outbox(root / "landing", timeline, wanted.seed, wanted.rates()), CustodyBook(business)
    chunks = chunk_count(wanted.customers)
    done, total = 0, chunks * (PARTS_OF_A_CHUNK + 1) + 1
    with TruthBook(truth) as book:
        tell_business(business, outbox, book)
        for index in range(chunks):
            chunk = make_chunk(business, index)
            for what in chain(("the story",), tell_chunk(chunk, wanted.detail, custody, outbox, book)):
                done += 1
                _say(progress, what, done, total)
        tell_custody(business, custody, outbox, book)
        sent = outbox.close()
        book.add("dirt", sent.dirt)
    _copy_sources(root, wanted, sent)
    _say(progress, "files", total, total)
    return _summary(wanted, sent, truth)


def _say(progress: Progress | None, what: str, done: int, total: int) -> None:
    if progress is not None:
        progress(what, done, total)


def _copy_sources(root: Path, wanted: Wanted, sent: Sent) -> None:
    """Those of whom something was delivered, each whole or not at all, dated to the first day of the sample."""
    seconds = int(wanted.timeline().first.astype("datetime64[D]").astype(np.int64)) * SECONDS_A_DAY
    (root / "sources").mkdir(parents=True, exist_ok=True)
    for source in (_SOURCES / f"{name}.yml" for name in sent.rows):
        unfinished = root / "sources" / f".{source.name}.part"
        unfinished.write_bytes(source.read_bytes())
        os.utime(unfinished, (seconds, seconds))
        unfinished.replace(root / "sources" / source.name)


def _summary(wanted: Wanted, sent: Sent, truth: Path | None) -> SampleSummary:
    return SampleSummary(wanted.customers, wanted.months, sent.files, sent.rows, sent.counts, truth)
