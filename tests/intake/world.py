"""Small workspaces written by hand: sources as YAML, deliveries as text, and what landing made of them as rows."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from pipelines.intake.landing import LandingReport, land
from pipelines.policy import load_policy
from pipelines.warehouse.connection import attach, open_file
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

# The first delivery is received at this time, each later one a minute after the one before.
FIRST_RECEIVED = datetime(2024, 3, 1, 8, tzinfo=UTC)

HEAD = """
    source: {name}
    system: {system}
    location: landing/{name}/*
    time_zone: Asia/Shanghai
    currency: CNY
"""


@dataclass
class World:
    """A workspace in a temporary folder."""

    root: Path
    received: datetime = field(default=FIRST_RECEIVED)

    @property
    def workspace(self) -> Workspace:
        return Workspace.at(self.root)

    def source(self, name: str, feeds: str, more: str = "", system: str | None = None) -> Path:
        """Write a source file: the usual head, further keys, and its feeds."""
        head = dedent(HEAD).format(name=name, system=system or name)
        return self.source_text(name, f"{head}{dedent(more).strip()}\nfeeds:\n{indented(feeds)}")

    def source_text(self, name: str, text: str) -> Path:
        """Write a source file as it stands."""
        path = self.workspace.sources / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.workspace.landing / name).mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def deliver(self, file: str, content: str | bytes, received: datetime | None = None) -> Path:
        """Drop a file below `landing/`; text is dedented and encoded as UTF-8."""
        path = self.workspace.landing / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dedent(content).lstrip("\n").encode() if isinstance(content, str) else content)
        moment = (received or self.received).timestamp()
        os.utime(path, (moment, moment))
        if received is None:
            self.received += timedelta(minutes=1)
        return path

    def land(self) -> LandingReport:
        return land(self.workspace, load_policy())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query gives, over the build file and, as `vault`, the vault."""
        with open_file(self.workspace.build_file, self.workspace, read_only=True) as connection:
            attach(connection, self.workspace.vault_file, "vault", read_only=True)
            return connection.execute(query).fetchall()

    def row(self, query: str) -> tuple[Any, ...]:
        """The one row that a query gives."""
        (row,) = self.rows(query)
        return row

    def values(self, query: str) -> list[Any]:
        """The first column of what a query gives."""
        return [row[0] for row in self.rows(query)]

    def ledger(self, record: str) -> list[tuple[Any, ...]]:
        """File, status, in, landed, duplicate, excluded, quarantined, records: a line a delivery, in the order received."""
        return self.rows(
            f"""
            select
                split_part(file_name, '/', -1), status, rows_in, rows_landed, rows_duplicate, rows_excluded, rows_quarantined, records
            from raw.delivery where record_type = '{record}' order by received_at, file_name
            """
        )


def indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in dedent(text).strip("\n").splitlines())
