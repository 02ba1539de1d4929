"""Where the deliveries of one source are unpacked, one after the other: a folder in the vault, and a sandbox that sees it alone."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.intake.judging import judge, quote_quarantined
from pipelines.intake.reading import load_rows, working_copy
from pipelines.intake.rows import Batch, collect
from pipelines.warehouse.connection import Connection, identifier, open_sandbox

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
        try:
            held = working_copy(delivery.archived(self.workspace), delivery.source.format, self.copy)
            load_rows(self.sandbox, self.copy, held, delivery.source.format, delivery.path)
            for mapping in mappings:
                batch = collect(self.sandbox, build, mapping, held)
                judge(build, batch, delivery, secret)
                quote_quarantined(self.sandbox, build, batch, held)
                batches.append(batch)
        finally:
            self._clear()
        return batches

    def _clear(self) -> None:
        self.copy.unlink(missing_ok=True)
        tables = "select 'view', view_name from duckdb_views() where not internal union all select 'table', table_name from duckdb_tables()"
        for kind, name in self.sandbox.execute(tables).fetchall():
            self.sandbox.execute(f"drop {kind} {identifier(name)}")


@contextmanager
def open_workbench(workspace: Workspace, source: Source) -> Iterator[Workbench]:
    """Open the workbench of a source; nothing stays of it afterwards."""
    # A folder of its own, since a sandbox may read whatever lies where it spills.
    folder = workspace.temp / source.name
    folder.mkdir(mode=0o700)
    copy = folder / "records.csv"
    try:
        with open_sandbox([copy], folder, source.time_zone) as sandbox:
            yield Workbench(workspace, copy, sandbox)
    finally:
        shutil.rmtree(folder)
