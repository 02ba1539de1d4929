"""Where the deliveries of one source are unpacked, one after the other: a folder in the vault, and a sandbox that sees it alone."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.intake.faults import DeliveryError
from pipelines.intake.judging import judge, quote_quarantined
from pipelines.intake.keys import register_people, row_hashes
from pipelines.intake.reading import Survey, reader_of
from pipelines.intake.rows import Batch, collect
from pipelines.warehouse.connection import Connection, DatabaseError, open_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.intake.deliveries import Delivery
    from pipelines.intake.mapping import Mapping
    from pipelines.intake.sources import Source
    from pipelines.warehouse.secrets import Secret
    from pipelines.warehouse.workspace import Workspace


@dataclass(frozen=True)
class Workbench:
    """An open workbench.

    Attributes:
        workspace: Whose archive holds the deliveries.
        copy: Where the records of the delivery at hand are written.
        sandbox: The connection that reads them; it is empty between two deliveries.
    """

    workspace: Workspace
    copy: Path
    sandbox: Connection

    def read(self, build: Connection, delivery: Delivery, mappings: list[Mapping], secret: Secret) -> list[Batch]:
        """Bring a delivery's rows, judged, into temporary tables of the build connection.

        Raises:
            DeliveryError: The delivery cannot be read.
        """
        batches: list[Batch] = []
        form, reader = delivery.source.format, reader_of(delivery.source.format)
        try:
            held = reader.prepare(delivery.archived(self.workspace), form, delivery.survey or Survey((), 0), self.copy)
            self.sandbox.execute(f"create view delivered as {reader.relation(self.copy, form, held)}")
            for mapping in mappings:
                batch = self._collected(build, mapping, held, secret, delivery)
                register_people(build, batch, delivery.source)
                batch = replace(batch, settled_rows=judge(build, batch, delivery.delivery_key))
                quote_quarantined(self.sandbox, build, batch, held)
                batches.append(batch)
        finally:
            self._clear()
        return batches

    def _collected(self, build: Connection, mapping: Mapping, held: Survey, secret: Secret, delivery: Delivery) -> Batch:
        try:
            return collect(self.sandbox, build, mapping, held, row_hashes(mapping, secret), self.copy.with_name("aside"), delivery.path)
        except DatabaseError as fault:
            reason = "was counted to its end, but could not be read to it"
            found = f" ({str(fault).splitlines()[0]})"
            raise DeliveryError(delivery.path, reason, "check the format in its source", found) from fault

    def _clear(self) -> None:
        self.copy.unlink(missing_ok=True)
        self.sandbox.execute("drop view if exists delivered")
        self.sandbox.execute("drop table if exists quarantined")


@contextmanager
def open_workbench(workspace: Workspace, source: Source) -> Iterator[Workbench]:
    """Open the workbench of a source; nothing stays of it afterwards."""
    # A folder of its own, since a sandbox may read whatever lies where it spills.
    folder = workspace.temp / source.name
    folder.mkdir(mode=0o700)
    copy = folder / "records"
    try:
        with open_sandbox([copy], folder, source.time_zone) as sandbox:
            yield Workbench(workspace, copy, sandbox)
    finally:
        shutil.rmtree(folder)
